# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the host in the guest (formatdomain.html, Host device assignment)."""

from __future__ import annotations

from ...._engine.converters import ANY_BASE, ON_OFF, PORT, PRESENCE, TEXT, UUID, YES_NO, Choice, Identifier
from ...._engine.rows import Field, Group, Row, Struct
from ...._engine.rows.variant import Variant
from ...shared.rows import HOSTDEV_DRIVER
from .common import AUTH, BOOT, PCI, ROM, device, place

TEAMING = Struct(
    "teaming",
    "teaming",
    (
        Field(
            "type",
            "@type",
            Choice("persistent", "transient"),
            "Part of the device in the pair (libvirt's teaming C(type)): V(persistent) stays at a migration,"
            " V(transient) is unplugged for it.",
        ),
        Field(
            "persistent",
            "@persistent",
            TEXT,
            "Alias of the persistent device of the pair (libvirt's teaming C(persistent)), such as V(ua-backup0).",
        ),
    ),
    "Pairs two network devices, which the guest takes for one, so that it can migrate with a host device (libvirt's"
    " C(teaming)).",
)

STARTUP_POLICY = Field(
    "startup_policy",
    "@startupPolicy",
    Choice("mandatory", "requisite", "optional"),
    "What to do when the device is missing (libvirt's C(startupPolicy)). V(mandatory) refuses to start; V(requisite)"
    " refuses at a boot, but goes on without it after a migration or restore; V(optional) always goes on without it.",
)

PCI_ADDRESS = Struct(
    "address",
    "address",
    PCI,
    "PCI address of the device on the host, as C(lspci -D) shows it (libvirt's source C(address)).",
    bare=True,
)

USB = (
    STARTUP_POLICY,
    Field(
        "guest_reset",
        "@guestReset",
        Choice("off", "uninitialized", "on"),
        "Whether the guest may reset the device (libvirt's C(guestReset)): V(off) never, V(on) always,"
        " V(uninitialized) only before the guest has set it up.",
    ),
    Field("vendor", "vendor@id", Identifier(4), "Vendor id of the device (libvirt's vendor C(id)), such as V(0x046d)."),
    Field(
        "product", "product@id", Identifier(4), "Product id of the device (libvirt's product C(id)), such as V(0x08b2)."
    ),
    Struct(
        "address",
        "address",
        (
            Field(
                "bus", "@bus", ANY_BASE, "Number of the USB bus on the host, as C(lsusb) shows it (libvirt's C(bus))."
            ),
            Field(
                "device",
                "@device",
                ANY_BASE,
                "Number of the device on the bus, as C(lsusb) shows it (libvirt's C(device)).",
            ),
            Field(
                "port",
                "@port",
                TEXT,
                "Port of the bus that the device is plugged into (libvirt's C(port)), such as V(1.2).",
            ),
        ),
        "USB address of the device on the host (libvirt's source C(address)).",
    ),
)

SCSI = (
    Field(
        "protocol",
        "@protocol",
        Choice("adapter", "iscsi"),
        "How the SCSI device is reached (libvirt's source C(protocol)): V(adapter) on the host, or V(iscsi) by QEMU"
        " itself.",
        default="adapter",
    ),
    Struct(
        "adapter",
        "adapter",
        (
            Field(
                "name",
                "@name",
                TEXT,
                "Name of the SCSI adapter on the host (libvirt's adapter C(name)), such as V(scsi_host0).",
            ),
        ),
        "SCSI adapter of the host that the device is on (libvirt's C(adapter)).",
    ),
    Struct(
        "address",
        "address",
        (
            place("bus", "@bus", "Number of the SCSI bus on the host (libvirt's address C(bus)).", ANY_BASE),
            place("target", "@target", "Number of the SCSI target on the bus (libvirt's address C(target)).", ANY_BASE),
            place(
                "unit", "@unit", "Number of the logical unit (LUN) at the target (libvirt's address C(unit)).", ANY_BASE
            ),
        ),
        "SCSI address of the device on the host (libvirt's source C(address)).",
        bare=True,
    ),
    Field(
        "name",
        "@name",
        TEXT,
        "Name of the iSCSI target and its unit (libvirt's source C(name)), such as V(iqn.2026-01.com.example:disk/1).",
    ),
    Group(
        "hosts",
        "host",
        (
            Field("name", "@name", TEXT, "Host name or address of the iSCSI server (libvirt's host C(name))."),
            Field(
                "port",
                "@port",
                PORT,
                "Port of the iSCSI server (libvirt's host C(port)), such as V(3260).",
                filled=True,
            ),
        ),
        "Server that the iSCSI device is on (libvirt's C(host)).",
    ),
    AUTH,
    Field(
        "initiator",
        "initiator/iqn@name",
        TEXT,
        "Name of the host as an iSCSI initiator (libvirt's C(initiator iqn)), such as V(iqn.2026-01.com.example:kvm1).",
    ),
)


def source(*fields: Row) -> Struct:
    """What it is on the host."""
    return Struct("source", "source", fields, "Device on the host that the guest gets (libvirt's C(source)).")


NETWORK_SOURCE = Struct(
    "source",
    "source",
    (
        Field(
            "missing",
            "@missing",
            YES_NO,
            "Whether the guest started without the device (libvirt's C(missing)). libvirt reports it.",
        ),
        Field(
            "vendor", "vendor@id", Identifier(4), "Vendor id of the device (libvirt's vendor C(id)), such as V(0x046d)."
        ),
        Field(
            "product",
            "product@id",
            Identifier(4),
            "Product id of the device (libvirt's product C(id)), such as V(0x08b2).",
        ),
        Struct(
            "address",
            "address",
            (
                Variant(
                    "@type",
                    {
                        "pci": PCI,
                        "usb": (
                            place(
                                "bus",
                                "@bus",
                                "Number of the bus on the host that the device is on (libvirt's C(bus)).",
                                ANY_BASE,
                            ),
                            place(
                                "device",
                                "@device",
                                "Number of the device on the bus (libvirt's C(device)), as C(lsusb) shows it.",
                                ANY_BASE,
                            ),
                        ),
                    },
                    optional=True,
                    type=Field(
                        "type",
                        "@type",
                        Choice("pci", "usb"),
                        "Kind of bus on the host that the device is on (libvirt's address C(type)).",
                    ),
                ),
            ),
            "Address of the device on the host (libvirt's source C(address)).",
        ),
    ),
    "Network device of the host that the guest gets (libvirt's C(source)).",
)

DISPLAY = (
    Field(
        "display",
        "@display",
        ON_OFF,
        "Whether a graphics device shows on the guest's display (libvirt's C(display)).",
        filled=True,
    ),
    Field(
        "ramfb",
        "@ramfb",
        ON_OFF,
        "Whether the graphics device can show the guest's start, from the firmware on (libvirt's C(ramfb)).",
    ),
)

HOSTDEV = (
    Field(
        "mode",
        "@mode",
        Choice("subsystem", "capabilities"),
        "How the device is handed over (libvirt's hostdev C(mode)): V(subsystem) for virtual machines, V(capabilities)"
        " for containers.",
        default="subsystem",
    ),
    Variant(
        "@type",
        {
            "pci": (
                source(
                    STARTUP_POLICY,
                    Field(
                        "write_filtering",
                        "@writeFiltering",
                        YES_NO,
                        "Whether Xen filters what the guest writes into the device's configuration (libvirt's"
                        " C(writeFiltering)).",
                    ),
                    PCI_ADDRESS,
                ),
                HOSTDEV_DRIVER,
                TEAMING,
                *DISPLAY,
            ),
            "usb": (source(*USB),),
            "scsi": (
                source(*SCSI),
                Field(
                    "rawio",
                    "@rawio",
                    YES_NO,
                    "Whether the guest gets the privilege to send raw SCSI commands (libvirt's C(rawio)).",
                ),
                Field(
                    "sgio",
                    "@sgio",
                    Choice("filtered", "unfiltered"),
                    "Whether the kernel filters SCSI commands of the guest (libvirt's C(sgio)).",
                ),
            ),
            "scsi_host": (
                source(
                    Field(
                        "protocol",
                        "@protocol",
                        Choice("vhost"),
                        "How the adapter is reached (libvirt's source C(protocol)), which is always V(vhost).",
                        new="vhost",
                        filled=True,
                    ),
                    Field(
                        "wwpn",
                        "@wwpn",
                        TEXT,
                        "World wide port name of the vhost-scsi target (libvirt's source C(wwpn)), such as"
                        " V(naa.5123456789abcde0).",
                    ),
                ),
                Field(
                    "model",
                    "@model",
                    TEXT,
                    "Model that the guest sees (libvirt's hostdev C(model)), such as V(virtio-transitional).",
                    filled=True,
                ),
            ),
            "mdev": (
                source(
                    Field(
                        "uuid",
                        "address@uuid",
                        UUID,
                        "UUID of the mediated device on the host (libvirt's address C(uuid)), such as a virtual GPU.",
                    )
                ),
                Field(
                    "model",
                    "@model",
                    TEXT,
                    "Kind of mediated device that the guest sees (libvirt's hostdev C(model)), such as V(vfio-pci).",
                    filled=True,
                ),
                *DISPLAY,
            ),
            "storage": (
                source(
                    Field(
                        "block",
                        "block",
                        TEXT,
                        "Path of a block device on the host (libvirt's source C(block)), for containers.",
                    )
                ),
            ),
            "misc": (
                source(
                    Field(
                        "char",
                        "char",
                        TEXT,
                        "Path of a character device on the host (libvirt's source C(char)), for containers.",
                    )
                ),
            ),
            "net": (
                source(
                    Field(
                        "interface",
                        "interface",
                        TEXT,
                        "Name of a network device of the host (libvirt's source C(interface)), for containers.",
                    )
                ),
            ),
        },
        type=Field(
            "type",
            "@type",
            Choice("pci", "usb", "scsi", "scsi_host", "mdev", "storage", "misc", "net"),
            "Kind of host device (libvirt's hostdev C(type)), such as V(pci) or V(usb); V(storage), V(misc) and V(net)"
            " are for containers.",
        ),
    ),
    Field(
        "managed",
        "@managed",
        YES_NO,
        "Whether libvirt detaches the device from the host when the guest starts, and gives it back later (libvirt's"
        " C(managed)).",
        default=False,
    ),
    Field(
        "readonly",
        "readonly",
        PRESENCE,
        "Whether the guest can only read the device (libvirt's C(readonly)), for SCSI.",
        default=False,
    ),
    Field(
        "shareable",
        "shareable",
        PRESENCE,
        "Whether several guests may have the device at the same time (libvirt's C(shareable)), for SCSI.",
        default=False,
    ),
    ROM,
    BOOT,
    *device("type"),
)
