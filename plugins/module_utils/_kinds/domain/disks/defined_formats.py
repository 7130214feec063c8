# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats in the definitions that guests are to get: what the option xml says, and what a disk is laid over.

The formats of the option disks are settled before (see disk_formats). But xml comes after them: it can put a disk on
something else, give it another format, or add one that no option has. So the definition to come is looked at.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ...._engine import xml_merge
from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.rows.model import Item
from ...._errors import VirtfleetError
from ...._flow.kind import Have
from ...._printing import printable
from ...._storage.storage_observe import source_place
from ...shared.grammar import LIBVIRT
from ...volume.volume_formats import same_format
from .disk_formats import HERE, DiskFormats
from .disk_nodes import driver_of, what
from .guest_disks import target_of


def refuse_formats(forms: DiskFormats, plans: t.Sequence[Plan], wants: t.Sequence[Item], have: Have) -> None:
    """Refuse guests for the formats in definitions to come, each for itself.

    :param wants: the declared guests, in the order of the plans
    :param have: the guests that are there
    """
    for plan, want in zip(plans, wants, strict=True):
        text = next((step.value for step in plan.steps if step.action == "define"), None)
        pieces = disks_in(want.get("xml"))
        if text is None or not (pieces or any(disk.get("backing_chain") for disk in want.get("disks") or [])):
            continue
        there = have.get(plan.name)
        by_target: dict[str | None, list[ET.Element]] = {}
        for piece in pieces:
            by_target.setdefault(target_of(piece), []).append(piece)
        for index, disk in enumerate(ET.fromstring(text).findall("devices/disk")):
            near = [*by_target.get(target_of(disk), ()), *by_target.get(None, ())]
            touching = [piece for piece in near if LIBVIRT.contains(disk, piece)]
            where = f"xml: the format of the disk {target_of(disk)}" if touching else f"disks[{index}].backing_chain"
            try:
                of_disk(forms, disk, touching, plan.name, there)
                of_chain(forms, disk, plan.name, there)
            except VirtfleetError as error:
                forms.refuse(plan.name, f"{where}: {error}")


def disks_in(xml: object) -> list[ET.Element]:
    """The disks in a guest's option xml of which it says what they are on, or in which format."""
    try:
        found = [] if xml is None else xml_merge.parse(xml, "domain").findall("devices/disk")
    except ValueError:
        return []  # What is wrong with it is said where it is planned.
    return [disk for disk in found if format_of(disk) or disk.find("source") is not None or chain_in(disk)]


def of_disk(
    forms: DiskFormats, disk: ET.Element, pieces: t.Sequence[ET.Element], guest: str, there: Observed | None
) -> None:
    """Raise VirtfleetError where the format of a disk, which pieces of xml are part of, cannot be.

    :param disk: the disk as it will be
    :param there: the guest that is there
    """
    has_format = any(format_of(piece) for piece in pieces)
    place = source_place(disk.find("source"))
    if not (has_format or any(piece.find("source") is not None for piece in pieces)):
        return
    if place is None or disk.get("type", "file") not in HERE or is_kept(disk, there):
        return
    form = driver_of(disk)
    if has_format:
        forms.declared(place, form, guest, there)
        return
    try:
        right = forms.own(place, there) or forms.form({}, place, disk.get("type", "file"), False)
    except VirtfleetError as error:
        raise VirtfleetError(f"{error} (in xml: <driver name='qemu' type='FORMAT'/>)") from None
    if not same_format(right, form):
        raise VirtfleetError(
            f"{printable(place)} is {right}, and without a format in xml the guest would get it as {form}: write"
            f" <driver name='qemu' type='{right}'/> there"
        )


def is_kept(disk: ET.Element, there: Observed | None) -> bool:
    """Whether a guest has a disk by now, under the same target, on the same and in the same format."""
    target = target_of(disk)
    nodes = [] if there is None else there.definition.findall("devices/disk")
    old = next((node for node in nodes if target_of(node) == target), None)
    return old is not None and what(old) == what(disk) and same_format(driver_of(old), driver_of(disk))


def of_chain(forms: DiskFormats, disk: ET.Element, guest: str, there: Observed | None) -> None:
    """Raise VirtfleetError where something that a disk is said to be laid over is known in another format."""
    nodes = [] if there is None else there.definition.findall("devices/disk")
    old = {level for node in nodes if target_of(node) == target_of(disk) for level in chain(node)}
    for place, form in chain(disk):
        if (place, form) not in old:
            forms.agrees(place, form, guest)


def chain(disk: ET.Element) -> t.Iterator[tuple[str, str]]:
    """What a disk is said to be laid over, each with its format."""
    for level in disk.iter("backingStore"):
        place, form = source_place(level.find("source")), level.find("format")
        if place is not None and form is not None and form.get("type") and level.get("type", "file") in HERE:
            yield place, str(form.get("type"))


def chain_in(disk: ET.Element) -> bool:
    """Whether an element says what a disk is laid over."""
    return disk.find("backingStore") is not None


def format_of(disk: ET.Element) -> str | None:
    """The format that an element says of a disk; None where it says none."""
    driver = disk.find("driver")
    return None if driver is None else driver.get("type")
