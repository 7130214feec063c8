# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of the host in the guest (formatdomain.html, Host device assignment)."""

from __future__ import annotations

from ...._engine.converters import NATURAL, ON_OFF, PORT, PRESENCE, TEXT, UUID, YES_NO, Choice, Identifier
from ...._engine.rows import Field, Group, Row, Struct
from ...._engine.rows.variant import Variant
from ...shared.rows import HOSTDEV_DRIVER
from .common import AUTH, BOOT, DEVICE, PCI, ROM, place

TEAMING = Struct(
    "teaming",
    "teaming",
    (
        Field("type", "@type", Choice("persistent", "transient"), "Whether it is the one that stays, or that goes."),
        Field("persistent", "@persistent", TEXT, "The alias of the one that stays."),
    ),
    "Two network devices that the guest takes for one, to migrate with a host device.",
)

STARTUP_POLICY = Field(
    "startup_policy",
    "@startupPolicy",
    Choice("mandatory", "requisite", "optional"),
    "Whether the guest starts without it.",
)

PCI_ADDRESS = Struct("address", "address", PCI, "The PCI address on the host.", bare=True)

USB = (
    STARTUP_POLICY,
    Field("guest_reset", "@guestReset", Choice("off", "uninitialized", "on"), "Whether the guest can reset it."),
    Field("vendor", "vendor@id", Identifier(4), "The vendor, such as V(0x046d)."),
    Field("product", "product@id", Identifier(4), "The product, such as V(0x08b2)."),
    Struct(
        "address",
        "address",
        (
            Field("bus", "@bus", NATURAL, "The bus on the host."),
            Field("device", "@device", NATURAL, "The device on the bus."),
            Field("port", "@port", TEXT, "The port of the bus."),
        ),
        "The USB address on the host.",
    ),
)

SCSI = (
    Field("protocol", "@protocol", Choice("adapter", "iscsi"), "How it is reached.", default="adapter"),
    Struct(
        "adapter",
        "adapter",
        (Field("name", "@name", TEXT, "The adapter of the host, such as V(scsi_host0)."),),
        "The adapter on the host.",
    ),
    Struct(
        "address",
        "address",
        (
            place("bus", "@bus", "The bus on the host."),
            place("target", "@target", "The target of the bus."),
            place("unit", "@unit", "The unit of the target."),
        ),
        "The SCSI address on the host.",
        bare=True,
    ),
    Field("name", "@name", TEXT, "The iSCSI target and unit."),
    Group(
        "hosts",
        "host",
        (
            Field("name", "@name", TEXT, "The name or address of the server."),
            Field("port", "@port", PORT, "The port.", filled=True),
        ),
        "The iSCSI server.",
    ),
    AUTH,
    Field("initiator", "initiator/iqn@name", TEXT, "The name of the host as an iSCSI initiator."),
)


def source(*fields: Row) -> Struct:
    """What it is on the host."""
    return Struct("source", "source", fields, "What it is on the host.")


NETWORK_SOURCE = Struct(
    "source",
    "source",
    (
        Field("missing", "@missing", YES_NO, "Whether the device may be missing."),
        Field("vendor", "vendor@id", Identifier(4), "The vendor, such as V(0x046d)."),
        Field("product", "product@id", Identifier(4), "The product, such as V(0x08b2)."),
        Struct(
            "address",
            "address",
            (
                Variant(
                    "@type",
                    {
                        "pci": PCI,
                        "usb": (
                            place("bus", "@bus", "The bus: the index of the controller, or the bus of the device."),
                            place("device", "@device", "The device on the bus."),
                        ),
                    },
                    optional=True,
                    type=Field("type", "@type", Choice("pci", "usb"), "The kind of bus on the host."),
                ),
            ),
            "The address on the host.",
        ),
    ),
    "The network device of the host that the guest gets.",
)

DISPLAY = (
    Field("display", "@display", ON_OFF, "Whether a graphics device shows in the guest's display.", filled=True),
    Field("ramfb", "@ramfb", ON_OFF, "Whether the firmware has a display on it."),
)

HOSTDEV = (
    Field(
        "mode", "@mode", Choice("subsystem", "capabilities"), "Virtual machines take V(subsystem).", default="subsystem"
    ),
    Variant(
        "@type",
        {
            "pci": (
                source(
                    STARTUP_POLICY,
                    Field(
                        "write_filtering", "@writeFiltering", YES_NO, "Whether Xen filters writes to its configuration."
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
                Field("rawio", "@rawio", YES_NO, "Whether it may use raw SCSI commands."),
                Field("sgio", "@sgio", Choice("filtered", "unfiltered"), "Whether raw SCSI commands are filtered."),
            ),
            "scsi_host": (
                source(
                    Field("protocol", "@protocol", Choice("vhost"), "How it is reached.", new="vhost", filled=True),
                    Field("wwpn", "@wwpn", TEXT, "The world wide port name, such as V(naa.5123456789abcde0)."),
                ),
                Field("model", "@model", TEXT, "The model that the guest sees.", filled=True),
            ),
            "mdev": (
                source(Field("uuid", "address@uuid", UUID, "The UUID of the mediated device.")),
                Field("model", "@model", TEXT, "The model that the guest sees.", filled=True),
                *DISPLAY,
            ),
            "storage": (source(Field("block", "block", TEXT, "A block device, for containers.")),),
            "misc": (source(Field("char", "char", TEXT, "A character device, for containers.")),),
            "net": (source(Field("interface", "interface", TEXT, "A network device, for containers.")),),
        },
        type=Field(
            "type",
            "@type",
            Choice("pci", "usb", "scsi", "scsi_host", "mdev", "storage", "misc", "net"),
            "The kind of device.",
        ),
    ),
    Field("managed", "@managed", YES_NO, "Whether libvirt takes it from the host and gives it back.", default=False),
    Field("readonly", "readonly", PRESENCE, "Whether the guest can only read it.", default=False),
    Field("shareable", "shareable", PRESENCE, "Whether several guests may have it.", default=False),
    ROM,
    BOOT,
    *DEVICE,
)
