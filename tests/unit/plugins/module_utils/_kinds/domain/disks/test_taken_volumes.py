# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is laid over one that the guest has written to since is refused."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.places import Places
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import taken_volumes
from ansible_collections.virtfleet.kvm.tests.unit import hostile_images


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({}, True),
        ({"changes": False}, False),
        ({"refused": True}, False),
        ({"local": False}, False),
        ({"sign": "base"}, False),
        ({"now": {"other"}}, False),
        ({"written": False}, False),
        ({"place": "images/over"}, False),
        ({"place": "/nowhere/over"}, False),
    ],
)
def test_an_image_over_a_disk_that_was_written_to_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any], refused: bool
) -> None:
    base, over = tmp_path / "base", tmp_path / "over"
    base.write_bytes(hostile_images.qcow2())
    over.write_bytes(hostile_images.qcow2(names=str(base)))
    monkeypatch.setattr(taken_volumes, "sign_of", lambda _site, path: os.path.basename(path))
    monkeypatch.setattr(taken_volumes, "written_since", lambda *_paths: values.get("written", True))
    places = Places()
    site: Any = SimpleNamespace(local=values.get("local", True), once=lambda _name, _ask: places)
    for before in (None, "it is locked"):
        plan = Plan("domain", "web")
        plan.obstacle = before
        guest: Any = SimpleNamespace(
            plan=plan,
            changes=values.get("changes", True),
            refused=values.get("refused", False),
            now=values.get("now", {"base"}),
            new=[(1, values.get("place", str(over)), values.get("sign", "over"))],
        )
        taken_volumes.refuse_stale(site, [guest])
        told = taken_volumes.STALE.format("disks[1]", over, base)
        assert plan.obstacle == ("; ".join(filter(None, (before, told))) if refused else before)
