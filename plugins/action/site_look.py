# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of module site_look: it tells the module what the roles would declare.

It never fails: where the look is not sure, or does not come about, the roles do and say everything as without it.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible.errors import AnsibleConnectionFailure

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import Result
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import URI
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable, unforeseen
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _site_look
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._forecast import host_of, place_of
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._packed_modules import PackedAction
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._time_limit import TookTooLong, limited

PATIENCE = 120
"""Seconds that a look may take; the role host gives a host that long to answer."""

KEPT = ("ansible_facts", "warnings", "deprecations")
"""Of a result that failed, what is told all the same: which Python was found on the host."""

with contextlib.suppress(Exception):  # What cannot be read is no reason to fail: each look says so.
    _site_look.load()


class ActionModule(PackedAction):
    """See the module's documentation."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: object = None, task_vars: Variables | None = None) -> Result:
        """The module's result, with the variables that the tasks of the roles would leave behind, in ``results``."""
        task_vars = task_vars or {}
        super().run(tmp, task_vars)
        variables = task_vars or {}
        if "parts" in self._task.args:
            return t.cast(Result, self._execute_module(module_args=self._task.args, task_vars=variables))
        tags = [tag for tag in _site_look.TAGS if self.is_selected(tag, variables)]
        try:
            self.refuse_forecast(variables)
            parts = _site_look.parts_of(variables, self._loader, tags)
        except VirtfleetError as error:
            return unsure(str(error))
        except Exception as error:  # A template may hold any filter or lookup. The task that has it tells of it.
            return unsure(unforeseen(error))
        return self.looked(parts, tags, variables)

    def is_selected(self, tag: str, variables: Variables) -> bool:
        """Whether the tasks of a part run."""
        only, skipped = (variables.get(f"ansible_{which}_tags") or () for which in ("run", "skip"))
        return _site_look.is_selected(tag, self._task.tags, only, skipped)

    def refuse_forecast(self, variables: t.Mapping[str, object]) -> None:
        """Raise VirtfleetError where earlier tasks of a run in check mode would have changed the host by now."""
        host, uri = host_of(self._task, variables), str(self._task.args.get("uri", URI["uri"]["default"]))
        if os.path.exists(place_of(host, uri)) or os.path.exists(place_of(host)):
            raise VirtfleetError("in this run, tasks in check mode have told of changes on the host before")

    def looked(self, parts: list[_site_look.PartOptions], tags: list[str], variables: Variables) -> Result:
        """What the host says to the parts."""
        try:
            with limited(PATIENCE):
                result = self._execute_module(module_args={**self._task.args, "parts": parts}, task_vars=variables)
        except AnsibleConnectionFailure as error:
            # The first task of the role host would not reach the host either. What the other roles do where a host is
            # unreachable differs, so they find out by themselves.
            if "host" in tags and not isinstance(error, TookTooLong):
                raise
            return unsure(str(error))
        except Exception as error:  # The next task that asks the host tells of it.
            return unsure(unforeseen(error))
        if result.get("failed") or not isinstance(result.get("parts"), list):
            kept = {name: result[name] for name in KEPT if name in result}
            return {**unsure(str(result.get("msg") or "the module gave no result")), **kept}
        results = _site_look.results_of(result["parts"], tags) if result.get("unchanged") else {}
        return {**result, "results": results}


def unsure(why: str) -> dict[str, object]:
    """The result of a look that does not know whether anything is to be done.

    :param why: in words
    """
    return {"changed": False, "unchanged": False, "why": readable(why), "parts": [], "results": {}}
