# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pools, volumes and secrets of a host the collection made. libvirt has no place in them to say so.

One small file on the host, whole at any time. What it does not name is somebody else's and is never
removed; nor is what has the name but is another thing than the one that was noted (see purge). A
file that is damaged in any way is named and left alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import typing as t

from .._engine.plan import Plan
from .._errors import VirtfleetError
from .._host.private_file import PrivateFile
from .._libvirt.process import made_by_another, own_process
from .new_volumes import Forestalled

FOLDER = "/var/lib/virtfleet"
NAME = "storage.json"
PASSING = ("test:",)
"""Where nothing is noted: what libvirt's test driver made is gone with the connection."""

KINDS = ("pools", "volumes", "secrets", "secret_values", "networks", "snapshots")
"""Kinds that are held against FACTS whenever the file is read. Any other is once somebody asks for it: what a newer
version notes of more kinds is no reason to refuse the file."""

FACTS = (
    *("uuid", "guest", "identity", "format", "making", "began", "part", "leaving", "since"),
    *("seed", "image", "former", "filling", "declared"),
    *("digest", "stamp", "secret", "encryption"),
    *("base", "content", "fetched", "serial"),
    *("copied", "copying"),
)
"""What may be noted of a resource, each a text:

- ``uuid``: the UUID of a pool or secret; of a network while it is made; of the guest of a snapshot that is taken
- ``guest``: the guest that a volume was made for
- ``identity``: what tells a volume from another one of its name (see storage_observe.identity)
- ``format``: the format that a volume was made with
- ``making``: the process that makes a resource, until it is whole
- ``began``: when that process began, in nanoseconds since 1970
- ``part``: the temporary name that its file has meanwhile
- ``seed``: of the seed of a guest, what tells the files on it from others (a digest)
- ``image``: of a seed, the digest of the volume that holds these files
- ``former``: of a seed that is being exchanged, what tells the one before from others
- ``filling``: the process that exchanges a seed
- ``declared``: of a volume that was made for a guest, that it was declared as a volume of its own later
- ``leaving``: once the volume is about to go with its guest, when its file was last changed (see removal_notes)
- ``digest``: of a private secret, a salted digest of the value that was set
- ``stamp``: of a private secret, the state of the file that libvirt has the value in; of a base image, the size of its
  file and when it was written
- ``secret``: of an encrypted volume, the secret with its passphrase, as ``usage NAME`` or ``uuid UUID``
- ``encryption``: the format of the encryption that a volume was made with
- ``base``: of a base image, the image that is declared (kvm_images)
- ``content``: of a base image, what tells it from other versions of the image: its checksum, or a digest of its URL
- ``serial``: of a base image, what its distribution calls the version, if that is known
- ``fetched``: when a base image was made, in nanoseconds since 1970
- ``copied``: of the copy of a disk for a clone that is not defined yet, when its file was last changed (see copies)
- ``copying``: the process that made such a copy
- ``since``: the process that is at it; once the guest is gone, the state of the definitions of the host's guests

Facts of other names are kept as they are.
"""
LONGEST = 4096
"""Characters that a name or a fact may have."""


ManifestEntries = dict[str, dict[str, str]]
"""What is noted of resources, by their names: FACTS."""

ManifestContent = dict[str, dict[str, ManifestEntries]]
"""The whole file: entries by kind, by the URI of the libvirt."""


class Manifest:
    """What the collection made with one libvirt.

    :param uri: the connection's URI
    :param folder: where the file is
    """

    def __init__(self, uri: str, folder: str | None = None) -> None:
        self.uri = uri
        self.folder = folder or default_folder()
        self.kept = not uri.startswith(PASSING)
        self.file = PrivateFile(self.folder, NAME, "the list of what this collection made", own_process())

    @property
    def path(self) -> str:
        return self.file.path

    def entries(self, kind: str) -> ManifestEntries:
        """What is noted of one kind, by identity. Raises VirtfleetError where that is damaged."""
        found = self.read().get(self.uri, {}).get(kind, {})
        if kind not in KINDS:
            try:
                hold_kind(kind, found)
            except ValueError as error:
                raise self.damaged(str(error)) from None
        return found

    def read(self) -> ManifestContent:
        """The whole file. Raises VirtfleetError where it is damaged, rather than forget what is ours."""
        content = self.file.read()
        if content is None:
            return {}
        try:
            found = json.loads(content.decode("utf-8"), object_pairs_hook=unique, parse_constant=unknown)
            hold(found)
        except RecursionError:
            raise self.damaged("it is nested too deeply") from None
        except (ValueError, MemoryError) as error:
            raise self.damaged(str(error)) from None
        return t.cast(ManifestContent, found)

    def damaged(self, problem: str) -> VirtfleetError:
        """The error for a file that is not what was written."""
        return self.file.refused(
            f"cannot be read: {problem[:200]};"
            " put back a good copy, or remove it: then nothing that is there counts as made by it"
        )

    def check(self) -> None:
        """Raises VirtfleetError where the file cannot be read, or could not be written. Changes nothing."""
        if self.kept:
            self.read()
            self.file.check()

    def prepare(self) -> None:
        """Try that the file can be read and written, before anything is made. Raises VirtfleetError."""
        if self.kept:
            self.read()
            self.file.prepare()

    def put(self, kind: str, name: str, **facts: str) -> None:
        """Note a resource as made, in place of what was noted of it."""
        with self.changing() as content:
            content.setdefault(self.uri, {}).setdefault(kind, {})[name] = facts

    def add(self, kind: str, name: str, **facts: str) -> None:
        """Note more facts of a resource that is noted."""
        with self.changing() as content:
            entry = content.get(self.uri, {}).get(kind, {}).get(name)
            if entry is not None:
                entry.update(facts)

    def remove_facts(self, kind: str, names: t.Iterable[str], facts: t.Iterable[str]) -> None:
        """Forget some facts of resources that are noted."""
        with self.changing() as content:
            entries = content.get(self.uri, {}).get(kind, {})
            for name in names:
                for fact in facts:
                    entries.get(name, {}).pop(fact, None)

    def begin(self, name: str, **facts: str) -> None:
        """Note that this process makes a volume. Raises Forestalled where another one is at it."""
        with self.changing() as content:
            entries = content.setdefault(self.uri, {}).setdefault("volumes", {})
            other = made_by_another(name, entries.get(name, {}))
            if other is not None:
                raise Forestalled(other)
            entries[name] = {**facts, "making": own_process()}

    def exchange(self, name: str, part: str) -> None:
        """Note that this process puts another file in the place of a volume's, and what that is called until then.

        Raises VirtfleetError where another process is at it.
        """
        with self.changing() as content:
            entry = content.get(self.uri, {}).get("volumes", {}).get(name, {})
            other = filled_by_another(name, entry)
            if other is not None:
                raise VirtfleetError(other)
            entry.update(part=part, filling=own_process())

    def drop(self, kind: str, name: str) -> None:
        """Forget a resource."""
        if self.kept and name in self.entries(kind):
            with self.changing() as content:
                kinds = content.get(self.uri, {})
                kinds.get(kind, {}).pop(name, None)
                if not kinds.get(kind, True):
                    del kinds[kind]  # What was begun and failed leaves the file as it was.

    def take_back(self, kind: str, name: str) -> None:
        """Forget a resource that this process began to make, and has not finished."""
        if self.kept and self.entries(kind).get(name, {}).get("making") == own_process():
            self.drop(kind, name)

    def forget(self, kind: str, seen: ManifestEntries) -> None:
        """Forget several resources, where what is noted of each is still what was seen."""
        if self.kept and seen:
            with self.changing() as content:
                entries = content.get(self.uri, {}).get(kind, {})
                for name, facts in seen.items():
                    if entries.get(name) == facts:
                        del entries[name]

    @contextlib.contextmanager
    def changing(self) -> t.Iterator[ManifestContent]:
        """The content to be changed, by one process at a time."""
        if not self.kept:
            yield {}
            return
        with self.file.locked() as folder:
            content = self.read()
            yield content
            try:
                hold(content)
            except ValueError as error:
                raise VirtfleetError(f"it cannot be noted in {self.path}: {error}") from None
            text = json.dumps(content, indent=1, sort_keys=True) + "\n"
            self.file.put(folder, text.encode("utf-8"))


def filled_by_another(name: str, facts: t.Mapping[str, str]) -> str | None:
    """Why to leave a seed to another run, which exchanges it in this moment; None where none does."""
    return made_by_another(name, {"making": facts.get("filling")})


def notes(plans: t.Iterable[Plan], noted: t.Container[str]) -> bool:
    """Whether plans make or remove storage, of which a note is kept.

    :param noted: the steps that do
    """
    return any(step.action in noted for entry in plans for step in entry.steps)


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A dictionary. Raises ValueError for a name that is there twice: one of the two would be lost."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def unknown(word: str) -> t.NoReturn:
    """Raises ValueError for what Python takes and JSON is not, such as NaN (RFC 8259, section 6)."""
    raise ValueError(f"{word} is no JSON")


def hold(content: object) -> None:
    """Raises ValueError for what no version of this file is: kinds by URI, names by kind, facts by name."""
    for uri, kinds in mapping(content, "the file").items():
        sound(uri)
        for kind, entries in mapping(kinds, "what is noted of a libvirt").items():
            noted = mapping(entries, "a kind")
            if kind in KINDS:
                hold_kind(kind, noted)


def hold_kind(kind: str, noted: t.Mapping[str, object]) -> None:
    """Raises ValueError for what is never noted of a kind: names that are no texts, and facts that are none."""
    for name, facts in noted.items():
        sound(name)
        pool, slash, volume = name.partition("/")
        if kind == "volumes" and not (pool and slash and volume):
            raise ValueError("the name of a volume is not POOL/VOLUME")
        for fact, value in mapping(facts, "what is noted of a resource").items():
            if fact in FACTS:
                sound(value)


def mapping(value: object, what: str) -> dict[str, object]:
    """A dictionary. Raises ValueError for anything else."""
    if not isinstance(value, dict):
        raise ValueError(f"{what} is no dictionary")
    return value


def sound(value: object) -> None:
    """Raises ValueError for what is no bearable text: another type, too long, or with control characters."""
    if not isinstance(value, str):
        raise ValueError("a fact is no text")
    if not value or len(value) > LONGEST or any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise ValueError("a name or fact is empty, too long, or has control characters")


def default_folder() -> str:
    """The host's folder; for a user who is not root, one of the user's own."""
    if os.geteuid() == 0:
        return FOLDER
    return os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "virtfleet")
