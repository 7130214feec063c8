# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encryption of a disk that is made for a guest."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.disk_encryption import of_disk

LUKS: dict[str, Any] = {"format": "luks", "secrets": [{"usage": "a", "uuid": None}], "cipher": None}


@pytest.mark.parametrize(
    ("disk", "problem"),
    [
        ({}, ""),
        ({"source": "/dev/sdb"}, ""),
        ({"encryption": LUKS}, ""),
        ({"source": {"encryption": LUKS}}, ""),
        ({"encryption": {"format": "luks"}}, "only made encrypted with format luks and one secret"),
        ({"encryption": {**LUKS, "format": "luks2"}}, "only made encrypted with format luks and one secret"),
        ({"encryption": {**LUKS, "engine": "librbd"}}, "only made encrypted with format luks and one secret"),
        ({"encryption": {**LUKS, "secrets": LUKS["secrets"] * 2}}, "only made encrypted with format luks and one"),
        ({"encryption": {**LUKS, "engine": "qemu"}}, ""),
        ({"encryption": {**LUKS, "engine": None}}, ""),
        ({"encryption": LUKS, "image": None, "backing": None}, ""),
        ({"encryption": {**LUKS, "cipher": {"name": "aes"}}}, "only made encrypted with format luks and one secret"),
        ({"encryption": {**LUKS, "secrets": []}}, "only made encrypted with format luks and one secret"),
        ({"encryption": {**LUKS, "format": None}}, "only made encrypted with format luks and one secret"),
        ({"source": {"encryption": {**LUKS, "engine": "librbd"}}}, "only made encrypted with format luks and one"),
        ({"source": {"encryption": None}}, ""),
        ({"encryption": LUKS, "image": "a"}, "made from image is not encrypted"),
        ({"encryption": LUKS, "backing": "a"}, "made from backing is not encrypted"),
    ],
)
def test_what_a_disk_tells_of_its_volume(disk: dict[str, Any], problem: str) -> None:
    found, said = of_disk(disk)
    assert problem in (said or "")
    assert bool(problem) == (said is not None)
    is_made = "luks" in str(disk) and not problem
    assert found == ({"format": "luks", "secret": {"type": "passphrase", "usage": "a"}} if is_made else None)
