# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of what was made: damaged in any way, or in a place that cannot be trusted, it is named and left alone."""

from __future__ import annotations

import errno
import json
import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import private_file
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import process
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest as module
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.manifest import Manifest

URI = "qemu:///system"


def noted(volumes: Any) -> bytes:
    """A file with these volumes."""
    return json.dumps({URI: {"volumes": volumes}}).encode()


DEEP = 100_000
DAMAGED: dict[str, bytes] = {
    "empty": b"",
    "cut off": b'{"qemu:///system": {"vol',
    "a list": b"[]",
    "null": b"null",
    "a number": b"1",
    "a text": b'"x"',
    "not JSON": b"---\nx: 1\n",
    "binary": bytes(range(256)),
    "NUL bytes": b"\0" * 4096,
    "NUL behind": b"{}\0",
    "UTF-16": '{"a": {}}'.encode("utf-16"),
    "no UTF-8": b'{"\xff": {}}',
    "NaN": b'{"qemu:///system": {"volumes": {"p/x": {"size": NaN}}}}',
    "a huge number": b'{"a": ' + b"9" * 5000 + b"}",
    "nested lists": b"[" * DEEP + b"]" * DEEP,
    "nested dictionaries": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a name twice": b'{"qemu:///system": {"volumes": {"p/x": {"guest": "a"}, "p/x": {"guest": "b"}}}}',
    "a URI twice": b'{"qemu:///system": {}, "qemu:///system": {}}',
    "kinds are a list": b'{"qemu:///system": []}',
    "volumes are a list": b'{"qemu:///system": {"volumes": []}}',
    "volumes are a text": b'{"qemu:///system": {"volumes": "p/x"}}',
    "an unknown kind is a text": b'{"qemu:///system": {"images": "p/x"}}',
    "another libvirt's part is null": b'{"qemu:///system": {}, "lxc:///": null}',
    "facts are a text": noted({"p/x": "web01"}),
    "facts are null": noted({"p/x": None}),
    "a guest is a number": noted({"p/x": {"guest": 1}}),
    "a guest is a list": noted({"p/x": {"guest": ["a"]}}),
    "an identity is a dictionary": noted({"p/x": {"identity": {}}}),
    "a mark is true": noted({"p/x": {"making": True}}),
    "a format is null": noted({"p/x": {"format": None}}),
    "a UUID is empty": json.dumps({URI: {"pools": {"p": {"uuid": ""}}}}).encode(),
    "a name without a pool": noted({"x": {}}),
    "a name without a volume": noted({"p/": {}}),
    "an empty name": noted({"": {}}),
    "a name with a line break": noted({"p/x\ny": {}}),
    "a name with an escape": noted({"p/x\x1b[2J": {}}),
    "a name with NUL": noted({"p/x\0y": {}}),
    "a name of 5,000 letters": noted({"p/" + "x" * 5000: {}}),
}


def refuses(folder: Path, *words: str) -> None:
    """All ways to use it say which file is wrong, and touch nothing."""
    manifest = Manifest(URI, str(folder))
    before = state(folder)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: manifest.entries("volumes"),
        lambda: manifest.put("volumes", "p/x"),
        lambda: manifest.begin("p/x"),
        lambda: manifest.drop("volumes", "p/x"),
        manifest.check,
        manifest.prepare,
    )
    for call in calls:
        with pytest.raises(VirtfleetError) as caught:
            call()
        for word in (str(folder), *words):
            assert word in str(caught.value)
        assert len(str(caught.value)) < 700
    assert state(folder) == before


def state(folder: Path) -> dict[str, Any]:
    """All that is in a folder but for the lock, which every writer makes."""
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_size, path.lstat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.name != ".lock"
    }


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_named_and_left(tmp_path: Path, name: str) -> None:
    path = tmp_path / "storage.json"
    path.write_bytes(DAMAGED[name])
    path.chmod(0o600)
    refuses(tmp_path, "storage.json, cannot be read", "put back a good copy, or remove it")


def test_any_file_is_read_or_named(tmp_path: Path) -> None:
    """A good file with bytes exchanged: never another error, and what is read has the right types."""
    chance = random.Random(8)
    path = tmp_path / "storage.json"
    good = noted({"p/x": {"guest": "web01", "identity": "1 2"}, "p/y": {"making": "process 1 2 3", "later": [1]}})
    read = 0
    for _round in range(3000):
        text = bytearray(good)
        for _change in range(chance.randint(1, 4)):
            text[chance.randrange(len(text))] = chance.choice(b'{}[]",:0\\x\0\xff1en')
        path.write_bytes(text)
        try:
            entries = Manifest(URI, str(tmp_path)).entries("volumes")
        except VirtfleetError:
            continue
        read += 1
        assert all(isinstance(facts.get(fact, ""), str) for facts in entries.values() for fact in module.FACTS)
    assert 0 < read < 3000


def test_facts_of_other_versions_are_kept(tmp_path: Path) -> None:
    (tmp_path / "storage.json").write_bytes(noted({"p/x": {"later": [1], "guest": "a"}}))
    manifest = Manifest(URI, str(tmp_path))
    manifest.add("volumes", "p/x", format="raw")
    manifest.add("volumes", "p/none", format="raw")
    manifest.put("volumes", "p/y", guest="b")
    assert manifest.entries("volumes") == {
        "p/x": {"later": [1], "guest": "a", "format": "raw"},
        "p/y": {"guest": "b"},
    }


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    manifest = Manifest(URI, str(tmp_path))
    manifest.put("volumes", "p/x", guest="a")
    with pytest.raises(VirtfleetError, match="cannot be noted"):
        manifest.put("volumes", "p/y", guest="a\nb")
    assert manifest.entries("volumes") == {"p/x": {"guest": "a"}}


def place_folder(path: Path) -> None:
    path.mkdir()


def place_link(path: Path) -> None:
    path.with_name("elsewhere").write_text("{}", encoding="utf-8")
    path.symlink_to(path.with_name("elsewhere"))


def place_pipe(path: Path) -> None:
    os.mkfifo(path)


def place_shared(path: Path) -> None:
    path.write_text("{}", encoding="utf-8")
    path.chmod(0o666)


def place_large(path: Path) -> None:
    path.touch(0o600)
    os.truncate(path, private_file.LARGEST + 1)


@pytest.mark.parametrize("place", [place_folder, place_link, place_pipe, place_shared, place_large])
def test_what_is_in_the_files_place_is_not_trusted(tmp_path: Path, place: Callable[[Path], None]) -> None:
    place(tmp_path / "storage.json")
    refuses(tmp_path, "storage.json, cannot be read")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_another_user_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "storage.json"
    path.write_text("{}", encoding="utf-8")
    os.chown(path, 65534, 65534)
    refuses(tmp_path, "storage.json, cannot be read: it belongs to the user 65534")
    path.unlink()
    os.chown(tmp_path, 65534, 0)
    refuses(tmp_path, "belongs to the user 65534")


def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    refuses(tmp_path, "is a folder that others than its owner may write to")


def test_a_folder_that_is_a_link_a_file_or_below_a_file_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "file").touch()
    for name, word in (("link", "symbolic link"), ("dangling", "symbolic link"), ("file", "is no folder")):
        refuses(tmp_path / name, word)
    for call in (
        Manifest(URI, str(tmp_path / "file/below")).check,
        Manifest(URI, str(tmp_path / "file/below")).prepare,
    ):
        with pytest.raises(VirtfleetError, match="file"):
            call()
    assert list((tmp_path / "real").iterdir()) == []


@pytest.mark.parametrize("place", [place_folder, place_link, place_pipe])
def test_a_lock_that_is_no_file_is_named(tmp_path: Path, place: Callable[[Path], None]) -> None:
    place(tmp_path / ".lock")
    before = state(tmp_path)
    manifest, told = Manifest(URI, str(tmp_path)), set()
    for call in (manifest.check, manifest.prepare, lambda: manifest.put("pools", "p")):
        with pytest.raises(VirtfleetError, match=r"\.lock") as caught:
            call()
        told.add(str(caught.value))
    assert len(told) == 1  # Check mode says what the run says.
    assert state(tmp_path) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EPERM, errno.EIO])
@pytest.mark.parametrize("call", ["fsync", "rename", "open"])
def test_what_cannot_be_written_is_named_and_the_old_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, call: str
) -> None:
    manifest = Manifest(URI, str(tmp_path / "new"))
    manifest.put("volumes", "p/x", guest="a")
    real = getattr(os, call)

    def broken(*args: Any, **options: Any) -> Any:
        writes = call != "open" or (isinstance(args[0], str) and args[0].endswith(".new"))
        if writes:
            raise OSError(code, os.strerror(code))
        return real(*args, **options)

    with monkeypatch.context() as context:
        context.setattr(os, call, broken)
        for attempt in (manifest.prepare, lambda: manifest.put("volumes", "p/y")):
            with pytest.raises(VirtfleetError, match=r"storage\.json, cannot be written: "):
                attempt()
    assert manifest.entries("volumes") == {"p/x": {"guest": "a"}}
    assert sorted(os.listdir(tmp_path / "new")) == [".lock", "storage.json"]


def test_a_trial_leaves_the_file_and_its_folder_as_they_are(tmp_path: Path) -> None:
    manifest = Manifest(URI, str(tmp_path / "new"))
    manifest.check()
    assert not (tmp_path / "new").exists()
    manifest.prepare()
    assert os.listdir(tmp_path / "new") == [".lock"]
    manifest.put("pools", "p")
    path = tmp_path / "new/storage.json"
    before = path.read_bytes(), path.stat().st_mode
    manifest.prepare()
    assert (path.read_bytes(), path.stat().st_mode) == before
    assert sorted(os.listdir(tmp_path / "new")) == [".lock", "storage.json"]


def test_a_full_disk_is_known_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    full = os.statvfs_result((*real[:3], 0, 0, *real[5:10]))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    with pytest.raises(VirtfleetError, match=r"storage\.json, cannot be written: No space left on device: make room"):
        Manifest(URI, str(tmp_path / "new")).check()


def test_a_part_file_of_a_killed_run_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("theirs", encoding="utf-8")
    (tmp_path / "storage.json.new").symlink_to("elsewhere")
    Manifest(URI, str(tmp_path)).put("pools", "p")
    assert (tmp_path / "elsewhere").read_text(encoding="utf-8") == "theirs"
    assert not (tmp_path / "storage.json.new").is_symlink()


def test_the_wait_for_the_lock_has_an_end_and_says_who_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_file, "WAIT", 0.1)
    manifest = Manifest(URI, str(tmp_path))
    with manifest.file.locked():
        began = time.monotonic()
        with pytest.raises(VirtfleetError, match=rf"\.lock, is held by process {os.getpid()} for 0.1 s"):
            Manifest(URI, str(tmp_path)).put("pools", "p")
        assert 0.1 <= time.monotonic() - began < 5
    manifest.put("pools", "p")


def test_a_volume_is_made_by_one_run_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = Manifest(URI, str(tmp_path))
    manifest.begin("p/x", guest="a")
    manifest.begin("p/x", guest="b")  # The same process begins anew.
    assert manifest.entries("volumes") == {"p/x": {"guest": "b", "making": process.own_process()}}
    own = process.own_process()
    for place in (module, process):
        monkeypatch.setattr(place, "own_process", lambda: "process 1 2 3")
    monkeypatch.setattr(process, "alive", lambda text: text == own)
    with pytest.raises(VirtfleetError, match=r"another run \(process [0-9]+ on this host\) is making the volume p/x"):
        manifest.begin("p/x")
    monkeypatch.setattr(process, "alive", lambda text: False)
    manifest.begin("p/x")
    assert manifest.entries("volumes") == {"p/x": {"making": "process 1 2 3"}}
