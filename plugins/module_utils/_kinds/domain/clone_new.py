# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones of a guest that the same run makes. Pure functions.

Such a guest has never run, so its disks have what they are made from, and nothing else. A clone that is made from the
same has the same, without a copy, and waits for nobody.
"""

from __future__ import annotations

import typing as t

from ..._engine.rows.model import Item
from ..._errors import Invalid, VirtfleetError
from ..._printing import label
from .clone_disks import DECLARE, SHARED, SOURCE, says_itself
from .clone_parts import drop, own_parts
from .short_image import REMOVABLE

ASIDE = ("clone_of", "clone_mode", "wait_for", "wait_timeout", "snapshots")
"""Options that a guest has for itself, and that no definition has."""

OF_CARDS = ("ip", "ips", "gateway", "nameservers")
"""Options of an interface that only one guest can have."""

FILLED = ("image", "backing")
"""Options of a disk by which something is on it."""

AS_DECLARED = (
    "begins as guest {0} is declared, which is made in the same run, and from the same images; what is done in {0}"
    " later is not in it"
)

LATER = "run again without this one, and then add it"


def from_declared(want: Item, original: Item) -> tuple[Item, list[Item], list[str]]:
    """What a clone gets of a guest that is made in the same run, its disks, and what is to be said.

    Raises VirtfleetError, also as Invalid, where it cannot be.

    :param want: what is declared of it
    :param original: what is declared of the original, in normal form
    :returns: the options without the disks, the disks, and sentences
    """
    name = label(str(original["name"]))
    whole, left = own_parts({key: value for key, value in original.items() if key not in ASIDE}, want)
    for option in OF_CARDS:
        drop(whole, ("interfaces", option))
    whole.pop("disks", None)
    sentences = [AS_DECLARED.format(name), *(f"{one} of guest {name} {why}" for one, why in left.items())]
    listed = original.get("disks") or []
    if not any(
        any(disk.get(option) is not None for option in FILLED) or says_itself(disk) for disk in of_disks(listed)
    ):
        raise VirtfleetError(
            f"guest {name} is made in the same run, and nothing is on its disks until something is installed:"
            f" {LATER}, once that guest is switched off"
        )
    over = want.get("clone_mode") == "overlay"
    if want.get("disks") is None:
        disks = [disk_of_clone(disk, f"disks[{place}]", over, name) for place, disk in enumerate(listed)]
    else:
        disks = list(matched(want["disks"], listed, over, name))
    return whole, disks, sentences


def of_disks(listed: t.Iterable[Item]) -> t.Iterator[Item]:
    """The disks among disks and drives."""
    return (disk for disk in listed if disk.get("device") not in REMOVABLE)


def matched(declared: t.Sequence[Item], listed: t.Sequence[Item], over: bool, name: str) -> t.Iterator[Item]:
    """The declared disks of a clone, each with what the disk of the original has, by its target or its place."""
    targets = {disk["target"]: disk for disk in listed if disk.get("target") is not None}
    others = list(of_disks(listed))
    spots = iter(range(len(others)))
    for place, disk in enumerate(declared):
        spot = None if disk.get("device") in REMOVABLE else next(spots, None)
        twin = targets.get(disk.get("target")) or (None if spot is None else others[spot])
        if twin is None or says_itself(disk):
            yield disk
        else:
            yield {**disk_of_clone(twin, f"disks[{place}]", over, name), **disk}


def disk_of_clone(disk: Item, where: str, over: bool, name: str) -> Item:
    """A disk of the original as one of the clone. Raises Invalid where it cannot be.

    :param where: what it is called in messages
    :param over: whether it is to be laid over the original's
    :param name: the original
    """
    rest = {key: value for key, value in disk.items() if key not in SOURCE}
    if disk.get("device") == "floppy":
        return rest
    if disk.get("device") == "cdrom" or any(disk.get(option) for option in SHARED):
        return disk
    if disk.get("encryption") or disk.get("source"):
        option = "encryption" if disk.get("encryption") else "source"
        raise Invalid(where, f"that of the original has {option}, which a copy would not keep: {DECLARE}")
    pool = {} if disk.get("pool") is None else {"pool": disk["pool"]}
    if any(disk.get(option) is not None for option in FILLED) or not says_itself(disk):
        if over:
            raise Invalid(
                where, f"clone_mode: guest {name} is made in the same run, so nothing can be laid over it: {LATER}"
            )
        return {**rest, **pool, **({} if disk.get("backing") is None else {"backing": disk["backing"]})}
    place = disk.get("file") or disk.get("block")
    if disk.get("volume") is not None:
        place = f"{disk.get('pool') or 'default'}/{disk['volume']}"
    if place is None:
        raise Invalid(
            where, f"that of the original is neither on a file, device nor volume, and is not copied: {DECLARE}"
        )
    if over:
        rest.pop("format", None)
    return {**rest, **pool, ("backing" if over else "image"): place}
