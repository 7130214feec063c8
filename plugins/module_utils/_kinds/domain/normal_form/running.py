# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt writes into the definition of a running guest by itself (formatting and starting in libvirt's
domain_conf.c and qemu_process.c).

With the definition that it keeps at hand, all of it is known: what a start adds to a definition
without it, or turns into something else, is no change. Without it, as in a file that somebody made
with ``virsh dumpxml``, what libvirt only reports is told by its form.
"""

from __future__ import annotations

import copy
import functools
import typing as t
from xml.etree import ElementTree as ET

from .running_disks import as_it_is, below_the_overlay, disks, empty_again, started_without
from .running_memory import drop, memory

OF_NETWORK = ("vlan", "virtualport", "bandwidth", "port")
"""What an interface takes over from its network (virDomainActualNetDefContentsFormat)."""

OF_MODEL = ("model", "vendor", "feature", "maxphysaddr")
"""What the model of a CPU stands for, and is written out in its place when the guest starts."""

OFF = ("disable", "forbid")
"""Policies of a feature that the guest has not."""

UNTOLD = frozenset(("cmt", "mbm_total", "mbm_local", "osxsave", "ospke", "pconfig"))
"""Features that libvirt leaves out at the start, as QEMU does not know them (virQEMUCapsCPUFilterFeatures)."""

EXPANDED = "full"
"""How the CPU of a running guest is checked: then it is written with all that it has (virQEMU...UpdateCPU)."""


def settle(root: ET.Element) -> None:
    """Take out of the definition of a running guest what libvirt only reports there, also where it has no ``id``.

    One that is transient has no other, also where the one that is kept is asked for.
    """
    for interface in root.findall("devices/interface"):
        source = interface.find("source")
        if source is not None and source.get("network") is not None and source.get("portid") is not None:
            on_network(interface, source)
    for disk in root.findall("devices/disk"):
        below_the_overlay(disk)
        drop(disk, "backingStore")
    for display in root.findall("devices/graphics"):
        if display.get("autoport") == "yes" and display.get("websocket", "").isdecimal():
            display.set("websocket", "-1")
        for node in display.findall("listen"):
            if display.get("listen") == node.get("address") == "127.0.0.1":
                display.attrib.pop("listen")
                node.attrib.pop("address")
    for node in root.findall("seclabel"):
        if node.get("type") == "dynamic" and node.find("baselabel") is None:
            root.remove(node)
        drop(node, "imagelabel")
    for cpu in root.findall("cpu"):
        if cpu.get("check") == EXPANDED:
            cpu.attrib.pop("check")
    root.attrib.pop("id", None)


def on_network(interface: ET.Element, source: ET.Element) -> None:
    """Make an interface again what it is in the definition: one on a network."""
    interface.set("type", "network")
    kept = {name: source.get(name, "") for name in ("network", "portgroup") if source.get(name)}
    source.attrib.clear()
    source.attrib.update(kept)
    source[:] = []


def as_kept(live: ET.Element, kept: ET.Element) -> list[t.Callable[[], None]]:
    """Take out of what runs what libvirt wrote there by itself as it started the definition that it keeps.

    Returns calls that put back what libvirt wants to see again where it is to change a device.

    :param live: the definition of the running guest, which is changed in place
    :param kept: the definition that libvirt keeps
    """
    displays = [(node, copy.deepcopy(node)) for node in live.findall("devices/graphics")]
    trays = [(node, node.get("tray")) for node in live.findall("devices/disk/target")]
    whole(live, kept)
    firmware(live, kept)
    memory(live, kept)
    interfaces(live, kept)
    absent = started_without(live, kept)
    disks(live, kept)
    devices(live, kept)
    return [
        *(functools.partial(empty_again, node, source) for node, source in absent),
        *(functools.partial(put_back, node, was) for node, was in displays),
        *(functools.partial(as_it_is, node, was) for node, was in trays),
    ]


def put_back(display: ET.Element, was: ET.Element) -> None:
    """Give a display its addresses and sockets again, unless others were declared.

    libvirt changes the password of none whose addresses are not said as they are (qemuDomainChangeGraphics).
    """
    listens = display.findall("listen")
    if not listens:
        listens = [copy.deepcopy(node) for node in was.findall("listen")]
        display.extend(listens)
    for node, other in zip(listens, was.findall("listen"), strict=False):
        for name in ("address", "socket") if node.get("type") == other.get("type") else ():
            if node.get(name) is None and other.get(name) is not None:
                node.set(name, other.get(name, ""))
    for name, inner in (("listen", "address"), ("socket", "socket")):
        listening = [node.get(inner) for node in listens]
        if display.get(name) is None and was.get(name) is not None and was.get(name) in listening:
            display.set(name, was.get(name, ""))


def whole(live: ET.Element, kept: ET.Element) -> None:
    """What is beside the devices and the memory."""
    models = {node.get("model"): node for node in kept.findall("seclabel")}
    for node in live.findall("seclabel"):
        ours = models.get(node.get("model"))
        if ours is None:
            live.remove(node)
        else:
            for tag in ("label", "imagelabel"):
                if ours.find(tag) is None:
                    drop(node, tag)
    clock, own = live.find("clock"), kept.find("clock")
    if clock is not None and own is not None and clock.get("offset") == own.get("offset") == "variable":
        clock.attrib.clear()  # It moves with the guest's own clock.
        clock.attrib.update(own.attrib)
    plugged, own = live.find("vcpu"), kept.find("vcpu")
    if plugged is not None and own is not None and own.get("current") == (plugged.text or "").strip():
        plugged.attrib.setdefault("current", own.get("current", ""))  # All that it has; the others come with a start.
    cpu, ours_cpu = live.find("cpu"), kept.find("cpu")
    if cpu is not None and cpu.get("check") == EXPANDED:
        processor(cpu, ET.Element("cpu") if ours_cpu is None else ours_cpu)


def processor(live: ET.Element, kept: ET.Element) -> None:
    """The CPU that a definition stands for: written out, with the name of the model that it has, and all features.

    One that the definition cannot have become is that of an earlier one: its model shows so.
    """
    model, vendor = (live.findtext(tag, "").strip() for tag in ("model", "vendor"))
    same, known = is_of(kept, model, vendor), features(live, kept)
    live.attrib.clear()
    for tag in OF_MODEL:
        drop(live, tag)
    live.attrib.update(kept.attrib)
    live.extend([copy.deepcopy(node) for node in kept if node.tag in OF_MODEL and node.tag != "feature"])
    live.extend(known)
    if not same:
        live.set("mode", "host-model" if vendor and kept.find("vendor") is None else "custom")
        drop(live, "model")
        node = ET.SubElement(live, "model")
        node.text = model if live.get("mode") == "custom" else None


def features(live: ET.Element, kept: ET.Element) -> list[ET.Element]:
    """The features of the definition that what runs has so, and in place of others what it has.

    Those that belong to the model, and those that libvirt leaves out, it does not tell. One that is forced, and that
    QEMU does not have, is told as disabled: another start does not bring it either.
    """
    had = {node.get("name", "").replace("-", "_"): node for node in live.findall("feature")}
    found = []
    for node in kept.findall("feature"):
        name, policy = node.get("name", "").replace("-", "_"), node.get("policy", "require")
        running = had.get(name)
        if policy == "optional" or name in UNTOLD or (policy == "force" and running is not None):
            found.append(node)
        elif running is not None:
            alike = (policy in OFF) == (running.get("policy") in OFF)
            found.append(node if alike else running)
    return [copy.deepcopy(node) for node in found]


def is_of(kept: ET.Element, model: str, vendor: str) -> bool:
    """Whether a CPU that was written out at the start may be that of a definition.

    One like the host's has the vendor of the host, which one of a name has only where the definition says so. One that
    is to be at least a model becomes the host's own (virCPUx86Update).
    """
    mode, name = kept.get("mode", "custom"), kept.findtext("model", "").strip()
    if mode == "custom" and kept.get("match") == "minimum":
        return True
    if mode == "custom":
        return name in ("", model) and vendor == kept.findtext("vendor", "").strip()
    return mode == "host-model" and bool(vendor)


def interfaces(live: ET.Element, kept: ET.Element) -> None:
    """An interface on a network is written as what it is on the host: a port of a bridge, MacVTap, a device."""
    own = {address(node): node for node in kept.findall("devices/interface")}
    for node in live.findall("devices/interface"):
        source, ours = node.find("source"), own.get(address(node))
        where = None if ours is None else ours.find("source")
        name = None if source is None else source.get("network")
        if ours is None or where is None or ours.get("type") != "network":
            if name is not None and source is not None:
                on_network(node, source)
            continue
        if node.get("type") == "network" and name is None:
            continue
        if name is None and node.get("type") == "hostdev" and node.find("alias") is not None:
            # A device of the host out of the network's pool names no network.
            name = where.get("network")
        if name is None:
            continue
        if source is None:
            source = ET.SubElement(node, "source")
        group = source.get("portgroup") or (where.get("portgroup") if node.get("type") == "hostdev" else None)
        source.attrib.clear()
        source[:] = []
        source.attrib.update({"network": name, **({"portgroup": group} if group else {})})
        node.set("type", "network")
        node.attrib.pop("managed", None)
        same = name == where.get("network")
        for tag in (*(OF_NETWORK if same else ()), "driver"):
            if ours.find(tag) is None:
                drop(node, tag)


def firmware(live: ET.Element, kept: ET.Element) -> None:
    """Before 9.2, libvirt picks the firmware at the start, and what runs tells its files (qemuFirmwareFillDomain).

    Those that it picked come with the template of their variables, if they have any.
    """
    running, ours = live.find("os"), kept.find("os")
    if running is None or ours is None or ours.get("firmware") is None or running.get("firmware") is not None:
        return
    loader, variables = running.find("loader"), running.find("nvram")
    if loader is None or (variables is not None and variables.get("template") is None):
        return
    running.set("firmware", ours.get("firmware", ""))
    if ours.find("loader") is None:
        drop(running, "loader")
    own = ours.find("nvram")
    if variables is not None and own is None:
        drop(running, "nvram")
    elif variables is not None and own is not None and own.get("template") is None:
        variables.attrib.pop("template")


def address(interface: ET.Element) -> str:
    """The MAC address of an interface."""
    node = interface.find("mac")
    return "" if node is None else node.get("address", "").lower()


def devices(live: ET.Element, kept: ET.Element) -> None:
    """Other devices: what libvirt allots, generates and looks up."""
    for tag, fill in FILLED.items():
        nodes, own = live.findall(f"devices/{tag}"), kept.findall(f"devices/{tag}")
        if len(nodes) == len(own):
            for node, ours in zip(nodes, own, strict=True):
                fill(node, ours)


def display(node: ET.Element, ours: ET.Element) -> None:
    """A display: its address, and the sockets and devices that libvirt picked."""
    if ours.get("listen") is None:
        node.attrib.pop("listen", None)
    if ours.get("socket") is None:
        node.attrib.pop("socket", None)
    for part, other in zip(node.findall("listen"), ours.findall("listen"), strict=False):
        for name in ("address", "socket"):
            if other.get(name) is None:
                part.attrib.pop(name, None)
    if not ours.findall("listen"):
        drop(node, "listen")
    picked(node, ours)
    opengl, own = node.find("gl"), ours.find("gl")
    if opengl is not None and (own is None or own.get("rendernode") is None):
        opengl.attrib.pop("rendernode", None)


def picked(node: ET.Element, ours: ET.Element) -> None:
    """Ports that libvirt picked at the start are those that the definition left to it."""
    names = ("port", "tlsPort") if node.get("autoport") == ours.get("autoport") == "yes" else ()
    for name in (*names, *(("websocket",) if ours.get("websocket") == "-1" and node.get("websocket") else ())):
        node.attrib.pop(name, None)
        if ours.get(name):
            node.set(name, ours.get(name, ""))


def source_of(*names: str) -> t.Callable[[ET.Element, ET.Element], None]:
    """A device of whose source libvirt fills in some attributes."""

    def fill(node: ET.Element, ours: ET.Element) -> None:
        source, other = node.find("source"), ours.find("source")
        for name in names if source is not None else ():
            if other is None or other.get(name) is None:
                source.attrib.pop(name, None)  # type: ignore[union-attr]

    return fill


def hostdev(node: ET.Element, ours: ET.Element) -> None:
    """A device of the host: who hands it over, and where a USB device was found."""
    if ours.find("driver") is None:
        drop(node, "driver")
    source, other = node.find("source"), ours.find("source")
    if source is not None:
        source.attrib.pop("missing", None)  # What its startupPolicy allows.
    if source is not None and (other is None or other.find("address") is None) and node.get("type") == "usb":
        drop(source, "address")


FILLED: dict[str, t.Callable[[ET.Element, ET.Element], None]] = {
    "graphics": display,
    "serial": source_of("path"),
    "parallel": source_of("path"),
    "console": source_of("path"),
    "channel": source_of("path", "mode"),
    "hostdev": hostdev,
}
