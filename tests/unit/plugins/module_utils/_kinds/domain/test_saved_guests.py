# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a guest comes back as it was saved, and what is said of those that do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import saved_guests, saved_states
from ansible_collections.virtfleet.kvm.tests.unit.libvirt_errors import Failed


def domain(answer: Any) -> Any:
    def ask(_flags: int) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SimpleNamespace(hasManagedSaveImage=ask)


def test_a_driver_that_saves_no_guests_has_no_saved_one() -> None:
    assert saved_states.is_saved(domain(1)) is True
    assert saved_states.is_saved(domain(0)) is False
    assert saved_states.is_saved(domain(Failed(libvirt.VIR_ERR_NO_SUPPORT))) is False
    with pytest.raises(libvirt.libvirtError):
        saved_states.is_saved(domain(Failed(libvirt.VIR_ERR_NO_DOMAIN)))


def told(monkeypatch: pytest.MonkeyPatch, policy: str, state: str = "running") -> list[Plan]:
    """The plans of a guest of each sort, of which the last is saved and lacks its memory."""
    names = ["new", "wrong", "stays", "not saved", "odd", "same", "late"]
    plans = [Plan("domain", name) for name in names]
    plans[1].problem = "it is wrong"
    monkeypatch.setattr(saved_guests, "starts", lambda plan: plan.name != "stays")
    monkeypatch.setattr(
        saved_guests, "saved_definition", lambda _c, name: None if name == "not saved" else ET.Element("domain")
    )

    def edited(_table: Any, _saved: Any, _kept: Any, _want: Any, scope: Any) -> Any:
        if scope.name == "odd":
            raise Invalid("memory", "is odd")
        late = [] if scope.name == "same" else [Change("memory", 1, 2)]
        return ET.Element("domain"), ET.Element("domain"), late

    monkeypatch.setattr(saved_guests, "edited_live", edited)
    table: Any = SimpleNamespace(kind="domain", restart="restart", way=lambda _name: [])
    have = {name: Observed(ET.Element("domain"), None, "stopped", {}) for name in names[1:]}
    wants: Any = [{"name": name, "state": state} for name in names]
    host: Any = None
    connection: Any = SimpleNamespace()
    saved_guests.plan_starts(connection, table, plans, wants, have, host, policy)
    return plans


def test_only_a_saved_guest_that_starts_and_lacks_something_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = told(monkeypatch, "defer")
    assert {plan.name: plan.waiting for plan in plans if plan.waiting} == {"late": {"memory": saved_guests.SAVED}}
    warned = {plan.name: plan.warnings for plan in plans if plan.warnings}
    assert warned == {"odd": [f"{saved_guests.SAVED}; what it lacks then cannot be told: memory: is odd"]}


def test_a_saved_guest_is_refused_or_restarted_as_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = told(monkeypatch, "fail")
    assert [plan.name for plan in refused if plan.problem is not None] == ["wrong", "late"]
    restarted = told(monkeypatch, "restart")
    assert {plan.name: plan.changes for plan in restarted if plan.changes} == {
        "late": [Change("restart", None, "memory")]
    }
    assert not any(plan.waiting for plan in restarted)
    assert [plan.name for plan in told(monkeypatch, "restart", "paused") if plan.waiting] == ["late"]
