# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network interfaces (formatdomain.html, Network interfaces)."""

from __future__ import annotations

from ...._engine.converters import ADDRESS, DEVICE, MAC, NATURAL, ON_OFF, PORT, TEXT, YES_NO, Choice, Integer
from ...._engine.rows import Field, Group, Row, Struct
from ...._engine.rows.variant import Variant
from ...shared import derive
from ...shared.rows import BANDWIDTH, ISOLATED, MTU, ROUTES, VIRTUALPORT, VLAN
from . import common
from .common import BOOT, RECONNECT, ROM, VIRTIO
from .hostdev import NETWORK_SOURCE, TEAMING

IPS = Group(
    "ips",
    "ip",
    (
        Field("address", "@address", ADDRESS, "The address."),
        Field("family", "@family", Choice("ipv4", "ipv6"), "The address family.", filled=True),
        Field("prefix", "@prefix", Integer(0, 128), "Bits of the network's part.", filled=True),
        Field("peer", "@peer", ADDRESS, "The address of the other end of a point-to-point link."),
    ),
    "Addresses.",
    keys=("address",),
)

SOCKET = (
    Field("address", "@address", TEXT, "The address."),
    Field("port", "@port", PORT, "The port."),
)


def source(*fields: Row) -> Struct:
    """What else there is to say of where it is connected to."""
    return Struct("source", "source", fields, "What else there is to say of where it is connected to.")


HOST_SIDE = Struct("source", "source", (IPS, ROUTES), "Addresses and routes on the host's side.")

KINDS = Variant(
    "@type",
    {
        "network": (
            Field("network", "source@network", TEXT, "The libvirt network that it is on.", live="update"),
            Field("portgroup", "source@portgroup", TEXT, "The port group of the network.", live="update"),
            Field("portid", "source@portid", TEXT, "The identity of its port in the network.", filled=True),
            VIRTUALPORT,
        ),
        "bridge": (
            Field("bridge", "source@bridge", DEVICE, "The bridge of the host that it is a port of.", live="update"),
            Field("mac_table_manager", "source@macTableManager", Choice("kernel", "libvirt"), "Who learns addresses."),
            VIRTUALPORT,
        ),
        "direct": (
            Field(
                "direct",
                "source@dev",
                DEVICE,
                "The network device of the host that it is linked to by MacVTap.",
            ),
            Field(
                "mode",
                "source@mode",
                Choice("bridge", "vepa", "private", "passthrough"),
                "How MacVTap links of one device reach each other.",
                new="bridge",
                filled=True,
            ),
            VIRTUALPORT,
        ),
        "user": (Field("dev", "source@dev", TEXT, "The device or file of the host behind it."),),
        "ethernet": (HOST_SIDE,),
        "vhostuser": (
            Field("socket_type", "source@type", Choice("unix"), "How the switch is reached.", filled=True),
            Field("path", "source@path", TEXT, "The socket of the switch."),
            Field(
                "mode", "source@mode", Choice("server", "client"), "Which end of the socket the guest is.", filled=True
            ),
            Field("dev", "source@dev", TEXT, "The device or file of the host behind it."),
            Struct("source", "source", (RECONNECT,), "What else there is to say of the socket."),
        ),
        "internal": (Field("name", "source@name", TEXT, "The internal network."),),
        "mcast": (source(*SOCKET),),
        "client": (source(*SOCKET),),
        "server": (source(*SOCKET),),
        "udp": (source(*SOCKET, Struct("local", "local", SOCKET, "The host's side.")),),
        "hostdev": (
            NETWORK_SOURCE,
            Field("managed", "@managed", YES_NO, "Whether libvirt takes it from the host."),
            VIRTUALPORT,
        ),
        "vdpa": (Field("dev", "source@dev", TEXT, "The device or file of the host behind it."),),
        "null": (),
        "vds": (
            Field("switchid", "source@switchid", TEXT, "The identity of a distributed switch."),
            Field("portid", "source@portid", TEXT, "The identity of its port in the network.", filled=True),
            Field("portgroupid", "source@portgroupid", TEXT, "The identity of the port group."),
            Field("connectionid", "source@connectionid", TEXT, "The identity of the connection.", filled=True),
        ),
    },
    type=Field(
        "type",
        "@type",
        Choice(
            "network",
            "bridge",
            "direct",
            "user",
            "ethernet",
            "vhostuser",
            "internal",
            "mcast",
            "client",
            "server",
            "udp",
            "hostdev",
            "vdpa",
            "null",
            "vds",
        ),
        "What it is connected to; for V(network), V(bridge) and V(direct) the option of that name tells.",
    ),
    choosers=("network", "bridge", "direct"),
)

OFFLOADS = (
    ("csum", "checksums"),
    ("tso4", "segments of TCP over IPv4"),
    ("tso6", "segments of TCP over IPv6"),
    ("ecn", "congestion marks"),
    ("ufo", "fragments of UDP"),
)
"""What virtio network cards leave to the other side."""

HOST_OFFLOADS = (*OFFLOADS, ("gso", "segments of any kind"), ("mrg_rxbuf", "merged receive buffers"))

DRIVER = (
    Field("name", "@name", Choice("qemu", "vhost", "vfio", "kvm", "xen"), "What runs the card on the host."),
    Field("model", "@model", TEXT, "The kernel driver that takes a host device."),
    Field("queues", "@queues", NATURAL, "The number of queues."),
    Field("rx_queue_size", "@rx_queue_size", NATURAL, "Packets in a receiving queue."),
    Field("tx_queue_size", "@tx_queue_size", NATURAL, "Packets in a sending queue."),
    Field("txmode", "@txmode", Choice("iothread", "timer"), "When packets are sent."),
    Field("ioeventfd", "@ioeventfd", ON_OFF, "Whether the card is served beside the virtual CPU's thread."),
    Field("event_idx", "@event_idx", ON_OFF, "Whether events are bundled."),
    Field("rss", "@rss", ON_OFF, "Whether receiving is spread over queues by QEMU or eBPF."),
    Field("rss_hash_report", "@rss_hash_report", ON_OFF, "Whether the guest is told the hash of each packet."),
    *VIRTIO,
    Struct(
        "host",
        "host",
        tuple(Field(name, f"@{name}", ON_OFF, f"Whether the host takes {what}.") for name, what in HOST_OFFLOADS),
        "What the host takes over.",
    ),
    Struct(
        "guest",
        "guest",
        tuple(Field(name, f"@{name}", ON_OFF, f"Whether the guest takes {what}.") for name, what in OFFLOADS),
        "What the guest takes over.",
    ),
)

INTERFACE = (
    KINDS,
    Field(
        "mac",
        "mac@address",
        MAC,
        "The MAC address. Left out, it stays as it is; a new one follows from the guest's name.",
        new=derive.derive_mac,
        filled=True,
    ),
    Field("mac_type", "mac@type", Choice("generated", "static"), "Where the MAC address comes from, on VMware."),
    Field("mac_check", "mac@check", YES_NO, "Whether VMware checks the MAC address."),
    Field(
        "model",
        "model@type",
        TEXT,
        "The model of the card. A new one is V(virtio).",
        new=derive.card_model,
        filled=True,
        vacant=True,
    ),
    Field("link", "link@state", Choice("up", "down"), "Whether the cable is plugged in.", live="update"),
    MTU,
    Field("target", "target@dev", DEVICE, "The name of the device on the host's side."),
    Field("target_managed", "target@managed", YES_NO, "Whether libvirt makes the device on the host's side."),
    Field(
        "trust_guest_rx_filters",
        "@trustGuestRxFilters",
        YES_NO,
        "Whether the host follows the guest's own MAC address and filters.",
        live="update",
    ),
    Struct("driver", "driver", DRIVER, "How the host runs the card."),
    Struct(
        "backend",
        "backend",
        (
            Field("type", "@type", Choice("default", "passt"), "What runs the network of type V(user).", filled=True),
            Field("tap", "@tap", TEXT, "The device file of TAP."),
            Field("vhost", "@vhost", TEXT, "The device file of vhost."),
            Field("log_file", "@logFile", TEXT, "The file that passt logs to."),
            Field("hostname", "@hostname", TEXT, "The host name that passt tells the guest."),
            Field("fqdn", "@fqdn", TEXT, "The full host name that passt tells the guest."),
        ),
        "What is behind the card on the host.",
    ),
    IPS,
    ROUTES,
    Group(
        "port_forwards",
        "portForward",
        (
            Field("proto", "@proto", Choice("tcp", "udp"), "The protocol."),
            Field("address", "@address", ADDRESS, "The address of the host to listen on."),
            Field("dev", "@dev", DEVICE, "The device of the host to listen on."),
            Group(
                "ranges",
                "range",
                (
                    Field("start", "@start", PORT, "The first port."),
                    Field("end", "@end", PORT, "The last port."),
                    Field("to", "@to", PORT, "The guest's port that the first leads to."),
                    Field("exclude", "@exclude", YES_NO, "Whether these ports are left out."),
                ),
                "Ports.",
            ),
        ),
        "Ports of the host that lead to the guest, with passt.",
    ),
    Field("script", "script@path", TEXT, "A program that connects the device on the host's side."),
    Field("downscript", "downscript@path", TEXT, "A program that takes the device on the host's side down."),
    Field("guest_device", "guest@dev", TEXT, "The name of the device in a container."),
    Field("backend_domain", "backenddomain@name", TEXT, "The Xen domain that has the other end."),
    BANDWIDTH,
    VLAN,
    ISOLATED,
    Struct(
        "filterref",
        "filterref",
        (
            Field("filter", "@filter", TEXT, "The name of the network filter.", live="update"),
            Group(
                "parameters",
                "parameter",
                (
                    Field("name", "@name", TEXT, "The name, such as V(IP)."),
                    Field("value", "@value", TEXT, "The value; a name with several values comes several times."),
                ),
                "Values for the filter's variables.",
            ),
        ),
        "The network filter that guards it.",
    ),
    Field("sndbuf", "tune/sndbuf", NATURAL, "Bytes that wait to be sent on the host's side."),
    Field(
        "coalesce",
        "coalesce/rx/frames@max",
        NATURAL,
        "Packets that are received before the host is told.",
        live="update",
    ),
    TEAMING,
    ROM,
    BOOT,
    *common.DEVICE,
)
