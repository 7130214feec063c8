# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of real hosts is what the site then does: of a bare one, a converged one, and one that was changed by hand.

tests/unit/playbooks/test_plan.py has more cases, on libvirt's test driver.
"""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from fleet import Fleet, Run, guest
from suites import SUITE_OPTIONS

pytestmark = pytest.mark.long

BARE, CONVERGED, CHANGED = "kvm01", "kvm02", "kvm03"
HOSTS = (BARE, CONVERGED, CHANGED)
RANGE = {"start": "192.168.122.2", "end": "192.168.122.254"}
GUESTS = [guest(f"on-{host}", host, disks=[{"size": "8MiB", "pool": "stock"}]) for host in HOSTS]
DECLARED: dict[str, t.Any] = {
    "kvm_owner": "us",
    "kvm_pools": [{"name": "stock", "type": "dir", "target": "/var/lib/libvirt/stock"}],
    "kvm_networks": [
        {
            "name": "default",
            "bridge": "virbr0",
            "forward": {"mode": "nat"},
            "ips": [{"address": "192.168.122.1/24", "dhcp": {"ranges": [RANGE]}}],
        },
        {"name": "lan"},
    ],
    "kvm_guests": GUESTS,
}

BY_HAND = f"""
set -e
virsh destroy on-{CHANGED}
virsh setmaxmem on-{CHANGED} 131072 --config
virsh net-destroy lan
virsh net-dumpxml default --inactive >/root/default.xml
sed -i "s/'192.168.122.2'/'192.168.122.10'/" /root/default.xml
virsh net-define /root/default.xml
systemctl disable libvirt-guests.service >/dev/null 2>&1 || true
"""
"""What somebody changes without Ansible."""

WRITE = Path(__file__).parents[2] / "playbooks/tasks/write.yml"


class Runs(t.NamedTuple):
    """What the plan, check mode and the run told, each also as it was written to a file."""

    fleet: Fleet
    touched: list[str]
    plan: Run
    planned: dict[str, t.Any]
    check: Run
    checked: dict[str, t.Any]
    run: Run
    done: dict[str, t.Any]


def written(fleet: Fleet, playbook: str, *options: str) -> tuple[Run, dict[str, t.Any]]:
    """Run a playbook that writes what it tells of to a file."""
    run = fleet.play(playbook, "-e", "plan_file=told.json", *options)
    return run, json.loads((fleet.folder / "told.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Runs]:
    fleet = Fleet("plan", tmp_path_factory.mktemp("plan"))
    fleet.lab("down")
    try:
        fleet.lab("up", "3", *SUITE_OPTIONS, "--suite", "trixie")
        fleet.declare(DECLARED)
        site = [
            {"import_playbook": "virtfleet.kvm.site"},
            {"hosts": "kvm_hosts", "gather_facts": False, "tasks": [{"import_tasks": str(WRITE)}]},
        ]
        (fleet.folder / "site.yml").write_text(yaml.safe_dump(site), encoding="utf-8")
        first = fleet.play("virtfleet.kvm.site", "--limit", f"{CONVERGED},{CHANGED}")
        assert first.code == 0, first.output
        fleet.sh(CHANGED, BY_HAND)
        before = {host: fleet.state(host) for host in HOSTS}
        plan, planned = written(fleet, "virtfleet.kvm.plan")
        check, checked = written(fleet, "site.yml", "--check", "--diff")
        touched = [host for host in HOSTS if fleet.state(host) != before[host]]
        yield Runs(fleet, touched, plan, planned, check, checked, *written(fleet, "site.yml"))
    finally:
        fleet.lab("down")


def test_neither_the_plan_nor_check_mode_touches_a_host(runs: Runs) -> None:
    assert runs.touched == []
    assert (runs.plan.code, runs.check.code, runs.run.code) == (0, 0, 0), runs.run.output


def test_the_plan_tells_the_hosts_apart(runs: Runs) -> None:
    found = runs.planned["hosts"]
    assert {host: found[host]["outcome"] for host in HOSTS} == {
        BARE: "changed",
        CONVERGED: "unchanged",
        CHANGED: "changed",
    }
    assert [(change["resource"], change["path"]) for change in found[CHANGED]["changes"]] == [
        ("network default", "ips[0].dhcp.ranges[192.168.122.2]"),
        ("network default", "ips[0].dhcp.ranges[192.168.122.10]"),
        ("network lan", "state"),
        (f"domain on-{CHANGED}", "memory"),
        (f"domain on-{CHANGED}", "state"),
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_the_site_does_what_the_plan_says_entry_by_entry(runs: Runs, host: str) -> None:
    done = runs.done["hosts"][host]
    assert runs.planned["hosts"][host] == done
    assert runs.checked["hosts"][host] == done
    # What the file tells is what the modules told. Packages are installed by a module of Ansible.
    told = [change for change in done["changes"] if not change["resource"].startswith("setting ")]
    assert told == runs.run.changes(host)
    assert runs.planned["totals"] == runs.done["totals"]


@pytest.mark.parametrize("host", [BARE, CHANGED])
def test_what_is_printed_is_what_is_done(runs: Runs, host: str) -> None:
    for change in runs.done["hosts"][host]["changes"]:
        kind, _space, name = change["resource"].partition(" ")
        if kind == "setting":
            assert f"{host}: {name}" in runs.plan.output
            continue
        beginning = f"{host}: {kind.replace('domain', 'guest')} {name}: "
        if change["path"] == "definition":
            assert f"{beginning}made" in runs.plan.output
            for option in change["after"]:
                assert option == "name" or f"{beginning}{option}: " in runs.plan.output
        elif change["path"].endswith(".volume"):
            volume = f"{change['after']['pool']}/{change['after']['name']}"
            assert f"{host}: volume {volume}: made" in runs.plan.output
        else:
            assert f"{beginning}{change['path']}: " in runs.plan.output
    assert f"{CONVERGED}: " not in runs.plan.output.partition("the run would do this:")[2]


def test_then_nothing_is_left_to_do(runs: Runs) -> None:
    for host in HOSTS:
        assert f"on-{host}" in runs.fleet.sh(host, "virsh list --name").split()
    again, told = written(runs.fleet, "virtfleet.kvm.plan")
    assert again.code == 0
    assert {told["hosts"][host]["outcome"] for host in HOSTS} == {"unchanged"}


def test_where_one_host_refuses_and_one_is_unreachable_no_host_is_touched(runs: Runs) -> None:
    wrong = {**GUESTS[1], "interfaces": [{"network": "nowhere"}]}
    more = {**GUESTS[0], "name": "one-more"}
    runs.fleet.declare({**DECLARED, "kvm_guests": [GUESTS[0], wrong, GUESTS[2], more]})
    runs.fleet.lab("unplug", CHANGED)
    before = {host: runs.fleet.state(host) for host in HOSTS}
    site = runs.fleet.play("virtfleet.kvm.site")
    assert site.code != 0
    assert {host: runs.fleet.state(host) for host in HOSTS} == before
    assert f"guest on-{CONVERGED}" in site.output
    assert "nowhere" in site.output
    told = site.output.partition("no host was touched")[2]
    assert re.search(rf'"{CHANGED}: (unreachable|.*did not answer within)', told), site.output[-6000:]
    assert not any(site.changes(host) for host in HOSTS if host != BARE)
