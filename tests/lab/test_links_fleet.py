# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that are about a whole fleet, or need hosts of another kind."""

from __future__ import annotations

import typing as t

import pytest
from links_fleet import BRIDGE, HOSTS, Links

pytestmark = pytest.mark.long

RACE = r"""
import json, os, random, sys, time
sys.path.insert(0, "/root")
from agent import files, guard, journal, network, runtime
files.TRIAL, files.LAST, journal.DISK = "/run/race/trial", "/run/race/last", "/run/race/disk"
journal.BOOT, journal.WANTS, journal.TMPFILES = "/run/race/boot/unit", "/run/race/boot", "/run/race/boot/conf"
journal.WANTED, journal.UNWANTED = "/run/race/boot/wanted", "/run/race/boot/.wanted"
runtime.MADE, guard.HEADSTART = (), 0
wins = {"confirmed": 0, "rolled-back": 0}
os.makedirs("/run/race", exist_ok=True)
lists = ("generate", "apply", "commands", "undo", "new", "gone", "reconfigure", "routes", "secrets")
state = dict({name: [] for name in lists}, **{name: {} for name in ("masters", "addresses", "ports", "again", "modes")})
state.update(trial={"/run/race/tried": "new"}, keep=[dict(path="/run/race/kept", text="new", mode=0o600)],
             netplan=False, network_manager=False, python=sys.executable, seconds=1)
for turn in range(int(sys.argv[1])):
    with open("/run/race/kept", "w") as kept: kept.write("old")
    moment = random.uniform(0, 0.15)
    guard.lay_out(files.TRIAL, dict(state, id="race%d" % turn, deadline=network.clock() + 30))
    made = guard.Guard(files.TRIAL)
    assert (made.prepare(), made.start()) == ("armed", "applied")
    files.write(files.TRIAL + "/state.json", json.dumps(dict(made.state, deadline=network.clock() + 0.08)))
    unit = os.fork()
    if not unit:
        guard.Guard(files.TRIAL).run()
        os._exit(0)
    time.sleep(moment)
    try:
        guard.ask(files.TRIAL, "confirm")
    except OSError:
        pass
    assert os.waitpid(unit, 0)[1] == 0, turn
    with open(files.LAST + "/outcome.json") as file: outcome = json.load(file)
    with open("/run/race/kept") as file: kept = file.read()
    assert outcome["id"] == "race%d" % turn, (turn, outcome)
    assert kept == ("new" if outcome["outcome"] == "confirmed" else "old"), (turn, outcome, kept)
    assert not os.path.exists("/run/race/tried"), turn
    wins[outcome["outcome"]] += 1
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

    folder = Path(__file__).resolve().parents[2] / "plugins/module_utils/_hostnet/agent"
    fleet.sh(host, "mkdir -p /root/agent")
    for source in folder.glob("*.py"):
        fleet.sh(host, f"cat > /root/agent/{source.name} <<'END'\n{source.read_text()}\nEND\n")
    fleet.sh(host, f"cat > /root/race.py <<'END'\n{RACE}\nEND\n")
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
