# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which volumes may go, in which order, and the last look before one goes."""

from __future__ import annotations

import dataclasses
import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from .._engine.observed import Observed
from .._errors import VirtfleetError
from .._host.open_files import kept_open
from .._libvirt.objects import Volume
from .._printing import spelled_out
from .storage_observe import identity
from .users import StorageUsers, Use


class NotRemoved(VirtfleetError):
    """What was to go, and stays: between the plan and the last look something has changed.

    :param path: the path of the change that does not come about
    :param last: whether the steps after this one are not carried out
    """

    def __init__(self, path: str, reason: str, last: bool = True) -> None:
        super().__init__(reason)
        self.path, self.last = path, last


@dataclasses.dataclass(frozen=True)
class Going:
    """A volume that goes, as it was when that was planned.

    :param key: its identity, POOL/VOLUME
    :param path: where it is, or None
    :param identity: what tells it from another one of its name, or None where nothing does
    :param after: what is laid over it and goes before it, by identity
    :param guest: the guest that it goes with; None where it goes by itself
    :param note: the name under which it is noted as made, where that is another one
    :param others: guests that use it and go in the same run
    """

    key: str
    path: str | None = None
    identity: str | None = None
    after: tuple[str, ...] = ()
    guest: str | None = None
    note: str | None = None
    others: tuple[str, ...] = ()

    @property
    def change(self) -> str:
        """The path of the change that it is (see Change)."""
        return "state" if self.guest is None else f"volume {self.key}"


class Judge:
    """Decides about volumes that are to go, one after the other.

    :param users: who uses what
    :param guests: the guests that go in the same run, whose own use does not count
    :param links: whether a file stays that has another name (a hard link)
    :param running: those of the guests that run, and have their disks open
    """

    def __init__(
        self,
        users: StorageUsers,
        guests: t.Collection[str] = (),
        links: bool = False,
        running: t.Collection[str] = (),
    ) -> None:
        self.users, self.guests, self.links, self.running = users, guests, links, running
        self.gone: dict[str, str] = {}

    def weigh(self, key: str, path: str | None) -> tuple[list[str], tuple[str, ...]]:
        """Who keeps a volume, in words; and what goes before it, by identity."""
        own = self.users.goes(key, path)
        holders: list[str] = []
        after: list[str] = []
        uses = self.users.uses(key, path)
        for use in uses:
            before = self.goes_before(use)
            if before is not None and before != key:
                after.append(before)
            elif use.guest is None or use.guest not in self.guests:
                holders.append(use.who)
            elif not own & self.users.signs(use.place):
                holders.append(f"{spelled_out(use.place)}, which stays and is laid over it")
        if self.links and path and has_links(path):
            holders.append("another name of the same file (a hard link)")
        closing = any(use.guest in self.running for use in uses) or not own.isdisjoint(self.users.closing)
        if path and not holders and not closing:
            who = kept_open(path)
            holders += [] if who is None else [who]
        return list(dict.fromkeys(holders)), tuple(dict.fromkeys(after))

    def goes_before(self, use: Use) -> str | None:
        """The volume that goes before and is what uses something, by identity."""
        if use.guest is not None and use.guest not in self.guests:
            return None
        if use.who.startswith("volume ") and use.who in self.gone:
            return self.gone[use.who]
        return next((self.gone[sign] for sign in self.users.signs(use.place) if sign in self.gone), None)

    def take(self, key: str, path: str | None) -> None:
        """Let a volume go."""
        for sign in self.users.goes(key, path):
            if not sign.startswith("in "):
                self.gone[sign] = key


def order(judge: Judge, left: t.Mapping[str, str | None]) -> tuple[dict[str, tuple[str, ...]], dict[str, list[str]]]:
    """Which of several volumes go, in the order in which they can, with what goes before each; and who keeps the rest.

    :param left: the volumes with their paths
    """
    free: dict[str, tuple[str, ...]] = {}
    waiting = dict(left)
    kept: dict[str, list[str]] = {}
    while True:
        kept = {}
        before = len(free)
        for key, path in list(waiting.items()):
            holders, after = judge.weigh(key, path)
            if holders or judge.users.doubts:
                kept[key] = holders
            else:
                judge.take(key, path)
                free[key] = after
                del waiting[key]
        if len(free) == before:
            return free, kept


def has_links(path: str) -> bool:
    """Whether a file has more than one name."""
    try:
        state = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(state.st_mode) and state.st_nlink > 1


def to_be_removed(key: str, volume: Observed, after: tuple[str, ...] = ()) -> Going:
    """A volume as it is when it is planned to go (see Going)."""
    return Going(key, volume.definition.findtext("target/path"), identity(volume.definition), after)


class InUse(VirtfleetError):
    """A volume that was to be deleted is used by somebody by now."""


def last_look(plan: Going, volume: Volume) -> None:
    """Raises VirtfleetError, right before a volume is deleted, where it is not the one that was planned to go."""
    found = ET.fromstring(volume.XMLDesc())
    path = found.findtext("target/path")
    if path != plan.path:
        raise VirtfleetError(f"delete: {plan.key} is at {path} now, not at {plan.path}, so it stays")
    if path and path.startswith("/") and not os.path.lexists(path):
        return  # Somebody else deleted it: what is gone is gone.
    if plan.identity is not None and identity(found) != plan.identity:
        raise VirtfleetError(f"delete: somebody made {plan.key} anew meanwhile, so it stays")
    if path and os.path.isdir(path) and not os.path.islink(path):
        raise VirtfleetError(f"delete: {path} is a folder, so {plan.key} stays; remove it by hand")
    who = kept_open(path, now=True) if path else None
    if who is not None:
        raise InUse(f"delete: {plan.key} is used by {who}, so it stays")


def refuse_used(plan: Going, users: StorageUsers) -> None:
    """Raises VirtfleetError where somebody uses a volume by now that is to be deleted."""
    judge = Judge(users, links=plan.guest is not None)
    for key in plan.after:
        judge.take(key, users.path(key))
    holders, _after = judge.weigh(plan.key, plan.path)
    if holders or users.doubts:
        kind = InUse if holders else VirtfleetError
        raise kind(f"delete: {plan.key} {because(holders, users.doubts)}, so it stays")


def listed(names: t.Sequence[str]) -> str:
    """Names as a sentence has them: ``a, b and c``."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def because(holders: t.Sequence[str], doubts: t.Sequence[str]) -> str:
    """Why a volume stays, to be read after it: who uses it, or what could not be looked at."""
    if holders:
        return f"is used by {listed(holders)}"
    return f"may be used: {'; '.join(doubts[:3])}"
