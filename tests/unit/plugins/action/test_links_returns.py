# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What links returns, by the module and by its action plugin, is what it documents."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import converge
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import Forecast
from ansible_collections.virtfleet.kvm.plugins.modules import links
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._forecast import PLANNING, planned_only
from ansible_collections.virtfleet.kvm.tests.unit.plugins.action.test_links import APPLIED, BACK, BAD, GOOD, TRIAL, Play
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import BRIDGE, HOST
from ansible_collections.virtfleet.kvm.tests.unit.returned import documented, returned


@pytest.fixture
def result(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The result of the module in check mode, for a host whose card becomes the port of a bridge."""
    monkeypatch.setattr(converge, "observed", lambda: HOST)
    monkeypatch.setattr(converge.transaction, "alone", lambda check: contextlib.nullcontext())
    monkeypatch.setattr(converge, "with_kernel", lambda facts, wants: facts)
    monkeypatch.setattr(converge, "refuse_host", lambda planned: None)
    monkeypatch.setattr(converge, "naming", lambda *words: [])
    monkeypatch.setattr(converge.netplan_generate, "validate", lambda planned: None)
    monkeypatch.setattr(converge.netplan_generate, "unapplied", lambda planned, facts: [])
    params = {"config": [BRIDGE], "rollback_after": 60, "leave_used": True, "bypass_iptables": None}
    return converge.converge(SimpleNamespace(check_mode=True, params=params, forecast=Forecast()))


def test_all_that_links_returns_is_documented(monkeypatch: pytest.MonkeyPatch, result: dict[str, Any]) -> None:
    task = SimpleNamespace(check_mode=True, play=None)
    planned = planned_only(result, task, {PLANNING: True})
    begun = {**result, "trial": TRIAL}
    kept = Play(monkeypatch, begun, APPLIED, GOOD).run()
    back = Play(monkeypatch, begun, BAD, BACK).run()
    assert (kept["outcome"], back["outcome"]) == ("confirmed", "rolled-back")
    assert back["tried"] == result["changes"] != []
    assert {change["live"] for change in result["changes"]} == {True}
    assert returned(links, planned, kept, back) == documented(links)
