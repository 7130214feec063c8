# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the guests on a network that goes or stops: libvirt takes the bridge from under them.

A network that is started again has a new bridge, and running guests are not put on it.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .._engine.plan import Plan
from .._printing import printable
from .connection import LibvirtError
from .forecast import Forecast
from .purge import guests, on_network


def refuse_used(connection: t.Any, plans: t.Sequence[Plan], forecast: Forecast) -> None:
    """Refuse each network that is to go while guests run on it, and warn of those that would miss it later.

    One whose guests are put on the network that takes its place may go.
    """
    going = {plan.name: plan for plan in plans if any(step.action == "undefine" for step in plan.steps)}
    stopping = {plan.name: plan for plan in plans if only_stops(plan)}
    if connection is None or not (going or stopping):
        return
    replaced = {name for plan in plans for step in plan.steps if step.action == "reattach" for name in step.value or ()}
    trees = guests(connection, forecast)
    running = {domain.name() for domain in connection.listAllDomains(0) if domain.isActive()}
    for name, plan in {**going, **stopping}.items():
        users = on(connection, name, trees)
        run, off = sorted(users & running), sorted(users - running)
        if run and name in stopping:
            plan.warnings.append(
                f"{named(run)} on it, and cut off from now on, also once it is active again: until the guest is started"
                " anew"
            )
        elif run and name not in replaced:
            plan.refuse(f"state: {named(run)} on it: put the guest on another network, or stop it first")
        elif off and name not in replaced:
            plan.warnings.append(f"guest {', '.join(map(printable, off))} is on it, and does not start without it")


def only_stops(plan: Plan) -> bool:
    """Whether a network is to be inactive, and is not started anew."""
    actions = [step.action for step in plan.steps]
    return "stop" in actions and not {"start", "undefine"} & set(actions)


def on(connection: t.Any, name: str, trees: t.Sequence[tuple[str, ET.Element]]) -> set[str]:
    """The guests that are on a network."""
    try:
        uses = on_network(connection.networkLookupByName(name))
    except LibvirtError:
        return set()  # It is only foretold, or gone by now.
    return {guest for guest, tree in trees if uses(tree)}


def named(guests_on_it: t.Sequence[str]) -> str:
    """Guests with their verb."""
    names = ", ".join(map(printable, guests_on_it))
    return f"guest {names} runs" if len(guests_on_it) == 1 else f"the guests {names} run"
