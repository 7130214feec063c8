# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the control node fetches: once for all processes of a run, and never half."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible import constants

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import meter
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.products import Version
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images import cache
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images.cache import MONTH, image_of, kept_in, once
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD, STEADY, Server

FORK = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with images that are kept."""
    monkeypatch.setattr(constants, "ANSIBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    return Path(kept_in())


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.start()
    yield made
    made.listener.close()


def of(server: Server, path: str, content: bytes) -> Version:
    return Version(f"{server.url}/{path}", f"sha256:{hashlib.sha256(content).hexdigest()}")


def problem_of(version: Version) -> str:
    """What is wrong with an image; empty where nothing is."""
    try:
        image_of(version, None)
    except VirtfleetError as error:
        return str(error)
    return ""


def test_many_processes_fetch_it_once(server: Server, folder: Path) -> None:
    version = of(server, "steady", STEADY)
    assert at_once_problems(version, 4) == [""] * 4
    assert server.asked == ["steady"]
    (kept,) = folder.iterdir()
    assert kept.read_bytes() == STEADY
    assert kept.stat().st_mode & 0o777 == 0o600
    assert problem_of(version) == ""
    assert server.asked == ["steady"]


def at_once_problems(version: Version, count: int) -> list[str]:
    """What is wrong with an image, in each of several processes that ask for it at once."""
    queue: Any = FORK.Queue()
    processes = [FORK.Process(target=lambda: queue.put(problem_of(version))) for _number in range(count)]
    for process in processes:
        process.start()
    found = [queue.get(timeout=60) for _process in processes]
    for process in processes:
        process.join()
    return found


def test_those_who_wait_do_not_try_in_vain_again(server: Server, folder: Path) -> None:
    """Who asks later does: the server may be mended by then."""
    version = of(server, "steady", GOOD)
    problems = at_once_problems(version, 3)
    assert all("it is damaged, or another one; nothing of it was kept" in problem for problem in problems)
    assert server.asked == ["steady"]
    assert list(folder.iterdir()) == []
    assert "it is damaged" in problem_of(version)
    assert server.asked == ["steady", "steady"]


def test_a_fetch_that_is_killed_leaves_nothing_that_counts(server: Server, folder: Path) -> None:
    version = of(server, "steady", STEADY)
    process = FORK.Process(target=lambda: problem_of(version))
    process.start()
    while not any(path.stat().st_size for path in folder.iterdir()):
        time.sleep(0.05)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    (left,) = folder.iterdir()
    assert left.name.endswith(".part")
    # The fetch of another image takes it away; that of the same one begins anew.
    assert problem_of(of(server, "good", GOOD)) == ""
    assert [path.read_bytes() for path in folder.iterdir()] == [GOOD]
    left.write_bytes(b"half")
    assert problem_of(version) == ""
    assert sorted(path.read_bytes() for path in folder.iterdir()) == sorted([GOOD, STEADY])


def test_a_damaged_one_is_fetched_anew(server: Server, folder: Path) -> None:
    version = of(server, "good", GOOD)
    path = Path(image_of(version, None).path)
    path.write_bytes(b"x")
    assert Path(image_of(version, None).path).read_bytes() == GOOD
    assert server.asked == ["good", "good"]


def test_what_nobody_uses_goes_after_a_month(server: Server, folder: Path) -> None:
    old = Path(image_of(of(server, "good", GOOD), None).path)
    (folder / "mine").write_text("x")
    os.utime(old, (time.time() - MONTH - 9,) * 2)
    os.utime(folder / "mine", (1, 1))
    image_of(of(server, "steady", STEADY), None)
    assert not old.exists()
    assert (folder / "mine").exists()


def test_a_folder_of_somebody_else_is_refused(server: Server, folder: Path) -> None:
    folder.chmod(0o777)
    assert problem_of(of(server, "good", GOOD)) == (
        f"{folder} is no folder that only you can write to: look at it, and remove it"
    )
    assert server.asked == []


def test_no_room(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 0

        def __init__(self, _descriptor: int) -> None:
            pass

        def refuse(self) -> None:
            raise OSError(28, os.strerror(28))

    monkeypatch.setattr(cache, "Room", Full)
    said = problem_of(of(server, "good", GOOD))
    assert said.startswith(f"there is no space left in {folder} (")
    assert said.endswith("nothing half-made was kept: make room, then run again")
    assert list(folder.iterdir()) == []


def test_what_is_found_out_once(folder: Path) -> None:
    """What was wrong is asked again by who comes later."""
    answers = [{"problem": "away"}, {"a": 1}, {"a": 2}]

    def find() -> dict[str, Any]:
        return answers.pop(0)

    assert once("key", find) == {"problem": "away"}
    time.sleep(0.05)
    assert once("key", find) == {"a": 1}
    assert once("key", find) == {"a": 1}
    assert once("other", find) == {"a": 2}


PLACES = {
    "a file": ("x", "{}/x cannot be used: it is no folder"),
    "below a file": ("x/y", "{}/x/y cannot be used: Not a directory"),
}


@pytest.mark.parametrize("case", PLACES)
def test_no_folder_can_be_made(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    (tmp_path / "x").write_text("")
    name, words = PLACES[case]
    monkeypatch.setattr(constants, "ANSIBLE_HOME", str(tmp_path / name))
    assert problem_of(of(server, "good", GOOD)) == words.format(tmp_path)
    assert server.asked == []


def test_the_folder_of_the_run_is_gone(server: Server, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run").rmdir()
    gone = f"{tmp_path}/run/virtfleet-images cannot be used: No such file or directory"
    assert problem_of(Version(f"{server.url}/good", None)) == gone
    assert problem_of(of(server, "good", GOOD)) == gone
    with pytest.raises(VirtfleetError, match=re.escape(gone)):
        once("key", dict)
    assert list(folder.iterdir()) == []


def test_no_room_to_note_a_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that is full takes the first part, and then nothing more."""
    plain = os.write
    monkeypatch.setattr(os, "write", short := ShortWrites(plain))
    with pytest.raises(VirtfleetError, match=f"there is no space left in {tmp_path}/run/virtfleet-images"):
        once("key", lambda: {"place": "x"})
    monkeypatch.undo()
    assert short.calls == 2
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    assert list((tmp_path / "run/virtfleet-images").iterdir()) == []
    assert once("key", lambda: {"place": "y"}) == {"place": "y"}


class ShortWrites:
    """os.write on a file system that gets full."""

    def __init__(self, plain: Any) -> None:
        self.plain, self.calls = plain, 0

    def __call__(self, descriptor: int, content: bytes) -> int:
        self.calls += 1
        if self.calls > 1:
            raise OSError(28, os.strerror(28))
        return int(self.plain(descriptor, content[:5]))


@pytest.mark.parametrize("content", [b'{"pla', b"[]", b"\xff", b"", b"[" * 100_000])
def test_what_cannot_be_read_is_asked_anew(tmp_path: Path, content: bytes) -> None:
    once("key", lambda: {"place": "x"})
    (noted,) = (tmp_path / "run/virtfleet-images").iterdir()
    noted.write_bytes(content)
    assert once("key", lambda: {"place": "y"}) == {"place": "y"}
    assert once("key", dict) == {"place": "y"}


def test_another_run_removes_what_is_old_at_the_same_time(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("0" * 64, f"{'1' * 64}.part"):
        (folder / name).write_text("x")
        os.utime(folder / name, (1, 1))
    plain = os.scandir

    @contextlib.contextmanager
    def scandir(path: str) -> Iterator[Any]:
        with plain(path) as entries:
            found = list(entries)
        for entry in found:
            os.unlink(entry.path)
        yield iter(found)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        cache.remove_old(str(folder))
    assert list(folder.iterdir()) == []


def test_a_part_that_a_stopped_run_holds_is_not_waited_for_without_end(
    server: Server, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = of(server, "steady", STEADY)
    process = FORK.Process(target=lambda: problem_of(version))
    process.start()
    try:
        while not any(path.stat().st_size for path in folder.iterdir()):
            time.sleep(0.05)
        os.kill(process.pid or 0, signal.SIGSTOP)
        (part,) = folder.iterdir()
        lines: list[str] = []
        monkeypatch.setattr(
            meter, "current", meter.Meter(str(tmp_path / "meter"), lambda text: lines.append(text) or text)
        )
        began = time.monotonic()
        with pytest.raises(VirtfleetError) as caught:
            image_of(version, 1)
        assert time.monotonic() - began < 10
        assert str(caught.value) == (
            "another process of Ansible fetches steady, and has not ended within 1 s: if it was stopped, end it or let"
            f" it go on (it has {part} open); else allow more with image_timeout"
        )
        assert "waiting for another process of Ansible, which fetches steady" in lines
        assert not (tmp_path / "meter").exists()
    finally:
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
    assert problem_of(version) == ""


def test_who_waits_for_several_counts_each_alone(tmp_path: Path) -> None:
    """Each host verifies the image for a moment: the last of many has waited for long, and for none too long."""
    path = str(tmp_path / "x")

    def hold() -> None:
        with cache.taken(path, "works"):
            time.sleep(0.7)

    processes = [FORK.Process(target=hold) for _number in range(3)]
    for process in processes:
        process.start()
    while not os.path.exists(f"{path}.part"):
        time.sleep(0.01)
    time.sleep(0.3)
    with cache.taken(path, "works", 1.5):
        pass
    for process in processes:
        process.join()
        assert process.exitcode == 0


@pytest.mark.parametrize("which", ["image", "part", "version"])
def test_a_pipe_in_place_of_a_file_is_refused(server: Server, folder: Path, tmp_path: Path, which: str) -> None:
    version = of(server, "good", GOOD)
    path = Path(image_of(version, None).path)
    once("key", lambda: {"place": "x"})
    if which == "version":
        (path,) = (tmp_path / "run/virtfleet-images").iterdir()
    elif which == "part":
        path = Path(f"{path}.part")
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    again: Any = (lambda: once("key", dict)) if which == "version" else (lambda: image_of(version, None))
    with pytest.raises(VirtfleetError, match=f"{path} is no file: look at it, and remove it"), alarm():
        again()


@contextlib.contextmanager
def alarm() -> Iterator[None]:
    """End what hangs."""

    def end(*_words: Any) -> None:
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(20)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
