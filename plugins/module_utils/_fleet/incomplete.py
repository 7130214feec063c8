# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared with less than a new one needs. It can only be right where its host has it already.

Only the host knows that, so nothing is refused here: the check tells it. Runs on the control node, and looks at what
users wrote, as nothing but its presence counts.
"""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from .._engine.rows.row_index import lacks_rows
from .._engine.table import Table, nested
from .._errors import Invalid
from .._kinds.domain.rules import NO_SOURCE
from .._kinds.domain.table import DOMAIN
from .._kinds.volume.disk_encryption import of_disk
from .._kinds.volume.storage_rules import MADE, need_size
from .._kinds.volume.table import VOLUME
from .._printing import label
from .._variables import ByHost
from . import clones, encrypted, other_kinds, secrets, waiting
from .check import LISTS, HostProblem, each_once, identity, in_full, merged, some, title
from .close_names import bridges
from .unique import entries, word

SOURCES = ("size", "image", "backing", "file", "block", "dir", "volume", "protocol", "source", "type")
"""Options of a disk of which each may say what it is on."""


def lacking(hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, object]]) -> list[str]:
    """A sentence for each thing that a fleet declares with less than a new resource needs.

    :param hosts: the virtualization hosts of the inventory
    :param variables: the variables of each, evaluated, in which nothing is wrong
    """
    guests = merged([variables[host].get("kvm_guests") for host in hosts])
    found: list[HostProblem] = [
        (None, f"{title('guest', guest.get('name'), 'a guest')}: {problem}")
        for guest in ([] if isinstance(guests, str) else guests)
        for problem in lacks(DOMAIN, in_full(guest))
    ]
    if not isinstance(guests, str):
        found += [(None, line) for line in unlinked(guests, variables)]
        found += [(None, line) for line in clones.of_new(guests)]
        found += of_secrets(guests, hosts, variables)
    for host in hosts:
        for variable, table in LISTS.items():
            for item in entries(variables[host], variable):
                called = title(table.kind, identity(table, item), variable)
                found += [(host, f"{called}: {problem}") for problem in lacks(table, table.written_out(item))]
    return each_once(found)


def of_secrets(guests: t.Iterable[Item], hosts: t.Sequence[str], variables: ByHost) -> t.Iterator[HostProblem]:
    """A sentence for each reference to a secret that its host does not declare, and for each disk that does not say
    what the volume that it is on says: that it is encrypted.

    :param guests: the guests of all hosts
    """
    declaring = [host for host in hosts if variables[host].get("kvm_secrets") or variables[host].get("kvm_volumes")]
    here: dict[str, list[Item]] = {host: [] for host in declaring}
    for guest in guests:
        if word(guest, "host") in here and not nested(guest):
            here[word(guest, "host")].append(in_full(guest))
    for host in declaring:
        lines = secrets.lacking(here[host], variables[host])
        yield from ((None if line.startswith("guest ") else host, line) for line in lines)
        found = encrypted.problems(here[host], variables[host])
        yield from ((None, line) for starts, line in found if not starts)


def unlinked(guests: t.Iterable[Item], variables: ByHost) -> t.Iterator[str]:
    """A sentence for each interface on a bridge that its host, which declares its links, does not declare.

    :param guests: the guests of all hosts
    :param variables: the variables of each host
    """
    declared = {host: bridges(values) for host, values in variables.items() if values.get("kvm_links")}
    kinds = {host: other_kinds.NamesOfHost.of(variables[host]) for host in declared}
    for guest in guests:
        host = word(guest, "host")
        if host not in declared or word(guest, "state") == "absent":
            continue
        for place, card in enumerate(entries(in_full(guest), "interfaces")):
            bridge = word(card, "bridge")
            if bridge and bridge not in declared[host] and kinds[host].instead_of_device(bridge) is None:
                others = [other for other, names in declared.items() if bridge in names]
                but = f", but in that of {some(others)}" if others else ""
                yield (
                    f"{title('guest', guest.get('name'), 'a guest')}: interfaces[{place}].bridge: {label(bridge)} is"
                    f" not in kvm_links of host {host}{but}"
                )


def lacks(table: Table, item: Item) -> t.Iterator[Invalid]:
    """What a resource that is not there yet needs, and an item does not say.

    :param table: the table of its kind
    :param item: what the user wrote, with its short forms written out, and nothing wrong with it
    """
    if word(item, "state") == "absent" or item.get("xml") is not None or nested(item):
        return
    if item.get("clone_of") is not None:
        return  # What it does not say, it gets of another guest.
    if table is VOLUME or table.base is not None:
        try:
            if table is VOLUME:
                need_size(item)
            if table.base is not None:
                item = table.base(item)
        except Invalid as problem:
            yield problem
    yield from lacks_rows(table.rows, item, table.kind, "")
    yield from waiting.without_channel(item) if table is DOMAIN else ()
    for index, disk in enumerate(entries(item, "disks") if table is DOMAIN else ()):
        on = [name for name in SOURCES if disk.get(name) is not None]
        if not on and disk.get("device") in (None, "disk", "lun"):
            yield Invalid(f"disks[{index}]", NO_SOURCE)
        is_copied = disk.get("image") is not None and disk.get("format") == "raw"  # As it is, so also encrypted.
        _encryption, unmade = of_disk(disk)
        if unmade is not None and not is_copied and any(disk.get(name) is not None for name in MADE):
            yield Invalid(f"disks[{index}].encryption", unmade)
