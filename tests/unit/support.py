# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the unit tests share: planning one item, and XML to compare."""

from __future__ import annotations

import pathlib
import re
from typing import Any
from xml.etree import ElementTree as ET

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import paths
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan, plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.kind import DOMAINS
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.kind import NETWORKS
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.kind import POOLS
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.site_parts import site_parts
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.kind import VOLUMES

ROOT = pathlib.Path(__file__).parents[2]

KINDS = {kind.name: kind for kind in (DOMAINS, NETWORKS, POOLS, VOLUMES)}

TABLES = {table.kind: table for table in (DOMAIN, NETWORK)}
ALL_TABLES = (LINK, *(part.table for part in site_parts()))
"""The tables of all resources."""

KVM_HOST = Host(virt="kvm", arch="x86_64", machines={"q35": "pc-q35-9.2", "pc": "pc-i440fx-9.2"})
EMULATING_HOST = Host(virt="qemu", virt_reason="/dev/kvm does not open: No such file or directory")

SCOPE = Scope("domain", "web01", KVM_HOST)


def canonical(xml: str | ET.Element) -> str:
    """XML in a form in which only what it says differs: no indentation, order of attributes or quotes."""
    text = xml if isinstance(xml, str) else ET.tostring(xml, encoding="unicode")
    return ET.canonicalize(text, strip_text=True, rewrite_prefixes="xmlns" in text)


def observed(
    definition: str,
    state: str = "stopped",
    live: str | None = None,
    properties: dict[str, Any] | None = None,
    persistent: bool = True,
) -> Observed:
    """A resource that is there. What runs without a live definition of its own has the same."""
    if live is None and state in ("running", "paused", "active"):
        live = definition
    return Observed(
        definition=paths.document(definition),
        live=None if live is None else paths.document(live),
        state=state,
        properties=properties or {},
        persistent=persistent,
    )


def plan_one(table: Table, have: Observed | None, config: dict[str, Any], host: Host = KVM_HOST) -> Plan:
    """Parse and plan a single item."""
    (item,) = table.parse([config])
    there = {} if have is None else {item["name"]: have}
    (result,) = plan(table, there, [item], host)
    return result


def plan_of(kind: str, name: str, *steps: Step, **more: Any) -> Plan:
    """A plan with steps, in their order."""
    result = Plan(kind, name, **more)
    result.steps.add(StepPlace.STATE, *steps)
    return result


def defined(result: Plan) -> str:
    """The XML that a plan defines."""
    (xml,) = [step.value for step in result.steps if step.action == "define"]
    return xml


def changes(result: Plan) -> dict[str, tuple[Any, Any]]:
    """Before and after by path."""
    return {change.path: (change.before, change.after) for change in result.changes}


def actions(result: Plan) -> list[str]:
    """The names of the steps."""
    return [step.action for step in result.steps]


def certain(told: Any) -> Any:
    """What a run says where check mode says that it would do it."""
    if not isinstance(told, list) or not all(isinstance(line, str) for line in told):
        return told
    return [re.sub(r"^would still be ", "was still ", line) for line in told]
