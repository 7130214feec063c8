# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest's definition needs of its host before it can start: networks, devices, files, volumes. Pure functions.

Not everything that it names is needed: libvirt itself makes sockets, logs and the NVRAM.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.converters import in_any_base
from ..._engine.rows.model import Item
from ..secret.references import needed_of


class Reference(t.NamedTuple):
    """Something that has to be there.

    :param group: the option of the guest that it is in, such as ``interfaces``
    :param place: its place among the elements of the definition; None where the option is no list
    :param option: the option of the item, empty where the group itself is the option
    :param kind: ``network``, ``bridge``, ``direct``, ``volume``, ``file``, ``folder``, ``pci``, ``usb``, ``mdev``,
        ``secret`` for any, ``secret volume`` and so on for one of that usage; ``switch`` for a network whose bridge is
        not looked at; ``address`` for an address of the host to listen at
    :param value: its name, path, address; a volume as POOL/VOLUME
    """

    group: str
    place: int | None
    option: str
    kind: str
    value: str

    @property
    def what(self) -> tuple[str, str]:
        """The thing itself, wherever it is named."""
        return self.kind, self.value

    def where(self, want: Item) -> str:
        """The option of the declared guest that it comes from."""
        if self.place is None:
            return f"{self.group}.{self.option}" if self.option else self.group
        items = want.get(self.group)
        items = items if isinstance(items, list) else []
        parts = self.value.split("/", 1) if self.kind == "volume" else [self.value]
        index = next((spot for spot, item in enumerate(items) if set(parts) & set(texts(item))), self.place)
        return f"{self.group}[{index}].{self.option}"


def texts(value: object) -> t.Iterator[str]:
    """All texts in an item."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from texts(inner)


def references(root: ET.Element) -> t.Iterator[Reference]:
    """All that a definition needs."""
    yield from booting(root)
    for index, disk in enumerate(root.findall("devices/disk")):
        yield from of_disk(index, disk)
    yield from secrets(root)
    for index, interface in enumerate(root.findall("devices/interface")):
        yield from of_interface(index, interface)
    for index, folder in enumerate(root.findall("devices/filesystem")):
        place = attribute(folder, "source", "dir")
        if folder.get("type", "mount") == "mount" and place.startswith("/"):
            yield Reference("filesystems", index, "source", "folder", place)
    for index, hostdev in enumerate(root.findall("devices/hostdev")):
        yield from of_hostdev(index, hostdev)
    yield from of_ports(root)
    yield from listening(root)
    if root.find("devices/vsock") is not None:
        yield Reference("vsock", None, "", "file", VSOCK)
    for index, backend in enumerate(root.findall("devices/tpm/backend")):
        if backend.get("type") == "passthrough":
            yield Reference("tpms", index, "backend.device", "file", attribute(backend, "device", "path") or TPM)
    for index, rng in enumerate(root.findall("devices/rng")):
        device = rng.findtext("backend[@model='random']", "").strip()
        if device:
            yield Reference("rngs", index, "backend.device", "file", device)
    for index, pointer in enumerate(root.findall("devices/input")):
        place = attribute(pointer, "source", "evdev") or attribute(pointer, "source", "dev")
        if place:
            yield Reference("inputs", index, "source", "file", place)


VSOCK = "/dev/vhost-vsock"
"""What libvirt opens for a vsock (qemuProcessOpenVhostVsock); made by the kernel's module vhost_vsock."""


TPM = "/dev/tpm0"
"""The TPM that libvirt passes on where none is named (formatdomain.html, TPM device)."""

LISTENING = ("serial", "parallel", "console", "channel", "redirdev", "smartcard")
"""Devices that may wait for a connection, or for packets, at an address of the host."""


def listening(root: ET.Element) -> t.Iterator[Reference]:
    """Addresses of the host at which a guest listens. QEMU does not start where the host does not have one."""
    for index, display in enumerate(root.findall("devices/graphics")):
        listens = display.findall("listen")
        found = [str(one.get("address") or "") for one in listens if one.get("type") == "address"]
        # libvirt keeps the first address in both places; a new definition may have only the attribute.
        for address in filter(None, found if listens else [display.get("listen", "")]):
            yield Reference("graphics", index, "listen", "address", address)
    for tag in LISTENING:
        for index, device in enumerate(root.findall(f"devices/{tag}")):
            for source in device.findall("source"):
                if source.get("mode") == "bind" and source.get("host"):
                    yield Reference(f"{tag}s", index, "host", "address", str(source.get("host")))


OWN_FOLDERS = ("/var/lib/libvirt/", "/run/libvirt/", "/var/run/libvirt/", "/var/log/libvirt/")
"""Where libvirt makes folders of its own."""


def of_ports(root: ET.Element) -> t.Iterator[Reference]:
    """What serial ports, consoles and channels are connected to: a device, or a file or socket in a folder.

    Nobody makes the folder: virtlogd and QEMU open the file, and QEMU the socket that it listens at.
    """
    for tag in ("serial", "parallel", "console", "channel"):
        for index, device in enumerate(root.findall(f"devices/{tag}")):
            kind, place = device.get("type"), attribute(device, "source", "path")
            if kind == "dev" and place:
                yield Reference(f"{tag}s", index, "path", "file", place)
            listens = kind == "unix" and attribute(device, "source", "mode") == "bind"
            if kind in ("file", "pipe") or listens:
                yield from folder_of(f"{tag}s", index, "path", place)
            yield from folder_of(f"{tag}s", index, "log.file", attribute(device, "log", "file"))


def folder_of(group: str, index: int, option: str, place: str) -> t.Iterator[Reference]:
    """The folder of a file that is made at the start."""
    if place.startswith("/") and not place.startswith(OWN_FOLDERS):
        yield Reference(group, index, option, "folder", place.rpartition("/")[0] or "/")


SECRETS = (("disks", "disk", "source"), ("hostdevs", "hostdev", "source"), ("tpms", "tpm", "backend"))
"""Devices that may refer to a secret of libvirt: the option, the element, and the option with the reference."""


def secrets(root: ET.Element) -> t.Iterator[Reference]:
    """Secrets of libvirt that devices refer to."""
    for group, tag, option in SECRETS:
        for index, device in enumerate(root.findall(f"devices/{tag}")):
            for secret, usage in needed_of(device):
                yield Reference(group, index, option, f"secret {usage}" if usage else "secret", secret)


BOOTING = (("kernel", "kernel", ""), ("initrd", "initrd", ""), ("dtb", "os", "dtb"), ("loader", "os", "loader.path"))
"""Elements of ``os`` with a file to boot from, each with the option that it is."""


def booting(root: ET.Element) -> t.Iterator[Reference]:
    """Files that the guest boots from."""
    for tag, group, option in BOOTING:
        place = (root.findtext(f"os/{tag}") or "").strip()
        if place.startswith("/"):
            yield Reference(group, None, option, "file", place)
    template = attribute(root, "os/nvram", "template")
    if template.startswith("/"):
        yield Reference("os", None, "nvram.template", "file", template)


def of_disk(index: int, disk: ET.Element) -> t.Iterator[Reference]:
    """What a disk is on, and what that is said to be laid over."""
    while disk is not None:
        source = disk.find("source")
        if source is None or source.get("startupPolicy") == "optional":
            return
        if source.get("volume") is not None:
            yield Reference("disks", index, "volume", "volume", f"{source.get('pool')}/{source.get('volume')}")
        for option, name, kind in (("file", "file", "file"), ("block", "dev", "file"), ("dir", "dir", "folder")):
            place = source.get(name, "")
            if place.startswith("/") and not place.startswith("/dev/fd"):
                yield Reference("disks", index, option, kind, place)
        below = disk.find("backingStore")
        if below is None:
            return
        disk = below


def of_interface(index: int, interface: ET.Element) -> t.Iterator[Reference]:
    """What an interface is connected to. With a virtualport the device is not looked at: Open vSwitch has its own."""
    kind = interface.get("type")
    port = interface.find("virtualport") is not None
    if kind == "network" and attribute(interface, "source", "network"):
        what = "switch" if port else "network"
        yield Reference("interfaces", index, "network", what, attribute(interface, "source", "network"))
    elif kind == "bridge" and not port and attribute(interface, "source", "bridge"):
        yield Reference("interfaces", index, "bridge", "bridge", attribute(interface, "source", "bridge"))
    elif kind == "direct" and attribute(interface, "source", "dev"):
        yield Reference("interfaces", index, "direct", "direct", attribute(interface, "source", "dev"))
    elif kind == "hostdev":
        address = interface.find("source/address")
        if address is not None and address.get("type", "pci") == "pci":
            yield from pci("interfaces", index, address)


def of_hostdev(index: int, device: ET.Element) -> t.Iterator[Reference]:
    """A device of the host that is handed to the guest."""
    source = device.find("source")
    if source is None or source.get("startupPolicy") == "optional":
        return
    address = source.find("address")
    if device.get("type") == "pci" and address is not None:
        yield from pci("hostdevs", index, address)
    elif device.get("type") == "mdev" and address is not None and address.get("uuid"):
        yield Reference("hostdevs", index, "source.uuid", "mdev", str(address.get("uuid")).lower())
    elif device.get("type") == "usb":
        vendor, product = attribute(source, "vendor", "id"), attribute(source, "product", "id")
        kind = [number(vendor), number(product)]
        spot = [number(attribute(source, "address", part)) for part in ("bus", "device")]
        if -1 not in kind:
            yield Reference("hostdevs", index, "source", "usb", f"{kind[0]:04x}:{kind[1]:04x}")
        elif -1 not in spot:
            yield Reference("hostdevs", index, "source.address", "usb", f"{spot[0]}.{spot[1]}")


def pci(group: str, index: int, address: ET.Element) -> t.Iterator[Reference]:
    """A PCI device, as the kernel names it in /sys/bus/pci/devices."""
    domain, bus, slot, function = (number(address.get(part) or "0") for part in ("domain", "bus", "slot", "function"))
    if min(domain, bus, slot, function) >= 0:
        yield Reference(group, index, "source.address", "pci", f"{domain:04x}:{bus:02x}:{slot:02x}.{function:x}")


def number(text: str) -> int:
    """A number as libvirt reads those of devices, in any base; -1 for anything else."""
    try:
        return in_any_base(text)
    except ValueError:
        return -1


def attribute(root: ET.Element, path: str, name: str) -> str:
    """An attribute of an element below; empty where there is none."""
    node = root.find(path)
    return "" if node is None else node.get(name, "")
