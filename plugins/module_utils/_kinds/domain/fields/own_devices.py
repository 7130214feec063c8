# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that libvirt adds to a guest by itself."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def own_input(root: ET.Element, node: ET.Element) -> bool:
    """Whether an input device is one that every PC has (virDomainDefMaybeAddInput in domain_conf.c)."""
    return node.get("bus") in ("ps2", "xen") and node.get("type") in ("mouse", "keyboard") and not len(node)


def input_order(node: ET.Element) -> int:
    """The order in which libvirt adds the input devices of a PC (virDomainDefMaybeAddInput's callers)."""
    return ("mouse", "keyboard").index(str(node.get("type")))


def own_watchdog(root: ET.Element, node: ET.Element) -> bool:
    """Whether a watchdog is the one in the chip set of Q35 (qemuDomainDefAddDefaultDevices)."""
    if node.get("model") != "itco" or len(node):
        return False
    # All watchdogs of a guest have one action; that which libvirt adds takes it over.
    others = {each.get("action", "reset") for each in root.findall("devices/watchdog") if each is not node}
    return node.get("action", "reset") in {"reset", *others}


def own_audio(root: ET.Element, node: ET.Element) -> bool:
    """Whether an audio backend is the one that libvirt adds (qemuDomainDefAddDefaultAudioBackend)."""
    if node.get("id") != "1" or len(node) or set(node.attrib) != {"id", "type"}:
        return False
    graphics = [display.get("type") for display in root.findall("devices/graphics")]
    default = "spice" if "spice" in graphics else "none"
    return node.get("type") == default and len(root.findall("devices/audio")) == 1


def own_panic(root: ET.Element, node: ET.Element) -> bool:
    """Whether a panic device is the one that a guest on POWER or IBM Z always has (qemuDomainDefAddDefaultDevices)."""
    kind = root.find("os/type")
    arch = "" if kind is None else kind.get("arch", "")
    model = "pseries" if arch.startswith("ppc64") else "s390" if arch.startswith("s390") else None
    return node.get("model") == model and not len(node)
