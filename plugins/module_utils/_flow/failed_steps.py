# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell whether a step came about that failed: what somebody else does meanwhile is not told as done by this run.

A step may fail, or the connection break, after libvirt has carried it out. A second look at the end of the run tells
only what is there by then, and not who did it. So what can be told is told right after the step failed: by the UUID of
a definition, by the identity of a volume that the manifest has, and by the state.
"""

from __future__ import annotations

import contextlib
from xml.etree import ElementTree as ET

from .._engine.plan import Plan
from .._engine.step import Step
from .._errors import VirtfleetError
from .._libvirt.connection import LibvirtError, lacks
from .._libvirt.objects import Connection
from .._storage.manifest import Manifest
from .._storage.new_volumes import Making
from .._storage.storage_observe import identity, lookup
from . import undo
from .kind import Definition, Kind, Work

LOOKS = 3
"""Times that one looks whether something still runs."""

LATER = frozenset(("shutdown",))
"""Steps that may still come about once they have failed: the guest was asked."""


def settle(connection: Connection, kind: Kind, plan: Plan) -> None:
    """Forget the step of a plan that failed, where it is known that it did not come about."""
    if plan.unsure is not None:
        with contextlib.suppress(LibvirtError, VirtfleetError):  # What cannot be told now stays open.
            plan.unsure = plan.unsure if may_have_come(connection, kind, plan, plan.unsure) else None


def refused(plan: Plan, error: Exception) -> None:
    """Forget the step of a plan that libvirt refused for the state of things: it starts nothing that runs already."""
    if plan.unsure is not None and plan.unsure.action not in LATER and lacks(error, "VIR_ERR_OPERATION_INVALID"):
        plan.unsure = None


DECIDED = ("VIR_ERR_OPERATION_UNSUPPORTED", "VIR_ERR_CONFIG_UNSUPPORTED", "VIR_ERR_XML_ERROR", "VIR_ERR_NO_SUPPORT")
"""What libvirt refuses without having asked the hypervisor. Where that has gone, libvirt knows it a moment later."""


def refuse_gone(connection: Connection, kind: Kind, plan: Plan, error: Exception, reason: str) -> Work:
    """Raise VirtfleetError where what ran has stopped over a step: then nothing waits for a restart.

    :param error: what the step failed with
    :param reason: the same in words
    """
    kept = kind.definition
    if kept is None or not plan.running or lacks(error, *DECIDED):
        return
    for _look in range(LOOKS):
        try:
            state = state_of(connection, kept, plan.name)
        except LibvirtError:
            return
        if state not in kind.table.active:
            plan.waiting = {}
            raise VirtfleetError(f"{reason}; it ran until then, and has stopped now")
        yield


def may_have_come(connection: Connection, kind: Kind, plan: Plan, step: Step) -> bool:
    """Whether what a step was to bring is there, and may be of this run. Raises libvirtError, VirtfleetError."""
    if isinstance(step.value, Making):
        return is_of_this_run(connection, step.value)
    if step.action == "define" and undo.is_new(kind, plan):
        try:
            return undo.find_new(connection, kind, plan) is not None
        except undo.Another:
            return False
    if step.state is None or step.action in LATER or kind.definition is None:
        return True
    return state_of(connection, kind.definition, plan.name) == step.state


def is_of_this_run(connection: Connection, making: Making) -> bool:
    """Whether the volume that is there is the one that is noted as made."""
    volume = lookup(connection.storagePoolLookupByName(making.pool), making.name)
    manifest = Manifest(connection.getURI())
    if volume is None or not manifest.kept:
        return volume is not None
    noted = manifest.entries("volumes").get(making.key)
    return noted is not None and noted.get("identity") == identity(ET.fromstring(volume.XMLDesc()))


def state_of(connection: Connection, kept: Definition, name: str) -> str:
    """The state of a guest, network or pool, as the tables name it."""
    found = kept.find(connection, name)
    return "absent" if found is None else kept.state(found)
