# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where volumes are and how much they take, also where libvirt cannot tell all of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import facts


def volume(info: Any = (0, 8, 4), text: Any = "<volume/>", path: str = "/v") -> Any:
    def told(value: Any) -> Any:
        if isinstance(value, Exception):
            raise value
        return value

    return SimpleNamespace(info=lambda: told(info), XMLDesc=lambda: told(text), path=lambda: path)


@pytest.mark.parametrize(
    ("info", "cut", "ended", "expected"),
    [
        ((0, 8, 4), False, False, (8, 4)),
        ((0, 8, 4), True, True, (8, 4)),
        (libvirt.libvirtError("gone"), False, False, (None, None)),
        (libvirt.libvirtError("gone"), True, False, None),
        (libvirt.libvirtError("gone"), False, True, None),
        (libvirt.libvirtError("gone"), True, True, None),
    ],
)
def test_a_volume_without_its_file_has_no_size_and_a_lost_connection_is_an_error(
    monkeypatch: pytest.MonkeyPatch, info: Any, cut: bool, ended: bool, expected: Any
) -> None:
    monkeypatch.setattr(facts, "cut", lambda _error: cut)
    monkeypatch.setattr(facts, "ended", lambda _connection: ended)
    connection: Any = None
    if expected is None:
        with pytest.raises(libvirt.libvirtError):
            facts.sizes(connection, volume(info))
    else:
        assert facts.sizes(connection, volume(info)) == expected


UNREADABLE = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")


@pytest.mark.parametrize(
    ("text", "told"), [("<volume/>", True), (libvirt.libvirtError("gone"), False), (UNREADABLE, False)]
)
def test_a_volume_that_cannot_be_described_is_left_out(text: Any, told: bool) -> None:
    formats: Any = SimpleNamespace(settled=lambda key, found: (key, found.definition.tag))
    assert facts.described(formats, "p/v", volume(text=text)) == (("p/v", "volume") if told else None)


def test_facts_by_the_name_with_and_without_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size by what is known of the format counts before that by the header."""
    found = {name: volume((0, 8, 4), path=f"/{name}") for name in "abcd"}
    known = {"p/a": 5, "p/b": None, "p/c": 0}
    monkeypatch.setattr(facts, "Formats", lambda _connection: None)
    monkeypatch.setattr(facts, "volumes_of_pool", lambda _pool: list(found.items()))
    monkeypatch.setattr(
        facts, "described", lambda _f, key, _v: None if key == "p/b" else SimpleNamespace(definition=key)
    )
    monkeypatch.setattr(facts, "capacity_of", lambda key: known[key])
    asked: list[int] = []
    pools = [SimpleNamespace(name=lambda: "p")]
    connection: Any = SimpleNamespace(listAllStoragePools=lambda flags: asked.append(flags) or pools)
    assert facts.volume_facts(connection, {"p/a", "b", "p/c", "q/d"}) == {
        "p/a": {"path": "/a", "capacity": 5, "allocation": 4},
        "p/b": {"path": "/b", "capacity": 8, "allocation": 4},
        "p/c": {"path": "/c", "capacity": 0, "allocation": 4},
    }
    assert asked == [libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE]
