# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the lock file of images of what the hosts found out: each resolved its own images, for its architecture."""

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import near
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.simplestreams import age
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.lock import (
    OPTIONS,
    Declaration,
    Locked,
    Locks,
    entry_of,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, readable
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import ByHost

from .._evaluate import evaluate
from .lock_file import IMAGES, VARIABLE, LockFiles, content_of, images_of, shown

FOUND = "images_lock_found"
"""The variable in which each host has the result of images_info."""

ONLY = "images_lock_only"
"""The variable that names the images to lock anew."""

OLDER = "images_lock_older"
"""The variable that names the images for which an older version is taken, or other bytes of the same one."""

UNSIGNED = "images_lock_unsigned"
"""The variable that names the images which may lose their signature."""

PRUNE = "images_lock_prune"
"""The variable that has images removed from the file which nobody declares."""

Which = tuple[str, Declaration]
"""An image by its name, and what it is declared as."""

TEXTS = ("arch", "serial", "url", "checksum", "signer", "unverified", "problem")
"""What images_info tells of a version, as texts or None."""


class HostAnswer(t.NamedTuple):
    """What a host found out of an image.

    :param arch: the architecture, as its distribution calls it
    :param entry: what its server has now; None where that could not be found out, or needs no lock
    :param unverified: why no signature was verified
    :param problem: why it could not be found out
    """

    name: str
    declared: Declaration
    arch: str | None
    entry: Locked | None
    unverified: str | None
    problem: str | None


def answer_of(found: object) -> HostAnswer:
    """What a host tells of an image. Raises VirtfleetError where it is not as images_info tells it."""
    declared = found.get("declared") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("name"), str) or not isinstance(declared, dict):
        raise VirtfleetError("an image has no name and declaration")
    name = str(found["name"])
    texts: dict[str, str | None] = {}
    for key in TEXTS:
        value = found.get(key)
        if value is not None and not isinstance(value, str):
            raise VirtfleetError(f"the image {label(name)}: {key}: is no text")
        texts[key] = None if value is None else str(value)
    if not all(isinstance(declared.get(option, ""), str) for option in OPTIONS):
        raise VirtfleetError(f"the image {label(name)}: declared: has an option that is no text")
    declaration = tuple((option, str(declared[option])) for option in OPTIONS if option in declared)
    entry = None
    if texts["problem"] is None and declaration:
        facts = {key: texts[key] for key in TEXTS[:5]}
        facts["url"] = facts["url"] if "://" in str(facts["url"]) else None
        entry = entry_of({"declared": dict(declaration), **facts}, f"the image {label(name)}")
    return HostAnswer(name, declaration, texts["arch"], entry, texts["unverified"], texts["problem"])


class Wanted(t.NamedTuple):
    """What is to be locked anew, and what may become worse by that.

    :param only: the names of the images; None for all
    :param older: those for which an older version is taken, or other bytes of the same one
    :param unsigned: those that may lose their signature
    :param prune: whether images go that nobody declares
    """

    only: set[str] | None = None
    older: t.AbstractSet[str] = frozenset()
    unsigned: t.AbstractSet[str] = frozenset()
    prune: bool = False


class LockedFleet:
    """The images of the hosts that share a lock file.

    :param path: the file
    :param locks: what it has; None where it is not there
    :ivar names: of all images that are declared
    :ivar declared: the hosts that declare each image which needs a lock
    :ivar answers: what hosts found out, by image and host
    :ivar unverified: by the name of an image, why no signature was verified of the list that it is from
    :ivar unlockable: images that are declared without a checksum
    :ivar notes: what is said besides
    """

    def __init__(self, path: str, locks: Locks | None) -> None:
        self.path, self.locks = path, locks
        self.names: set[str] = set()
        self.declared: dict[Which, list[str]] = {}
        self.answers: dict[Which, dict[str, HostAnswer]] = {}
        self.unlockable: set[str] = set()
        self.unverified: dict[str, str] = {}
        self.notes: list[str] = []

    def add(self, host: str, images: object, result: object) -> None:
        """Add a host. Raises VirtfleetError where what it found out is not as images_info tells it.

        :param images: its list of images
        :param result: what images_info told there, if it ran
        """
        found = result.get("images") if isinstance(result, dict) else None
        if found is not None and not isinstance(found, (list, tuple)):
            raise VirtfleetError("the images are no list")
        by_name = {one.name: one for one in map(answer_of, found or ())}
        for name, image in images_of(images).items():
            self.names.add(name)
            if image.declaration:
                which = (name, image.declaration)
                self.declared.setdefault(which, []).append(host)
                if name in by_name and by_name[name].declared == image.declaration:
                    self.answers.setdefault(which, {})[host] = by_name[name]
                    if by_name[name].unverified is not None:
                        self.unverified[name] = str(by_name[name].unverified)
            elif image.checksum is None:
                self.unlockable.add(name)

    def locked(self, which: Which, arch: str | None) -> Locked | None:
        """What the file has of an image for an architecture."""
        name, declaration = which
        entries = (self.locks or {}).get(name, ())
        return next((entry for entry in entries if (entry.declared, entry.arch) == (declaration, arch)), None)


def images_locked(
    hosts: t.Sequence[str],
    variables: ByHost,
    only: object = None,
    older: object = None,
    unsigned: object = None,
    prune: object = False,
) -> dict[str, object]:
    """The lock files that follow from what hosts found out.

    :param hosts: the virtualization hosts, also those that a limit left out
    :param variables: ``hostvars``, or plain dictionaries by host
    :param only: the names of the images to lock anew, as a list or with commas between them; None for all
    :param older: the names of those for which an older version is taken, or other bytes of the same one
    :param unsigned: the names of those that may lose their signature
    :param prune: whether images go that nobody declares
    :returns: ``files``, each with ``path`` and ``content``; ``told``, lines for people; and ``problems``, with which
        nothing is to be written
    """
    problems: list[str] = []
    named = {key: names_in(names, key, problems) for key, names in ((ONLY, only), (OLDER, older), (UNSIGNED, unsigned))}
    wanted = Wanted(named[ONLY] or None, named[OLDER], named[UNSIGNED], is_true(prune, problems))
    lists = evaluate(hosts, variables, (IMAGES,)).variables
    read_raw = getattr(variables, "raw_get", None) or variables.__getitem__
    files, fleets = LockFiles(), t.cast("dict[str, LockedFleet]", {})
    for host in hosts:
        raw = read_raw(host)
        try:
            lock = files.of(raw, variables)
        except VirtfleetError as error:
            problems.append(f"host {label(host)}: {error}")
            continue
        if lock.path is not None:
            fleet = fleets.setdefault(os.path.realpath(lock.path), LockedFleet(lock.path, lock.locks))
            try:
                fleet.add(host, lists[host].get(IMAGES), raw.get(FOUND))
            except VirtfleetError as error:
                problems.append(f"host {label(host)}: it told of its images as images_info does not tell it: {error}")
        elif images_of(lists[host].get(IMAGES)):
            problems.append(f"host {label(host)}: its inventory is in no folder: name the lock file in {VARIABLE}")
    declared = {name for fleet in fleets.values() for name, _declaration in fleet.declared}
    for key, names in named.items():
        for name in sorted(names - declared):
            like = near(name, declared)
            hint = f"; did you mean {label(like[0])}?" if like else ""
            problems.append(f"{key}: {label(name)} is no image in {IMAGES} of any host that can be locked{hint}")
    made, lines = [], []
    for real, fleet in fleets.items():
        locks = locked(fleet, wanted, problems)
        lines += changes(fleet, locks)
        if fleet.locks is not None or locks:
            # Through a link, so that the link stays.
            made.append({"path": real, "content": content_of(locks)})
    lines = lines or ["nothing changes"]
    return {"files": made, "told": list(map(readable, lines)), "problems": list(map(readable, dict.fromkeys(problems)))}


def names_in(names: object, variable: str, problems: list[str]) -> set[str]:
    """Names of images, as a list or with commas between them.

    :param problems: gets what is wrong
    """
    listed = names.split(",") if isinstance(names, str) else ([] if names is None else names)
    if not isinstance(listed, (list, tuple, set)) or not all(isinstance(name, str) for name in listed):
        problems.append(f"{variable}: is no list of the names of images")
        return set()
    return {str(name).strip() for name in listed if name.strip()}


def is_true(value: object, problems: list[str]) -> bool:
    """Whether images go that nobody declares.

    :param problems: gets what is wrong
    """
    try:
        # What YAML and -e make of a yes or no; lists of any size are not written out.
        return value is not None and bool(boolean(value if isinstance(value, (bool, int, str)) else ""))
    except TypeError:
        problems.append(f"{PRUNE}: is neither true nor false")
        return False


def locked(fleet: LockedFleet, wanted: Wanted, problems: list[str]) -> Locks:
    """The entries that a lock file gets.

    :param problems: gets what is wrong
    """
    old, only = fleet.locks or {}, wanted.only
    found: dict[str, list[Locked]] = {}
    for name, entries in old.items():
        foreign = only is None and name not in fleet.names
        if foreign and not wanted.prune:
            fleet.notes.append(f"{label(name)}: stays, and is not in {IMAGES} here: -e {PRUNE}=true removes it")
        if (foreign and not wanted.prune) or (only is not None and name not in only):
            found[name] = list(entries)
    for which, hosts in sorted(fleet.declared.items()):
        name, declaration = which
        if only is not None and name not in only:
            continue
        answers = fleet.answers.get(which, {})
        versions = resolved(fleet, which, answers, problems)
        for arch, entry in versions.items():
            problems += worse(which, fleet.locked(which, arch), entry, wanted, fleet.unverified.get(name))
        # An architecture that nobody asked for now keeps what it has, unless all who declare the image were asked.
        kept = [] if set(hosts) <= set(answers) else [one for one in old.get(name, ()) if one.declared == declaration]
        versions.update({one.arch: one for one in kept if one.arch not in versions})
        found.setdefault(name, []).extend(versions.values())
    return {name: tuple(entries) for name, entries in found.items() if entries}


def resolved(
    fleet: LockedFleet, which: Which, answers: t.Mapping[str, HostAnswer], problems: list[str]
) -> dict[str | None, Locked]:
    """The version of an image for each architecture, of what hosts found out.

    If they differ, it is the newest of those that are signed, or of all where none is.
    """
    name = which[0]
    by_arch: dict[str | None, dict[str, Locked]] = {}
    for host, answer in answers.items():
        if answer.entry is not None:
            by_arch.setdefault(answer.entry.arch, {})[host] = answer.entry
    found: dict[str | None, Locked] = {}
    for arch, entries in by_arch.items():
        signed = {host: entry for host, entry in entries.items() if entry.signer is not None}
        entry = agreed(name, signed or entries, problems)
        found[arch] = entry
        fleet.notes += [
            f"{image_in_words(name, arch)}: {label(host)} found {version_word(other)} without a signature, which does"
            " not count beside one that is signed"
            for host, other in entries.items()
            if host not in signed and other.checksum != entry.checksum
        ]
    for host, answer in answers.items():
        if answer.problem is not None and answer.arch not in found:
            problems.append(f"image {label(name)}: {label(host)}: {answer.problem}")
    return found


def agreed(name: str, entries: t.Mapping[str, Locked], problems: list[str]) -> Locked:
    """The newest of the versions that hosts found.

    :param problems: gets what is wrong where nothing tells which one that is
    """
    if all(entry.serial is not None for entry in entries.values()):
        newest = max(age(str(entry.serial)) for entry in entries.values())
        entries = {host: entry for host, entry in entries.items() if age(str(entry.serial)) == newest}
    first = next(iter(entries))
    for host, entry in entries.items():
        if entry.checksum != entries[first].checksum:
            problems.append(
                f"image {label(name)}: {label(first)} and {label(host)} found different checksums of it: run again, as"
                " the server may just have changed it, or see whether both reach the same server"
            )
            break
    return entries[first]


def worse(which: Which, before: Locked | None, after: Locked, wanted: Wanted, unverified: str | None) -> list[str]:
    """What of an entry would become worse, and was not asked for, a sentence each.

    :param unverified: why no signature was verified, if a host said so
    """
    name = which[0]
    if before is None:
        return []
    start, found = f"image {image_in_words(name, after.arch)}:", []
    if before.signer is not None and after.signer is None and name not in wanted.unsigned:
        found.append(
            f"{start} it is locked as {version_word(before)}, and no signature was verified of {version_word(after)},"
            f" which there is now{'' if unverified is None else f' ({unverified})'}:"
            f" -e {UNSIGNED}={label(name)} takes it all the same"
        )
    if before.serial is None or after.serial is None or name in wanted.older:
        return found
    instead = f"-e {OLDER}={label(name)} takes it all the same"
    if age(after.serial) < age(before.serial):
        found.append(
            f"{start} it is locked as {before.serial}, and the newest that there is now is {after.serial}, which is"
            f" older: see whether the mirror is the right one; {instead}"
        )
    elif age(after.serial) == age(before.serial) and after.checksum != before.checksum:
        found.append(
            f"{start} it is locked as {before.serial} with {before.checksum[:19]}..., and the same version has"
            f" {after.checksum[:19]}... now, which is another image: see whether the mirror is the right one; {instead}"
        )
    return found


def changes(fleet: LockedFleet, locks: Locks) -> list[str]:
    """What of a lock file changes, and what cannot be in it, a line each."""
    old, new = by_place(fleet.locks or {}), by_place(locks)
    lines = [
        f"{image_in_words(name, arch)}: {'new, ' * (key not in old)}{version_words(old.get(key), new.get(key))}"
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
    return [f"{shown(fleet.path)}: {line}" for line in (*lines, *fleet.notes)]


def by_place(locks: Locks) -> dict[tuple[str, Declaration, str | None], Locked]:
    """Entries by image, what it is declared as, and architecture."""
    return {(name, entry.declared, entry.arch): entry for name, entries in locks.items() for entry in entries}


def image_in_words(name: str, arch: str | None) -> str:
    """An image in words."""
    return label(name) if arch is None else f"{label(name)} ({arch})"


def version_words(before: Locked | None, after: Locked | None) -> str:
    """How an entry changes, in words."""
    if before is not None and after is None:
        return f"{'' if before.signer is None else f'{version_word(before)}, '}is locked no more"
    if before is None or after is None:
        return "" if after is None else version_word(after)
    now = version_word(after)
    if version_word(before) != now:
        return f"{version_word(before)} -> {now}"
    if before.checksum != after.checksum:
        return f"{now}: {before.checksum[:19]}... -> {after.checksum[:19]}..."
    return f"{now}: {before.url or 'no URL'} -> {after.url or 'no URL'}"


def version_word(entry: Locked) -> str:
    """A version in one word."""
    signed = "" if entry.signer is None else f", signed with {entry.signer[-16:]}"
    return (entry.serial or f"{entry.checksum[:19]}...") + signed
