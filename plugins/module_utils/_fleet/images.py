# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of images that guests and volumes of a host refer to. Runs on the control node.

In a disk, such a name may also be that of a volume in the same pool. Where a host declares images, it has to be one of
these, or of a declared volume: a misspelt name would only be noticed on the host, as a volume that is not there.
"""

from __future__ import annotations

import typing as t

from .._engine.close_names import near
from .._engine.converters import digits
from .._engine.rows.model import Item
from .._kinds.image.declared import is_name
from .._printing import label, printable
from .unique import entries, word

VARIABLE = "kvm_images"


def problems(
    guests: t.Sequence[Item], hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, object]]
) -> list[tuple[str | None, str]]:
    """What is wrong with the names of images, a sentence each with its host.

    :param guests: the guests of all hosts, each with its host
    :param variables: the variables of each host
    """
    found: list[tuple[str | None, str]] = []
    for host in hosts:
        images = {word(image, "name"): image for image in entries(variables[host], VARIABLE) if word(image, "name")}
        written = [one for one in entries(variables[host], "kvm_volumes") if word(one, "state") != "absent"]
        volumes = {f"{word(one, 'pool') or 'default'}/{word(one, 'name')}": one for one in written if word(one, "name")}
        for key, volume in volumes.items():
            found += [(host, f"volume {label(key)}: {line}") for line in of_item(volume, "", images, None)]
        for guest in guests if images else ():
            if word(guest, "host") == host and word(guest, "state") != "absent":
                called = f"guest {label(word(guest, 'name'))}"
                for place, disk in enumerate(entries(guest, "disks")):
                    lines = of_item(disk, f"disks[{place}].", images, volumes)
                    found += [(None, f"{called}: {line}") for line in lines]
    return found


def of_item(item: Item, where: str, images: t.Mapping[str, Item], volumes: t.Collection[str] | None) -> t.Iterator[str]:
    """What is wrong with the name of an image that a disk or volume has.

    :param where: how the path of its options begins
    :param images: the declared images by name
    :param volumes: the declared volumes, as POOL/VOLUME, of which one may be meant; None where none can
    """
    image = image_name(item.get("image"))
    if not is_name(image):
        return
    name = str(image)
    volume = f"{word(item, 'pool') or 'default'}/{name}"
    if name in images:
        if volumes is not None and volume in volumes:
            yield (
                f"{where}image: {printable(name)} is both in {VARIABLE} and in kvm_volumes: write {volume} for the"
                " volume, or give one of them another name"
            )
        if word(images[name], "mode") == "overlay" and word(item, "format") not in ("", "qcow2"):
            yield f"{where}format: only a qcow2 can be laid over the image {name} (mode: overlay): leave it out"
        if volumes is None and isinstance(item.get("encryption"), dict):
            yield f"{where}encryption: does not go with image; make an empty encrypted volume and fill it by hand"
    elif volumes is None or volume not in volumes:
        elsewhere = sorted(key for key in volumes or () if key.partition("/")[2] == name)
        if elsewhere:
            problem = f"is a volume of another pool in kvm_volumes: write image: {label(elsewhere[0])}"
        else:
            problem = undeclared(name, images, None if volumes is None else volume)
        yield f"{where}image: {printable(name)} {problem}"


def image_name(image: object) -> object:
    """The name of an image, which YAML takes for a number if it is written like one; anything else as it is."""
    return digits(image) if isinstance(image, (int, float)) and not isinstance(image, bool) else image


def undeclared(name: str, images: t.Collection[str], volume: str | None) -> str:
    """What is said of the name of an image that is not declared.

    :param volume: how a volume of that name is written, where one may be meant
    """
    like = near(name, images)
    there = f"; there are: {', '.join(images)}" if images else ""
    hint = f"; did you mean {printable(like[0])}?" if like else there
    if volume is None:
        clone = "" if like else "; a volume is named in clone_from"
        return f"is not in {VARIABLE}, and no URL or path from the root{hint}{clone}"
    end = "" if hint.endswith("?") else "."
    return f"is in neither {VARIABLE} nor kvm_volumes{hint}{end} A volume that nobody declares is written as {volume}"
