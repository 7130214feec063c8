# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that was deleted and made anew is another one, whatever inode it got."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.files import birth


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file on a file system that keeps times of birth."""
    made = tmp_path / "disk.raw"
    made.write_bytes(b"")
    if birth(str(made)) is None:
        pytest.skip("the file system of temporary files keeps no times of birth")
    return made


def test_it_is_what_stat_says(file: Path) -> None:
    said = subprocess.run(["stat", "-c", "%i %.9W", str(file)], capture_output=True, text=True, check=True).stdout
    assert birth(str(file)) == said.strip()


def test_a_file_that_is_changed_stays_the_same(file: Path) -> None:
    before = birth(str(file))
    file.write_bytes(b"more")
    os.truncate(file, 2**20)
    file.chmod(0o600)
    os.utime(file, (0, 0))
    assert birth(str(file.rename(file.with_name("other")))) == before


def test_a_file_that_is_made_anew_is_another(file: Path) -> None:
    seen = {birth(str(file))}
    for _again in range(5):
        file.unlink()
        file.write_bytes(b"")
        seen.add(birth(str(file)))
    assert len(seen) == 6


def test_what_is_no_file_has_none(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    assert [birth(path) for path in (str(file.parent), str(link), "/dev/null", "/no/such", "")] == [None] * 5
