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
        Field("average", "@average", NATURAL, "KiB a second on average.", live=live),
        Field("peak", "@peak", NATURAL, "KiB a second at most.", live=live),
        Field("burst", "@burst", NATURAL, "KiB that may go at the peak's speed.", live=live),
        *((Field("floor", "@floor", NATURAL, "KiB a second that are guaranteed.", live=live),) if floor else ()),
    )


def bandwidth(live: str | None, floor: bool = False) -> Struct:
    """Limits of both directions, as seen from the guest. Only a guest's interface can have a floor."""
    return Struct(
        "bandwidth",
        "bandwidth",
        (
            Struct("inbound", "inbound", traffic(live, floor), "What the guest receives."),
            Struct("outbound", "outbound", traffic(live), "What the guest sends."),
        ),
        "Limits of the traffic.",
    )


BANDWIDTH = bandwidth("update", floor=True)

VLAN = Struct(
    "vlan",
    "vlan",
    (
        Field("trunk", "@trunk", YES_NO, "Whether several tags are let through.", filled=True),
        Group(
            "tags",
            "tag",
            (
                Field("id", "@id", Integer(0, 4095), "The tag."),
                Field("native_mode", "@nativeMode", Choice("tagged", "untagged"), "How packets without a tag count."),
            ),
            "The tags.",
            keys=("id",),
        ),
    ),
    "VLAN tags, where the switch on the host can set them.",
)

VIRTUALPORT = Struct(
    "virtualport",
    "virtualport",
    (
        Field("type", "@type", Choice("802.1Qbg", "802.1Qbh", "openvswitch", "midonet"), "The kind of switch."),
        Field("managerid", "parameters@managerid", ANY_BASE, "The manager of VSI types."),
        Field("typeid", "parameters@typeid", ANY_BASE, "The VSI type."),
        Field("typeidversion", "parameters@typeidversion", ANY_BASE, "The version of the VSI type."),
        Field("instanceid", "parameters@instanceid", UUID, "The VSI instance.", filled=True),
        Field("profileid", "parameters@profileid", TEXT, "The port profile."),
        Field("interfaceid", "parameters@interfaceid", UUID, "The interface as the switch knows it.", filled=True),
    ),
    "The port of a switch that is managed from outside.",
    bare=True,
)

ROUTES = Group(
    "routes",
    "route",
    (
        Field("address", "@address", ADDRESS, "The network that is reached."),
        Field("family", "@family", Choice("ipv4", "ipv6"), "The address family.", filled=True),
        Field("prefix", "@prefix", Integer(0, 128), "Bits of the network's part.", filled=True),
        Field("netmask", "@netmask", ADDRESS, "The network's part as a mask."),
        Field("gateway", "@gateway", ADDRESS, "The router."),
        Field("metric", "@metric", NATURAL, "The rank among routes; the least wins."),
    ),
    "Routes.",
    keys=("address",),
)

MTU = Field("mtu", "mtu@size", Integer(68, 65535), "The MTU.")
ISOLATED = Field("isolated", "port@isolated", YES_NO, "Whether ports that are isolated cannot reach each other.")

HOSTDEV_DRIVER = Struct(
    "driver",
    "driver",
    (
        Field("name", "@name", Choice("kvm", "vfio", "xen"), "What hands the device to the guest."),
        Field("model", "@model", TEXT, "The kernel driver that takes the device."),
    ),
    "How the host hands over the device.",
)

MERGED = (
    "XML for what no option covers. It is merged into the definition: an element that the definition has is changed,"
    " any other is added. What you take out of it later stays in the definition; remove that by hand, as with"
    " C(virsh edit). It cannot add what a list of the item leaves out, or an option that is V(null) takes away."
)
"""What the option ``xml`` does."""
