# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of images that a lock file has: new disks get these, whatever a server has by then.

The playbook images_lock writes the file, on the control node; a module gets what is in it. An entry also has what was
declared when it was written. Where that has changed since, the entry is about another image.
"""

from __future__ import annotations

import re
import typing as t

from ..._errors import VirtfleetError
from ..._printing import label, masked_url, printable
from .products import ARCHES, SERIAL, Version

SIGNER = re.compile(r"[0-9A-F]{40,64}")
CHECKSUM = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
OPTIONS = ("url", "path", "debian", "ubuntu", "variant", "arch", "mirror", "serial", "checksum", "query")
"""What of a declared image tells which one it is; the rest tells how a host keeps it.

``query`` stands for what is masked in URLs, see DeclaredImage.declaration."""

KINDS = OPTIONS[:4]
"""Those of which an image has one: where it comes from."""

FACTS = ("declared", "arch", "serial", "url", "checksum", "signer")
"""What an entry may have."""

PLAYBOOK = "virtfleet.kvm.images_lock"

Declaration = t.Tuple[t.Tuple[str, str], ...]  # noqa: UP006 - sanity tests import it with older Pythons
"""What an image was declared as: its options that tell which one it is, in their order, without secrets."""


class Locked(t.NamedTuple):
    """A version of an image, as a lock file has it.

    :param declared: what the image was declared as
    :param arch: the architecture, as its distribution calls it; None where the image is the same for all
    :param serial: what its distribution calls the version
    :param url: where it is; None for a file of the host
    :param signer: the fingerprint of the key that signed the list which this is from, where that was verified
    """

    declared: Declaration
    arch: str | None
    serial: str | None
    url: str | None
    checksum: str
    signer: str | None = None

    @property
    def entry(self) -> dict[str, object]:
        """The entry as it is written."""
        facts: dict[str, str | None] = {name: getattr(self, name) for name in FACTS[1:]}
        return {"declared": dict(self.declared), **{name: value for name, value in facts.items() if value is not None}}


Locks = t.Dict[str, t.Tuple[Locked, ...]]  # noqa: UP006 - as above
"""The entries of a lock file, by the names of the images."""


def in_words(declared: Declaration) -> str:
    """What an image is declared as, in words."""
    return ", ".join(f"{name}: {value}" for name, value in declared)


def parsed(raw: object) -> Locks:
    """The entries of a lock file. Raises VirtfleetError where one is not as it is written.

    :param raw: the lists of entries by the names of images
    """
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise VirtfleetError("images is no dictionary of images by name")
    found: Locks = {}
    for name, entries in raw.items():
        if not isinstance(name, str) or not isinstance(entries, (list, tuple)):
            raise VirtfleetError(f"the image {label(name)}: its entries are no list")
        where = f"the image {label(name)}: entry"
        found[str(name)] = tuple(entry_of(one, f"{where} {at}") for at, one in enumerate(entries))
        refuse_twice(found[str(name)], where)
    return found


def refuse_twice(entries: t.Sequence[Locked], where: str) -> None:
    """Raise VirtfleetError where two entries are about the same, as after a merge: nobody knows which one counts.

    :param where: the image, in words
    """
    places = [(entry.declared, entry.arch) for entry in entries]
    for at, place in enumerate(places):
        if place in places[:at]:
            raise VirtfleetError(f"{where} {at} has the declaration and architecture of entry {places.index(place)}")


def entry_of(raw: object, where: str) -> Locked:
    """One entry. Raises VirtfleetError where it is not as it is written.

    :param where: which one it is, in words
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("declared"), dict):
        raise VirtfleetError(f"{where} does not say what was declared")
    for name in (name for name in raw if name not in FACTS):
        raise VirtfleetError(f"{where}: {label(name)} is none of {', '.join(FACTS)}")
    declared = raw["declared"]
    for name in (name for name in declared if name not in OPTIONS or not isinstance(declared[name], str)):
        raise VirtfleetError(f"{where}: declared: {label(name)} is no option that tells which image it is, with a text")
    arch, serial, url, checksum, signer = (raw.get(name) for name in FACTS[1:])
    if arch is not None and arch not in ARCHES.values():
        raise VirtfleetError(f"{where}: arch: {printable(arch)} is none of {', '.join(ARCHES.values())}")
    if serial is not None and not (isinstance(serial, str) and SERIAL.fullmatch(serial)):
        raise VirtfleetError(f"{where}: serial: {printable(serial)} is no serial; it is written in quotes")
    if url is not None and not (isinstance(url, str) and re.fullmatch(r"https?://[!-~]+", url)):
        raise VirtfleetError(f"{where}: url: is no URL that starts with http:// or https://")
    if not isinstance(checksum, str) or not CHECKSUM.fullmatch(checksum):
        raise VirtfleetError(f"{where}: checksum: {printable(checksum)} is no digest such as sha256:DIGEST")
    if signer is not None and not (isinstance(signer, str) and SIGNER.fullmatch(signer)):
        raise VirtfleetError(
            f"{where}: signer: {printable(signer)} is no fingerprint of a key; it is written in quotes"
        )
    if len([name for name in KINDS if name in declared]) != 1:
        raise VirtfleetError(f"{where}: declared: has not one of {', '.join(KINDS)}")
    if "debian" in declared or "ubuntu" in declared:
        for name in (name for name in ("arch", "serial", "url") if raw.get(name) is None):
            raise VirtfleetError(f"{where}: {name} is missing, which an image of a distribution has")
    options = tuple((name, str(declared[name])) for name in OPTIONS if name in declared)
    return Locked(options, arch, serial, url, str(checksum), signer)


def stale(name: str, declared: Declaration, entries: t.Sequence[Locked]) -> str | None:
    """What is wrong where an image is declared as another one than it was locked as; None where nothing is."""
    if not entries or any(entry.declared == declared for entry in entries):
        return None
    was = " or ".join(dict.fromkeys(in_words(entry.declared) for entry in entries))
    now = in_words(declared) or "with a checksum of its own, or none"
    return (
        f"the image {label(name)} is locked as {was}, and is now declared as {now}: run {PLAYBOOK} with"
        f" -e images_lock_only={label(name)}, or remove it from the lock file (kvm_images_lock)"
    )


def unsigned(name: str, declared: Declaration, entries: t.Sequence[Locked]) -> str | None:
    """What is wrong where an image with a keyring was locked without a signature; None where nothing is."""
    arches = [entry.arch for entry in entries if entry.declared == declared and entry.signer is None]
    if not arches:
        return None
    which = ", ".join(arch for arch in arches if arch is not None)
    return (
        f"the image {label(name)} has a keyring, and no signature was verified of what it is locked as"
        f"{f' for {which}' if which else ''} (no signer): run {PLAYBOOK} with -e images_lock_only={label(name)}"
    )


def chosen(
    name: str,
    declared: Declaration,
    entries: t.Sequence[Locked],
    arch: str | None,
    place: str,
    mirror: str | None,
    signed: bool = False,
) -> Version | None:
    """The version that new disks of an image get by a lock file; None where it does not have the image.

    :param arch: the architecture for which the image is wanted; None where it is the same for all
    :param place: the URL or path that the image is declared with; empty for one of a distribution
    :param mirror: the mirror that it is declared with, if it is one of a distribution
    :param signed: whether it is declared with a keyring, so that only what was signed is used

    Raises VirtfleetError where the file has the image as it is not declared any more, for others, or unsigned.
    """
    problem = stale(name, declared, entries)
    if problem is not None:
        raise VirtfleetError(problem)
    mine = [entry for entry in entries if entry.declared == declared]
    for entry in mine:
        if entry.arch == arch:
            problem = unsigned(name, declared, [entry]) if signed else None
            if problem is not None:
                raise VirtfleetError(problem)
            return Version(
                place or address(entry.url or "", mirror or ""), entry.checksum, entry.serial, True, entry.signer
            )
    if not mine:
        return None
    others = ", ".join(str(entry.arch) for entry in mine)
    raise VirtfleetError(
        f"the image {label(name)} is locked for {others}, and not for {arch}, which this host needs: run {PLAYBOOK}"
        f" with -e images_lock_only={label(name)}"
    )


def address(url: str, mirror: str) -> str:
    """The URL of a locked image. The file has it without what may be secret; the declared mirror has that."""
    shown = masked_url(mirror)
    return mirror + url[len(shown) :] if shown != mirror and url.startswith(f"{shown}/") else url
