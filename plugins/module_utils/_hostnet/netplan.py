# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""netplan's documents as one network: which definition is whose, merged as netplan merges them.

Pure: documents in, documents out. The rules are those of netplan-yaml(5) and of netplan's parser.
"""

from __future__ import annotations

import copy
import dataclasses
import fnmatch
import typing as t

from .facts import Nic
from .netplan_yaml import DefinitionBody, as_netplan_text, merge

PHYSICAL = ("ethernets", "wifis", "modems")
SECTIONS = (
    *PHYSICAL,
    "bridges",
    "bonds",
    "vlans",
    "vrfs",
    "tunnels",
    "dummy-devices",
    "virtual-ethernets",
    "nm-devices",
)

OVS_MODES = ("balance-tcp", "balance-slb")
"""The bond modes that Open vSwitch alone has (src/parse.c, handle_bond_mode)."""

OVS_NOTES = {"external-ids", "other-config"}
"""What Open vSwitch may know of a device without having it (src/parse.c, handle_ovs_backend)."""

READ_ONCE = ("path-cost", "port-priority", "primary")
"""Parameters that netplan refuses to read a second time."""

NEW_FILES = ("70-virtfleet.yaml", "99-virtfleet.yaml", "zz-virtfleet.yaml")
NEW_FILE = NEW_FILES[0]
"""Where a device goes that belongs to no file of the user's."""


@dataclasses.dataclass(frozen=True)
class NetplanPlace:
    """A definition: its section, and its id, which need not be the device's name."""

    section: str
    id: str


class Netplan:
    """All documents by file name.

    :param documents: what netplan reads, of all its folders, the shadowed files left out
    """

    def __init__(self, documents: t.Mapping[str, DefinitionBody]) -> None:
        # netplan reads the files of all folders in the order of their names.
        self.documents: dict[str, DefinitionBody] = {name: copy.deepcopy(documents[name]) for name in sorted(documents)}

    def copy(self) -> Netplan:
        """The same, to be changed independently."""
        return Netplan(self.documents)

    def network(self, file: str) -> DefinitionBody:
        """What a file says, below ``network``."""
        inner = self.documents.get(file, {}).get("network")
        return inner if isinstance(inner, dict) else {}

    def section(self, file: str, section: str) -> DefinitionBody:
        """The definitions of one kind in one file."""
        inner = self.network(file).get(section)
        return inner if isinstance(inner, dict) else {}

    def bodies(self, place: NetplanPlace) -> list[tuple[str, DefinitionBody]]:
        """Each file that has a part of a definition, in order, with that part."""
        found = []
        for file in self.documents:
            section = self.section(file, place.section)
            if place.id in section:
                if not isinstance(section[place.id], dict):
                    section[place.id] = {}
                found.append((file, section[place.id]))
        return found

    def merged(self, place: NetplanPlace) -> DefinitionBody:
        """A definition as netplan merges it from its parts."""
        whole: DefinitionBody = {}
        for _file, body in self.bodies(place):
            merge(whole, body)
        return whole

    def places(self) -> list[NetplanPlace]:
        """Every definition."""
        seen: dict[NetplanPlace, None] = {}
        for file in self.documents:
            for section in SECTIONS:
                # A section can hold a scalar, its renderer, beside its definitions.
                for name, body in self.section(file, section).items():
                    if name != "renderer" and (body is None or isinstance(body, dict)):
                        seen[NetplanPlace(section, str(name))] = None
        return list(seen)

    def place(self, name: str) -> NetplanPlace | None:
        """The definition of that id."""
        return next((place for place in self.places() if place.id == name), None)

    def renderer(self, place: NetplanPlace) -> str:
        """Who makes a definition true: ``networkd`` or ``NetworkManager``.

        A section's renderer is for what the same file has below it (src/parse.c, handle_network_type).
        """
        found = ""
        for file, _body in self.bodies(place)[:1]:
            for key, value in self.section(file, place.section).items():
                if key == place.id:
                    break
                found = str(value) if key == "renderer" else found
        general = [str(self.network(file)["renderer"]) for file in self.documents if "renderer" in self.network(file)]
        return str(self.merged(place).get("renderer") or found or (general or ["networkd"])[-1])

    def match(self, place: NetplanPlace) -> DefinitionBody | None:
        """What a definition finds its device by, None where its id is the device's name."""
        if place.section not in PHYSICAL:
            return None
        body = self.merged(place)
        if "match" not in body:
            return None
        return body["match"] if isinstance(body["match"], dict) else {}

    def owner(self, nic: Nic) -> NetplanPlace | None:
        """The definition that a device is configured by.

        networkd takes the first that matches, by the name of the file, which is made of the id. An
        empty match is none to networkd, and every device to NetworkManager.
        """
        every = None
        for place in self.in_order():
            if self.means(place, nic):
                return place
            if place.section == "ethernets" and self.match(place) == {} and not nic.borrowed:
                every = every or (place if self.renderer(place) != "networkd" else None)
        return every

    def in_order(self) -> list[NetplanPlace]:
        """The definitions as networkd reads their units."""
        return sorted(self.places(), key=lambda place: place.id)

    def means(self, place: NetplanPlace, nic: Nic) -> bool:
        """Whether a definition is a device's by its id, or by a match that is not empty."""
        match = self.match(place)
        return place.id == nic.name if match is None else bool(match) and matches(self.merged(place), nic)

    def device(self, place: NetplanPlace) -> str | None:
        """The name of the device that a definition makes or names, None where it is a pattern."""
        match = self.match(place)
        if match is None:
            return place.id
        name = self.merged(place).get("set-name") or match.get("name")
        return None if name is None or is_pattern(str(name)) else str(name)

    def shared(self, place: NetplanPlace) -> bool:
        """Whether a definition can stand for several devices."""
        match = self.match(place)
        if match is None or "macaddress" in match or self.merged(place).get("set-name"):
            return False
        return "name" not in match or is_pattern(str(match["name"]))

    def by_ovs(self, place: NetplanPlace, above: tuple[NetplanPlace, ...] = ()) -> bool:
        """Whether a definition is Open vSwitch's, by itself or by what it is built on (src/parse.c)."""
        body = self.merged(place)
        if str(self.get(place, "parameters/mode")) in OVS_MODES:
            return True
        own = body.get("openvswitch")
        if own is not None and (place.section in ("bridges", "bonds") or not own or set(own) - OVS_NOTES):
            return True
        below = self.members(place) if place.section in ("bridges", "bonds") else []
        below += [str(body["link"])] if place.section == "vlans" and "link" in body else []
        found = [other for other in map(self.place, below) if other is not None and other not in above]
        return any(self.by_ovs(other, (*above, place)) for other in found)

    def body(self, file: str, place: NetplanPlace) -> DefinitionBody:
        """A file's part of a definition, made where it is missing."""
        document = self.documents.setdefault(file, {})
        self.documents = dict(sorted(self.documents.items()))
        if not isinstance(document.get("network"), dict):
            document["network"] = {"version": "2"}
        network = document["network"]
        if not isinstance(network.get(place.section), dict):
            network[place.section] = {}
            if "vrfs" in network:
                # netplan 0.106 reads twice what names something further down, and then has a VRF's rules twice.
                network["vrfs"] = network.pop("vrfs")
        if not isinstance(network[place.section].get(place.id), dict):
            network[place.section][place.id] = {}
        return network[place.section][place.id]

    def get(self, place: NetplanPlace, path: str) -> object:
        """The merged value at a path such as ``parameters/stp``."""
        value: object = self.merged(place)
        for step in path.split("/"):
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def since(self, ids: t.Iterable[str]) -> str:
        """The first file that can speak of some definitions.

        netplan knows no definition of a later file (src/parse.c, process_document).
        """
        places = [place for place in map(self.place, ids) if place is not None]
        return max((self.bodies(place)[0][0] for place in places), default="")

    def room(self, file: str, section: str, ids: t.Iterable[str]) -> str:
        """A file, or one behind it, for a new definition that speaks of others.

        netplan reads a file once more for what is defined further down in it, and then takes the costs
        of a bridge's ports and a bond's primary port for given twice (src/parse.c, handle_bridge_path_cost).
        """
        order = list(self.network(file))
        below = order[order.index(section) + 1 :] if section in order else []
        places = [place for place in map(self.place, ids) if place is not None]
        if not any(place.section in below and self.bodies(place)[0][0] == file for place in places):
            return file
        if not any(self.get(place, f"parameters/{key}") for place in self.places() for key in READ_ONCE):
            return file
        return next((name for name in NEW_FILES if name > file), file)

    def introduce(self, place: NetplanPlace, user: NetplanPlace) -> None:
        """Let a definition be known to another that speaks of it."""
        file = self.bodies(user)[0][0]
        if self.since([place.id]) > file:
            self.body(file, place)

    def put(self, file: str, place: NetplanPlace, path: str, value: object, since: str = "") -> None:
        """Set a value: where a file has it already there, else in the file given; None takes it away.

        A list stays in one file only: netplan joins the lists of all.

        :param since: the first file that can hold it
        """
        value = as_netplan_text(value)
        if value == self.get(place, path):
            return
        *steps, last = path.split("/")
        holders = []
        for name, body in self.bodies(place):
            inner: object = body
            for step in steps:
                inner = inner.get(step) if isinstance(inner, dict) else None
            if isinstance(inner, dict) and last in inner:
                holders.append((name, inner))
        keeper = max(holders[-1][0] if holders else file, since)
        for name, inner in holders:
            if value is None or isinstance(value, (list, dict)) or name != keeper:
                del inner[last]
        if value is None:
            return
        target = self.body(keeper, place)
        for step in steps:
            if not isinstance(target.get(step), dict):
                target[step] = {}
            target = target[step]
        target[last] = value

    def drop(self, place: NetplanPlace) -> None:
        """Remove a definition from every file, and the section that it leaves empty."""
        for file, _body in self.bodies(place):
            section = self.section(file, place.section)
            del section[place.id]
            if not section:
                del self.network(file)[place.section]

    def members(self, place: NetplanPlace) -> list[str]:
        """The ids of a device's ports."""
        return [str(member) for member in self.merged(place).get("interfaces") or []]

    def masters(self, member: str) -> list[NetplanPlace]:
        """The bridges, bonds and VRFs that a device is part of."""
        return [
            place
            for place in self.places()
            if place.section in ("bridges", "bonds", "vrfs") and member in self.members(place)
        ]

    def replace_in_lists(self, place: NetplanPlace, old: str, new: str | None) -> None:
        """Put another id in the place of a port's, or none."""
        for _file, body in self.bodies(place):
            members = body.get("interfaces")
            if isinstance(members, list) and old in members:
                swapped = [new if member == old else member for member in members]
                body["interfaces"] = [member for member in dict.fromkeys(swapped) if member is not None]
            if new is None:
                parameters = body.get("parameters") or {}
                if parameters.get("primary") == old:
                    del parameters["primary"]
                for costs in ("path-cost", "port-priority"):
                    inner = parameters.get(costs)
                    if isinstance(inner, dict):
                        inner.pop(old, None)
                        if not inner:
                            del body["parameters"][costs]

    def put_ports(self, place: NetplanPlace, ids: list[str]) -> None:
        """Write which ports a bridge or bond has; what is said of one that it no longer has goes along.

        :param place: the bridge or bond
        :param ids: the ids of its ports
        """
        for gone in (member for member in self.members(place) if member not in ids):
            self.replace_in_lists(place, gone, None)
        self.put(self.bodies(place)[-1][0], place, "interfaces", ids, since=self.since(ids))

    def relink(self, sections: t.Container[str], old: str, new: str) -> list[NetplanPlace]:
        """Put devices on top of another device. Returns which."""
        found = [place for place in self.places() if place.section in sections and self.get(place, "link") == old]
        for place in found:
            for _file, body in self.bodies(place):
                if body.get("link") == old:
                    body["link"] = new
        return found


def is_pattern(name: str) -> bool:
    """Whether a name in a match can stand for several devices."""
    return any(character in name for character in "*?[")


def matches(body: DefinitionBody, nic: Nic) -> bool:
    """Whether a definition with a ``match`` is a device's: everything in the match must hold."""
    match = body["match"]
    if nic.borrowed and ("macaddress" in match or "driver" in match):
        # netplan has networkd compare the permanent address, which such a device has none of.
        return False
    mac = str(match.get("macaddress", "")).lower()
    if mac and nic.macs and mac not in nic.macs:
        return False
    if mac and not nic.macs and str(body.get("set-name") or match.get("name")) != nic.name:
        return False
    renamed = body.get("set-name")
    if renamed and not mac and str(renamed) != nic.name:
        # It applies to the new name only (src/networkd.c, append_match_section).
        return False
    if "name" in match and renamed != nic.name and not fnmatch.fnmatchcase(nic.name, str(match["name"])):
        return False
    drivers = match.get("driver", [])
    drivers = drivers if isinstance(drivers, list) else [drivers]
    return not drivers or any(fnmatch.fnmatchcase(nic.driver, str(driver)) for driver in drivers)
