# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks and pools that are to be absent, while guests of the same host are declared on them.

The host refuses them, too, but only once other things were changed.
"""

from __future__ import annotations

import typing as t

from ._engine.rows.model import Item
from ._fleet_once import entries, word
from ._printing import label

GOING = (("interfaces", "network", "kvm_networks"), ("disks", "pool", "kvm_pools"))
"""The devices of a guest that are on something, the option that names it, and the list that may let it go."""


def problems(
    guests: t.Sequence[Item], hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, t.Any]]
) -> list[tuple[str | None, str]]:
    """The host (none, as the guest tells it), and a sentence for each device on what is to be absent.

    :param guests: the guests of all hosts, each with its host, and with short forms written out
    :param variables: the variables of each host
    """
    gone = {
        host: {variable: absent(variables[host].get(variable)) for _devices, _option, variable in GOING}
        for host in hosts
    }
    found: list[tuple[str | None, str]] = []
    for guest in guests:
        going = gone.get(word(guest, "host"), {})
        if any(going.values()) and word(guest, "state") != "absent":
            found += [(None, line) for line in on_what_goes(guest, going)]
    return found


def absent(items: t.Any) -> set[str]:
    """The names of the items of a list that are to be absent."""
    return {word(item, "name") for item in entries({"all": items}, "all") if word(item, "state") == "absent"} - {""}


def on_what_goes(guest: Item, going: t.Mapping[str, t.Container[str]]) -> t.Iterator[str]:
    """A sentence for each device of a guest that is on what is to be absent.

    :param going: by the variable that declares them, the names of what is to be absent
    """
    for devices, option, variable in GOING:
        for index, device in enumerate(entries(guest, devices)):
            name = word(device, option)
            if name and name in going[variable]:
                yield (
                    f"guest {label(word(guest, 'name'))}: {devices}[{index}].{option}: {label(name)} has state: absent"
                    f" in {variable} of its host: name another, or keep it there"
                )
