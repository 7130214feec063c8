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


@pytest.mark.parametrize(
    ("disk", "made"),
    [
        ({}, {}),
        ({"image": "/a", "checksum": "c", "image_timeout": 5},
         {"image": "/a", "verbatim": False, "checksum": "c", "image_timeout": 5}),
        ({"image": "https://a/b", "checksum": None, "image_timeout": None, "format": "raw"},
         {"image": "https://a/b", "verbatim": True}),
        ({"image": "web.qcow2", "image_timeout": 0}, {"clone_from": "web.qcow2", "verbatim": False,
                                                      "image_timeout": 0}),
        ({"checksum": "c"}, {"checksum": "c"}),
        ({"backing": "b"}, {"backing": {"volume": "b"}}),
        ({"backing": None}, {}),
    ],
)  # fmt: skip
def test_what_a_new_volume_is_made_of(disk: dict[str, Any], made: dict[str, Any]) -> None:
    pools = {"p": ObservedPool("dir", "/srv", True)}
    _disk, volume = guest_disks.fresh("web", {"target": "vda", "pool": "p", **disk}, pools)
    names = ("image", "clone_from", "verbatim", "checksum", "image_timeout", "backing")
    assert {name: volume[name] for name in names if name in volume} == made


@pytest.mark.parametrize(
    ("kind", "folder", "disk", "on"),
    [
        ("dir", "/srv", {}, {"file": "/srv/web-vda.qcow2"}),
        ("logical", "/dev/vg", {}, {"block": "/dev/vg/web-vda.raw"}),
        ("dir", None, {}, {"volume": "web-vda.qcow2", "pool": "p"}),
        ("rbd", None, {}, {"volume": "web-vda.raw", "pool": "p"}),
        ("gluster", "/x", {}, {"volume": "web-vda.qcow2", "pool": "p"}),
        ("dir", "/srv", {"volume": "a.img"}, {"volume": "a.img", "pool": "p"}),
        (None, None, {}, {"volume": "web-vda.qcow2", "pool": "p"}),
    ],
)
def test_what_a_disk_on_a_new_volume_is_on(
    kind: str | None, folder: str | None, disk: dict[str, Any], on: dict[str, Any]
) -> None:
    pools = {} if kind is None else {"p": ObservedPool(kind, folder, True)}
    found, volume = guest_disks.fresh("web", {"target": "vda", "pool": "p", **disk}, pools)
    assert {name: found[name] for name in ("file", "block", "volume", "pool") if name in found} == on
    assert (volume["name"], volume["pool"]) == (next(iter(on.values())).rpartition("/")[2], "p")
