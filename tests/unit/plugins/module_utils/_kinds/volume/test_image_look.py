# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at an image of the host says is what the run says, and a good one is not refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import qemu_img
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import COMPRESSIONS, Source
from ansible_collections.virtfleet.kvm.tests.unit import hostile_images


def made(source: Source, folder: Path, form: str | None, capacity: int | None) -> str | None:
    """Why the run refuses an image; None where it takes it."""
    place = folder / "volume"
    place.unlink(missing_ok=True)
    try:
        volume_image.make(str(place), source, form, capacity)
    except VirtfleetError as error:
        return str(error)
    return None


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    folder = tmp_path / "pool"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("form", ["qcow2", None])
def test_what_the_look_refuses_the_run_refuses_in_the_same_words(tmp_path: Path, pool: Path, form: str | None) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    canary = tmp_path / "canary"
    canary.write_bytes(b"x" * 100)
    told = 0
    for name in hostile_images.write(folder, canary):
        source = Source(str(folder / name))
        said = volume_image.problem(source, form, None)
        if said is not None:
            assert said == made(source, pool, form, None), name
            told += 1
        assert sorted(pool.iterdir()) == [], name
    assert told > 60


def test_good_images_pass(tmp_path: Path, pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: object, **_options: object) -> None:
        raise AssertionError("no tool looks at an image before the run")

    monkeypatch.setattr(qemu_img, "run", never, raising=False)
    for name, (content, _form) in hostile_images.good().items():
        (tmp_path / name).write_bytes(content)
        for form in ("qcow2", "raw", None):
            assert volume_image.problem(Source(str(tmp_path / name)), form, None) is None, name


@pytest.mark.parametrize("capacity", [None, 1024, 16 * 1024**2])
@pytest.mark.parametrize("kind", ["qcow2", "raw"])
def test_an_image_larger_than_the_capacity(tmp_path: Path, pool: Path, kind: str, capacity: int | None) -> None:
    content = hostile_images.qcow2() if kind == "qcow2" else hostile_images.mbr()
    (tmp_path / "image").write_bytes(content)
    source = Source(str(tmp_path / "image"))
    said = volume_image.problem(source, "raw", capacity)
    assert said == made(source, pool, "raw", capacity)
    assert (said is not None) == (capacity == 1024)


def test_bytes_that_are_wanted_as_they_are_pass(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a text\n")
    place = str(tmp_path / "text")
    assert "is a text; give format: raw" in str(volume_image.problem(Source(place), None, None))
    assert volume_image.problem(Source(place, verbatim=True), "raw", None) is None


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_what_is_compressed_is_left_to_the_run(tmp_path: Path, kind: str) -> None:
    magic = {"gz": b"\x1f\x8b\x08", "xz": b"\xfd7zXZ\0", "zst": b"\x28\xb5\x2f\xfd", "bz2": b"BZh91AY&SY"}[kind]
    (tmp_path / "packed").write_bytes(magic + b"no more than that")
    assert volume_image.problem(Source(str(tmp_path / "packed")), None, 512) is None
