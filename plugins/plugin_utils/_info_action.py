# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the action plugins of the modules that only read share."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import Result
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import readable
from ansible_collections.virtfleet.kvm.plugins.module_utils._query import select
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

from ._packed_modules import PackedAction


class InfoAction(PackedAction):
    """Run the module, and evaluate the query over what it tells.

    :ivar kind: the name of the list that the module returns, which is its own name without ``_info``
    """

    _supports_check_mode = True
    _supports_async = True

    def __init__(self, *args: object, **words: object) -> None:
        """The parameters are those of Ansible's ActionBase."""
        super().__init__(*args, **words)
        self.kind = str(self._task.action).rpartition(".")[2].removesuffix("_info")

    def run(self, tmp: object = None, task_vars: Variables | None = None) -> Result:
        """The module's result, with what the query selects in ``found``."""
        task_vars = task_vars or {}
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        query = arguments.pop("query", None)
        if query is not None:
            try:
                select([], query)  # A bad expression fails before the host is asked.
            except VirtfleetError as error:
                return {"failed": True, "msg": readable(str(error))}
        result = self.asked(arguments, task_vars)
        if query is not None and self.kind in result:
            try:
                result["found"] = select(result[self.kind], query)
            except VirtfleetError as error:
                result.update(failed=True, msg=readable(str(error)))
        return result

    def asked(self, arguments: dict[str, object], task_vars: Variables) -> Result:
        """What the module tells."""
        return t.cast(
            Result,
            self._execute_module(
                module_name=f"virtfleet.kvm.{self.kind}_info",
                module_args=arguments,
                task_vars=task_vars,
                wrap_async=self._task.async_val,
            ),
        )
