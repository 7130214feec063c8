# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the options of pools leave to libvirt."""

from __future__ import annotations

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, changes, observed, plan_one

SCSI = (
    "<pool type='scsi'><name>n</name><uuid>ea59d774-cdc1-58c4-8a1c-99e5fc6ddc14</uuid>"
    "<source><adapter type='scsi_host' name='scsi_host1'/></source>"
    "<target><path>/dev/disk/by-path</path></target></pool>"
)


def test_null_leaves_the_type_of_an_adapter() -> None:
    want = {"name": "n", "type": "scsi", "source": {"adapter": {"type": None}}}
    result = plan_one(POOL, observed(SCSI), want, EMULATING_HOST)
    assert (changes(result), result.problem) == ({}, None)
