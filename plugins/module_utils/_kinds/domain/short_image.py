# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``image`` of a guest, which is short for the image of its first disk.

``image: noble`` is ``disks: [{image: noble}]``; beside ``disks: [{size: 20GiB}]`` it is that disk's image. Without
``disks`` it only says what a new guest begins with: the list would be the whole of the disks of a guest that is there.
"""

from __future__ import annotations

import typing as t

from ..._engine.rows.model import Item
from ..._errors import Invalid

OPTION = "image"

REMOVABLE = ("cdrom", "floppy")
"""Kinds of drives of which none is the first disk."""

ELSEWHERE = ("backing", "file", "block", "dir", "protocol", "type", "source")
"""Options of a disk that say what is on it, or that it is there already."""

OF_AN_IMAGE = ("checksum", "image_timeout", "backing")
"""Options of a disk that go with its image, or are in place of it."""


def first(disks: t.Sequence[object]) -> int | None:
    """The place of the first disk among disks and drives; None where there is none."""
    return next(
        (place for place, disk in enumerate(disks) if isinstance(disk, dict) and disk.get("device") not in REMOVABLE),
        None,
    )


def refusal(guest: Item) -> str | None:
    """Why the image of a guest cannot be that of its first disk; None where it can."""
    if "disks" not in guest:
        return None
    disks = guest["disks"] or []
    if not isinstance(disks, (list, tuple)):
        return "needs disks as a list"
    place = first(disks)
    if place is None:
        drives = "has drives for CD-ROMs and floppy disks only" if disks else "is empty"
        return f"is for the first disk, and disks {drives}: add a disk with its size, or leave disks out"
    disk: Item = t.cast(Item, disks[place])
    own, image = disk.get(OPTION), guest[OPTION]
    if own is not None and own != image:
        return f"is for the first disk, and disks[{place}] has another image: write one of the two"
    elsewhere = [name for name in ELSEWHERE if disk.get(name) is not None]
    if not elsewhere and disk.get("volume") is not None and disk.get("size") is None and own is None:
        elsewhere = ["volume"]
    if elsewhere:
        return (
            f"is for the first disk, and disks[{place}].{elsewhere[0]} says what that is on: leave image out, or put"
            " the new disk first"
        )
    return None


def spread(guest: Item) -> Item:
    """A guest with its image in its first disk; as it is where there is no image, or it cannot be there."""
    if OPTION not in guest:
        return guest
    rest = {name: value for name, value in guest.items() if name != OPTION}
    if guest[OPTION] is None:
        return rest
    if refusal(guest) is not None:
        return guest
    disks = list(guest.get("disks") or [{}])
    place = first(disks) or 0
    disks[place] = {**disks[place], OPTION: guest[OPTION]}
    return {**rest, "disks": disks}


def beside_disks(guest: Item) -> Item:
    """A guest with its image in its first disk, where it declares disks: else the host says whether it is new."""
    return spread(guest) if "disks" in guest else guest


def settled(guest: Item, before: bool) -> Item:
    """A guest whose image and disks are from different places, of which the stronger one counts.

    :param before: whether the place of the image goes before that of the disks
    """
    if not before:
        return guest if refusal(guest) is None else {name: value for name, value in guest.items() if name != OPTION}
    disks = guest.get("disks")
    place = first(disks) if isinstance(disks, (list, tuple)) else None
    if guest.get(OPTION) is None or place is None:
        return guest
    mine = [*t.cast("list[Item]", disks)]
    mine[place] = {name: value for name, value in mine[place].items() if name not in (OPTION, *OF_AN_IMAGE)}
    return {**guest, "disks": mine}


def combine(guest: Item) -> None:
    """Put the image of a guest into its first disk, where it can be there.

    It also stays where it is where no disks are declared, which tells them from such that are (see for_new_only).
    """
    found = spread(guest)
    if found is not guest:
        found = found if "disks" in guest or guest[OPTION] is None else {**found, OPTION: guest[OPTION]}
        guest.clear()
        guest.update(found)


def for_new_only(wants: t.Iterable[Item], have: t.Container[str]) -> list[Item]:
    """Guests without the disk that only their image stands for, where they are there: they keep the disks they have.

    :param wants: the guests, each with its image in its first disk (see combine)
    :param have: the guests that are there
    """
    out = []
    for want in wants:
        if want.get(OPTION) is not None:
            names = (OPTION, "disks") if want["name"] in have else (OPTION,)
            want = {name: value for name, value in want.items() if name not in names}
        out.append(want)
    return out


def fits(guest: Item) -> t.Iterator[Invalid]:
    """The image of a guest is that of its first disk. One that is still there could not be."""
    why = refusal(guest) if guest.get(OPTION) is not None else None
    if why is not None:
        yield Invalid(OPTION, why)
