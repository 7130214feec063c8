# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hypervisor would not do to what runs: the plan expects the same again, and a run tries it again.

A run notes it with what runs, so that it is forgotten at the next start. Until then check mode says what the run before
it has said. A run that succeeds this time tells it as a change.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from .rows.model import Change
from .step import Step

if t.TYPE_CHECKING:
    from .plan import Plan

Reasons = t.Mapping[str, str]
"""Why steps were refused, by their signs."""


def sign_of_step(action: str, changes: t.Iterable[Change]) -> str:
    """What a step is known by to later plans: what it is to bring, without places in lists. Secrets are not in it.

    :param action: that of the step
    :param changes: those that it is to bring
    """
    contents = [(change.path.partition("[")[0], change.before, change.after) for change in changes]
    return hashlib.sha256(json.dumps([action, contents], default=str, sort_keys=True).encode()).hexdigest()[:16]


def expected(steps: t.Iterable[Step], reasons: Reasons, fresh: t.Container[str]) -> dict[str, str]:
    """The paths of which an earlier run was refused, with the reason.

    :param fresh: the paths that change in the definition, too: they were never tried before
    """
    return {
        path: reasons[step.sign]
        for step in steps
        if step.sign in reasons and not any(path in fresh for path in step.reaches)
        for path in step.reaches
    }


def to_note(done: Plan, left: Plan) -> dict[str, str]:
    """Why the steps were refused that are left to do.

    :param done: the plan that was carried out
    :param left: what is left to do now
    """
    return {
        step.sign: done.waiting[step.reaches[0]]
        for step in left.steps
        if step.reaches and all(path in done.waiting for path in step.reaches)
    }
