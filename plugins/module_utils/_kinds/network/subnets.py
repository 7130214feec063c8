# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnets of networks that start: none may be on the host already. libvirt itself looks for the very same one only."""

from __future__ import annotations

import ipaddress
import os
import shutil
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._errors import refuse_input
from .cleanup import OF_OTHERS, forward_mode

if t.TYPE_CHECKING:
    from ..._hostnet.facts import Route

Subnet = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]  # noqa: UP007 - sanity tests import it with older Pythons


def refuse_routed(plans: t.Sequence[Plan], have: t.Mapping[str, Observed], sure: bool = True) -> None:
    """Refuse networks that are to start on a subnet which this host has already.

    :param sure: whether the host's routes are those of the run; else networks are only warned of them: earlier tasks,
        which check mode has not carried out, may change them
    Raises VirtfleetError, with nothing changed, naming each network and the route.
    """
    starting = [entry for entry in plans if any(step.action == "start" for step in entry.steps)]
    if starting:
        # What stops in the same run is gone by then.
        stopping = [entry.name for entry in plans if any(step.action == "stop" for step in entry.steps)]
        gone = {name for stopped in stopping if stopped in have for name in bridges(have[stopped].definition, None)}
        there = [route for route in routes() if route.device not in gone]
        if not sure:
            for entry in starting:
                lines = collisions([entry], have, there)
                entry.warnings += [line[len(f"network {entry.name}: ") :] for line in lines]
            there = []
        refuse_input(collisions(starting, have, there))


def routes() -> list[Route]:
    """The host's routes. Where there is no ``ip`` yet, there is no libvirt yet, whose package brings it."""
    if shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is None:
        return []
    from ..._hostnet import host_routes  # Only now: most runs start no network.

    return list(host_routes.routes())


def collisions(starting: t.Iterable[Plan], have: t.Mapping[str, Observed], there: t.Sequence[Route]) -> list[str]:
    """A sentence for each subnet that is on the host already, or in two of the networks."""
    lines: list[str] = []
    seen: list[tuple[str, Subnet]] = []
    for entry in starting:
        root = definition(entry, have.get(entry.name))
        for index, subnet in enumerate(subnets(root)):
            where = f"network {entry.name}: ips[{index}].address: {subnet}"
            taken = in_the_way(subnet, there, bridges(root, have.get(entry.name)))
            if taken:
                lines.append(
                    f"{where}: the host has a route to {taken[0].to} by {taken[0].device}: take another subnet"
                )
            lines += [
                f"{where} overlaps {other} of the network {name}: take another subnet"
                for name, other in seen
                if other.version == subnet.version and other.overlaps(subnet)
            ]
            seen.append((entry.name, subnet))
    return lines


def definition(entry: Plan, have: Observed | None) -> ET.Element:
    """What a network will be started from."""
    text = next((step.value for step in entry.steps if step.action == "define"), None)
    if text is not None:
        return ET.fromstring(text)
    return ET.Element("network") if have is None else have.definition


def subnets(root: ET.Element) -> list[Subnet]:
    """The subnets that a network puts on a bridge of its own, none where the bridge is another's."""
    if forward_mode(root) in OF_OTHERS:
        return []
    found = []
    for node in root.findall("ip"):
        bits = node.get("prefix") or node.get("netmask") or ("64" if node.get("family") == "ipv6" else "24")
        found.append(ipaddress.ip_interface(f"{node.get('address')}/{bits}").network)
    return found


def bridges(root: ET.Element, have: Observed | None) -> set[str]:
    """The bridges that are the network's own: its routes are not in the way."""
    roots = [root, None, None] if have is None else [root, have.definition, have.live]
    nodes = [each.find("bridge") for each in roots if each is not None]
    return {node.get("name", "") for node in nodes if node is not None}


def in_the_way(subnet: Subnet, routes: t.Iterable[Route], own: t.Container[str]) -> list[Route]:
    """The routes that a network of this subnet would take traffic from, or lose its own to.

    A larger network behind a gateway, such as a VPN's 10.0.0.0/8, is none: to carve a subnet out of it
    is what people do.
    """
    from ..._hostnet import facts

    found = []
    for route in facts.covering(str(subnet), routes):
        larger = ipaddress.ip_network(route.to, strict=False).prefixlen < subnet.prefixlen
        if route.device not in own and not (larger and route.via):
            found.append(route)
    return found
