# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that cannot be seen: of pools that are stopped or gone, and with names that are no text."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import volumes, volumes_info

URI = "test:///default"
Run = Callable[..., dict[str, Any]]


def volume(folder: Path, name: str) -> dict[str, Any]:
    """A volume, with its file: the test driver makes none."""
    (folder / name).touch()
    return {"name": name, "pool": "p", "capacity": "1MiB"}


def test_a_name_that_is_no_text_stops_nothing_and_still_uses_its_base(
    connection: Any, declare: Run, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libvirt's binding raises UnicodeDecodeError for such a name, and for XML that names such a file."""
    declare(volumes, *[volume(folder, name) for name in ("base", "free", "odd")])
    connection.storagePoolLookupByName("p").createXML("<volume><name>bad</name><capacity>1</capacity></volume>")
    base = str(folder / "base").encode()
    header = struct.pack(">4sIQI44x", b"QFI\xfb", 3, 64, len(base)) + base
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.qcow2")).write_bytes(header)
    real = {name: getattr(libvirt.virStorageVol, name) for name in ("name", "XMLDesc")}

    def call(method: str, refused: tuple[str, ...]) -> Callable[..., Any]:
        def answer(self: Any, *words: Any) -> Any:
            if real["name"](self) in refused:
                raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
            return real[method](self, *words)

        return answer

    with monkeypatch.context() as patch:
        patch.setattr(libvirt.virStorageVol, "name", call("name", ("bad",)))
        patch.setattr(libvirt.virStorageVol, "XMLDesc", call("XMLDesc", ("bad", "odd")))
        done = run_main(volumes.main, config=[], uri=URI, purge=True, fails=True)
        found = run_main(volumes_info.main, uri=URI)["volumes"]
    problems = {failure["volume"]: failure["problem"] for failure in done["failures"]}
    assert problems.keys() == {"p/base", "p/odd"}
    assert f"used by the file {folder}/\\xff.qcow2" in problems["p/base"]
    assert "it names a file whose name is no UTF-8" in problems["p/odd"]
    assert [(entry["resource"], entry["after"]) for entry in done["changes"]] == [("volume p/free", "absent")]
    assert sorted(item["name"] for item in found) == ["base", "old-vda.qcow2"]


def test_a_volume_whose_pool_is_not_active_is_said(connection: Any, declare: Run, folder: Path) -> None:
    declare(volumes, volume(folder, "a"))
    pool = connection.storagePoolLookupByName("p")
    pool.destroy()
    for words in ({"purge": True}, {}):
        config = [] if words else [{"name": "a", "pool": "p", "state": "absent"}]
        done = declare(volumes, *config, fails=True, **words)
        (failure,) = done["failures"]
        assert "its pool p is not active" in failure["problem"]
        assert "start the pool" in failure["problem"]
        assert done["changes"] == []
    pool.undefine()
    for words in ({"purge": True}, {}):
        config = [] if words else [{"name": name, "pool": "p", "state": "absent"} for name in ("a", "never-made")]
        done = declare(volumes, *config, **words)
        (warning,) = done["warnings"]
        assert "volume p/a: " in warning
        assert "its pool p is not there" in warning
        assert done["changed"] is False
