# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made where a pool starts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool import pool_actions

BUILD = libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD


@pytest.mark.parametrize(
    ("kind", "wanted", "flags"),
    [
        ("dir", "missing", BUILD),
        ("dir", "format", BUILD),
        ("dir", "never", 0),
        ("fs", "missing", BUILD),
        ("netfs", "missing", BUILD),
        ("netfs", "never", 0),
        ("logical", "missing", 0),
        ("logical", "format", 0),
        ("iscsi", "missing", 0),
    ],
)
def test_only_a_directory_is_made_with_the_start(kind: str, wanted: str, flags: int) -> None:
    for active in (False, True):
        begun: list[int] = []
        pool = SimpleNamespace(
            isActive=lambda active=active: active, XMLDesc=lambda _flags: f"<pool type='{kind}'/>", create=begun.append
        )
        connection: Any = SimpleNamespace(storagePoolLookupByName=lambda _name, pool=pool: pool)
        pool_actions.pool_start(connection, "images", Step("pool_start", wanted), None)
        assert begun == ([] if active else [flags])
