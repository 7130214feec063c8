# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a change reaches what runs: one small function a strategy, by the names that tables use.

A strategy gets the changes that it is to bring about in one device, the live document as it
is to be, and the same as it is. It returns the steps, or why only a restart will do.
"""

from __future__ import annotations

import copy
from xml.etree import ElementTree as ET

from ...._engine import paths, xml_merge
from ...._engine.converters import MEMORY
from ...._engine.live import RESTART, TOGETHER, StepsOrReason, Strategy
from ...._engine.rows.model import Change
from ...._engine.step import Step
from ..memory_total import comes_along
from ..normal_form.running_disks import medium

REMOVABLE = ("cdrom", "floppy")
"""Drives whose medium can be exchanged."""


def hotplug(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """A device that comes or goes."""
    from .obstacles import fixed, obstacle

    change = changes[0]
    if len(change.elements) > 1:
        return RESTART
    device = change.elements[0]
    reason = obstacle(device, root, now) if change.before is None else fixed(device)
    if reason:
        return reason
    action = "attach_device" if change.before is None else "detach_device"
    return [Step(action, paths.text(device))]


def is_early(change: Change) -> bool:
    """Whether a change comes before others: a controller that comes, for what is attached to it."""
    return change.before is None and change.elements[0].tag == "controller"


def update(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """A device that takes another value of what QEMU can change in place."""
    if stuck or not changes[0].elements:
        return TOGETHER if stuck else RESTART
    return [Step("update_device", paths.text(changes[0].elements[0]))]


def media(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """What lies in a drive for removable media. A disk cannot be exchanged under the guest."""
    if not changes[0].elements or changes[0].elements[0].get("device") not in REMOVABLE:
        return "a disk can be exchanged only while the guest is off"
    late = drive_format(changes, root, stuck, now)
    return TOGETHER if late else update(changes, root, stuck, now)


def drive_format(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """The format of what lies in a drive: it comes with the medium, but that of one that is there stays as it is."""
    drive = changes[0].elements[0] if changes[0].elements else None
    if drive is None or drive.get("device") not in REMOVABLE:
        return RESTART
    there = [disk for disk in now.findall("devices/disk") if place(disk) == place(drive)]
    same = [disk for disk in there if medium(disk) is not None and medium(disk) == medium(drive)]
    return RESTART if any(kind_of(disk) != kind_of(drive) for disk in same) else []


def tray(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """The tray of a drive: QEMU starts with it closed, whatever is defined, and then it is the guest's to open.

    libvirt changes none (qemuDomainDiskChangeSupported).
    """
    return []


def place(disk: ET.Element) -> str | None:
    """Where a disk is in the guest, such as ``sda``."""
    target = disk.find("target")
    return None if target is None else target.get("dev")


def kind_of(disk: ET.Element) -> str | None:
    """The format of a disk's image."""
    driver = disk.find("driver")
    return None if driver is None else driver.get("type")


def iotune(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """The limits of a disk's traffic. libvirt lets a disk that has some leave its group only at the start."""
    disk = changes[0].elements[0]
    node, target = disk.find("iotune"), disk.find("target")
    names = {change.path.rpartition(".")[2] for change in changes}
    leaves = "group_name" in names and disk.find("iotune/group_name") is None
    if leaves and (node is not None or names == {"group_name"}):
        return "a disk can leave the group of its limits only while the guest is off"
    values: dict[str, object] = dict.fromkeys(names - {"group_name"}, 0)
    for child in () if node is None else node:
        values[child.tag] = child.text if child.tag == "group_name" else int(child.text or 0)
    return [Step("set_iotune", ("" if target is None else target.get("dev"), values))]


def balloon(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """The memory that the guest has now, within its maximum."""
    node, most, after = root.find("currentMemory"), now.find("memory"), root.find("memory")
    if most is None or after is None or root.find("devices/memballoon[@model='none']") is not None:
        return RESTART
    limit, whole = MEMORY.decode(most, None) or 0, MEMORY.decode(after, None) or 0
    amount = whole if node is None else MEMORY.decode(node, None) or 0
    if limit < amount == whole and comes_along(changes, root, stuck, now) == []:
        return []
    if amount > limit:
        return f"the running guest has {MEMORY.show(limit)} at most"
    return [Step("set_memory", amount // 1024)]


def vcpus(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """The virtual CPUs that are plugged, within their maximum. Those that were there at the start stay."""
    node, runs = root.find("vcpu"), now.find("vcpu")
    if node is None or runs is None:
        return RESTART
    most = int(runs.text or 1)
    want, have = int(node.get("current", node.text or 1)), int(runs.get("current", most))
    if want > most:
        return f"the running guest has {most} at most"
    loose = now.findall("vcpus/vcpu[@enabled='yes'][@hotpluggable='yes']")
    if have == want:
        return []
    if have - want > len(loose):
        return f"{have - len(loose)} were there when the guest started, and can be removed only while it is off"
    return [Step("set_vcpus", want)]


def metadata(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """The title or the description."""
    tag = changes[0].path
    return [Step("set_metadata", (tag, root.findtext(tag)))]


def documents(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
    """The elements in metadata, one of each namespace: those that come or change, then those that go."""
    found, had = ({xml_merge.namespace(node): node for node in one.findall("metadata/*")} for one in (root, now))
    new = {
        space: bare(node, space)
        for space, node in found.items()
        if space not in had or xml_merge.essence(node) != xml_merge.essence(had[space])
    }
    return [Step("set_document", pair) for pair in [*new.items(), *((space, None) for space in had.keys() - found)]]


def bare(element: ET.Element, space: str) -> str:
    """An element without its namespace, which libvirt gives to what has none (virXMLInjectNamespace)."""
    copied = copy.deepcopy(element)
    copied.tail = None
    for node in copied.iter():
        node.tag = node.tag.removeprefix(f"{{{space}}}")
    return ET.tostring(copied, encoding="unicode")


STRATEGIES = {
    "hotplug": Strategy(hotplug, early=is_early),
    "iotune": Strategy(iotune),
    "format": Strategy(drive_format),
    "tray": Strategy(tray, kept_only=True),
    "media": Strategy(media),
    "update": Strategy(update),
    "balloon": Strategy(balloon, asks=True),
    "memory": Strategy(comes_along, along="memory_devices"),
    "vcpus": Strategy(vcpus),
    "metadata": Strategy(metadata),
    "documents": Strategy(documents),
}
"""The strategies of a guest. An update sends the whole device, so what has a call of its own comes first."""
