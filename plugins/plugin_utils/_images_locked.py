# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the lock file of images of what the hosts found out: each resolved its own images, for its architecture."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.simplestreams import age
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.lock import (
    OPTIONS,
    Declaration,
    Locked,
    Locks,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, readable
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import ByHost

from ._evaluate import evaluate
from ._images_lock import IMAGES, VARIABLE, LockFiles, content_of, images_of, shown

FOUND = "images_lock_found"
"""The variable in which each host has the result of images_info."""

ONLY = "images_lock_only"
"""The variable that names the images to lock anew."""

Which = tuple[str, Declaration]
"""An image by its name, and what it is declared as."""


KEYS = ("arch", "serial", "url", "checksum", "signer")
"""What images_info tells of a version."""


class LockedFleet:
    """The images of the hosts that share a lock file.

    :param path: the file
    :param locks: what it has; None where it is not there
    :ivar declared: the hosts that declare each image
    :ivar answers: what hosts found out, by image and host
    :ivar unverified: why no signature was verified of what told of an image, by its name
    :ivar unlockable: images that are declared without a checksum
    """

    def __init__(self, path: str, locks: Locks | None) -> None:
        self.path, self.locks = path, locks
        self.declared: dict[Which, list[str]] = {}
        self.answers: dict[Which, dict[str, t.Mapping[str, t.Any]]] = {}
        self.unlockable: set[str] = set()
        self.unverified: dict[str, str] = {}

    def add(self, host: str, images: object, result: object) -> None:
        """Add a host.

        :param images: its list of images
        :param result: what images_info told there, if it ran
        """
        found = result.get("images") if isinstance(result, dict) else None
        told = {str(one["name"]): one for one in found or ()}
        for name, image in images_of(images).items():
            if image.declaration:
                which = (name, image.declaration)
                self.declared.setdefault(which, []).append(host)
                if name in told and declaration_of(told[name]) == image.declaration:
                    self.answers.setdefault(which, {})[host] = told[name]
                    if told[name]["unverified"] is not None:
                        self.unverified[name] = str(told[name]["unverified"])
            elif image.checksum is None:
                self.unlockable.add(name)


def declaration_of(told: t.Mapping[str, t.Any]) -> Declaration:
    """What an image was declared as, as images_info tells it."""
    return tuple((name, str(told["declared"][name])) for name in OPTIONS if name in told["declared"])


def images_locked(hosts: t.Sequence[str], variables: ByHost, only: object = None) -> dict[str, object]:
    """The lock files that follow from what hosts found out.

    :param hosts: the virtualization hosts, also those that a limit left out
    :param variables: ``hostvars``, or plain dictionaries by host
    :param only: the names of the images to lock anew, as a list or with commas between them; None for all
    :returns: ``files``, each with ``path`` and ``content``; ``told``, lines for people; and ``problems``, with which
        nothing is to be written
    """
    names = names_in(only)
    lists = evaluate(hosts, variables, (IMAGES,)).variables
    read_raw = getattr(variables, "raw_get", None) or variables.__getitem__
    files, fleets = LockFiles(), t.cast("dict[str, LockedFleet]", {})
    problems: list[str] = []
    for host in hosts:
        raw = read_raw(host)
        try:
            lock = files.of(raw, variables)
        except VirtfleetError as error:
            problems.append(f"host {label(host)}: {error}")
            continue
        if lock.path is not None:
            fleet = fleets.setdefault(lock.path, LockedFleet(lock.path, lock.locks))
            fleet.add(host, lists[host].get(IMAGES), raw.get(FOUND))
        elif images_of(lists[host].get(IMAGES)):
            problems.append(f"host {label(host)}: its inventory is in no folder: name the lock file in {VARIABLE}")
    declared = {name for fleet in fleets.values() for name, _declaration in fleet.declared}
    for name in sorted((names or set()) - declared):
        problems.append(f"{ONLY}: {label(name)} is no image in {IMAGES} of any host that can be locked")
    made, told = [], []
    for fleet in fleets.values():
        locks = locked(fleet, names, problems)
        told += changes(fleet, locks)
        if fleet.locks is not None or locks:
            made.append({"path": fleet.path, "content": content_of(locks)})
    told = told or ["nothing changes"]
    return {"files": made, "told": list(map(readable, told)), "problems": list(map(readable, dict.fromkeys(problems)))}


def names_in(only: object) -> set[str] | None:
    """The names of images to lock anew; None for all."""
    listed = only if isinstance(only, (list, tuple)) else re.split(r"[,\s]+", "" if only is None else str(only))
    return {str(name) for name in listed if str(name)} or None


def locked(fleet: LockedFleet, names: t.Container[str] | None, problems: list[str]) -> Locks:
    """The entries that a lock file gets.

    :param names: the images to lock anew; None for all
    :param problems: gets what is wrong
    """
    old = fleet.locks or {}
    found: dict[str, list[Locked]] = {
        name: list(entries) for name, entries in old.items() if names is not None and name not in names
    }
    for which, hosts in sorted(fleet.declared.items()):
        name, declaration = which
        if names is not None and name not in names:
            continue
        answers = fleet.answers.get(which, {})
        entries = resolved(name, declaration, answers, problems)
        # An architecture that nobody asked for now keeps what it has, unless all who declare the image were asked.
        kept = [] if set(hosts) <= set(answers) else [one for one in old.get(name, ()) if one.declared == declaration]
        entries.update({one.arch: one for one in kept if one.arch not in entries})
        found.setdefault(name, []).extend(entries.values())
    return {name: tuple(entries) for name, entries in found.items() if entries}


def resolved(
    name: str, declaration: Declaration, answers: t.Mapping[str, t.Mapping[str, t.Any]], problems: list[str]
) -> dict[str | None, Locked]:
    """The version of an image for each architecture, of what hosts found out. If they differ, it is the newest."""
    found: dict[str | None, tuple[str, Locked]] = {}
    for host, told in answers.items():
        if told["problem"] is not None:
            continue
        texts = {key: None if told[key] is None else str(told[key]) for key in KEYS}
        url = texts["url"] if "://" in str(texts["url"]) else None
        mine = Locked(declaration, texts["arch"], texts["serial"], url, str(texts["checksum"]), texts["signer"])
        first, other = found.setdefault(mine.arch, (host, mine))
        if other.checksum == mine.checksum:
            if other.signer is None:  # One of the hosts may lack the keyring.
                found[mine.arch] = (host, mine)
            continue
        if mine.serial is None or other.serial is None or mine.serial == other.serial:
            problems.append(
                f"image {label(name)}: {label(first)} and {label(host)} found different checksums of it: run again, as"
                " the server may just have changed it, or see whether both reach the same server"
            )
        elif age(mine.serial) > age(other.serial):
            found[mine.arch] = (host, mine)
    for host, told in answers.items():
        arch = None if told["arch"] is None else str(told["arch"])
        if told["problem"] is not None and arch not in found:
            problems.append(f"image {label(name)}: {label(host)}: {told['problem']}")
    return {arch: entry for arch, (_host, entry) in found.items()}


def changes(fleet: LockedFleet, locks: Locks) -> list[str]:
    """What of a lock file changes, and what cannot be in it, a line each."""
    old, new = by_place(fleet.locks or {}), by_place(locks)
    lines = [
        f"{said(name, arch)}: {'new, ' * (key not in old)}{version_words(old.get(key), new.get(key))}"
        for key in sorted({*old, *new}, key=lambda key: (key[0], key[1], key[2] or ""))
        for name, _declaration, arch in [key]
        if old.get(key) != new.get(key)
    ]
    lines += [f"{label(name)}: cannot be locked, as it has no checksum" for name in sorted(fleet.unlockable)]
    lines += [
        f"{label(name)}: no signature was verified: {why}"
        for name, why in sorted(fleet.unverified.items())
        if any(entry.signer is None for entry in locks.get(name, ()))
    ]
    return [f"{shown(fleet.path)}: {line}" for line in lines]


def by_place(locks: Locks) -> dict[tuple[str, Declaration, str | None], Locked]:
    """Entries by image, what it is declared as, and architecture."""
    return {(name, entry.declared, entry.arch): entry for name, entries in locks.items() for entry in entries}


def said(name: str, arch: str | None) -> str:
    """An image in words."""
    return label(name) if arch is None else f"{label(name)} ({arch})"


def version_words(before: Locked | None, after: Locked | None) -> str:
    """How an entry changes, in words."""
    if after is None:
        return "is locked no more"
    now = short(after)
    return now if before is None else f"{short(before)} -> {now}"


def short(entry: Locked) -> str:
    """A version in one word."""
    signed = "" if entry.signer is None else f", signed with {entry.signer[-16:]}"
    return (entry.serial or f"{entry.checksum[:19]}...") + signed
