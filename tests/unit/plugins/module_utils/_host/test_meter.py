# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module tells of its work while it runs."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import meter, unpack
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.qemu_img import convert, converted

TOKEN = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file is."""
    made = tmp_path / "progress"
    monkeypatch.setattr(meter, "FOLDER", str(made))
    monkeypatch.setattr(meter, "PERIOD", 0.0)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return made


@pytest.fixture
def telling() -> Iterator[None]:
    """The control node looks."""
    with meter.reporting(TOKEN, lambda text: text.replace("hunter2", "***")):
        yield


def read(folder: Path) -> Any:
    """What the file has, without the time."""
    told = json.loads((folder / TOKEN).read_text())
    assert told.pop("seconds") >= 0
    return told


def test_work_is_told_while_it_is_done(folder: Path, telling: None) -> None:
    with meter.subject("volume p/hunter2"):
        with meter.work("fetching a", 10):
            meter.came(4)
            assert read(folder) == {"subject": "volume p/***", "doing": "fetching a", "done": 4, "total": 10}
            meter.came(None)
            meter.expect(12)
            assert (read(folder)["done"], read(folder)["total"]) == (4, 12)
            assert (folder / TOKEN).stat().st_mode & 0o777 == 0o600
            assert folder.stat().st_mode & 0o777 == 0o700
        assert os.listdir(folder) == []
        meter.came(5)
        assert os.listdir(folder) == []


def test_what_fails_leaves_no_file(folder: Path) -> None:
    def work() -> None:
        with meter.reporting(TOKEN, str):
            meter.waits("waiting for a", 1.0)
            assert os.listdir(folder) == [TOKEN]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert os.listdir(folder) == []


def test_what_is_waited_for_has_its_time(folder: Path, telling: None) -> None:
    meter.waits("0 of 2", 1.0, 300)
    meter.waits("1 of 2", 41.0, 200)
    told = json.loads((folder / TOKEN).read_text())
    assert (told["doing"], told["limit"], told["subject"]) == ("1 of 2", 200, "")
    assert 0.9 < told["seconds"] < 10
    meter.over()
    assert os.listdir(folder) == []


@pytest.mark.parametrize("token", [None, "", "../../etc/passwd", TOKEN[:-1], TOKEN.upper(), f"{TOKEN}\n"])
def test_nothing_is_written_where_nobody_looks(folder: Path, token: str | None) -> None:
    with meter.reporting(token, str), meter.work("fetching a", 10):
        meter.came(4)
        meter.waits("waiting", 1.0)
        assert not folder.exists()


def test_a_file_that_cannot_be_written_stops_no_work(folder: Path, telling: None) -> None:
    folder.chmod(0o700)
    (folder / f"{TOKEN}.new").mkdir()
    with meter.work("fetching a", 10):
        meter.came(4)


def test_the_files_of_killed_runs_go(folder: Path) -> None:
    folder.mkdir()
    for name, age in (("old", meter.STALE + 10), ("young", 10)):
        (folder / name).touch()
        born = (folder / name).stat().st_mtime - age
        os.utime(folder / name, (born, born))
    with meter.reporting(TOKEN, str):
        assert os.listdir(folder) == ["young"]


def test_a_shell_finds_the_file(folder: Path, telling: None) -> None:
    with meter.work("fetching a"):
        files = " ".join(meter.places(TOKEN))
        done = subprocess.run(["sh", "-c", f"cat {files} 2>/dev/null || true"], check=True, capture_output=True)
        assert json.loads(done.stdout)["doing"] == "fetching a"


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("/srv/images/debian-13.qcow2", "debian-13.qcow2"),
        ("https://bob:hunter2@example.com/a/debian-13.qcow2?token=hunter2#hunter2", "debian-13.qcow2"),
        ("https://bob:hunter2@example.com", "the image"),
        ("https://example.com/?sig=hunter2/x", "the image"),
    ],
)
def test_only_the_name_of_the_file_is_told(place: str, name: str) -> None:
    assert meter.file_name(place) == name


def test_names_that_are_too_many() -> None:
    assert meter.first_few(["a", "b"]) == "a, b"
    assert meter.first_few([str(number) for number in range(7)]) == "0, 1, 2, 3, 4 and 2 more"


@pytest.mark.parametrize(
    ("said", "done"),
    [
        (b"    (0.00/100%)\r", 0),
        (b"    (12.50/100%)\r    (50.00/100%)\r    (5", 500),
        (b"", None),
        (b"(100.00/100%)", 1000),
    ],
)
def test_what_qemu_img_says_of_its_work(said: bytes, done: int | None) -> None:
    assert converted(said, 1000) == done


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_unpacking_tells_how_much_was_read(
    folder: Path, telling: None, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpack, "zstandard", lambda: None)
    packed = tmp_path / "packed"
    content = os.urandom(3 * 2**20)
    program = {"gz": "gzip", "zst": "zstd"}[kind]
    with packed.open("wb") as file:
        subprocess.run([program, "-c"], input=content, stdout=file, check=True)
    seen: list[int] = []
    monkeypatch.setattr(meter, "came", seen.append)
    with packed.open("rb") as file:
        took: list[bytes] = []
        unpack.unpack(kind, file.fileno(), packed.stat().st_size, took.append, time.monotonic() + 60)
    assert b"".join(took) == content
    assert seen[-1] == packed.stat().st_size


def test_qemu_img_tells_how_much_it_has_converted(
    folder: Path, telling: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 8 * 2**20
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(size))
    seen: list[int | None] = []
    monkeypatch.setattr(meter, "came", seen.append)
    with source.open("rb") as given, target.open("w+b") as made:
        convert((given.fileno(), "raw", size), (made.fileno(), "qcow2"), size, None)
    told = [done for done in seen if done is not None]
    assert told[-1] == size
    assert told == sorted(told)


def test_what_the_flow_waits_for_is_named(folder: Path, telling: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "POLL", 0.01)
    seen: list[str] = []

    def work() -> Iterator[None]:
        yield
        seen.append(read(folder)["doing"])

    apply.go_on({"web": work(), "db": work()}, {})
    assert seen == ["waiting for db, web"] * 2
    assert os.listdir(folder) == []
