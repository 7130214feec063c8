# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that domains and networks share: bandwidth, VLANs, virtual ports, routes (formatnetwork.html)."""

from __future__ import annotations

from ..._engine.converters import ADDRESS, ANY_BASE, NATURAL, TEXT, UUID, YES_NO, Choice, Integer
from ..._engine.rows import Field, Group, Struct

IMAGE_FORMATS = (
    "raw", "qcow2", "bochs", "cloop", "cow", "dir", "dmg", "fat", "iso", "ploop", "qcow", "qed", "vdi", "vhd", "vmdk",
    "vpc",
)  # fmt: skip
"""Formats of images that libvirt knows (virStorageFileFormat), the same in 8.0 to 12."""


def traffic(live: str | None, floor: bool = False) -> tuple[Field, ...]:
    """Limits of one direction."""
    return (
        Field(
            "average",
            "@average",
            NATURAL,
            "Average rate in kilobytes per second (libvirt's C(average)), such as V(1000).",
            live=live,
        ),
        Field(
            "peak",
            "@peak",
            NATURAL,
            "Highest rate in kilobytes per second (libvirt's C(peak)), which bursts may reach.",
            live=live,
        ),
        Field(
            "burst",
            "@burst",
            NATURAL,
            "KiB that may be sent in one burst at the peak rate (libvirt's C(burst)).",
            live=live,
        ),
        *(
            (
                Field(
                    "floor",
                    "@floor",
                    NATURAL,
                    "Rate in kilobytes per second that the interface is guaranteed (libvirt's C(floor)).",
                    live=live,
                ),
            )
            if floor
            else ()
        ),
    )


def bandwidth(live: str | None, floor: bool = False) -> Struct:
    """Limits of both directions, as seen from the guest. Only a guest's interface can have a floor."""
    return Struct(
        "bandwidth",
        "bandwidth",
        (
            Struct(
                "inbound",
                "inbound",
                traffic(live, floor),
                "Limits of the traffic that the guest receives (libvirt's C(inbound)).",
            ),
            Struct(
                "outbound",
                "outbound",
                traffic(live),
                "Limits of the traffic that the guest sends (libvirt's C(outbound)).",
            ),
        ),
        "Limits of the network traffic, as the guest sees it (libvirt's C(bandwidth)).",
    )


BANDWIDTH = bandwidth("update", floor=True)

VLAN = Struct(
    "vlan",
    "vlan",
    (
        Field(
            "trunk",
            "@trunk",
            YES_NO,
            "Whether traffic with several VLAN tags is let through (libvirt's C(trunk)).",
            filled=True,
        ),
        Group(
            "tags",
            "tag",
            (
                Field("id", "@id", Integer(0, 4095), "Number of the VLAN (libvirt's tag C(id)), from V(0) to V(4095)."),
                Field(
                    "native_mode",
                    "@nativeMode",
                    Choice("tagged", "untagged"),
                    "How packets of the native VLAN go out (libvirt's C(nativeMode)): V(tagged) or V(untagged).",
                ),
            ),
            "VLAN tags that the traffic carries (libvirt's C(tag)).",
            keys=("id",),
        ),
    ),
    "VLAN tags of the traffic (libvirt's C(vlan)), where the switch on the host can set them, as Open vSwitch can.",
)

VIRTUALPORT = Struct(
    "virtualport",
    "virtualport",
    (
        Field(
            "type",
            "@type",
            Choice("802.1Qbg", "802.1Qbh", "openvswitch", "midonet"),
            "Kind of virtual port (libvirt's C(type)), such as V(openvswitch).",
        ),
        Field(
            "managerid",
            "parameters@managerid",
            ANY_BASE,
            "Identifier of the database of VSI types (libvirt's C(managerid)), for V(802.1Qbg).",
        ),
        Field(
            "typeid",
            "parameters@typeid",
            ANY_BASE,
            "Identifier of the VSI type (libvirt's C(typeid)), for V(802.1Qbg).",
        ),
        Field(
            "typeidversion",
            "parameters@typeidversion",
            ANY_BASE,
            "Version of the VSI type (libvirt's C(typeidversion)), for V(802.1Qbg).",
        ),
        Field(
            "instanceid",
            "parameters@instanceid",
            UUID,
            "UUID of the VSI instance (libvirt's C(instanceid)), for V(802.1Qbg).",
            filled=True,
        ),
        Field(
            "profileid",
            "parameters@profileid",
            TEXT,
            "Name of the port profile (libvirt's C(profileid)), for V(802.1Qbh) and V(openvswitch).",
        ),
        Field(
            "interfaceid",
            "parameters@interfaceid",
            UUID,
            "UUID of the interface on the virtual switch (libvirt's C(interfaceid)), for V(openvswitch) and"
            " V(midonet).",
            filled=True,
        ),
    ),
    "Port of a switch that is managed from outside (libvirt's C(virtualport)), such as Open vSwitch.",
    bare=True,
)

ROUTES = Group(
    "routes",
    "route",
    (
        Field(
            "address",
            "@address",
            ADDRESS,
            "Address of the network that the route leads to (libvirt's C(address)), such as V(192.0.2.0).",
        ),
        Field(
            "family",
            "@family",
            Choice("ipv4", "ipv6"),
            "Address family of the route (libvirt's C(family)): V(ipv4) or V(ipv6).",
            filled=True,
        ),
        Field(
            "prefix",
            "@prefix",
            Integer(0, 128),
            "Length of the network's prefix in bits (libvirt's C(prefix)), such as V(24).",
            filled=True,
        ),
        Field(
            "netmask",
            "@netmask",
            ADDRESS,
            "Mask of the network (libvirt's C(netmask)), in place of the prefix, such as V(255.255.255.0).",
        ),
        Field(
            "gateway", "@gateway", ADDRESS, "Address of the router that the route goes through (libvirt's C(gateway))."
        ),
        Field(
            "metric",
            "@metric",
            NATURAL,
            "Metric of the route (libvirt's C(metric)). Of several routes, the lowest metric wins.",
        ),
    ),
    "Static routes to further networks (libvirt's C(route)).",
    keys=("address",),
)

MTU = Field(
    "mtu", "mtu@size", Integer(68, 65535), "Size of the largest packet in bytes (libvirt's C(mtu)), such as V(1500)."
)
ISOLATED = Field(
    "isolated",
    "port@isolated",
    YES_NO,
    "Whether to isolate the port: isolated ports cannot reach each other (libvirt's port C(isolated)).",
)

HOSTDEV_DRIVER = Struct(
    "driver",
    "driver",
    (
        Field(
            "name",
            "@name",
            Choice("kvm", "vfio", "xen"),
            "Driver that hands the host device to the guest (libvirt's driver C(name)), such as V(vfio).",
        ),
        Field(
            "model",
            "@model",
            TEXT,
            "Kernel driver that the host device is bound to (libvirt's driver C(model)), such as V(mlx5_vfio_pci).",
        ),
    ),
    "Driver that hands a host device to the guest (libvirt's C(driver)).",
)

MERGED = (
    "XML for what no option covers. It is merged into the definition: an element that the definition has is changed,"
    " any other is added. What you take out of it later stays in the definition; remove that by hand, as with"
    " C(virsh edit). It cannot add what a list of the item leaves out, or an option that is V(null) takes away."
)
"""What the option ``xml`` does."""
