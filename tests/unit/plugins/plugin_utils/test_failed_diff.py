# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one item fails, the diff of the others is shown all the same."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast
from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible

GOOD = {"name": "lan", "bridge": "virbr-lan"}
BAD = {"name": "other", "bridge": "virbr-lan"}


def play(tmp_path: Path, *words: str) -> tuple[int, str]:
    """Declare a network that is good and one on the same bridge."""
    call = {"virtfleet.kvm.networks": {"config": [GOOD, BAD], "uri": "test:///default"}}
    book = tmp_path / "play.yml"
    head = {"hosts": "a", "gather_facts": False, "connection": "local", "tasks": [call]}
    book.write_text(yaml.safe_dump([{**head, "vars": {"ansible_python_interpreter": sys.executable}}]))
    done = ansible(tmp_path, "ansible-playbook", "-i", "a,", str(book), *words)
    return done.code, done.output + done.errors


def plus(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("+") and not line.startswith("+++")]


@pytest.mark.parametrize("check", [False, True])
def test_the_diff_of_the_others_is_shown(tmp_path: Path, check: bool) -> None:
    code, output = play(tmp_path, "--diff", *(["--check"] if check else []))
    assert code == 2, output
    assert "network other: bridge: virbr-lan is that of the network lan" in output
    assert "+++ after: network lan" in output, output
    assert "+definition.bridge: virbr-lan" in plus(output)
    assert "+++ after: network other" not in output
    did = "would still be" if check else "was still"
    assert f"{did} made or changed, though others failed: network lan" in output
    assert ("would still be" in output) is check
    assert f"[a]: {did} changed, though others failed:" in output


def call(task: dict[str, Any], monkeypatch: pytest.MonkeyPatch, callback: str = "default") -> list[str]:
    """What is displayed of a result with a failure and a diff."""
    shown: list[str] = []
    monkeypatch.setattr(_forecast.constants, "DEFAULT_STDOUT_CALLBACK", callback)
    monkeypatch.setattr(_forecast, "Display", lambda: SimpleNamespace(display=shown.append))
    diff = {"before_header": "network lan", "after_header": "network lan", "before": "", "after": "mtu: 1500\n"}
    given = SimpleNamespace(**{"diff": True, "check_mode": False, "no_log": False, "delegate_to": None, **task})
    _forecast.show_diff(given, {"inventory_hostname": "a"}, {"failed": True, "diff": [diff]})
    return shown


def test_it_is_shown_only_where_somebody_wants_to_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = call({}, monkeypatch)
    assert text.startswith("[a]: was still changed, though others failed:\n")
    assert "+mtu: 1500" in text
    assert call({"diff": False}, monkeypatch) == call({"no_log": True}, monkeypatch) == []


@pytest.mark.parametrize("callback", ["json", "ansible.posix.json", "ansible.posix.jsonl"])
def test_what_programs_read_stays_as_it_is(monkeypatch: pytest.MonkeyPatch, callback: str) -> None:
    assert call({}, monkeypatch, callback) == []
