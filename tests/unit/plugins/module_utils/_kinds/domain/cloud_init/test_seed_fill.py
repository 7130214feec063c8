# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A seed in place of another one: what is noted of both, and when nothing is done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import seed_fill


class Manifest:
    """The list of what was made, with what was done to it."""

    def __init__(self, facts: dict[str, Any] | None = None, kept: bool = True) -> None:
        self.facts, self.kept, self.calls = facts, kept, list[tuple[Any, ...]]()

    def entries(self, _kind: str) -> dict[str, Any]:
        return {} if self.facts is None else {"p/a": self.facts}

    def exchange(self, key: str, part: str) -> None:
        self.calls.append(("exchange", key, part))

    def add(self, _kind: str, key: str, **facts: str) -> None:
        self.calls.append(("add", key, facts))

    def put(self, _kind: str, key: str, **facts: str) -> None:
        self.calls.append(("put", key, facts))


def filled(
    monkeypatch: pytest.MonkeyPatch,
    manifest: Manifest,
    now: str | None = "1",
    before: str | None = "0",
    there: bool = True,
    other: bool = False,
    odd: str | None = None,
    fails: bool = False,
) -> list[tuple[Any, ...]]:
    """What is done as a seed is made anew.

    :param now: the identity of the new file, and that of the one before
    :param there: whether its volume is there, and whether it is another one by now
    :param odd: what is in place of the file
    :param fails: whether it cannot be written
    """

    def write(path: str, source: Any, note_file: Any, part: str, settle: Any) -> None:
        assert settle is seed_fill.replace
        note_file(f"{path}.{part}")
        manifest.calls.append(("write", path, source.content, part))
        if fails:
            raise VirtfleetError("full")

    volume = SimpleNamespace(path=lambda: "/p/a", XMLDesc=lambda: "<volume/>")
    source = SimpleNamespace(content="c", facts={"seed": "c"})
    stubs: dict[str, Any] = {
        "active_pool": lambda _connection, name: name,
        "Manifest": lambda _uri: manifest,
        "clear_parts": lambda _connection, pool, facts: manifest.calls.append(("clear", pool, facts)),
        "lookup": lambda _pool, name: volume if there and name == "a" else None,
        "another": lambda _facts, _volume: other,
        "in_place_of_file": lambda _path: odd,
        "SeedImage": SimpleNamespace(of=lambda _files, _content: source),
        "identity": lambda _volume: before,
        "birth": lambda _path: now,
        "write": write,
        "note": lambda _manifest, key, path, more: manifest.calls.append(("note", key, path, more)),
        "refresh": lambda pool: manifest.calls.append(("refresh", pool)),
    }
    for name, stub in stubs.items():
        monkeypatch.setattr(seed_fill, name, stub)
    monkeypatch.setattr(seed_fill.part_files, "part_name", lambda name: f"part-{name}")
    step: Any = SimpleNamespace(value=SimpleNamespace(key="p/a", files={}, content="c"))
    connection: Any = SimpleNamespace(getURI=lambda: "test:///default")
    seed_fill.fill_seed(connection, "web", step, None)
    return manifest.calls


BEFORE = [("clear", "p", {"x": 1}), ("exchange", "p/a", "part-a")]
WRITTEN = ("write", "/p/a", "c", "part-a")


@pytest.mark.parametrize(
    ("now", "before", "noted"),
    [
        ("1", "0", [("add", "p/a", {"identity": "1", "former": "0"})]),
        # Without both, nobody could tell which of them is there.
        ("1", None, []),
        (None, "0", []),
        (None, None, []),
    ],
)
def test_both_seeds_are_noted_before_one_takes_the_name(
    monkeypatch: pytest.MonkeyPatch, now: str | None, before: str | None, noted: list[Any]
) -> None:
    calls = filled(monkeypatch, Manifest({"x": 1}), now, before)
    assert calls == [*BEFORE, *noted, WRITTEN, ("note", "p/a", "/p/a", {"seed": "c"}), ("refresh", "p")]


def test_of_a_seed_that_could_not_be_written_nothing_more_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = Manifest()
    with pytest.raises(VirtfleetError, match=r"^full$"):
        filled(monkeypatch, manifest, fails=True)
    assert manifest.calls[0] == ("clear", "p", {})
    assert manifest.calls[-2:] == [WRITTEN, ("note", "p/a", "/p/a", {})]


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"there": False}, "somebody made p/a anew meanwhile"),
        ({"other": True}, "somebody made p/a anew meanwhile"),
        ({"odd": "a link"}, "/p/a is a link now"),
    ],
)
def test_what_is_not_the_seed_any_more_stays(
    monkeypatch: pytest.MonkeyPatch, how: dict[str, Any], problem: str
) -> None:
    manifest = Manifest({"x": 1})
    with pytest.raises(VirtfleetError, match=f"^cloud_init: {problem}"):
        filled(monkeypatch, manifest, **how)
    assert manifest.calls == BEFORE[:1]


@pytest.mark.parametrize(
    ("facts", "now", "kept", "noted"),
    [
        ({"identity": "1", "former": "0", "part": "x", "filling": "y", "a": "b"}, "1", True,
         {"identity": "1", "a": "b", "seed": "c"}),
        # The one before is still there: the new one did not get the name.
        ({"identity": "1", "former": "0"}, "0", True, {"identity": "0", "seed": "c"}),
        ({"identity": "1"}, "0", True, {"identity": "1", "seed": "c"}),
        ({"identity": "1"}, None, True, {"identity": "1", "seed": "c"}),
        ({}, None, True, {"seed": "c"}),
        (None, "1", True, {"seed": "c"}),
        ({"identity": "1", "former": "0"}, "1", False, None),
    ],
)  # fmt: skip
def test_which_seed_is_there_is_noted(
    monkeypatch: pytest.MonkeyPatch,
    facts: dict[str, str] | None,
    now: str | None,
    kept: bool,
    noted: dict[str, str] | None,
) -> None:
    monkeypatch.setattr(seed_fill, "birth", lambda _path: now)
    manifest: Any = Manifest(facts, kept)
    given = dict(facts or {})
    seed_fill.note(manifest, "p/a", "/p/a", {"seed": "c"})
    assert manifest.calls == ([] if noted is None else [("put", "p/a", noted)])
    assert (facts or {}) == given
