# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network interfaces (formatdomain.html, Network interfaces)."""

from __future__ import annotations

from ...._engine.converters import ADDRESS, DEVICE, MAC, NATURAL, ON_OFF, PORT, POWER, TEXT, YES_NO, Choice, Integer
from ...._engine.rows import Field, Group, Row, Struct
from ...._engine.rows.variant import Variant
from ...shared import derived_values
from ...shared.rows import BANDWIDTH, ISOLATED, MTU, ROUTES, VIRTUALPORT, VLAN
from ...shared.synonyms import OF_INTERFACES
from . import common
from .common import BOOT, RECONNECT, ROM, VIRTIO
from .hostdev import NETWORK_SOURCE, TEAMING

IPS = Group(
    "ips",
    "ip",
    (
        Field(
            "address",
            "@address",
            ADDRESS,
            "IP address on the interface (libvirt's ip C(address)), such as V(192.0.2.5).",
        ),
        Field(
            "family",
            "@family",
            Choice("ipv4", "ipv6"),
            "Address family of the address (libvirt's C(family)): V(ipv4) or V(ipv6).",
            filled=True,
        ),
        Field(
            "prefix",
            "@prefix",
            Integer(0, 128),
            "Length of the network's prefix in bits (libvirt's C(prefix)), such as V(24).",
            filled=True,
        ),
        Field("peer", "@peer", ADDRESS, "Address of the other end of a point-to-point link (libvirt's C(peer))."),
    ),
    "IP addresses on this side of the connection (libvirt's C(ip)).",
    keys=("address",),
)

SOCKET = (
    Field(
        "address",
        "@address",
        TEXT,
        "Address of the tunnel between guests (libvirt's C(address)): a multicast group, or the address to connect to"
        " or listen on.",
    ),
    Field("port", "@port", PORT, "Port of the tunnel between guests (libvirt's C(port)), such as V(5558)."),
)


def source(*fields: Row) -> Struct:
    """What else there is to say of where it is connected to."""
    return Struct(
        "source", "source", fields, "Further options of what the interface is connected to (libvirt's C(source))."
    )


HOST_SIDE = Struct(
    "source",
    "source",
    (IPS, ROUTES),
    "IP addresses and routes on the host's side of the connection (libvirt's C(source)).",
)

KINDS = Variant(
    "@type",
    {
        "network": (
            Field(
                "network",
                "source@network",
                TEXT,
                "Name of the libvirt network that the interface is on (libvirt's source C(network)), such as"
                " V(default).",
                live="update",
            ),
            Field(
                "portgroup",
                "source@portgroup",
                TEXT,
                "Name of the port group in the libvirt network (libvirt's C(portgroup)), which sets limits and VLANs.",
                live="update",
            ),
            Field(
                "portid",
                "source@portid",
                TEXT,
                "UUID of the interface's port in the network (libvirt's C(portid)).",
                filled=True,
            ),
            VIRTUALPORT,
        ),
        "bridge": (
            Field(
                "bridge",
                "source@bridge",
                DEVICE,
                "Name of the host's bridge that the interface is on (libvirt's source C(bridge)), such as V(br0).",
                live="update",
            ),
            Field(
                "mac_table_manager",
                "source@macTableManager",
                Choice("kernel", "libvirt"),
                "Who keeps the bridge's table of MAC addresses (libvirt's C(macTableManager)). V(kernel) learns them"
                " from traffic; V(libvirt) enters those of the guests and turns learning off.",
            ),
            VIRTUALPORT,
        ),
        "direct": (
            Field(
                "direct",
                "source@dev",
                DEVICE,
                "Name of the host's network device that the interface is linked to by MacVTap (libvirt's source"
                " C(dev)), such as V(eth0).",
            ),
            Field(
                "mode",
                "source@mode",
                Choice("bridge", "vepa", "private", "passthrough"),
                "How MacVTap links on one device reach each other (libvirt's source C(mode)). V(bridge) connects them"
                " directly, V(vepa) by way of the outside switch, V(private) not at all; V(passthrough) gives the"
                " device to one guest alone.",
                new="bridge",
                filled=True,
            ),
            VIRTUALPORT,
        ),
        "user": (
            Field(
                "dev",
                "source@dev",
                TEXT,
                "Device or file on the host that the interface uses (libvirt's source C(dev)), such as"
                " V(/dev/vhost-vdpa-0).",
            ),
        ),
        "ethernet": (HOST_SIDE,),
        "vhostuser": (
            Field(
                "socket_type",
                "source@type",
                Choice("unix"),
                "How to reach the vhost-user switch (libvirt's source C(type)): always V(unix), a socket.",
                filled=True,
            ),
            Field(
                "path",
                "source@path",
                TEXT,
                "Path of the vhost-user socket on the host (libvirt's source C(path)), such as"
                " V(/run/openvswitch/vhu0).",
            ),
            Field(
                "mode",
                "source@mode",
                Choice("server", "client"),
                "Role of the guest at the socket (libvirt's source C(mode)). V(server) waits for the switch to"
                " connect; V(client) connects to it.",
                filled=True,
            ),
            Field(
                "dev",
                "source@dev",
                TEXT,
                "Device or file on the host that the interface uses (libvirt's source C(dev)), such as"
                " V(/dev/vhost-vdpa-0).",
            ),
            Struct("source", "source", (RECONNECT,), "Further options of the vhost-user socket (libvirt's C(source))."),
        ),
        "internal": (
            Field(
                "name", "source@name", TEXT, "Name of an internal network of the hypervisor (libvirt's source C(name))."
            ),
        ),
        "mcast": (source(*SOCKET),),
        "client": (source(*SOCKET),),
        "server": (source(*SOCKET),),
        "udp": (
            source(
                *SOCKET,
                Struct(
                    "local",
                    "local",
                    SOCKET,
                    "Address and port on the host's side of a UDP tunnel (libvirt's C(local)).",
                ),
            ),
        ),
        "hostdev": (
            NETWORK_SOURCE,
            Field(
                "managed",
                "@managed",
                YES_NO,
                "Whether libvirt detaches the device from the host when the guest starts, and gives it back later"
                " (libvirt's C(managed)).",
            ),
            VIRTUALPORT,
        ),
        "vdpa": (
            Field(
                "dev",
                "source@dev",
                TEXT,
                "Device or file on the host that the interface uses (libvirt's source C(dev)), such as"
                " V(/dev/vhost-vdpa-0).",
            ),
        ),
        "null": (),
        "vds": (
            Field(
                "switchid",
                "source@switchid",
                TEXT,
                "Identifier of the distributed switch on VMware (libvirt's C(switchid)).",
            ),
            Field(
                "portid",
                "source@portid",
                TEXT,
                "Identifier of the interface's port in the network (libvirt's C(portid)).",
                filled=True,
            ),
            Field(
                "portgroupid",
                "source@portgroupid",
                TEXT,
                "Identifier of the port group on VMware's distributed switch (libvirt's C(portgroupid)).",
            ),
            Field(
                "connectionid",
                "source@connectionid",
                TEXT,
                "Identifier of the connection to VMware's distributed switch (libvirt's C(connectionid)).",
                filled=True,
            ),
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
            meant=OF_INTERFACES,
        ),
        "Kind of network connection (libvirt's interface C(type)). Leave it out for V(network), V(bridge) and"
        " V(direct): the option of that name tells it.",
    ),
    choosers=("network", "bridge", "direct"),
)

OFFLOADS = (
    ("csum", "checksums of packets"),
    ("tso4", "splitting TCP over IPv4 into packets"),
    ("tso6", "splitting TCP over IPv6 into packets"),
    ("ecn", "marks of congestion (ECN) in TCP"),
    ("ufo", "splitting UDP into fragments"),
)
"""What virtio network cards leave to the other side."""

HOST_OFFLOADS = (
    *OFFLOADS,
    ("gso", "splitting into packets for any protocol"),
    ("mrg_rxbuf", "merging buffers of received packets"),
)

DRIVER = (
    Field(
        "name",
        "@name",
        Choice("qemu", "vhost", "vfio", "kvm", "xen"),
        "Driver that runs the card on the host (libvirt's driver C(name)): V(vhost) in the kernel, V(qemu) in QEMU"
        " itself, V(vfio) for a host device.",
    ),
    Field(
        "model",
        "@model",
        TEXT,
        "Kernel driver that a host device is bound to (libvirt's driver C(model)), such as V(mlx5_vfio_pci).",
    ),
    Field(
        "queues",
        "@queues",
        NATURAL,
        "Number of queues of a virtio card (libvirt's C(queues)), such as V(4). More let several virtual CPUs work at"
        " once.",
    ),
    Field(
        "rx_queue_size",
        "@rx_queue_size",
        POWER,
        "Number of packets that fit in a receive queue of a virtio card (libvirt's C(rx_queue_size)): a power of two,"
        " such as V(1024).",
    ),
    Field(
        "tx_queue_size",
        "@tx_queue_size",
        POWER,
        "Number of packets that fit in a send queue of a virtio card (libvirt's C(tx_queue_size)): a power of two,"
        " such as V(1024).",
    ),
    Field(
        "txmode",
        "@txmode",
        Choice("iothread", "timer"),
        "How packets are sent when the send buffer is full (libvirt's C(txmode)): by an V(iothread), or on a V(timer)."
        " Seldom needed.",
    ),
    Field(
        "ioeventfd",
        "@ioeventfd",
        ON_OFF,
        "Whether a separate thread handles the card's I/O while the virtual CPU goes on (libvirt's C(ioeventfd)).",
    ),
    Field(
        "event_idx",
        "@event_idx",
        ON_OFF,
        "Whether a virtio card saves interrupts by bundling its events (libvirt's C(event_idx)).",
    ),
    Field(
        "rss",
        "@rss",
        ON_OFF,
        "Whether received packets are spread over the queues by their hash, in QEMU or by eBPF (libvirt's C(rss)).",
    ),
    Field(
        "rss_hash_report",
        "@rss_hash_report",
        ON_OFF,
        "Whether the guest is told the hash of each received packet (libvirt's C(rss_hash_report)).",
    ),
    *VIRTIO,
    Struct(
        "host",
        "host",
        tuple(
            Field(name, f"@{name}", ON_OFF, f"Whether the guest may leave {what} to the host (libvirt's C({name})).")
            for name, what in HOST_OFFLOADS
        ),
        "Offloads of a virtio card on the host's side (libvirt's driver C(host)).",
    ),
    Struct(
        "guest",
        "guest",
        tuple(
            Field(name, f"@{name}", ON_OFF, f"Whether the host may leave {what} to the guest (libvirt's C({name})).")
            for name, what in OFFLOADS
        ),
        "Offloads of a virtio card on the guest's side (libvirt's driver C(guest)).",
    ),
)

INTERFACE = (
    KINDS,
    Field(
        "mac",
        "mac@address",
        MAC,
        "MAC address of the card (libvirt's C(mac address)), such as V(52:54:00:12:34:56). Left out, it stays as it"
        " is; a new one follows from the guest's name.",
        new=derived_values.derive_mac,
        filled=True,
    ),
    Field(
        "mac_type",
        "mac@type",
        Choice("generated", "static"),
        "Where VMware takes the MAC address from (libvirt's mac C(type)).",
    ),
    Field(
        "mac_check",
        "mac@check",
        YES_NO,
        "Whether VMware checks that the MAC address is in its own range (libvirt's mac C(check)).",
    ),
    Field(
        "model",
        "model@type",
        TEXT,
        "Model of the network card (libvirt's model C(type)), such as V(virtio), V(e1000e) or V(rtl8139). A new one is"
        " V(virtio).",
        new=derived_values.card_model,
        filled=True,
        vacant=True,
    ),
    Field(
        "link",
        "link@state",
        Choice("up", "down"),
        "Whether the virtual cable is plugged in (libvirt's C(link state)): V(up) or V(down).",
        live="update",
    ),
    MTU,
    Field(
        "target",
        "target@dev",
        DEVICE,
        "Name of the network device on the host's side (libvirt's target C(dev)), such as V(web-lan). libvirt replaces"
        " names that start with C(vnet).",
    ),
    Field(
        "target_managed",
        "target@managed",
        YES_NO,
        "Whether libvirt creates the device on the host's side (libvirt's target C(managed)). V(false) uses one that"
        " you made.",
    ),
    Field(
        "trust_guest_rx_filters",
        "@trustGuestRxFilters",
        YES_NO,
        "Whether the host takes over changes that the guest makes to its MAC address and receive filters (libvirt's"
        " C(trustGuestRxFilters)).",
        live="update",
    ),
    Struct("driver", "driver", DRIVER, "Options of how the host runs the card (libvirt's C(driver))."),
    Struct(
        "backend",
        "backend",
        (
            Field(
                "type",
                "@type",
                Choice("default", "passt"),
                "Program that runs a network of type V(user) (libvirt's backend C(type)), such as V(passt).",
                filled=True,
            ),
            Field(
                "tap",
                "@tap",
                TEXT,
                "Path of the host's device file for TAP (libvirt's backend C(tap)), such as V(/dev/net/tun).",
            ),
            Field(
                "vhost",
                "@vhost",
                TEXT,
                "Path of the host's device file for vhost (libvirt's backend C(vhost)), such as V(/dev/vhost-net).",
            ),
            Field(
                "log_file",
                "@logFile",
                TEXT,
                "Path of the file on the host that passt logs to (libvirt's backend C(logFile)).",
            ),
            Field(
                "hostname",
                "@hostname",
                TEXT,
                "Host name that passt tells the guest by DHCP (libvirt's backend C(hostname)).",
            ),
            Field(
                "fqdn",
                "@fqdn",
                TEXT,
                "Full host name that passt tells the guest by DHCP (libvirt's backend C(fqdn)), such as"
                " V(web.example.com).",
            ),
        ),
        "Program or devices on the host that carry the card's traffic (libvirt's C(backend)).",
    ),
    IPS,
    ROUTES,
    Group(
        "port_forwards",
        "portForward",
        (
            Field(
                "proto",
                "@proto",
                Choice("tcp", "udp"),
                "Protocol of the forwarded ports (libvirt's C(proto)): V(tcp) or V(udp).",
            ),
            Field(
                "address", "@address", ADDRESS, "Address of the host to listen on for the ports (libvirt's C(address))."
            ),
            Field(
                "dev",
                "@dev",
                DEVICE,
                "Network device of the host to listen on for the ports (libvirt's C(dev)), such as V(eth0).",
            ),
            Group(
                "ranges",
                "range",
                (
                    Field(
                        "start",
                        "@start",
                        PORT,
                        "First port of the range on the host (libvirt's C(start)), such as V(2022).",
                    ),
                    Field("end", "@end", PORT, "Last port of the range on the host (libvirt's C(end))."),
                    Field(
                        "to",
                        "@to",
                        PORT,
                        "Port of the guest that the first port of the range leads to (libvirt's C(to)), such as V(22).",
                    ),
                    Field(
                        "exclude",
                        "@exclude",
                        YES_NO,
                        "Whether the ports of the range are left out of the forwarding (libvirt's C(exclude)).",
                    ),
                ),
                "Ranges of ports to forward or leave out (libvirt's C(range)).",
            ),
        ),
        "Ports of the host that passt forwards to the guest (libvirt's C(portForward)).",
    ),
    Field(
        "script",
        "script@path",
        TEXT,
        "Path of a program on the host that connects the device on the host's side (libvirt's C(script)).",
    ),
    Field(
        "downscript",
        "downscript@path",
        TEXT,
        "Path of a program on the host that takes the device on the host's side down (libvirt's C(downscript)).",
    ),
    Field(
        "guest_device",
        "guest@dev",
        TEXT,
        "Name of the network device inside a container (libvirt's guest C(dev)), such as V(eth0).",
    ),
    Field(
        "backend_domain",
        "backenddomain@name",
        TEXT,
        "Name of the Xen domain that has the other end of the connection (libvirt's C(backenddomain)).",
    ),
    BANDWIDTH,
    VLAN,
    ISOLATED,
    Struct(
        "filterref",
        "filterref",
        (
            Field(
                "filter",
                "@filter",
                TEXT,
                "Name of the network filter (libvirt's C(filter)), such as V(clean-traffic).",
                live="update",
            ),
            Group(
                "parameters",
                "parameter",
                (
                    Field("name", "@name", TEXT, "Name of the filter's variable (libvirt's C(name)), such as V(IP)."),
                    Field(
                        "value",
                        "@value",
                        TEXT,
                        "Value of the variable (libvirt's C(value)). Give a variable with several values once for"
                        " each.",
                    ),
                ),
                "Values for the variables of the network filter (libvirt's C(parameter)).",
            ),
        ),
        "Network filter that checks the guest's traffic (libvirt's C(filterref)), as C(virsh nwfilter-list) shows"
        " them.",
    ),
    Field(
        "sndbuf", "tune/sndbuf", NATURAL, "Size of the send buffer on the host's side, in bytes (libvirt's C(sndbuf))."
    ),
    Field(
        "coalesce",
        "coalesce/rx/frames@max",
        NATURAL,
        "Number of packets to receive before the host is interrupted (libvirt's C(coalesce rx frames)).",
        live="update",
    ),
    TEAMING,
    ROM,
    BOOT,
    *common.DEVICE,
)
