# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of seeds: to fill a new one, to put one in place of another, and to take one away with its disk."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.step import Step
from ...._errors import VirtfleetError
from ...._host import part_files, seed_image, sparse_copy
from ...._host.files import birth, in_place_of_file
from ...._libvirt.objects import Connection
from ...._storage.manifest import Manifest
from ...._storage.new_volumes import Making
from ...._storage.removal import NotRemoved
from ...._storage.storage_observe import active_pool, another, identity, lookup, refresh
from ...volume.half_made import clear_parts
from ...volume.new_file import failure_in_words
from .seeds import Refilling


@dataclasses.dataclass(frozen=True)
class SeedImage:
    """The image of a seed, with what is noted of it.

    :param image: its bytes
    :param content: what tells the files on it from those of another seed
    """

    image: bytes = dataclasses.field(repr=False)
    content: str

    @classmethod
    def of(cls, files: t.Mapping[str, bytes], content: str) -> SeedImage:
        """The image of some files. Raises VirtfleetError where it cannot be made."""
        seed_image.require()
        return cls(seed_image.image_of(files), content)

    @property
    def facts(self) -> dict[str, str]:
        """What is noted of it: by that the next run knows it, without a look into it."""
        return {"seed": self.content, "image": hashlib.sha256(self.image).hexdigest()}


def seed_source(making: Making) -> SeedImage:
    """What fills the volume of a new seed."""
    return SeedImage.of(making.item["seed"], str(making.item["content"]))


def make(path: str, source: SeedImage, note_file: t.Callable[[str], None], part: str) -> None:
    """Make the file of a new seed, which only root can read. Raises VirtfleetError, with nothing left behind."""
    write(path, source, note_file, part, part_files.settle)


Settle = t.Callable[[int, int, str, str, str], None]


def write(path: str, source: SeedImage, note_file: t.Callable[[str], None], part: str, settle: Settle) -> None:
    """Write a seed under a temporary name, then give it its own.

    :param note_file: called with the path of the whole file, before it gets its name
    :param settle: gives it its name
    """
    folder, name = os.path.split(path)
    whole = os.path.join(folder, part)
    try:
        with part_files.opened_folder(folder) as place, part_files.reserved(place, part, whole) as target:
            sparse_copy.put(target, memoryview(source.image), 0)
            note_file(whole)
            settle(target, place, part, name, path)
    except OSError as error:
        raise VirtfleetError(failure_in_words(error, folder)) from None


def replace(descriptor: int, folder: int, part: str, name: str, where: str) -> None:
    """Write a temporary file through to the disk, then give it the name of another one, in whose place it is then.

    Whoever has that one open keeps it.

    :param where: its path, for messages
    """
    os.fsync(descriptor)
    if not part_files.owned(descriptor, folder, part):
        raise VirtfleetError(f"somebody took away {where} while it was made; it stays as it was")
    os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


def fill_seed(connection: Connection, name: str, step: Step, options: object) -> None:
    """Put a seed in place of the one that is there. A guest that runs keeps the one that it has until it starts anew.

    While the new file gets the name of the old one, both are noted: a run that is killed leaves one of them.
    """
    plan: Refilling = step.value
    pool_name, _slash, volume_name = plan.key.partition("/")
    pool, manifest = active_pool(connection, pool_name), Manifest(connection.getURI())
    facts = manifest.entries("volumes").get(plan.key, {})
    clear_parts(connection, pool, facts)
    volume = lookup(pool, volume_name)
    if volume is None or another(facts, ET.fromstring(volume.XMLDesc())):
        raise VirtfleetError(f"cloud_init: somebody made {plan.key} anew meanwhile, so it stays; run again")
    now = in_place_of_file(volume.path())
    if now is not None:
        raise VirtfleetError(f"cloud_init: {volume.path()} is {now} now, so it stays; remove it, and run again")
    source = SeedImage.of(plan.files, plan.content)
    before = identity(ET.fromstring(volume.XMLDesc()))
    part = part_files.part_name(volume_name)
    manifest.exchange(plan.key, part)

    def note_file(path: str) -> None:
        now = birth(path)
        if now is not None and before is not None:
            manifest.add("volumes", plan.key, identity=now, former=before)

    done = False
    try:
        write(volume.path(), source, note_file, part, replace)
        done = True
    finally:
        note(manifest, plan.key, volume.path(), source.facts if done else {})
    refresh(pool)


def note(manifest: Manifest, key: str, path: str, more: t.Mapping[str, str]) -> None:
    """Note which of two seeds is there now, and no more that one is made.

    :param more: what is noted of it besides
    """
    facts = dict(manifest.entries("volumes").get(key, {}))
    former = facts.pop("former", None)
    for name in ("part", "filling"):
        facts.pop(name, None)
    if former is not None and birth(path) == former:
        facts["identity"] = former
    if manifest.kept:
        manifest.put("volumes", key, **{**facts, **more})


def settle_seed(connection: Connection, name: str, step: Step, options: object) -> None:
    """Take away what a killed run left that was exchanging a seed."""
    pool_name, _slash, volume_name = step.value.partition("/")
    pool, manifest = active_pool(connection, pool_name), Manifest(connection.getURI())
    clear_parts(connection, pool, manifest.entries("volumes").get(step.value, {}))
    volume = lookup(pool, volume_name)
    if volume is not None:
        note(manifest, step.value, volume.path(), {})


def delete_seed(delete: t.Callable[..., None]) -> t.Callable[..., None]:
    """The action that deletes the volume of a seed which the guest gives up. A guest that still has it keeps it."""

    def action(connection: Connection, name: str, step: Step, options: object) -> None:
        try:
            delete(connection, name, step, options)
        except NotRemoved as error:
            raise VirtfleetError(str(error)) from None

    return action
