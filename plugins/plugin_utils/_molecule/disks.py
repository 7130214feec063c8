# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a guest of a scenario: the first one begins as an image, and those that are made are in one pool."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.images import image_name, of_item
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import short_image

POOL = "virtfleet-molecule"
"""The pool of all scenarios of a host: their images, and the disks of their guests."""


def image_of(options: Item) -> object:
    """The image of a guest's first disk, where it is named."""
    disks = options.get("disks") or []
    first = disks[0] if isinstance(disks, (list, tuple)) and disks and isinstance(disks[0], dict) else {}
    return image_name(options.get("image") or first.get("image"))


def with_disks(options: Item, images: t.Iterable[str]) -> Item:
    """A guest whose image is in its disks. Raises VirtfleetError where it has none.

    :param images: those that need not be declared
    """
    if options.get("disks"):
        if not isinstance(options["disks"], (list, tuple)):
            raise VirtfleetError("disks: is no list of disks; write such as disks: [{size: 20GiB}] beside image")
        why = short_image.refusal(options) if options.get("image") is not None else None
        if why:
            raise VirtfleetError(f"image: {why}")
        return options
    if options.get("image") is None:
        raise VirtfleetError(f"image: write one of {', '.join(images)}, or one of kvm_images")
    return {**options, "disks": [{"image": options["image"]}]}


def in_pool(disks: t.Sequence[object]) -> list[object]:
    """Disks, of which those that are made for a guest are in the pool of all scenarios."""
    return [
        {"pool": POOL, **disk}
        if isinstance(disk, dict) and not any(disk.get(name) is not None for name in ELSEWHERE)
        else disk
        for disk in disks
    ]


def check_images(disks: t.Sequence[object], images: t.Mapping[str, Item]) -> None:
    """Raise VirtfleetError where a disk names an image that nobody declares, or no disk has anything to boot.

    :param disks: the disks of a guest, as the module takes them
    :param images: the images of the scenario, by name
    """
    known = [disk for disk in disks if isinstance(disk, dict)]
    for place, disk in enumerate(known):
        for problem in of_item(disk, f"disks[{place}].", images, ()):
            raise VirtfleetError(problem)
    if known and not any(disk.get(name) is not None for disk in known for name in ("image", "backing", *ELSEWHERE)):
        raise VirtfleetError(
            f"disks: none has an image, so nothing boots: write image: {next(iter(images))} beside disks"
        )


ELSEWHERE = ("file", "block", "dir", "protocol", "type", "source", "volume", "device")
"""Options of a disk that say that it is there already, or is a drive."""
