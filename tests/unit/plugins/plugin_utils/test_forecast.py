# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks in check mode would have made is known to the tasks after them, of the same host and run only."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST, ROLE
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _forecast
from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible

GUEST = {"name": "web", "memory": "64MiB", "state": "running", "interfaces": [{"network": "lan"}]}


def task(module: str, *config: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {f"virtfleet.kvm.{module}": {"config": list(config), "uri": "test:///default"}, **more}


def play(tmp_path: Path, *tasks: dict[str, Any], check: bool = True, options: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run a play in this Python; libvirt's test driver begins anew with each task."""
    book = tmp_path / "play.yml"
    head = {"hosts": "a,b", "gather_facts": False, "connection": "local", "tasks": list(tasks)}
    variables = {"ansible_python_interpreter": sys.executable}
    book.write_text(yaml.safe_dump([{**head, "vars": variables}]))
    words = ["-i", "a,b,", str(book), *(["--check"] if check else []), *options]
    done = ansible(tmp_path, "ansible-playbook", *words)
    return done.code, done.output + done.errors


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


@pytest.mark.parametrize("name", [FORECAST, ROLE])
def test_the_parameter_is_nobodys(tmp_path: Path, name: str) -> None:
    odd = task("domains", GUEST)
    odd["virtfleet.kvm.domains"][name] = {"networks": {"lan": {"state": "active"}}}
    code, output = play(tmp_path, odd)
    assert code != 0
    assert f"{name} is no parameter of this module" in output


def test_a_task_of_no_role_keeps_the_words_of_the_module(tmp_path: Path) -> None:
    """Those of a role are looked at in test_plan, with the playbooks."""
    output = play(tmp_path, task("domains", GUEST))[1]
    assert "domain web: interfaces[0].network: there is no network lan" in output


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


def test_tasks_at_the_same_time_lose_nothing_of_each_other(tmp_path: Path) -> None:
    place = str(tmp_path / "note")

    def one(number: int) -> None:
        def change(known: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
            time.sleep(0.005)
            known.setdefault("networks", {})[f"n{number}"] = {"state": "active"}
            return known

        _forecast.revise(place, change)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))
    assert len(_forecast.read(place)["networks"]) == 40
    assert stat.S_IMODE(os.stat(place).st_mode) == 0o600


def test_hosts_that_delegate_to_the_same_one_see_all(tmp_path: Path) -> None:
    name = "net-{{ inventory_hostname }}"
    guest = {**GUEST, "interfaces": [{"network": "net-a"}, {"network": "net-b"}]}
    code, output = play(
        tmp_path, task("networks", {"name": name}, delegate_to="c"), task("domains", guest, delegate_to="c")
    )
    assert code == 0, output
    assert "no network" not in output


def test_each_libvirt_of_a_host_has_a_forecast_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "other.xml").write_text("<node/>")
    guest = task("domains", GUEST)
    guest["virtfleet.kvm.domains"]["uri"] = f"test://{tmp_path}/other.xml"
    code, output = play(tmp_path, task("networks", {"name": "lan"}), guest)
    assert code != 0
    assert "there is no network lan on this host" in output


def test_what_is_declared_for_real_is_forecast_no_more(tmp_path: Path) -> None:
    default = {**GUEST, "interfaces": [{"network": "default"}]}
    code, output = play(
        tmp_path,
        task("networks", {"name": "default", "state": "absent"}, check_mode=True),
        task("networks", {"name": "default"}),
        task("domains", default, check_mode=True),
        check=False,
    )
    assert code == 0, output


def test_a_second_attempt_is_as_the_first(tmp_path: Path) -> None:
    wrong = {**GUEST, "interfaces": [{"network": "lna"}]}
    again = {"until": "result is succeeded", "retries": 2, "delay": 0, "register": "result"}
    code, output = play(tmp_path, task("networks", {"name": "lan"}), task("domains", wrong, **again))
    assert code != 0
    assert "no parameter" not in output
    assert output.count("there is no network lna on this host") >= 2


VOLUME = {"name": "a", "pool": "default-pool", "capacity": "1MiB"}
DECLARED_TWICE: list[tuple[list[tuple[str, dict[str, Any]]], bool]] = [
    (
        [
            ("pools", {"name": "default-pool", "state": "inactive"}),
            ("pools", {"name": "default-pool"}),
            ("volumes", VOLUME),
        ],
        True,
    ),
    (
        [
            ("networks", {"name": "default", "state": "absent"}),
            ("networks", {"name": "default"}),
            ("domains", {**GUEST, "interfaces": [{"network": "default"}]}),
        ],
        True,
    ),
    (
        [("networks", {"name": "lan"}), ("networks", {"name": "lan", "state": "absent"}), ("domains", GUEST)],
        False,
    ),
]


@pytest.mark.parametrize(("steps", "good"), DECLARED_TWICE)
def test_the_last_task_that_declares_something_counts(
    tmp_path: Path, steps: list[tuple[str, dict[str, Any]]], good: bool
) -> None:
    code, output = play(tmp_path, *(task(*step) for step in steps))
    assert (code == 0) == good, output


def change(resource: str, path: str, after: Any) -> dict[str, Any]:
    return {"resource": resource, "path": path, "before": None, "after": after}


LEARNED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (change("network n", "forward.mode", "nat"), {"networks": {"n": {"forward": {"mode": "nat"}}}}),
    (change("network n", "forward", None), {"networks": {"n": {"forward": {}}}}),
    (change("network n", "virtualport.type", "midonet"), {"networks": {"n": {"virtualport": {"type": "midonet"}}}}),
    (change("domain g", "definition", {"disks": [{"volume": "v", "pool": "p"}]}), {}),
    (change("domain g", "disks[0].volume", {"name": "v", "pool": "p"}), {"volumes": {"p/v": {}}}),
    (
        change("domain g", "disks[0].volume", {"name": "v", "pool": "p", "format": "raw"}),
        {"volumes": {"p/v": {"format": "raw"}}},
    ),
    (change("domain g", "volume p/v", "absent"), {"volumes": {"p/v": None}}),
]


@pytest.mark.parametrize(("told", "known"), LEARNED)
def test_what_is_learned_of_a_change(told: dict[str, Any], known: dict[str, Any]) -> None:
    assert _forecast.learn({}, [told]) == known


@pytest.mark.parametrize(
    ("variables", "to", "known"),
    [
        ({"host_installed": {"changed": True}}, None, {"packages": {"host_installed": {}}}),
        ({"host_installed": {"changed": True}}, "other", {}),
        ({"host_installed": {"changed": False}}, None, {}),
        ({"host_installed": "x"}, None, {}),
        (None, None, {}),
    ],
)
def test_packages_that_the_role_would_have_installed(variables: Any, to: str | None, known: dict[str, Any]) -> None:
    assert _forecast.new_packages(SimpleNamespace(delegate_to=to), variables) == known


def test_links_are_noted_as_far_as_they_would_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_forecast.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))

    def declare(*changed: str, check: bool = True, **states: str) -> _forecast.Known:
        config = [{"name": name, "type": "bridge", "state": state} for name, state in states.items()]
        job = SimpleNamespace(delegate_to=None, args={"config": config}, check_mode=check)
        changes = [{"resource": f"link {name}", "path": "definition"} for name in changed]
        _forecast.note_links(job, {"inventory_hostname": "a"}, changes)
        return _forecast.foreseen("a", "qemu:///system")

    assert declare(br0="present") == {}
    assert declare("br1", "br2", br0="present", br1="present", br2="absent") == {
        "links": {"br1": {"type": "bridge"}, "br2": None}
    }
    assert _forecast.foreseen("b", "qemu:///system") == {}
    assert declare(br1="absent", br2="present") == {"links": {"br1": None}}
    assert declare("br1", check=False, br1="absent") == {}


def made(output: str) -> dict[str, int]:
    """How many tasks change something, by host."""
    return {host: int(count) for host, count in re.findall(r"(?m)^(\w+) .*changed=(\d+)", output)}


LAN = {"name": "lan", "bridge": "virbr7"}
GONE = {"name": "lan", "state": "absent"}


@pytest.mark.parametrize(
    ("tasks", "count"),
    [
        ([task("networks", LAN), task("networks", LAN)], 1),
        ([task("networks", LAN), task("networks", LAN, {"name": "other"})], 2),
        ([task("networks", LAN), task("networks", {**LAN, "domain": "x.example.com"})], 2),
        ([task("networks", LAN), task("networks", GONE), task("networks", LAN)], 2),
        ([task("pools", {"name": "p", "target": "/srv/p"})] * 2, 1),
        ([task("domains", {"name": "web", "memory": "64MiB"})] * 3, 1),
    ],
)
def test_what_a_task_before_would_have_made_is_told_once(tmp_path: Path, tasks: list[Any], count: int) -> None:
    code, output = play(tmp_path, *tasks, options=("--diff",))
    assert code == 0, output
    assert made(output) == {"a": count, "b": count}, output
    assert output.count("+++ after") == 2 * count, output


def test_what_a_plan_before_the_run_foretells_counts_in_its_play_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run plans its links in check mode, and nothing that the plan foretold is there yet."""
    monkeypatch.setattr(_forecast.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    task = SimpleNamespace(check_mode=True, play=SimpleNamespace(_uuid="one"))
    other = SimpleNamespace(check_mode=True, play=SimpleNamespace(_uuid="two"))
    plan = _forecast.planning(task, {"site_planning": True})
    assert plan == "one"
    _forecast.revise(_forecast.place_of("a", "", plan), lambda known: {"networks": {"lan": {}}})
    assert _forecast.foreseen("a", "", plan) == {"networks": {"lan": {}}}
    assert _forecast.foreseen("a", "", _forecast.planning(other, {"site_planning": True})) == {}
    assert _forecast.planning(task, {}) == ""
    assert _forecast.foreseen("a", "") == {}


def test_the_snapshots_of_two_guests_may_have_one_name() -> None:
    items = [{"name": "s", "domain": "a"}, {"name": "s", "domain": "b", "state": "absent"}]
    found = _forecast.declared("snapshots", items)
    assert [(kind, name) for kind, name, _item in found] == [("snapshots", "a/s"), ("snapshots", "b/s")]
    change = {"resource": "snapshot b/s", "path": "state", "before": "present", "after": "absent"}
    assert _forecast.settle(_forecast.learn({}, [change]), found) == {"snapshots": {"b/s": None}}
