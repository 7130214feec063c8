# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the control node fetches: once for all processes of a run, and never half."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible import constants

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.products import Version
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _image_cache
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._image_cache import MONTH, image_of, kept_in, once
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

    monkeypatch.setattr(_image_cache, "Room", Full)
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
