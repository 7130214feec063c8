# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take out what libvirt filled in by itself, and must go when what it belonged to has gone."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine.rows.model import Change, Item
from .fields.chardev import console_of_serial
from .fields.own_devices import own_audio, own_watchdog
from .memory_total import in_use

PLACELESS = {
    "watchdog": ("ib700", "diag288", "itco"),
    "sound": ("sb16", "pcspk", "usb"),
    "memballoon": ("none",),
    "controller": ("none",),
    "video": ("none",),
}
"""Models of devices that have no place on a PCI bus."""


def tidy(before: ET.Element, after: ET.Element, want: Item) -> list[Change]:
    """What libvirt had filled in, and what it takes only one of."""
    consoles(before, after)
    places(after)
    in_use(before, after)
    if not want.get("audios"):
        audio(before, after)
    elif all(backend.get("id") != 1 for backend in want["audios"]):
        remove_added(after, "audio", [node for node in before.findall("devices/audio") if own_audio(before, node)])
    if all(watchdog.get("model") != "itco" for watchdog in want.get("watchdogs") or ()):
        own = [node for node in before.findall("devices/watchdog") if own_watchdog(before, node)]
        there = [node for node in after.findall("devices/watchdog") if node.get("model") != "itco"]
        actions = {node.get("action", "reset") for node in there} or {"reset"}
        remove_added(after, "watchdog", [node for node in own if node.get("action", "reset") not in actions])
    return boot_order(before, after)


def places(after: ET.Element) -> None:
    """The place of a device goes as it becomes one that has none."""
    for device in after.findall("devices/*"):
        model = device.find("model")
        name = device.get("model") if model is None else model.get("type")
        if name in PLACELESS.get(device.tag, ()):
            for address in device.findall("address[@type='pci']"):
                device.remove(address)
            for name in ("heads", "primary") if model is not None else ():
                model.attrib.pop(name, None)  # type: ignore[union-attr]


def audio(before: ET.Element, after: ET.Element) -> None:
    """The audio backend that libvirt had added for the former displays; it adds another one for those that come."""
    devices = after.find("devices")
    for node in before.findall("devices/audio"):
        found = after.findall("devices/audio")
        if devices is not None and found and own_audio(before, node) and not own_audio(after, found[0]):
            devices.remove(found[0])


def remove_added(after: ET.Element, tag: str, own: list[ET.Element]) -> None:
    """Take out devices that libvirt had added beside others; it adds them again as they go with those that come.

    :param own: the devices as they were
    """
    had = [node.attrib for node in own]
    for devices in after.findall("devices"):
        for node in [node for node in devices.findall(tag) if node.attrib in had and not len(node)]:
            devices.remove(node)


def boot_order(before: ET.Element, after: ET.Element) -> list[Change]:
    """The order of devices takes the place of the domain's, which libvirt fills in, and the other way round.

    libvirt takes only one of them (virDomainDefBootOrderPostParse).
    """
    had, now = ([node.get("dev") for node in root.findall("os/boot")] for root in (before, after))
    ordered = [node for node in after.findall("devices/*") if node.find("boot[@order]") is not None]
    place = after.find("os")
    if not ordered or not now or place is None:
        return []
    if now == had:
        for node in place.findall("boot"):
            place.remove(node)
        return [Change("boot", had, None)]
    for device in ordered:
        for node in device.findall("boot[@order]"):
            device.remove(node)
    return []


def consoles(before: ET.Element, after: ET.Element) -> None:
    """The console goes with the last serial port; libvirt would make the port again from it."""
    if before.find("devices/serial") is not None and after.find("devices/serial") is None:
        shown = before.find("devices/console")
        devices, console = after.find("devices"), after.find("devices/console")
        if shown is not None and console_of_serial(before, shown) and devices is not None and console is not None:
            devices.remove(console)
