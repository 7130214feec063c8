# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that the collection made and nobody declares any more go, unless something needs them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.secret import leftovers


def secret(name: str, uuid: str) -> Any:
    return SimpleNamespace(name=lambda: name, UUIDString=lambda: uuid)


def left(
    monkeypatch: pytest.MonkeyPatch, noted: dict[str, dict[str, str]], *secrets: Any
) -> tuple[list[str], list[str]]:
    """The secrets that were decided on, with those that use them, and the calls that look for these."""
    asked: list[str] = []
    decided: list[str] = []

    class Users:
        declared = False

        def of(self, found: Any) -> str:
            return f"{found.name()} {'declared' if self.declared else 'there'}"

        def doubts_of(self, _found: Any) -> list[str]:
            return []

    def all_users(*_args: object) -> Users:
        asked.append("there")
        return Users()

    def add_declared(users: Users, *_args: object) -> None:
        asked.append("declared")
        users.declared = True

    monkeypatch.setattr(leftovers, "Manifest", lambda _uri: SimpleNamespace(entries=lambda _kind: noted))
    monkeypatch.setattr(leftovers, "all_named", lambda _connection: secrets)
    monkeypatch.setattr(leftovers, "undeclared", lambda _kind, found, _asked: found)
    monkeypatch.setattr(leftovers, "made_by_another", lambda name, _noted: "another" if name == "other" else None)
    monkeypatch.setattr(leftovers, "all_users", all_users)
    monkeypatch.setattr(leftovers, "add_declared", add_declared)
    monkeypatch.setattr(leftovers.Leftovers, "mine", lambda _self, _kind, name, label, owner: label == owner)
    monkeypatch.setattr(leftovers.Leftovers, "decide", lambda _self, _name, users, _doubts: decided.append(users))
    leftovers.leftovers(SimpleNamespace(getURI=lambda: "uri"), SimpleNamespace(owner="us", forecast=None))  # type: ignore[arg-type]
    return decided, asked


def test_a_secret_that_is_noted_goes_unless_it_is_used_or_declared_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = {name: {"uuid": "1", "owner": "us"} for name in ("a", "b", "other")}
    noted["theirs"] = {"uuid": "1", "owner": "them"}
    secrets = [secret("a", "1"), secret("b", "2"), secret("c", "1"), secret("other", "1"), secret("theirs", "1")]
    assert left(monkeypatch, noted, *secrets) == (["a declared"], ["there", "declared"])


def test_where_none_may_go_nobody_is_asked_who_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert left(monkeypatch, {}, secret("a", "1")) == ([], [])
