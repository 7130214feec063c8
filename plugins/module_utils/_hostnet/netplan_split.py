# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A definition that is a device's alone, apart from the one that it shares with others, and back. Pure."""

from __future__ import annotations

import copy

from .._errors import VirtfleetError
from .._printing import printable
from .facts import Facts, NetplanFile, Nic
from .netplan import NEW_FILES, Netplan, NetplanPlace
from .netplan_yaml import DefinitionBody, dump, header, load
from .networkd import HEAD

SHARED = ("match", "embedded-switch-mode", "delay-virtual-functions-rebind", "virtual-function-count")
"""What a copy leaves with the definition for several, which virtual functions name as theirs."""

NOTHING = "network: {version: 2}\n"
"""A document of netplan's that says nothing."""


def own_definition(net: Netplan, nic: Nic) -> NetplanPlace | None:
    """The definition that is a device's alone.

    One that stands for several stays as it is for the others; the device gets a copy, which
    matches first. Returns None for a device without a definition.
    Raises VirtfleetError where none can be made.
    """
    place = net.owner(nic)
    if place is None and net.place(nic.name) is not None:
        raise VirtfleetError(f"{nic.name}: netplan's definition of that name is for another device")
    if place is None or not net.shared(place):
        return place
    if net.renderer(place) != "networkd":
        raise VirtfleetError(
            f"{nic.name}: its definition {printable(place.id)} matches several devices, and"
            " NetworkManager cannot tell one of them apart: give the device a definition of its own"
        )
    taken = {other.id for other in net.places()}
    names = (f"{prefix}{nic.name}" for prefix in ("", "0-", "00-", "-", "+", "!"))
    name = next((name for name in names if name < place.id and name not in taken), None)
    if name is None:
        raise VirtfleetError(
            f"{nic.name}: give it a definition of its own in netplan, apart from {printable(place.id)}"
        )
    file = net.bodies(place)[0][0]
    own = NetplanPlace(place.section, name)
    body = net.body(file, own)
    if name != nic.name:
        body["match"] = {"name": nic.name}
    for key, value in net.merged(place).items():
        if key not in SHARED:
            body[key] = copy.deepcopy(value)
    # It is part of what the other is part of, and what is built on the other is built on this device.
    for master in net.masters(place.id):
        for _file, part in net.bodies(master):
            if place.id in (part.get("interfaces") or []):
                part["interfaces"].append(name)
    net.relink(("tunnels", "vlans"), place.id, name)
    return own


def drop_copy(net: Netplan, place: NetplanPlace, nic: Nic) -> NetplanPlace:
    """Remove a device's own definition where one for several devices says the same of it.

    The way back from ``own``. Returns the definition that the device has then.
    """
    without = net.copy()
    without.drop(place)
    other = without.owner(nic)
    if other is None or other.section != place.section or not net.shared(other):
        return place
    bodies = [{key: value for key, value in net.merged(each).items() if key not in SHARED} for each in (place, other)]
    if bodies[0] != bodies[1] or net.masters(place.id) != net.masters(other.id):
        return place
    net.relink(("tunnels", "vlans"), place.id, other.id)
    for master in net.masters(place.id):
        net.replace_in_lists(master, place.id, other.id)
    net.drop(place)
    return other


def drop_bare(net: Netplan, place: NetplanPlace) -> None:
    """Remove the definition of a device that was made for a link to name it, once nothing names it any more.

    Such a device had none before, and whoever configures it would go by this one.
    """
    found = net.bodies(place)
    is_new = bool(found) and all(file in NEW_FILES and not body for file, body in found)
    if is_new and not net.masters(place.id) and not any(net.get(other, "link") == place.id for other in net.places()):
        net.drop(place)


def is_left_over(file: str, document: DefinitionBody, text: str) -> bool:
    """Whether a document of netplan's is a file of ours in which nothing is left.

    :param text: what the file says until now: one in which somebody has written comments is his
    """
    network = document.get("network")
    empty = not network or (isinstance(network, dict) and {*network} <= {"version"})
    comments = {line.strip() for line in text.splitlines() if "#" in line}
    return file in NEW_FILES and empty and comments <= {HEAD.strip()}


def left_mtus(net: Netplan, name: str) -> list[str]:
    """What stays of a bridge's MTU at its ports once it is gone, a sentence each.

    It was written there with the bridge's, or was there before: no file tells which.

    :param net: the documents as they are
    :param name: the bridge
    """
    place = net.place(name)
    mtu = None if place is None else net.get(place, "mtu")
    if place is None or mtu is None or place.section != "bridges":
        return []
    ports = [port for port in map(net.place, net.members(place)) if port is not None]
    return [
        f"link {name}: {port.id} keeps mtu: {mtu} in netplan's files, as nothing tells whether it was given for {name}"
        " only: take it out there where it was"
        for port in ports
        if str(net.get(port, "mtu")) == str(mtu)
    ]


def original(file: NetplanFile, after: str | None) -> str | None:
    """What a package's file of the same name says, where one of /etc has come to say no more than that.

    It goes then: else it would stand before what the package brings later. None where it stays.

    :param file: as it is
    :param after: what it is to say
    """
    if file.below is None or after is None or file.folder != "/etc/netplan":
        return None
    return file.below if after == dump(load(file.name, file.below), header(file.below)) else None


def hidden(facts: Facts) -> list[str]:
    """Warnings of what in /run hides a file that the plan is made of."""
    return [
        f"/run/netplan/{file.name} hides {file.folder}/{file.name} until a reboot: links are planned by what the latter"
        " says; remove the former and run netplan apply"
        for file in facts.netplan
        if file.hidden
    ]
