# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache of the inventory plugin."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import answers
from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import (
    DB01,
    MAC,
    WEB01,
    declared,
    facts,
    guest,
    host,
    hosts_of,
    members,
    network,
    parsed,
)

CACHE = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile"}


@pytest.fixture
def cached(tmp_path: Path) -> dict[str, Any]:
    return {**CACHE, "cache_connection": str(tmp_path / "cache")}


def kept_in(folder: Path) -> str:
    """What is in the cache."""
    (file,) = (folder / "cache").iterdir()
    return file.read_text()


def test_the_cache_saves_questions(
    tmp_path: Path, one: dict[str, Any], cached: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = parsed(tmp_path, one, declared(WEB01), **cached)
    asked: list[list[str]] = []
    monkeypatch.setattr(answers, "ask", lambda hosts, *rest: asked.append(list(hosts)) or {})
    after = parsed(tmp_path, one, declared(WEB01, DB01), **cached)
    assert facts(after, "web01") == facts(before, "web01")
    assert members(after, "kvm_state_stopped") == ["db01"], "what is declared is read anew"
    assert asked == []
    parsed(tmp_path, one, declared(WEB01), refresh=True, **cached)
    assert asked == [["kvm01"]], "a refresh asks"
    for change in ({"networks": ["lan"]}, {"address_sources": ["arp"]}):
        parsed(tmp_path, one, declared(WEB01), **cached, **change)
        assert asked.pop() == ["kvm01"], "what is asked otherwise is asked anew"


def test_the_cache_has_its_time(
    tmp_path: Path, one: dict[str, Any], cached: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed(tmp_path, one, declared(WEB01), **cached)
    asked: list[list[str]] = []
    monkeypatch.setattr(answers, "ask", lambda hosts, *rest: asked.append(list(hosts)) or {})
    now = time.time()
    monkeypatch.setattr(answers.time, "time", lambda: now + 100)
    parsed(tmp_path, one, declared(WEB01), **cached, cache_timeout=200)
    assert asked == []
    parsed(tmp_path, one, declared(WEB01), **cached, cache_timeout=50)
    assert asked.pop() == ["kvm01"]


def test_hosts_that_did_not_answer_are_asked_again(tmp_path: Path, cached: dict[str, Any], told: list[str]) -> None:
    later = tmp_path / "later.xml"
    uri = host(tmp_path / "k.xml", network("default"), guest("a", MAC))
    groups = hosts_of({"kvm01": uri, "kvm02": f"test://{later}"})
    files = declared({"name": "a", "host": "kvm01"}, {"name": "b", "host": "kvm02"})
    parsed(tmp_path, groups, files, **cached)
    assert len(told) == 1
    host(later, guest("b"))
    assert members(parsed(tmp_path, groups, files, **cached), "kvm_state_running") == ["a", "b"]


def test_a_damaged_cache_is_asked_for_anew(tmp_path: Path, one: dict[str, Any], cached: dict[str, Any]) -> None:
    for content in ('["a"]', '{"kvm01": 3}', '{"kvm01": {"answer": null}}'):
        parsed(tmp_path, one, declared(WEB01), **cached)
        (file,) = (tmp_path / "cache").iterdir()
        file.write_text(json.dumps({"__payload__": content}) if "__payload__" in file.read_text() else content)
        assert members(parsed(tmp_path, one, declared(WEB01), **cached), "kvm_state_running") == ["web01"]


def test_no_secret_in_variables_messages_and_cache(tmp_path: Path, cached: dict[str, Any], told: list[str]) -> None:
    secret = "hunter2hunter2"
    inner = f"<description>passwd='{secret}'</description>"
    uri = host(tmp_path / "k.xml", network("default"), guest("a", MAC, inner=inner))
    groups = hosts_of({"kvm01": uri, "kvm02": f"test+tcp://admin:{secret}@127.0.0.1:1/default?x={secret}"})
    guests = [
        {"name": "a", "host": "kvm01", "graphics": [{"type": "vnc", "passwd": secret}], "xml": f"<a>{secret}</a>"},
        {"name": "b", "host": "kvm02", "cloud_init": {"password": secret}},
        {"name": "c", "host": f"kvm03?password={secret}"},
    ]
    inventory = parsed(tmp_path, groups, declared(*guests), **cached)
    assert len(told) == 2
    shown = [kept_in(tmp_path), *told, *(repr(inventory.hosts[name].vars) for name in ("a", "b"))]
    assert [text for text in shown if secret in text] == []
    assert "127.0.0.1" not in kept_in(tmp_path)
