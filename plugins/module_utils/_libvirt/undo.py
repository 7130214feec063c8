# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take back what was made for a resource that then failed: what fails leaves nothing behind.

Only what this run made goes: a definition that is new and does not run, and the volumes that were made for a guest.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .._engine.plan import Plan
from .._engine.step import Step
from .._errors import VirtfleetError
from . import departures, storage
from .connection import LibvirtError, said
from .departures import Belongings
from .manifest import Manifest
from .removal import Going
from .storage_observe import identity
from .storage_plan import Making
from .storage_pools import lookup, pool_undefine

RUNS = frozenset(("start", "start_paused"))
"""Steps after which a resource is in use, and stays."""


def undo(connection: t.Any, plan: Plan, options: t.Any) -> str:
    """Take back what the steps of a plan made before one of them failed.

    Returns what could not be taken back, to be read after the reason of the failure; empty where nothing is left.
    Changes nothing where the definition is not new: a resource that was there keeps what it has got.
    """
    if plan.kind == "volume":
        return ""
    done = plan.steps[: plan.done]
    actions = {step.action for step in done}
    new = any(change.path == "definition" and change.before is None for change in plan.changes)
    if ("define" in actions and not new) or actions & RUNS:
        return ""
    left: list[str] = []
    if "define" in actions:
        attempt(left, f"the {plan.kind} stays defined", FORGET[plan.kind], connection, plan.name)
    if not left:
        for step in reversed(done):
            if step.action == "make_volume":
                attempt(left, f"the volume {step.value.key} stays", remove, connection, plan.name, step.value, options)
    if not left:
        plan.done = 0
    return "".join(f"; {line}" for line in left)


def attempt(left: list[str], what: str, action: t.Callable[..., None], *values: t.Any) -> None:
    """Do one thing, and note what stays where that fails."""
    try:
        action(*values)
    except LibvirtError as error:
        left.append(f"{what}: {said(error)}")
    except VirtfleetError as error:
        left.append(f"{what}: {error}")


def remove(connection: t.Any, guest: str, making: Making, options: t.Any) -> None:
    """Delete a volume that was made for a guest. Raises VirtfleetError where it may be another one, or is used."""
    pool = connection.storagePoolLookupByName(making.pool)
    volume = lookup(pool, making.name)
    if volume is None:
        return
    manifest = Manifest(connection.getURI())
    noted = manifest.entries("volumes").get(making.key, {})
    found = ET.fromstring(volume.XMLDesc())
    if manifest.kept and (noted.get("identity") is None or noted["identity"] != identity(found)):
        raise VirtfleetError("nothing tells whether it is the one that was made")
    going = Going(making.key, found.findtext("target/path"), identity(found), guest=guest)
    storage.volume_delete(connection, guest, Step("delete_volume", going), options)


def forget_domain(connection: t.Any, name: str) -> None:
    """Forget the definition of a guest, and nothing else of it."""
    if connection.lookupByName(name).isActive():
        raise VirtfleetError("it runs")
    departures.undefine(connection, name, Belongings())


def forget_network(connection: t.Any, name: str) -> None:
    """Forget the definition of a network."""
    network = connection.networkLookupByName(name)
    if network.isActive():
        raise VirtfleetError("it is active")
    network.undefine()


def forget_pool(connection: t.Any, name: str) -> None:
    """Forget the definition of a pool. The data stays."""
    if connection.storagePoolLookupByName(name).isActive():
        raise VirtfleetError("it is active")
    pool_undefine(connection, name, Step("undefine"), None)


FORGET: dict[str, t.Callable[[t.Any, str], None]] = {
    "domain": forget_domain,
    "network": forget_network,
    "pool": forget_pool,
}
