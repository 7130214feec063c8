# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks on declared volumes that are encrypted, and the other way round: both have to say it, with the same secret.

What is left out is not the declaration's: a guest that is there may have its encryption already, and so may a volume.
So nothing is refused here. Where both are new, the guest would not start, or would see what is encrypted.
"""

from __future__ import annotations

import posixpath
import typing as t

from .._engine.rows.model import Item
from .._engine.table import nested
from .._kinds.volume.storage_rules import format_by_name, volume_key
from .._kinds.volume.table import VOLUME
from .._printing import label
from .secrets import DeclaredSecrets, SecretOption, references
from .unique import entries, folders_of, plain, word

QCOW2 = "qcow2"


def declared_volumes(variables: t.Mapping[str, object]) -> dict[str, Item]:
    """The volumes that a host declares, as they are written.

    Each is there as POOL/VOLUME, and by its path where the folder of its pool is known.
    """
    found: dict[str, Item] = {}
    folders = folders_of(variables.get("kvm_pools"))
    for item in entries(variables, "kvm_volumes"):
        if word(item, "state") != "absent" and word(item, "name") and not nested(item):
            found[str(volume_key(item))] = item
            folder = folders.get(word(item, "pool") or "default")
            if folder is not None:
                found[plain(posixpath.join(folder, word(item, "name")))] = item
    return found


def volume_of(disk: Item) -> str:
    """The volume that a disk is on and that is not made for it, as POOL/VOLUME or as its path; nothing for none."""
    if word(disk, "volume"):
        return f"{word(disk, 'pool') or 'default'}/{word(disk, 'volume')}"
    path = word(disk, "file")
    return plain(path) if path else ""


def encryption_of(item: Item) -> Item | None:
    """The encryption of a disk or a volume; None where it has none, or it is not the declaration's."""
    source = item.get("source")
    for given in (item.get("encryption"), source.get("encryption") if isinstance(source, dict) else None):
        if isinstance(given, dict) and given:
            return given
    return None


def problems(guests: t.Iterable[Item], variables: t.Mapping[str, object]) -> t.Iterator[tuple[bool, str]]:
    """What does not fit together, a sentence each, with whether a new guest would start all the same.

    :param guests: those of one host, their short forms written out
    :param variables: those of the host
    """
    volumes = declared_volumes(variables)
    declared = DeclaredSecrets.of(variables)
    for guest in guests if volumes else ():
        if word(guest, "state") != "absent":
            for place, disk in enumerate(entries(guest, "disks")):
                called = f"guest {label(word(guest, 'name'))}: disks[{place}]"
                yield from of_disk(called, disk, volumes.get(volume_of(disk)), declared)
                yield from ((False, f"{called}.{line}") for line in made_from(disk, volumes))


def made_from(disk: Item, volumes: t.Mapping[str, Item]) -> t.Iterator[str]:
    """A sentence for an encrypted volume that a disk is to be made from: QEMU would need its secret to read it.

    :param volumes: the declared volumes (see declared_volumes)
    """
    for option in ("image", "backing"):
        name = word(disk, option)
        volume = volumes.get(name if "/" in name else f"{word(disk, 'pool') or 'default'}/{name}")
        if name and volume is not None and encryption_of(VOLUME.written_out(volume)):
            shown = label(str(volume_key(volume)))
            yield f"{option}: the volume {shown} is encrypted (kvm_volumes), and no new disk can be made from it"


def of_disk(called: str, disk: Item, volume: Item | None, declared: DeclaredSecrets) -> t.Iterator[tuple[bool, str]]:
    """The same of one disk.

    :param called: the disk, for people
    :param volume: the declared volume that it is on
    """
    if volume is None:
        return
    own, of_volume = encryption_of(disk), encryption_of(VOLUME.written_out(volume))
    shown = f"the volume {label(str(volume_key(volume)))}"
    if of_volume and not own:
        raw = (word(volume, "format") or format_by_name(word(volume, "name"))) != QCOW2
        effect = "the guest would see what is encrypted" if raw else "the guest would not start"
        what = "write encryption: {format: luks, secrets: [{usage: NAME}]}, with the volume's secret"
        yield raw, f"{called}: {shown} is encrypted (kvm_volumes), and the disk is not, so {effect}; {what}"
    elif own and not of_volume:
        yield False, f"{called}.encryption: {shown} is not encrypted in kvm_volumes; write encryption there, too"
    elif own and of_volume and differ(own, of_volume, declared):
        yield False, f"{called}.encryption: {shown} gets another secret in kvm_volumes; name the same one in both"


def differ(disk: Item, volume: Item, declared: DeclaredSecrets) -> bool:
    """Whether the secrets of two encryptions are two for sure."""
    ours, theirs = (list(references({"encryption": given})) for given in (disk, volume))
    return bool(ours and theirs) and not any(one_secret(one, other, declared) for one in ours for other in theirs)


def one_secret(one: SecretOption, other: SecretOption, declared: DeclaredSecrets) -> bool:
    """Whether two references may be to one secret; also where nobody declares the UUID of a name."""
    if one.by == other.by:
        return one.value == other.value
    name, uuid = (one.value, other.value) if one.by == "usage" else (other.value, one.value)
    return declared.uuid_of.get(name, uuid) == uuid
