# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether libvirt works on a disk of a guest at this moment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot.guests import SnapshotGuest


class Failed(libvirt.libvirtError):  # type: ignore[misc]
    """An error of libvirt's, with its code."""

    def __init__(self, code: int) -> None:
        super().__init__("failed")
        self.code = code

    def get_error_code(self) -> int:
        return self.code


def busy(jobs: dict[str, Any], active: bool = True) -> list[tuple[str, str]]:
    def info(target: str, _flags: int) -> Any:
        if isinstance(jobs[target], Exception):
            raise jobs[target]
        return jobs[target]

    guest: Any = SimpleNamespace(active=active, domain=SimpleNamespace(blockJobInfo=info))
    return [(found.where, found.problem) for found in SnapshotGuest.busy_with(guest, "disks", jobs)]


SAID = "libvirt copies or merges {} at this moment (a block job): wait until that is over (virsh blockjob)"
UNKNOWN = [libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_OPERATION_INVALID]


@pytest.mark.parametrize("code", UNKNOWN)
def test_a_disk_that_libvirt_cannot_tell_of_hides_no_other(code: int) -> None:
    assert busy({"vda": Failed(code)}) == []
    assert busy({"vda": Failed(code), "vdb": {"type": 1}}) == [("disks", SAID.format("vdb"))]


def test_the_first_disk_with_a_job_is_told() -> None:
    assert busy({"vda": {}, "vdb": {"type": 1}, "vdc": {"type": 1}}) == [("disks", SAID.format("vdb"))]
    assert busy({"vda": {}, "vdb": None}) == []
    assert busy({"vda": {"type": 1}}, active=False) == []
    with pytest.raises(libvirt.libvirtError):
        busy({"vda": Failed(libvirt.VIR_ERR_NO_DOMAIN)})
