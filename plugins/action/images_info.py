# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's half of module images_info: it selects, and asks the servers where the hosts are not to."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.report import Result
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import ASKED, BROUGHT
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._forecast import by_control, host_of
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._info_action import InfoAction


class ActionModule(InfoAction):
    """See the module's documentation."""

    def asked(self, arguments: dict[str, object], task_vars: Variables) -> Result:
        """What the module tells, with the versions that the control node has found out."""
        if BROUGHT in arguments:
            raise AnsibleActionFail(f"{BROUGHT} is no parameter of this module")
        if self._task.async_val and by_control(arguments):
            raise AnsibleActionFail("images that the control node asks for do not go with async")
        result = super().asked(arguments, task_vars)
        if ASKED not in result:
            return result
        from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images.by_control import answered

        def again() -> Result:
            more = {name: value for name, value in self._task.args.items() if name == BROUGHT}
            return super(ActionModule, self).asked({**arguments, **more}, task_vars)

        return answered(self, host_of(self._task, task_vars), result, again, task_vars)
