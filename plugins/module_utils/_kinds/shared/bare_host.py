# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests and volumes need that a host without libvirt will not have: so far only a plan can tell.

A plan in check mode knows what the tasks before it would have made. Where they would have made pools, the host has
these and no others once libvirt is installed; the same is true of networks, besides ``default`` with its bridge, which
comes with the packages.
"""

from __future__ import annotations

import os
import typing as t

from ..._engine.plan import Plan
from ..._flow.kind import Wants
from ..._storage.forecast import Forecast
from ..._storage.new_volumes import Making
from ..volume.readiness import makings, without_pool
from .lacking import PROBLEMS, Site, with_place
from .readiness import definition, refuse
from .references import Reference, references

DEFINITIONS = "/etc/libvirt/qemu/networks"
"""Where libvirt keeps networks. interpreter.missing_libvirt knows that it keeps no guests and pools."""

NETWORKS = ("network", "switch")
DEVICES = ("bridge", "direct")

OF_PACKAGES = ("default", "virbr0")
"""The network that comes with the packages, and its bridge."""

STARTING = ("running", "paused")


class BareHost(Site):
    """A host without libvirt, as the tasks before would have made it.

    :param forecast: what they would have made
    """

    def __init__(self, forecast: Forecast) -> None:
        self.forecast = forecast
        self.local = True
        self.new_volumes, self.gone = set[str](), set[str]()
        self.kept = {"pools": forecast.with_pools({}), "networks": {}}

    def pool(self, name: str) -> str | None:
        return super().pool(name) if self.forecast.pools else None

    def problem(self, reference: Reference) -> str | None:
        kind, value = reference.what
        if kind == "volume":
            return self.pool(value.partition("/")[0])
        if value in OF_PACKAGES or kind not in (*NETWORKS, *DEVICES):
            return None
        kept = os.path.lexists(os.path.join(DEFINITIONS, f"{value}.xml"))
        if kind in NETWORKS and (kept or not self.forecast.networks):
            return None
        return PROBLEMS[kind](self, value)


def check(plans: t.Sequence[Plan], wants: Wants, forecast: Forecast) -> None:
    """Refuse the guests and volumes that the run would refuse once libvirt is there, each for itself.

    None where nothing is foretold at all, as of a module on its own: nobody knows what is made before it.

    :param wants: what is declared, each for the plan in its place
    """
    if forecast == Forecast():
        return
    host = BareHost(forecast)
    for entry, want in zip(plans, wants, strict=True):
        found = makings(host, entry, without_pool)
        root = definition(entry, None) if entry.kind == "domain" and want["state"] in STARTING else None
        problems = [] if root is None else [(needed, host.problem(needed)) for needed in references(root)]
        of_made = tuple(f"{step.value.where}." for step in entry.steps if isinstance(step.value, Making))
        lines = [with_place(needed.where(want), problem) for needed, problem in problems if problem is not None]
        refuse(entry, [*found, *(line for line in lines if not line.startswith(of_made))])
