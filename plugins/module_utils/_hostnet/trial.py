# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the unit has to know of a trial, out of its plan and of the host as it is."""

from __future__ import annotations

import sys
import typing as t

from . import netplan_generate
from .agent import network, route_words
from .agent.shapes import State
from .facts import Facts
from .links_plan import LinksPlan


def trial_of(plan: LinksPlan, facts: Facts, seconds: int, probes: t.Sequence[str]) -> State:
    """All that the unit has to know of a trial."""
    switch = [["netplan", "apply"]] if plan.network_manager else [["networkctl", "reload"]]
    if plan.refresh and not plan.network_manager:
        switch.append(["networkctl", "reconfigure", *plan.refresh])
    touched = {*plan.reconfigure, *plan.gone, *(name for name, _changes in plan.items), facts.login_device}
    addressed = {
        name: list(device.addresses) if name in touched else plan.given_addresses.get(name, [])
        for name, device in facts.devices.items()
    }
    addressed = {name: found for name, found in addressed.items() if found}
    return {
        "python": sys.executable,
        "seconds": seconds,
        "deadline": network.clock() + seconds,
        "trial": {file.trial: file.tried for file in plan.files if file.trial},
        "keep": [{"path": file.path, "text": file.after, "mode": file.mode} for file in plan.files],
        "generate": [["netplan", "generate"]] if plan.netplan else [],
        "apply": switch,
        "commands": plan.commands,
        "undo": plan.undo,
        "new": plan.new,
        "gone": plan.gone,
        "again": plan.again,
        "modes": plan.modes,
        "settings": {} if plan.network_manager else plan.settings,
        "reconfigure": plan.reconfigure,
        "ports": plan.ports,
        "units": plan.units,
        "netplan": plan.netplan,
        "network_manager": plan.network_manager,
        "masters": {name: device.master for name, device in facts.devices.items() if device.master},
        "addresses": addressed,
        "touched": sorted(touched),
        "expected": plan.expected,
        "dns": {name: list(device.dns) for name, device in facts.devices.items() if device.dns and name in addressed},
        "by_hand": plan.by_hand,
        "configured": sorted(plan.configured),
        "static": plan.static,
        "rules_of_files": plan.rules_of_files,
        "routes": routes_to_give(facts, addressed),
        "probes": list(probes),
        "secrets": netplan_generate.secrets(plan) if plan.netplan else [],
    }


def routes_to_give(facts: Facts, devices: t.Container[str]) -> list[list[str]]:
    """The words after ``ip`` that give devices their routes again, those first by which gateways are reached."""
    known = [*facts.routes, *facts.other_routes]
    found = [route for route in known if route.device in devices and route.protocol != "kernel"]
    found.sort(key=lambda route: bool(route.via))
    given: list[list[str]] = []
    there = set()
    for words in dict.fromkeys(route.words for route in found if route.words):
        place = route_words.destination(words)
        given.append([*words[:2], "append" if place in there else words[2], *words[3:]])
        there.add(place)
    return given
