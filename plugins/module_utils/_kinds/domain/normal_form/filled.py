# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt writes into the definition of a QEMU guest where nothing is given.

The sources are libvirt's domain_conf.c, domain_postparse.c, qemu_domain.c and qemu_postparse.c, and what libvirt 9.0
and 11.3 kept of guests (tests/unit/running_guests.xml). What is not known here is told when a guest is adopted.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...._engine.rows.model import Host

EMULATORS = {"x86_64": "x86_64", "i686": "i386", "aarch64": "aarch64", "ppc64le": "ppc64", "s390x": "s390x"}
"""The ending of QEMU's program by architecture; ``/usr/bin/qemu-system-`` stands before it."""

PC = ("x86_64", "i686")
"""Architectures whose serial port is that of a PC."""

VIDEOS = {
    "cirrus": {"vram": "16384"},
    "qxl": {"ram": "65536", "vram": "65536", "vgamem": "16384"},
    "vga": {"vram": "16384"},
}
"""The memory of video devices in KiB (virDomainVideoDefaultRAM, qemuDomainDeviceVideoDefPostParse)."""

CPUS = {
    "custom": {"match": "exact"},
    "host-model": {"check": "partial"},
    "host-passthrough": {"check": "none", "migratable": "on"},
    "maximum": {"check": "none", "migratable": "on"},
}
"""What a CPU gets by its mode (virCPUDefParseXML, qemuDomainDefCPUPostParse)."""

PLAIN_CPU = "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>"
"""The CPU of a guest of a PC that names none (qemuDomainDefCPUPostParse, since libvirt 7)."""


def fill(root: ET.Element, host: Host) -> None:
    """Write into a definition what libvirt writes where nothing is given. It is changed in place."""
    kind = root.find("os/type")
    if kind is None or root.get("type") not in ("kvm", "qemu"):
        return
    arch = kind.get("arch") or host.arch
    kind.set("arch", arch)
    devices = root.find("devices")
    if devices is None:
        devices = ET.SubElement(root, "devices")
    if arch in EMULATORS and devices.find("emulator") is None:
        ET.SubElement(devices, "emulator").text = f"/usr/bin/qemu-system-{EMULATORS[arch]}"
    if devices.find("memballoon") is None:
        ET.SubElement(devices, "memballoon", {"model": "virtio"})
    booting(root)
    cpu(root, arch)
    for disk in devices.findall("disk/driver"):
        missing(disk, {"name": "qemu"})
    for place, serial in enumerate(devices.findall("serial") if arch in PC else ()):
        port(serial, place)
    for graphics in devices.findall("graphics"):
        listening(graphics)
    for place, model in enumerate(devices.findall("video/model")):
        video(model, place)


def booting(root: ET.Element) -> None:
    """A guest that names nothing to boot from starts from its first disk, also one with a kernel.

    See virDomainDefBootOrderPostParse.
    """
    system = root.find("os")
    ordered = root.find("devices/*/boot") is not None
    if system is not None and not ordered and system.find("boot") is None:
        ET.SubElement(system, "boot", {"dev": "hd"})


def cpu(root: ET.Element, arch: str) -> None:
    """The CPU that a guest gets, or what its mode implies."""
    node = root.find("cpu")
    if node is None:
        if arch == "x86_64":
            root.append(ET.fromstring(PLAIN_CPU))
        return
    missing(node, CPUS.get(node.get("mode", ""), {}))


def port(serial: ET.Element, place: int) -> None:
    """A serial port without a kind is one of the PC's own."""
    target = serial.find("target")
    if target is None:
        target = ET.SubElement(serial, "target")
    missing(target, {"type": "isa-serial", "port": str(place)})
    if target.get("type") == "isa-serial" and target.find("model") is None:
        ET.SubElement(target, "model", {"name": "isa-serial"})


def listening(graphics: ET.Element) -> None:
    """A display listens on the address of QEMU's configuration, at a port that libvirt finds."""
    if graphics.get("type") not in ("vnc", "spice", "rdp") or graphics.get("socket"):
        return
    address, first = graphics.get("listen"), graphics.find("listen")
    if first is None:
        first = ET.SubElement(graphics, "listen", {"type": "address"})
        if address is not None:
            first.set("address", address)
    elif address is None and first.get("type") == "address" and first.get("address") is not None:
        graphics.set("listen", first.get("address", ""))  # virDomainGraphicsDefFormat
    if graphics.get("port", "-1") == "-1" and graphics.get("tlsPort") is None:
        missing(graphics, {"autoport": "yes"})


def video(model: ET.Element, place: int) -> None:
    """A video device has one head, and the first device is where the guest boots."""
    if model.get("type") == "none":
        return
    missing(model, {**VIDEOS.get(model.get("type", ""), {}), "heads": "1"})
    if place == 0:
        missing(model, {"primary": "yes"})


def missing(node: ET.Element, values: dict[str, str]) -> None:
    """Give an element the attributes that it lacks."""
    for name, value in values.items():
        if name not in node.attrib:
            node.set(name, value)
