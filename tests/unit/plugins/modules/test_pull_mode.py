# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run from elsewhere on a host that also pulls its declaration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import pull_mode

NETWORK = {"name": "lab", "bridge": "virbr7", "state": "active"}
REFUSED = {"name": "lab", "bridge": "a name that is too long"}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the traces of pull mode, and those of a login."""
    for name in ("TIMER", "AT_WORK", "OWN"):
        monkeypatch.setattr(pull_mode, name, str(tmp_path / name))
    monkeypatch.setattr("platform.node", lambda: "kvm01")
    (tmp_path / "OWN").write_text("0::/user.slice/user-0.slice/session-1.scope\n")
    return tmp_path


def said(result: dict[str, Any]) -> list[str]:
    """Its warnings of pull mode."""
    return [line for line in map(str, result.get("warnings", [])) if "pull mode" in line]


@pytest.mark.parametrize("check", [True, False])
def test_a_change_is_told_to_last_until_the_next_run_of_pull_mode(
    connection: Any, run_networks: Any, places: Path, check: bool
) -> None:
    (places / "TIMER").symlink_to("/nowhere")
    (line,) = said(run_networks(NETWORK, check=check))
    assert line == f"kvm01: {pull_mode.SET_BACK}"
    run_networks(NETWORK)
    assert not said(run_networks(NETWORK))


def test_a_change_while_pull_mode_is_at_work_is_told(connection: Any, run_networks: Any, places: Path) -> None:
    (places / "TIMER").touch()
    (places / "AT_WORK").mkdir()
    (line,) = said(run_networks(NETWORK))
    assert line == f"kvm01: {pull_mode.COLLIDES}"
    assert not said(run_networks(NETWORK))
    (line,) = said(run_networks(REFUSED, fails=True))
    assert line == f"kvm01: {pull_mode.COLLIDES}"


def test_the_run_of_pull_mode_itself_and_hosts_without_it_are_not_warned(
    connection: Any, run_networks: Any, places: Path
) -> None:
    assert not said(run_networks(NETWORK))
    (places / "TIMER").touch()
    (places / "AT_WORK").mkdir()
    (places / "OWN").write_text("4:memory:/\n0::/system.slice/virtfleet-pull.service\n")
    result = run_networks({**NETWORK, "state": "absent"})
    assert result["changed"]
    assert not said(result)
