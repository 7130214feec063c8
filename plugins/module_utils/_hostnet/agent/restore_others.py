# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives the kernel what others had told it, and networkd has dropped since."""

from __future__ import annotations

import json
import os
import time
import typing as t

from . import files, network, set_by_others, settings
from .address_words import is_of_a_program, options
from .route_words import destination, origin, without_lifetime
from .set_by_others import Words
from .shapes import DeviceData, SetByOthers

ATTEMPTS, PAUSE, LEAST = 6, 1.0, 3
"""How often it is looked whether all is there at most, the seconds between, and how often at least: networkd may still
be at work."""
APPLIED, ENDED = "applied.json", "ended.json"
"""The notes of what others have set, once the trial is in force, and when it is decided that it is taken back: what
lies between, they have done themselves."""
LIMIT = 15.0
"""Seconds after which it is not looked again: ip hangs."""
FEW = 20
"""How many commands are given one by one."""


class GiveBack:
    """Gives back what was noted and is not there any more.

    :param folder: that of the trial
    :param look: tells the devices that the host has now, by name
    :param without: devices that need theirs no longer, such as one that is a bridge's port now; None where all is to
        be as before, and what stands in its place goes
    """

    def __init__(
        self, folder: str, look: t.Callable[[], t.Mapping[str, DeviceData]], without: t.Container[str] | None = None
    ) -> None:
        noted = files.load(os.path.join(folder, set_by_others.NOTED))
        self.before: dict[str, DeviceData] = files.load(os.path.join(folder, "before.json"))
        self.look, self.as_before, self.known = look, without is None, "words" in noted
        self.static: list[Words] = noted.get("static", [])
        self.words: list[Words] = [
            words for words in noted.get("words", ()) if not leads_over(words, without or ()) and self.is_meant(words)
        ]
        self.folder = folder
        self.order = {key(words): place for place, words in enumerate(noted.get("beside", ()))}
        self.hops = {(*words,): named for words, named in noted.get("hops", ())}
        self.addresses = [
            (name, address)
            for name, found in noted.get("addresses", {}).items()
            for address in found
            if name not in (without or ()) and not is_of_a_program(self.before.get(name, {}), address)
        ]
        applied, ended = (files.load(os.path.join(folder, name)) for name in (APPLIED, ENDED))
        if self.as_before and applied and ended:
            self.keep_changes_of_others(applied, ended)

    def keep_changes_of_others(self, applied: SetByOthers, ended: SetByOthers) -> None:
        """Leave it as it is where others have changed something themselves while the trial was in force."""
        old, new = (set(map(key, noted["words"])) for noted in (applied, ended))
        taken, added = old - new, new - old
        self.words = [words for words in self.words if key(words) not in taken]
        for words in ended["words"]:
            devices = {words[at] for at in range(1, len(words)) if words[at - 1] == "dev"}
            if key(words) in added and not origin(words) and devices <= self.before.keys():
                self.words.append(words)
        self.addresses = [
            (name, address)
            for name, address in self.addresses
            if address in ended["addresses"].get(name, ()) or address not in applied["addresses"].get(name, ())
        ]

    def is_meant(self, words: Words) -> bool:
        """Whether something that is missing is to be given back.

        The files that are in force now may well not have what those of before had.
        """
        from_whom = origin(words)
        if self.as_before or not from_whom:
            return True
        return from_whom != set_by_others.FILES or words in self.static

    def run(self, end: float | None = None) -> list[str]:
        """Give all of it. Returns the commands that would give what the kernel does not have all the same.

        :param end: until when at most, by ``clock``
        """
        if not self.known:
            return ["what others had told the kernel is not known any more"]
        if not self.words and not self.addresses:
            return []
        latest = min(network.clock() + LIMIT, end or float("inf"))
        gone: list[tuple[str, str]] = []
        missing: list[Words] = []
        for attempt in range(ATTEMPTS):
            time.sleep(PAUSE if attempt else 0)
            found = set_by_others.look()
            gone_before, gone = gone, self.gone()
            missing_before, missing = missing, self.missing(found)
            # A second look shows what networkd drops only now, and what comes back by whoever has set it.
            commands, whole = self.commands(missing, missing_before, found, attempt < ATTEMPTS - 2)
            last = attempt == ATTEMPTS - 1 or network.clock() > latest
            if last or (whole and not gone and attempt + 1 >= LEAST):
                break
            self.tell([*(self.address(*each) for each in gone if each in gone_before), *commands])
        left = [*(self.address(name, address) for name, address in gone), *missing]
        return [" ".join(["ip", *words]) for words in left]

    def gone(self) -> list[tuple[str, str]]:
        """The addresses that are not there any more, each with its device.

        Those left out that another device has now, and those that went with their device.
        """
        now = self.look()
        if not now:
            return self.addresses  # ip tells of no device, and every host has one.
        moved = {each for name, device in now.items() for each in hosts(device) - hosts(self.before.get(name, {}))}
        return [
            (name, address)
            for name, address in self.addresses
            if name in now and address not in network.subnets_of(now[name]) and address.partition("/")[0] not in moved
        ]

    def address(self, name: str, address: str) -> Words:
        """The words that give a device an address as it was."""
        return ["address", "replace", address, "dev", name, *options(self.before.get(name, {}), address)]

    def missing(self, found: set_by_others.KernelState) -> list[Words]:
        """What was noted and is not there, but for what went with its device."""
        there, now = set(map(key, found.words)), self.look()
        ended = [name for name in self.before if name not in now] if now else []
        return [words for words in self.words if key(words) not in there and not leads_over(words, ended)]

    def commands(
        self, missing: list[Words], missing_before: list[Words], found: set_by_others.KernelState, by_id: bool
    ) -> tuple[list[Words], bool]:
        """What gives the kernel what is missing and whose place is free, and whether that is nothing.

        :param missing_before: what was missing at the last look: others than people may bring back what they have set
        :param by_id: whether a route is to name its next hop by the id that it had
        """
        places: dict[tuple[str, ...], list[Words]] = {}
        for each in [*found.routes, *(each for each in found.words if each[1] != "route")]:
            places.setdefault(destination(each), []).append(each)
        late, given, whole = set(map(key, missing_before)), list[Words](), True
        for words in missing:
            verb = self.verb(words, places.setdefault(destination(words), []))
            whole = whole and not verb
            if verb and (not origin(words) or key(words) in late):
                named = self.hops.get((*words,), words) if by_id else words
                given.append([*named[:2], verb, *named[3:]])
                places[destination(words)].append(words)
        return given, whole

    def verb(self, words: Words, same: list[Words]) -> str:
        """How the kernel is told of something: a route beside those that led to the same before; else as it is noted.

        ``replace`` takes away what is in the same place: the route that was declared to lead there, or what somebody
        has set meanwhile. Then it is empty; but a route of the trial's goes where all is to be as before.

        :param same: what is in its place now
        """
        strange = [each for each in same if words[1] != "route" or key(each) not in self.order]
        if strange:
            own = self.as_before and words[1] == "route" and all(map(origin, strange))
            return words[2] if own else ""
        if not same:
            return words[2]
        first = min(self.order[key(each)] for each in same)
        return "prepend" if self.order.get(key(words), -1) < first else "append"

    def tell(self, commands: list[Words]) -> None:
        """Tell the kernel: one by one; many at once, as each takes a process of its own. Raises OSError."""
        if len(commands) <= FEW:
            for words in commands:
                set_by_others.ip_output(*words)
            return
        path = os.path.join(self.folder, "batch")
        for family in ("-4", "-6", ""):
            own = [words for words in commands if (words[0] if words[0] in ("-4", "-6") else "") == family]
            lines = [" ".join(words[1:] if family else words) for words in own]
            files.write(path, "".join(f"{line}\n" for line in lines))
            set_by_others.ip_output(*([family] if family else []), "-force", "-batch", path, seconds=LIMIT)


def after_trial(
    folder: str, look: t.Callable[[], t.Mapping[str, DeviceData]], without: t.Container[str], end: float | None
) -> None:
    """Give back what a trial has taken away, and take note of what is there then. Raises OSError.

    :param look: tells the devices that the host has now, by name
    :param without: devices that need theirs no longer
    :param end: until when at most, by ``clock``
    """
    lost = GiveBack(folder, look, without).run(end)
    note(folder, APPLIED, look(), lost)


def after_rollback(folder: str, changes: network.TrialNetwork) -> list[str]:
    """Give back all that others had set before a trial. Returns what is not there all the same. Raises OSError."""
    lost = settings.give_back(folder, changes)
    return [*lost, *GiveBack(folder, changes.devices).run()]


def note(folder: str, name: str, devices: t.Mapping[str, DeviceData], lost: t.Sequence[str] = ()) -> None:
    """Take note of what others have set now. Where ip does not answer, nothing is noted. Raises OSError.

    :param name: the name of the note
    :param lost: the commands that would give what the trial has taken away
    """
    found = set_by_others.look()
    if devices and found.routes:
        subnets = {each: sorted(network.subnets_of(device)) for each, device in devices.items()}
        content = {"words": found.words, "addresses": subnets, "lost": lost}
        files.write(os.path.join(folder, name), json.dumps(content))
        settings.note(folder, f"settings.{name}", files.load(os.path.join(folder, "state.json")), devices)


def key(words: t.Sequence[str]) -> tuple[str, ...]:
    """What tells whether two are the same."""
    return (*without_lifetime(words),)


def hosts(device: DeviceData) -> set[str]:
    """A device's addresses without their subnets."""
    return {address.partition("/")[0] for address in network.subnets_of(device)}


def leads_over(words: Words, devices: t.Container[str]) -> bool:
    """Whether a route or neighbour is on one of some devices."""
    return any(words[at - 1] == "dev" and words[at] in devices for at in range(1, len(words)))
