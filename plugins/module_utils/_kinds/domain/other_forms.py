# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How devices of a guest are written, which other tools have as a text."""

from __future__ import annotations

import re

from ..._engine.rows.model import OptionValue
from ..._engine.rows.other_forms import OtherForm, always, is_plain

PCI = re.compile(r"(?:pci_)?(?:([0-9a-fA-F]{4})[:_])?([0-9a-fA-F]{2})[:_]([0-9a-fA-F]{2})[._]([0-7])")
"""A PCI device as lspci(8) names it, or libvirt's node device."""

USB = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
"""A USB device as lsusb(8) names it, by vendor and product."""


def device(value: OptionValue) -> str | None:
    """How to write a device of the host, without the list that it is in."""
    if not isinstance(value, str):
        return None
    pci, usb = PCI.fullmatch(value), USB.fullmatch(value)
    if pci is not None:
        domain, bus, slot, function = (part or "0000" for part in pci.groups())
        address = f"{{domain: 0x{domain}, bus: 0x{bus}, slot: 0x{slot}, function: 0x{function}}}"
        return f"{{type: pci, source: {{address: {address}}}}}"
    if usb is not None:
        return f"{{type: usb, source: {{vendor: 0x{usb[1]}, product: 0x{usb[2]}}}}}"
    return None


def hostdevs(value: OptionValue, guest: OptionValue, listed: bool) -> str | None:
    """What to write in place of a device of the host, or of a list of them."""
    text = device(value)
    return None if text is None else f"write {text}" if listed else f"write [{text}]"


def source(value: OptionValue, guest: OptionValue, listed: bool) -> str | None:
    """What to write in place of the source of a disk, which is a text."""
    if not is_plain(value) or not value.startswith("/"):
        return None
    option = "block" if value.startswith("/dev/") else "file"
    return f"in place of source, write {option}: {value}"


def dev(value: OptionValue, guest: OptionValue, listed: bool) -> str | None:
    """What to write in place of the name that a guest has for a disk."""
    return "did you mean 'target'?" if is_plain(value) and not value.startswith("/") else None


def encryption(value: OptionValue, guest: OptionValue, listed: bool) -> str | None:
    """What to write in place of the encryption of a disk, which is a word."""
    if value is False:
        return "leave it out for none"
    is_word = value is True or isinstance(value, str)
    return "write {format: luks, secrets: [{usage: NAME}]}, with the usage of a secret" if is_word else None


def interfaces(value: OptionValue, guest: OptionValue, listed: bool) -> str | None:
    """What to write in place of the name of a network that YAML takes for something else."""
    is_read = listed and isinstance(value, bool)
    return "YAML reads no, off, yes and on so: put it into quotes" if is_read else None


DHCP = "leave it out: a guest asks by itself, and ips[].dhcp of the network says which addresses there are"

FORMS: dict[str, OtherForm] = {
    "hostdevs": hostdevs,
    "disks.source": source,
    "disks.dev": dev,
    "disks.encryption": encryption,
    "interfaces": interfaces,
    "interfaces.dhcp": always(DHCP),
    "interfaces.dhcp4": always(DHCP),
}
"""By the path of an option, what tells how to write it."""
