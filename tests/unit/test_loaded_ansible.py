# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs of Ansible in the tests share is of the very sources that are there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import loaded_ansible
import pytest


def imported(folder: Path, name: str, source: str) -> str:
    """What a module in a zip file prints, with compiled sources kept."""
    with zipfile.ZipFile(folder / name, "w") as file:
        file.writestr("told.py", source)
    (folder / "compiled").mkdir(exist_ok=True)
    path = os.pathsep.join([str(loaded_ansible.COMPILED_ONCE), str(folder / name)])
    environment = {**os.environ, "PYTHONPATH": path, "VIRTFLEET_COMPILED": str(folder / "compiled")}
    command = [sys.executable, "-c", "import told"]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


SOURCE = "def where():\n    return where.__code__.co_filename\nprint(where())\n"


def test_a_source_is_compiled_once_and_knows_where_it_is(tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        assert imported(tmp_path, name, SOURCE) == str(tmp_path / name / "told.py")
    assert len(list((tmp_path / "compiled").iterdir())) == 1


def test_another_source_is_another(tmp_path: Path) -> None:
    assert imported(tmp_path, "one.zip", "print(1)") == "1"
    assert imported(tmp_path, "one.zip", "print(2)") == "2"


def test_what_is_kept_broken_is_compiled_again(tmp_path: Path) -> None:
    imported(tmp_path, "one.zip", "print(1)")
    (kept,) = (tmp_path / "compiled").iterdir()
    for content in (b"", kept.read_bytes()[:20]):
        kept.write_bytes(content)
        assert imported(tmp_path, "one.zip", "print(1)") == "1"


def test_packed_modules_are_kept_for_the_same_plugins_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = tmp_path / "plugins/modules/one.py"
    plugin.parent.mkdir(parents=True)
    plugin.write_text("one")
    monkeypatch.setattr(loaded_ansible, "plugins", lambda: tmp_path / "plugins")
    kept = tmp_path / "kept"
    first = loaded_ansible.kept_of_this(kept)
    assert loaded_ansible.kept_of_this(kept) == first
    plugin.write_text("two")
    os.utime(plugin, (1, 1))
    second = loaded_ansible.kept_of_this(kept)
    assert second != first
    assert first.exists()
    yesterday = time.time() - 90000
    os.utime(first, (yesterday, yesterday))
    assert loaded_ansible.kept_of_this(kept) == second
    assert not first.exists()
