# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No two declared guests get one disk, whatever the spelling."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import pools

Run = Callable[..., dict[str, Any]]
GUEST: dict[str, Any] = {"memory": "64MiB"}
SPELLINGS = ["//disk", "disk", "./disk", "sub/../disk", "symbolic", "through/disk", "hard"]


@pytest.fixture
def images(connection: Any, run_main: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pool of this machine with a disk under several names."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    (tmp_path / "sub").mkdir()
    (tmp_path / "disk").write_bytes(b"data")
    (tmp_path / "symbolic").symlink_to("disk")
    (tmp_path / "through").symlink_to(".")
    os.link(tmp_path / "disk", tmp_path / "hard")
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path)}], uri="test:///default")
    return tmp_path


def guests(images: Path, *disks: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**GUEST, "name": f"g{index}", "disks": [disk]} for index, disk in enumerate(disks)]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_file_for_two_guests(images: Path, run_domains: Run, spelling: str) -> None:
    config = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/{spelling}"})
    for check in (True, False):
        result = run_domains(*config, check=check, fails=True)
        assert [failure["domain"] for failure in result["failures"]] == ["g1"]
        assert "is also a disk of guest g0: give each its own, or shareable: true to both" in result["msg"]
        assert result["failures"][0]["problem"].startswith("disks[0]: ")


def test_a_guest_that_is_there_has_its_disk(images: Path, run_domains: Run) -> None:
    old, new = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains(old)
    result = run_domains(new, old, fails=True)  # In whatever order.
    assert [failure["domain"] for failure in result["failures"]] == ["g1"]
    assert run_domains({**old, "state": "absent"}, new)["changed"]


@pytest.mark.parametrize("more", [{"shareable": True}, {"readonly": True}, {"device": "cdrom"}])
def test_what_guests_may_share(images: Path, run_domains: Run, more: dict[str, Any]) -> None:
    config = guests(images, {"file": f"{images}/disk", **more}, {"file": f"{images}/hard", **more})
    assert run_domains(*config)["changed"]


def test_a_disk_that_is_handed_over_in_one_run(images: Path, run_domains: Run) -> None:
    old, new = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains(old)
    assert run_domains({**old, "disks": []}, new)["changed"]


def test_guests_that_share_already_are_left_alone(images: Path, run_domains: Run) -> None:
    old, new = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains(old)
    run_domains(new)
    assert run_domains(old, {**new, "title": "shared"})["changed"]
