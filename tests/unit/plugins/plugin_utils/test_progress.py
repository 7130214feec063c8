# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines that tell how far long work has come, and when there are any."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _progress
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._progress import (
    Watcher,
    duration,
    line,
    may_be_long,
    pause,
    sample,
    size,
    watching,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

MIB = 2**20


def status(at: float = 0.0, **facts: Any) -> Any:
    """What is seen of a file with these facts."""
    found = sample(json.dumps({"subject": "volume default/web.qcow2", "doing": "fetching a.qcow2", **facts}), at)
    assert found is not None
    return found


def test_percent_rate_and_what_is_left() -> None:
    before = status(done=100 * MIB, total=350 * MIB, seconds=10)
    now = status(5.0, done=156 * MIB, total=350 * MIB, seconds=15)
    assert line("kvm1", now, before) == (
        "kvm1: volume default/web.qcow2: fetching a.qcow2 44 % of 350 MiB, 11.2 MiB/s, 18 s left"
    )


def test_the_first_line_has_the_rate_since_the_beginning() -> None:
    now = status(done=50 * MIB, total=100 * MIB, seconds=5)
    assert line("kvm1", now, None).endswith("fetching a.qcow2 50 % of 100 MiB, 10.0 MiB/s, 5 s left")


def test_the_rate_of_other_work_does_not_count() -> None:
    before = status(doing="fetching b.qcow2", done=MIB, seconds=1)
    now = status(5.0, done=50 * MIB, total=100 * MIB, seconds=5)
    assert line("kvm1", now, before) == line("kvm1", now, None)


def test_without_a_total_only_bytes_and_rate_are_told() -> None:
    now = status(done=50 * MIB, total=None, seconds=5)
    assert line("kvm1", now, None).endswith("fetching a.qcow2, 50.0 MiB so far, 10.0 MiB/s")


def test_what_stands_still_has_no_end() -> None:
    now = status(done=50 * MIB, total=100 * MIB, seconds=5)
    assert line("kvm1", now, now).endswith("50 % of 100 MiB, 0 B/s")


def test_more_than_all_is_all() -> None:
    assert " 100 % of 1.0 MiB, " in line("kvm1", status(done=2 * MIB, total=MIB, seconds=1), None)


def test_what_is_waited_for_has_its_time() -> None:
    now = status(subject="", doing="3 of 5 guests have an address; waiting for web, db", seconds=40.2, limit=300)
    assert line("kvm1", now, None) == ("kvm1: 3 of 5 guests have an address; waiting for web, db (40 s of 300 s)")


def test_time_passes_where_the_host_says_nothing_new() -> None:
    before, now = status(100.0, seconds=3), status(110.0, seconds=3)
    assert line("kvm1", now, before) == "kvm1: volume default/web.qcow2: fetching a.qcow2 (13 s)"


@pytest.mark.parametrize(
    "told",
    [
        *("", "{", "[]", "null", "1", "[" * 100000),
        *(json.dumps(one) for one in ({}, {"done": 1}, {"subject": None, "doing": ""})),
    ],
)
def test_what_tells_nothing_gives_no_line(told: str) -> None:
    assert sample(told, 0.0) is None


@pytest.mark.parametrize("value", ["1", -1, float("nan"), float("inf"), True, [1], 10**400, None])
def test_what_is_no_number_counts_as_none(value: Any) -> None:
    now = status(done=value, total=value, seconds=value, limit=value)
    assert (now.done, now.total, now.seconds, now.limit) == (None, None, 0.0, None)


def test_what_a_host_says_stays_one_line_of_bearable_length() -> None:
    shown = line("kvm1", status(doing="a\r\n\x1b[2Jb" + "c" * 5000), None)
    assert shown.isprintable()
    assert len(shown) < 400


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (11.2 * MIB, "11.2 MiB"),
        (350 * MIB, "350 MiB"),
        (2**40, "1.0 TiB"),
        (2**51, "2048 TiB"),
    ],
)
def test_sizes(count: float, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.1, "1 s"), (119, "119 s"), (200, "3 min 20 s"), (7200, "2 h 0 min"), (1e300, None)],
)
def test_durations(seconds: float, text: str | None) -> None:
    told = duration(seconds)
    assert text is None or told == text


@pytest.mark.parametrize(
    ("module", "args"),
    [
        ("volumes", {"config": [{"name": "a"}, {"name": "b", "image": "/a.qcow2"}]}),
        ("volumes", {"config": [{"name": "b", "clone_from": "a"}]}),
        ("domains", {"config": [{"name": "a", "disks": [{"size": "1GiB"}, {"image": "/a.qcow2"}]}]}),
        ("domains", {"config": [{"name": "a", "image": "debian"}]}),
        ("domains", {"config": [{"name": "a", "clone_of": "b"}]}),
        ("domains", {"config": [{"name": "a", "wait_for": "agent"}]}),
        ("domains", {"config": [{"name": "a", "state": "absent"}]}),
        ("domains", {"config": [], "purge": True}),
        ("domains", {"config": [{"name": "a"}], "on_restart_needed": "restart"}),
    ],
)
def test_what_may_be_long(module: str, args: dict[str, Any]) -> None:
    assert may_be_long(module, args)


@pytest.mark.parametrize(
    ("module", "args"),
    [
        ("volumes", {"config": [{"name": "a", "capacity": "1GiB"}]}),
        ("domains", {"config": [{"name": "a", "disks": [{"size": "1GiB"}]}, {"name": "b", "state": "running"}]}),
        ("networks", {"config": [{"name": "a", "state": "absent"}]}),
        *(("domains", {"config": wrong}) for wrong in (None, "a", ["a"], [{"disks": "a"}], [{"disks": ["a"]}])),
        ("volumes", {}),
    ],
)
def test_what_is_not_long(module: str, args: dict[str, Any]) -> None:
    assert not may_be_long(module, args)


@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [
        *((none, None) for none in (False, "false", "no", 0, "0")),
        *((default, 5.0) for default in (True, "yes")),
        *((number, 30.0) for number in (30, "30", 30.0)),
        (0.1, 1.0),
    ],
)
def test_the_seconds_between_two_lines(wanted: Any, seconds: float | None) -> None:
    assert pause(wanted) == seconds


@pytest.mark.parametrize("wanted", ["often", [], {}, -1, float("nan"), float("inf"), "-5"])
def test_what_are_no_seconds(wanted: Any) -> None:
    with pytest.raises(ValueError, match=r"neither"):
        pause(wanted)


class Connection:
    """A way to a host, as ssh has it."""

    become = None
    shm = "of the module's own command"


Connection.__module__ = "ansible.plugins.connection.ssh"


class Action:
    """An action plugin.

    :ivar looks: what each look at the host gives
    """

    def __init__(self, looks: list[Any], module: str = "volumes", **task: Any) -> None:
        args = {"config": [{"name": "a", "image": "/a"}]}
        facts = {"check_mode": False, "async_val": 0, "no_log": False, "args": args, **task}
        self._task = SimpleNamespace(action=f"virtfleet.kvm.{module}", **facts)
        self._connection: Any = Connection()
        self._templar = SimpleNamespace(template=lambda value: value)
        self.looks = looks
        self.asked: list[str] = []

    def _low_level_execute_command(self, command: str) -> dict[str, Any]:
        assert self._connection.shm is None
        self.asked.append(command)
        told = self.looks[min(len(self.asked), len(self.looks)) - 1]
        if isinstance(told, Exception):
            raise told
        return {"stdout": told, "rc": 0}


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that are printed."""
    lines: list[str] = []
    display = SimpleNamespace(display=lines.append, warning=lambda text: lines.append(f"warning: {text}"))
    monkeypatch.setattr(_progress, "Display", lambda: display)
    return lines


TOLD = json.dumps({"subject": "volume p/a", "doing": "fetching a", "done": 1, "total": 4, "seconds": 1})


def test_nothing_is_asked_of_a_host_where_the_work_is_short(printed: list[str]) -> None:
    action = Action([TOLD])
    with Watcher(action, "kvm1", 5.0):
        pass
    assert (action.asked, printed) == ([], [])


def test_a_line_is_printed_each_time(printed: list[str]) -> None:
    action = Action([TOLD, "", TOLD])
    with Watcher(action, "kvm1", 0.05) as watcher:
        time.sleep(0.5)
    assert printed[0] == "kvm1: volume p/a: fetching a 25 % of 4 B, 1 B/s, 3 s left"
    assert len(printed) > 3
    assert all(watcher.token in command for command in action.asked)
    assert action._connection.shm == Connection.shm
    count = len(action.asked)
    time.sleep(0.2)
    assert len(action.asked) == count  # The module has ended.


def test_a_host_that_does_not_answer_is_left_alone_after_a_while(printed: list[str]) -> None:
    action = Action([TOLD, OSError("no"), TOLD, OSError("no"), ValueError("no"), OSError("no"), TOLD])
    with Watcher(action, "kvm1", 0.02):
        time.sleep(0.5)
    assert len(action.asked) == 6
    assert len(printed) == 2


def test_a_look_that_never_ends_holds_up_no_result(printed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_progress, "PATIENCE", 0.1)
    action = Action([TOLD])
    hangs = threading.Event()
    monkeypatch.setattr(Action, "_low_level_execute_command", lambda self, command: hangs.wait(20) and {})
    start = time.monotonic()
    with Watcher(action, "kvm1", 0.02):
        time.sleep(0.1)
    assert time.monotonic() - start < 5
    hangs.set()


def is_watched(action: Action, **variables: Any) -> bool:
    """Whether anything would be printed."""
    return isinstance(watching(action, "kvm1", variables), Watcher)


def test_what_is_watched(monkeypatch: pytest.MonkeyPatch, printed: list[str]) -> None:
    assert is_watched(Action([]))
    assert not is_watched(Action([], check_mode=True))
    assert not is_watched(Action([], async_val=60))
    assert not is_watched(Action([], no_log=True))
    assert not is_watched(Action([], module="networks"))
    assert not is_watched(Action([]), kvm_progress="no")
    assert printed == []
    assert is_watched(Action([]), kvm_progress="often")
    assert printed == ["warning: kvm_progress is neither yes or no, nor a number of seconds, so 5 s are taken"]
    other = Action([])
    other._connection = SimpleNamespace()
    assert not is_watched(other)
    monkeypatch.setattr(_progress.constants, "DEFAULT_STDOUT_CALLBACK", "ansible.posix.json")
    assert not is_watched(Action([]))


PROGRAM = """
import os, signal, sys, threading, time
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._progress import LastWord

word, number, printed = LastWord(), int(sys.argv[1]), []

def ended(number, frame):
    print(f"ended after {printed}", flush=True)
    os._exit(7)

def say():
    with word.printing:
        os.kill(os.getpid(), number)
        time.sleep(0.5)
        printed.append("a line")

signal.signal(signal.SIGINT, ended)
signal.signal(signal.SIGTERM, ended if sys.argv[2] == "handled" else signal.SIG_DFL)
with word:
    threading.Thread(target=say, daemon=True).start()
    time.sleep(30)
"""


@pytest.mark.parametrize(
    ("number", "how", "code", "told"),
    [
        (signal.SIGINT, "handled", 7, "ended after ['a line']"),
        (signal.SIGTERM, "handled", 7, "ended after ['a line']"),
        (signal.SIGTERM, "default", -signal.SIGTERM, ""),
    ],
)
def test_a_line_is_printed_to_its_end_before_a_signal_ends_the_process(
    number: int, how: str, code: int, told: str
) -> None:
    """Else Ansible's main process may wait for ever for a lock that nobody gives back."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(int(number)), how],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT.parents[2],
    )
    assert (done.returncode, done.stdout.strip()) == (code, told), done.stderr


def test_signals_mean_what_they_meant_when_the_lines_are_over() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with _progress.LastWord():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
