# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host has the addresses and routes that it must have while a trial is in force."""

from __future__ import annotations

import ipaddress
import os
import time
import typing as t

from . import files, set_by_others
from .network import LINKS, TrialNetwork, clock, subnets_of
from .shapes import DeviceData, Expected

SHORT = 2.0
"""Seconds that all must be there: networkd drops some only a moment after it was told to read its files."""
LATE = 5.0
"""Seconds that is waited for what routers announce, and what comes with no cable."""
PAUSE = 0.2
RESOLVED = "/run/systemd/resolve"
"""Is there where the name servers of networkd count."""

Devices = t.Dict[str, DeviceData]  # noqa: UP006 - this runs with the Python of the host


class MissingNow(t.NamedTuple):
    """What is missing, for people.

    :ivar needed: without which a trial is taken back
    :ivar wanted: what a confirmation warns of
    """

    needed: list[str]
    wanted: list[str]


def wait(network: TrialNetwork, end: float) -> str:
    """Wait until the host has what it must have, and for some moments more. Returns what is missing at the end.

    :param end: until when at most, by ``clock``
    """
    wanted = network.state.get("expected", [])
    if not wanted:
        return ""
    started, since = clock(), clock()
    while True:
        found = look(wanted, network.devices())
        now = clock()
        since = now if found.needed else since
        enough = LATE if found.wanted else SHORT
        if not found.needed and now - since >= SHORT and now - started >= enough:
            return ""
        if now >= end:
            return "; ".join(found.needed)
        time.sleep(PAUSE)


def after_rollback(network: TrialNetwork) -> list[str]:
    """Have the default routes of before again, which come with addresses. Returns what is not there, for people.

    Name servers are only told of: those of a lease come with the next one.
    """
    # Those of other tables are told of where they are given back; default_routes knows the main table only.
    routes = (words for words in network.state["routes"] if "table" not in words)
    wanted = [words for words in routes if "0.0.0.0/0" in words and "via" in words]
    servers = network.state.get("dns", {}) if os.path.exists(RESOLVED) else {}
    end, found = clock() + LATE, list[str]()
    while wanted or servers:
        there = default_routes() if wanted else None
        lost = [words for words in wanted if there is not None and way(words) not in there]
        found = [f"the route to 0.0.0.0/0 by {' on '.join(way(words))}" for words in lost]
        found += without_servers(servers, network.devices())
        if not found or clock() > end:
            break
        if clock() > end - LATE / 2:
            for words in lost:
                network.call(["ip", *words], 10)
        time.sleep(PAUSE)
    return found


def way(words: t.Sequence[str]) -> tuple[str, str]:
    """The gateway and the device of a route."""
    return words[words.index("via") + 1], words[words.index("dev") + 1] if "dev" in words else ""


def without_servers(servers: t.Mapping[str, t.Sequence[str]], devices: Devices) -> list[str]:
    """The name servers of IPv4 that networkd does not have any more, for people."""
    found = []
    for name, wanted in servers.items():
        try:
            lines = files.read(f"{LINKS}/{devices.get(name, {}).get('ifindex', 0)}").splitlines()
        except OSError:
            continue
        has = [server for line in lines if line.startswith("DNS=") for server in line[4:].split()]
        found += [f"the name server {each} of {name}" for each in wanted if ":" not in each and each not in has]
    return found


def look(wanted: t.Sequence[Expected], devices: Devices) -> MissingNow:
    """What of it is missing now. Where ip does not tell the devices, nothing is known to be missing."""
    found = MissingNow([], [])
    if not devices:
        return found
    routes = default_routes() if any(each["routes"] for each in wanted) else None
    for each in wanted:
        there = [name for name in each["devices"] if name in devices]
        has = {address for name in there for address in subnets_of(devices[name])}
        name = next((name for name in there if subnets_of(devices[name])), (there or each["devices"])[0])
        gone = lacking(each, has)
        # Where there was no cable, an address may come with one.
        (found.needed if each["carrier"] else found.wanted).extend(f"{name} {lack}" for lack in gone)
        late = [address for address in each["late"] if not in_subnet(address, has)]
        if late:
            found.wanted.append(f"{name} does not have {', '.join(late)}, which a router announced")
        if routes is not None and not gone:
            lost = [f"{to} by {via}" for to, via in each["routes"] if not any((via, dev) in routes for dev in there)]
            found.wanted.extend([f"{name} does not have the route to {', '.join(lost)}"] if lost else [])
    return found


def lost_ports(ports: t.Mapping[str, str], devices: Devices) -> list[str]:
    """What is said of ports that their bridges do not have any more. Where ip does not tell the devices, nothing.

    :param ports: the bridge of each
    """
    reasons = {port: "is not there any more" if port not in devices else f"is not in {ports[port]}" for port in ports}
    return [
        f"{port} {reasons[port]}" for port in ports if devices and devices.get(port, {}).get("master") != ports[port]
    ]


def lacking(wanted: Expected, has: t.Collection[str]) -> list[str]:
    """What is said of a device that lacks addresses, one sentence at most."""
    hint = ": look whether its DHCP server answers" if wanted["leased"] else ""
    if wanted["addresses"] is None:
        return [] if any(map(is_given, has)) else [f"has no address of IPv4{hint}"]
    gone = [address for address in wanted["addresses"] if address not in has]
    return [f"does not have {', '.join(gone)}{hint}"] if gone else []


def default_routes() -> set[tuple[str, str]] | None:
    """The gateways of the default routes of IPv4, each with its device; None where ip does not answer."""
    output = set_by_others.ip_output("-json", "-4", "route", "show", "default")
    if not output.strip():
        return set() if set_by_others.ip_output("-json", "-4", "route", "show", "table", "local") else None
    return {
        (str(hop.get("gateway", "")), str(hop.get("dev", "")))
        for entry in set_by_others.entries(output)
        for hop in entry.get("nexthops") or [entry]
    }


def is_given(address: str) -> bool:
    """Whether an address of IPv4 is more than what a link gives itself."""
    interface = ipaddress.ip_interface(address)
    return interface.version == 4 and not interface.is_link_local


def in_subnet(address: str, has: t.Iterable[str]) -> bool:
    """Whether an address is there, or another of its subnet: a router's are made anew at times."""
    network = ipaddress.ip_interface(address).network
    return any(ipaddress.ip_interface(each).network == network for each in has)
