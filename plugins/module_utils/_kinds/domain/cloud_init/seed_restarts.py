# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a seed that changes is to its guest: nothing before the guest starts anew."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.plan_state import plan_restart
from ...._engine.rows.model import Change, Item
from ...._engine.step import Step
from ...._engine.table import Table
from ...._host.image_locks import COUNT, FIRST, guest_with, locked
from ...._storage.storage_observe import source_place
from .seeds import WHERE, Refilling, seed_of

ANEW = "the guest sees it once it is stopped and started; a reboot from inside is not enough"
SAME = "cloud-init will not set up users and packages again; cloud_init: {instance_id: renew} makes it do so"
OTHER = "cloud-init then does all of it again, as in a new instance"


def plan_restarts(
    table: Table,
    plan: Plan,
    want: Item,
    have: Observed | None,
    seed: tuple[t.Sequence[Step], t.Sequence[Change]],
    path: str | None,
    policy: str,
) -> None:
    """Say what a seed that changes waits for, and restart the guest where the user wants that.

    :param seed: the steps and changes of the seed, which are not in the plan yet
    :param path: where the seed is
    :param policy: ``defer``, ``restart`` or ``fail``

    Raises Invalid for ``fail``.
    """
    steps, changes = seed
    filling = next((step.value for step in steps if isinstance(step.value, Refilling)), None)
    when = "" if filling is None else SAME if filling.same else OTHER
    live = None if have is None or want["state"] in table.inactive else have.live
    if have is None or live is None or not has_seed(live, path):
        if filling is not None:
            plan.warnings.append(f"{WHERE}: {when}")
        return
    if any(change.path == "restart" for change in plan.changes) or (filling is None and not is_older(path)):
        return
    reason = f"{ANEW}; {when}" if when else ANEW
    plan.waiting.update(dict.fromkeys([change.path for change in changes] or [WHERE], reason))
    plan_restart(table, plan, have.state, policy)


def has_seed(live: ET.Element, path: str | None) -> bool:
    """Whether a running guest has the file at a path as its seed."""
    node = seed_of(live)
    return node is not None and path is not None and source_place(node.find("source")) == path


def is_older(path: str | None) -> bool:
    """Whether what a running guest has as its seed is not what is at the path by now: no QEMU has that open."""
    try:
        descriptor = os.open(path or "", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        return not locked(descriptor, FIRST, COUNT) and guest_with(os.fstat(descriptor)) is None
    finally:
        os.close(descriptor)
