# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared of guests and what is there, made into one dictionary for each: the variable ``kvm_guest``."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Item, ReadOnlyItem, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.unique import entries, host_part, word
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.derived_values import derive_mac, derive_uuid

from . import address, tags, vsock
from .address import Networks

JoinedGuest = Item

DECLARED = "declared"
"""The source of addresses that are declared: as the guest's own, or in the DHCP of a network."""


class AddressChoice(t.NamedTuple):
    """Which address of a guest is taken.

    :param networks: patterns, the best first
    :param sources: the best first
    :param families: the best first
    """

    networks: t.Sequence[str]
    sources: t.Sequence[str]
    families: t.Sequence[str]


def guests_of(
    host: str,
    declared: t.Sequence[JoinedGuest],
    networks: t.Sequence[JoinedGuest],
    answer: ReadOnlyItem | None,
    choice: AddressChoice,
    undeclared: bool,
) -> list[JoinedGuest]:
    """The guests of one host, those that are declared first.

    :param declared: the guests that are declared for it, evaluated
    :param networks: its networks that are declared, evaluated
    :param answer: what it says; None where it was not asked, or did not answer
    :param undeclared: whether guests count that are there and not declared
    """
    parsed = [normal(network) for network in with_default(networks)]
    there: t.Mapping[str, JoinedGuest] = {} if answer is None else answer["guests"]
    known = {**networks_of(parsed), **({} if answer is None else answer["networks"])}
    missing = "absent" if answer is not None and answer["complete"] else "unknown"
    wanted = [DOMAIN.parse_item({key: value for key, value in guest.items() if key != "host"})[0] for guest in declared]
    found = [
        combined(host, from_declaration(item, guest, parsed), there.get(guest["name"]), missing)
        for guest, item in zip(declared, wanted, strict=True)
    ]
    if undeclared:
        names = {guest["name"] for guest in declared}
        found += [combined(host, {"name": name}, facts, missing) for name, facts in there.items() if name not in names]
    return [finished(guest, known, choice) for guest in found]


def with_default(networks: t.Sequence[JoinedGuest]) -> list[JoinedGuest]:
    """The networks that are declared, and ``default``, which libvirt brings along."""
    named = any(word(network, "name") == "default" for network in networks)
    return [*networks, *([] if named else [{"name": "default"}])]


def normal(network: JoinedGuest) -> JoinedGuest:
    """The options of a network in normal form, with those that the name alone gives it."""
    item = NETWORK.parse_item(network)[0]
    return item if NETWORK.base is None else NETWORK.base(item)


def networks_of(parsed: t.Sequence[JoinedGuest]) -> dict[str, dict[str, object]]:
    """What networks are like, as far as they are declared."""
    out = {}
    for network in parsed:
        forward = network.get("forward")
        mode = (forward.get("mode") or "nat") if isinstance(forward, dict) else ""
        out[word(network, "name")] = {"forward": mode, "bridge": network.get("bridge")}
    return out


def from_declaration(item: JoinedGuest, raw: JoinedGuest, networks: t.Sequence[JoinedGuest]) -> JoinedGuest:
    """A guest as it is declared; what is left out is what a new guest gets, as far as that follows from its name.

    :param item: its options in normal form; what is wrong among them is left out
    :param raw: its options as they are written
    """
    name = raw["name"]
    scope = Scope("domain", name, Host(), item=item)
    cards = entries(item, "interfaces")
    interfaces = []
    for place, card in enumerate(cards):
        mac = card.get("mac") or derive_mac(Scope("domain", name, Host(), place, card, tuple(cards)))
        kind = card.get("type") or next((one for one in ("network", "bridge", "direct") if card.get(one)), None)
        interfaces.append({"mac": mac, "type": kind, **{one: card.get(one) for one in ("network", "bridge", "direct")}})
    return {
        "name": name,
        "declared": True,
        "uuid": item.get("uuid") or derive_uuid(scope),
        **{key: item.get(key) for key in ("title", "description", "memory", "vcpus", "autostart")},
        "vsock_cid": vsock.of_declaration(item),
        "interfaces": interfaces,
        "addresses": declared_addresses(name, raw, interfaces, networks),
        "tags": tags.of_declaration(raw.get("metadata")),
    }


def declared_addresses(
    name: str, raw: JoinedGuest, interfaces: t.Sequence[JoinedGuest], networks: t.Sequence[JoinedGuest]
) -> list[dict[str, object]]:
    """The addresses that a guest is declared to have: its own, and those that a network's DHCP keeps for it."""
    found = []
    cards = raw.get("interfaces")
    if not isinstance(cards, (list, tuple)) or len(cards) != len(interfaces):
        cards = [{}] * len(interfaces)
    for card, interface in zip(cards, interfaces, strict=True):
        if isinstance(card, dict):
            own = [card.get("ip"), *(ip.get("address") for ip in entries(card, "ips"))]
            found += [(interface["mac"], host_part(text)) for text in own if text]
    for network in networks:
        for ip in entries(network, "ips"):
            dhcp = ip.get("dhcp")
            for kept in entries(dhcp, "hosts") if isinstance(dhcp, dict) else ():
                for interface in interfaces:
                    on_it = interface.get("network") == network.get("name")
                    is_it = kept["mac"] == interface["mac"] if kept.get("mac") else kept.get("name") == name
                    if on_it and is_it:
                        found.append((interface["mac"], host_part(kept.get("ip"))))
    return [
        {"interface": None, "mac": mac, "address": text, "prefix": None, "source": DECLARED}
        for mac, text in found
        if text is not None
    ]


def combined(host: str, declared: JoinedGuest, there: JoinedGuest | None, missing: str) -> JoinedGuest:
    """A guest as it is, and where it is not there, or nobody knows, as it is declared.

    :param there: what the host says of it
    :param missing: its state where the host says nothing
    """
    nothing = dict.fromkeys(("uuid", "title", "description", "memory", "vcpus", "autostart", "vsock_cid"))
    guest = {**nothing, "declared": False, "interfaces": [], "addresses": [], "tags": [], "state": missing, **declared}
    if there is not None:
        guest.update({key: value for key, value in there.items() if key not in ("agent", "addresses", "tags")})
        guest["tags"] = list(dict.fromkeys([*there["tags"], *guest["tags"]]))
        guest["addresses"] = [*there["addresses"], *guest["addresses"]]
    return {**guest, "host": host}


def finished(guest: JoinedGuest, networks: Networks, choice: AddressChoice) -> JoinedGuest:
    """A guest with the address that Ansible takes, and the networks it is on by name."""
    interfaces = [{**one, "network": address.network_of(one, networks)} for one in guest["interfaces"]]
    one = address.chosen(interfaces, guest["addresses"], networks, choice.networks, choice.sources, choice.families)
    on = None if one is None else next(interface for interface in interfaces if interface["mac"] == one["mac"])
    named = [name_of_network(interface, networks) for interface in interfaces]
    return {
        **guest,
        "interfaces": interfaces,
        "networks": list(dict.fromkeys(name for name in named if name is not None)),
        "address": None if one is None else one["address"],
        "address_source": None if one is None else one["source"],
        "address_network": None if on is None else name_of_network(on, networks),
        "behind_host": on is not None and address.is_hidden(on, networks),
    }


def name_of_network(interface: JoinedGuest, networks: Networks) -> str | None:
    """The name of what an interface is on; None for what has none."""
    return next(iter(address.names(interface, networks)), None)
