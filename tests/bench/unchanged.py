# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site costs where nothing is to be done: its seconds on many hosts, to those of a play with one ping.

The hosts are libvirt's test driver. Packages and links are left out, for all hosts are this machine.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
import uuid
from pathlib import Path

EACH = 20
"""Guests of a host."""

FEW, SOME, MANY = 10, 50, 100
"""Numbers of hosts."""

SITE = Path(__file__).resolve().parents[2] / "playbooks"
TAGS = "networks,storage,guests"
PING = [{"hosts": "kvm_hosts", "gather_facts": False, "tasks": [{"ansible.builtin.ping": None}]}]
PLAIN = {"ANSIBLE_NOCOLOR": "1"}
NETWORK = (
    "<network><name>default</name><bridge name='virbr0'/><ip address='192.0.2.1' netmask='255.255.255.0'/></network>"
)


def guest(host: str, number: int) -> tuple[dict[str, t.Any], str]:
    """A guest as it is declared, and as libvirt has it."""
    name = f"{host}-{number}"
    mac = f"52:54:11:00:{int(host[-3:]):02x}:{number:02x}"
    declared = {
        "name": name,
        "host": host,
        "memory": "64MiB",
        "vcpus": 2,
        "state": "running",
        "interfaces": [{"network": "default", "mac": mac}],
    }
    return declared, (
        f"<domain type='test'><name>{name}</name><uuid>{uuid.uuid5(uuid.NAMESPACE_DNS, name)}</uuid>"
        "<memory unit='KiB'>65536</memory><vcpu>2</vcpu><os><type>hvm</type></os><devices>"
        f"<interface type='network'><mac address='{mac}'/><source network='default'/></interface></devices></domain>"
    )


def prepare(folder: Path, hosts: int) -> None:
    """Write the hosts, the inventory and both playbooks."""
    import yaml  # What draws the pictures has it not, and only needs the numbers of hosts.

    names = [f"kvm{number:03}" for number in range(hosts)]
    declared = []
    for host in names:
        pairs = [guest(host, number) for number in range(EACH)]
        declared += [options for options, _xml in pairs]
        (folder / f"{host}.xml").write_text(f"<node>{NETWORK}{''.join(xml for _options, xml in pairs)}</node>")
    shared = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "kvm_guests": declared,
        "kvm_networks": [{"name": "default"}],
        "kvm_owner": "bench",
    }
    inventory = {"all": {"vars": shared}, "kvm_hosts": {"hosts": {name: {} for name in names}}}
    (folder / "fleet.json").write_text(json.dumps(inventory), encoding="utf-8")
    (folder / "ping.yml").write_text(json.dumps(PING), encoding="utf-8")
    plays = yaml.safe_load((SITE / "site.yml").read_text(encoding="utf-8"))
    for play in plays[1:]:
        uri = f"test://{folder}/{{{{ inventory_hostname }}}}.xml"
        play["module_defaults"] = {"group/virtfleet.kvm.kvm": {"uri": uri}}
    plays[0] = {"import_playbook": "virtfleet.kvm.check"}
    (folder / "site.yml").write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    if not (folder / "tasks").exists():
        (folder / "tasks").symlink_to(SITE / "tasks")


def run(folder: Path, playbook: str, *options: str) -> dict[str, float]:
    """The seconds that a playbook takes. Nothing may change."""
    started = time.monotonic()
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "fleet.json", playbook, *options],
        cwd=folder,
        # Python keeps what it has compiled, as it does on a host of one's own.
        env={**{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}, **PLAIN},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    seconds = time.monotonic() - started
    if done.returncode or "changed=1" in done.stdout:
        raise ValueError(f"{playbook}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return {"seconds": seconds}


def measure(folder: Path, add: t.Callable[[str, int, dict[str, float]], None]) -> None:
    """Measure both side by side.

    :param folder: an empty folder
    :param add: takes what was measured: what, the number of hosts, and the figures
    """
    for hosts in (FEW, SOME, MANY):
        prepare(folder, hosts)
        add("ping", hosts, run(folder, "ping.yml"))
        add("unchanged", hosts, run(folder, "site.yml", "--tags", TAGS))
