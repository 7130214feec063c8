# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new volume that is larger than declared does not stay: it would be refused for ever."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_actions import refuse_larger
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.new_volumes import Making

MIB = 1024**2


class Volume:
    """A volume as libvirt tells it after it was made."""

    def __init__(self, capacity: int, form: str | None, path: str = "/nowhere", kind: str = "file") -> None:
        self.parts = (kind, capacity, path, f"<format type='{form}'/>" if form else "")

    def XMLDesc(self) -> str:  # noqa: N802 - libvirt's name
        return "<volume type='{}'><capacity>{}</capacity><target><path>{}</path>{}</target></volume>".format(
            *self.parts
        )


@pytest.mark.parametrize(
    ("volume", "wrong"),
    [
        (Volume(MIB, "qcow2"), False),
        (Volume(MIB - 256, "qcow2"), False),
        (Volume(2 * MIB, "qcow2"), True),
        (Volume(1079296, "vpc"), False),
        (Volume(4 * MIB, "vpc"), True),
        (Volume(4 * MIB, None, kind="block"), False),
        (None, False),
    ],
)
def test_one_that_is_larger_is_refused(volume: Any, wrong: bool) -> None:
    making = Making({"name": "a", "pool": "p", "capacity": MIB - 512}, "<volume/>")
    with pytest.raises(VirtfleetError, match="came out as") if wrong else contextlib.nullcontext():
        refuse_larger(making, volume)


def test_what_is_raw_is_as_large_as_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"x" * MIB)
    item = {"name": "a", "pool": "p", "capacity": MIB, "format": "raw"}
    refuse_larger(Making(item, "<volume/>"), Volume(3 * MIB, "raw", str(path)))
    path.write_bytes(b"x" * 2 * MIB)
    with pytest.raises(VirtfleetError, match="came out as 2MiB, and not as 1MiB"):
        refuse_larger(Making(item, "<volume/>"), Volume(2 * MIB, "raw", str(path)))


def test_one_that_takes_the_size_of_its_image_is_as_large_as_that() -> None:
    refuse_larger(Making({"name": "a", "pool": "p"}, "<volume/>"), Volume(3 * MIB, "qcow2"))


def test_the_file_of_an_encrypted_one_is_larger(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"x" * 2 * MIB)
    item = {"name": "a", "pool": "p", "capacity": MIB, "format": "raw"}
    refuse_larger(Making({**item, "encryption": {"format": "luks"}}, "<volume/>"), Volume(MIB, "raw", str(path)))
    told = Volume(MIB, "raw", str(path))
    told.parts = (*told.parts[:3], "<format type='raw'/><encryption format='luks'/>")
    refuse_larger(Making(item, "<volume/>"), told)
