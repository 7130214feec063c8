# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a libvirt network (https://libvirt.org/formatnetwork.html)."""

from __future__ import annotations

import dataclasses

from ..._engine import paths
from ..._engine.converters import (
    ADDRESS,
    ANY_BASE,
    DEVICE,
    INTERFACE,
    MAC,
    NAME,
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
from ..shared import derived_values
from ..shared.grammar import LIBVIRT
from ..shared.namespaces import OWN
from ..shared.ownership_mark import sign, unsign
from ..shared.rows import HOSTDEV_DRIVER, MERGED, MTU, ROUTES, VIRTUALPORT, VLAN, bandwidth
from ..shared.synonyms import OF_OTHERS
from . import brief_form, cleanup, normal_form
from .live_strategies import STRATEGIES
from .rules import addressing, forwarding, served, subnets, translating

BANDWIDTH = bandwidth(None)


def lease(live: str) -> Struct:
    """How long an address is handed out for."""
    return Struct(
        "lease",
        "lease",
        (
            Field(
                "expiry",
                "@expiry",
                ANY_BASE,
                "Length of the lease in units of C(unit) (libvirt's lease C(expiry)), such as V(24); V(0) never ends.",
                live=live,
            ),
            Field(
                "unit",
                "@unit",
                Choice("seconds", "minutes", "hours"),
                "Unit of the length of the lease (libvirt's lease C(unit)).",
                default="minutes",
                filled=True,
            ),
        ),
        "Time for which an address is handed out (libvirt's dhcp C(lease)).",
    )


RANGE = (
    Field(
        "start",
        "@start",
        ADDRESS,
        "First address of the range to hand out (libvirt's range C(start)), such as V(192.168.122.100).",
        live="ip_dhcp_range",
    ),
    Field(
        "end",
        "@end",
        ADDRESS,
        "Last address of the range to hand out (libvirt's range C(end)), such as V(192.168.122.254).",
        live="ip_dhcp_range",
    ),
    lease("ip_dhcp_range"),
)

HOST = (
    Field(
        "mac",
        "@mac",
        MAC,
        "MAC address of the guest that gets the address (libvirt's host C(mac)).",
        live="ip_dhcp_host",
    ),
    Field(
        "id",
        "@id",
        TEXT,
        "DHCP unique identifier (DUID) of the guest that gets the address, with IPv6 (libvirt's host C(id)).",
        live="ip_dhcp_host",
    ),
    Field(
        "name",
        "@name",
        TEXT,
        "Host name that the guest gets with the address (libvirt's host C(name)).",
        live="ip_dhcp_host",
    ),
    Field(
        "ip",
        "@ip",
        ADDRESS,
        "Address that is kept for the guest (libvirt's host C(ip)), such as V(192.168.122.10).",
        live="ip_dhcp_host",
    ),
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
    Field(
        "address",
        ".",
        INTERFACE,
        "Address of the host on the network, with its prefix (libvirt's ip C(address)), such as V(192.168.122.1/24).",
    ),
    Field(
        "family",
        "@family",
        Choice("ipv4", "ipv6"),
        "Address family (libvirt's ip C(family)): V(ipv4) or V(ipv6). Leave it out: the address tells it.",
        filled=True,
    ),
    Field(
        "local_ptr",
        "@localPtr",
        YES_NO,
        "Whether reverse lookups for the subnet are never passed on to other DNS servers (libvirt's C(localPtr)).",
    ),
    Field(
        "tftp",
        "tftp@root",
        TEXT,
        "Path of the directory on the host that guests can fetch files from by TFTP (libvirt's C(tftp root)).",
    ),
    Struct(
        "dhcp",
        "dhcp",
        (
            Group(
                "ranges",
                "range",
                RANGE,
                "Ranges of addresses that guests get by DHCP (libvirt's C(range)).",
                live="ip_dhcp_range",
                keys=("start",),
                rekey=False,
                called=("start",),
            ),
            Group(
                "hosts",
                "host",
                HOST,
                "Addresses that are each kept for one guest (libvirt's dhcp C(host)).",
                live="ip_dhcp_host",
                keys=("mac", "id", "ip", "name"),
                rekey=False,
                called=("mac", "id", "name", "ip"),
            ),
            Field(
                "bootp_file",
                "bootp@file",
                TEXT,
                "Name of the file that guests boot from over the network (libvirt's bootp C(file)), such as"
                " V(pxelinux.0).",
            ),
            Field(
                "bootp_server",
                "bootp@server",
                TEXT,
                "Address of the TFTP server that has the boot file (libvirt's bootp C(server)). Left out, it is the"
                " network's own.",
            ),
        ),
        "DHCP service that gives guests their addresses (libvirt's C(dhcp)).",
    ),
)

DNS = (
    Field(
        "enable",
        "@enable",
        YES_NO,
        "Whether the network has a DNS server (libvirt's dns C(enable)). Left out, it has one where it has addresses.",
    ),
    Field(
        "forward_plain_names",
        "@forwardPlainNames",
        YES_NO,
        "Whether names without a dot are passed on to other DNS servers (libvirt's C(forwardPlainNames)).",
    ),
    Group(
        "forwarders",
        "forwarder",
        (
            Field(
                "addr",
                "@addr",
                ADDRESS,
                "Address of the DNS server to ask (libvirt's forwarder C(addr)), such as V(192.0.2.53).",
            ),
            Field(
                "domain",
                "@domain",
                TEXT,
                "Domain whose names this server is asked for (libvirt's forwarder C(domain)). Left out, all names.",
            ),
        ),
        "DNS servers that are asked for names outside the network (libvirt's C(forwarder)).",
        keys=(("domain", "addr"), "domain", "addr"),
    ),
    Group(
        "txts",
        "txt",
        (
            Field(
                "name",
                "@name",
                TEXT,
                "Name of the TXT record (libvirt's txt C(name)), such as V(example).",
                live="dns_txt",
            ),
            Field("value", "@value", VERBATIM, "Text of the TXT record (libvirt's txt C(value)).", live="dns_txt"),
        ),
        "TXT records of the network's DNS server (libvirt's C(txt)).",
        keys=("name",),
        live="dns_txt",
    ),
    Group(
        "srvs",
        "srv",
        (
            Field(
                "service",
                "@service",
                TEXT,
                "Name of the service (libvirt's srv C(service)), such as V(ldap).",
                live="dns_srv",
            ),
            Field(
                "protocol",
                "@protocol",
                Choice("tcp", "udp"),
                "Protocol of the service (libvirt's srv C(protocol)): V(tcp) or V(udp).",
                live="dns_srv",
            ),
            Field(
                "domain",
                "@domain",
                TEXT,
                "Domain that has the service (libvirt's srv C(domain)). Left out, the network's domain.",
                live="dns_srv",
            ),
            Field(
                "target",
                "@target",
                TEXT,
                "Name of the host that offers the service (libvirt's srv C(target)).",
                live="dns_srv",
            ),
            Field(
                "port",
                "@port",
                Integer(0, 65535),
                "Port that the service is on (libvirt's srv C(port)), such as V(389).",
                live="dns_srv",
            ),
            Field(
                "priority",
                "@priority",
                Integer(0, 65535),
                "Priority of the host (libvirt's srv C(priority)). The lowest number is asked first.",
                live="dns_srv",
            ),
            Field(
                "weight",
                "@weight",
                Integer(0, 65535),
                "Weight among hosts of the same priority (libvirt's srv C(weight)). A higher number is asked more"
                " often.",
                live="dns_srv",
            ),
        ),
        "SRV records of the network's DNS server (libvirt's C(srv)), which tell where services are.",
        keys=(("service", "protocol", "domain", "target"), ("service", "protocol", "domain"), ("service", "protocol")),
        live="dns_srv",
    ),
    Group(
        "hosts",
        "host",
        (
            Field(
                "ip",
                "@ip",
                ADDRESS,
                "Address that the names stand for (libvirt's host C(ip)), such as V(192.168.122.2).",
                live="dns_host",
            ),
            Values(
                "hostnames",
                "hostname",
                TEXT,
                "Names that stand for the address (libvirt's C(hostname)).",
                live="dns_host",
            ),
        ),
        "Names for addresses in the network's DNS server (libvirt's dns C(host)).",
        keys=("ip",),
        live="dns_host",
    ),
)

PORTGROUP = (
    Field(
        "name",
        "@name",
        TEXT,
        "Name of the port group (libvirt's portgroup C(name)), by which guests refer to it.",
        live="portgroup",
    ),
    Field(
        "default",
        "@default",
        YES_NO,
        "Whether interfaces that name no port group belong to this one (libvirt's portgroup C(default)).",
        live="portgroup",
    ),
    Field(
        "trust_guest_rx_filters",
        "@trustGuestRxFilters",
        YES_NO,
        "Whether the host takes over changes that guests make to their MAC addresses and receive filters (libvirt's"
        " C(trustGuestRxFilters)).",
        live="portgroup",
    ),
    # An empty one says nothing here, and libvirt leaves it out (virNetworkPortGroupDefFormat).
    dataclasses.replace(VIRTUALPORT, bare=False),
    bandwidth("portgroup"),
    VLAN,
)

MODES = {
    **dict.fromkeys(
        ("macvtap", "macvlan", "direct"), "write {mode: bridge, interfaces: [DEVICE]} with a network card of the host"
    ),
    **dict.fromkeys(("none", "isolated", "off"), "leave forward out, and the network is isolated"),
    "bridged": "did you mean 'bridge'?",
    "routed": "did you mean 'route'?",
}
"""What people write for the way out of a network, and what to say of it."""

FORWARD = (
    Field(
        "mode",
        "@mode",
        Choice("nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev", meant=MODES),
        "How guests reach the outside (libvirt's forward C(mode)): V(nat) behind the host's address, V(route) with"
        " their own, V(open) without firewall rules, V(bridge) on a bridge of the host. Without O(config[].forward)"
        " the network is isolated.",
        filled=True,
    ),
    # libvirt writes the first of interfaces into dev, and dev into interfaces, and refuses a difference.
    Field(
        "dev",
        "@dev",
        DEVICE,
        "Only network device of the host that traffic may leave by (libvirt's forward C(dev)), such as V(eth0).",
        follower="interface@dev",
    ),
    Values(
        "interfaces",
        "interface@dev",
        DEVICE,
        "Network devices of the host that guests are linked to by MacVTap (libvirt's forward C(interface)).",
        follower="@dev",
    ),
    Field(
        "managed",
        "@managed",
        YES_NO,
        "Whether libvirt detaches the devices of mode V(hostdev) from the host when a guest starts, and gives them"
        " back later (libvirt's C(managed)).",
        filled=True,
    ),
    Field(
        "pf",
        "pf@dev",
        DEVICE,
        "Network card whose virtual functions guests get (libvirt's C(pf dev)), with mode V(hostdev), such as V(eth0).",
    ),
    Group(
        "addresses",
        "address",
        (
            Field(
                "type",
                "@type",
                Choice("pci"),
                "Kind of bus that the address is on (libvirt's address C(type)), which is always V(pci).",
                new="pci",
                filled=True,
            ),
            *PCI,
        ),
        "PCI addresses of virtual functions that guests get (libvirt's forward C(address)), with mode V(hostdev).",
        keys=(("domain", "bus", "slot", "function"),),
    ),
    HOSTDEV_DRIVER,
    Struct(
        "nat",
        "nat",
        (
            Field("ipv6", "@ipv6", YES_NO, "Whether addresses of IPv6 are translated too (libvirt's nat C(ipv6))."),
            Struct(
                "address",
                "address",
                (
                    Field(
                        "start",
                        "@start",
                        ADDRESS,
                        "First address that guests appear under outside (libvirt's address C(start)).",
                    ),
                    Field(
                        "end",
                        "@end",
                        ADDRESS,
                        "Last address that guests appear under outside (libvirt's address C(end)).",
                    ),
                ),
                "Range of addresses that guests appear under outside (libvirt's nat C(address)).",
            ),
            Struct(
                "port",
                "port",
                (
                    Field(
                        "start",
                        "@start",
                        Integer(1, 65535),
                        "First port that guests appear under outside (libvirt's port C(start)), such as V(1024).",
                    ),
                    Field(
                        "end",
                        "@end",
                        Integer(1, 65535),
                        "Last port that guests appear under outside (libvirt's port C(end)), such as V(65535).",
                    ),
                ),
                "Range of ports that guests appear under outside (libvirt's nat C(port)).",
            ),
        ),
        "How guests' addresses are translated (libvirt's C(nat)), with mode V(nat).",
    ),
)

ROWS = (
    Field(
        "name",
        "name",
        NAME,
        "Name of the network (libvirt's C(name)), by which guests refer to it, such as V(default).",
        fixed=True,
    ),
    Property(
        "state",
        "",
        Choice("active", "inactive", "present", "absent", meant=OF_OTHERS),
        "State that the network shall be in. V(present) defines it and leaves it active or inactive as it is;"
        " V(absent) removes it.",
    ),
    Property(
        "autostart",
        "",
        YES_NO,
        "Whether the network starts when the host does (libvirt's C(autostart)). A new one does.",
        default=False,
        new=True,
    ),
    Field(
        "uuid",
        "uuid",
        UUID,
        "UUID of the network (libvirt's C(uuid)). That of a new network follows from its name.",
        new=derived_values.derive_uuid,
        filled=True,
        fixed=True,
    ),
    Field("title", "title", VERBATIM, "Short title of the network (libvirt's C(title))."),
    Field(
        "description",
        "description",
        VERBATIM,
        "Text that tells people what the network is for (libvirt's C(description)).",
    ),
    Documents(
        "metadata",
        "metadata",
        OWN,
        "Data that other programs keep with the network (libvirt's C(metadata)): elements of XML, as text.",
    ),
    Field(
        "bridge",
        "bridge@name",
        DEVICE,
        "Name of the bridge (libvirt's bridge C(name)): one that libvirt makes, such as V(virbr0), or with forward"
        " mode V(bridge) one of the host's, such as V(br0).",
        filled=True,
    ),
    Field(
        "stp",
        "bridge@stp",
        ON_OFF,
        "Whether the bridge that libvirt makes runs the spanning tree protocol (libvirt's bridge C(stp)).",
        filled=True,
    ),
    Field(
        "delay",
        "bridge@delay",
        Integer(0),
        "Seconds until a new port of the bridge forwards traffic (libvirt's bridge C(delay)).",
        filled=True,
    ),
    Field(
        "zone",
        "bridge@zone",
        TEXT,
        "Zone of firewalld that the bridge is put into (libvirt's bridge C(zone)), such as V(public).",
    ),
    Field(
        "mac_table_manager",
        "bridge@macTableManager",
        Choice("kernel", "libvirt"),
        "Who keeps the bridge's table of MAC addresses (libvirt's C(macTableManager)). V(kernel) learns them from"
        " traffic; V(libvirt) enters those of the guests and turns learning off.",
    ),
    MTU,
    Field(
        "domain",
        "domain@name",
        TEXT,
        "DNS domain of the network (libvirt's domain C(name)), such as V(lab.example.com).",
    ),
    Field(
        "domain_local_only",
        "domain@localOnly",
        YES_NO,
        "Whether names of the domain are never passed on to other DNS servers (libvirt's C(localOnly)).",
    ),
    Field(
        "domain_register",
        "domain@register",
        YES_NO,
        "Whether the host's systemd-resolved asks the network's DNS server for names of the domain (libvirt's domain"
        " C(register)).",
    ),
    Field(
        "mac",
        "mac@address",
        MAC,
        "MAC address of the bridge that libvirt makes (libvirt's mac C(address)).",
        filled=True,
    ),
    Field(
        "ipv6",
        "@ipv6",
        YES_NO,
        "Whether guests can reach each other by IPv6 where the network has no IPv6 address (libvirt's network"
        " C(ipv6)).",
    ),
    Field(
        "trust_guest_rx_filters",
        "@trustGuestRxFilters",
        YES_NO,
        "Whether the host takes over changes that guests make to their MAC addresses and receive filters (libvirt's"
        " C(trustGuestRxFilters)).",
    ),
    Struct(
        "forward",
        "forward",
        FORWARD,
        "How guests reach the outside from the network (libvirt's C(forward)).",
        bare=True,
        short="mode",
    ),
    Group(
        "ips",
        "ip",
        IP,
        "Addresses of the host on the network (libvirt's C(ip)), with DHCP for the guests.",
        keys=("address",),
        short="address",
    ),
    ROUTES,
    Struct("dns", "dns", DNS, "DNS server of the network, which guests ask (libvirt's C(dns))."),
    Group(
        "portgroups",
        "portgroup",
        PORTGROUP,
        "Port groups: classes of guests with limits and VLANs of their own (libvirt's C(portgroup)).",
        keys=("name",),
        live="portgroup",
    ),
    VIRTUALPORT,
    BANDWIDTH,
    VLAN,
    Field(
        "isolated",
        "port@isolated",
        YES_NO,
        "Whether guests on the network cannot reach each other (libvirt's port C(isolated)).",
    ),
    Values(
        "dnsmasq_options",
        "dnsmasq:options/dnsmasq:option@value",
        VERBATIM,
        "Lines for the configuration of dnsmasq, which libvirt does not support (libvirt's C(dnsmasq:option)), such as"
        " V(dhcp-option=42,192.0.2.1).",
    ),
    Fragment(
        "xml",
        "network",
        MERGED,
        grammar=LIBVIRT,
    ),
)

NETWORK = Table(
    kind="network",
    manual="ansible-doc virtfleet.kvm.networks has them all",
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
    rules=(addressing, served, forwarding, translating),
    tidy=cleanup.tidy,
    cautions=(subnets,),
    base=derived_values.unless_described("default", read_rows(ROWS, paths.document(LIBVIRT_DEFAULT))),
    shipped={"default": LIBVIRT_DEFAULT},
    sign=sign,
    unsign=unsign,
    normal=normal_form.settle,
    filled=brief_form.fill,
    alike=brief_form.without_allotted,
    started=normal_form.started,
    strategies=STRATEGIES,
)
