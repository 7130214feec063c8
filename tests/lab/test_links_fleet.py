# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that are about a whole fleet, or need hosts of another kind."""

from __future__ import annotations

import typing as t

import pytest
from links_fleet import BRIDGE, HOSTS, Links

RACE = r"""
import json, os, random, subprocess, sys, time
sys.path.insert(0, "/root")
import agent
agent.BASE, agent.TRIAL, agent.LAST = "/run/race", "/run/race/trial", "/run/race/last"
agent.TIMER = "race-rollback"
wins = {"confirmed": 0, "rolled-back": 0}
os.makedirs(agent.BASE, exist_ok=True)
state = dict(trial={"/run/race/tried": "new"}, keep=[dict(path="/run/race/kept", text="new", mode=0o600)],
             generate=[], apply=[], commands=[], undo=[], new=[], gone=[], again=[], reconfigure=[],
             netplan=False, network_manager=True, masters={}, addresses={}, ports={})
for turn in range(int(sys.argv[1])):
    with open("/run/race/kept", "w") as kept: kept.write("old")
    os.mkdir(agent.TRIAL)
    state["id"] = "race%d" % turn
    agent.write(agent.TRIAL + "/state.json", json.dumps(state))
    agent.arm(agent.TRIAL, state["id"])
    agent.write("/run/race/tried", "new")
    code = "import sys; sys.path.insert(0, '/root'); import agent; agent.LAST = '/run/race/last'; agent.TIMER = 'race'"
    code += "; agent.rollback('/run/race/trial', 'race%d', 'timer')" % turn
    subprocess.run(["systemd-run", "--quiet", "--collect", "--unit=race-%d" % turn, "--on-active=0.05",
                    "--timer-property=AccuracySec=1ms", sys.executable, "-c", code], check=True)
    time.sleep(random.uniform(0.05, 0.35))
    mine = os.path.isdir(agent.TRIAL) and agent.confirm(agent.TRIAL, state["id"])
    end = time.time() + 20
    while os.path.isdir(agent.TRIAL) and time.time() < end: time.sleep(0.01)
    outcome = json.load(open(agent.LAST + "/outcome.json"))["outcome"]
    kept = open("/run/race/kept").read()
    assert outcome == ("confirmed" if mine else "rolled-back"), (turn, mine, outcome)
    assert kept == ("new" if mine else "old"), (turn, outcome, kept)
    assert not os.path.exists("/run/race/tried"), turn
    wins[outcome] += 1
print(json.dumps(wins))
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Links]:
    with Links.up("linksrace", tmp_path_factory.mktemp("races"), "--ubuntu-like") as links:
        yield links


@pytest.mark.parametrize("host", HOSTS)
def test_confirm_against_timer(fleet: Links, host: str) -> None:
    """Fault 15: two hundred times exactly one wins, and the host is as the winner says."""
    import json
    from pathlib import Path

    source = Path(__file__).resolve().parents[2] / "plugins/module_utils/_hostnet/agent.py"
    fleet.sh(
        host, f"cat > /root/agent.py <<'END'\n{source.read_text()}\nEND\ncat > /root/race.py <<'END'\n{RACE}\nEND\n"
    )
    wins = json.loads(fleet.sh(host, "python3 /root/race.py 200").splitlines()[-1])
    assert sum(wins.values()) == 200
    assert min(wins.values()) > 0, "one side won every time: that was no race"


@pytest.mark.parametrize("host", HOSTS)
def test_cloud_init_owns_the_file(fleet: Links, host: str) -> None:
    """Fault 11: it would write the file anew at boot, so it is told not to, in the same transaction."""
    assert "50-cloud-init.yaml" in fleet.sh(host, "ls /etc/netplan")
    # Only when the change stays: until then nothing is written.
    run = fleet.links(host, {**BRIDGE, "addressing": "static", "addresses": ["198.18.77.7/24"]}, rollback_after=10)
    assert run.code != 0
    assert "virtfleet" not in fleet.sh(host, "ls /etc/cloud/cloud.cfg.d")
    result = fleet.made(host, BRIDGE)
    assert any(diff["after_header"].startswith("/etc/cloud/") for diff in result["diff"])
    address = fleet.address(host)
    fleet.lab("reboot", host)
    assert fleet.address(host) == address
    assert fleet.sh(host, "ip -br -4 addr show br0").split()[2] == f"{address}/24"
    fleet.declare({})
    assert not fleet.made(host, BRIDGE)["changed"]
    fleet.made(host, {"name": "br0", "state": "absent"})


def test_a_mistake_for_the_whole_fleet_reaches_one_host(fleet: Links) -> None:
    """Fault 18: host by host, and no further after the first failure."""
    own = "{{ {'kvm01': '198.18.0.50/24', 'kvm02': '198.18.0.51/24'}[inventory_hostname] }}"
    wrong = {**BRIDGE, "addressing": "static", "addresses": [own], "gateway": "198.18.0.77"}
    fleet.declare({"kvm_links": [wrong], "links_rollback_after": 15})
    before = {host: fleet.settled(host) for host in HOSTS}
    run = fleet.play("virtfleet.kvm.links")
    assert run.code != 0
    tried = [event for event in run.events if event["task"].endswith("Declare the links")]
    assert [(event["host"], event["status"]) for event in tried] == [("kvm01", "failed")]
    assert tried[0]["result"]["outcome"] == "rolled-back"
    for host in HOSTS:
        fleet.back(host, before[host])


def test_one_host_that_refuses_keeps_all_from_being_touched(fleet: Links) -> None:
    """A host that cannot be what is declared says so before any host is changed."""
    fleet.declare(
        {"kvm_links": [{**BRIDGE, "ports": ["{{ {'kvm01': 'eno1', 'kvm02': 'nosuch'}[inventory_hostname] }}"]}]}
    )
    before = {host: fleet.settled(host) for host in HOSTS}
    run = fleet.play("virtfleet.kvm.links")
    assert run.code != 0
    assert "the host has no device nosuch" in run.output
    for host in HOSTS:
        fleet.back(host, before[host])
