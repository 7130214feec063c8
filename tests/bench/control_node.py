# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fleet costs on the control node: CPU seconds of the check, and of handing each host its guests.

No host is asked: the check asks none, and the tasks run on the control node.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import typing as t
from pathlib import Path

EACH = 20
"""Guests of a host."""

SOME, MANY, ALL = 100, 400, 1000
"""Numbers of hosts."""

Variables = dict[str, t.Any]


def plain(number: int, nth: int) -> Variables:
    """A guest as most are written."""
    return {
        "name": f"guest{number:04}-{nth}",
        "host": f"kvm{number:04}",
        "memory": "1GiB",
        "vcpus": 2,
        "disks": [{"size": "10GiB"}],
        "interfaces": [{"network": "default"}],
    }


def fleet(hosts: int, change: t.Callable[[Variables], Variables] = lambda guest: guest) -> list[Variables]:
    """The guests of all hosts, each changed in some way."""
    return [change(plain(number, nth)) for number in range(hosts) for nth in range(EACH)]


def templates(guest: Variables) -> Variables:
    """A guest with three templates, of which each host has other values."""
    return {**guest, "title": "{{ site }}", "description": "{{ inventory_hostname }}", "memory": "{{ memory }}"}


def template_as_host(guest: Variables) -> Variables:
    """A guest of which a template tells the host."""
    return {**guest, "host": f"{{{{ groups['kvm_hosts'][{int(guest['host'][3:])}] }}}}"}


def of_list(guests: list[Variables]) -> tuple[Variables, dict[str, Variables]]:
    """One list for the fleet: the variables of all hosts, and those of each."""
    return {"kvm_guests": guests, "site": "here", "memory": "1GiB"}, {}


def of_sum(guests: list[Variables]) -> tuple[Variables, dict[str, Variables]]:
    """A list that a template joins."""
    middle = len(guests) // 2
    return {"kvm_guests": "{{ web + db }}", "web": guests[:middle], "db": guests[middle:]}, {}


def of_hosts(guests: list[Variables]) -> tuple[Variables, dict[str, Variables]]:
    """A list of its own for each host."""
    found: dict[str, Variables] = {}
    for guest in guests:
        found.setdefault(guest["host"], {"kvm_guests": []})["kvm_guests"].append(guest)
    return {}, found


KINDS: dict[str, t.Callable[[int], tuple[Variables, dict[str, Variables]]]] = {
    "none": lambda hosts: of_list([]),
    "a plain list": lambda hosts: of_list(fleet(hosts)),
    "three templates in each guest": lambda hosts: of_list(fleet(hosts, templates)),
    "templates as hosts": lambda hosts: of_list(fleet(hosts, template_as_host)),
    "two lists joined": lambda hosts: of_sum(fleet(hosts)),
    "a list for each host": lambda hosts: of_hosts(fleet(hosts)),
}
"""How the guests of a number of hosts are written: the variables of all hosts, and those of each."""

EMPTY = {"hosts": "kvm_hosts", "gather_facts": False, "tasks": [{"ansible.builtin.assert": {"that": "true"}}]}
HANDED = {
    **EMPTY,
    "tasks": [
        {"ansible.builtin.assert": {"that": f"lookup('virtfleet.kvm.host_guests') | length == {EACH}", "quiet": True}}
    ],
}


def write(folder: Path, kind: str, hosts: int) -> Path:
    """Write an inventory, and return its file: JSON is read far faster than YAML."""
    shared, own = KINDS[kind](hosts)
    names = [f"kvm{number:04}" for number in range(hosts)]
    inventory = {
        "all": {"vars": {"ansible_connection": "local", **shared}},
        "kvm_hosts": {"hosts": {name: own.get(name, {}) for name in names}},
    }
    path = folder / "fleet.json"
    path.write_text(json.dumps(inventory), encoding="utf-8")
    return path


def run(inventory: Path, playbook: str) -> dict[str, float]:
    """Run a playbook. Returns its CPU seconds, and the most memory that a process had, in MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), playbook]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise ValueError(f"{playbook}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": spent, "memory": after.ru_maxrss / 1024}


def measure(folder: Path, add: t.Callable[[str, int, dict[str, float]], None]) -> None:
    """Measure all, side by side.

    :param folder: where inventories and playbooks may be written
    :param add: takes what was measured: what, the number of hosts, and the figures
    """
    for kind in KINDS:
        for hosts in (SOME, MANY, ALL) if kind in ("none", "a plain list") else (SOME, MANY):
            add(f"check, {kind}", hosts, run(write(folder, kind, hosts), "virtfleet.kvm.check"))
    inventory = write(folder, "a plain list", MANY)
    for what, play in (("a task for each host", EMPTY), ("a task with the host's guests", HANDED)):
        playbook = folder / "handed.yml"
        # The site begins with the check, which loads the collection's code for all tasks.
        playbook.write_text(json.dumps([{"import_playbook": "virtfleet.kvm.check"}, play]), encoding="utf-8")
        whole = run(inventory, str(playbook))
        check = run(inventory, "virtfleet.kvm.check")
        add(what, MANY, {"seconds": whole["seconds"] - check["seconds"]})
    os.unlink(inventory)
