# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site plans all hosts first, and touches none where one refuses; on libvirt's test driver."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._fleet_changes import RESULTS
from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_look import (
    ASKED,
    AWAY,
    GUEST,
    LIBVIRT,
    LISTS,
)
from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import LOCAL, play
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

TAGS = ("--tags", "networks,storage,guests")
PLAN, STOP = "Plan all hosts before any is touched", "Stop before any host is touched if one refuses"
GUESTS = {"calm": GUEST, "drift": GUEST, "fresh": GUEST, "wrong": {**GUEST, "interfaces": [{"network": "nowhere"}]}}


class Site(NamedTuple):
    """A run of the site: its exit code, and what it printed."""

    code: int
    output: str

    def tasks(self, play_name: str | None = None) -> dict[str, list[str]]:
        """The tasks of each host that ask it something, of one play or of those after the plan."""
        plays = re.split(r"^PLAY \[", self.output, flags=re.MULTILINE)[1:]
        after = [one for one in plays if not one.startswith(("Look ", PLAN, STOP))]
        chosen = after if play_name is None else [one for one in plays if one.startswith(play_name)]
        found: dict[str, list[str]] = {}
        for text in chosen:
            for task in re.split(r"^TASK \[", text, flags=re.MULTILINE)[1:]:
                name = task.split("]")[0]
                for host in ASKED.findall(task) if name.startswith("virtfleet.") and "Validating" not in name else ():
                    found.setdefault(host, []).append(name)
        return found

    @property
    def ended(self) -> bool:
        """Whether the run ended with the plan."""
        return "no host was touched" in self.output and "PLAY [Install KVM]" not in self.output


def site(folder: Path, hosts: str, *options: str, **lists: Any) -> Site:
    """Run the whole site but for the check on some hosts, each a test driver of its own, and a play of a user's."""
    names = hosts.split(",")
    for host, xml in LIBVIRT.items():
        (folder / f"{host}.xml").write_text(xml, encoding="utf-8")
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))[1:]
    for part in plays:
        part["module_defaults"] = {"group/virtfleet.kvm.kvm": {"uri": f"test://{folder}/{{{{ libvirt_here }}}}.xml"}}
    own: dict[str, Any] = {"name": "Own", "hosts": "localhost", "gather_facts": False, "tags": "always"}
    own["tasks"] = [{"debug": {"msg": "the own play"}}]
    (folder / "parts.yml").write_text(yaml.safe_dump([*plays, own]), encoding="utf-8")
    inventory = {host: {**(AWAY if host == "gone" else LOCAL), "libvirt_here": host} for host in names}
    own_lists = lists.pop("of", {})
    inventory = {host: {**one, **own_lists.get(host, {})} for host, one in inventory.items()}
    guests = [{**GUESTS[host], "host": host} for host in names if host in GUESTS]
    words = options if {"--tags", "--skip-tags"} & set(options) else (*TAGS, *options)
    variables = {**LISTS, "kvm_look_first": False, "kvm_guests": guests, **lists}
    code, output = play(folder, "parts.yml", *words, groups={"kvm_hosts": {"hosts": inventory}}, **variables)
    return Site(code, output.replace(str(folder), "HERE"))


@pytest.mark.parametrize(
    ("others", "look"),
    [("calm,drift", False), ("calm", True), ("drift,gone", False), ("drift,gone", True), ("", False)],
)
def test_where_one_host_refuses_none_is_touched(tmp_path: Path, others: str, look: bool) -> None:
    ran = site(tmp_path, ",".join(filter(None, (others, "wrong"))), kvm_look_first=look)
    assert ran.code not in (0, 4)
    assert ran.tasks() == {}
    assert ran.ended
    assert ran.output.count('"wrong: guests: guest web01: interfaces[0].network: there is no network nowhere') == 1
    assert "--limit 'all:!wrong'" in ran.output
    assert "site_refuse: host" in ran.output
    assert ("gone: unreachable" in ran.output) is ("gone" in others)
    assert "the run did this" not in ran.output
    assert "the own play" not in ran.output


def test_a_host_may_refuse_for_itself_alone(tmp_path: Path) -> None:
    ran = site(tmp_path, "calm,drift,wrong", site_refuse="host")
    assert "no host was touched" not in ran.output
    assert ran.tasks(PLAN) == {}
    assert "virtfleet.kvm.guests : Declare the guests" in ran.tasks()["drift"]
    assert ran.output.count("the run did this:") == 1
    assert "3 hosts: 1 changed, 1 failed, 1 unchanged" in ran.output


@pytest.mark.parametrize("look", [False, True])
def test_an_unreachable_host_keeps_nobody_from_being_changed(tmp_path: Path, look: bool) -> None:
    ran = site(tmp_path, "calm,drift,gone", kvm_look_first=look)
    assert ran.code == 4
    plan, done = re.findall(r'"(3 hosts: .*)"', ran.output)
    assert plan == done == "3 hosts: 1 changed, 1 unchanged, 1 unreachable"
    assert ran.output.count('"gone: unreachable"') == 2
    assert list(ran.tasks()) == ["drift"]
    assert "the own play" in ran.output


def test_the_run_does_what_the_plan_said(tmp_path: Path) -> None:
    ran = site(tmp_path, "calm,drift,fresh,left,moved")
    assert ran.code == 0, ran.output
    told = [re.findall(r'"(.*)"', text.split("]\n}")[0]) for text in re.split("the run (?:did|does) this:", ran.output)]
    assert told[1] == told[2]
    assert "made: 1 guest, 1 network" in told[1]
    assert ran.tasks(PLAN)["drift"] == ran.tasks("Make the hosts")["drift"]


def test_an_unchanged_host_costs_no_more_than_without_a_plan(tmp_path: Path) -> None:
    """Its tasks end with the plan, which was the run."""
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
    planned = site(tmp_path / "with", "calm,left,moved")
    without = site(tmp_path / "without", "calm,left,moved", site_refuse="host")
    assert planned.code == without.code == 0
    assert planned.tasks() == {}
    assert planned.tasks(PLAN) == without.tasks() != {}
    summaries = [one.output.split("the run did this:")[1].split("PLAY")[0] for one in (planned, without)]
    assert summaries[0] == summaries[1]


def test_a_guest_that_is_waited_for_is_waited_for_by_the_run(tmp_path: Path) -> None:
    """Nothing of it changes; but a plan waits for nobody."""
    guest = {**GUEST, "host": "calm", "wait_for": "address", "wait_timeout": 1}
    ran = site(tmp_path, "calm", kvm_guests=[guest])
    assert ran.code == 2
    assert "1 host: 1 unchanged" in ran.output
    assert "1 host: 1 failed" in ran.output.split("the run did this:")[1]


@pytest.mark.parametrize("options", [("--check",), ("-e", "kvm_plan_only=yes")])
def test_check_mode_plans_once(tmp_path: Path, options: tuple[str, ...]) -> None:
    ran = site(tmp_path, "calm,drift,wrong", *options)
    assert ran.tasks(PLAN) == {}
    assert ran.tasks()["drift"] == [
        "virtfleet.kvm.networks : Declare the networks",
        "virtfleet.kvm.guests : Declare the guests",
    ]
    assert ran.output.count("the run would do this:") == 1
    assert "no host was touched" not in ran.output


def test_the_recap_counts_what_was_changed(tmp_path: Path) -> None:
    """Not what only would be."""
    for name in ("stopped", "whole"):
        (tmp_path / name).mkdir()
    stopped = site(tmp_path / "stopped", "drift,wrong")
    whole = site(tmp_path / "whole", "drift")
    assert stopped.ended
    assert not re.search(r"changed=[1-9]", stopped.output), stopped.output
    assert re.findall(r"drift .*changed=([0-9]+)", whole.output) == ["1"], whole.output


def test_a_switch_that_is_off_leaves_the_plan_a_plan(tmp_path: Path) -> None:
    assert site(tmp_path, "calm,wrong,drift", "-e", "kvm_plan_only=false").tasks() == {}


@pytest.mark.parametrize(
    ("options", "tasks"),
    [
        (("--tags", "guests"), ["virtfleet.kvm.guests : Declare the guests"]),
        (("--skip-tags", "host,links,networks"), ["virtfleet.kvm.guests : Declare the guests"]),
    ],
)
def test_a_part_is_planned_by_itself(tmp_path: Path, options: tuple[str, ...], tasks: list[str]) -> None:
    ran = site(tmp_path, "drift,fresh", *options)
    assert ran.code == 0, ran.output
    assert ran.tasks(PLAN) == {"drift": tasks, "fresh": tasks}
    assert ran.tasks()["fresh"] == tasks
    assert ran.output.count("the run did this:") == 1


def test_a_part_that_is_not_asked_for_refuses_nothing(tmp_path: Path) -> None:
    ran = site(tmp_path, "calm,wrong", "--tags", "networks")
    assert ran.code == 0, ran.output
    assert "2 hosts: 2 unchanged" in ran.output


def test_a_part_that_is_left_out_is_no_way_around_the_plan(tmp_path: Path) -> None:
    ran = site(tmp_path, "drift,wrong", "--skip-tags", "host,links")
    assert ran.ended
    assert ran.tasks() == {}


def test_a_run_that_starts_at_a_task_has_no_plan(tmp_path: Path) -> None:
    """It would begin in the middle of the plan, and then run all of the plays."""
    ran = site(tmp_path, "drift", "--start-at-task", "Declare the guests")
    assert ran.tasks(PLAN) == {}
    assert ran.tasks()["drift"] == ["virtfleet.kvm.guests : Declare the guests"]


def test_tags_of_others_plan_nothing(tmp_path: Path) -> None:
    ran = site(tmp_path, "drift", "--tags", "mine")
    assert ran.code == 0, ran.output
    assert ran.tasks(PLAN) == ran.tasks() == {}
    assert "this:" not in ran.output


def test_a_link_that_a_host_refuses_stops_all(tmp_path: Path) -> None:
    link = {"name": "br9", "type": "bridge", "ports": ["no-such-card"]}
    ran = site(tmp_path, "drift,other", "--tags", "links,guests", of={"other": {"kvm_links": [link]}})
    assert ran.ended, ran.output
    assert '"other: links: ' in ran.output
    assert ran.tasks() == {}


def test_the_tasks_of_the_plan_are_those_of_the_site() -> None:
    """In their order, with the same conditions."""
    site_plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    names = [one["name"] for one in site_plays]
    after = site_plays[names.index(STOP) + 1 :]
    assert parts(yaml.safe_load((ROOT / "playbooks/tasks/plan.yml").read_text(encoding="utf-8"))) == [
        part for one in after for part in parts(one["tasks"])
    ]


def parts(tasks: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The files of the roles that tasks run, and the file that the site and its plan share."""
    found = []
    for task in tasks:
        role = task.get("ansible.builtin.import_role")
        shared = task.get("ansible.builtin.import_tasks", "")
        found += [(role["name"], role.get("tasks_from", "main"))] if role else []
        found += [("make",)] if shared.endswith("make.yml") else []
        found += parts(task.get("block", []))
    return found


def test_each_result_of_the_plan_is_forgotten() -> None:
    tasks = yaml.safe_load((ROOT / "playbooks/tasks/planned.yml").read_text(encoding="utf-8"))
    assert set(tasks[-1]["ansible.builtin.set_fact"]) == {*RESULTS, "site_looked"}


WRONG: dict[str, dict[str, Any]] = {
    "a connection": {"ansible_connection": "nosuch"},
    "a way to become root": {"ansible_become": True, "ansible_become_method": "nosuch"},
    "a template": {"ansible_become": True, "ansible_become_password": "{{ nope }}"},
}


@pytest.mark.parametrize("look", [True, False])
@pytest.mark.parametrize("setting", WRONG)
def test_a_host_with_wrong_settings_refuses_and_says_why(tmp_path: Path, setting: str, look: bool) -> None:
    ran = site(tmp_path, "calm,drift", kvm_look_first=look, of={"calm": WRONG[setting]})
    assert ran.code != 0
    assert ran.ended, ran.output
    told = [line for line in ran.output.splitlines() if re.match(r' *"calm: ', line)]
    # Without the look, a task whose result is not kept fails first; it has said why.
    words = ("nosuch", "nope") if look else ("the errors above say why",)
    assert any(word in line for line in told for word in words), ran.output
    assert "loop_control" not in ran.output
    assert ran.tasks() == {}
