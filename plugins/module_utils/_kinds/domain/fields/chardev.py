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

WHERE = Field(
    "path",
    "source@path",
    TEXT,
    "Path of the file, device or socket on the host (libvirt's source C(path)), such as V(/var/log/web.log).",
)
APPEND = Field(
    "append",
    "source@append",
    ON_OFF,
    "Whether new output is added to the file, and what it holds is kept when the guest starts (libvirt's C(append)).",
)
MODE = Field(
    "mode",
    "source@mode",
    Choice("connect", "bind"),
    "Role at the socket (libvirt's source C(mode)): V(bind) listens, V(connect) connects to one that listens.",
    filled=True,
)
TLS = Field("tls", "source@tls", YES_NO, "Whether the connection is encrypted with TLS (libvirt's C(tls)).")
HOST = Field(
    "host",
    "source@host",
    TEXT,
    "Host name or address to connect to or listen on (libvirt's source C(host)), such as V(127.0.0.1).",
)
SERVICE = Field(
    "service", "source@service", TEXT, "Port to connect to or listen on (libvirt's source C(service)), such as V(2445)."
)
CHANNEL = Field(
    "channel",
    "source@channel",
    TEXT,
    "Name of the channel in the viewer or on D-Bus (libvirt's source C(channel)), such as"
    " V(org.qemu.console.serial.0).",
    filled=True,
)
SOURCE = Struct(
    "source", "source", (LABELS,), "Further options of the file or device on the host (libvirt's C(source))."
)
SOCKET = Struct(
    "source", "source", (RECONNECT, LABELS), "Further options of the socket on the host (libvirt's C(source))."
)

LOG = Struct(
    "log",
    "log",
    (
        Field(
            "file",
            "@file",
            TEXT,
            "Path of the log file on the host (libvirt's log C(file)), such as V(/var/log/web-console.log).",
            required=True,
        ),
        Field(
            "append",
            "@append",
            ON_OFF,
            "Whether new output is added to the log file, and what it holds is kept when the guest starts (libvirt's"
            " log C(append)).",
        ),
    ),
    "File on the host that gets a copy of all that the guest writes (libvirt's C(log)).",
)


def chardev(*, new: str | None = None, path: str = "@type") -> tuple[Row, ...]:
    """Where a stream of characters leads on the host.

    :param new: the kind of a new one
    :param path: where its kind stands
    """
    kind = Choice(*KINDS)
    doc = (
        "What the device leads to on the host (libvirt's C(type)), such as V(pty), V(unix) for a socket, V(tcp) or"
        " V(file)."
    )
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
                        "Protocol on the connection (libvirt's protocol C(type)), such as V(raw) or V(telnet).",
                        filled=True,
                    ),
                    SOCKET,
                ),
                "udp": (
                    Field(
                        "host",
                        "source[mode=connect]@host",
                        TEXT,
                        "Host name or address to send to (libvirt's source C(host)), with UDP.",
                    ),
                    Field(
                        "service",
                        "source[mode=connect]@service",
                        TEXT,
                        "Port to send to (libvirt's source C(service)), with UDP.",
                    ),
                    Field(
                        "bind_host",
                        "source[mode=bind]@host",
                        TEXT,
                        "Address of the host to send from and listen on (libvirt's source C(host), mode C(bind)).",
                    ),
                    Field(
                        "bind_service",
                        "source[mode=bind]@service",
                        TEXT,
                        "Port of the host to send from and listen on (libvirt's source C(service), mode C(bind)).",
                    ),
                ),
                "spiceport": (CHANNEL,),
                "dbus": (CHANNEL,),
                "nmdm": (
                    Field(
                        "master",
                        "source@master",
                        TEXT,
                        "Path of the guest's end of a null modem on the host (libvirt's C(master)), such as"
                        " V(/dev/nmdm0A), on bhyve.",
                    ),
                    Field(
                        "slave",
                        "source@slave",
                        TEXT,
                        "Path of the other end of a null modem on the host (libvirt's C(slave)), such as"
                        " V(/dev/nmdm0B), on bhyve.",
                    ),
                ),
                "qemu-vdagent": (
                    Field(
                        "clipboard",
                        "source/clipboard@copypaste",
                        YES_NO,
                        "Whether the guest shares its clipboard with the viewer (libvirt's clipboard C(copypaste)).",
                    ),
                    Field(
                        "mouse",
                        "source/mouse@mode",
                        Choice("server", "client"),
                        "Who draws the mouse pointer (libvirt's mouse C(mode)): the V(server) or the V(client), the"
                        " viewer.",
                    ),
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
    kind = Field(
        "type",
        "@type",
        Choice(*types),
        "Kind of port that the guest sees (libvirt's target C(type)), such as V(isa-serial) for a serial port.",
        filled=True,
    )
    port = Field(
        "port",
        "@port",
        NATURAL,
        "Number of the port that the guest sees (libvirt's target C(port)). The first one is V(0).",
        filled=True,
    )
    model = (
        Field(
            "model",
            "model@name",
            Choice(*models),
            "Model of the port that the guest sees (libvirt's target C(model)), such as V(isa-serial).",
            filled=True,
            belongs=("type",),
        )
        if models
        else None
    )
    fields = (*((kind,) if types else ()), port, *((model,) if model else ()))
    return Struct("target", "target", fields, "Port that the guest sees (libvirt's C(target)).")


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
                        Field(
                            "name",
                            "@name",
                            TEXT,
                            "Name by which the guest finds the channel (libvirt's target C(name)), such as"
                            " V(org.qemu.guest_agent.0).",
                        ),
                        Field(
                            "state",
                            "@state",
                            Choice("connected", "disconnected"),
                            "Whether a program in the guest has opened the channel (libvirt's target C(state))."
                            " libvirt reports it.",
                            filled=True,
                        ),
                    ),
                    "xen": (
                        Field(
                            "name",
                            "@name",
                            TEXT,
                            "Name by which the guest finds the channel (libvirt's target C(name)), such as"
                            " V(org.qemu.guest_agent.0).",
                        ),
                    ),
                    "guestfwd": (
                        Field(
                            "address",
                            "@address",
                            TEXT,
                            "Address that programs in the guest connect to (libvirt's target C(address)), such as"
                            " V(10.0.2.1).",
                        ),
                        Field(
                            "port",
                            "@port",
                            NATURAL,
                            "Port that programs in the guest connect to (libvirt's target C(port)), such as V(4600).",
                        ),
                    ),
                },
                type=Field(
                    "type",
                    "@type",
                    Choice("virtio", "guestfwd", "xen"),
                    "Kind of channel that the guest sees (libvirt's target C(type)), such as V(virtio).",
                    new="virtio",
                    filled=True,
                ),
            ),
        ),
        "Channel that the guest sees (libvirt's C(target)).",
    ),
    *DEVICE,
)
REDIRDEV = (
    Field(
        "bus",
        "@bus",
        Choice("usb"),
        "Bus of the device in the guest (libvirt's C(bus)), which is always V(usb).",
        new="usb",
        filled=True,
    ),
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
