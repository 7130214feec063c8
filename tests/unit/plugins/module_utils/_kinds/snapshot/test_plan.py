# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan of a guest that is put back says of what goes, and of what it is afterwards."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot import plan, reverting

OFF = "has no memory, so the guest is off afterwards: start it again"


def planned(
    monkeypatch: pytest.MonkeyPatch, state: str, lost: dict[str, list[str]], want: dict[str, Any]
) -> tuple[Any, plan.Reverting]:
    """The plan of a guest that is put back to s1, and what its step is given.

    :param lost: the snapshots that go, with their files
    """
    monkeypatch.setattr(reverting, "lost_snapshots", lambda *_args: list(lost))
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


NO_GUEST = "the host has no guest g: declare it before, or correct the name"


@pytest.mark.parametrize(
    ("state", "bare", "foreseen", "made"),
    [
        ("absent", False, None, "nothing"),
        ("absent", True, None, "nothing"),
        ("absent", False, {"disks": "<domain/>"}, "nothing"),
        ("present", False, None, NO_GUEST),
        ("reverted", False, None, NO_GUEST),
        # There is no libvirt yet, so nothing is known of the guest.
        ("present", True, None, "taken"),
        ("present", True, {"disks": "<domain/>"}, "taken"),
        ("present", True, {"gone": True}, "taken"),
        ("reverted", True, None, NO_GUEST),
        ("reverted", True, {"disks": "<domain/>"}, NO_GUEST),
        # An earlier task makes the guest, or removes it.
        ("present", False, {"gone": True, "disks": "<domain/>"}, NO_GUEST),
        ("reverted", False, {"disks": "<domain/>"}, NO_GUEST),
        ("present", False, {"disks": ""}, "taken"),
        ("present", False, {"disks": "<domain/>"}, "taken whole with files"),
    ],
)
def test_a_snapshot_of_a_guest_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, state: str, bare: bool, foreseen: dict[str, Any] | None, made: str
) -> None:
    def planned_item(_kind: Any, _before: Any, want: dict[str, Any], _host: Any, **_steps: Any) -> Any:
        return SimpleNamespace(words="taken whole" if want.get("whole") else "taken")

    monkeypatch.setattr(plan, "plan_item", planned_item)
    monkeypatch.setattr(plan, "disks_of", lambda *_args: [])
    monkeypatch.setattr(plan.taking, "completed", lambda _coming, want: {**want, "whole": True})
    monkeypatch.setattr(plan.taking, "foreseen", lambda *_args: [])
    monkeypatch.setattr(
        plan, "with_files", lambda entry, _guest, _whole: SimpleNamespace(words=f"{entry.words} with files")
    )
    guest = None if foreseen is None else SimpleNamespace(**{"gone": False, "disks": "", "runs": False, **foreseen})
    options: Any = SimpleNamespace(bare=bare, forecast=SimpleNamespace(guests={} if guest is None else {"g": guest}))
    want = {"name": "s", "domain": "g", "state": state}
    connection: Any = None
    host: Any = None
    if made == NO_GUEST:
        with pytest.raises(Invalid) as told:
            plan.plan_without(connection, want, host, options)
        assert (told.value.where, told.value.problem) == ("domain", NO_GUEST)
        return
    entry: Any = plan.plan_without(connection, want, host, options)
    assert getattr(entry, "words", "nothing") == made


@pytest.mark.parametrize(("foreseen", "goes"), [(None, False), (False, False), (True, True)])
def test_a_guest_that_an_earlier_task_removes(foreseen: bool | None, goes: bool) -> None:
    known = None if foreseen is None else SimpleNamespace(gone=foreseen)
    options: Any = SimpleNamespace(forecast=SimpleNamespace(guest=lambda _name, _uuid: known))
    guest: Any = SimpleNamespace(name="g", uuid="u")
    assert plan.guest_goes(guest, options) is goes


@pytest.mark.parametrize(("files", "told"), [([], 0), (["/a.s"], 1)])
def test_the_files_of_a_new_snapshot_are_a_change(monkeypatch: pytest.MonkeyPatch, files: list[str], told: int) -> None:
    monkeypatch.setattr(plan.taking, "new_files", lambda *_args: files)
    entry: Any = SimpleNamespace(changes=[])
    guest: Any = None
    assert plan.with_files(entry, guest, {}) is entry
    assert [(one.path, one.after) for one in entry.changes] == [("files", files)] * told
