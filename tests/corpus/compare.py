# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare definitions by what they say, and tell by path where they differ."""

from __future__ import annotations

import collections
import copy
import ipaddress
import typing as t
from xml.etree import ElementTree as ET

SORTED = frozenset(("controller", "feature", "timer", "capability", "add", "del"))
"""Tags of which libvirt does not care about the order, or makes its own."""

UNITS = {
    "bytes": 1,
    "B": 1,
    **{f"{letter}{ending}": 1024**power for power, letter in enumerate("KMGTPE", 1) for ending in ("", "iB")},
    **{f"{letter}B": 1000**power for power, letter in enumerate("KMGTPE", 1)},
}
"""Bytes of each unit that libvirt knows (virScaleInteger)."""

Counter = collections.Counter


def canonical(root: ET.Element, own: str) -> ET.Element:
    """A definition without what libvirt allots to each resource anew, and without the collection's mark."""
    root = copy.deepcopy(root)
    for node in root.findall("uuid"):
        root.remove(node)
    for metadata in root.findall("metadata"):
        for node in [node for node in metadata if node.tag.startswith(f"{{{own}}}")]:
            metadata.remove(node)
        if not len(metadata):
            root.remove(metadata)
    for node in root.iter():
        if node.tag in ("ip", "route") and node.get("address") and not node.get("prefix"):
            # A prefix, a mask and, with IPv4, neither are three spellings of one value.
            bits = node.attrib.pop("netmask", None)
            address = ipaddress.ip_interface(f"{node.get('address')}/{bits}") if bits else None
            node.set("prefix", str(address.network.prefixlen) if address else historical(str(node.get("address"))))
        node.text, node.tail = (node.text or "").strip() or None, None
    return root


def historical(address: str) -> str:
    """The prefix of an address that comes without one, as libvirt takes it."""
    if ":" in address:
        return "64"
    first = int(address.partition(".")[0])
    return "8" if first < 128 else "16" if first < 192 else "24"


def as_libvirt_reads(volume: ET.Element) -> ET.Element:
    """A volume's definition in the words in which libvirt gives it back (storage_conf.c)."""
    volume = copy.deepcopy(volume)
    for path in ("capacity", "allocation", "target/clusterSize"):
        for node in volume.findall(path):
            node.text = str(int(node.text or 0) * UNITS[node.attrib.pop("unit", "bytes")])
    for node in volume.findall(".//permissions/*"):
        if node.tag == "mode":
            node.text = f"{int(node.text or '0', 8):04o}"
        elif node.tag in ("owner", "group"):
            node.text = str(-1 if int(node.text or 0) == 2**32 - 1 else int(node.text or 0))
    target = volume.find("target")
    if target is not None and target.findtext("compat") is None and target.find("format[@type='qcow2']") is not None:
        # That is the version of a new one, and the one that an empty <features/> asks for.
        ET.SubElement(target, "compat").text = "1.1"
    features = volume.find("target/features")
    if target is not None and features is not None and not len(features):
        target.remove(features)
    return volume


def without_addresses(root: ET.Element) -> ET.Element:
    """A definition without the addresses on the guest's buses and without aliases."""
    root = copy.deepcopy(root)
    for device in root.findall("devices/*"):
        for node in [*device.findall("address"), *device.findall("alias")]:
            device.remove(node)
    return root


def flat(node: ET.Element, path: str, place: tuple[t.Any, ...], out: Counter) -> None:
    """All attributes, texts and empty elements of a definition, each with its place.

    Elements of different tags have no order among each other, as libvirt has it; elements of one
    tag have, but for those in SORTED.
    """
    for name, value in node.attrib.items():
        out[place, f"{path}@{name}", value] += 1
    if node.text:
        out[place, path, node.text] += 1
    if not len(node) and not node.attrib and not node.text:
        out[place, f"{path} (empty)", ""] += 1
    seen: Counter = Counter()
    for child in sorted(node, key=lambda child: ET.tostring(child) if child.tag in SORTED else b""):
        seen[child.tag] += 1
        here = f"{path}/{child.tag}" if path else child.tag
        flat(child, here, (*place, child.tag, seen[child.tag]), out)


def differences(before: ET.Element, after: ET.Element) -> list[str]:
    """What one definition has and the other has not, by path; a minus is lost, a plus came."""
    had: Counter = Counter()
    has: Counter = Counter()
    flat(before, "", (), had)
    flat(after, "", (), has)
    lost = {f"- {path}" for _place, path, _value in had - has}
    return sorted(lost | {f"+ {path}" for _place, path, _value in has - had})
