# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a plan has come: which of its changes the steps have brought about that were carried out."""

from __future__ import annotations

import typing as t

from .rows.model import Change
from .step import Step

if t.TYPE_CHECKING:
    from .plan import Plan


FINISH = "finish"
"""The step that notes that a new resource has all that new ones get."""

ASIDE = ("forget", "spare", FINISH)
"""Steps that change only what is noted."""


def is_brought_about(change: Change, plan: Plan, done: t.Sequence[Step]) -> bool:
    """Whether the steps of a plan that were carried out have brought about a change; one of the state is another thing.

    :param done: those steps
    """
    needed = bringers(change, plan)
    return bool(needed) and all(any(step is other for other in done) for step in needed)


def bringers(change: Change, plan: Plan) -> list[Step]:
    """The steps of a plan that it takes for a change."""
    steps = plan.steps
    if change.path == "restart":
        return [step for step in steps if step.state is not None]
    own = [step for step in steps if is_own(step, change.path)]
    if own:
        return own
    if change.path in plan.live_only:
        return [step for step in steps if change.path in step.reaches]
    for action in ("undefine", "define"):
        found = [step for step in steps if step.action == action]
        if found:
            return found
    return [step for step in steps if step.action not in ASIDE]


def is_own(step: Step, path: str) -> bool:
    """Whether a step is there for one change alone: that of a value beside the definition, or of a guest's volume.

    Such a volume tells the path of its change in ``change``; that of a seed has several.
    """
    if step.action == f"set_{path}":
        return not step.reaches
    value = step.value.get("change") if isinstance(step.value, dict) else getattr(step.value, "change", None)
    return bool(value == path) or (value == "cloud_init" and path.startswith("cloud_init."))


def moved(plan: Plan, done: t.Sequence[Step]) -> list[Change]:
    """How far a plan that was broken off has changed the state of its resource.

    :param done: the steps that were carried out
    """
    states = [step.state for step in plan.steps if step.state is not None]
    now = next((step.state for step in reversed(done) if step.state is not None), None)
    if now is None:
        return []
    before = next((change.before for change in plan.changes if change.path == "state"), states[-1])
    return [] if now == before else [Change("state", before, now)]
