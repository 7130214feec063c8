# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt writes into the disks of a running guest by itself (see running)."""

from __future__ import annotations

import copy
from xml.etree import ElementTree as ET

from .running_memory import drop


def started_without(live: ET.Element, kept: ET.Element) -> list[tuple[ET.Element, ET.Element]]:
    """Give back what a start left out as it was missing and may be (startupPolicy; qemuDomainCheckDiskPresence).

    A drive is left empty then, and another disk is left out. Returns the drives, each with the source that is missing.
    """
    running = {target(node): node for node in live.findall("devices/disk")}
    devices = live.find("devices")
    given = []
    for ours in kept.findall("devices/disk"):
        source, node = ours.find("source"), running.get(target(ours))
        if source is None or source.get("startupPolicy") != "optional" or devices is None:
            continue
        if node is None:
            devices.append(copy.deepcopy(ours))
        elif node.find("source") is None and node.get("device") == ours.get("device") != "disk":
            node.append(copy.deepcopy(source))
            node.set("type", ours.get("type", "file"))
            format_of(node, ours)
            given.append((node, source))
    return given


def format_of(node: ET.Element, ours: ET.Element) -> None:
    """Give an empty drive the format of the medium that it should have."""
    driver, own = node.find("driver"), ours.find("driver")
    if driver is not None and own is not None and own.get("type"):
        driver.set("type", own.get("type", ""))


def empty_again(drive: ET.Element, source: ET.Element) -> None:
    """Give a drive that the start left empty nothing again, unless another medium was declared."""
    node = drive.find("source")
    if node is not None and node.attrib == source.attrib:
        drive.remove(node)


def as_it_is(drive: ET.Element, was: str | None) -> None:
    """Give a drive the tray that it has: with another one, libvirt does not even change the medium.

    :param drive: its target
    """
    drive.attrib.pop("tray", None)
    if was is not None:
        drive.set("tray", was)


def disks(live: ET.Element, kept: ET.Element) -> None:
    """The images below a disk's are read from the disk, and the tray is the guest's to open."""
    own = {target(node): node for node in kept.findall("devices/disk")}
    for node in live.findall("devices/disk"):
        below_the_overlay(node)
        ours = own.get(target(node))
        if ours is None:
            continue
        for tag in ("backingStore", "mirror"):
            if ours.find(tag) is None:
                drop(node, tag)
        source, where = node.find("source"), ours.find("source")
        locked = None if source is None else source.find("encryption")
        if locked is not None and ours.find("encryption") is not None and node.find("encryption") is None:
            source.remove(locked)  # type: ignore[union-attr]
            node.append(locked)  # Where it was in older definitions: with the disk, not with its source.
        if source is not None and (where is None or where.find("dataStore") is None):
            drop(source, "dataStore")
        uncached(node, ours)
        for path, name in (("target", "tray"), ("driver", "type")):
            part, other = node.find(path), ours.find(path)
            if other is None or (name == "type" and source is not None and not exchanged(node, ours)):
                continue
            if part is None:
                part = ET.SubElement(node, path)
            part.attrib.pop(name, None)
            if other.get(name):
                part.set(name, other.get(name, ""))


def uncached(node: ET.Element, ours: ET.Element) -> None:
    """A disk that guests share is started without a cache where none is said (qemuDomainPrepareDiskCachemode)."""
    driver, own = node.find("driver"), ours.find("driver")
    shared = node.find("shareable") is not None and ours.find("shareable") is not None
    if shared and driver is not None and driver.get("cache") == "none" and (own is None or own.get("cache") is None):
        driver.attrib.pop("cache")


def medium(drive: ET.Element) -> dict[str, str] | None:
    """Where that is what lies in a drive; None where it is empty."""
    source = drive.find("source")
    if source is None:
        return None
    return {name: value for name, value in source.attrib.items() if name not in ("index", "startupPolicy")}


def exchanged(drive: ET.Element, ours: ET.Element) -> bool:
    """Whether another medium is to be in a drive: its format is none of that which lies there now."""
    return drive.get("device") in ("cdrom", "floppy") and medium(ours) is not None and medium(drive) != medium(ours)


def below_the_overlay(disk: ET.Element) -> None:
    """Make a transient disk of a running guest again what it is in the definition.

    Until the guest stops, it writes to a qcow2 file over the image, of the image's name with ``.TRANSIENT`` and the
    guest's behind (qemuSnapshotGetTransientDiskDef). The image is the first of the chain below, with its format and
    all that belongs to its source; an option of both is the ``startupPolicy``, which stays with the disk.
    """
    below, source = disk.find("backingStore"), disk.find("source")
    image = None if below is None else below.find("source")
    if disk.find("transient") is None or below is None or source is None or image is None:
        return
    if not source.get("file", "").startswith(f"{image.get('file')}.TRANSIENT"):
        return
    policy = source.get("startupPolicy")
    source.attrib.clear()
    source.attrib.update(image.attrib if policy is None else {**image.attrib, "startupPolicy": policy})
    source[:] = list(image)
    disk.set("type", below.get("type", "file"))
    driver, kind = disk.find("driver"), below.find("format")
    if driver is not None and kind is not None:
        driver.set("type", kind.get("type", "raw"))
        drop(driver, "metadata_cache")
        driver.extend(kind.findall("metadata_cache"))
    disk.remove(below)
    disk.extend(below.findall("backingStore"))


def target(disk: ET.Element) -> str:
    """The name that orders a disk on its bus."""
    node = disk.find("target")
    return "" if node is None else node.get("dev", "")
