# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's programs on what the documentation shows, in a folder of its own, without the user's settings."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from loaded_ansible import PROGRAMS

from ansible_collections.virtfleet.kvm.tests.unit.ansible_runs import ansible, environment

from .blocks import ROOT

NAMESPACE = "virtfleet.kvm"

# One host, on which libvirt's own test driver answers.
HOST = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
INVENTORY = {"kvm_hosts": {"hosts": {"kvm01": HOST, "kvm02": HOST}}}
GUESTS = [{"name": "web01", "host": "kvm01", "memory": "1GiB"}]

Tasks = list[dict[str, Any]]


def run(folder: Path, *command: str) -> str:
    """Run a program; what it says is the message where it fails.

    A folder with an ansible.cfg gets a program of its own, which reads it.
    """
    if command[0] in PROGRAMS and not (folder / "ansible.cfg").exists():
        code, output, errors = ansible(folder, *command)
    else:
        env = {**environment(), "ANSIBLE_HOME": str(folder / ".ansible")}
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        code, output, errors = done.returncode, done.stdout, done.stderr
    assert code == 0, f"{' '.join(command)}\n{output}\n{errors}"
    return output


def write(folder: Path, name: str, content: Any) -> Path:
    """A file of a project; what is no text is written as YAML."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))
    return path


def ready(folder: Path) -> None:
    """The folder has an inventory, be it one that is made up."""
    if not (folder / "inventory").exists():
        write(folder, "inventory/hosts.yml", INVENTORY)


def check_syntax(folder: Path, playbook: str, *options: str) -> None:
    """Let ansible-playbook load a playbook, a file or one of the collection, with these options."""
    ready(folder)
    run(folder, "ansible-playbook", *(options or ("-i", "inventory")), playbook, "--syntax-check")


@functools.cache
def documentation(kind: str) -> dict[str, Any]:
    """What ansible-doc says of the collection's plugins of a kind, by name."""
    folder = "modules" if kind == "module" else kind
    files = ROOT.glob(f"plugins/{folder}/[!_]*" + (".yml" if kind == "filter" else ".py"))
    names = sorted(f"{NAMESPACE}.{path.stem}" for path in files)
    return json.loads(run(ROOT, "ansible-doc", "--json", "-t", kind, *names)) if names else {}


THERE: Tasks = [
    {f"{NAMESPACE}.networks": {"config": [{"name": "lan"}, {"name": "direct"}]}},
    {
        f"{NAMESPACE}.pools": {
            "config": [{"name": name, "target": f"/srv/{name}"} for name in ("default", "fast", "vms")]
        }
    },
]
"""What the host of the examples has; in check mode it counts as there."""

WITH_SNAPSHOTS: Tasks = [
    {
        f"{NAMESPACE}.domains": {
            "config": [
                {"name": name, "memory": "64MiB", "disks": [{"size": "1GiB"}, {"size": "1GiB"}]}
                for name in ("web01", "db01")
            ]
        }
    }
]
"""The guests that examples of snapshots are about."""


def run_tasks(folder: Path, tasks: Tasks, variables: dict[str, Any] | None = None) -> None:
    """Run tasks in check mode on libvirt's test driver; those that do not ask libvirt are only loaded.

    The variables are what the user of the tasks brings along.

    Either way, the options of the collection's modules are held against their documentation.
    """
    for task in tasks:
        for name in modules(task):
            check_options(task[name] or {}, documentation("module")[name]["doc"].get("options") or {}, name)
    asked = [name for task in tasks for name in modules(task)]
    there = [*THERE, *(WITH_SNAPSHOTS if f"{NAMESPACE}.snapshots" in asked else [])]
    play = {
        "name": "Run an example",
        "hosts": "kvm01",
        "gather_facts": False,
        "vars": {"kvm_guests": GUESTS, **(variables or {})},
        "module_defaults": {f"group/{NAMESPACE}.kvm": {"uri": "test:///default"}},
        # Filters alone ask no host.
        "pre_tasks": there if asked else [],
        "tasks": tasks,
    }
    ready(folder)
    write(folder, "play.yml", [play])
    if all(asks_libvirt(name) for task in tasks for name in modules(task)) and not any(map(touches, tasks)):
        run(folder, "ansible-playbook", "-i", "inventory", "--check", "--diff", "play.yml")
    else:
        run(folder, "ansible-playbook", "-i", "inventory", "--syntax-check", "play.yml")


def modules(task: dict[str, Any]) -> list[str]:
    """The collection's modules that a task calls."""
    return [name for name in task if name.startswith(f"{NAMESPACE}.")]


def touches(task: dict[str, Any]) -> bool:
    """Whether a task calls a module of others that is more than words."""
    words = ("ansible.builtin.debug", "ansible.builtin.assert", "ansible.builtin.set_fact")
    return any("." in name and name not in words and not name.startswith(f"{NAMESPACE}.") for name in task)


def asks_libvirt(module: str) -> bool:
    """Whether a module asks libvirt for what its test driver has; it has no secrets."""
    return "secrets" not in module and "uri" in (documentation("module")[module]["doc"].get("options") or {})


def check_options(given: Any, documented: dict[str, Any], where: str) -> None:
    """Every option that is given is documented, however deep."""
    if isinstance(given, list):
        for item in given:
            check_options(item, documented, where)
    elif isinstance(given, dict):
        for name, value in given.items():
            assert name in documented, f"{where}: there is no option {name!r}"
            inner = documented[name].get("suboptions") or {}
            if where == f"{NAMESPACE}.site_look.parts" and name == "options":
                inner = documentation("module")[f"{NAMESPACE}.{given['module']}"]["doc"]["options"]
            check_options(value, inner, f"{where}.{name}")
