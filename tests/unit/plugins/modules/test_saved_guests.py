# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that is saved comes back as it was: that is told before it starts, and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libvirt
import pytest

Run = Callable[..., dict[str, Any]]
GUEST: dict[str, Any] = {"name": "g", "memory": "64MiB", "state": "running"}


@pytest.fixture
def saved(connection: Any, run_domains: Run, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A saved guest. libvirt's test driver does not tell what it saves, and brings back what is defined."""
    run_domains(GUEST)
    domain = connection.lookupByName("g")
    text = domain.XMLDesc(0)
    domain.managedSave(0)
    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", lambda self, flags: text)
    return domain


@pytest.mark.parametrize("policy", ["defer", "restart", "fail"])
def test_what_a_saved_guest_will_lack_is_told(saved: Any, run_domains: Run, policy: str) -> None:
    more = {**GUEST, "memory": "128MiB"}
    found = []
    for check in (True, False):
        result = run_domains(more, check=check, on_restart_needed=policy, fails=policy == "fail")
        found.append((result["changes"], result["pending_restart"]))
        if policy == "fail":
            assert "needs a restart, and on_restart_needed is fail: " in result["msg"]
            assert "it is saved, and comes back as it was" in result["msg"]
    assert found[0] == found[1]
    changes, pending = found[1]
    paths = [change["path"] for change in changes]
    if policy == "defer":
        assert paths == ["memory", "state"]
        assert pending[0]["reasons"] == dict.fromkeys(pending[0]["paths"], "it is saved, and comes back as it was")
        assert "memory" in pending[0]["paths"]
    elif policy == "restart":
        assert paths == ["memory", "state", "restart"]
        assert pending == []
        assert saved.isActive()
    else:
        assert paths == []
        assert saved.hasManagedSaveImage(0)


def test_a_saved_guest_that_was_changed_before_is_told_of_as_well(saved: Any, run_domains: Run) -> None:
    run_domains({**GUEST, "memory": "128MiB", "state": "stopped"})
    result = run_domains({**GUEST, "memory": "128MiB"})
    assert [change["path"] for change in result["changes"]] == ["state"]
    assert "memory" in result["pending_restart"][0]["paths"]


def test_a_saved_guest_as_it_is_declared_waits_for_nothing(saved: Any, run_domains: Run) -> None:
    result = run_domains(GUEST, on_restart_needed="fail")
    assert [change["path"] for change in result["changes"]] == ["state"]
    assert result["pending_restart"] == []
