# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that many devices share: addresses, aliases, boot order, virtio drivers, security labels."""

from __future__ import annotations

import dataclasses

from ...._engine.converters import (
    CPUSET,
    NATURAL,
    NUMBER,
    ON_OFF,
    TEXT,
    UUID,
    YES_NO,
    Choice,
    Converter,
    Integer,
    Number,
    Size,
)
from ...._engine.rows import Field, Group, Row, Struct
from ...._engine.rows.variant import Variant
from ...shared.rows import IMAGE_FORMATS

__all__ = ["CPUSET", "DEVICE", "PASSPHRASE"]

HEXADECIMAL = Number(base=16)
"""Numbers that libvirt reads in base 16, whether ``0x`` is before them or not."""

BYTES = Size("b", minimum=0)
"""Amounts of which libvirt's XML counts bytes where it names no unit."""


def plain(name: str, tag: str, doc: str) -> Field:
    """A Boolean in the attribute ``state`` of an element: on or off."""
    return Field(name, f"{tag}@state", ON_OFF, doc)


def number(name: str, path: str, doc: str, width: int = 1) -> Field:
    """A number of an address that libvirt writes in base 16, and takes for 0 where it is missing."""
    return Field(name, path, Number(width), doc, default=0)


def place(name: str, path: str, doc: str, type_: Converter = NATURAL) -> Field:
    """A number of an address that libvirt writes in base 10, and takes for 0 where it is missing.

    Its schema does not: it asks for most of them.
    """
    return Field(name, path, type_, doc, default=0, must=True)


MULTIFUNCTION = Field(
    "multifunction",
    "@multifunction",
    ON_OFF,
    "Whether the PCI slot holds several functions (libvirt's C(multifunction)). Set it at function 0 where other"
    " functions of the slot are used.",
    filled=True,
)

PCI = (
    number("domain", "@domain", "Number of the PCI domain (libvirt's C(domain)), such as V(0x0000).", 4),
    Field(
        "bus",
        "@bus",
        Number(2),
        "Number of the bus (libvirt's C(bus)). For a PCI or USB device of the guest it is the index of its controller;"
        " for a device of the host, the bus that C(lspci) or C(lsusb) shows.",
        filled=True,
    ),
    Field(
        "slot",
        "@slot",
        Number(2),
        "Number of the slot on the bus (libvirt's C(slot)). PCI has V(0x00) to V(0x1f).",
        filled=True,
    ),
    number(
        "function", "@function", "Number of the function in a PCI slot (libvirt's C(function)), from V(0x0) to V(0x7)."
    ),
    MULTIFUNCTION,
)
"""Attributes of a PCI address."""

CONTROLLER = place(
    "controller",
    "@controller",
    "Index of the controller that the device is attached to (libvirt's C(controller)). The first one is V(0).",
)
BUS = place(
    "bus",
    "@bus",
    "Number of the bus at the controller (libvirt's C(bus)), most often V(0). For a USB device it is the index of the"
    " USB controller.",
)

ADDRESS_KIND = Variant(
    "@type",
    {
        "pci": (
            *PCI,
            Struct(
                "zpci",
                "zpci",
                (
                    Field(
                        "uid",
                        "@uid",
                        Number(4),
                        "User-defined identifier of a PCI device on S390 (libvirt's C(uid)), such as V(0x0001).",
                        filled=True,
                    ),
                    Field(
                        "fid",
                        "@fid",
                        Number(8),
                        "Function identifier of a PCI device on S390 (libvirt's C(fid)), such as V(0x00000001).",
                        filled=True,
                    ),
                ),
                "Identifiers of a PCI device in a guest on S390 (libvirt's C(zpci)).",
            ),
        ),
        "drive": (
            CONTROLLER,
            BUS,
            place("target", "@target", "Number of the SCSI target on the bus (libvirt's C(target)), most often V(0)."),
            place("unit", "@unit", "Number of the logical unit (LUN), or the position on the bus (libvirt's C(unit))."),
        ),
        "virtio-serial": (
            CONTROLLER,
            BUS,
            Field(
                "port",
                "@port",
                TEXT,
                "Number of the port at the controller (libvirt's C(port)), such as V(1). A USB port behind a hub is"
                " V(1.2).",
                filled=True,
            ),
        ),
        "ccid": (
            CONTROLLER,
            place("slot", "@slot", "Number of the slot in the smart card reader (libvirt's C(slot))."),
        ),
        "usb": (
            BUS,
            Field(
                "port",
                "@port",
                TEXT,
                "Number of the USB port at the controller (libvirt's C(port)), such as V(1). A port behind a hub is"
                " V(1.2).",
                filled=True,
            ),
        ),
        "spapr-vio": (
            Field(
                "reg",
                "@reg",
                HEXADECIMAL,
                "Register address of a virtual device on POWER (libvirt's C(reg)), such as V(0x1000).",
                filled=True,
            ),
        ),
        "ccw": (
            Field(
                "cssid",
                "@cssid",
                NUMBER,
                "Number of the channel subsystem on S390 (libvirt's C(cssid)). Virtual devices have V(0xfe).",
                filled=True,
            ),
            Field(
                "ssid",
                "@ssid",
                NUMBER,
                "Number of the subchannel set on S390 (libvirt's C(ssid)), from V(0x0) to V(0x3).",
                filled=True,
            ),
            Field(
                "devno",
                "@devno",
                Number(4),
                "Device number on S390 (libvirt's C(devno)), such as V(0x0001).",
                filled=True,
            ),
        ),
        "isa": (
            Field(
                "iobase",
                "@iobase",
                HEXADECIMAL,
                "First I/O port of an ISA device (libvirt's C(iobase)), such as V(0x3f8).",
                filled=True,
            ),
            Field(
                "irq",
                "@irq",
                HEXADECIMAL,
                "Interrupt number of an ISA device (libvirt's C(irq)), such as V(0x4).",
                filled=True,
            ),
        ),
        "dimm": (
            Field(
                "slot",
                "@slot",
                NATURAL,
                "Number of the memory slot that the device takes (libvirt's C(slot)).",
                filled=True,
            ),
            Field(
                "base",
                "@base",
                HEXADECIMAL,
                "Address in the guest's memory where a memory device starts (libvirt's C(base)), such as"
                " V(0x100000000).",
                filled=True,
            ),
        ),
        "virtio-mmio": (),
        "virtio-s390": (),
        "unassigned": (),
    },
    optional=True,
    type=Field(
        "type",
        "@type",
        Choice(
            "pci",
            "drive",
            "virtio-serial",
            "ccid",
            "usb",
            "spapr-vio",
            "ccw",
            "isa",
            "dimm",
            "virtio-mmio",
            "virtio-s390",
            "unassigned",
        ),
        "Kind of bus that the address is on (libvirt's address C(type)).",
        filled=True,
    ),
)

ADDRESS = Struct(
    "address",
    "address",
    (ADDRESS_KIND,),
    "Place of the device on the guest's buses (libvirt's C(address)). libvirt picks a free one where it is left out.",
    filled=True,
    allotted=True,
    belongs=("bus", "target.type"),
)
ALIAS = Field(
    "alias",
    "alias@name",
    TEXT,
    "Name of your own for the device (libvirt's C(alias)). It starts with V(ua-), such as V(ua-data).",
)
ACPI_INDEX = Field(
    "acpi_index",
    "acpi@index",
    Integer(1),
    "Index of a PCI device in the guest's ACPI tables (libvirt's C(acpi index)). Linux names a network card after it,"
    " such as C(eno1) for V(1).",
)

DEVICE = (ALIAS, ACPI_INDEX, ADDRESS)
"""What every device can have."""


def device(kind: str) -> tuple[Row, ...]:
    """What a device can have whose place depends on what it is.

    :param kind: the option that says what it is
    """
    return (ALIAS, ACPI_INDEX, dataclasses.replace(ADDRESS, belongs=(kind,)))


BOOT = Struct(
    "boot",
    "boot",
    (
        Field(
            "order",
            "@order",
            NATURAL,
            "Position of the device in the boot order (libvirt's C(boot order)). The firmware tries V(1) first.",
        ),
        Field(
            "loadparm",
            "@loadparm",
            TEXT,
            "Boot entry to load on S390 (libvirt's C(loadparm)), up to eight characters, such as V(2).",
        ),
    ),
    "Makes the guest boot from this device (libvirt's C(boot) of a device). Use it in place of O(config[].boot), not"
    " together with it.",
)

VIRTIO = (
    Field(
        "iommu", "@iommu", ON_OFF, "Whether a virtio device uses the guest's virtual IOMMU (libvirt's driver C(iommu))."
    ),
    Field(
        "ats",
        "@ats",
        ON_OFF,
        "Whether a virtio device supports Address Translation Service on PCIe (libvirt's driver C(ats)).",
    ),
    Field(
        "packed", "@packed", ON_OFF, "Whether a virtio device may use packed virtqueues (libvirt's driver C(packed))."
    ),
    Field(
        "page_per_vq",
        "@page_per_vq",
        ON_OFF,
        "Whether each queue of a virtio device has a memory page of its own for notifications (libvirt's driver"
        " C(page_per_vq)). It is meant for vDPA.",
    ),
)
"""Options of every virtio driver."""

DRIVER = Struct("driver", "driver", VIRTIO, "Options of virtio for the device (libvirt's C(driver)).")

VIRTIO_MODEL = Choice("virtio", "virtio-transitional", "virtio-non-transitional")

LABELS = Group(
    "seclabels",
    "seclabel",
    (
        Field(
            "model",
            "@model",
            TEXT,
            "Security driver that the label is for (libvirt's C(model)), such as V(selinux), V(apparmor) or V(dac).",
        ),
        Field(
            "relabel",
            "@relabel",
            YES_NO,
            "Whether libvirt labels the file so that the guest may use it (libvirt's C(relabel)).",
            filled=True,
        ),
        Field(
            "labelskip",
            "@labelskip",
            YES_NO,
            "Whether libvirt skipped the label because the file system takes none (libvirt's C(labelskip)). libvirt"
            " notes this itself.",
        ),
        Field(
            "label",
            "label",
            TEXT,
            "Security label to give the file (libvirt's C(label)), such as V(system_u:object_r:svirt_image_t:s0).",
        ),
    ),
    "Security labels of what the device uses on the host, where they differ from those of the guest (libvirt's"
    " C(seclabel)).",
    keys=("model",),
)

RECONNECT = Struct(
    "reconnect",
    "reconnect",
    (
        Field(
            "enabled",
            "@enabled",
            YES_NO,
            "Whether to connect again after the connection is lost (libvirt's C(enabled)).",
            filled=True,
        ),
        Field(
            "timeout", "@timeout", NATURAL, "Seconds to wait between two attempts to connect (libvirt's C(timeout))."
        ),
        Field(
            "delay",
            "@delay",
            NATURAL,
            "Seconds that requests wait for a new connection (libvirt's C(delay)), for a disk on an NBD server.",
        ),
    ),
    "What to do when the connection to the server or socket is lost (libvirt's C(reconnect)).",
)

SECRET_KEY = (
    Field(
        "uuid", "@uuid", UUID, "UUID of the libvirt secret that holds the passphrase. C(virsh secret-list) shows it."
    ),
    Field(
        "usage",
        "@usage",
        TEXT,
        "Usage name of the libvirt secret that holds the passphrase (libvirt's C(usage)), in place of its UUID.",
    ),
)
"""How a libvirt secret is named: by one of two."""

AUTH = Struct(
    "auth",
    "auth",
    (
        Field("username", "@username", TEXT, "User name to log in to the server with (libvirt's C(username))."),
        Field(
            "type",
            "secret@type",
            TEXT,
            "Kind of the libvirt secret that holds the password (libvirt's C(type)), such as V(ceph) or V(iscsi).",
        ),
        Field(
            "uuid",
            "secret@uuid",
            UUID,
            "UUID of the libvirt secret that holds the password. C(virsh secret-list) shows it.",
        ),
        Field(
            "usage",
            "secret@usage",
            TEXT,
            "Usage name of the libvirt secret that holds the password (libvirt's C(usage)), in place of its UUID.",
        ),
    ),
    "Login of the host at the storage server (libvirt's C(auth)). The password is in a libvirt secret.",
)

PASSPHRASE = (
    Field(
        "type",
        "@type",
        Choice("passphrase"),
        "Kind of the libvirt secret (libvirt's C(type)), which is always V(passphrase).",
        new="passphrase",
        filled=True,
    ),
    *SECRET_KEY,
)

ENCRYPTION = Struct(
    "encryption",
    "encryption",
    (
        Field(
            "format",
            "@format",
            Choice("default", "qcow", "luks", "luks2", "luks-any"),
            "Format of the encryption (libvirt's C(format)), such as V(luks).",
        ),
        Field(
            "engine",
            "@engine",
            Choice("qemu", "librbd"),
            "Program that encrypts and decrypts the image (libvirt's C(engine)): V(qemu), or V(librbd) for an image in"
            " Ceph.",
            filled=True,
        ),
        Group(
            "secrets",
            "secret",
            PASSPHRASE,
            "Libvirt secrets that hold the passphrase of the image (libvirt's C(secret)).",
            keys=("uuid", "usage"),
        ),
        Struct(
            "cipher",
            "cipher",
            (
                Field("name", "@name", TEXT, "Algorithm of the cipher (libvirt's C(name)), such as V(aes)."),
                Field("size", "@size", NATURAL, "Length of the key in bits (libvirt's C(size)), such as V(256)."),
                Field("mode", "@mode", TEXT, "Mode of the cipher (libvirt's C(mode)), such as V(xts)."),
                Field(
                    "hash", "@hash", TEXT, "Hash algorithm for the master key (libvirt's C(hash)), such as V(sha256)."
                ),
            ),
            "Cipher that encrypts the image (libvirt's C(cipher)).",
        ),
        Struct(
            "ivgen",
            "ivgen",
            (
                Field(
                    "name",
                    "@name",
                    TEXT,
                    "Algorithm that makes the initialization vectors (libvirt's C(name)), such as V(plain64).",
                ),
                Field("hash", "@hash", TEXT, "Hash algorithm of the generator (libvirt's C(hash)), such as V(sha256)."),
            ),
            "Generator of initialization vectors for the cipher (libvirt's C(ivgen)).",
        ),
    ),
    "Encryption of the image and its passphrase (libvirt's C(encryption)).",
)

ROM = Struct(
    "rom",
    "rom",
    (
        Field("enabled", "@enabled", YES_NO, "Whether the guest sees a boot ROM (libvirt's rom C(enabled))."),
        Field("bar", "@bar", ON_OFF, "Whether the boot ROM shows in the guest's memory map (libvirt's rom C(bar))."),
        Field(
            "file",
            "@file",
            TEXT,
            "Path of a file on the host that holds the boot ROM (libvirt's rom C(file)), such as"
            " V(/etc/fake/boot.bin).",
        ),
    ),
    "Boot ROM of a PCI device (libvirt's C(rom)), such as the PXE code of a network card.",
)

FORMATS = Choice(*IMAGE_FORMATS)
"""Formats of images."""
