# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make definitions of other people fit to be started paused on a test host, under emulation."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

FOLDER = Path("/var/tmp/virtfleet-start")
"""Where the small files are."""
MIB = 1024 * 1024
UNREACHABLE = ("hostdev", "lease", "redirdev", "smartcard")
"""Devices that most test hosts cannot serve."""
NETWORKS = {"nat": "vfstart-nat", "bridge": "vfstart-bridge", "direct": "vfstart-direct"}


class Sources:
    """Small files that stand for disks and the like."""

    def __init__(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)
        FOLDER.chmod(0o777)
        (FOLDER / "shared").mkdir(exist_ok=True)
        for name, form in (("raw", "raw"), ("plain", "qcow2"), ("volume", "raw")):
            self.image(name, form)
        overlay = FOLDER / "overlay.qcow2"
        if not overlay.exists():
            base = FOLDER / "plain.qcow2"
            command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(base), str(overlay)]
            subprocess.run(command, check=False)
            overlay.chmod(0o666)
        for name, size in (("nvdimm", 128), ("pstore", 0)):
            with (FOLDER / f"{name}.raw").open("wb") as file:
                file.truncate(size * MIB or 65536)

    def image(self, name: str, form: str = "raw") -> str:
        """The path of a small image of a format."""
        path = FOLDER / f"{name}.{form}"
        if form not in ("raw", "qcow2", "qcow", "qed", "vmdk", "vdi", "luks"):
            form = "raw"
        if not path.exists():
            subprocess.run(["qemu-img", "create", "-q", "-f", form, str(path), "8M"], check=False)
            path.chmod(0o666)
        return str(path)


def startable(root: ET.Element, sources: Sources) -> None:
    """Change a definition so that it can be started: emulation, small files, networks that are there.

    One of the project's own (see devices) is left as it is.
    """
    if (root.findtext("name") or "").startswith("vfstart-"):
        return
    general(root)
    devices = root.find("devices")
    if devices is None:
        return
    for node in list(devices):
        if node.tag in (*UNREACHABLE, "emulator"):
            devices.remove(node)
        elif node.tag == "disk":
            disk(node, sources)
        elif node.tag == "interface":
            interface(node)
        elif node.tag in ("serial", "parallel", "console", "channel"):
            character(node)
        elif node.tag == "rng":
            random(node)
    names = [node.get("dev") for node in devices.findall("interface/target")]
    for node in devices.findall("interface/target"):
        if names.count(node.get("dev")) > 1 or not (node.get("dev") or "").startswith("vnet"):
            node.attrib.pop("dev", None)


def general(root: ET.Element) -> None:
    """What is beside the devices."""
    if root.get("type") in ("kvm", "hvf"):
        root.set("type", "qemu")
    for path in ("uuid", "cputune", "numatune", "resource", "launchSecurity", "memtune", "blkiotune", "seclabel"):
        for node in root.findall(path):
            if path != "uuid" or root.find("sysinfo") is None:
                root.remove(node)
    vcpu = root.find("vcpu")
    if vcpu is not None:
        vcpu.attrib.pop("cpuset", None)
        vcpu.attrib.pop("placement", None)
    kind = root.find("os/type")
    if kind is not None and kind.get("arch", "x86_64") in ("x86_64", "i686"):
        machine = kind.get("machine", "")
        kind.set("machine", "q35" if "q35" in machine else "pc")
    elif kind is not None and kind.get("machine", "").startswith(("virt-", "pseries-", "s390-ccw-virtio-")):
        kind.set("machine", kind.get("machine", "").rpartition("-")[0])
    for path in ("os/kernel", "os/initrd", "os/dtb", "os/cmdline", "os/acpi", "memoryBacking/hugepages"):
        above, _slash, _tag = path.rpartition("/")
        parent = root.find(above)
        for node in root.findall(path) if parent is not None else ():
            parent.remove(node)
    cpu = root.find("cpu")
    if cpu is not None and cpu.get("mode") in ("host-passthrough",):
        cpu.set("mode", "maximum")


def disk(node: ET.Element, sources: Sources) -> None:
    """A disk on a small image, or the empty drive that it was."""
    target = node.find("target")
    name = "disk" if target is None else target.get("dev", "disk")
    driver = node.find("driver")
    form = "raw" if driver is None else driver.get("type", "raw")
    for tag in ("auth", "encryption", "backingStore", "mirror", "throttlefilters"):
        for child in node.findall(tag):
            node.remove(child)
    if driver is not None:
        for attribute in ("iothread", "io", "cache"):
            if driver.get(attribute) in ("native", "io_uring", "none", "directsync"):
                driver.attrib.pop(attribute)
    source = node.find("source")
    if node.get("type") in ("vhostuser", "nvme", "vhostvdpa", "dir", "volume", "network", "block"):
        node.set("type", "file")
        if source is not None:
            node.remove(source)
            source = ET.SubElement(node, "source", {"file": "/x"})
    if source is not None and source.get("file"):
        source.attrib.pop("startupPolicy", None)
        source.set("file", sources.image(f"{name}-{len(source)}", form))
        for child in list(source):
            source.remove(child)
    if node.get("device") == "lun":
        node.set("device", "disk")
        node.attrib.pop("rawio", None)
        node.attrib.pop("sgio", None)


def interface(node: ET.Element) -> None:
    """An interface on a network that is there."""
    for tag in ("script", "downscript", "virtualport", "filterref", "vlan", "bandwidth", "backend"):
        for child in node.findall(tag):
            node.remove(child)
    source = node.find("source")
    kind = node.get("type")
    if kind in ("network", "bridge", "direct"):
        if source is None:
            source = ET.SubElement(node, "source")
        source.attrib.clear()
        if kind == "network":
            source.set("network", NETWORKS["nat"])
        elif kind == "bridge":
            source.set("bridge", "vfstart0")
        else:
            source.attrib.update({"dev": "eno1", "mode": "bridge"})
    elif kind in ("hostdev", "vdpa", "vhostuser", "internal", "vds"):
        node.attrib.clear()
        node.set("type", "user")
        for child in list(node):
            if child.tag not in ("mac", "model", "alias"):
                node.remove(child)


def character(node: ET.Element) -> None:
    """A character device that needs nothing of the host."""
    source = node.find("source")
    if node.get("type") in ("dev", "pipe", "stdio", "vc"):
        node.set("type", "pty")
        if source is not None:
            node.remove(source)
    elif node.get("type") in ("tcp", "udp"):
        node.set("type", "null")
        for child in [*node.findall("source"), *node.findall("protocol")]:
            node.remove(child)
    elif node.get("type") == "unix" and source is not None and source.get("path"):
        source.set("path", str(FOLDER / f"{node.tag}.sock"))
        source.set("mode", "bind")
    elif node.get("type") == "file" and source is not None:
        source.set("path", str(FOLDER / f"{node.tag}.log"))
    for child in node.findall("log"):
        child.set("file", str(FOLDER / f"{node.tag}.out"))


def random(node: ET.Element) -> None:
    """Random numbers from the host's own device."""
    backend = node.find("backend")
    if backend is not None and backend.get("model") != "builtin":
        for child in list(backend):
            backend.remove(child)
        backend.set("model", "random")
        backend.text = "/dev/urandom"
