# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two names of one file are found, and a folder in which nothing can be made."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_places
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool


def site(pools: dict[str, ObservedPool], local: bool = True, coming: Any = ()) -> Any:
    return SimpleNamespace(
        local=local,
        pools=pools,
        forecast=SimpleNamespace(pools=dict.fromkeys(coming)),
        unsure=lambda problem, kind: f"{kind}: {problem}",
    )


POOL = ObservedPool("dir", "/d", True)


@pytest.mark.parametrize(
    ("pool", "local", "coming", "looks"),
    [
        (POOL, True, (), True),
        (ObservedPool("fs", "/d", True), True, ("q",), True),
        (ObservedPool("netfs", "/d", True), True, (), True),
        (POOL, False, (), False),
        (None, True, (), False),
        (ObservedPool("dir", None, True), True, (), False),
        (ObservedPool("logical", "/d", True), True, (), False),
        (ObservedPool("dir", "/d", False), True, (), False),
        (POOL, True, ("p",), False),
    ],
)
def test_a_folder_in_which_nothing_can_be_made_is_told_where_it_is_known(
    monkeypatch: pytest.MonkeyPatch, pool: ObservedPool | None, local: bool, coming: Any, looks: bool
) -> None:
    asked: list[str | None] = []
    monkeypatch.setattr(volume_places, "read_only", lambda path: asked.append(path) or "it is read-only")
    found = site({} if pool is None else {"p": pool}, local, coming)
    assert volume_places.locked(found, "p/x") == ("it is read-only" if looks else None)
    assert asked == ["/d"] * looks
    assert volume_places.locked(found, "other/x") is None


@pytest.mark.parametrize(
    ("pool", "local", "expected"),
    [
        (None, True, "p/x"),
        (ObservedPool("dir", None, True), True, "p/x"),
        (ObservedPool("disk", "/dev", True), True, "p/x"),
        (ObservedPool("dir", "/d//e/", True), False, "/d/e/x"),
        (ObservedPool("dir", "/d//e/", True), True, "folder of /d//e/x"),
        (ObservedPool("logical", "/dev/vg", False), True, "folder of /dev/vg/x"),
    ],
)
def test_what_a_volume_is_on_its_host(
    monkeypatch: pytest.MonkeyPatch, pool: ObservedPool | None, local: bool, expected: str
) -> None:
    monkeypatch.setattr(volume_places, "by_folder", lambda path: f"folder of {path}")
    assert volume_places.place_of(site({} if pool is None else {"p": pool}, local), "p/x") == expected


def test_a_folder_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "lost").symlink_to("gone")
    by = volume_places.by_folder
    own = os.stat(tmp_path / "real")
    assert by(f"{tmp_path}/link/x") == by(f"{tmp_path}/real/x") == f"{own.st_dev}:{own.st_ino}/x"
    assert by(f"{tmp_path}/real/x") not in (by(f"{tmp_path}/real/y"), by(f"{tmp_path}/other/x"))
    assert by(f"{tmp_path}/lost/x") == f"{tmp_path}/gone/x"
    assert by(f"{tmp_path}/gone/../gone/x") == f"{tmp_path}/gone/x"


A, B, C = ("a/x", "present"), ("b/x", "present"), ("b/x", "absent")
STAYS = "a/x pools: pool: its folder is that of volume b/x, so the two are one file: declare it once"
TWICE = "b/x pools: pool: its folder is that of volume a/x, so the two are one file: declare it once"
GOES = "b/x pools: pool: its folder is that of volume a/x, which is the same file and stays: leave out one of the two"


@pytest.mark.parametrize(
    ("declared", "steps", "told"),
    [
        ((A, B), (None, None), []),
        ((A, B), (None, "define"), [TWICE]),
        ((A, B), ("define", None), [STAYS]),
        ((A, B), ("grow", None), [TWICE]),
        ((A, B), (None, "grow"), [TWICE]),
        ((A, B), ("define", "define"), [TWICE]),
        ((A, C), (None, None), []),
        ((A, C), ("grow", None), []),
        ((A, C), (None, "delete"), [GOES]),
        ((A, C), ("grow", "delete"), [GOES]),
        ((A, ("other/x", "present")), ("define", "define"), []),
        ((("a/x", "absent"), C), ("delete", "delete"), []),
    ],
)
def test_a_file_that_is_declared_twice(
    monkeypatch: pytest.MonkeyPatch, declared: Any, steps: tuple[str | None, ...], told: list[str]
) -> None:
    monkeypatch.setattr(volume_places, "place_of", lambda _site, name: name.replace("b/", "a/"))
    plans = [Plan("volume", name) for name, _state in declared]
    for plan, action in zip(plans, steps, strict=True):
        plan.steps = [] if action is None else [Step(action)]  # type: ignore[assignment]
    wants = [{"state": state} for _name, state in declared]
    assert [f"{plan.name} {words}" for plan, words in volume_places.twice(site({}), plans, wants)] == told
