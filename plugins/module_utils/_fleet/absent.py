# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be absent on a host, while guests or volumes of the same host are declared on it.

The host refuses them, too, but only once other things were changed.
"""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from .._kinds.volume.storage_rules import MADE, volume_key
from .._printing import label
from .unique import entries, listed, word

LINKS, NETWORKS, POOLS, VOLUMES = "kvm_links", "kvm_networks", "kvm_pools", "kvm_volumes"

GoingItems = t.Mapping[str, t.Container[object]]
"""By the variable that declares them, what is to be absent: names, and of volumes the pool and the name."""


def problems(
    guests: t.Sequence[Item], hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, object]]
) -> list[tuple[str | None, str]]:
    """The host (none, as the guest tells it), and a sentence for each device and volume on what is to be absent.

    :param guests: the guests of all hosts, each with its host, and with short forms written out
    :param variables: the variables of each host
    """
    gone: dict[str, dict[str, set[object]]] = {}
    found: list[tuple[str | None, str]] = []
    for host in hosts:
        of_host = {name: absent(variables[host].get(name), name) for name in (LINKS, NETWORKS, POOLS, VOLUMES)}
        if any(of_host.values()):
            gone[host] = of_host
            found += [(host, line) for line in volumes_on(variables[host].get(VOLUMES), of_host[POOLS])]
    for guest in guests:
        if word(guest, "host") in gone and word(guest, "state") != "absent":
            here = gone[word(guest, "host")]
            name = label(word(guest, "name"))
            found += [(None, f"guest {name}: {line}") for line in on_what_goes(guest, here)]
    return found


def absent(items: object, variable: str) -> set[t.Any]:
    """What of a list is to be absent."""
    leaving = [item for item in listed(items) if word(item, "state") == "absent" and word(item, "name")]
    return {volume_key(item) if variable == VOLUMES else word(item, "name") for item in leaving}


def volumes_on(volumes: object, pools: t.Container[str]) -> t.Iterator[str]:
    """A sentence for each volume that is to be in a pool which is to be absent."""
    for volume in listed(volumes):
        pool = word(volume, "pool") or "default"
        if word(volume, "state") != "absent" and pool in pools:
            yield f"volume {label(volume_key(volume))}: pool: {problem_of(pool, POOLS)}"


def on_what_goes(guest: Item, gone: GoingItems) -> t.Iterator[str]:
    """What is wrong with each device of a guest that is on what is to be absent."""
    for index, card in enumerate(entries(guest, "interfaces")):
        if word(card, "network") in gone[NETWORKS]:
            yield f"interfaces[{index}].network: {problem_of(word(card, 'network'), NETWORKS)}"
        for option in ("bridge", "direct"):
            if word(card, option) in gone[LINKS]:
                yield f"interfaces[{index}].{option}: {problem_of(word(card, option), LINKS)}"
    for index, disk in enumerate(entries(guest, "disks")):
        volume, pool = word(disk, "volume"), word(disk, "pool")
        if volume or any(disk.get(name) is not None for name in MADE):
            pool = pool or "default"
        if pool in gone[POOLS]:
            yield f"disks[{index}].pool: {problem_of(pool, POOLS)}"
        elif volume and f"{pool}/{volume}" in gone[VOLUMES]:
            yield f"disks[{index}].volume: {problem_of(f'{pool}/{volume}', VOLUMES)}"


def problem_of(name: str, variable: str) -> str:
    """What is wrong with being on something, and what to do."""
    return f"{label(name)} has state: absent in {variable} of its host: name another, or keep it there"
