# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes: what must work after a change because it worked before."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import subprocess
import time
import typing as t

from .._errors import VirtfleetError
from . import facts as model
from . import host_routes, iproute, observe
from .agent import network
from .facts import Facts, Route
from .reading import text_or_nothing

PROBES = ("gateway (IPv4)", "gateway (IPv6)", "name server")
QUERY = b"\x76\x66\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"
"""A DNS query for the name servers of the root (RFC 1035, section 4.1): any answer will do."""


def look() -> Facts:
    """What the probes have to know of the host, and no more: it is asked again and again."""
    return Facts(
        devices={
            name: observe.detailed(device)
            for name, device in model.devices(iproute.ip("-detail", "address", "show")).items()
        },
        routes=host_routes.routes(),
    )


GATEWAY = "gateway "
"""Begins the name of the probe of one gateway, beside the best; its address follows."""


class ProbeResult(t.TypedDict):
    """What a probe found: whether it passed, and that for people."""

    probe: str
    ok: bool
    said: str


def passing(facts: Facts, gateways: t.Iterable[str] = ()) -> list[str]:
    """The probes that pass now.

    :param gateways: those of default routes that the change leaves as they are
    """
    best = min(defaults(facts, "0.0.0.0/0"), key=lambda route: route.metric, default=None)
    others = [f"{GATEWAY}{via}" for via in gateways if best is None or via != best.via]
    return [result["probe"] for result in run([*PROBES, *others], facts) if result["ok"]]


def again(names: t.Sequence[str]) -> list[ProbeResult]:
    """Run probes on the host as it is now."""
    try:
        return run(names, look())
    except VirtfleetError as error:
        return [{"probe": name, "ok": False, "said": str(error)} for name in names]


def run(names: t.Sequence[str], facts: Facts) -> list[ProbeResult]:
    """Run probes: of each its name, whether it passed, and what was found."""
    results: list[ProbeResult] = []
    for name in names:
        if name == "name server":
            ok, finding = name_server(facts)
        elif name.startswith(GATEWAY) and "(" not in name:
            ok, finding = one_gateway(facts, name[len(GATEWAY) :])
        else:
            ok, finding = gateway(facts, "0.0.0.0/0" if "IPv4" in name else "::/0")
        results.append({"probe": name, "ok": ok, "said": finding})
    return results


def gateway(facts: Facts, default: str) -> tuple[bool, str]:
    """Whether the next hop of the best default route is there.

    It must answer for its address on the link (ARP, or neighbour discovery); many answer no ping.
    """
    found = sorted(defaults(facts, default), key=lambda route: route.metric)
    if not found:
        return False, "there is no default route"
    route = found[0]
    if not route.via:
        return True, f"by {route.device}, without a next hop"
    return neighbour(route, facts)


def defaults(facts: Facts, default: str) -> list[Route]:
    """The default routes of a family; one with a source is for what that has sent."""
    return [route for route in facts.routes if route.to == default and "from" not in route.words]


def one_gateway(facts: Facts, via: str) -> tuple[bool, str]:
    """Whether the next hop of a default route of IPv4 that is not the best is there as well."""
    route = next((route for route in defaults(facts, "0.0.0.0/0") if route.via == via), None)
    return (False, f"there is no default route by {via} any more") if route is None else neighbour(route, facts)


def neighbour(route: Route, facts: Facts) -> tuple[bool, str]:
    """Whether the next hop of a route is there."""
    family = "-6" if ":" in route.via else "-4"
    # What the kernel remembers does not count.
    words = ["ip", family, "neigh", "del", route.via, "dev", route.device]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        network.run(words, observe.PATIENCE)
    device = facts.devices.get(route.device)
    for _attempt in range(3):
        knock(route.via, route.device, device.index if device else 0)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            entries = iproute.ip(family, "neigh", "show", "to", route.via, "dev", route.device)
            if any(entry.get("lladdr") or "NOARP" in entry.get("state", []) for entry in entries):
                return True, f"{route.via} answers on {route.device}"
            time.sleep(0.02)
    return False, f"{route.via} does not answer on {route.device}"


def knock(address: str, device: str, index: int) -> None:
    """Send an empty datagram to the port for discarding, so that the kernel looks for the address on a device.

    By IPv4 it would take another way where a route to half the subnet leads there, such as that of a shim.
    """
    version6 = ":" in address
    with socket.socket(socket.AF_INET6 if version6 else socket.AF_INET, socket.SOCK_DGRAM) as out:
        try:
            out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            out.sendto(b"", (address, 9, 0, index) if version6 else (address, 9))
        except OSError:
            pass


def servers(facts: Facts) -> list[tuple[str, int]]:
    """The name servers of the links with a default route, else those of /etc/resolv.conf."""
    devices = {route.device for route in facts.routes if route.to in ("0.0.0.0/0", "::/0")}
    found = []
    for name in sorted(devices):
        device = facts.devices.get(name)
        for server in device.dns if device else ():
            # networkd can write PORT and name as in 192.0.2.1:53#dns.example.
            found.append((server.split("#")[0].split("%")[0], device.index if device else 0))
    if not found:
        for line in text_or_nothing("/etc/resolv.conf").splitlines():
            words = line.split()
            if len(words) > 1 and words[0] == "nameserver" and not words[1].startswith("127."):
                found.append((words[1].split("%")[0], 0))
    usable = []
    for server, index in found:
        try:
            ipaddress.ip_address(server)
        except ValueError:
            continue
        usable.append((server, index))
    return usable


def name_server(facts: Facts) -> tuple[bool, str]:
    """Whether every family's first name server, or another of it, answers at all."""
    known = servers(facts)
    if not known:
        return False, "the host has no name server"
    version4 = [entry for entry in known if ":" not in entry[0]]
    asked = version4 or known
    for server, index in asked:
        if answers(server, index):
            return True, f"{server} answers"
    return False, f"no answer from {', '.join(server for server, _index in asked)}"


def answers(server: str, index: int, seconds: float = 1.0) -> bool:
    """Whether a name server answers, in two attempts."""
    version6 = ":" in server
    with socket.socket(socket.AF_INET6 if version6 else socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.settimeout(seconds)
        for _attempt in range(2):
            try:
                out.sendto(QUERY, (server, 53, 0, index) if version6 else (server, 53))
                if out.recv(512)[:2] == QUERY[:2]:
                    return True
            except OSError:
                continue
    return False
