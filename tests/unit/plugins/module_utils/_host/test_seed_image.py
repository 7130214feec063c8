# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of seeds: what was written onto one is read back, and nothing of it is anywhere else."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import seed_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.sandbox import ENVIRONMENT

pytestmark = pytest.mark.skipif(shutil.which("mcopy") is None, reason="needs mtools")


@pytest.mark.parametrize("size", [0, 1, 511, 4096, 1024**2, 5 * 1024**2, 16 * 1024**2])
def test_what_was_written_is_read(size: int) -> None:
    files = {"meta-data": b"{}\n", "user-data": os.urandom(size), "network-config": b"\r\n\x1a\0"}
    image = seed_image.image_of(files)
    assert len(image) == seed_image.size_of(files) <= seed_image.LARGEST
    assert seed_image.read(image) == files


def test_the_label(tmp_path: Path) -> None:
    (tmp_path / "seed.img").write_bytes(seed_image.image_of({"meta-data": b"{}\n"}))
    assert {"LABEL=CIDATA", "TYPE=vfat"} <= blkid(tmp_path / "seed.img")


def blkid(path: Path) -> set[str]:
    """What blkid says of a file system."""
    program = shutil.which("blkid", path=ENVIRONMENT["PATH"])
    if program is None:
        pytest.skip("needs blkid")
    words = [program, "-p", "-o", "export", path]
    return set(subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())


DRIVE = {"openstack/latest/meta_data.json": b"{}", "openstack/latest/user_data": b"#ps1\r\n", "openstack/a": b""}


@pytest.mark.parametrize("size", [0, 4096, 5 * 1024**2])
def test_a_config_drive_is_read(size: int) -> None:
    files = {**DRIVE, "openstack/content/0000": os.urandom(size)}
    image = seed_image.image_of(files)
    assert len(image) == seed_image.size_of(files) <= seed_image.LARGEST
    assert seed_image.read(image) == files


def test_a_config_drive_is_a_disk_with_one_partition(tmp_path: Path) -> None:
    """Windows mounts that of any disk. It writes a signature where there is none, and the disk is read-only."""
    image = seed_image.image_of(DRIVE)
    assert image[510:512] == b"\x55\xaa"
    assert image[440:444] != b"\0\0\0\0"
    assert image[440:444] != seed_image.image_of({**DRIVE, "openstack/b": b"x"})[440:444]
    kind, start, sectors = image[450], *struct.unpack("<II", image[454:462])
    assert (kind, start, (start + sectors) * 512) == (0x0E, 2048, len(image))
    assert set(image[462:510]) == {0}
    inside = image[start * 512 :]
    assert inside[510:512] == b"\x55\xaa"
    assert struct.unpack("<I", inside[28:32]) == (start,)  # Sectors before it, as it has them noted itself.
    (tmp_path / "seed.img").write_bytes(inside)
    assert {"LABEL=CONFIG-2", "TYPE=vfat"} <= blkid(tmp_path / "seed.img")


@pytest.mark.parametrize("image", [b"", b"\0" * 1024**2, os.urandom(4096), b"QFI\xfb" + b"\0" * 4096])
def test_what_is_no_seed(image: bytes) -> None:
    assert not seed_image.read(image)


def test_only_a_file_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "seed.img").write_bytes(b"x")
    (tmp_path / "link").symlink_to("seed.img")
    os.mkfifo(tmp_path / "pipe")
    assert seed_image.content_of(str(tmp_path / "seed.img")) == b"x"
    for name in ("link", "none", "pipe", ""):
        assert seed_image.content_of(str(tmp_path / name)) is None


def test_a_tool_that_fails_tells_nothing_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_image, "size_of", lambda files: seed_image.STEP)
    with pytest.raises(VirtfleetError) as caught:
        seed_image.image_of({"user-data": b"s3cret" * 1024**2})
    assert str(caught.value) == "mcopy failed with status 1"
