# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site with one look at each host does and says what it does and says without; on libvirt's test driver."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import LOCAL, play
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

HERE = ("calm", "left", "moved", "drift", "fresh", "other", "wrong", "mute")
HOSTS = (*HERE, "gone")
UNCHANGED = ("calm", "left", "moved")
UUID = "2d05df3c-181e-614b-a5c4-8983a3d3d3cf"
OURS = f"<metadata><v:made xmlns:v='https://virtfleet.github.io/kvm/1' uuid='{UUID}' owner='us'/></metadata>"
WEB = f"""<domain type='test'><name>web01</name><uuid>{UUID}</uuid><memory unit='KiB'>65536</memory>
<os><type>hvm</type></os></domain>"""
MADE = WEB.replace("<memory", f"{OURS}<memory")
LAN = "<network><name>lan</name></network>"
LIBVIRT = {
    "calm": f"<node>{LAN}{WEB}</node>",
    "left": f"<node>{LAN}{MADE.replace('web01', 'old01')}</node>",
    "moved": f"<node>{LAN}{MADE}</node>",
    "drift": f"<node>{LAN}{WEB.replace('65536', '32768')}</node>",
    "fresh": "<node/>",
    "other": f"<node>{LAN}{WEB}</node>",
    "wrong": f"<node>{LAN}</node>",
    "mute": "<nod",
    "gone": "<node/>",
}
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
GROUPS: dict[str, Any] = {
    "kvm_hosts": {"hosts": {host: {**(LOCAL if host in HERE else AWAY), "libvirt_here": host} for host in HOSTS}}
}
GROUPS["kvm_hosts"]["hosts"]["other"]["kvm_networks"] = [{"name": "lan", "autostart": True}]
GUEST = {"name": "web01", "memory": "64MiB", "state": "running"}
GUESTS: list[dict[str, Any]] = [{**GUEST, "host": host} for host in ("calm", "drift", "fresh", "other", "mute")]
# A network that only the host can refuse.
GUESTS.append({**GUEST, "host": "wrong", "interfaces": [{"network": "nowhere"}]})
LISTS: dict[str, Any] = {
    "kvm_guests": GUESTS,
    "kvm_networks": [{"name": "lan"}],
    "kvm_owner": "us",
}
LOOK = "Look at the hosts"
PLAYS = (LOOK, "Make the hosts what they are declared to be", "Print the summary")
ASKED = re.compile(r"^(?:ok|changed|fatal): \[(\w+)\]", re.MULTILINE)


class Ran(NamedTuple):
    """What came of a run."""

    code: int
    output: str
    found: dict[str, Any]

    def tasks(self, host: str) -> list[str]:
        """The tasks that a host has not skipped."""
        return [
            task.split("]")[0].strip()
            for task in re.split(r"^TASK \[", self.output, flags=re.MULTILINE)[1:]
            if host in ASKED.findall(task.split("\nPLAY ")[0])
        ]

    @property
    def summary(self) -> str:
        """What is printed at the end; the recap counts tasks."""
        return self.output.split("TASK [Print the summary]")[1].split("PLAY RECAP")[0]

    @property
    def warnings(self) -> set[str]:
        """The warnings of the run, those of more than a line in one."""
        text = re.sub(r"\n(?=\S)(?!\[|TASK|PLAY|ok|changed|fatal|skipping|included)", " ", self.output)
        return set(re.findall(r"^\[WARNING\]: (.*)", text, re.MULTILINE))


TAGS = ("--tags", "networks,storage,guests")


def site(folder: Path, *options: str, look: bool = True, limit: str = "", **lists: Any) -> Ran:
    """Run the site's part that asks libvirt, with or without the look, and write what it changed to a file."""
    for host, xml in LIBVIRT.items():
        (folder / f"{host}.xml").write_text(xml, encoding="utf-8")
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    parts = [one for one in plays if one["name"] in PLAYS and (look or one["name"] != LOOK)]
    parts.append(yaml.safe_load((ROOT / "playbooks/plan.yml").read_text(encoding="utf-8"))[-1])
    for part in parts:
        part["module_defaults"] = {"group/virtfleet.kvm.kvm": {"uri": f"test://{folder}/{{{{ libvirt_here }}}}.xml"}}
    (folder / "parts.yml").write_text(yaml.safe_dump(parts), encoding="utf-8")
    words = ["-e", "plan_file=changes.json", *(options if "--tags" in options else [*TAGS, *options])]
    words += ["--limit", limit] if limit else []
    code, output = play(folder, "parts.yml", *words, groups=GROUPS, **{**LISTS, **lists})
    path = folder / "changes.json"
    found = path.read_text(encoding="utf-8") if path.exists() else "{}"
    return Ran(code, output.replace(str(folder), "HERE"), json.loads(found.replace(str(folder), "HERE")))


MODES: dict[str, tuple[str, ...]] = {"plan": ("-e", '{"kvm_plan_only": true}'), "run": ()}
Both = dict[str, tuple[Ran, Ran]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """The plan, which is check mode, and the site; each with the look, and without."""
    return {
        name: (site(tmp_path_factory.mktemp(name), *words), site(tmp_path_factory.mktemp(name), *words, look=False))
        for name, words in MODES.items()
    }


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    ran = site(tmp_path, limit="calm", kvm_look_first=False)
    assert ran.code == 0, ran.output
    assert "Look whether anything is to be done" not in ran.tasks("calm")
    assert "virtfleet.kvm.guests : Declare the guests" in ran.tasks("calm")


LATER = {
    "a result of a role": "{{ 'paused' if networks_declared is defined else 'running' }}",
    "a result on another host": "{{ 'paused' if hostvars.calm.networks_declared is defined else 'running' }}",
    "by way of a variable": "{{ mine }}",
}


@pytest.mark.parametrize("case", LATER)
def test_what_only_the_roles_know_is_left_to_them(tmp_path: Path, case: str) -> None:
    """Evaluated before the roles run, such a template says what the host is already."""
    guests = [{"name": "web01", "host": "calm", "memory": "64MiB", "state": LATER[case]}]
    lists = {"kvm_guests": guests, "mine": LATER["a result of a role"], "kvm_networks": [{"name": "lan"}]}
    ran = site(tmp_path, limit="calm", **lists)
    assert ran.code == 0, ran.output
    assert ran.found["hosts"]["calm"]["outcome"] == "changed", ran.output


@pytest.mark.parametrize("mode", MODES)
def test_what_is_found_and_told_is_the_same(runs: Both, mode: str) -> None:
    ours, without = runs[mode]
    assert ours.found == without.found
    assert ours.code == without.code
    assert ours.warnings == without.warnings
    assert ours.summary == without.summary


def test_the_hosts_are_what_they_are_meant_to_be(runs: Both) -> None:
    assert {name: host["outcome"] for name, host in runs["run"][1].found["hosts"].items()} == {
        **dict.fromkeys(UNCHANGED, "unchanged"),
        **dict.fromkeys(("drift", "fresh", "other"), "changed"),
        **dict.fromkeys(("wrong", "mute"), "failed"),
        "gone": "unreachable",
    }
    assert any("guest web01: is declared for another host" in warning for warning in runs["run"][0].warnings)
    assert "left: guest old01 is no longer declared" in runs["run"][0].output


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("host", UNCHANGED)
def test_an_unchanged_host_has_one_task(runs: Both, mode: str, host: str) -> None:
    tasks = runs[mode][0].tasks(host)
    assert tasks[0] == "Look whether anything is to be done"
    rest = {"Keep the results of a host on which nothing is to be done", "Print the summary", "Write the plan to"}
    assert {task for task in tasks[1:] if not any(task.startswith(word) for word in rest)} == set()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("host", sorted(set(HERE) - set(UNCHANGED)))
def test_any_other_host_has_all_of_them(runs: Both, mode: str, host: str) -> None:
    ours, without = runs[mode]
    spared = {"Print the summary"}
    assert set(ours.tasks(host)) - {"Look whether anything is to be done"} - spared == set(without.tasks(host)) - spared


@pytest.mark.parametrize("mode", MODES)
def test_where_all_hosts_with_something_to_do_fail_the_run_goes_on(tmp_path: Path, mode: str) -> None:
    """And tells the summary once, at its end."""
    ran = site(tmp_path, *MODES[mode], limit="calm,left,wrong")
    assert ran.output.count("3 hosts: 1 failed, 2 unchanged") == 1
    assert ran.found["totals"]["hosts"] == {"unchanged": 2, "failed": 1}


def test_where_no_host_is_left_the_summary_is_told(tmp_path: Path) -> None:
    ran = site(tmp_path, limit="wrong,mute")
    assert ran.output.count("2 hosts: 2 failed") == 1


def test_where_nothing_is_to_be_done_the_plays_end(tmp_path: Path) -> None:
    ran = site(tmp_path, limit="calm,left")
    assert ran.code == 0, ran.output
    assert "2 hosts: 2 unchanged" in ran.output
    assert "virtfleet.kvm.guests : " not in ran.output


def test_with_tags_only_these_parts_are_looked_at(tmp_path: Path) -> None:
    """The network of the host is not as declared, and nobody asked for it."""
    ran = site(tmp_path, "--tags", "guests", limit="other")
    assert ran.code == 0, ran.output
    assert ran.tasks("other")[0] == "Look whether anything is to be done"
    assert "1 host: 1 unchanged" in ran.output
    assert "virtfleet.kvm.guests : " not in ran.output


def test_the_look_is_no_failure_of_a_host(tmp_path: Path) -> None:
    """A template that cannot be evaluated is told by the task that has it."""
    guests = [{**GUEST, "host": "calm", "title": "{{ nope }}"}]
    ours = site(tmp_path, limit="calm", kvm_guests=guests)
    without = site(tmp_path, limit="calm", look=False, kvm_guests=guests)
    assert "Look whether anything is to be done" in ours.tasks("calm")
    assert ours.code == without.code != 0
    assert ours.found == without.found


def test_the_results_of_a_run_before_do_not_count(tmp_path: Path) -> None:
    """The site twice in one run of Ansible: the second one has nothing to do, whatever the first one has done."""
    for host, xml in LIBVIRT.items():
        (tmp_path / f"{host}.xml").write_text(xml, encoding="utf-8")
    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    uri = "test://{{ playbook_dir }}/{{ 'calm' if seen is defined else 'drift' }}.xml"
    parts = [
        {**one, "module_defaults": {"group/virtfleet.kvm.kvm": {"uri": uri}}} for one in plays if one["name"] in PLAYS
    ]
    between = {"hosts": "kvm_hosts", "gather_facts": False, "tags": "always", "tasks": [{"set_fact": {"seen": True}}]}
    (tmp_path / "parts.yml").write_text(yaml.safe_dump([*parts, between, *parts]), encoding="utf-8")
    code, output = play(tmp_path, "parts.yml", "--limit", "drift", *TAGS, groups=GROUPS, **LISTS)
    assert code == 0, output
    first, second = output.split("the run did this:")[1:]
    assert "1 host: 1 changed" in first
    assert "1 host: 1 unchanged" in second


SNAPSHOTS = [{"name": "old", "state": "absent"}]


def test_snapshots_of_guests_are_looked_at(tmp_path: Path) -> None:
    guests = [{**GUEST, "host": "calm", "snapshots": SNAPSHOTS}]
    ran = site(tmp_path, limit="calm", kvm_guests=guests)
    assert ran.code == 0, ran.output
    assert ran.found["hosts"]["calm"]["outcome"] == "unchanged"
    assert "virtfleet.kvm.guests : Declare the guests" not in ran.tasks("calm")


def test_a_snapshot_of_a_guest_that_is_to_be_made_is_in_the_plan(tmp_path: Path) -> None:
    disks = [{"file": "/new.qcow2"}, {"device": "cdrom", "file": "/new.iso"}]
    new = {"name": "new", "host": "calm", "memory": "64MiB", "disks": disks}
    new["snapshots"] = [{"name": "fresh"}, *SNAPSHOTS]
    for look in (True, False):
        ran = site(tmp_path, *MODES["plan"], look=look, limit="calm", kvm_guests=[{**GUEST, "host": "calm"}, new])
        assert ran.code == 0, ran.output
        found = ran.found["hosts"]["calm"]
        assert found["made"] == ["domain new", "snapshot new/fresh"]
        (taken,) = (change["after"] for change in found["changes"] if change["resource"] == "snapshot new/fresh")
        assert (taken["type"], taken["memory"], taken["disks"]) == ("internal", False, ["vda"])
    disks[0]["format"] = "raw"
    ran = site(tmp_path, *MODES["plan"], limit="calm", kvm_guests=[{**GUEST, "host": "calm"}, new])
    assert ran.code != 0
    assert "snapshot new/fresh: type: disk vda is raw, and only qcow2 can hold an internal snapshot" in ran.output


def test_a_snapshot_that_cannot_be_taken_is_refused_by_the_plan(tmp_path: Path) -> None:
    guests = [{**GUEST, "host": "calm", "snapshots": [{"name": "fresh"}]}]
    for mode in MODES.values():
        ran = site(tmp_path, *mode, limit="calm", kvm_guests=guests)
        assert ran.code != 0
        assert "snapshot web01/fresh: disks: the guest has no disk that a snapshot could keep" in ran.output


def test_without_snapshots_the_task_is_skipped(tmp_path: Path) -> None:
    ran = site(tmp_path, look=False, limit="calm")
    assert ran.code == 0, ran.output
    assert "virtfleet.kvm.guests : Declare the guests" in ran.tasks("calm")
    assert "virtfleet.kvm.guests : Take and delete the snapshots of the guests" not in ran.tasks("calm")
