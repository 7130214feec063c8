# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a declaring module would do anything: its flow up to the plan, and nothing of what comes after."""

from __future__ import annotations

import dataclasses

from .._engine.report import Result
from .._errors import VirtfleetError
from .._libvirt.connection import Session
from .._printing import label
from .._storage.forecast import Forecast
from .arguments import Params
from .converge import Run
from .images_by_control import FromControl
from .parameters import Parameters
from .unfinished import at_once


class Undecided(VirtfleetError):
    """Something is to be done, or cannot be told. What it says is that."""


@dataclasses.dataclass
class Part:
    """What a run asks of its module, for a part of a look. No task before it has made or foretold anything.

    :param params: the parameters, as Ansible checked them
    :param check_mode: whether the module itself would run in check mode
    """

    params: Params
    check_mode: bool
    forecast: Forecast = dataclasses.field(default_factory=Forecast)
    brought: FromControl = dataclasses.field(default_factory=FromControl)
    is_foretelling: bool = False
    is_planning: bool = False
    host: str = ""


@dataclasses.dataclass
class Seen:
    """What a module that has nothing to do would return.

    :param result: its result
    :param warnings: those that it would give
    """

    result: Result
    warnings: list[str]


def look(parameters: Parameters, part: Part, session: Session) -> Seen:
    """What a module would return that has nothing to do. Raises VirtfleetError where it has, or where that is not sure.

    :param session: the connection, which the parts of a look share
    """
    wrong = parameters.wrong(part.params)
    if wrong is not None:
        raise Undecided(wrong)
    if session.absent is not None:
        raise session.absent
    run = Run(part, parameters.kind, parameters.options(part.params))
    run.read()
    run.prepare(session)
    for name, problem in run.failed.items():
        raise Undecided(f"{parameters.kind.name} {label(name)}: {problem}")
    for entry in run.plans:
        if entry.changes:
            raise Undecided(f"{entry.kind} {label(entry.name)} is not as declared")
        if entry.steps:
            raise Undecided(f"{entry.kind} {label(entry.name)} has something left to be done")
    if not run.options.check:
        run.wants = at_once(run.wants)
        run.wait(session)
        for name, problem in run.failed.items():
            raise Undecided(f"{parameters.kind.name} {label(name)}: {problem}")
    return Seen(*run.module_result(differences=False))
