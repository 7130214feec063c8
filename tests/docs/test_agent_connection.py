# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/agent-connection.md says of options, numbers and messages is what the plugin has."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent import guest, words
from ansible_collections.virtfleet.kvm.tests.unit.agent_guests import guest as guest_with_agent

from .ansible_runs import documentation, run, write
from .blocks import ROOT

PAGE = (ROOT / "docs/agent-connection.md").read_text(encoding="utf-8")
RECORD = (ROOT / "docs/decisions/0017-a-program-on-the-host-talks-to-the-agent.md").read_text(encoding="utf-8")


def test_the_variables_and_their_defaults() -> None:
    options = documentation("connection")["virtfleet.kvm.agent"]["doc"]["options"].values()
    known = {entry["name"]: option.get("default") for option in options for entry in option.get("vars", ())}
    rows = re.findall(r"^\| `(ansible_kvm_\w+)` \|.*\| (.*?) ?\|$", PAGE, re.M)
    assert len(rows) >= 7
    for name, default in rows:
        if default.startswith("`"):
            assert default.strip("`") == str(known[name]).lower() or default.strip("`") == known[name]
        else:
            assert not known[name]
    assert f"within {known['ansible_kvm_agent_timeout']} s`" in PAGE


def test_the_messages() -> None:
    said = " ".join([*words.WHY.values(), words.unreachable("web01", "...", 255, "")])
    said = said.replace("{seconds:g}", "30").replace("{doing}", "guest-exec")
    shown = [text for row in re.findall(r"^\| (`.*?`) \| [a-z]", PAGE, re.M) for text in re.findall(r"`([^`]*)`", row)]
    messages = [text for text in shown if text.startswith(("it", "there"))]
    assert len(messages) >= 8
    assert [text for text in messages if text not in said] == []


def test_the_numbers() -> None:
    assert f"Above {guest.INLINE // 1024} KiB" in " ".join(PAGE.split())
    told = " ".join(RECORD.split())
    for words_of_record in (
        f"Orders have at most {guest.ORDER // 1024} KiB, pieces of files at most {guest.LARGEST_WRITTEN // 1024} KiB",
        f"Input of commands above {guest.INPUT // 1024} KiB goes as a file, output above {guest.INLINE // 1024} KiB",
    ):
        assert words_of_record in told
    assert all(f"`{folder}`" in PAGE for folder in guest.FOLDERS.split())


def test_a_play_by_way_of_an_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole modules, with and without pipelining, in the background, delegated, and after a reset."""
    way = {"ansible_connection": "virtfleet.kvm.agent", "ansible_kvm_uri": "qemu:///system"}
    hosts = {"other": {"ansible_connection": "local"}, "web01": {**way, "ansible_python_interpreter": sys.executable}}
    write(tmp_path, "hosts.yml", {"all": {"hosts": hosts}})
    copy = {"content": "kept\n", "dest": str(tmp_path / "there"), "mode": "0644"}
    delegated = {"ansible.builtin.ping": None, "delegate_to": "web01"}
    tasks = [
        {"ansible.builtin.copy": copy, "vars": {"ansible_pipelining": False}},
        {"ansible.builtin.command": "true", "async": 30, "poll": 1},
        {"ansible.builtin.meta": "reset_connection"},
        {"ansible.builtin.wait_for_connection": {"timeout": 30}},
    ]
    plays = [{"hosts": "other", "gather_facts": False, "tasks": [delegated]}]
    write(tmp_path, "play.yml", [*plays, {"hosts": "web01", "gather_facts": False, "tasks": tasks}])
    with guest_with_agent(tmp_path, monkeypatch) as agent:
        said = run(tmp_path, "ansible-playbook", "-i", "hosts.yml", "play.yml")
    assert "ok: [other -> web01]" in said
    assert "web01                      : ok=3" in said
    assert (tmp_path / "there").read_text() == "kept\n"
    assert agent.files == {}
