# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What measure.yml wrote down, as hosts and guests."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
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
    name: str
    host: str
    state: str
    network: str
    mode: str
    leased: bool
    console: Console

    def reached(self, who: str) -> bool | None:
        """Whether it reached outside, host or sibling; None when it has not said yet."""
        if who == "outside":
            return self.console.reached.get(OUTSIDE)
        if who == "host":
            return self.console.reached.get(self.console.gateway)
        others = [ok for target, ok in self.console.reached.items() if target not in (OUTSIDE, self.console.gateway)]
        return all(others) if others else None

    @property
    def arrived(self) -> bool:
        """Whether there is nothing left to wait for."""
        said = self.console
        return bool(said.seen_as) and all(self.reached(who) for who in ("outside", "host", "sibling"))


@dataclass
class Host:
    name: str
    suite: str
    address: str
    facts: dict[str, Any]
    guests: list[Guest]


def hosts(folder: Path) -> Iterator[Host]:
    """Every host that was measured."""
    for file in sorted(folder.glob("*.json")):
        yield host(file.stem, json.loads(file.read_text()))


def host(name: str, data: dict[str, Any]) -> Host:
    system, virsh = data["system"], data["virsh"]
    found = re.search(r"<forward mode='(\w+)'", virsh)
    mode = found[1] if found else "isolated"
    guests = [
        Guest(
            name=guest,
            host=name,
            state=state_of(guest, virsh),
            network=network_of(guest, virsh),
            mode=mode,
            leased=False,
            console=Console.read(base64.b64decode(content or "").decode(errors="replace")),
        )
        for guest, content in data["consoles"].items()
    ]
    for guest in guests:
        guest.leased = f" {guest.console.address}/" in virsh
    suite = f"{system['ansible_distribution']} {system['ansible_distribution_version']}"
    return Host(name, suite, system["ansible_default_ipv4"].get("address", ""), data["host"], guests)


def state_of(guest: str, virsh: str) -> str:
    """A guest's line of `virsh list --all`: its number or a dash, its name, its state."""
    found = re.search(rf"^ *(?:\d+|-) +{re.escape(guest)} +(\S.*?) *$", virsh, re.MULTILINE)
    return found[1] if found else "not there"


def network_of(guest: str, virsh: str) -> str:
    """The source of the first interface in `virsh domiflist`."""
    part = virsh.partition(f"domiflist {guest}\n")[2]
    found = re.search(r"^ *\S+ +network +(\S+)", part, re.MULTILINE)
    return found[1] if found else "-"
