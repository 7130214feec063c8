# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control node finds out for its hosts, as Ansible runs it: once for all of them, and what it refuses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import ASKED, BROUGHT
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _brought
from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible
from ansible_collections.virtfleet.kvm.tests.unit.mirrors import Mirror
from ansible_collections.virtfleet.kvm.tests.unit.sent_images import SentTo

GUEST = {
    "name": "web",
    "memory": "64MiB",
    "disks": [{"size": "1MiB", "image": "noble", "pool": "default-pool", "format": "raw"}],
}


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.start()
    yield made
    made.listener.close()


def image(mirror: Mirror, **more: Any) -> dict[str, Any]:
    place = {"pool": "default-pool", "format": "raw", "mirror": f"{mirror.url}/ubuntu"}
    return {"name": "noble", "ubuntu": "24.04", "arch": "amd64", **place, **more}


def play(folder: Path, *tasks: dict[str, Any], check: bool = True) -> tuple[int, str]:
    """Run a play on three hosts; libvirt's test driver begins anew with each task."""
    variables = {"ansible_python_interpreter": sys.executable}
    head = {"hosts": "all", "gather_facts": False, "connection": "local", "vars": variables, "tasks": list(tasks)}
    (folder / "play.yml").write_text(yaml.safe_dump([head]), encoding="utf-8")
    words = ["-i", "a,b,c,", "play.yml", *(["--check"] if check else [])]
    done = ansible(folder, "ansible-playbook", *words)
    return done.code, done.output + done.errors


def task(module: str, **args: Any) -> dict[str, Any]:
    return {f"virtfleet.kvm.{module}": {"uri": "test:///default", "images_via": "control", **args}}


def test_all_hosts_and_tasks_of_a_run_get_one_answer(tmp_path: Path, mirror: Mirror) -> None:
    declared = task("domains", config=[GUEST], images=[image(mirror)])
    info = task("images_info", images=[image(mirror)])
    code, output = play(tmp_path, declared, declared, info, info)
    assert code == 0, output
    # One for the disks, and one whose URL has to last, which the lock file takes.
    assert [path.rpartition("/")[2] for path in mirror.asked].count("index.json") == 2
    assert not [path for path in mirror.asked if path.endswith(".img")]


def test_what_is_wrong_is_told_of_each_host(tmp_path: Path, mirror: Mirror) -> None:
    wrong = image(mirror, ubuntu="20.04")
    code, output = play(tmp_path, task("domains", config=[GUEST], images=[wrong]))
    assert code != 0
    assert [host for host in "abc" if f"fatal: [{host}]" in output] == ["a", "b", "c"]
    assert "web: disks[0].image: on the control node: the index" in output
    assert "does not have the product com.ubuntu.cloud:server:20.04:amd64" in output


@pytest.mark.parametrize("module", ["domains", "images_info"])
def test_a_task_that_cannot_ask_is_refused(tmp_path: Path, mirror: Mirror, module: str) -> None:
    config = {"config": [GUEST]} if module == "domains" else {}
    late = {**task(module, images=[image(mirror)], **config), "async": 60, "poll": 1}
    code, output = play(tmp_path, late, check=False)
    assert code != 0
    assert "do not go with async" in output
    forged = task(module, images=[image(mirror)], **config, **{BROUGHT: {"versions": {}}})
    code, output = play(tmp_path, forged)
    assert code != 0
    assert f"{BROUGHT} is no parameter of this module" in output
    assert mirror.asked == []


def test_a_module_that_asks_for_ever_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"name": "x", "url": "https://example.com/x.img", "checksum": f"sha256:{'0' * 64}"}
    action = SentTo(tmp_path / "remote", images=[plain], images_via="control")
    monkeypatch.setattr(_brought.ControlAnswers, "answer", lambda self, asked: None)
    calls: list[Any] = []

    def again() -> dict[str, Any]:
        calls.append(action._task.args.get(BROUGHT))
        return {ASKED: [{"name": "x", "arch": "x86_64"}]}

    done = _brought.answered(action, "a", again(), again, {})  # type: ignore[arg-type]
    assert (done["failed"], done["changed"], len(calls)) == (True, False, _brought.CALLS + 1)
    assert BROUGHT not in action._task.args
