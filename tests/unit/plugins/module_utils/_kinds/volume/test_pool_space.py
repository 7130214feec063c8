# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that take more from a pool at once than it has free."""

from __future__ import annotations

import os
import types
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import pool_space
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.new_volumes import Making
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool
from ansible_collections.virtfleet.kvm.tests.unit.support import plan_of

GIB = 1024**3


def making(name: str, inner: str, **item: Any) -> Plan:
    xml = f"<volume><name>{name}</name><capacity>{2 * GIB}</capacity>{inner}</volume>"
    return plan_of("volume", f"p/{name}", Step("make", Making({"name": name, "pool": "p", **item}, xml)))


def warned(plans: list[Plan], folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str = "dir") -> list[int]:
    """How many warnings each plan gets where 3 GiB are free."""
    monkeypatch.setattr(os, "statvfs", lambda path: types.SimpleNamespace(f_bfree=3 * 1024, f_frsize=1024**2))
    forecast = types.SimpleNamespace(pools={})
    site: Any = types.SimpleNamespace(local=True, pools={"p": ObservedPool(kind, str(folder), True)}, forecast=forecast)
    pool_space.warn(site, plans)
    return [len(plan.warnings) for plan in plans]


def test_they_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = [making("a.raw", ""), making("b.raw", f"<allocation>{GIB}</allocation>"), making("c.raw", "")]
    assert warned(plans, tmp_path, monkeypatch) == [0, 0, 1]
    (told,) = plans[2].warnings
    assert told.startswith("takes 2GiB of the pool p at once, of which 0B are free, so it may not be made: make room")


SPARSE = "<allocation>0</allocation>"
QCOW2 = "<target><format type='qcow2'/></target>"


@pytest.mark.parametrize("large", [making("a", ""), making("a", "<target><format type='raw'/></target>")])
def test_a_raw_one_that_is_too_large(large: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = making("b", "")
    assert warned([first, large], tmp_path, monkeypatch) == [0, 1]


@pytest.mark.parametrize(
    "small", [making("a", SPARSE), making("a", QCOW2), making("a", "", image="/x.raw"), making("a", "", clone_from="b")]
)
def test_what_takes_nothing_at_once(small: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert warned([making("b", ""), small], tmp_path, monkeypatch) == [0, 0]


def test_of_a_pool_of_devices_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert warned([making("a", ""), making("b", "")], tmp_path, monkeypatch, "logical") == [0, 0]
