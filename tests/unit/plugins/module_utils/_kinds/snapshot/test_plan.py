# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan of a guest that is put back says of what goes, and of what it is afterwards."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import plan, reverting

OFF = "has no memory, so the guest is off afterwards: start it again"


def planned(
    monkeypatch: pytest.MonkeyPatch, state: str, lost: dict[str, list[str]], want: dict[str, Any]
) -> tuple[Any, plan.Reverting]:
    """The plan of a guest that is put back to s1, and what its step is given.

    :param lost: the snapshots that go, with their files
    """
    monkeypatch.setattr(reverting, "lost", lambda *_args: list(lost))
    snapshots = {name: SimpleNamespace(all_files=files) for name, files in lost.items()}
    guest: Any = SimpleNamespace(uuid="u", snapshots={"s1": None, **snapshots})
    entry: Any = SimpleNamespace(changes=[], warnings=[], steps=mock.Mock())
    plan.give_up(entry, guest, SimpleNamespace(state=state, created=7), want)  # type: ignore[arg-type]
    ((action, given),) = (call.args for call in entry.steps.give.call_args_list)
    assert action == "revert"
    return entry, given


@pytest.mark.parametrize(
    ("state", "warned"), [("disk-snapshot", [OFF]), ("running", []), ("paused", []), ("shutoff", [])]
)
def test_only_after_a_snapshot_of_disks_alone_a_guest_is_off(
    monkeypatch: pytest.MonkeyPatch, state: str, warned: list[str]
) -> None:
    entry, given = planned(monkeypatch, state, {}, {})
    assert (entry.warnings, entry.changes) == (warned, [])
    assert given == plan.Reverting("u", 7, frozenset({"s1"}), (), False)


def test_what_goes_and_what_stays_of_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    entry, given = planned(monkeypatch, "shutoff", {"e1": ["/a/g.e1"], "e2": ["/a/g.e2"]}, {"discard_changes": True})
    assert entry.warnings == ["these files stay, and are of no use any more: /a/g.e1, /a/g.e2"]
    assert [(one.path, one.before, one.after) for one in entry.changes] == [
        ("snapshot e1", "present", "absent"),
        ("snapshot e2", "present", "absent"),
    ]
    assert given == plan.Reverting("u", 7, frozenset({"s1", "e1", "e2"}), ("e1", "e2"), True)
