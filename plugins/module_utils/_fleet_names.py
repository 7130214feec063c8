# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks and pools that guests name, and that are most likely slips of those that their host declares.

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
    """A sentence for each name of a guest's that its host does not declare, and that is close to one that it does.

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
    return list(dict.fromkeys(found))


def of_guest(guest: Item, host: str, declared: t.Mapping[str, t.Collection[str]]) -> t.Iterator[str]:
    """A sentence for each such name of one guest."""
    for devices, option, variable in (("interfaces", "network", "kvm_networks"), ("disks", "pool", "kvm_pools")):
        for place, device in enumerate(entries(guest, devices)):
            name = word(device, option)
            like = near(name, declared[variable]) if name and name not in {DEFAULT, *declared[variable]} else []
            if like:
                yield (
                    f"guest {label(word(guest, 'name'))}: {devices}[{place}].{option}: {printable(name)} is not in"
                    f" {variable} of host {host}; did you mean {printable(like[0])}? The run goes on, for the host may"
                    f" have a {option} {label(name)} that nobody declares"
                )
