# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declares each mistake in check mode and for real, and prints what was said and what of the host is another.

Runs on the host. A line of JSON for each mistake: ``case``, ``words``, ``check``, ``run`` and ``changed``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t

import libvirt
from host_fuzz.check_cases import BAD, CASES
from host_fuzz.modules import Modules, said

FOLDERS = ("/var/lib/libvirt/images", "/etc/libvirt", "/var/lib/virtfleet", "/nope")
SETUP = """
virsh net-start default; virsh net-autostart default
virsh pool-define-as default dir --target /var/lib/libvirt/images; virsh pool-start default
virsh pool-define-as off dir --target /srv/off
virsh vol-create-as default base.qcow2 1MiB --format qcow2
for name in off nobridge; do
  echo "<network><name>$name</name><forward mode='bridge'/><bridge name='br77'/></network>" > /tmp/net.xml
  virsh net-define /tmp/net.xml
done
virsh net-start nobridge
"""


def shell(script: str) -> str:
    """What a script prints."""
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    return done.stdout


def prepare(modules: Modules) -> None:
    """What is there before (see check_cases)."""
    shell(SETUP)
    here = {**BAD, "name": "here", "vcpus": 2, "cpu": {"topology": {"sockets": 1, "cores": 2, "threads": 1}}}
    for config in (here, {**BAD, "name": "runs", "state": "running"}):
        done = modules.run("domains", {"config": [config]})
        if done.get("failed"):
            raise SystemExit(said(done))


def state(connection: t.Any) -> dict[str, str]:
    """All that a failed run must leave as it was: what is defined and runs, the volumes, the files."""
    found = {}
    for domain in connection.listAllDomains(0):
        found[f"domain {domain.name()}"] = f"{domain.isActive()} {domain.XMLDesc(2)}"
    for network in connection.listAllNetworks(0):
        found[f"network {network.name()}"] = f"{network.isActive()} {network.XMLDesc(1)}"
    for pool in connection.listAllStoragePools(0):
        found[f"pool {pool.name()}"] = f"{pool.isActive()} {pool.XMLDesc(1)}"
        if pool.isActive():
            found[f"volumes {pool.name()}"] = " ".join(sorted(pool.listVolumes()))
    for folder in FOLDERS:
        for place, _folders, files in os.walk(folder):
            found[place] = " ".join(sorted(files))
    return found


def difference(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What is another, by name."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def main() -> None:
    modules = Modules()
    prepare(modules)
    first, last = (int(word) for word in sys.argv[1:3])
    connection = libvirt.open("qemu:///system")
    before = state(connection)
    for module, config, words in CASES[first:last]:
        check = modules.run(module, {"config": [config]}, check=True)
        between = difference(before, state(connection))
        run = modules.run(module, {"config": [config]})
        changed = [*between, *difference(before, state(connection))]
        line: dict[str, t.Any] = {"case": [module, config], "words": words, "changed": changed}
        print(json.dumps({**line, "check": said(check), "run": said(run), "failed": bool(run.get("failed"))}))
        if changed:
            before = state(connection)


main()
