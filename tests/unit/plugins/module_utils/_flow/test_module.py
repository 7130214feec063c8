# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module says is without the secrets of its parameters, at a cost in proportion."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import module

SECRET = "S3cret-of-the-guest"
SPEC: dict[str, dict[str, object]] = {"config": {"type": "list", "elements": "dict"}}


@pytest.fixture
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings that Ansible gets."""
    found: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda self, warning, **how: found.append(warning))
    return found


def test_a_thousand_warnings_look_for_secrets_once(warned: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Any] = []
    real = module.secrets_in
    monkeypatch.setattr(module, "secrets_in", lambda value: looked.append(value) or real(value))
    config = [{"name": f"web{number}", "graphics": [{"passwd": f"{SECRET}{number}"}]} for number in range(1000)]
    with patch_module_args({"config": config}):
        made = module.DeclaringModule(argument_spec=SPEC)
    looked.clear()
    for number in range(1000):
        made.warn(f"libvirt says {SECRET}{number}")
    assert len(looked) == 1
    assert len(warned) == 1000
    assert not [text for text in warned if SECRET in text]


def test_the_list_counts_that_ansible_does_not_see(warned: list[str]) -> None:
    """What a module says before it has all parameters spoils nothing that it says later."""

    class Early(module.DeclaringModule):
        def _log_invocation(self) -> None:
            self.warn("early")
            super()._log_invocation()

    with patch_module_args({"config": [{"name": "web", "graphics": [{"passwd": SECRET}]}]}):
        made = Early(argument_spec=SPEC)
    made.warn(f"libvirt says {SECRET}")
    assert len(warned) == 2
    assert SECRET not in warned[1]
