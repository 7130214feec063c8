# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes of disks whose unit is likely a slip: warned of, and refused where no qcow2 can have them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.doubts import doubts
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.storage_rules import most_of_qcow2

QEMU_IMG = shutil.which("qemu-img")


def fleet(disk: dict[str, Any] | None = None, volume: dict[str, Any] | None = None) -> dict[str, Any]:
    guest = {"name": "a", "host": "kvm01", "memory": "1GiB", "disks": [{"pool": "default", **disk}] if disk else []}
    return {"kvm01": {"kvm_guests": [guest], "kvm_volumes": [volume] if volume else []}}


@pytest.mark.parametrize(
    ("given", "refused", "warned"),
    [
        ({"disk": {"size": "20000TiB"}}, "guest a: disks[0].size: 20000TiB is more than a qcow2 can hold, 2PiB", ""),
        ({"disk": {"size": "2PiB"}}, "", "guest a: disks[0].size: 2PiB is more than 64TiB"),
        ({"disk": {"size": "20000TiB", "format": "raw"}}, "", "guest a: disks[0].size: 20000TiB is more than 64TiB"),
        ({"disk": {"size": "20000TiB", "pool": "vg"}}, "", "guest a: disks[0].size: 20000TiB is more than 64TiB"),
        ({"disk": {"size": "64TiB"}}, "", ""),
        (
            {"volume": {"name": "v.qcow2", "capacity": "2049TiB"}},
            "host kvm01: volume default/v.qcow2: capacity: 2049TiB is more than a qcow2 can hold, 2PiB",
            "",
        ),
        (
            {"volume": {"name": "v.qcow2", "capacity": "1500TiB", "extended_l2": True}},
            "host kvm01: volume default/v.qcow2: capacity: 1500TiB is more than a qcow2 can hold, 1PiB",
            "volume default/v.qcow2: capacity: 1500TiB is more than 64TiB",
        ),
        (
            {"volume": {"name": "v.qcow2", "capacity": "1500TiB", "cluster_size": "2MiB"}},
            "",
            "volume default/v.qcow2: capacity: 1500TiB is more than 64TiB",
        ),
        ({"volume": {"name": "v.raw", "capacity": "65TiB"}}, "", "volume default/v.raw: capacity: 65TiB is more than"),
        ({"volume": {"name": "v.raw", "capacity": "65TiB", "state": "absent"}}, "", ""),
        ({"volume": {"name": "v.raw", "capacity": "64TiB"}}, "", ""),
    ],
)
def test_a_disk_that_is_very_large(given: dict[str, Any], refused: str, warned: str) -> None:
    found, doubtful = problems(["kvm01"], fleet(**given)), doubts(["kvm01"], fleet(**given))
    assert [line.startswith(refused) for line in found] == [True] * bool(refused)
    assert [line.startswith(warned) for line in doubtful] == [True] * bool(warned)
    assert all("is the unit right?" in line for line in (*found, *doubtful))


@pytest.mark.skipif(QEMU_IMG is None, reason="needs qemu-img")
@pytest.mark.parametrize(
    ("options", "most"),
    [
        ((), most_of_qcow2()),
        (("-o", "extended_l2=on"), most_of_qcow2(subclusters=True)),
        (("-o", "cluster_size=4096"), most_of_qcow2(4096)),
    ],
)
def test_qemu_has_the_same_limit(tmp_path: Path, options: tuple[str, ...], most: int) -> None:
    def makes(size: int) -> bool:
        command = [str(QEMU_IMG), "create", "-q", "-f", "qcow2", *options, str(tmp_path / "a.qcow2"), str(size)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    assert makes(most)
    assert not makes(most + 4096)
