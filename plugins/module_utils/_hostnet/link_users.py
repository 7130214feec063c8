# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who else names a card that becomes a port, or a link that goes: networks and guests of libvirt, rules of a firewall.

They go on naming it, and nothing fails until a guest starts or a packet is not filtered. So it is told. Pure.
"""

from __future__ import annotations

import fnmatch
import re
import shlex
import typing as t
from xml.etree import ElementTree as ET

from .._engine.rows.model import Item
from .._printing import readable
from .facts import Facts
from .guests_forecast import GuestByThen
from .links_plan import LinksPlan


class Namer(t.NamedTuple):
    """Who names a device.

    :ivar kind: ``network`` or ``guest``
    :ivar device: the card, or the bridge
    :ivar way: how: ``dev`` (its traffic leaves by it), ``direct`` (MacVTap) or ``bridge``
    """

    kind: str
    name: str
    device: str
    way: str


def network(text: str) -> list[Namer]:
    """What a network of libvirt's names, by its definition or status file."""
    root = parsed(text)
    found = None if root is None else root if root.tag == "network" else root.find("network")
    if found is None:
        return []
    name, forward = found.findtext("name") or "", found.find("forward")
    if forward is None:
        return []
    # With interfaces, dev is libvirt's copy of the first of them.
    cards = [each.get("dev", "") for each in forward.findall("interface")] or [forward.get("dev", "")]
    bridge = found.find("bridge")
    if forward.get("mode", "nat") in ("nat", "route", "open"):
        return [Namer("network", name, card, "dev") for card in cards if card]
    if bridge is not None and bridge.get("name"):
        return [Namer("network", name, bridge.get("name", ""), "bridge")]
    return [Namer("network", name, card, "direct") for card in cards if card]


def guest(text: str) -> list[Namer]:
    """What a guest names, by its definition."""
    root = parsed(text)
    found: list[Namer] = []
    if root is None or root.tag != "domain":
        return found
    name = root.findtext("name") or ""
    for interface in root.findall("devices/interface"):
        kind, source = interface.get("type", ""), interface.find("source")
        device = "" if source is None else source.get({"direct": "dev", "bridge": "bridge"}.get(kind, ""), "")
        found += [Namer("guest", name, device, kind)] if device else []
    return found


def parsed(text: str) -> ET.Element | None:
    """A document of libvirt's, None for what is none."""
    try:
        return ET.fromstring(text)
    except ET.ParseError:
        return None


OWN = re.compile(r"\s*(table \w+ libvirt_network|chain LIBVIRT_\w+) \{")
"""Begins what libvirt's own rules are in: they are told of by its networks."""
TEXTS = ("--comment", "--log-prefix", "--nflog-prefix")
"""What in a rule of iptables is followed by words of people."""
CARDS = ("-i", "-o", "--in-interface", "--out-interface")
"""What in a rule of iptables is followed by a device. Not so of physdev, which is for ports alone."""
OBJECTS = re.compile(
    r"\b(comment|prefix|(?:set|map|counter|quota|limit|helper|timeout|expectation|synproxy|secmark)"
    r'(?: name| set)?) "[^"]*"'
)
"""What in nft's list is in quotes, and is the name of no device."""
AT_A_DEVICE = re.compile(r"\s*(table netdev |table bridge )")
"""Begins what sees all of a card's traffic also where it is a port: rules hooked to it, and those of bridges."""


def in_iptables(output: str) -> set[str]:
    """The devices that iptables-save names, ``+`` at the end as a pattern."""
    found = set[str]()
    for line in output.splitlines():
        if line.startswith("-A ") and not line.startswith("-A LIBVIRT_"):
            words = words_of(line)
            named = zip(words, words[1:], ["", *words], strict=False)
            found.update(name for option, name, before in named if option in CARDS and before not in TEXTS)
    return {re.sub(r"\+$", "*", name) for name in found}


def words_of(rule: str) -> list[str]:
    """A rule of iptables-save as the words that it was given."""
    try:
        return shlex.split(rule)
    except ValueError:
        return rule.split()


def in_nftables(output: str) -> set[str]:
    """The devices that nft names in its list of all rules. What it hooks to a device itself still sees all of that."""
    found, skipped, depth = set[str](), 0, 0
    for each in output.splitlines():
        line = OBJECTS.sub("", each)
        plain = re.sub(r'"[^"]*"', "", line)
        depth += plain.count("{") - plain.count("}")
        skipped = skipped or (depth if OWN.match(line) or AT_A_DEVICE.match(line) else 0)
        if not skipped and not line.strip().startswith("devices ="):
            found.update(re.findall(r'"([^"]+)"', line))
        skipped = skipped if depth >= skipped else 0
    return found


def affected(wants: t.Sequence[Item], planned: LinksPlan, facts: Facts) -> dict[str, str]:
    """The cards that become ports, each with its link, and the links that go, each with no name."""
    changed = {name for name, _changes in planned.items}
    found = {name: "" for name in planned.gone if name not in planned.again}
    for item in wants:
        if item["state"] == "present" and item["type"] in ("bridge", "bond") and item["name"] in changed:
            for port in item.get("ports") or []:
                if port in facts.devices and facts.devices[port].master != item["name"]:
                    found[port] = item["name"]
    return found


def foreseen(
    namers: t.Iterable[Namer],
    guests: t.Mapping[str, GuestByThen],
    networks: t.Mapping[str, t.Mapping[str, object] | None],
) -> list[Namer]:
    """Those that would still be there in check mode, once earlier tasks are carried out.

    :param guests: what guests would have, by name (see guests_forecast)
    :param networks: what networks would have, by name; None for one that would be gone
    """
    found = []
    for each in namers:
        if each.kind == "guest" and each.name in guests:
            to_come = guests[each.name]
            if to_come.gone or each.device not in {device for _network, device in to_come.interfaces}:
                continue
        if each.kind == "network" and each.name in networks:
            entry = networks[each.name]
            if entry is None or ({"bridge", "forward"} & set(entry) and each.device not in texts(entry)):
                continue
        found.append(each)
    return found


def texts(value: object) -> set[str]:
    """All texts in a value."""
    if isinstance(value, dict):
        return {text for each in value.values() for text in texts(each)}
    if isinstance(value, (list, tuple)):
        return {text for each in value for text in texts(each)}
    return {value} if isinstance(value, str) else set()


def warnings(
    cards: t.Mapping[str, str], namers: t.Sequence[Namer], rules: t.Collection[str], facts: Facts
) -> t.Iterator[str]:
    """The warnings about each card and link.

    :param cards: see ``affected``
    :param rules: the devices that rules of firewalls name, also as patterns
    """
    running = {each.name for each in facts.guests}
    for card, link in cards.items():
        start = f"link {link}: {card} becomes a port of it, and" if link else f"link {card}: it goes, and"
        for (kind, way), sentence in (PORT if link else GONE).items():
            of = {each.name for each in namers if each[2:] == (card, way) and each.kind == kind}
            # A guest that runs is refused, or moved first.
            names = sorted(map(readable, of - running if kind == "guest" else of))
            if names:
                named = f"the {kind}s {', '.join(names)}" if len(names) > 1 else f"{kind} {names[0]}"
                yield f"{start} {sentence.format(named=named, card=card, link=link)}"
        of_rules = {each for each in rules if fnmatch.fnmatchcase(card, each)}
        if of_rules and not (link and any(fnmatch.fnmatchcase(link, each) for each in of_rules)):
            then = f"what they are for comes by {link} then: name that, too" if link else "they apply to nothing then"
            yield f"{start} rules of the firewall (nft list ruleset, iptables-save) name {card}: {then}"


PORT = {
    (
        "network",
        "dev",
    ): "guests of {named} leave by {card} (forward: dev): they reach nothing outside, until dev is {link}",
    (
        "network",
        "direct",
    ): "guests of {named} are on {card} by MacVTap: they cannot start any more, until it says {link}",
    ("guest", "direct"): "{named} would start on {card} by MacVTap, and cannot any more: put the interface on {link}",
}
"""What a card that becomes a port no longer does for who names it, and how."""
GONE = {
    ("network", "dev"): "guests of {named} leave by it (forward: dev): they reach nothing outside any more",
    ("network", "direct"): "guests of {named} are on it by MacVTap: they cannot start any more",
    ("network", "bridge"): "guests of {named} are on it: they cannot start any more",
    ("guest", "direct"): "{named} would start on it by MacVTap, and cannot any more",
    ("guest", "bridge"): "{named} would start on it, and cannot any more",
}
"""The same of a link that goes."""
