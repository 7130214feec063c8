# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks hosts for their guests, side by side. A process of its own, as a call of libvirt may never return.

``ask`` starts it with an order on its standard input, a line of JSON:

=============  ==================================================================================
``hosts``      name and URI of each host
``timeout``    seconds that each has, from when its turn comes
``forks``      how many are asked at once
``sources``    where addresses come from, in order
``networks``   patterns of names of networks, the wanted ones first
=============  ==================================================================================

It answers with a line for each host, as soon as that one is done or its time is over: ``host``, ``guests`` and
``networks`` as far as they came, ``problem``, and ``complete``. A thread that libvirt does not return to is left alone;
the process ends without it.
"""

from __future__ import annotations

import collections
import json
import os
import queue
import sys
import threading
import time
import typing as t
from xml.etree import ElementTree as ET

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import paths
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.facts import addresses
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.connection import LibvirtError, connect, message_of
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.objects import (
    Connection,
    Domain,
    GuestAddress,
    Network,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import masked, masked_uri, unforeseen

from . import address, tags, vsock


class OrderData(t.TypedDict):
    """What is to be asked: see ask.Order. Of each host the URI."""

    hosts: list[tuple[str, str]]
    forks: int
    timeout: float
    sources: list[str]
    networks: list[str]


AnswerData = dict[str, t.Any]
"""What a host says: ``guests`` and ``networks`` by name, the ``problem``, and whether it is ``complete``."""

Tell = t.Callable[..., None]
"""Takes what is known of a host by now: see HostAnswers.take_in."""

AGENT = "org.qemu.guest_agent.0"
"""The name of the channel to the agent in a guest (formatdomain.html, channel)."""

PAUSED = 3
"""A state of a guest: VIR_DOMAIN_PAUSED."""


PieceValue = t.Any
"""A piece of the answer of a host: see HostAnswers.take_in."""

Piece = tuple[str, str, PieceValue]
"""A host, and a piece of its answer: see HostAnswers.take_in."""


class HostAnswers:
    """What is known of a host while it is asked.

    :param deadline: when its time is over
    """

    def __init__(self, host: str, deadline: float) -> None:
        self.deadline = deadline
        self.answer: AnswerData = {"host": host, "guests": {}, "networks": {}, "problem": None, "complete": False}

    def take_in(self, key: str, value: PieceValue) -> None:
        """Take in a piece of the answer: ``guests`` and ``networks`` as they are, ``addresses`` of one guest."""
        if key == "addresses":
            name, found = value
            self.answer["guests"][name]["addresses"] += found
        else:
            self.answer[key] = value


def main() -> None:
    """Carry out the order on standard input, then end at once, whatever threads are left."""
    order = json.load(sys.stdin)
    for answer in answers(order):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    os._exit(0)


def answers(order: OrderData) -> t.Iterator[AnswerData]:
    """The answers of all hosts, as they come."""
    waiting = collections.deque(order["hosts"])
    looks: dict[str, HostAnswers] = {}
    pieces: queue.SimpleQueue[Piece] = queue.SimpleQueue()
    while waiting or looks:
        while waiting and len(looks) < order["forks"]:
            host, uri = waiting.popleft()
            looks[host] = HostAnswers(host, time.monotonic() + order["timeout"])
            threading.Thread(target=ask, args=(host, uri, order, pieces), daemon=True).start()
        first = min(look.deadline for look in looks.values())
        try:
            host, key, value = pieces.get(timeout=max(0.0, first - time.monotonic()))
        except queue.Empty:
            for host in [host for host, look in looks.items() if look.deadline <= time.monotonic()]:
                yield {**looks.pop(host).answer, "problem": f"did not answer within {order['timeout']:g} seconds"}
            continue
        if host in looks:  # What comes too late was reported as missing.
            looks[host].take_in(key, value)
            if key in ("problem", "complete"):
                yield looks.pop(host).answer


def ask(host: str, uri: str, order: OrderData, pieces: queue.SimpleQueue[Piece]) -> None:
    """Ask one host, in a thread of its own."""

    def tell(key: str, value: object) -> None:
        pieces.put((host, key, value))

    try:
        with connect(uri) as connection:
            look(connection, order["sources"], order["networks"], tell)
        tell("complete", True)
    except LibvirtError as error:
        tell("problem", f"libvirt at {masked_uri(uri)}: {message_of(error)}")
    except VirtfleetError as error:
        tell("problem", str(error))
    except Exception as error:  # Nobody reads a traceback.
        tell("problem", unforeseen(error))


def look(connection: Connection, sources: t.Sequence[str], wanted: t.Sequence[str], tell: Tell) -> None:
    """Tell the guests and networks of a host, then the addresses of the guests that run.

    The first source is asked for all guests, a later one for those that the ones before did not suffice for. The agent
    is asked where it is connected only: libvirt waits for one that is not.

    :param sources: where addresses come from
    :param wanted: patterns of networks
    """
    networks = {network.name(): network_facts(network) for network in connection.listAllNetworks(0)}
    tell("networks", networks)
    domains = {domain.name(): domain for domain in connection.listAllDomains(0)}
    guests = {name: guest_facts(domain) for name, domain in domains.items()}
    tell("guests", {name: {**facts, "addresses": []} for name, facts in guests.items()})
    known: dict[str, list[GuestAddress]] = {name: [] for name in guests}
    for source in sources:
        for name, facts in guests.items():
            if facts["state"] == "stopped" or (source == "agent" and not facts["agent"]):
                continue
            if address.suffices(facts["interfaces"], known[name], networks, wanted):
                continue
            found: list[GuestAddress] = [{**one, "source": source} for one in addresses(domains[name], source)]
            known[name] += found
            tell("addresses", (name, found))


def network_facts(network: Network) -> dict[str, object]:
    """What a network is like for those on it: how they leave the host (empty where not at all), and its bridge."""
    root = paths.document(network.XMLDesc(0))
    forward, bridge = root.find("forward"), root.find("bridge")
    return {
        "forward": "" if forward is None else forward.get("mode", "nat"),
        "bridge": None if bridge is None else bridge.get("name"),
    }


def guest_facts(domain: Domain) -> Item:
    """What a guest is like. The definition is read without what is secret in it."""
    root = paths.document(domain.XMLDesc(0))
    state, most, now, vcpus, _time = domain.info()
    active = bool(domain.isActive())
    channels = root.iterfind("devices/channel/target")
    return {
        "uuid": domain.UUIDString(),
        "state": "paused" if active and state == PAUSED else "running" if active else "stopped",
        "title": masked(root.findtext("title") or "") or None,
        "description": masked(root.findtext("description") or "") or None,
        "memory": (now if active else most) * 1024,
        "vcpus": vcpus,
        "vsock_cid": vsock.of_definition(root),
        "interfaces": [interface(node) for node in root.iterfind("devices/interface")],
        "tags": tags.of_definition(root),
        "agent": any(node.get("name") == AGENT and node.get("state") == "connected" for node in channels),
    }


def interface(node: ET.Element) -> dict[str, object]:
    """A network card: its address, and what it is on."""
    mac, source = node.find("mac"), node.find("source")
    found = {} if source is None else source.attrib
    kind = node.get("type")
    return {
        "mac": None if mac is None else mac.get("address", "").lower(),
        "type": kind,
        # Where a guest runs, libvirt says what its network put it on, such as the card of a network for MacVTap.
        "network": found.get("network"),
        "bridge": found.get("bridge") if kind == "bridge" else None,
        "direct": found.get("dev") if kind == "direct" else None,
    }
