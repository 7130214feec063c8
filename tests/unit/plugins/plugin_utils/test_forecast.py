# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks in check mode would have made is known to the tasks after them, of the same host and run only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast

GUEST = {"name": "web", "memory": "64MiB", "state": "running", "interfaces": [{"network": "lan"}]}


def task(module: str, *config: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {f"virtfleet.kvm.{module}": {"config": list(config), "uri": "test:///default"}, **more}


def play(tmp_path: Path, *tasks: dict[str, Any], check: bool = True) -> tuple[int, str]:
    """Run a play in this Python; libvirt's test driver begins anew with each task."""
    book = tmp_path / "play.yml"
    head = {"hosts": "a,b", "gather_facts": False, "connection": "local", "tasks": list(tasks)}
    variables = {"ansible_python_interpreter": sys.executable}
    book.write_text(yaml.safe_dump([{**head, "vars": variables}]))
    words = ["ansible-playbook", "-i", "a,b,", str(book), *(["--check"] if check else [])]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "500"})
    return done.returncode, done.stdout + done.stderr


def test_a_network_of_a_task_before_counts(tmp_path: Path) -> None:
    code, output = play(tmp_path, task("networks", {"name": "lan"}), task("domains", GUEST))
    assert code == 0, output


@pytest.mark.parametrize("first", [None, task("networks", {"name": "lan"}, when="inventory_hostname == 'a'")])
def test_a_network_of_no_task_or_of_another_host_does_not(tmp_path: Path, first: dict[str, Any] | None) -> None:
    code, output = play(tmp_path, *([first] if first else []), task("domains", GUEST))
    assert code != 0
    assert "there is no network lan on this host" in output
    failed = [host for host in "ab" if f"fatal: [{host}]" in output]
    assert failed == (["a", "b"] if first is None else ["b"])


def test_the_parameter_is_nobodys(tmp_path: Path) -> None:
    odd = task("domains", GUEST)
    odd["virtfleet.kvm.domains"][FORECAST] = {"networks": {"lan": {"state": "active"}}}
    code, output = play(tmp_path, odd)
    assert code != 0
    assert f"{FORECAST} is no parameter of this module" in output


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00", '{"networks": []}'])
def test_a_damaged_note_counts_as_none(tmp_path: Path, content: str) -> None:
    place = tmp_path / "note"
    place.write_text(content)
    known = _forecast.read(str(place))
    assert known in ({}, {"networks": []})


def test_what_is_noted_holds_no_more_than_is_needed(tmp_path: Path) -> None:
    secret = {"source": {"auth": {"password": "hunter2"}}}
    change = {
        "resource": "pool p",
        "path": "definition",
        "before": None,
        "after": {"type": "dir", "target": "/p", **secret},
    }
    known = _forecast.learn({}, [change])
    assert known == {"pools": {"p": {"type": "dir", "target": "/p", "state": "inactive"}}}
    place = str(tmp_path / "note")
    _forecast.write(place, known)
    assert "hunter2" not in json.dumps(_forecast.read(place))
