# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab as an operator sees it: an inventory, playbooks run on it, and what the hosts then say."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import time
import typing as t
from pathlib import Path

import yaml
from loaded_ansible import LoadedAnsible
from suites import SUITE_OPTIONS
from virtfleet_lab import hosts as machines
from virtfleet_lab.inventory import inventory
from virtfleet_lab.state import Lab

HERE = Path(__file__).resolve().parent
LAB = HERE / "lab"

ENVIRONMENT = {
    **os.environ,
    "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
    "ANSIBLE_CALLBACKS_ENABLED": "events",
    "ANSIBLE_NOCOLOR": "1",
}

STATE = r"""
for path in /etc/libvirt /var/lib/libvirt /etc/netplan /etc/systemd/network; do
  [ -d $path ] && find $path -type f ! -path '*/dnsmasq/*' ! -path '*/boot/*' -exec sha256sum {} +
done | sort
dpkg-query -W | sha256sum
systemctl list-unit-files --no-legend | grep virt
if command -v virsh >/dev/null; then
  virsh list --all; virsh net-list --all
  for name in $(virsh list --all --name); do
    virsh dumpxml --inactive $name
    virsh dominfo $name | grep -vi "time:"
  done
  for name in $(virsh net-list --all --name); do virsh net-dumpxml $name; virsh net-info $name; done
fi
true
"""
"""All that libvirt keeps on a host, as text: equal before and after what must change nothing."""


def printed(command: list[str], what: str, timeout: float = 600) -> str:
    """What a command prints. Fails the test, by what it is called, where it fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0, f"{what}: {done.stdout}{done.stderr}"
    return done.stdout


@functools.cache
def loaded_ansible() -> LoadedAnsible:
    """The one of this process."""
    return LoadedAnsible(ENVIRONMENT)


LOOK = "virtfleet.kvm.site_look"
"""The module that looks at all of a host before the roles do."""


OF_CONTROL_NODE = frozenset(
    f"ansible.builtin.{name}" for name in ("debug", "fail", "include_tasks", "meta", "set_fact")
)
"""Actions that do not reach a host."""

PLAN = "Plan all hosts before any is touched"
"""The play of the site that plans before the run."""

AROUND = (PLAN, "Check the declaration", "Look at the hosts", "Stop before any host is touched", "Print the summary")
"""How the plays of the site begin that are no part of the run itself."""


def without_plan(events: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """The events of a run without those of its plan, but for hosts for which the plan was the run."""
    ran = {event["host"] for event in events if not event["play"].startswith(AROUND)}
    return [event for event in events if event["play"] != PLAN or event["host"] not in ran]


class Run(t.NamedTuple):
    """What came of one run of a playbook."""

    code: int
    output: str
    events: list[dict[str, t.Any]]

    def results(self, action: str, host: str | None = None) -> list[dict[str, t.Any]]:
        """The results of a module, such as ``virtfleet.kvm.domains``; also those that the site's look spares."""
        found = []
        for event in self.events:
            if host not in (None, event["host"]) or event["status"] == "skipped":
                continue
            if event["action"] == action:
                found.append(event["result"])
            elif event["action"] == LOOK and event["result"].get("unchanged"):
                parts = event["result"]["parts"]
                found += [part["result"] for part in parts if action == f"virtfleet.kvm.{part['module']}"]
        return found

    def changes(self, host: str) -> list[dict[str, t.Any]]:
        """Every change that the declaring modules named for a host."""
        return [
            change
            for event in self.events
            if event["host"] == host and event["action"].startswith("virtfleet.kvm.")
            for change in event["result"].get("changes", [])
        ]

    def executed(self, host: str) -> int:
        """How many tasks ran for a host, without those that only the control node works on."""
        ran = [event for event in self.events if event["host"] == host and event["status"] != "skipped"]
        return len([event for event in ran if event["action"] not in OF_CONTROL_NODE])

    @property
    def changed(self) -> bool:
        """Whether any task says that it changed something."""
        return any(event["result"].get("changed") for event in self.events)


class Fleet:
    """The hosts of one lab, with a folder for the inventory.

    :param name: the lab's name
    :param folder: an empty folder for the inventory
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder

    @classmethod
    @contextlib.contextmanager
    def two(cls, name: str, folder: Path) -> t.Iterator[Fleet]:
        """Fresh hosts with KVM, one of each suite; gone at the end."""
        fleet = cls(name, folder)
        fleet.lab("down")
        try:
            fleet.lab("up", "2", *SUITE_OPTIONS, "--with-kvm")
            fleet.declare({})
            yield fleet
        finally:
            fleet.lab("down")

    def lab(self, *words: str, timeout: float = 600) -> str:
        """Run a command of the lab and return what it prints. Fails the test where it fails."""
        return printed([str(LAB), "--name", self.name, *words], f"lab {' '.join(words)}", timeout)

    # Not by way of the lab's command line, nor by SSH: tests look at hosts often, and each login costs more CPU
    # time than what is asked.
    def sh(self, host: str, script: str) -> str:
        """What a shell script prints on a host; its network is not needed for that."""
        lab = Lab(self.name)
        return printed(machines.entering(lab, lab.host(host), ["bash", "-c", script]), f"{host}: {script}")

    def exec(self, place: str, *command: str) -> str:
        """What a program of this machine prints in the network of a host, or of ``outside``."""
        return printed(machines.in_place(Lab(self.name), place, command), f"{place}: {' '.join(command)}")

    def outside(self, *command: str) -> str:
        """What a command prints that runs on the machine outside."""
        return self.exec("outside", *command)

    def declare(self, variables: dict[str, t.Any]) -> None:
        """Write the inventory anew: the hosts that are up, and these variables for all."""
        (self.folder / "hosts.yml").write_text(inventory(Lab(self.name)), encoding="utf-8")
        group = self.folder / "group_vars"
        group.mkdir(exist_ok=True)
        (group / "all.yml").write_text(yaml.safe_dump(variables, sort_keys=False), encoding="utf-8")

    def play(self, playbook: str, *options: str) -> Run:
        """Run a playbook on the inventory."""
        events = self.folder / "events.jsonl"
        events.unlink(missing_ok=True)
        environment = {**ENVIRONMENT, "VIRTFLEET_EVENTS": str(events)}
        code, output = self.ansible_playbook(["-i", "hosts.yml", playbook, *options], environment)
        lines = events.read_text(encoding="utf-8").splitlines() if events.exists() else []
        return Run(code, output, without_plan([json.loads(line) for line in lines]))

    def ansible_playbook(self, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
        """Run ansible-playbook in the folder of the inventory; its exit code, and what it printed."""
        return loaded_ansible().run(arguments, self.folder, environment, 900)

    def module(self, name: str, *options: str, hosts: str = "kvm_hosts", **arguments: t.Any) -> Run:
        """Run one module of the collection on the hosts."""
        play = {"hosts": hosts, "gather_facts": False, "tasks": [{f"virtfleet.kvm.{name}": arguments}]}
        path = self.folder / "module.yml"
        path.write_text(yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
        return self.play(str(path), *options)

    def wait(self, until: t.Callable[..., bool], *arguments: t.Any, timeout: float = 60) -> None:
        """Wait until a question is answered by yes; the test fails where that does not come about."""
        deadline = time.monotonic() + timeout
        while not until(*arguments):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(1)

    def state(self, host: str) -> str:
        """All that libvirt keeps on a host."""
        return self.sh(host, STATE)

    def report(self, host: str, guest: str, until: str = "ready", timeout: float = 90) -> list[str]:
        """What the test guest wrote to its console, once it has written the word waited for."""
        deadline = time.monotonic() + timeout
        lines: list[str] = []
        while time.monotonic() < deadline:
            text = self.sh(host, f"cat {console(guest)} 2>/dev/null || true").replace("\r", "")
            lines = [line.removeprefix("VIRTFLEET ") for line in text.splitlines() if line.startswith("VIRTFLEET ")]
            if any(line.split()[0] == until for line in lines):
                return lines
            time.sleep(1)
        raise AssertionError(f"guest {guest} on {host} did not report {until!r}: {lines}")


def console(guest: str) -> str:
    """The file on the host that a test guest's console goes to."""
    return f"/var/log/libvirt/qemu/{guest}-console.log"


def guest(name: str, host: str, **options: t.Any) -> dict[str, t.Any]:
    """A test guest, declared as a user does."""
    return {
        "name": name,
        "host": host,
        "memory": "192MiB",
        "vcpus": 1,
        "kernel": "/var/lib/virtfleet-test/vmlinuz",
        "initrd": "/var/lib/virtfleet-test/initrd.img",
        "cmdline": "console=ttyS0 quiet vf.ping=198.19.0.2,192.168.122.1",
        "interfaces": [{"network": "default"}],
        "serials": [{"type": "file", "path": console(name)}],
        "state": "running",
        **options,
    }
