# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which name a volume is noted as made: its own, or that of another pool over the same folder."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
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


def leaves(
    monkeypatch: pytest.MonkeyPatch,
    guests: dict[str, dict[str, str]],
    volumes: Sequence[str] = (),
    notes: dict[str, str | None] | None = None,
    why: dict[str, str] | None = None,
    nowhere: Sequence[str] = (),
) -> tuple[dict[str, list[tuple[str, str, str]]], list[str]]:
    """The volumes that go, by the name of each, with the guests, and what is said of others.

    :param guests: where each has its storage, by its names
    :param volumes: those that are there
    :param notes: under which name each is noted; by default under its own
    :param why: why some stay
    :param nowhere: those that are nowhere
    """
    paths = {**PATHS, "p/y": "/srv/a/y", "p/z": None}
    signs = {"/srv/a/x": ["name 1 x", "id 7"], "/again/x": ["name 1 x"], "/srv/a/y": ["id 8"], "": []}
    monkeypatch.setattr(disk_removal, "disks_of", lambda _have, _pools: {})
    monkeypatch.setattr(disk_removal, "storage_of", lambda name, *_more: guests[name])
    monkeypatch.setattr(disk_removal, "noted", lambda key, *_more: (notes or {}).get(key, key))
    monkeypatch.setattr(disk_removal, "reason_to_stay", lambda _guest, key, *_more: (why or {}).get(key))
    monkeypatch.setattr(disk_removal, "is_nowhere", lambda key, *_more: key in nowhere)
    users = SimpleNamespace(key_at=lambda origin: origin[1:] if origin[0] == "@" else None, signs=signs.__getitem__)
    known: Any = SimpleNamespace(
        have={}, volumes=dict.fromkeys(volumes), pools={"p": None}, notes={}, users=users, path=paths.get
    )
    plans = [Plan("domain", name) for name in guests]
    found = disk_removal.leaving(plans, known)
    told = {key: [(one.plan.name, one.origin, one.note) for one in some] for key, some in found.items()}
    return told, [line for plan in plans for line in plan.left]


def test_what_may_go_is_noted_and_there(monkeypatch: pytest.MonkeyPatch) -> None:
    found = leaves(monkeypatch, {"web": {"p/x": "p/x", "p/y": "p/y"}}, ["p/x"])
    assert found == ({"p/x": [("web", "p/x", "p/x")]}, [])
    assert leaves(monkeypatch, {"web": {"p/x": "p/x"}}, ["p/x"], {"p/x": None}) == ({}, [])
    # A name that is none of a volume there is looked for by where it is; once for each guest.
    found = leaves(monkeypatch, {"web": {"old/x": "@p/x", "p/x": "p/x", "p/y": "p/y"}, "db": {"p/x": "b"}},
                   ["p/x", "p/y"])  # fmt: skip
    assert found == ({"p/x": [("web", "@p/x", "p/x"), ("db", "b", "p/x")], "p/y": [("web", "p/y", "p/y")]}, [])


@pytest.mark.parametrize(
    ("notes", "key"),
    [
        ({}, "p/x"),
        ({"p/x": "again/x", "again/x": "again/x"}, "again/x"),
        # What is noted under a name that is none of a volume there has the volume's own.
        ({"p/x": "old/x", "again/x": "old/x"}, "p/x"),
    ],
)
def test_of_two_pools_over_one_folder_one_is_named(
    monkeypatch: pytest.MonkeyPatch, notes: dict[str, str | None], key: str
) -> None:
    guests = {"web": {"p/x": "p/x"}, "db": {"again/x": "again/x"}}
    found, _said = leaves(monkeypatch, guests, ["p/x", "again/x"], notes)
    assert {name: [one[0] for one in some] for name, some in found.items()} == {key: ["web", "db"]}


def test_what_is_no_place_in_a_folder_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    guests = {"web": {"p/y": "p/y", "p/x": "p/x"}, "db": {"p/y": "p/y", "p/z": "p/z", "gone/x": "gone/x"}}
    found, _said = leaves(monkeypatch, guests, ["p/x", "p/y", "p/z", "gone/x"])
    # So is what has no path.
    assert {name: len(some) for name, some in found.items()} == {"p/y": 2, "p/x": 1, "p/z": 1, "gone/x": 1}


def test_of_what_stays_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    guests = {"web": {"p/x": "p/x", "p/y": "p/y", "p/z": "p/z", "q/a": "q/a", "/b": "/b", "p/last": "p/last"}}
    why = {"p/x": "it is good", "p/y": "", "p/z": "it is nowhere", "q/a": "no pool", "/b": "no volume"}
    assert leaves(monkeypatch, guests, ["p/x", "p/y", "p/z", "p/last"], why=why, nowhere=["p/z", "p/y"]) == (
        {"p/last": [("web", "p/last", "p/last")]},
        [
            "its disk p/x stays: it is good",
            "its disk q/a is not looked for: there is no pool q on this host",
            "its disk /b stays: no volume",
        ],
    )
