# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks in a guest without a network, by its real agent, as the inventory plugin has it reached."""

from __future__ import annotations

import hashlib
import os
import typing as t
from pathlib import Path

import pytest
import yaml
from fleet import Fleet, Run
from virtfleet_lab import agent_guest
from virtfleet_lab.agent_guest import FOLDER, PASSWORD, USER
from virtfleet_lab.state import Lab

pytestmark = pytest.mark.long

NAME = "agentconn"
GUEST: dict[str, t.Any] = {
    "name": "web01",
    "host": "kvm01",
    "memory": "384MiB",
    "kernel": f"{FOLDER}/vmlinuz",
    "initrd": f"{FOLDER}/initrd.img",
    "cmdline": "console=ttyS0 quiet",
    "disks": [{"file": f"{FOLDER}/disk.img", "format": "raw"}],
    "channels": [{"type": "unix", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}],
    "state": "running",
    "wait_for": "agent",
    "wait_timeout": 900,
}

BLOCK = "printf '[general]\\nblock-rpcs=guest-exec\\nblacklist=guest-exec\\n' >/etc/qemu/qemu-ga.conf"
LATER = "systemd-run --quiet --on-active=5 --timer-property=AccuracySec=100ms"
AGENT = "qemu-guest-agent.service"

AS_USER = f"""
mkdir -p /etc/systemd/system/{AGENT}.d
cat >/etc/systemd/system/{AGENT}.d/user.conf <<END
[Service]
User={USER}
ExecStart=
ExecStart=/usr/sbin/qemu-ga --statedir=/home/{USER}
END
chown {USER} /dev/vport*
systemctl daemon-reload
{LATER} systemctl restart {AGENT}
"""
"""Has the agent run as a user who needs a password for sudo."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    """A host with a guest whose agent answers, and an inventory in which the guest is a host."""
    made = Fleet(NAME, tmp_path_factory.mktemp(NAME))
    made.lab("down")
    try:
        made.lab("up", "1", "--suite", "bookworm", "--with-kvm")
        lab = Lab(NAME)
        agent_guest.push(lab, lab.host("kvm01"))
        made.declare({"kvm_guests": [GUEST]})
        run = made.module("domains", config=[{name: value for name, value in GUEST.items() if name != "host"}])
        assert run.code == 0, run.output
        plugin = {"plugin": "virtfleet.kvm.guests", "connect": "agent", "timeout": 60}
        (made.folder / "zz-guests.kvm.yml").write_text(yaml.safe_dump(plugin), encoding="utf-8")
        variables = {"ansible_python_interpreter": "/usr/bin/python3", "ansible_kvm_agent_timeout": 60}
        (made.folder / "group_vars/kvm_guests.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
        yield made
    finally:
        made.lab("down")


def play(fleet: Fleet, *tasks: dict[str, t.Any], **play: t.Any) -> Run:
    """Run tasks in the guest."""
    path = fleet.folder / "play.yml"
    path.write_text(yaml.safe_dump([{"hosts": "web01", "gather_facts": False, "tasks": tasks, **play}]), "utf-8")
    return fleet.play("play.yml", "-i", "zz-guests.kvm.yml")


def results(run: Run) -> list[dict[str, t.Any]]:
    """What the tasks returned. Fails the test where one has failed."""
    assert run.code == 0, run.output
    return [event["result"] for event in run.events]


def raw(command: str, **more: t.Any) -> dict[str, t.Any]:
    return {"ansible.builtin.raw": command, **more}


def test_facts_and_users(fleet: Fleet) -> None:
    facts, as_root, as_kim, cut = results(
        play(
            fleet,
            {"ansible.builtin.setup": None},
            {"ansible.builtin.command": "id -un"},
            {"ansible.builtin.command": "id -un", "become": True, "become_user": USER},
            raw("kill -9 $$", failed_when=False),
        )
    )
    known = facts["ansible_facts"]
    assert (known["ansible_distribution"], known["ansible_service_mgr"]) == ("Debian", "systemd")
    assert known["ansible_all_ipv4_addresses"] == []
    assert known["ansible_env"]["HOME"] == "/root"
    assert (as_root["stdout"], as_kim["stdout"], cut["rc"]) == ("root", USER, 137)


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_file_both_ways(fleet: Fleet, pipelining: bool) -> None:
    content = os.urandom(1024 * 1024)
    (fleet.folder / "there").write_bytes(content)
    copied, summed, fetched, left = results(
        play(
            fleet,
            {"ansible.builtin.copy": {"src": "there", "dest": f"/root/{pipelining}", "mode": "0640"}},
            raw(f"sha256sum /root/{pipelining}; stat -c %a /root/{pipelining}"),
            {"ansible.builtin.fetch": {"src": f"/root/{pipelining}", "dest": "back", "flat": True}},
            raw("ls -d /dev/shm/.virtfleet-* /tmp/.virtfleet-*; ls ~/.ansible/tmp", failed_when=False),
            vars={"ansible_pipelining": pipelining},
        )
    )
    assert copied["changed"] is fetched["changed"] is True
    assert summed["stdout"].split()[::2] == [hashlib.sha256(content).hexdigest(), "640"]
    assert (fleet.folder / "back").read_bytes() == content
    # Only the folder of this very command.
    assert [Path(line).name[:11] for line in left["stdout"].splitlines()] == [".virtfleet-"]


def test_output_that_would_end_the_agent(fleet: Fleet) -> None:
    """Libvirt gives up an agent that says more than 10 MiB at once."""
    much, more = results(play(fleet, raw("head -c 9000000 /dev/zero | tr '\\0' x; echo; echo err >&2"), raw("echo on")))
    assert len(much["stdout"]) == 9_000_001
    assert (much["stderr"], more["stdout"].strip()) == ("err\n", "on")


def test_nothing_is_left_on_the_host(fleet: Fleet) -> None:
    play(fleet, raw("true"))
    fleet.wait(lambda: "virtfleet-agent" not in fleet.sh("kvm01", "ps -eo args"))
    assert "virtfleet" not in fleet.sh("kvm01", "ls -a /root /tmp /root/.ansible 2>/dev/null || true")


def runs_as(fleet: Fleet, user: str) -> bool:
    """Whether the agent runs commands, as a user."""
    run = play(fleet, raw("id -un"))
    return run.code == 0 and run.events[0]["result"]["stdout"].strip() == user


def says(fleet: Fleet, words: str) -> bool:
    """Whether the guest cannot be reached, for this reason."""
    run = play(fleet, raw("true"))
    return run.code == 4 and words in run.output.replace("\n", " ")


def test_a_password_for_sudo(fleet: Fleet) -> None:
    """For once, the agent is not root. Only then does sudo ask."""
    play(fleet, raw(AS_USER))  # On a slow machine, the agent may be gone before it can say how that ended.
    who = {"ansible.builtin.command": "id -un", "become": True}
    fleet.wait(runs_as, fleet, USER, timeout=300)
    secret = {"ansible_become_password": PASSWORD, "ansible_kvm_agent_user": USER}
    (found,) = results(play(fleet, who, vars=secret))
    assert found["stdout"] == "root"
    run = play(fleet, who, vars={**secret, "ansible_become_password": "wrong"})
    assert "guest web01: the password for sudo is wrong" in run.output
    assert PASSWORD not in fleet.sh("kvm01", "journalctl --no-pager --since=-10min")
    restore = f"rm -r /etc/systemd/system/{AGENT}.d; systemctl daemon-reload; {LATER} systemctl restart {AGENT}"
    play(fleet, raw(restore, become=True), vars=secret)
    fleet.wait(runs_as, fleet, "root", timeout=300)


def test_a_guest_that_cannot_be_reached(fleet: Fleet) -> None:
    """Its agent is away for a while and then blocks commands; later, the guest and the host are not there."""
    anew = f"systemctl stop {AGENT}; sleep 90; systemctl start {AGENT}"
    play(fleet, raw(f"{BLOCK}; {LATER} sh -c '{anew}'"))
    fleet.wait(says, fleet, "guest web01: its agent is not connected", timeout=100)
    fleet.wait(says, fleet, "its agent is not allowed to do guest-exec: allow it in the guest", timeout=300)
    fleet.sh("kvm01", "virsh suspend web01")
    assert says(fleet, "guest web01: it is paused on 198.18.0.")
    fleet.sh("kvm01", "virsh destroy web01")
    assert says(fleet, "guest web01: it does not run on 198.18.0.")
    fleet.sh("kvm01", "virsh undefine web01")
    assert says(fleet, "guest web01: there is no guest of this name on 198.18.0.")
    fleet.lab("cut", "kvm01")
    assert says(fleet, "cannot be reached by SSH")
