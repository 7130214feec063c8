# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody writes a file of the trial while the agent is dead: nothing of what was there is lost, and it is said."""

from __future__ import annotations

from typing import Any

import fuzzing
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, guard, journal
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.fake_host import Inode
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.machine import (
    IDENTITY,
    NETPLAN,
    NEW,
    OLD,
    SHIM,
    Killed,
    Machine,
)

THEIRS = "theirs, which nobody else has"


class Edited(Machine):
    """A host on which somebody writes one file each time that the agent was killed.

    :ivar state_then: the state of the trial when that was done last; empty where it was not done
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, path: str, in_place: bool, **faults: Any) -> None:
        super().__init__(monkeypatch, **faults)
        self.path, self.in_place, self.state_then = path, in_place, ""

    def stopped(self) -> None:
        super().stopped()
        state = guard.state_of(files.TRIAL) if files.TRIAL in self.tree.now else "over"
        if state == "preparing" or self.path.rpartition("/")[0] not in self.tree.now:
            return
        self.state_then = state
        node = self.tree.now.get(self.path)
        if self.in_place and node is not None and node.kind == "file":
            node.data = node.synced = THEIRS.encode()
            node.time = Inode("file").number
        else:
            self.tree.add(self.path, THEIRS)


@pytest.mark.fuzz
@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize("path", [NETPLAN, SHIM, IDENTITY])
@pytest.mark.parametrize("confirm", [True, False])
def test_what_somebody_wrote_after_a_kill_stays(
    monkeypatch: pytest.MonkeyPatch, path: str, in_place: bool, confirm: bool
) -> None:
    whole = Machine(monkeypatch, confirm=confirm)
    whole.begin()
    whole.live()
    seen = set()
    for number in fuzzing.share(range(1, whole.count + 1), 8):
        machine = Edited(monkeypatch, path, in_place, kills={number}, confirm=confirm)
        machine.begin()
        machine.live()
        if not machine.state_then:
            continue
        said = machine.outcome()
        kept = machine.kept()
        assert kept.get(path) == THEIRS, (number, said)
        wanted = NEW if said["outcome"] == "confirmed" else OLD
        assert {**kept, path: ""} == {**wanted, path: ""}, (number, said)
        beside = [each for each in machine.leftovers() if "/.virtfleet-" in each]
        if said["outcome"] != "confirmed" and not said["restored"]:
            assert any(path in line for line in said["log"]), said
            # What was undone already before the kill has nothing saved any more.
            undone = any("what was saved of it is gone" in line for line in said["log"])
            saved = [OLD[path]] if path in OLD and not undone else []
            assert [machine.tree.now[each].data.decode() for each in beside] == saved
        else:
            assert beside == []
        assert journal.finish() == ("", "", "")
        seen.add((said["outcome"], said["restored"]))
    # Of one that was to go and is another one nothing tells whether it went before: what was saved stays.
    assert ("rolled-back", path != SHIM or in_place) in seen
    assert ("confirmed", True) in seen or not confirm or not fuzzing.is_thorough()


def killed_after(count: int, place: Any) -> Any:
    """What puts so many files in their places, and is killed at the next one."""
    left = [count]

    def placing(entry: dict[str, Any]) -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        place(entry)

    return placing


@pytest.mark.parametrize("path", [NETPLAN, SHIM, IDENTITY])
@pytest.mark.parametrize("in_place", [True, False])
def test_a_change_that_was_half_kept_is_undone_around_what_somebody_wrote(
    monkeypatch: pytest.MonkeyPatch, path: str, in_place: bool
) -> None:
    """Killed after each of the files; then another one cannot be put in its place."""
    for count in range(1, 4):
        machine = Edited(monkeypatch, path, in_place)
        machine.begin()
        guard.Guard(files.TRIAL).prepare()
        with monkeypatch.context() as patch:
            patch.setattr(journal, "place", killed_after(count, journal.place))
            if count < 3:
                with pytest.raises(Killed):
                    journal.keep("one")
            else:
                journal.keep("one")
        done = [entry["path"] for entry in journal.entries("keep")][:count]
        machine.stopped()
        saved = path in OLD and (path in done or (path == SHIM and not in_place))
        if path in done or saved:
            with pytest.raises(journal.OldFileLost) as caught:
                journal.undo()
            assert caught.value.filename == path
            assert "somebody wrote it anew" in files.problem(caught.value)
        else:
            journal.undo()
        assert machine.kept() == {**OLD, path: THEIRS}
        beside = [node.data.decode() for name, node in machine.tree.now.items() if "/.virtfleet-one" in name]
        assert beside == ([OLD[path]] if saved else [])
        assert not files.exists(journal.path_of("trial"))


def test_the_journal_of_an_earlier_version_is_undone_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch)
    machine.begin()
    guard.Guard(files.TRIAL).prepare()
    journal.keep("one")
    node = machine.tree.now[journal.path_of("keep")]
    text = journal.json.loads(node.data)
    for entry in text["files"]:
        del entry["digest"]
    node.data = journal.json.dumps(text).encode()
    journal.undo()
    assert machine.kept() == OLD
