# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What measure.yml wrote down, as hosts and guests."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OUTSIDE = "198.19.0.2"


@dataclass
class Console:
    """What a test guest has said about itself; the last word on each subject counts."""

    address: str = ""
    gateway: str = ""
    reached: dict[str, bool] = field(default_factory=dict)
    seen_as: str = ""

    @classmethod
    def read(cls, text: str) -> Console:
        said = cls()
        for line in text.splitlines():
            match line.strip().split():
                case ["VIRTFLEET", "init", *_]:
                    said = cls()
                case ["VIRTFLEET", "lease", _, _, address, *gateway]:
                    said.address, said.gateway = address.split("/")[0], "".join(gateway)
                case ["VIRTFLEET", "ping", target, state]:
                    said.reached[target] = state == "ok"
                case ["VIRTFLEET", "seen-as", address] if address != "none":
                    said.seen_as = address
        return said


@dataclass
class Guest:
    """A guest as it is.

    :param source: what its first interface is on: a libvirt network, a bridge or a card of the host
    :param mode: how that connects it: nat, bridge, MacVTap, ...
    :param others: addresses by the words ``host``, its own host, and ``other host``
    :param from_outside: whether the machine outside reached it
    """

    name: str
    host: str
    state: str
    source: str
    mode: str
    console: Console
    others: dict[str, str] = field(default_factory=dict)
    from_outside: bool | None = None

    def reached(self, who: str) -> bool | None:
        """Whether it reached the outside or a host; None when it has not said yet."""
        return self.console.reached.get(OUTSIDE if who == "outside" else self.others.get(who, ""))

    @property
    def arrived(self) -> bool:
        """Whether there is nothing left to wait for: it has said what it can reach, and reaches the outside."""
        said = [self.reached(who) for who in ("outside", "host", "other host")]
        return bool(self.console.seen_as) and None not in said and said[0] is True


@dataclass
class Host:
    name: str
    suite: str
    address: str
    facts: dict[str, Any]
    guests: list[Guest]


def hosts(folder: Path) -> list[Host]:
    """Every host that was measured."""
    found = [host(file.stem, json.loads(file.read_text())) for file in sorted(folder.glob("*.json"))]
    for one in found:
        for guest in one.guests:
            guest.others = {"host" if other is one else "other host": other.address for other in found}
    return found


def host(name: str, data: dict[str, Any]) -> Host:
    system, virsh = data["system"], data["virsh"]
    found = re.search(r"<forward mode='(\w+)'", virsh)
    modes = {"network": found[1] if found else "isolated", "bridge": "bridge", "direct": "MacVTap"}
    guests = []
    for guest, content in data["consoles"].items():
        kind, source = interface_of(guest, virsh)
        console = Console.read(base64.b64decode(content or "").decode(errors="replace"))
        guests.append(Guest(guest, name, state_of(guest, virsh), source, modes.get(kind, kind), console))
    suite = f"{system['ansible_distribution']} {system['ansible_distribution_version']}"
    return Host(name, suite, system["ansible_default_ipv4"].get("address", ""), data["host"], guests)


def state_of(guest: str, virsh: str) -> str:
    """A guest's line of `virsh list --all`: its number or a dash, its name, its state."""
    found = re.search(rf"^ *(?:\d+|-) +{re.escape(guest)} +(\S.*?) *$", virsh, re.MULTILINE)
    return found[1] if found else "not there"


def interface_of(guest: str, virsh: str) -> tuple[str, str]:
    """The type and the source of the first interface in `virsh domiflist`."""
    part = virsh.partition(f"domiflist {guest}\n")[2]
    found = re.search(r"^ *\S+ +(network|bridge|direct) +(\S+)", part, re.MULTILINE)
    return (found[1], found[2]) if found else ("-", "-")
