# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that many devices share: addresses, aliases, boot order, virtio drivers, security labels."""

from __future__ import annotations

from ...._engine.converters import CPUSET, NATURAL, NUMBER, ON_OFF, TEXT, UUID, YES_NO, Choice, Number, Size
from ...._engine.rows import Field, Group, Struct
from ...._engine.rows.variant import Variant
from ...shared.rows import IMAGE_FORMATS

__all__ = ["CPUSET", "DEVICE", "PASSPHRASE"]

BYTES = Size("b", minimum=0)
"""Amounts of which libvirt's XML counts bytes where it names no unit."""


def plain(name: str, tag: str, doc: str) -> Field:
    """A Boolean in the attribute ``state`` of an element: on or off."""
    return Field(name, f"{tag}@state", ON_OFF, doc)


def number(name: str, path: str, doc: str, width: int = 1) -> Field:
    """A number of an address that libvirt writes in base 16, and takes for 0 where it is missing."""
    return Field(name, path, Number(width), doc, default=0)


def place(name: str, path: str, doc: str) -> Field:
    """A number of an address that libvirt writes in base 10, and takes for 0 where it is missing.

    Its schema does not: it asks for most of them.
    """
    return Field(name, path, NATURAL, doc, default=0, must=True)


MULTIFUNCTION = Field("multifunction", "@multifunction", ON_OFF, "Whether the slot has more functions.", filled=True)

PCI = (
    number("domain", "@domain", "The PCI domain.", 4),
    Field("bus", "@bus", Number(2), "The bus: the index of the controller, or the bus of the device.", filled=True),
    Field("slot", "@slot", Number(2), "The slot of the bus.", filled=True),
    number("function", "@function", "The function of the slot."),
    MULTIFUNCTION,
)
"""Attributes of a PCI address."""

CONTROLLER = place("controller", "@controller", "The index of the controller.")
BUS = place("bus", "@bus", "The bus: the index of the controller, or the bus of the device.")

ADDRESS_KIND = Variant(
    "@type",
    {
        "pci": (
            *PCI,
            Struct(
                "zpci",
                "zpci",
                (
                    Field("uid", "@uid", Number(4), "The user-defined identity.", filled=True),
                    Field("fid", "@fid", Number(8), "The function's identity.", filled=True),
                ),
                "Identities of a PCI device on S390.",
            ),
        ),
        "drive": (
            CONTROLLER,
            BUS,
            place("target", "@target", "The target of the bus."),
            place("unit", "@unit", "The unit of the bus or target."),
        ),
        "virtio-serial": (CONTROLLER, BUS, Field("port", "@port", TEXT, "The port of the bus.", filled=True)),
        "ccid": (CONTROLLER, place("slot", "@slot", "The slot of the bus.")),
        "usb": (BUS, Field("port", "@port", TEXT, "The port of the bus.", filled=True)),
        "spapr-vio": (Field("reg", "@reg", NUMBER, "The register of a virtual device on POWER.", filled=True),),
        "ccw": (
            Field("cssid", "@cssid", NUMBER, "The channel subsystem on S390.", filled=True),
            Field("ssid", "@ssid", NUMBER, "The subchannel set on S390.", filled=True),
            Field("devno", "@devno", Number(4), "The device number on S390.", filled=True),
        ),
        "isa": (
            Field("iobase", "@iobase", NUMBER, "The first input and output port.", filled=True),
            Field("irq", "@irq", NUMBER, "The interrupt.", filled=True),
        ),
        "dimm": (
            Field("slot", "@slot", NATURAL, "The slot of the bus.", filled=True),
            Field("base", "@base", NUMBER, "The guest address at which a memory device starts.", filled=True),
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
        "The kind of bus.",
        filled=True,
    ),
)

ADDRESS = Struct("address", "address", (ADDRESS_KIND,), "Where it is on the guest's buses.", filled=True, allotted=True)
ALIAS = Field("alias", "alias@name", TEXT, "A name of your own for the device, which starts with V(ua-).")
ACPI_INDEX = Field("acpi_index", "acpi@index", NATURAL, "The index by which firmware tells it, for stable names.")

DEVICE = (ALIAS, ACPI_INDEX, ADDRESS)
"""What every device can have."""

BOOT = Struct(
    "boot",
    "boot",
    (
        Field("order", "@order", NATURAL, "Its place in the order in which devices are tried; the first is 1."),
        Field("loadparm", "@loadparm", TEXT, "The boot entry to take, on S390."),
    ),
    "Booting from this device, in place of the domain's O(config[].boot).",
)

VIRTIO = (
    Field("iommu", "@iommu", ON_OFF, "Whether a virtio device goes through the guest's IOMMU."),
    Field("ats", "@ats", ON_OFF, "Whether a virtio device has address translation services."),
    Field("packed", "@packed", ON_OFF, "Whether a virtio device may use packed queues."),
    Field(
        "page_per_vq", "@page_per_vq", ON_OFF, "Whether each queue of a virtio device notifies on a page of its own."
    ),
)
"""Options of every virtio driver."""

DRIVER = Struct("driver", "driver", VIRTIO, "How the host runs the device.")

VIRTIO_MODEL = Choice("virtio", "virtio-transitional", "virtio-non-transitional")

LABELS = Group(
    "seclabels",
    "seclabel",
    (
        Field("model", "@model", TEXT, "The security driver, such as V(selinux), V(apparmor) or V(dac)."),
        Field("relabel", "@relabel", YES_NO, "Whether libvirt labels the file for the guest.", filled=True),
        Field("labelskip", "@labelskip", YES_NO, "Whether labelling was left out."),
        Field("label", "label", TEXT, "The label to give it."),
    ),
    "How security drivers label what it uses, where not as the domain.",
    keys=("model",),
)

RECONNECT = Struct(
    "reconnect",
    "reconnect",
    (
        Field("enabled", "@enabled", YES_NO, "Whether to connect again.", filled=True),
        Field("timeout", "@timeout", NATURAL, "Seconds between two attempts."),
        Field("delay", "@delay", NATURAL, "Seconds in which requests wait for the connection."),
    ),
    "What happens when the connection is lost.",
)

SECRET_KEY = (
    Field("uuid", "@uuid", UUID, "The UUID of the libvirt secret."),
    Field("usage", "@usage", TEXT, "The usage name of the libvirt secret."),
)
"""How a libvirt secret is named: by one of two."""

AUTH = Struct(
    "auth",
    "auth",
    (
        Field("username", "@username", TEXT, "The user name."),
        Field("type", "secret@type", TEXT, "The kind of secret, such as V(ceph) or V(iscsi)."),
        Field("uuid", "secret@uuid", UUID, "The UUID of the libvirt secret."),
        Field("usage", "secret@usage", TEXT, "The usage name of the libvirt secret."),
    ),
    "Who the host says it is; the password is in a libvirt secret.",
)

PASSPHRASE = (
    Field("type", "@type", Choice("passphrase"), "The kind of secret.", new="passphrase", filled=True),
    *SECRET_KEY,
)

ENCRYPTION = Struct(
    "encryption",
    "encryption",
    (
        Field("format", "@format", Choice("default", "qcow", "luks", "luks2", "luks-any"), "The format."),
        Field("engine", "@engine", Choice("qemu", "librbd"), "What decrypts it.", filled=True),
        Group("secrets", "secret", PASSPHRASE, "The libvirt secrets that open it.", keys=("uuid", "usage")),
        Struct(
            "cipher",
            "cipher",
            (
                Field("name", "@name", TEXT, "The cipher, such as V(aes)."),
                Field("size", "@size", NATURAL, "Bits of the key."),
                Field("mode", "@mode", TEXT, "The mode, such as V(xts)."),
                Field("hash", "@hash", TEXT, "The hash, such as V(sha256)."),
            ),
            "The cipher.",
        ),
        Struct(
            "ivgen",
            "ivgen",
            (
                Field("name", "@name", TEXT, "The method, such as V(plain64)."),
                Field("hash", "@hash", TEXT, "The hash, such as V(sha256)."),
            ),
            "How initial vectors come about.",
        ),
    ),
    "How the image is encrypted.",
)

ROM = Struct(
    "rom",
    "rom",
    (
        Field("enabled", "@enabled", YES_NO, "Whether the guest sees a boot ROM."),
        Field("bar", "@bar", ON_OFF, "Whether it is visible in the guest's memory."),
        Field("file", "@file", TEXT, "A file on the host that holds it."),
    ),
    "The boot ROM of a PCI device.",
)

FORMATS = Choice(*IMAGE_FORMATS)
"""Formats of images."""
