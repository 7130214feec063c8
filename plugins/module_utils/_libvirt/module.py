# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Ansible module that declaring modules are."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule


class DeclaringModule(AnsibleModule):
    """A module with a ``config``, of which only names are ever told: it may hold secrets.

    Ansible writes the parameters of a module to the host's journal before the module's own code runs,
    and returns them as its invocation.
    """

    params: dict[str, t.Any]

    def __init__(self, argument_spec: dict[str, t.Any]) -> None:
        super().__init__(argument_spec=argument_spec, supports_check_mode=True)

    @property
    def told(self) -> dict[str, t.Any]:
        """The parameters as they may be told."""
        return {**self.params, "config": names(self.params["config"])}

    def _log_invocation(self) -> None:
        whole = self.params
        self.params = self.told
        try:
            super()._log_invocation()
        finally:
            self.params = whole


def names(config: t.Iterable[t.Any]) -> list[str]:
    """The names of the declared items."""
    return [str(item["name"]) for item in config if isinstance(item, dict) and "name" in item]
