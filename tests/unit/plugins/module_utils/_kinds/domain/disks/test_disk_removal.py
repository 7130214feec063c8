# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which name a volume is noted as made: its own, or that of another pool over the same folder."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import disk_removal

ENTRIES = {"/srv/a/x": {(1, 7, "x")}, "/again/x": {(1, 7, "x")}, "/other/x": {(1, 8, "x")}}
"""Entries of folders, by paths: ``/again`` is another way to ``/srv/a``."""
PATHS = {"p/x": "/srv/a/x", "again/x": "/again/x", "other/x": "/other/x", "gone/x": None}
USERS: Any = SimpleNamespace(path=PATHS.get, entry=lambda path: ENTRIES[path])


@pytest.mark.parametrize(
    ("key", "other", "same"),
    [
        ("p/x", "again/x", True),
        ("p/x", "other/x", False),
        ("p/x", "gone/x", True),
        ("gone/x", "p/x", True),
        ("gone/x", "p/y", False),
        ("p/x", "p/x", True),
    ],
)
def test_whether_two_volumes_are_one_entry_of_one_folder(key: str, other: str, same: bool) -> None:
    assert disk_removal.same_place(key, other, USERS) is same


MINE, OTHER = {"identity": "1"}, {"identity": "2"}


@pytest.mark.parametrize(
    ("sign", "made", "name"),
    [
        # What is under its own name counts, unless it is of another volume.
        ("1", {"p/x": MINE}, "p/x"),
        ("1", {"p/x": {}}, "p/x"),
        (None, {"p/x": OTHER}, "p/x"),
        ("1", {"p/x": OTHER}, "p/x"),
        ("1", {"p/x": OTHER, "again/x": MINE}, "again/x"),
        ("1", {"p/x": {}, "again/x": MINE}, "p/x"),
        (None, {"p/x": OTHER, "again/x": MINE}, "p/x"),
        # Else another way to the same folder.
        ("1", {"again/x": MINE}, "again/x"),
        ("1", {"other/x": MINE}, None),
        ("1", {"other/x": MINE, "again/x": MINE}, "again/x"),
        ("1", {"again/x": OTHER}, None),
        (None, {"again/x": {}}, None),
        ("1", {}, None),
    ],
)
def test_the_name_under_which_a_volume_is_noted(
    monkeypatch: pytest.MonkeyPatch, sign: str | None, made: dict[str, dict[str, str]], name: str | None
) -> None:
    monkeypatch.setattr(disk_removal, "identity", lambda _definition: sign)
    volume: Any = SimpleNamespace(definition=None)
    assert disk_removal.noted("p/x", volume, made, USERS) == name


def test_of_a_volume_that_is_not_there_its_own_name_counts() -> None:
    assert disk_removal.noted("p/x", None, {"p/x": OTHER, "again/x": MINE}, USERS) == "p/x"
    assert disk_removal.noted("p/x", None, {"again/x": MINE}, USERS) is None
