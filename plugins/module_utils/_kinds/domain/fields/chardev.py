# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serial ports, consoles, channels and what else is a stream of characters (formatdomain.html, Consoles)."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...._engine.converters import NATURAL, ON_OFF, TEXT, YES_NO, Choice
from ...._engine.rows import Field, Row, Struct
from ...._engine.rows.variant import Variant
from .common import BOOT, DEVICE, LABELS, RECONNECT

KINDS = (
    "pty",
    "file",
    "null",
    "stdio",
    "dev",
    "pipe",
    "unix",
    "tcp",
    "udp",
    "vc",
    "spicevmc",
    "spiceport",
    "nmdm",
    "qemu-vdagent",
    "dbus",
)

WHERE = Field("path", "source@path", TEXT, "The file, device or socket on the host.")
APPEND = Field("append", "source@append", ON_OFF, "Whether the file is kept when the guest starts.")
MODE = Field("mode", "source@mode", Choice("connect", "bind"), "Whether to connect, or to listen.", filled=True)
TLS = Field("tls", "source@tls", YES_NO, "Whether the connection is encrypted.")
HOST = Field("host", "source@host", TEXT, "The name or address.")
SERVICE = Field("service", "source@service", TEXT, "The port.")
CHANNEL = Field("channel", "source@channel", TEXT, "The name of the channel.", filled=True)
SOURCE = Struct("source", "source", (LABELS,), "What else there is to say of the file.")
SOCKET = Struct("source", "source", (RECONNECT, LABELS), "What else there is to say of the socket.")

LOG = Struct(
    "log",
    "log",
    (
        Field("file", "@file", TEXT, "The file.", required=True),
        Field("append", "@append", ON_OFF, "Whether the file is kept when the guest starts."),
    ),
    "A file on the host that what the guest writes goes to as well.",
)


def chardev(*, new: str | None = None, path: str = "@type") -> tuple[Row, ...]:
    """Where a stream of characters leads on the host.

    :param new: the kind of a new one
    :param path: where its kind stands
    """
    kind = Choice(*KINDS)
    doc = "Where it leads on the host."
    chosen = Field("type", path, kind, doc) if new is None else Field("type", path, kind, doc, new=new, filled=True)
    return (
        Variant(
            path,
            {
                "pty": (WHERE,),
                "dev": (WHERE, SOURCE),
                "file": (WHERE, APPEND, SOURCE),
                "pipe": (WHERE, SOURCE),
                "unix": (WHERE, MODE, TLS, SOCKET),
                "tcp": (
                    HOST,
                    SERVICE,
                    MODE,
                    TLS,
                    Field(
                        "protocol",
                        "protocol@type",
                        Choice("raw", "telnet", "telnets", "tls"),
                        "The protocol.",
                        filled=True,
                    ),
                    SOCKET,
                ),
                "udp": (
                    Field("host", "source[mode=connect]@host", TEXT, "The name or address."),
                    Field("service", "source[mode=connect]@service", TEXT, "The port."),
                    Field("bind_host", "source[mode=bind]@host", TEXT, "The address of the host to send from."),
                    Field("bind_service", "source[mode=bind]@service", TEXT, "The port of the host to send from."),
                ),
                "spiceport": (CHANNEL,),
                "dbus": (CHANNEL,),
                "nmdm": (
                    Field("master", "source@master", TEXT, "One end of a null modem on the host."),
                    Field("slave", "source@slave", TEXT, "The other end of a null modem on the host."),
                ),
                "qemu-vdagent": (
                    Field("clipboard", "source/clipboard@copypaste", YES_NO, "Whether the clipboard is shared."),
                    Field("mouse", "source/mouse@mode", Choice("server", "client"), "Who draws the pointer."),
                ),
                "null": (),
                "stdio": (),
                "vc": (WHERE,),
                "spicevmc": (),
            },
            type=chosen,
        ),
        LOG,
    )


def target(types: tuple[str, ...], models: tuple[str, ...]) -> Struct:
    """What the guest sees of a port."""
    kind = Field("type", "@type", Choice(*types), "The kind of port.", filled=True)
    port = Field("port", "@port", NATURAL, "The number of the port.", filled=True)
    model = Field("model", "model@name", Choice(*models), "The model of the port.", filled=True) if models else None
    fields = (*((kind,) if types else ()), port, *((model,) if model else ()))
    return Struct("target", "target", fields, "What the guest sees.")


SERIAL_TYPES = (
    "isa-serial",
    "usb-serial",
    "pci-serial",
    "spapr-vio-serial",
    "system-serial",
    "sclp-serial",
    "isa-debug",
)
SERIAL_MODELS = (
    "isa-serial",
    "usb-serial",
    "pci-serial",
    "spapr-vty",
    "pl011",
    "16550a",
    "sclpconsole",
    "sclplmconsole",
    "isa-debugcon",
)
CONSOLE_TYPES = ("serial", "virtio", "xen", "uml", "lxc", "openvz", "sclp", "sclplm")

SERIAL = (*chardev(new="pty"), target(SERIAL_TYPES, SERIAL_MODELS), *DEVICE)
PARALLEL = (*chardev(new="pty"), target((), ()), *DEVICE)
CONSOLE = (*chardev(new="pty"), target(CONSOLE_TYPES, ()), *DEVICE)
CHANNELS = (
    *chardev(new="unix"),
    Struct(
        "target",
        "target",
        (
            Variant(
                "@type",
                {
                    "virtio": (
                        Field("name", "@name", TEXT, "The name, such as V(org.qemu.guest_agent.0)."),
                        Field(
                            "state", "@state", Choice("connected", "disconnected"), "What the guest did.", filled=True
                        ),
                    ),
                    "xen": (Field("name", "@name", TEXT, "The name, such as V(org.qemu.guest_agent.0)."),),
                    "guestfwd": (
                        Field("address", "@address", TEXT, "The address that the guest connects to."),
                        Field("port", "@port", NATURAL, "The port that the guest connects to."),
                    ),
                },
                type=Field(
                    "type",
                    "@type",
                    Choice("virtio", "guestfwd", "xen"),
                    "The kind of channel.",
                    new="virtio",
                    filled=True,
                ),
            ),
        ),
        "What the guest sees.",
    ),
    *DEVICE,
)
REDIRDEV = (
    Field("bus", "@bus", Choice("usb"), "The bus.", new="usb", filled=True),
    *chardev(new="spicevmc"),
    BOOT,
    *DEVICE,
)


def console_of_serial(root: ET.Element, node: ET.Element) -> bool:
    """Whether a console is the one that libvirt shows for the first serial port.

    It copies a port on the machine's own bus when the definition has no console
    (virDomainDefAddConsoleCompat in domain_conf.c).
    """
    port, seen = root.find("devices/serial/target"), node.find("target")
    if root.find("devices/console") is not node or root.find("devices/serial") is None:
        return False
    if port is not None and port.get("type") in ("pci-serial", "usb-serial", "isa-debug"):
        return False
    return seen is None or seen.get("type", "serial") == "serial"
