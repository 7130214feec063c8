# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which libvirt keeps each device of a domain (see normal)."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree as ET

from . import numbers

OWN_ALIAS = "ua-"
"""What an alias begins with that is not libvirt's (formatdomain.html, alias)."""

GENERATED = re.compile(r"/(?:target/)?(?:[^/]+\.|domain-[^/]+/|[0-9]+-[^/]+/)")
"""What leads from libvirt's folder of channels to the name of one (qemuDomainChrMatchDefaultPath)."""

CHANNELS = (
    "/run/libvirt/qemu/channel",
    "/var/run/libvirt/qemu/channel",
    "/var/lib/libvirt/qemu/channel",
    "/etc/libvirt/qemu/channel",
)
"""Folders in which libvirt has the sockets of channels (qemuDomainChrDefDropDefaultPath)."""

SOCKETS = "/var/lib/libvirt/qemu/"
"""Where sockets are that libvirt generates for displays (virDomainGraphicsDef, qemu's libDir)."""

NIC_MODELS = frozenset(
    (
        *("netfront", "rtl8139", "virtio", "e1000", "e1000e", "igb", "virtio-transitional"),
        *("virtio-non-transitional", "usb-net", "spapr-vlan", "lan9118", "smc91c111", "vlance"),
        *("vmxnet", "vmxnet2", "vmxnet3", "Am79C970A", "Am79C973", "82540EM", "82545EM", "82543GC"),
    )
)
"""Models of cards that libvirt knows in any case of letters (virDomainNetModelTypeFromString)."""

BUSES = (("hd", "ide"), ("sd", "scsi"), ("vd", "virtio"), ("xvd", "xen"), ("ubd", "uml"))
"""Buses by the first letters of a disk's target (virDomainDiskDefPostParse)."""


def sane(path: str) -> str:
    """A path without superfluous slashes; two at the start stay, as POSIX has it (virFileSanitizePath)."""
    if not path.strip("/"):
        return path and ("//" if path == "//" else "/")
    head = "//" if re.match("//[^/]", path) else ""
    parts = re.sub("/+", "/", path.rstrip("/"))
    return head + (parts.lstrip("/") if head else parts)


def settle(device: ET.Element) -> None:
    """Bring a device into the form in which libvirt keeps it."""
    aliases(device)
    labels(device)
    numbers.settle(device)
    DEVICES.get(device.tag, nothing)(device)


def nothing(device: ET.Element) -> None:
    """A device of which libvirt keeps all that is written."""


def strip(parent: ET.Element, tag: str, *attributes: str) -> None:
    """Take attributes out of a child, and the child where nothing is left of it."""
    for node in parent.findall(tag):
        for name in attributes:
            node.attrib.pop(name, None)
        if not node.attrib and not len(node) and not (node.text or "").strip():
            parent.remove(node)


def aliases(device: ET.Element) -> None:
    """Only aliases of the user's own are kept, and only with some devices (virDomainDeviceInfoParseXML)."""
    for node in device.findall("alias"):
        if not node.get("name", "").startswith(OWN_ALIAS):
            device.remove(node)


def labels(device: ET.Element) -> None:
    """A label of a source that says nothing, or that labelling was left out, is not kept."""
    for parent in list(device.iter()):
        for node in parent.findall("seclabel"):
            node.attrib.pop("labelskip", None)
            if node.find("label") is None and node.get("relabel", "yes") == "yes":
                parent.remove(node)


def disk(device: ET.Element) -> None:
    """A disk, a drive."""
    driver, target, source = device.find("driver"), device.find("target"), device.find("source")
    for tag in ("mirror", "state"):
        for node in device.findall(tag):
            device.remove(node)
    for node in device.iter():
        if node.tag in ("source", "backingStore"):
            node.attrib.pop("index", None)
    if driver is not None:
        for name in ("cache", "io", "discard", "detect_zeroes", "error_policy", "rerror_policy"):
            if driver.get(name) == "default":
                driver.attrib.pop(name)
    if target is not None:
        target.set("dev", target.get("dev", "").removeprefix("ioemu:"))
        if target.get("bus") is None:
            ends = [bus for start, bus in BUSES if target.get("dev", "").startswith(start)]
            target.set("bus", "fdc" if device.get("device") == "floppy" else (ends or ["ide"])[0])
        if target.get("bus") != "usb":
            target.attrib.pop("removable", None)
        if target.get("tray") == "closed":
            target.attrib.pop("tray")
    fixed = device.find("readonly") is not None or device.get("device") == "cdrom"
    if fixed and device.get("snapshot") == "no":
        device.attrib.pop("snapshot")
    if source is None and device.get("type") not in (None, "file") and device.get("device") in ("cdrom", "floppy"):
        device.set("type", "file")  # A drive is empty in but one way.
    iscsi(source)
    boot(device)


def iscsi(source: ET.Element | None) -> None:
    """Of a target without a unit libvirt takes the first (virDomainPostParseCheckISCSIPath)."""
    name = None if source is None or source.get("protocol") != "iscsi" else source.get("name")
    if source is not None and name and "/" not in name:
        source.set("name", f"{name}/0")


def boot(device: ET.Element) -> None:
    """The boot entry on S390 is in capital letters (virDomainMachineLoadparm...)."""
    for node in device.findall("boot"):
        if node.get("loadparm"):
            node.set("loadparm", node.get("loadparm", "").upper())


def interface(device: ET.Element) -> None:
    """A network card. Of no type it is one of the user's (virDomainNetDefParseXML)."""
    if device.get("type") is None:
        device.set("type", "user")
    kind, model = device.get("type"), device.find("model")
    for node in device.findall("mac"):
        node.attrib.pop("currentAddress", None)
    strip(device, "guest", "actual")
    if kind in ("network", "bridge"):
        strip(device, "source", *(("portid", "bridge", "macTableManager") if kind == "network" else ()))
    if re.fullmatch("(vnet|macvtap|macvlan)[0-9]+", device.findtext("target", "") or target_of(device)):
        strip(device, "target", "dev")
    if model is not None:
        known = {name.lower(): name for name in NIC_MODELS}
        model.set("type", known.get(model.get("type", "").lower(), model.get("type", "")))
    interface_driver(device, virtio=model is not None and model.get("type", "").startswith("virtio"))
    for node in device.findall("backend"):
        sanitize(node, "tap", "vhost")
    traffic(device)
    boot(device)


def interface_driver(device: ET.Element, virtio: bool) -> None:
    """What runs a network card on the host: nothing where it is no virtio card.

    :param virtio: whether it is one
    """
    for node in device.findall("driver"):
        if node.get("queues") == "1":
            strip(device, "driver", "queues")
    if device.get("type") == "hostdev" or not virtio:
        for node in device.findall("driver"):
            # Of a device of the host it is who hands it over.
            if device.get("type") != "hostdev" or not {"name", "model"}.intersection(node.keys()):
                device.remove(node)
            else:
                node.attrib.pop("queues", None)
        strip(device, "backend", "vhost")


def traffic(device: ET.Element) -> None:
    """What a network card lets through, and how: VLAN tags, filters, interrupts."""
    for node in device.findall("vlan"):
        if node.get("trunk") == "no":
            node.attrib.pop("trunk")
    if device.get("type") not in ("network", "bridge", "ethernet"):
        for node in device.findall("filterref"):
            device.remove(node)
    for node in device.findall("filterref"):
        # libvirt sorts parameters by name; the values of one name keep their order (virNWFilterFormatParamAttributes).
        others = [child for child in node if child.tag != "parameter"]
        node[:] = [*others, *sorted(node.findall("parameter"), key=lambda child: child.get("name", ""))]
    for node in device.findall("coalesce"):
        frames = node.find("rx/frames")
        if frames is None or frames.get("max", "0") == "0":
            device.remove(node)


def sanitize(node: ET.Element | None, *attributes: str) -> None:
    """Take superfluous slashes out of paths (virFileSanitizePath)."""
    for name in attributes:
        if node is not None and node.get(name):
            node.set(name, sane(node.get(name, "")))


def target_of(device: ET.Element) -> str:
    """The name of the device on the host's side."""
    node = device.find("target")
    return "" if node is None else node.get("dev", "")


def character(device: ET.Element) -> None:
    """A serial port, parallel port, console, channel, and the like.

    Of no type it is a PTY (virDomainChrDefParseXML).
    """
    device.attrib.pop("tty", None)
    if device.get("type") is None and device.tag in ("serial", "parallel", "console", "channel"):
        device.set("type", "pty")
    if device.get("type") == "pty":
        strip(device, "source", "path")
    source, target = device.find("source"), device.find("target")
    if device.get("type") != "unix" or source is None:
        return
    name = "" if target is None else target.get("name", "")
    if device.tag == "channel" and any(
        GENERATED.fullmatch(source.get("path", "")[len(folder) : -len(name) or None])
        for folder in CHANNELS
        if source.get("path", "").startswith(folder) and name and source.get("path", "").endswith(name)
    ):
        source.attrib.pop("path")
    if not source.get("path"):
        strip(device, "source", "mode")


def channel(device: ET.Element) -> None:
    """A channel. What the guest did with it is only reported, and its bus has but one number."""
    character(device)
    for node in device.findall("target"):
        node.attrib.pop("state", None)
    for node in device.findall("address[@type='virtio-serial']"):
        node.set("bus", "0")


def graphics(device: ET.Element) -> None:
    """A display. Ports that libvirt picks, and sockets that it generates, are not kept."""
    kind = device.get("type")
    if device.get("autoport") == "yes" and kind in ("vnc", "spice", "rdp"):
        for name in ("port", "tlsPort"):
            device.attrib.pop(name, None)
    for name in ("listen", "passwd"):
        if device.get(name) == "":
            device.attrib.pop(name)
    ports(device)
    if device.get("socket", "").startswith(SOCKETS):
        device.attrib.pop("socket")
    for node in device.findall("listen"):
        if node.get("socket", "").startswith(SOCKETS):
            node.attrib.pop("socket")
        if node.get("type") == "network":
            node.attrib.pop("address", None)


def ports(device: ET.Element) -> None:
    """A display that listens at no port has none (virDomainDefPostParseGraphics)."""
    kind, first = device.get("type"), device.find("listen")
    where = None if first is None else first.get("type")
    given = [device.get(name, "0") for name in ("port", "tlsPort")]
    none = ("0", "-1") if kind == "vnc" and device.get("autoport") == "no" else ("0",)
    if kind in ("vnc", "rdp") and device.get("port") in none:
        device.attrib.pop("port")
        if kind == "vnc":
            device.attrib.setdefault("autoport", "no")
    if where == "socket" or (kind == "spice" and where == "none"):
        for name in ("autoport", "port", "tlsPort"):
            device.attrib.pop(name, None)
    elif kind == "spice" and device.get("autoport") == "no" and given == ["0", "0"]:
        # One that listens nowhere is said in another way.
        for name in ("autoport", "port", "tlsPort", "listen"):
            device.attrib.pop(name, None)
        for node in device.findall("listen"):
            device.remove(node)
        ET.SubElement(device, "listen", {"type": "none"})


def video(device: ET.Element) -> None:
    """A graphics card. Its memory is a power of two (virDomainVideoDefPostParse)."""
    for model in device.findall("model"):
        sanitize(model.find("acceleration"), "rendernode")
        if model.get("primary") == "no":
            model.attrib.pop("primary")
        for name in ("ram", "vram"):
            text = model.get(name, "")
            if text.isdigit() and int(text):
                model.set(name, str(1 << (int(text) - 1).bit_length()))


def controller(device: ET.Element) -> None:
    """A controller."""
    if device.get("model") in ("auto", "default"):
        device.attrib.pop("model")
    for node in device.findall("master"):
        if node.get("startport", "0") == "0":
            device.remove(node)


def hostdev(device: ET.Element) -> None:
    """A device of the host."""
    source = device.find("source")
    iscsi(source)
    if source is not None:
        source.attrib.pop("missing", None)
    boot(device)


def filesystem(device: ET.Element) -> None:
    """A directory of the host. Modes are written with four digits."""
    sanitize(device.find("binary"), "path")
    for name in ("fmode", "dmode"):
        text = device.get(name, "")
        if re.fullmatch("[0-7]+", text):
            device.set(name, f"{int(text, 8):04o}")


def input_device(device: ET.Element) -> None:
    """An input device."""
    sanitize(device.find("source"), "evdev")


def shmem(device: ET.Element) -> None:
    """Memory that is shared."""
    sanitize(device.find("server"), "path")


def redirfilter(device: ET.Element) -> None:
    """Which USB devices may be redirected. Any is said by nothing, and versions have two digits behind the dot."""
    for node in device.findall("usbdev"):
        for name in ("class", "vendor", "product", "version"):
            if node.get(name) == "-1":
                node.attrib.pop(name)
        match = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})", node.get("version", ""))
        if match:
            node.set("version", f"{int(match[1])}.{match[2].ljust(2, '0')}")


def memory(device: ET.Element) -> None:
    """A memory device. How much of it the guest has now is only reported, and only one kind comes in blocks."""
    blocks = () if device.get("model") == "virtio-mem" else ("block", "requested")
    for node in device.findall("target"):
        for child in [child for child in node if child.tag in ("current", *blocks)]:
            node.remove(child)


DEVICES: dict[str, t.Callable[[ET.Element], None]] = {
    "disk": disk,
    "interface": interface,
    "serial": character,
    "parallel": character,
    "console": character,
    "channel": channel,
    "redirdev": character,
    "smartcard": character,
    "graphics": graphics,
    "video": video,
    "controller": controller,
    "hostdev": hostdev,
    "filesystem": filesystem,
    "memory": memory,
    "input": input_device,
    "shmem": shmem,
    "redirfilter": redirfilter,
}
