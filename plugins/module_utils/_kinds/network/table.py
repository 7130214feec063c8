# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a libvirt network (https://libvirt.org/formatnetwork.html)."""

from __future__ import annotations

import dataclasses

from ..._engine import paths
from ..._engine.converters import (
    ADDRESS,
    DEVICE,
    INTERFACE,
    MAC,
    NAME,
    NATURAL,
    ON_OFF,
    TEXT,
    UUID,
    VERBATIM,
    YES_NO,
    Choice,
    Integer,
)
from ..._engine.rows import Documents, Field, Fragment, Group, Property, Struct, Values
from ..._engine.rows.row_index import read_rows
from ..._engine.table import Table
from ..domain.fields.common import PCI
from ..domain.live.strategies import SECTIONS
from ..shared import derive
from ..shared.ownership_mark import sign
from ..shared.rows import HOSTDEV_DRIVER, MERGED, MTU, ROUTES, VIRTUALPORT, VLAN, bandwidth
from . import cleanup, normal_form
from .rules import addressing, forwarding, subnets

BANDWIDTH = bandwidth(None)


def lease(live: str) -> Struct:
    """How long an address is handed out for."""
    return Struct(
        "lease",
        "lease",
        (
            Field("expiry", "@expiry", NATURAL, "The time; V(0) for ever.", live=live),
            Field("unit", "@unit", Choice("seconds", "minutes", "hours"), "Its unit.", default="minutes", filled=True),
        ),
        "How long an address is handed out for.",
    )


RANGE = (
    Field("start", "@start", ADDRESS, "The first address.", live="ip_dhcp_range"),
    Field("end", "@end", ADDRESS, "The last address.", live="ip_dhcp_range"),
    lease("ip_dhcp_range"),
)

HOST = (
    Field("mac", "@mac", MAC, "The MAC address that gets it.", live="ip_dhcp_host"),
    Field("id", "@id", TEXT, "The DHCP identity that gets it, with IPv6.", live="ip_dhcp_host"),
    Field("name", "@name", TEXT, "The host name that goes with it.", live="ip_dhcp_host"),
    Field("ip", "@ip", ADDRESS, "The address.", live="ip_dhcp_host"),
    lease("ip_dhcp_host"),
)

LIBVIRT_DEFAULT = """
<network>
  <name>default</name>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='on' delay='0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
  </ip>
</network>
"""
"""The network that libvirt ships (src/network/default.xml); packages define it, inactive."""

IP = (
    Field("address", ".", INTERFACE, "The host's address with its subnet, such as V(192.168.122.1/24)."),
    Field("family", "@family", Choice("ipv4", "ipv6"), "The address family; the address tells.", filled=True),
    Field("local_ptr", "@localPtr", YES_NO, "Whether names of the subnet's addresses are never asked for outside."),
    Field("tftp", "tftp@root", TEXT, "The directory that the network's TFTP server offers."),
    Struct(
        "dhcp",
        "dhcp",
        (
            Group(
                "ranges",
                "range",
                RANGE,
                "Addresses to hand out.",
                live="ip_dhcp_range",
                keys=("start",),
                rekey=False,
                called=("start",),
            ),
            Group(
                "hosts",
                "host",
                HOST,
                "Addresses kept for one guest each.",
                live="ip_dhcp_host",
                keys=("mac", "id", "ip", "name"),
                rekey=False,
                called=("mac", "id", "name", "ip"),
            ),
            Field("bootp_file", "bootp@file", TEXT, "The file that guests boot from the network."),
            Field("bootp_server", "bootp@server", TEXT, "The server that has the file, where not the network itself."),
        ),
        "The DHCP service of the network.",
    ),
)

DNS = (
    Field("enable", "@enable", YES_NO, "Whether the network has a DNS server. It has, where it has addresses."),
    Field("forward_plain_names", "@forwardPlainNames", YES_NO, "Whether names without a dot are asked for outside."),
    Group(
        "forwarders",
        "forwarder",
        (
            Field("addr", "@addr", ADDRESS, "The server to ask."),
            Field("domain", "@domain", TEXT, "The domain for which to ask it; all where it is left out."),
        ),
        "Whom to ask for names outside.",
        keys=(("domain", "addr"), "domain", "addr"),
    ),
    Group(
        "txts",
        "txt",
        (
            Field("name", "@name", TEXT, "The name.", live="dns_txt"),
            Field("value", "@value", VERBATIM, "The text.", live="dns_txt"),
        ),
        "TXT records.",
        keys=("name",),
        live="dns_txt",
    ),
    Group(
        "srvs",
        "srv",
        (
            Field("service", "@service", TEXT, "The service, such as V(ldap).", live="dns_srv"),
            Field("protocol", "@protocol", Choice("tcp", "udp"), "The protocol.", live="dns_srv"),
            Field("domain", "@domain", TEXT, "The domain; the network's where it is left out.", live="dns_srv"),
            Field("target", "@target", TEXT, "The host that has the service.", live="dns_srv"),
            Field("port", "@port", Integer(0, 65535), "The port.", live="dns_srv"),
            Field("priority", "@priority", Integer(0, 65535), "The least is asked first.", live="dns_srv"),
            Field("weight", "@weight", Integer(0, 65535), "The share among those of one priority.", live="dns_srv"),
        ),
        "SRV records.",
        keys=(("service", "protocol", "domain", "target"), ("service", "protocol", "domain"), ("service", "protocol")),
        live="dns_srv",
    ),
    Group(
        "hosts",
        "host",
        (
            Field("ip", "@ip", ADDRESS, "The address.", live="dns_host"),
            Values("hostnames", "hostname", TEXT, "Its names.", live="dns_host"),
        ),
        "Names of addresses.",
        keys=("ip",),
        live="dns_host",
    ),
)

PORTGROUP = (
    Field("name", "@name", TEXT, "The name, by which guests refer to it.", live="portgroup"),
    Field("default", "@default", YES_NO, "Whether guests that name none get it.", live="portgroup"),
    Field(
        "trust_guest_rx_filters",
        "@trustGuestRxFilters",
        YES_NO,
        "Whether the host follows the guests' own MAC addresses and filters.",
        live="portgroup",
    ),
    # An empty one says nothing here, and libvirt leaves it out (virNetworkPortGroupDefFormat).
    dataclasses.replace(VIRTUALPORT, bare=False),
    bandwidth("portgroup"),
    VLAN,
)

FORWARD = (
    Field(
        "mode",
        "@mode",
        Choice("nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev"),
        "How guests reach the outside. Without O(config[].forward) the network is isolated.",
        filled=True,
    ),
    # libvirt writes the first of interfaces into dev, and dev into interfaces, and refuses a difference.
    Field("dev", "@dev", DEVICE, "The only device that traffic may leave by.", follower="interface@dev"),
    Values("interfaces", "interface@dev", DEVICE, "Devices of the host for MacVTap.", follower="@dev"),
    Field(
        "managed",
        "@managed",
        YES_NO,
        "Whether libvirt takes the devices of mode V(hostdev) from the host.",
        filled=True,
    ),
    Field("pf", "pf@dev", DEVICE, "The card whose virtual functions are handed out, with mode V(hostdev)."),
    Group(
        "addresses",
        "address",
        (
            Field("type", "@type", Choice("pci"), "The kind of bus.", new="pci", filled=True),
            *PCI,
        ),
        "The PCI addresses of the virtual functions that are handed out.",
        keys=(("domain", "bus", "slot", "function"),),
    ),
    HOSTDEV_DRIVER,
    Struct(
        "nat",
        "nat",
        (
            Field("ipv6", "@ipv6", YES_NO, "Whether IPv6 is translated, too."),
            Struct(
                "address",
                "address",
                (
                    Field("start", "@start", ADDRESS, "The first address."),
                    Field("end", "@end", ADDRESS, "The last address."),
                ),
                "The addresses that guests appear under.",
            ),
            Struct(
                "port",
                "port",
                (
                    Field("start", "@start", Integer(1, 65535), "The first port."),
                    Field("end", "@end", Integer(1, 65535), "The last port."),
                ),
                "The ports that guests appear under.",
            ),
        ),
        "How addresses are translated.",
    ),
)

ROWS = (
    Field("name", "name", NAME, "The name, by which guests refer to the network.", fixed=True),
    Property(
        "state",
        "",
        Choice("active", "inactive", "present", "absent"),
        "What becomes of it. V(present) leaves it active or inactive as it is.",
    ),
    Property("autostart", "", YES_NO, "Whether it starts with the host. A new one does.", default=False, new=True),
    Field(
        "uuid",
        "uuid",
        UUID,
        "The UUID. A new one follows from the name.",
        new=derive.derive_uuid,
        filled=True,
        fixed=True,
    ),
    Field("title", "title", VERBATIM, "A short title."),
    Field("description", "description", VERBATIM, "What the network is for."),
    Documents(
        "metadata", "metadata", paths.NAMESPACES["virtfleet"], "What other programs keep: elements of XML, as text."
    ),
    Field(
        "bridge",
        "bridge@name",
        DEVICE,
        "The bridge: libvirt's own, such as V(virbr0), or with forward mode V(bridge) the host's.",
        filled=True,
    ),
    Field("stp", "bridge@stp", ON_OFF, "The spanning tree protocol on libvirt's own bridge.", filled=True),
    Field("delay", "bridge@delay", Integer(0), "Seconds before the bridge forwards.", filled=True),
    Field("zone", "bridge@zone", TEXT, "The zone of firewalld that the bridge is in."),
    Field("mac_table_manager", "bridge@macTableManager", Choice("kernel", "libvirt"), "Who learns addresses."),
    MTU,
    Field("domain", "domain@name", TEXT, "The DNS domain of the network."),
    Field("domain_local_only", "domain@localOnly", YES_NO, "Whether names of the domain are never asked for outside."),
    Field("domain_register", "domain@register", YES_NO, "Whether the host's own resolver learns the domain."),
    Field("mac", "mac@address", MAC, "The MAC address of libvirt's own bridge.", filled=True),
    Field("ipv6", "@ipv6", YES_NO, "Whether guests reach each other by IPv6 where the network has no such address."),
    Field(
        "trust_guest_rx_filters",
        "@trustGuestRxFilters",
        YES_NO,
        "Whether the host follows the guests' own MAC addresses and filters.",
    ),
    Struct("forward", "forward", FORWARD, "The way out of the network.", bare=True, short="mode"),
    Group("ips", "ip", IP, "The addresses of the host on the network.", keys=("address",), short="address"),
    ROUTES,
    Struct("dns", "dns", DNS, "The DNS server of the network."),
    Group("portgroups", "portgroup", PORTGROUP, "Classes of guests.", keys=("name",), live="portgroup"),
    VIRTUALPORT,
    BANDWIDTH,
    VLAN,
    Field("isolated", "port@isolated", YES_NO, "Whether guests cannot reach each other."),
    Values(
        "dnsmasq_options",
        "dnsmasq:options/dnsmasq:option@value",
        VERBATIM,
        "Options of dnsmasq; libvirt does not support them.",
    ),
    Fragment(
        "xml",
        "network",
        MERGED,
    ),
)

NETWORK = Table(
    kind="network",
    skeleton="<network/>",
    state="active",
    initial="inactive",
    active=frozenset(("active",)),
    transitions={
        ("inactive", "active"): ("start",),
        ("inactive", "absent"): ("undefine",),
        ("active", "inactive"): ("stop",),
        ("active", "absent"): ("stop", "undefine"),
    },
    restart=("stop", "start", "reattach"),
    rows=ROWS,
    rules=(addressing, forwarding),
    tidy=cleanup.tidy,
    cautions=(subnets,),
    base=derive.unless_described("default", read_rows(ROWS, paths.document(LIBVIRT_DEFAULT))),
    shipped={"default": LIBVIRT_DEFAULT},
    sign=sign,
    normal=normal_form.settle,
    started=normal_form.started,
    strategies=SECTIONS,
)
