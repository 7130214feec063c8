# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The header of qcow2 is read before any tool sees it: what names a file never passes, whatever else is wrong."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path

import fuzzing
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit, recognise
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.qcow2 import check_qcow2
from ansible_collections.virtfleet.kvm.tests.unit import hostile_images
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import CLUSTER, DISK, FIELDS, qcow2

EDGES = [0, 1, 4, 8, 9, 16, 21, 22, 72, 104, 112, 1024, CLUSTER, 2 * CLUSTER, 2**31, 2**32 - 1, 2**63, 2**64 - 1]

VALUES = st.dictionaries(
    st.sampled_from(list(FIELDS)), st.one_of(st.sampled_from(EDGES), st.integers(0, 2**64 - 1)), max_size=4
)
EXTENSIONS = st.lists(
    st.tuples(
        st.sampled_from([0, 0xE2792ACA, 0x44415441, 0x0537BE77, 0x6803F857, 0x23852875, 0x12345678]),
        st.binary(max_size=40),
    ),
    max_size=4,
)


def fitting(values: dict[str, int]) -> dict[str, int]:
    """Values cut to the width of their fields."""
    return {name: value % (1 << 8 * struct.calcsize(FIELDS[name][0])) for name, value in values.items()}


def size_of(image: bytes) -> int | None:
    """The size of the disk in an image; None where it is refused, which is all that may happen else."""
    try:
        if recognise(lambda offset, length: image[offset : offset + length], len(image)).kind != "qcow2":
            return None
        return check_qcow2(lambda offset, length: image[offset : offset + length], len(image))
    except Unfit:
        return None


def test_a_whole_image() -> None:
    assert size_of(qcow2()) == size_of(qcow2(version=2)) == DISK


@pytest.mark.fuzz
@settings(max_examples=400 if fuzzing.is_thorough() else 50, deadline=None)
@given(values=VALUES, extensions=EXTENSIONS, cut=st.integers(0, 6 * CLUSTER))
def test_any_header_is_taken_or_refused(values: dict[str, int], extensions: list[tuple[int, bytes]], cut: int) -> None:
    image = qcow2(extensions, **fitting(values))
    for content in (image, image[:cut]):
        size = size_of(content)
        assert size is None or 0 < size <= 64 * 1024**4


@pytest.mark.fuzz
@settings(max_examples=300 if fuzzing.is_thorough() else 37, deadline=None)
@given(content=st.binary(max_size=4096), head=st.sampled_from([b"", b"QFI\xfb\0\0\0\3", b"QFI\xfb\0\0\0\2"]))
def test_any_bytes_are_taken_or_refused(content: bytes, head: bytes) -> None:
    assert size_of(head + content) is None


@pytest.mark.parametrize("version", [2, 3])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=VALUES, extensions=EXTENSIONS, names=st.sampled_from(["", "", "/etc/passwd", "json:{}", "nbd:x:1"]))
def test_qemu_agrees(
    tmp_path: Path, version: int, values: dict[str, int], extensions: list[tuple[int, bytes]], names: str
) -> None:
    """What passes, QEMU opens, and sees no other file in it."""
    image = qcow2(extensions, names, **{"version": version, **fitting(values)})
    size = size_of(image)
    if size is None:
        return
    path = tmp_path / "image"
    path.write_bytes(image)
    done = subprocess.run(
        ["qemu-img", "info", "-f", "qcow2", "--output=json", str(path)], check=False, capture_output=True, timeout=60
    )
    if done.returncode != 0:
        return  # QEMU is stricter with features that nobody uses here, such as bitmaps.
    told = json.loads(done.stdout)
    assert told["virtual-size"] == -(-size // 512) * 512
    assert "backing-filename" not in told
    assert "data-file" not in told["format-specific"]["data"]


@pytest.mark.parametrize("name", [name for name in hostile_images.hostile("/canary") if name.startswith("qcow2-")])
def test_what_the_header_shows_is_refused_by_the_header(name: str) -> None:
    content, word = hostile_images.hostile("/canary")[name]
    if name in ("qcow2-cut-off", "qcow2-out-of-file", "qcow2-leaked-out-of-file", "qcow2-shared-clusters"):
        return  # This is in the tables; qemu-img check finds it.
    assert size_of(content) is None
    if name.startswith(("qcow2-backing", "qcow2-data")):
        assert word == "is not whole"
