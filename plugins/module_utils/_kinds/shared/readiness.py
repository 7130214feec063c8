# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the run could not do is said by the plan, so by check mode too: what all kinds have in common."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.observed import Observed
from ..._engine.plan import Plan


class Doubt(str):
    """A problem that may be none in the run: an earlier task, which check mode has not carried out, may solve it."""

    __slots__ = ()


def certain(problems: t.Iterable[str]) -> list[str]:
    """The problems that the run has, too."""
    return [problem for problem in problems if not isinstance(problem, Doubt)]


def refuse(entry: Plan, problems: t.Iterable[str]) -> bool:
    """Refuse what has problems, and warn of doubts. Whether it is refused."""
    problems = list(dict.fromkeys(problems))
    entry.warnings += [str(problem) for problem in problems if isinstance(problem, Doubt)]
    if certain(problems):
        entry.obstacle = "; ".join(certain(problems))
    return entry.obstacle is not None


def definition(entry: Plan, have: Observed | None) -> ET.Element | None:
    """The definition that a guest, network or pool will have."""
    text = next((step.value for step in entry.steps if step.action == "define"), None)
    if text is not None:
        return ET.fromstring(text)
    return None if have is None else have.definition


def leaves(entry: Plan, have: Observed | None) -> bool:
    """Whether a network or pool frees the place that it has: its bridge or folder.

    One that runs has it until it stops: only then does libvirt take the new definition.
    """
    actions = {step.action for step in entry.steps}
    return "undefine" in actions or ("define" in actions and (have is None or have.live is None or "stop" in actions))
