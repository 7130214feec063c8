# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of the snapshots in a qcow2 image, which QEMU's own tools make here."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.qcow2 import HEADER
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.qcow2_snapshots import Image, answer_of


def run(*command: str) -> None:
    """Run a tool of QEMU."""
    subprocess.run(command, check=True, capture_output=True)


def write(image: Path, offset: str, length: str = "64k") -> None:
    """Write to the disk in an image."""
    run("qemu-io", "-c", f"write {offset} {length}", str(image))


@pytest.fixture(params=[("cluster_size=65536",), ("cluster_size=512", "compat=0.10"), ("extended_l2=on",)])
def image(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """An image of several clusters, and so of several L2 tables where these are small."""
    path = tmp_path / "a.qcow2"
    run("qemu-img", "create", "-q", "-f", "qcow2", "-o", ",".join(request.param), str(path), "4M")
    return path


def unwritten(image: Path) -> dict[str, bool]:
    """For each snapshot whether the disk is as in it."""
    return dict(answer_of(str(image), lambda found: [(one.name, found.is_as_in(one)) for one in found.snapshots()]))


def test_a_write_is_noticed_and_going_back_too(image: Path) -> None:
    assert answer_of(str(image), Image.is_empty)
    write(image, "0")
    run("qemu-img", "snapshot", "-c", "one", str(image))
    assert unwritten(image) == {"one": True}
    write(image, "3M")
    assert unwritten(image) == {"one": False}
    run("qemu-img", "snapshot", "-c", "zwei ü", str(image))
    assert unwritten(image) == {"one": False, "zwei ü": True}
    write(image, "0")  # Where there was something before.
    assert unwritten(image) == {"one": False, "zwei ü": False}
    run("qemu-img", "snapshot", "-a", "one", str(image))
    assert unwritten(image) == {"one": True, "zwei ü": False}
    run("qemu-img", "snapshot", "-d", "one", str(image))
    assert list(unwritten(image)) == ["zwei ü"]
    assert not answer_of(str(image), Image.is_empty)


def test_an_image_laid_over_another_one_is_empty_until_it_is_written_to(image: Path) -> None:
    write(image, "0")
    over = image.with_name("over.qcow2")
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", str(image), "-F", "qcow2", str(over))
    assert answer_of(str(over), Image.is_empty)
    write(over, "1M")
    assert not answer_of(str(over), Image.is_empty)


def test_what_is_no_image(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "text").write_text("no image")
    for name in ("fifo", "text", "a\0b"):
        with pytest.raises(Unfit):
            answer_of(str(tmp_path / name), Image.snapshots)
    with pytest.raises(FileNotFoundError):
        answer_of(str(tmp_path / "nothing"), Image.snapshots)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    snapshots=st.integers(0, 2**32 - 1),
    offset=st.integers(0, 2**64 - 1),
    entries=st.integers(0, 2**32 - 1),
    size=st.integers(0, 2**64 - 1),
    bits=st.integers(0, 2**32 - 1),
    rest=st.binary(max_size=300),
)
def test_any_bytes_are_answered_or_refused(
    snapshots: int, offset: int, entries: int, size: int, bits: int, rest: bytes
) -> None:
    head = HEADER.pack(b"QFI\xfb", 2, 0, 0, bits % 32, size, 0, entries, offset, 0, 0, snapshots, offset % 400)
    whole = head + struct.pack(">Q", offset) + rest

    def read(at: int, length: int) -> bytes:
        assert length <= 32 * 1024**2
        return whole[at : at + length]

    try:
        found = Image(read)
        for one in found.snapshots():
            found.is_as_in(one)
        found.is_empty()
    except Unfit:
        return
