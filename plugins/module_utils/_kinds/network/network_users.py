# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the guests on a network that goes or stops: libvirt takes the bridge from under them.

A network that is started again has a new bridge, and running guests are not put on it.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._libvirt.connection import LibvirtError
from ..._libvirt.objects import Connection, Network
from ..._printing import label
from ..._storage.forecast import Forecast
from ..._storage.guest_documents import definitions
from ..._storage.survey_users import PRESENT
from ..domain.saved_states import saved_definitions
from ..shared import declared_uses
from .cleanup import OF_OTHERS, forward_mode
from .network_options import NetworkOptions


def warn_of_users(connection: Connection, plans: t.Sequence[Plan], options: NetworkOptions) -> None:
    """Warn of the guests on networks that go or stop: those that run are cut off, the others do not start later.

    Nothing is said where they are put on the network that takes its place.
    """
    ending = [plan for plan in plans if ends_network(plan)]
    if connection is None or not ending:
        return
    replaced = {name for plan in plans for step in plan.steps if step.action == "reattach" for name in step.value or ()}
    trees = guests(connection, options.forecast)
    live = running(connection, options.forecast)
    for plan in ending:
        users = set() if plan.name in replaced else guests_on(connection, plan.name, trees)
        cut = guests_on(connection, plan.name, live) if plan.name not in replaced and cuts(connection, plan) else set()
        run, off = sorted(cut), sorted(users - cut)
        if run:
            plan.warnings.append(
                f"{with_verb(run)} on it, and will be cut off, also once the network is active again: until the next"
                " start of the guest"
            )
        if off:
            plan.warnings.append(
                f"{with_verb(off, 'is', 'are')} on it, and {'does' if len(off) == 1 else 'do'} not start without it"
            )
        others = to_be_on(connection, plan.name, options, users)
        if others:
            verbs = ("is", "does") if len(others) == 1 else ("are", "do")
            plan.warnings.append(f"{', '.join(others)} {verbs[0]} to be on it, and {verbs[1]} not start without it")


def to_be_on(
    connection: Connection, name: str, asked: declared_uses.DeclaredUses, known: t.Container[str]
) -> list[str]:
    """The declared guests that are to be on a network, in words.

    :param known: guests that are on it by now
    """
    try:
        found = declared_on(connection, connection.networkLookupByName(name), asked)
    except LibvirtError:
        return []  # It is only foretold, or gone by now.
    return [who for who in found if declared_uses.guest_of(who) not in known]


def running(connection: Connection, forecast: Forecast) -> list[tuple[str, ET.Element]]:
    """What runs, by the names of the guests; what is foretold of a guest counts in place of that."""
    coming = {name: guest for name, guest in forecast.guests.items() if not guest.gone}
    found = [domain for domain in connection.listAllDomains(0) if domain.isActive()]
    return [
        (domain.name(), coming[domain.name()].tree if domain.name() in coming else ET.fromstring(domain.XMLDesc(0)))
        for domain in found
        if domain.name() not in forecast.guests or domain.name() in coming
    ]


def cuts(connection: Connection, plan: Plan) -> bool:
    """Whether guests on a network that stops are cut off: not where it is on a bridge or device of the host's own."""
    if not any(step.action == "stop" for step in plan.steps):
        return False
    try:
        root = ET.fromstring(connection.networkLookupByName(plan.name).XMLDesc(0))
    except LibvirtError:
        return True  # It is only foretold.
    return forward_mode(root) not in OF_OTHERS


def ends_network(plan: Plan) -> bool:
    """Whether a network is to be inactive or absent, and is not started anew."""
    actions = [step.action for step in plan.steps]
    return "undefine" in actions or ("stop" in actions and "start" not in actions)


def guests_on(connection: Connection, name: str, trees: t.Sequence[tuple[str, ET.Element]]) -> set[str]:
    """The guests that are on a network."""
    try:
        uses = on_network(connection.networkLookupByName(name))
    except LibvirtError:
        return set()  # It is only foretold, or gone by now.
    return {guest for guest, tree in trees if uses(tree)}


def with_verb(guests_on_it: t.Sequence[str], one: str = "runs", more: str = "run") -> str:
    """Guests with their verb.

    :param one: the verb for one guest
    :param more: the verb for several
    """
    names = ", ".join(map(label, guests_on_it))
    return f"guest {names} {one}" if len(guests_on_it) == 1 else f"the guests {names} {more}"


def guests(connection: Connection, forecast: Forecast = PRESENT) -> list[tuple[str, ET.Element]]:
    """The definitions of all guests, what runs, and what was saved, with the names.

    Of those that are foretold only the interfaces.
    """
    foreseen = forecast.guests
    known = {domain.name(): domain.UUIDString() for domain in connection.listAllDomains(0)} if foreseen else {}
    for name in [name for name, guest in foreseen.items() if name in known and guest.uuid != known[name]]:
        del foreseen[name]  # It is another one.
    found = [(name, guest.tree) for name, guest in foreseen.items() if not guest.gone]
    for domain in connection.listAllDomains(0):
        if domain.name() in foreseen:
            continue
        found += [(domain.name(), root) for root in definitions(domain) if root is not None]
    gone = {name for name, guest in foreseen.items() if guest.gone}
    return [*found, *(pair for pair in saved_definitions(connection).items() if pair[0] not in gone)]


def using(trees: t.Iterable[tuple[str, ET.Element]], uses: UsesNetwork) -> list[str]:
    """The guests of which something is true, in words, each once."""
    return list(dict.fromkeys(f"guest {name}" for name, tree in trees if uses(tree)))


def own_bridge(network: Network) -> str | None:
    """The bridge that goes with a network; None where it has none of its own."""
    root = ET.fromstring(network.XMLDesc(0))
    forward, bridge = root.find("forward"), root.find("bridge")
    hosts_own = forward is not None and forward.get("mode") == "bridge"
    return None if bridge is None or hosts_own else bridge.get("name")


def declared_on(connection: Connection, network: Network, asked: declared_uses.DeclaredUses) -> list[str]:
    """The declared guests that are to be on a network, or on the bridge that goes with it, in words."""
    found = declared_uses.users_of(connection, asked, "networks", {network.name()})
    bridge = own_bridge(network)
    return found if bridge is None else [*found, *declared_uses.users_of(connection, asked, "bridges", {bridge})]


def on_network(network: Network) -> UsesNetwork:
    """Whether a guest has an interface on a network, or on the bridge that goes with it."""
    name, device = network.name(), own_bridge(network)

    def uses(domain: ET.Element) -> bool:
        sources = domain.findall("devices/interface/source")
        return any(
            source.get("network") == name or (device is not None and source.get("bridge") == device)
            for source in sources
        )

    return uses


UsesNetwork = t.Callable[[ET.Element], bool]
