# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in a guest's devices that its host declares as something else: a bridge in the place of a network, and so on.

The host may have both by one name. So this is a warning, unless the host declares that the name is no bridge.
"""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from .._hostnet import shared_ports
from .._kinds.volume.storage_rules import MADE
from .._printing import label, printable
from .unique import entries, word

DEFAULT = "default"
"""The network and the pool that there are without a word."""

CARRIERS = ("bond", "vlan")
"""Types of links that a guest can be put on by MacVTap."""


class NamesOfHost(t.NamedTuple):
    """What a host declares by name.

    :param networks: its networks
    :param bridges_of_networks: the network of each bridge that one names
    :param links: the type of each link
    :param ports: the bridge or bond that has a device as its port, as type and name
    :param images: its images
    :param volumes: the pools of its volumes, by their names
    """

    networks: set[str]
    bridges_of_networks: dict[str, str]
    links: dict[str, str]
    ports: dict[str, tuple[str, str]]
    images: set[str]
    volumes: dict[str, list[str]]

    @classmethod
    def of(cls, variables: t.Mapping[str, object]) -> NamesOfHost:
        """What a host declares, by its variables."""

        def items(variable: str) -> list[Item]:
            found = entries(variables, variable)
            return [item for item in found if word(item, "name") and word(item, "state") != "absent"]

        networks = items("kvm_networks")
        volumes: dict[str, list[str]] = {}
        for volume in items("kvm_volumes"):
            volumes.setdefault(word(volume, "name"), []).append(word(volume, "pool") or DEFAULT)
        links = items("kvm_links")
        return cls(
            {word(network, "name") for network in networks},
            {word(network, "bridge"): word(network, "name") for network in networks if word(network, "bridge")},
            {word(link, "name"): word(link, "type") for link in links},
            {port: having[0] for port, having in shared_ports.owners(links).items()},
            {word(image, "name") for image in items("kvm_images")},
            volumes,
        )

    def instead_of_network(self, name: str) -> str | None:
        """What to write in place of a network that is something else here; None where it may be one."""
        if not name or name in self.networks or name == DEFAULT:
            return None
        if name in self.bridges_of_networks and name not in self.links:
            network = label(self.bridges_of_networks[name])
            return f"is the bridge of a network in kvm_networks: write {{network: {network}}}"
        kind, owner = self.links.get(name), self.ports.get(name)
        if kind == "bridge":
            return f"is a bridge in kvm_links, and no network in kvm_networks: write {{bridge: {label(name)}}}"
        if kind in CARRIERS:
            return (
                f"is a {kind} in kvm_links, and no network: write {{direct: {label(name)}}}, or declare a bridge on it"
            )
        if owner is not None and owner[0] == "bridge":
            bridge = label(owner[1])
            return f"is a port of the bridge {bridge} in kvm_links, and no network: write {{bridge: {bridge}}}"
        return None

    def instead_of_device(self, name: str) -> str | None:
        """What to write in place of a bridge or card that is a network here; None where it may be one."""
        if name not in self.networks or name in {*self.links, *self.bridges_of_networks, *self.ports}:
            return None
        return f"is a network in kvm_networks: write {{network: {label(name)}}}"

    def instead_of_volume(self, option: str, name: str, pool: str) -> str | None:
        """What to write in place of a volume that is an image here, or one of another pool; None where it may be one.

        :param pool: the pool in which the volume is looked for
        """
        if option == "image" and name in self.images:
            return None
        if name in self.volumes:
            pools = self.volumes[name]
            if pool in pools:
                return None
            write = f"pool: {label(pools[0])}" if option == "volume" else f"{option}: {label(f'{pools[0]}/{name}')}"
            return f"is a volume of the pool {label(pools[0])} in kvm_volumes, and of no other: write {write}"
        if name not in self.images:
            return None
        return f"is an image in kvm_images, and no volume: write image: {label(name)} in place of {option}"


def suggestion(device: Item, option: str, declared: NamesOfHost) -> str | None:
    """What to say of an option of a guest's device that names something of another kind; None where there is nothing.

    :param device: the interface or disk
    """
    name = word(device, option)
    if option == "network":
        instead = declared.instead_of_network(name)
    elif option in ("bridge", "direct"):
        instead = declared.instead_of_device(name)
    elif option in ("volume", "backing", "image") and is_there(device, option):
        instead = declared.instead_of_volume(option, name, word(device, "pool") or DEFAULT)
    else:
        instead = None
    return None if instead is None else f"{printable(name)} {instead}"


def is_there(disk: Item, option: str) -> bool:
    """Whether an option of a disk names a volume of the disk's pool that is not made for the disk."""
    made = option == "volume" and any(disk.get(one) is not None for one in MADE)
    return not made and "/" not in word(disk, option)


def no_bridges(guest: Item, links: t.Mapping[str, str]) -> t.Iterator[str]:
    """A sentence for each interface that is to be on a bridge which its host declares as a link of another type.

    :param links: the types of the host's links by name
    """
    for place, card in enumerate(entries(guest, "interfaces")):
        kind = links.get(word(card, "bridge"), "bridge")
        if kind not in ("", "bridge"):
            name = label(word(card, "bridge"))
            instead = f"or write direct: {name} for MacVTap" if kind in CARRIERS else "or write direct with its parent"
            yield (
                f"guest {label(word(guest, 'name'))}: interfaces[{place}].bridge: {name} is a {label(kind)} in"
                f" kvm_links, and no bridge: name a bridge, {instead}"
            )
