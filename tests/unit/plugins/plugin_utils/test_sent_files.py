# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that the control node sends to a host for a task: how far they have come, and that nothing of them stays."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _sent_files
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images.cache import kept_in
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._sent_files import Sending
from ansible_collections.virtfleet.kvm.tests.unit.sent_images import SentTo

FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which it is noted what is sent."""
    monkeypatch.setattr(constants, "ANSIBLE_HOME", str(tmp_path / "home"))
    return Path(kept_in())


@pytest.fixture
def local(tmp_path: Path) -> str:
    path = tmp_path / "local"
    path.write_bytes(bytes(range(256)) * 1000)
    return str(path)


@pytest.fixture
def action(tmp_path: Path) -> SentTo:
    return SentTo(tmp_path / "remote")


def sent(action: SentTo, local: str, host: str = "kvm01") -> str:
    """Send a file; what is wrong with that."""
    try:
        with Sending(action, host, None) as sending:
            sending.send(local, "the image x.img")
    except VirtfleetError as error:
        return str(error)
    return ""


def test_a_file_is_there_for_the_task(action: SentTo, local: str, folder: Path) -> None:
    with Sending(action, "kvm01", None) as sending:
        paths = [sending.send(local, "it"), sending.send(local, "it")]
        assert [Path(path).read_bytes() for path in paths] == [Path(local).read_bytes()] * 2
        assert len(set(paths)) == 2
        assert action._connection._shell.tmpdir is None
        assert len(list(folder.iterdir())) == 1
    assert action.left == list(folder.iterdir()) == []


def test_a_host_that_needs_nothing_gets_nothing(action: SentTo, folder: Path) -> None:
    with Sending(action, "kvm01", None):
        pass
    assert action.made == 0
    assert list(folder.iterdir()) == []


FAILURES = {
    "broken": (AnsibleError("scp: write failed"), "could not be sent to this host: scp: write failed; nothing"),
    "lost": (AnsibleConnectionFailure("ssh: away"), "could not be sent to this host: ssh: away; nothing"),
    "local": (PermissionError(13, "Permission denied", "/x"), "could not be sent to this host: Permission denied: /x"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_it_cannot_be_sent(action: SentTo, local: str, folder: Path, case: str) -> None:
    action.broken, words = FAILURES[case]
    assert sent(action, local).startswith(f"the image x.img {words}")
    assert action.left == list(folder.iterdir()) == []


def test_no_room_on_the_host(action: SentTo, local: str, tmp_path: Path) -> None:
    action.free = 249
    assert sent(action, local) == (
        f"there is no room for the image x.img in {tmp_path}/remote, the temporary folder of Ansible on this host: 0"
        " MiB are free, and it has 1 MiB: make room, or name another folder in ansible_remote_tmp"
    )
    assert (action.sent, action.left) == ([], [])
    action.free = 250
    assert sent(action, local) == ""


def test_what_stays_on_a_host_that_is_lost_goes_with_the_next_run(action: SentTo, local: str, folder: Path) -> None:
    with Sending(action, "kvm01", None) as sending:
        sending.send(local, "it")
        action.lost = True
    assert action.left == ["ansible-tmp-1"]
    assert len(list(folder.iterdir())) == 1
    action.lost = False
    assert sent(action, local, "kvm02") == ""  # What is on another host is none of its business.
    assert action.left == ["ansible-tmp-1"]
    assert sent(action, local) == ""
    assert action.left == list(folder.iterdir()) == []


def test_what_a_killed_run_left_goes_with_the_next_one(
    action: SentTo, local: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run that goes on has sent stays."""

    def slow(source: str, remote: str) -> None:
        shutil.copyfile(source, remote)
        time.sleep(60)

    monkeypatch.setattr(action, "_transfer_file", slow)
    process = FORK.Process(target=sent, args=(action, local))
    process.start()
    while not list(action.folder.glob("*/image")):
        time.sleep(0.05)
    monkeypatch.undo()
    monkeypatch.setattr(constants, "ANSIBLE_HOME", str(folder.parents[1]))
    action.made = 1
    assert sent(action, local) == ""
    assert action.left == ["ansible-tmp-1"]
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert sent(action, local) == ""
    assert action.left == list(folder.iterdir()) == []


def test_how_far_it_has_come(action: SentTo, local: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(Display, "display", lambda self, line, **how: lines.append(line))
    monkeypatch.setattr(_sent_files, "twin", lambda same: same)

    def slow(source: str, remote: str) -> None:
        Path(remote).write_bytes(Path(source).read_bytes()[:64000])
        time.sleep(0.5)
        shutil.copyfile(source, remote)

    monkeypatch.setattr(action, "_transfer_file", slow)
    found: Any
    with Sending(action, "kvm01", 0.2) as sending:
        found = sending.send(local, "the image x.img")
    assert found
    assert lines
    assert lines[0].startswith("kvm01: sending the image x.img 25 % of 250 KiB, ")


ODD_FOLDERS = (
    "/srv/ansible-tmp-/../../etc",
    "/srv/ansible-tmp-1/../../etc",
    "/srv/ansible-tmp-1/x",
    "/srv//ansible-tmp-1",
    "//srv/ansible-tmp-1",
    "/srv/./ansible-tmp-1",
    "/srv/$(x)/ansible-tmp-1",
    "/srv/\n/ansible-tmp-1",
    "/srv/ansible-tmp-1\n",
    "/srv/ansible-tmp-x",
    "srv/ansible-tmp-1",
    "/ansible-tmp-1",
    "/",
)


@pytest.mark.parametrize("path", ODD_FOLDERS)
def test_a_host_cannot_have_another_folder_deleted(
    action: SentTo, local: str, folder: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Neither in this run nor, by a note, in the next one."""
    commands: list[str] = []
    plain = action._low_level_execute_command

    def command(words: str, sudoable: bool = True) -> dict[str, Any]:
        commands.append(words)
        return plain(words, sudoable) if words.startswith("df") or "remote/ansible-tmp-" in words else {"rc": 1}

    monkeypatch.setattr(action, "_low_level_execute_command", command)
    with monkeypatch.context() as patched:
        patched.setattr(action, "_make_tmp_path", lambda: path)
        problem = sent(action, local)
    assert problem.startswith(
        "the image x.img could not be sent: the host kvm01 answered that its temporary folder is "
    )
    assert (commands, list(folder.iterdir())) == ([], [])
    write_note(folder, json.dumps([path]))
    assert sent(action, local) == ""
    assert [words for words in commands if "remote/ansible-tmp-1" not in words] == list(folder.iterdir()) == []


def write_note(folder: Path, content: str) -> Path:
    """A note of what a run has left on the host kvm01."""
    path = folder / f"sent-{hashlib.sha256(b'kvm01').hexdigest()[:32]}-x"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "content", ["", "null", "5", "{}", "[1]", "[null]", '[["ansible-tmp-"]]', "\0\0\0", "[", "[" * 100_000, '"a"']
)
def test_an_odd_note_goes(action: SentTo, local: str, folder: Path, content: str) -> None:
    write_note(folder, content)
    assert sent(action, local) == ""
    assert action.left == list(folder.iterdir()) == []


def test_what_no_run_has_made_is_no_note(action: SentTo, local: str, folder: Path) -> None:
    note = write_note(folder, "")
    note.unlink()
    os.mkfifo(note)
    assert sent(action, local) == ""
    assert list(folder.iterdir()) == [note]


@pytest.mark.parametrize("told", ["²", "9" * 5000, "x", "-1"])
def test_what_df_cannot_tell(action: SentTo, local: str, told: str) -> None:
    action.free = told  # type: ignore[assignment]
    assert sent(action, local) == ""
    assert len(action.sent) == 1


def test_another_run_takes_the_note_before_it_is_locked(
    action: SentTo, local: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That run ends it, as nobody has locked it; this one notes its files all the same."""
    made: list[str] = []
    plain = tempfile.mkstemp

    def mkstemp(**how: Any) -> tuple[int, str]:
        note = plain(**how)
        made.append(note[1])
        if len(made) == 1:
            Sending(action, "kvm01", None).clear_left(note[1])
        return note

    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    with Sending(action, "kvm01", None) as sending:
        sending.send(local, "it")
        assert [str(path) for path in folder.iterdir()] == made[1:]
        assert json.loads(Path(made[1]).read_text(encoding="utf-8")) == sending.folders
    assert list(folder.iterdir()) == []


def test_a_note_that_is_cut_short_is_a_failure(
    action: SentTo, local: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pwrite", lambda _file, content, _at: len(content) - 1)
    assert sent(action, local).startswith("the image x.img could not be sent to this host: No space left on device: ")
    assert action.left == action.sent == list(folder.iterdir()) == []


def test_the_control_node_has_no_place_for_notes(
    action: SentTo, local: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ANSIBLE_HOME", local)
    assert sent(action, local) == f"on the control node: {local} cannot be used: it is no folder"
    assert action.made == 0
