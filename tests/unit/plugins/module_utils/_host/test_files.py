# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that was deleted and made anew is another one, whatever inode it got; an image tells its base."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.files import bases, birth


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


def image(path: Path, base: str = "", magic: bytes = b"QFI\xfb") -> str:
    """The header of an image over a base."""
    header = magic + (3).to_bytes(4, "big") + (64 if base else 0).to_bytes(8, "big") + len(base).to_bytes(4, "big")
    path.write_bytes(header.ljust(64, b"\0") + base.encode())
    return str(path)


@pytest.mark.parametrize("written", ["base", "{}/base", "file:{}/base", '{{"filename": "{}/base"}}', "sub/../base"])
def test_an_image_tells_what_it_is_laid_over(tmp_path: Path, written: str) -> None:
    image(tmp_path / "base", "/no/such/root")
    name = written.format(tmp_path) if "{}" in written else written
    top = image(tmp_path / "top", f"json:{name}" if name.startswith("{") else name)
    assert bases(image(tmp_path / "upper", "top")) == [top, str(tmp_path / "base"), "/no/such/root"]


def test_what_is_no_image_or_has_no_end_is_no_matter(tmp_path: Path) -> None:
    image(tmp_path / "a", "b")
    assert bases(image(tmp_path / "b", "a")) == [str(tmp_path / "a"), str(tmp_path / "b")]
    (tmp_path / "short").write_bytes(b"QFI")
    other = image(tmp_path / "other", "x", b"rawx")
    for path in (image(tmp_path / "alone"), str(tmp_path / "short"), other, str(tmp_path), "/dev/null", "p/volume"):
        assert bases(path) == []
