# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks and pools that guests and volumes name, and that are most likely slips of those that their host declares.

A host may have others that nobody declares, which only the host knows. So a name is told of only where it is close to
a declared one, and as a warning.
"""

from __future__ import annotations

import typing as t

from ._engine.close_names import near
from ._engine.rows.model import Item
from ._engine.rows.short_forms import written_out
from ._engine.table import nested
from ._fleet_once import entries, word
from ._kinds.domain.table import DOMAIN
from ._printing import label, printable

DEFAULT = "default"
"""The network and the pool that there are without a word."""


def slips(hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[str]:
    """A sentence for each name of a guest's or a volume's that its host does not declare, and that is close to one
    that it does.

    :param variables: by host, the lists of its declaration, evaluated
    """
    found: list[str] = []
    for host in hosts:
        values = variables[host]
        declared = {
            variable: {word(item, "name") for item in entries({"all": values.get(variable)}, "all")}
            for variable in ("kvm_networks", "kvm_pools")
        }
        guests = values.get("kvm_guests")
        for guest in guests if isinstance(guests, (list, tuple)) and any(declared.values()) else ():
            if isinstance(guest, dict) and word(guest, "host") == host and not nested(guest):
                found += of_guest(written_out(DOMAIN.rows, guest), host, declared)
        for volume in entries({"all": values.get("kvm_volumes")}, "all") if declared["kvm_pools"] else ():
            if word(volume, "state") != "absent":
                called = f"volume {label(word(volume, 'name'))}: pool"
                found += of_name(called, word(volume, "pool"), host, "pool", declared["kvm_pools"])
    return list(dict.fromkeys(found))


def of_guest(guest: Item, host: str, declared: t.Mapping[str, t.Collection[str]]) -> t.Iterator[str]:
    """A sentence for each such name of one guest."""
    for devices, option, variable in (("interfaces", "network", "kvm_networks"), ("disks", "pool", "kvm_pools")):
        for place, device in enumerate(entries(guest, devices)):
            called = f"guest {label(word(guest, 'name'))}: {devices}[{place}].{option}"
            yield from of_name(called, word(device, option), host, option, declared[variable])


def of_name(called: str, name: t.Any, host: str, option: str, declared: t.Collection[t.Any]) -> t.Iterator[str]:
    """A sentence for a name that its host does not declare, and that is close to one that it does.

    :param called: what has the name, for people
    :param name: the name
    :param host: the host
    :param option: what is named: a network or a pool
    :param declared: the names that the host declares
    """
    like = near(name, declared) if name and name not in {DEFAULT, *declared} else []
    if like:
        yield (
            f"{called}: {printable(name)} is not in kvm_{option}s of host {host}; did you mean {printable(like[0])}?"
            f" The run goes on, for the host may have a {option} {label(name)} that nobody declares"
        )
