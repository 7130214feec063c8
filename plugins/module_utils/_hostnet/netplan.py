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

from .._errors import VirtfleetError
from .netplan_yaml import Body, merge, plain

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

NEW_FILE = "70-virtfleet.yaml"
"""Where a device goes that belongs to no file of the user's."""


@dataclasses.dataclass(frozen=True)
class Nic:
    """What of a network device decides which definition is its own.

    :param mac: its MAC address now
    :param permanent: the one that it was made with
    """

    name: str
    mac: str = ""
    driver: str = ""
    permanent: str = ""

    @property
    def macs(self) -> set[str]:
        """The addresses by which a definition can mean it."""
        return {mac.lower() for mac in (self.mac, self.permanent) if mac}


@dataclasses.dataclass(frozen=True)
class Place:
    """A definition: its section, and its id, which need not be the device's name."""

    section: str
    id: str


class Netplan:
    """All documents by file name.

    :param documents: what netplan reads, of all its folders, the shadowed files left out
    """

    def __init__(self, documents: t.Mapping[str, Body]) -> None:
        # netplan reads the files of all folders in the order of their names.
        self.documents: dict[str, Body] = {name: copy.deepcopy(documents[name]) for name in sorted(documents)}

    def copy(self) -> Netplan:
        """The same, to be changed independently."""
        return Netplan(self.documents)

    def network(self, file: str) -> Body:
        """What a file says, below ``network``."""
        inner = self.documents.get(file, {}).get("network")
        return inner if isinstance(inner, dict) else {}

    def section(self, file: str, section: str) -> Body:
        """The definitions of one kind in one file."""
        inner = self.network(file).get(section)
        return inner if isinstance(inner, dict) else {}

    def bodies(self, place: Place) -> list[tuple[str, Body]]:
        """Each file that has a part of a definition, in order, with that part."""
        found = []
        for file in self.documents:
            section = self.section(file, place.section)
            if place.id in section:
                if not isinstance(section[place.id], dict):
                    section[place.id] = {}
                found.append((file, section[place.id]))
        return found

    def merged(self, place: Place) -> Body:
        """A definition as netplan merges it from its parts."""
        whole: Body = {}
        for _file, body in self.bodies(place):
            merge(whole, body)
        return whole

    def places(self) -> list[Place]:
        """Every definition."""
        seen: dict[Place, None] = {}
        for file in self.documents:
            for section in SECTIONS:
                # A section can hold a scalar, its renderer, beside its definitions.
                for name, body in self.section(file, section).items():
                    if name != "renderer" and (body is None or isinstance(body, dict)):
                        seen[Place(section, str(name))] = None
        return list(seen)

    def place(self, name: str) -> Place | None:
        """The definition of that id."""
        return next((place for place in self.places() if place.id == name), None)

    def renderer(self, place: Place) -> str:
        """Who makes a definition true: ``networkd`` or ``NetworkManager``."""
        found = ""
        for file in self.documents:
            found = str(self.network(file).get("renderer") or found)
        for file in self.documents:
            found = str(self.section(file, place.section).get("renderer") or found)
        return str(self.merged(place).get("renderer") or found or "networkd")

    def owner(self, nic: Nic) -> Place | None:
        """The definition that a device is configured by.

        networkd takes the first that matches, by the name of the file, which is made of the id.
        """
        for place in sorted(self.places(), key=lambda place: place.id):
            body = self.merged(place)
            if place.section in PHYSICAL and body.get("match"):
                if matches(body, nic):
                    return place
            elif place.id == nic.name:
                return place
        return None

    def device(self, place: Place) -> str | None:
        """The name of the device that a definition makes or names, None where it is a pattern."""
        body = self.merged(place)
        match = body.get("match")
        if place.section not in PHYSICAL or not match:
            return place.id
        name = body.get("set-name") or match.get("name")
        return None if name is None or is_pattern(str(name)) else str(name)

    def shared(self, place: Place) -> bool:
        """Whether a definition can stand for several devices."""
        match = self.merged(place).get("match") or {}
        if not match or "macaddress" in match:
            return False
        return "name" not in match or is_pattern(str(match["name"]))

    def body(self, file: str, place: Place) -> Body:
        """A file's part of a definition, made where it is missing."""
        document = self.documents.setdefault(file, {})
        self.documents = dict(sorted(self.documents.items()))
        if not isinstance(document.get("network"), dict):
            document["network"] = {"version": "2"}
        network = document["network"]
        if not isinstance(network.get(place.section), dict):
            network[place.section] = {}
        if not isinstance(network[place.section].get(place.id), dict):
            network[place.section][place.id] = {}
        return network[place.section][place.id]

    def get(self, place: Place, path: str) -> t.Any:
        """The merged value at a path such as ``parameters/stp``."""
        value: t.Any = self.merged(place)
        for step in path.split("/"):
            value = value.get(step) if isinstance(value, dict) else None
        return value

    def put(self, file: str, place: Place, path: str, value: t.Any) -> None:
        """Set a value: where a file has it already there, else in the file given; None takes it away.

        A list stays in one file only: netplan joins the lists of all.
        """
        value = plain(value)
        if value == self.get(place, path):
            return
        *steps, last = path.split("/")
        holders = []
        for name, body in self.bodies(place):
            inner: t.Any = body
            for step in steps:
                inner = inner.get(step) if isinstance(inner, dict) else None
            if isinstance(inner, dict) and last in inner:
                holders.append((name, inner))
        for _name, inner in holders[:-1] if value is not None and not isinstance(value, (list, dict)) else holders:
            del inner[last]
        if value is None:
            return
        target: t.Any = self.body(holders[-1][0] if holders else file, place)
        for step in steps:
            if not isinstance(target.get(step), dict):
                target[step] = {}
            target = target[step]
        target[last] = value

    def drop(self, place: Place) -> None:
        """Remove a definition from every file, and the section that it leaves empty."""
        for file, _body in self.bodies(place):
            section = self.section(file, place.section)
            del section[place.id]
            if not section:
                del self.network(file)[place.section]

    def members(self, place: Place) -> list[str]:
        """The ids of a device's ports."""
        return [str(member) for member in self.merged(place).get("interfaces") or []]

    def masters(self, member: str) -> list[Place]:
        """The bridges, bonds and VRFs that a device is part of."""
        return [
            place
            for place in self.places()
            if place.section in ("bridges", "bonds", "vrfs") and member in self.members(place)
        ]

    def replace_in_lists(self, place: Place, old: str, new: str | None) -> None:
        """Put another id in the place of a port's, or none."""
        for _file, body in self.bodies(place):
            members = body.get("interfaces")
            if isinstance(members, list) and old in members:
                body["interfaces"] = [new if member == old else member for member in members]
                body["interfaces"] = [member for member in body["interfaces"] if member is not None]
            if new is None:
                for costs in ("path-cost", "port-priority"):
                    inner = (body.get("parameters") or {}).get(costs)
                    if isinstance(inner, dict):
                        inner.pop(old, None)
                        if not inner:
                            del body["parameters"][costs]

    def relink(self, sections: t.Container[str], old: str, new: str) -> None:
        """Put devices on top of another device."""
        for place in self.places():
            if place.section in sections:
                for _file, body in self.bodies(place):
                    if body.get("link") == old:
                        body["link"] = new

    def own(self, nic: Nic) -> Place | None:
        """The definition that is a device's alone.

        One that stands for several stays as it is for the others; the device gets a copy, which
        matches first. Returns None for a device without a definition.
        Raises VirtfleetError where none can be made.
        """
        place = self.owner(nic)
        if place is None and self.place(nic.name) is not None:
            raise VirtfleetError(f"{nic.name}: netplan's definition of that name is for another device")
        if place is None or not self.shared(place):
            return place
        if self.renderer(place) != "networkd":
            raise VirtfleetError(
                f"{nic.name}: its definition {place.id!r} matches several devices, and"
                " NetworkManager cannot tell one of them apart: give the device a definition of its own"
            )
        taken = {other.id for other in self.places()}
        names = (f"{prefix}{nic.name}" for prefix in ("", "0-", "00-", "-", "+", "!"))
        name = next((name for name in names if name < place.id and name not in taken), None)
        if name is None:
            raise VirtfleetError(f"{nic.name}: give it a definition of its own in netplan, apart from {place.id!r}")
        file = self.bodies(place)[-1][0]
        own = Place(place.section, name)
        body = self.body(file, own)
        if name != nic.name:
            body["match"] = {"name": nic.name}
        for key, value in self.merged(place).items():
            if key != "match":
                body[key] = copy.deepcopy(value)
        return own


def is_pattern(name: str) -> bool:
    """Whether a name in a match can stand for several devices."""
    return any(character in name for character in "*?[")


def matches(body: Body, nic: Nic) -> bool:
    """Whether a definition with a ``match`` is a device's: everything in the match must hold."""
    match = body["match"]
    mac = str(match.get("macaddress", "")).lower()
    if mac and nic.macs and mac not in nic.macs:
        return False
    if mac and not nic.macs and str(body.get("set-name") or match.get("name")) != nic.name:
        return False
    if "name" in match and body.get("set-name") != nic.name and not fnmatch.fnmatchcase(nic.name, str(match["name"])):
        return False
    drivers = match.get("driver", [])
    drivers = drivers if isinstance(drivers, list) else [drivers]
    return not drivers or any(fnmatch.fnmatchcase(nic.driver, str(driver)) for driver in drivers)
