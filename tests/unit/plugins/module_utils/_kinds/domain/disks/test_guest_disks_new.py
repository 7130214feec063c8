# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The new volumes that disks need."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import guest_disks
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool


@pytest.mark.parametrize(
    ("disk", "kind", "made"),
    [
        ({"format": "raw"}, "dir", {"format": "raw", "allocation": 0}),
        ({"format": "qcow2"}, "dir", {"format": "qcow2"}),
        ({}, "dir", {"format": "qcow2"}),
        ({}, "logical", {}),
        ({"size": 5}, "logical", {"capacity": 5}),
    ],
)
def test_a_new_volume_of_files_is_sparse(disk: dict[str, Any], kind: str, made: dict[str, Any]) -> None:
    pools = {"p": ObservedPool(kind, "/srv", True)}
    _disk, volume = guest_disks.fresh("web", {"target": "vda", "pool": "p", **disk}, pools)
    assert {name: volume[name] for name in ("format", "allocation", "capacity") if name in volume} == made


def test_a_volume_that_a_disk_needs_is_a_new_one_of_a_given_format_unless_told_otherwise() -> None:
    need = guest_disks.Needed(0, {"pool": "p", "name": "a"}, kept=False)
    assert (need.loose, need.named, need.copied, need.refusal, need.base) == (False, False, False, None, None)
    assert need.key == "p/a"
