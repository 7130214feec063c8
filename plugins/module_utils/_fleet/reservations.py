# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of guests: ``ip`` of a guest's interface.

Without its subnet, the DHCP of a libvirt network keeps it. The address stands in the guest alone, next to its network;
what the network has to say of it follows from that. With its subnet, cloud-init sets it in the guest.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from .._engine.converters import ADDRESS, INTERFACE, MAC
from .._engine.rows.model import Host, Item, Scope
from .._errors import Invalid, VirtfleetError
from .._kinds.domain.table import DOMAIN
from .._kinds.network.rules import of_the_subnet
from .._kinds.network.table import NETWORK
from .._kinds.shared.derived_values import derive_mac
from .._printing import label, printable
from .unique import entries, host_part, listed, normal, word

IP = "ip"
"""The option of an interface in ``kvm_guests``. The module domains does not have it: it is the network's to do."""

WAYS = ("gateway", "nameservers")
"""Options of an interface that go with an address which cloud-init sets."""

OURS = (IP, *WAYS)
"""Options of an interface that the module domains does not have."""

DNS_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}")
"""What libvirt's DHCP takes as the name of a host (virNetworkDHCPHostDefParseXML)."""


class ReservedAddress(t.NamedTuple):
    """An address that a network keeps for an interface.

    :param place: that of the interface in the list
    """

    place: int
    network: str
    mac: str
    ip: str


def cards(guest: Item) -> list[t.Any]:
    """The interfaces of a guest, with short forms written out."""
    found = DOMAIN.written_out({"interfaces": guest.get("interfaces")})["interfaces"]
    return list(found) if isinstance(found, (list, tuple)) else []


def mac_addresses(guest: Item) -> list[str]:
    """The MAC address of each interface: the one that is given, or the one that a new guest gets there."""
    known = [{"mac": normal(MAC, card.get("mac")) if isinstance(card, dict) else None} for card in cards(guest)]
    for index, card in enumerate(known):
        others = (*known[:index], *known[index + 1 :])
        scope = Scope(DOMAIN.kind, word(guest, "name"), Host(), index=index, siblings=others)
        card["mac"] = card["mac"] or derive_mac(scope)
    return [str(card["mac"]) for card in known]


def for_module(guest: Item) -> Item:
    """A guest as the module domains takes it: without the addresses, but with the MAC addresses that have them.

    Those that cloud-init sets stand among its options.
    """
    found = cards(guest)
    if not any(isinstance(card, dict) and card.keys() & set(OURS) for card in found):
        return guest
    macs = mac_addresses(guest)
    whole = {**guest, "interfaces": [without_ip(card, mac) for card, mac in zip(found, macs, strict=True)]}
    fixed = [entry for card, mac in zip(found, macs, strict=True) for entry in set_inside(card, mac)]
    cloud = guest.get("cloud_init")
    if fixed and isinstance(cloud, dict) and cloud.get("network") in (None, "auto"):
        given = cloud.get("addresses") or []
        more = [*given, *fixed] if isinstance(given, (list, tuple)) else given
        whole["cloud_init"] = {**cloud, "addresses": more}
    return whole


def set_inside(card: object, mac: str) -> list[Item]:
    """The address of an interface that cloud-init sets, as the module domains takes it."""
    if not isinstance(card, dict) or not has_subnet(card.get(IP)) or normal(INTERFACE, card[IP]) is None:
        return []
    return [{"mac": mac, "address": card[IP], **{name: card[name] for name in WAYS if card.get(name) is not None}}]


def has_subnet(ip: object) -> bool:
    """Whether an address stands there with its subnet."""
    return isinstance(ip, str) and "/" in ip


def without_ip(card: object, mac: str) -> object:
    """An interface without the address that is kept for it, but with the MAC address."""
    if not isinstance(card, dict) or not card.keys() & set(OURS):
        return card
    given = {name: value for name, value in card.items() if name not in OURS}
    return {**given, "mac": mac} if card.get(IP) is not None and card.get("mac") is None else given


def kept_addresses(guest: Item) -> list[ReservedAddress]:
    """The addresses that networks are to keep for a guest."""
    if word(guest, "state") == "absent":
        return []
    found = []
    for index, (card, mac) in enumerate(zip(cards(guest), mac_addresses(guest), strict=True)):
        ip = host_part(card.get(IP)) if isinstance(card, dict) and not has_subnet(card.get(IP)) else None
        if ip is not None:
            found.append(ReservedAddress(index, word(card, "network"), mac, ip))
    return found


def by_name(networks: object) -> dict[str, Item]:
    """The networks of a host by name, with short forms written out."""
    found = listed(networks)
    return {word(network, "name"): NETWORK.written_out(network) for network in found}


def subnet(network: Item, ip: str) -> int | None:
    """The place of the entry of ``ips`` that an address belongs to; None where there is none with DHCP."""
    ips = network.get("ips")
    for place, entry in enumerate(ips if isinstance(ips, (list, tuple)) else ()):
        try:
            inside = ipaddress.ip_address(ip) in ipaddress.ip_interface(word(entry, "address")).network
        except (ValueError, AttributeError):
            continue
        if inside and isinstance(entry.get("dhcp"), dict):
            return place
    return None


def problems(guest: Item, networks: t.Mapping[str, Item]) -> list[Invalid]:
    """What is wrong with the addresses of a guest.

    :param networks: those of its host by name (see by_name)
    """
    found = [
        Invalid(f"interfaces[{index}].{problem.where}", problem.problem)
        for index, card in enumerate(cards(guest))
        if isinstance(card, dict) and word(guest, "state") != "absent"
        for problem in card_problems(card, guest, networks)
    ]
    for one in kept_addresses(guest):
        problem = network_problem(one, networks)
        if problem is not None:
            found.append(Invalid(f"interfaces[{one.place}].{IP}", problem))
    return found


def card_problems(card: Item, guest: Item, networks: t.Mapping[str, Item]) -> t.Iterator[Invalid]:
    """What is wrong with the address of one interface by itself, and with what goes with it."""
    ip, inside = card.get(IP), has_subnet(card.get(IP))
    if ip is not None:
        try:
            (INTERFACE if inside else ADDRESS).parse(ip)
        except ValueError as error:
            yield Invalid(IP, str(error))
            return
    if inside:
        problem = inside_problem(card, guest, networks)
        if problem is not None:
            yield Invalid(IP, problem)
    if inside and card.get("gateway") is not None:
        problem = gateway_problem(str(card[IP]), card["gateway"])
        if problem is not None:
            yield Invalid("gateway", problem)
    for name in WAYS:
        if card.get(name) is not None and not inside:
            yield Invalid(name, "goes with an ip that has its subnet, such as 192.0.2.21/24, which cloud-init sets")


def gateway_problem(ip: str, gateway: object) -> str | None:
    """Why a guest with an address does not reach a gateway; None where it does, or the gateway is refused by itself.

    :param ip: the address with its subnet
    """
    own = t.cast("str", normal(INTERFACE, ip))
    router = normal(ADDRESS, gateway)
    if router is None:
        return None
    card, reached = ipaddress.ip_interface(own), ipaddress.ip_address(str(router))
    if "%" in str(router):
        return f"{printable(str(router))} has a zone, which names a device: write the address alone, without %"
    if reached == card.ip:
        return f"{reached} is the address of the guest itself: write that of its router"
    meant = of_the_subnet(reached, card.network) if reached in card.network else ""
    if meant:
        return f"{reached} is {meant}, and no router can have it: write that of the router"
    # An address of the link alone is reached from any subnet.
    if reached in card.network or (reached.version == card.version and reached.is_link_local):
        return None
    return (
        f"{reached} is outside of {card.network}, the subnet of {IP}, so the guest does not reach it: see both; where"
        f" it is meant so, take {IP} and gateway out of the interface, and write cloud_init.network as a dictionary,"
        " with the address, and on-link: true for the route"
    )


def inside_problem(card: Item, guest: Item, networks: t.Mapping[str, Item]) -> str | None:
    """Why cloud-init cannot set an address, or is not to; None where it can."""
    cloud = guest.get("cloud_init")
    if not isinstance(cloud, dict) or cloud.get("network") not in (None, "auto"):
        return (
            "with its subnet is set by cloud-init: give cloud_init, with network: auto; without its subnet it is kept"
            " by the DHCP of a libvirt network"
        )
    network, ip = networks.get(word(card, "network")), host_part(card.get(IP))
    if network is not None and ip is not None and subnet(network, ip) is not None:
        return f"network {printable(word(card, 'network'))} has DHCP for it: write {ip}, without its subnet"
    return None


def network_problem(one: ReservedAddress, networks: t.Mapping[str, Item]) -> str | None:
    """Why a network cannot keep an address; None where it can."""
    if not one.network:
        return (
            "only a libvirt network can reserve an address. On a bridge, write it with its subnet"
            f" ({one.ip}/{24 if ':' not in one.ip else 64}), and cloud-init sets it"
        )
    network = networks.get(one.network)
    called = f"network {printable(one.network)}"
    if network is None:
        return f"{called} is not in kvm_networks of the host; declare it there with its ips"
    place = subnet(network, one.ip)
    if place is None:
        return outside(network, called, one.ip)
    entry = network["ips"][place]
    if host_part(entry.get("address")) == one.ip:
        return f"{one.ip} is the address of the host itself in {called}"
    meant = of_the_subnet(ipaddress.ip_address(one.ip), ipaddress.ip_interface(word(entry, "address")).network)
    if meant:
        return f"{one.ip} is {meant}, and no guest can have it: write another"
    for host in entries(entry["dhcp"], "hosts"):
        same = (host_part(host.get("ip")) == one.ip, normal(MAC, host.get("mac")) == one.mac)
        if any(same) and not all(same):
            return f"{called} itself keeps {one.ip if same[0] else one.mac} otherwise, in dhcp.hosts"
    return None


def outside(network: Item, called: str, ip: str) -> str | None:
    """Why no subnet of a network can keep an address. None where one of them is not known, as it is refused itself.

    :param called: the network, in words
    """
    spaces = []
    for entry in entries(network, "ips"):
        if normal(INTERFACE, entry.get("address")) is None:
            return None
        spaces.append(ipaddress.ip_interface(word(entry, "address")).network)
    if any(ipaddress.ip_address(ip) in space for space in spaces):
        return f"{called} has no dhcp for {ip}, which keeps it; give dhcp to its ips in kvm_networks"
    ranges = ", ".join(map(str, spaces)) or "it has no ips"
    return f"{ip} is outside of {called} ({ranges}); see its ips in kvm_networks"


def with_reservations(networks: object, guests: object, host: str) -> list[Item]:
    """The networks of a host, with the addresses that they keep for its guests.

    Raises VirtfleetError for an address that none of them can keep, or that is wrong otherwise.

    :param guests: the guests of the fleet
    """
    if not isinstance(networks, (list, tuple)):
        raise VirtfleetError(f"with_reservations: {printable(networks, hidden=True)} is not a list of networks")
    named = by_name(networks)
    for guest in listed(guests):
        if word(guest, "host") != host:
            continue
        wrong = problems(guest, named)
        if wrong:
            raise VirtfleetError("\n".join(f"guest {label(guest.get('name'))}: {problem}" for problem in wrong))
        for number, one in enumerate(kept_addresses(guest)):
            name = word(guest, "name") if number == 0 and DNS_NAME.fullmatch(word(guest, "name")) else ""
            named[one.network] = keeping(named[one.network], one, name)
    return [named.get(word(one, "name"), one) if isinstance(one, dict) else one for one in networks]


def keeping(network: Item, one: ReservedAddress, name: str) -> Item:
    """A network that keeps one more address.

    :param name: the name that goes with it; empty for none
    """
    place = subnet(network, one.ip)
    if place is None:
        return network
    ips = list(network["ips"])
    dhcp = ips[place]["dhcp"]
    hosts = dhcp.get("hosts") or []
    known = [normal(MAC, host.get("mac")) for host in entries(dhcp, "hosts")]
    if one.mac in known or not isinstance(hosts, (list, tuple)):
        return network
    more = {"mac": one.mac, **({"name": name} if name else {}), "ip": one.ip}
    ips[place] = {**ips[place], "dhcp": {**dhcp, "hosts": [*hosts, more]}}
    return {**network, "ips": ips}
