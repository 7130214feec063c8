# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's network is, as far as a plan has to know. Pure data; observe fills it in."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import typing as t
from xml.etree import ElementTree as ET

from .agent import route_words, shapes

COMMENT = re.compile(r"(^|(?<=\s))[#;].*", re.MULTILINE)
"""What of a netplan's document or a unit counts for nothing."""

BORROWERS = ("bond", "bridge", "team", "vlan")
"""The kinds of device that have the MAC address of one below them."""


NF_CALLS = ("iptables", "ip6tables", "arptables")
"""What br_netfilter can hand the traffic of bridges to."""


@dataclasses.dataclass(frozen=True)
class Nic:
    """What of a network device decides which definition is its own.

    :param mac: its MAC address now
    :param permanent: the one that it was made with
    :param borrowed: whether its MAC address is that of a device which it is built on
    """

    name: str
    mac: str = ""
    driver: str = ""
    permanent: str = ""
    borrowed: bool = False

    @property
    def macs(self) -> set[str]:
        """The addresses by which a definition can mean it."""
        return {mac.lower() for mac in (self.mac, self.permanent) if mac}


@dataclasses.dataclass(frozen=True)
class HostDevice:
    """A network device of the host.

    :param kind: the kernel's kind of it, such as ``bridge``; empty for hardware
    :param master: the bridge, bond or VRF that it is part of
    :param parent: the device that it is built on
    :param addresses: its addresses with their subnets, link-local ones left out
    :param lasting: those of them that the kernel keeps for ever
    :param dynamic: those of them that a server or router has given for some time
    :param settings: the kernel's settings of its kind, such as ``stp_state``
    :param network_file: the file by which networkd configures it
    :param profile: the connection of NetworkManager's own that it has, which netplan does not know (see profiles)
    :param dns: the name servers that networkd has from or for it
    :param client_id: what it calls itself towards the DHCP server, in hexadecimal
    :param altnames: the other names that it goes by
    :param up: whether it was told to be up
    :param carrier: whether it is, with something at the other end
    :param accept_ra: whether the kernel takes what routers announce on it (the kernel's ip-sysctl); empty without IPv6
    :param ipv6_off: whether IPv6 is switched off on it
    """

    name: str
    index: int = 0
    mac: str = ""
    permanent: str = ""
    kind: str = ""
    master: str = ""
    parent: str = ""
    mtu: int = 1500
    driver: str = ""
    wireless: bool = False
    addresses: tuple[str, ...] = ()
    lasting: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()
    settings: shapes.LinkData = dataclasses.field(default_factory=shapes.LinkData)
    network_file: str = ""
    profile: str = ""
    dns: tuple[str, ...] = ()
    client_id: str = ""
    accept_ra: str = ""
    ipv6_off: bool = False
    altnames: tuple[str, ...] = ()
    up: bool = True
    carrier: bool = True

    @property
    def nic(self) -> Nic:
        """What decides which definition is its own."""
        return Nic(self.name, self.mac, self.driver, self.permanent, self.kind in BORROWERS)

    @property
    def iaid(self) -> int | None:
        """The identity that its DHCP client goes by, None where that is its MAC address.

        A client id of type 255 holds the IAID in its first four bytes (RFC 4361, section 6.1).
        """
        if not self.client_id.lower().startswith("ff") or len(self.client_id) < 10:
            return None
        return int(self.client_id[2:10], 16)


@dataclasses.dataclass(frozen=True)
class Route:
    """A route.

    :ivar table: its table, where that is not the main one
    :ivar words: after ``ip``, what gives the kernel the whole route again, with all its next hops
    :ivar encap: what is put around its packets: ip does not tell that in words that it takes
    """

    to: str
    device: str
    via: str = ""
    protocol: str = ""
    metric: int = 0
    table: str = ""
    words: tuple[str, ...] = ()
    encap: str = ""


@dataclasses.dataclass(frozen=True)
class RunningGuest:
    """A guest that runs: the devices that its interfaces have on the host, with type and source.

    An interface of type ``direct`` has the NIC that carries it as its source, one of type
    ``bridge`` or ``network`` the bridge.
    """

    name: str
    interfaces: tuple[tuple[str, str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Neighbour:
    """A neighbour that somebody has set for good, or that a device answers for."""

    device: str
    address: str


@dataclasses.dataclass(frozen=True)
class Distant:
    """A device of another network namespace that is built on one of this.

    :param parent: the device of this namespace that it goes with
    :param holder: whose it is, for people
    """

    name: str
    kind: str
    parent: str
    holder: str

    def __str__(self) -> str:
        return f"{self.name} of {self.holder}"


@dataclasses.dataclass(frozen=True)
class NetplanFile:
    """A file that netplan reads.

    :param text: what it says after a reboot
    :param hidden: whether a file of that name in /run/netplan is read instead until then
    :param below: what its namesake of a package says, which it stands before; None where there is none
    """

    folder: str
    name: str
    text: str
    hidden: bool = False
    below: str | None = None


@dataclasses.dataclass(frozen=True)
class Facts:
    """A host.

    :param routes: those of the main table
    :param other_routes: those of other tables, which only policy rules lead to
    :param units: networkd's files by path, those of /usr/lib left out
    :param ifupdown: devices that /etc/network/interfaces configures
    :param cloud_init: whether cloud-init writes network configuration at boot
    :param nf_call: those of NF_CALLS that bridged traffic goes through (br_netfilter)
    :param forward_policy: what they do with forwarded traffic that no rule is for
    :param login: the host's own address in the connection that the caller came by
    :param vlan_filtering: whether the kernel can keep VLANs apart on a bridge; None where that was not asked
    :param unmade: the types of declared links that the kernel cannot make
    :param distant: devices of other network namespaces that are built on those of this one
    :param neighbours: those that somebody has set for good
    :param queues: the kinds of queue that devices have (tc-qdisc), by device
    """

    devices: t.Mapping[str, HostDevice] = dataclasses.field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    other_routes: tuple[Route, ...] = ()
    netplan: tuple[NetplanFile, ...] = ()
    units: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    guests: tuple[RunningGuest, ...] = ()
    ifupdown: frozenset[str] = frozenset()
    has_netplan: bool = False
    networkd: bool = False
    network_manager: bool = False
    cloud_init: bool = False
    nf_call: tuple[str, ...] = ()
    forward_policy: str = ""
    login: str = ""
    vlan_filtering: bool | None = None
    unmade: frozenset[str] = frozenset()
    distant: tuple[Distant, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    queues: t.Mapping[str, t.Sequence[str]] = dataclasses.field(default_factory=dict)

    @property
    def nics(self) -> dict[str, Nic]:
        """The devices as netplan's definitions see them."""
        return {name: device.nic for name, device in self.devices.items()}

    @property
    def login_device(self) -> str:
        """The device that has the address by which the caller came."""
        for name, device in self.devices.items():
            if any(address.split("/")[0] == self.login for address in device.addresses):
                return name
        return ""

    def ports(self, bridge: str) -> list[str]:
        """The devices that are part of a bridge now."""
        return [name for name, device in self.devices.items() if device.master == bridge]

    def guests_on(self, device: str, kind: str) -> list[str]:
        """The running guests with an interface of a kind (``direct``, ``bridge``) on a device."""
        kinds = ("bridge", "network") if kind == "bridge" else (kind,)
        found = []
        for guest in self.guests:
            for target, interface, source in guest.interfaces:
                known = self.devices.get(target)
                base = source or (known.parent if known and kind == "direct" else known.master if known else "")
                if interface in kinds and base == device:
                    found.append(guest.name)
                elif known is not None and known.kind == "macvtap" and known.parent == device and kind == "direct":
                    # A guest of a libvirt network can be on MacVTap as well.
                    found.append(guest.name)
        return list(dict.fromkeys(found))

    def users(self, link: str) -> list[str]:
        """The running guests that lose their network with a link: on a bridge, by MacVTap, or with it as their own."""
        own = [guest.name for guest in self.guests if link in {target for target, *_on in guest.interfaces}]
        return list(dict.fromkeys([*self.guests_on(link, "bridge"), *self.guests_on(link, "direct"), *own]))

    def built_on(self, link: str) -> list[str]:
        """The devices that the kernel takes away with a link, but for those that guests have; for people."""
        cards = {card for guest in self.guests for card, *_on in guest.interfaces}
        near = [name for name, device in self.devices.items() if device.parent == link and name not in cards]
        return [*near, *(str(device) for device in self.distant if device.parent == link)]


def devices(links: t.Iterable[shapes.DeviceData]) -> dict[str, HostDevice]:
    """The devices of ``ip -detail -json address``."""
    links = [link for link in links if "ifname" in link]  # Old versions of ip tell of one that has just gone as {}.
    names = {link["ifindex"]: link["ifname"] for link in links}
    found = {}
    for link in links:
        info = link.get("linkinfo") or {}
        # Without a netns id the index is one of this host's; a veth's peer may be far away.
        parent = link.get("link") or ("" if "link_netnsid" in link else names.get(link.get("link_index", 0), ""))
        addresses = {
            f"{entry['local']}/{entry['prefixlen']}": not entry.get("dynamic")
            for entry in link.get("addr_info", [])
            if "local" in entry and is_own(entry)
        }
        found[link["ifname"]] = HostDevice(
            name=link["ifname"],
            index=link["ifindex"],
            mac=link.get("address", ""),
            permanent=link.get("permaddr", ""),
            kind=info.get("info_kind", "loopback" if link.get("link_type") == "loopback" else ""),
            master=link.get("master", ""),
            parent=parent,
            mtu=link.get("mtu", 0),
            addresses=tuple(addresses),
            lasting=tuple(address for address, lasts in addresses.items() if lasts),
            dynamic=tuple(address for address, lasts in addresses.items() if not lasts),
            settings=info.get("info_data") or {},
            altnames=tuple(link.get("altnames") or ()),
            up="UP" in link.get("flags", ["UP"]),
            carrier="LOWER_UP" in link.get("flags", ["LOWER_UP"]),
        )
    return found


def neighbours(entries: t.Iterable[t.Mapping[str, object]]) -> t.Iterator[Neighbour]:
    """The neighbours of ``ip -json neighbour``."""
    for entry in entries:
        address, device = entry.get("dst"), entry.get("dev")
        if isinstance(address, str) and isinstance(device, str):
            yield Neighbour(device, address)


def is_own(entry: shapes.AddressData) -> bool:
    """Whether an address is more than what each link has by itself: not one of the loopback's, nor link-local.

    :param entry: what ``ip`` tells of it
    """
    if ":" in entry["local"]:
        return entry.get("scope") in ("global", "site")
    own = entry.get("scope") == "link" and entry["local"].startswith("169.254.")
    return entry.get("scope") not in (None, "host") and not own


def routes(entries: t.Iterable[shapes.RouteData], default: str) -> list[Route]:
    """The routes of ``ip -json route``; the default one gets its network as text."""
    found = []
    for entry, words in route_words.given(entries, default):
        for hop in entry.get("nexthops") or [entry]:
            metric, protocol, table = entry.get("metric", 0), entry.get("protocol", ""), str(entry.get("table", ""))
            gateway = route_words.gateway(hop)
            encap = str(entry.get("encap", ""))
            found.append(Route(entry["dst"], hop.get("dev", ""), gateway, protocol, metric, table, words, encap))
    return found


def cloud_init_writes(texts: t.Iterable[str]) -> bool:
    """Whether cloud-init writes network configuration, by its own. The last file that says so counts.

    :param texts: its files of cloud.cfg.d, in their order
    """
    writes = True
    for text in texts:
        content = re.sub(r"(^|\s)#.*", "", text, flags=re.MULTILINE)
        content = re.sub(r"[\"']\s*:", ": ", content)  # Behind a key in quotes no space is needed.
        words = " ".join(re.sub(r"[{}\"']", " ", content).split())
        if re.search(r"(^| )network: config:", words):
            writes = re.search(r"(^| )network: config: disabled( |$)", words) is None
    return writes


def guest(status: str) -> RunningGuest | None:
    """The guest of one of libvirt's status files, None where it is none."""
    try:
        domain = ET.fromstring(status).find("domain")
    except ET.ParseError:
        return None
    if domain is None:
        return None
    found = []
    for interface in domain.findall("devices/interface"):
        kind = interface.get("type", "")
        source, target = interface.find("source"), interface.find("target")
        actual = "" if source is None else source.get("dev") or source.get("bridge") or ""
        found.append(("" if target is None else target.get("dev", ""), kind, actual))
    return RunningGuest(domain.findtext("name") or "", tuple(found))


def covering(address: str, routes: t.Iterable[Route]) -> list[Route]:
    """The routes, defaults left out, that overlap a subnet."""
    subnet = ipaddress.ip_interface(address).network
    found = []
    for route in routes:
        try:
            network = ipaddress.ip_network(route.to, strict=False)
        except ValueError:
            continue
        if network.prefixlen and network.version == subnet.version and network.overlaps(subnet):
            found.append(route)
    return found
