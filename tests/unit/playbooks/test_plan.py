# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a fleet is what the site then does, entry by entry; on libvirt's test driver."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import LOCAL, play
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

HOSTS = ("calm", "drift", "fresh", "gone", "wrong")
GUEST = "2d05df3c-181e-614b-a5c4-8983a3d3d3cf"
WEB = f"""<domain type='test'><name>web01</name><uuid>{GUEST}</uuid><memory unit='KiB'>65536</memory>
<os><type>hvm</type></os></domain>"""
LAN = "<network><name>lan</name></network>"
LIBVIRT = {
    "calm": f"<node>{LAN}{WEB}</node>",
    "drift": f"<node>{LAN}{WEB.replace('65536', '32768')}</node>",
    "fresh": "<node/>",
    "gone": "<node/>",
    "wrong": f"<node>{LAN}</node>",
}
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
GROUPS = {
    "kvm_hosts": {
        "hosts": {host: {**(AWAY if host == "gone" else LOCAL), "libvirt_here": host} for host in HOSTS},
    }
}
GUESTS = [{"name": "web01", "host": host, "memory": "64MiB", "state": "running"} for host in ("calm", "drift", "fresh")]
# A network that only the host can refuse.
GUESTS.append({**GUESTS[0], "host": "wrong", "interfaces": [{"network": "nowhere"}]})
LISTS: dict[str, Any] = {"kvm_guests": GUESTS, "kvm_networks": [{"name": "lan"}], "kvm_owner": "us"}
PLAYS = ("Make the hosts what they are declared to be", "Print the summary")


def site(folder: Path, *options: str) -> tuple[int, str, dict[str, Any]]:
    """Run the site's part that asks libvirt, and write what it changed to a file as the playbook plan does."""
    (folder / "changes.json").write_text("that of an older run")
    for host, xml in LIBVIRT.items():
        (folder / f"{host}.xml").write_text(xml, encoding="utf-8")
    site_plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    parts = [one for one in site_plays if one["name"] in PLAYS]
    plan_plays = yaml.safe_load((ROOT / "playbooks/plan.yml").read_text(encoding="utf-8"))
    parts = [plan_plays[0], *parts, plan_plays[-1]]
    for part in parts:
        part["module_defaults"] = {"group/virtfleet.kvm.kvm": {"uri": f"test://{folder}/{{{{ libvirt_here }}}}.xml"}}
    (folder / "parts.yml").write_text(yaml.safe_dump(parts), encoding="utf-8")
    code, output = play(folder, "parts.yml", "-e", "plan_file=changes.json", *options, groups=GROUPS, **LISTS)
    path = folder / "changes.json"
    assert (path.stat().st_mode & 0o777) == 0o600
    assert f"[Write the plan to {path.resolve()}]" in output
    return code, output, json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, dict[str, Any]]]:
    """The plan, the site in check mode, and the site."""
    options = {"plan": ("-e", '{"kvm_plan_only": true}'), "check": ("--check",), "run": ()}
    return {name: site(tmp_path_factory.mktemp(name), *words) for name, words in options.items()}


@pytest.mark.parametrize("forecast", ["plan", "check"])
def test_the_site_does_what_the_plan_says(runs: dict[str, tuple[int, str, dict[str, Any]]], forecast: str) -> None:
    planned, done = runs[forecast][2], runs["run"][2]
    assert planned["totals"] == done["totals"]
    for host in HOSTS:
        assert planned["hosts"][host] == done["hosts"][host]


def test_the_plan_has_all_hosts(runs: dict[str, tuple[int, str, dict[str, Any]]]) -> None:
    assert {name: host["outcome"] for name, host in runs["plan"][2]["hosts"].items()} == {
        "calm": "unchanged",
        "drift": "changed",
        "fresh": "changed",
        "gone": "unreachable",
        "wrong": "failed",
    }


def test_the_plan_is_told_field_by_field(runs: dict[str, tuple[int, str, dict[str, Any]]]) -> None:
    output = runs["plan"][1]
    assert "the run would do this:" in output
    assert "5 hosts: 2 changed, 1 failed, 1 unchanged, 1 unreachable" in output
    assert "fresh: guest web01: made" in output
    assert "drift: guest web01: memory: " in output
    assert "nowhere" in output
    assert "gone: unreachable" in output


def test_the_site_ends_with_the_summary_alone(runs: dict[str, tuple[int, str, dict[str, Any]]]) -> None:
    output = runs["run"][1]
    assert "the run did this:" in output
    assert "5 hosts: 2 changed, 1 failed, 1 unchanged, 1 unreachable" in output
    assert "drift: guest web01: memory: " not in output


@pytest.mark.parametrize("limit", ["wrong", "wrong,gone"])
def test_the_plan_is_there_where_no_host_is_left(tmp_path: Path, limit: str) -> None:
    """Ansible then ends the run with the play in which the last host failed."""
    code, output, found = site(tmp_path, "-e", '{"kvm_plan_only": true}', "--limit", limit, "--tags", "guests")
    assert code != 0
    assert output.count("the run would do this:") == 1
    assert "wrong: guest web01: " in output
    assert found["hosts"]["wrong"]["outcome"] == "failed"
    assert any("nowhere" in problem for problem in found["hosts"]["wrong"]["problems"])
    assert list(found["hosts"]) == [host for host in HOSTS if host in limit]


def test_the_site_says_what_it_did_where_no_host_is_left(tmp_path: Path) -> None:
    output = site(tmp_path, "--limit", "wrong")[1]
    assert output.count("the run did this:") == 1
    assert "1 host: 1 failed" in output


def test_no_plan_of_an_older_run_stays(tmp_path: Path) -> None:
    found = site(tmp_path, "-e", '{"kvm_plan_only": true}', "--limit", "gone")[2]
    assert found["totals"]["made"] == {}
    assert list(found["hosts"]) == ["gone"]


PLACES: dict[str, tuple[str, str]] = {
    "a pipe": ("pipe", "is no regular file"),
    "a device": ("/dev/null", "is no regular file"),
    "what it prints to": ("/dev/stdout", "is no regular file"),
    "a folder": (".", "is a folder"),
    "nothing": ("", "is no path"),
    "a list": ("[a.json]", "is no path"),
}


@pytest.mark.parametrize("place", PLACES)
def test_only_a_file_gets_the_plan(tmp_path: Path, place: str) -> None:
    path, said = PLACES[place]
    os.mkfifo(tmp_path / "pipe")
    before = os.lstat("/dev/null")
    value = json.dumps({"plan_file": ["a.json"] if path == "[a.json]" else path})
    words = ("-e", value, "-e", '{"kvm_plan_only": true}')
    code, output = play(tmp_path, "virtfleet.kvm.plan", *words, groups=GROUPS, **LISTS)
    assert code != 0
    assert said in output
    assert "TASK [virtfleet.kvm" not in output
    assert os.path.samestat(before, os.lstat("/dev/null"))
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.json").write_text("")
    (tmp_path / "changes.json").symlink_to("elsewhere.json")
    found = site(tmp_path, "-e", '{"kvm_plan_only": true}', "--limit", "calm")[2]
    assert list(found["hosts"]) == ["calm"]
    assert (tmp_path / "changes.json").is_symlink()


def test_the_file_is_the_users_whatever_is_set_for_hosts(tmp_path: Path) -> None:
    """Nobody becomes another user for it, and a localhost that is elsewhere does not get it."""
    root = {"ansible_become": True, "ansible_become_method": "nosuch"}
    own = {**AWAY, **root}
    groups = {
        "kvm_hosts": {"hosts": {"calm": {**LOCAL, "libvirt_here": "calm", "ansible_become": False}}},
        "others": {"hosts": {"localhost": own}},
    }
    words = ("-e", "plan_file=changes.json", "--tags", "guests", "-e", "kvm_plan_only=true")
    (tmp_path / "calm.xml").write_text(LIBVIRT["calm"], encoding="utf-8")
    plan_plays = yaml.safe_load((ROOT / "playbooks/plan.yml").read_text(encoding="utf-8"))
    (tmp_path / "parts.yml").write_text(yaml.safe_dump([{**plan_plays[-1], "name": "Begin"}]), encoding="utf-8")
    code, output = play(tmp_path, "parts.yml", *words, groups=groups, **root)
    assert code == 0, output
    assert "changed=0" in output
    assert list(json.loads((tmp_path / "changes.json").read_text(encoding="utf-8"))["hosts"]) == ["calm"]


def test_every_place_reads_the_switch_as_a_boolean() -> None:
    """On the command line, ``-e kvm_plan_only=false`` is a text, which is true where it is not read as a Boolean."""
    for name in ("playbooks/site.yml", "roles/host/vars/main.yml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        read = re.findall(r"kvm_plan_only \| default\((?:false|ansible_check_mode)\)+ \| bool", text)
        assert text.count("kvm_plan_only |") == len(read) > 0
