# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that libvirt takes for none, such as a weight of 0 or an empty path, and words that go without saying."""

from __future__ import annotations

from xml.etree import ElementTree as ET

ZEROS = {
    "cputune": tuple(f"{of}{what}" for of in ("", "global_", "emulator_", "iothread_") for what in ("period", "quota")),
    "blkiotune": ("weight",),
    "blkiotune/device": ("weight", "read_bytes_sec", "write_bytes_sec", "read_iops_sec", "write_iops_sec"),
    ".": ("iothreads",),
}
"""Elements of which 0 is none (virDomainDefParseXML, virDomainBlkioDeviceParseXML)."""

ON = ("hap", "pmu", "vmport", "smm", "pvspinlock", "vmcoreinfo")
"""Features that are on where they say nothing (virDomainFeaturesDefParse)."""


def settle(root: ET.Element) -> None:
    """Take out of a definition what is none. It is changed in place."""
    tuning(root)
    for tag in ON:
        for node in root.findall(f"features/{tag}"):
            node.attrib.setdefault("state", "on")
    for node in root.findall("features/async-teardown"):
        node.attrib.setdefault("enabled", "yes")
    arch = root.find("os/type[@arch]")
    if arch is None or arch.get("arch") in ("x86_64", "i686"):
        for node in root.findall("devices/panic"):
            node.attrib.setdefault("model", "isa")  # that of the machine (qemuDomainDefPanic...)
    for node in root.findall("cpu/feature"):
        node.attrib.setdefault("policy", "require")
    for drive in root.findall("devices/disk"):
        for source in drive.findall("source") if drive.get("device") in ("cdrom", "floppy") else ():
            if not any(source.attrib.values()) and not len(source):
                drive.remove(source)
    for host in root.findall("devices//source/host"):
        if host.get("transport") == "tcp":
            host.attrib.pop("transport")
        if host.get("port") == "0":
            host.attrib.pop("port")


def tuning(root: ET.Element) -> None:
    """Take out limits and weights of 0, and what is empty without them."""
    for path, tags in ZEROS.items():
        for parent in root.findall(path):
            for child in [child for child in parent if child.tag in tags and (child.text or "").strip() == "0"]:
                parent.remove(child)
    for parent in root.findall("blkiotune"):
        for device in parent.findall("device"):
            if [child.tag for child in device] == ["path"]:
                parent.remove(device)
    for tag in ("cputune", "blkiotune"):
        for node in root.findall(tag):
            if not len(node):
                root.remove(node)
