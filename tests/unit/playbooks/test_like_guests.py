# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Like guests, written short and in files: what the check and the roles make of them on libvirt's test driver."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import LOCAL, play

GROUPS = {"kvm_hosts": {"hosts": {"kvm01": LOCAL, "kvm02": LOCAL}}, "north": {"hosts": {"kvm02": {}}}}
HOST = "<node><network><name>default</name></network></node>"
TASKS = {
    "networks": {"ansible.builtin.import_role": {"name": "virtfleet.kvm.networks", "tasks_from": "declare"}},
    "storage": {
        "ansible.builtin.import_role": {"name": "virtfleet.kvm.storage", "tasks_from": "declare"},
        "when": "storage_needed",
    },
    "guests": {"ansible.builtin.import_role": {"name": "virtfleet.kvm.guests"}},
    "keep": {
        "ansible.builtin.copy": {
            "content": "{{ {'guests': guests_declared.diff, 'pools': storage_declared.diff | default([]), 'networks':"
            " networks_declared.diff} | to_json }}",
            "dest": "{{ playbook_dir }}/{{ inventory_hostname }}.got",
        },
        "check_mode": False,
    },
}
FLEET = {
    "kvm_networks": [
        {
            "name": "lan",
            "bridge": "virbr7",
            "forward": "nat",
            "ips": [{"address": "10.7.0.1/24", "dhcp": {"ranges": [{"start": "10.7.0.100", "end": "10.7.0.199"}]}}],
        },
        {"name": "dmz", "bridge": "virbr8", "ips": ["10.8.0.1/24"]},
    ],
    "kvm_guest_defaults": {"memory": "64MiB", "interfaces": ["lan"], "title": "fleet", "state": "running"},
    "kvm_guest_profiles": {"db": {"memory": "128MiB", "disks": [{"size": "1MiB", "format": "raw"}]}},
    "kvm_guests_dir": "guests",
}


def made(folder: Path, *options: str, **variables: Any) -> tuple[int, str, dict[str, Any]]:
    """Run the check and the roles; its exit code, what it printed, and the lines of each guest's diff, by host."""
    (folder / "host.xml").write_text(HOST)
    roles = {
        "hosts": "kvm_hosts",
        "gather_facts": False,
        "module_defaults": {"group/virtfleet.kvm.kvm": {"uri": f"test://{folder}/host.xml"}},
        "tasks": [{"name": name, **task} for name, task in TASKS.items()],
    }
    (folder / "part.yml").write_text(yaml.safe_dump([{"import_playbook": "virtfleet.kvm.check"}, roles]))
    code, output = play(folder, "part.yml", "--check", "--diff", *options, groups=GROUPS, **variables)
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.got")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        changes = [dict(line.split(": ", 1) for line in change["after"].splitlines()) for change in kept["guests"]]
        found[path.stem] = {
            "pools": len(kept["pools"]),
            "networks": "\n".join(change["after"] for change in kept["networks"]),
            "guests": {lines.get("definition.name", ""): lines for lines in changes},
        }
    return code, output, found


def write(folder: Path, name: str, content: Any) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))


def test_like_guests_from_lists_and_files(tmp_path: Path) -> None:
    secret = VaultLib([(None, VaultSecret(b"a password"))]).encrypt("sesame").decode().replace("\n", "\n  ")
    write(tmp_path, "guests/web02.yml", f"name: web02\nhost: kvm02\ntitle: own\ncmdline: !vault |\n  {secret}\n")
    write(tmp_path, "password", "a password")
    db = {"name": "db01", "host": "kvm01", "profile": "db", "interfaces": [{"network": "lan", "ip": "10.7.0.11"}]}
    write(tmp_path, "guests/db.yml", [db])
    write(tmp_path, "group_vars/north.yml", {"kvm_guest_defaults_group": {"title": "north", "description": "up"}})
    options = ("--vault-password-file", "password")
    code, output, found = made(tmp_path, *options, kvm_guests=[{"name": "web01", "host": "kvm01"}], **FLEET)
    assert code == 0, output
    assert "DEPRECATION" not in output
    web01, db01 = found["kvm01"]["guests"]["web01"], found["kvm01"]["guests"]["db01"]
    web02 = found["kvm02"]["guests"]["web02"]
    assert (web01["definition.memory"], web01["definition.title"]) == ("64MiB", "fleet")
    assert (web02["definition.memory"], web02["definition.title"]) == ("64MiB", "own")
    assert (web02["definition.description"], web02["definition.cmdline"]) == ("up", "sesame")
    assert web01["definition.interfaces[0].network"] == web02["definition.interfaces[0].network"] == "lan"
    assert web01["state"] == web02["state"] == db01["state"] == "running"
    assert db01["definition.memory"] == "128MiB"
    assert db01["definition.disks[0].volume"] == "db01-vda.raw"
    # The network keeps the address for the very interface that the guest gets.
    mac = db01["definition.interfaces[0].mac"]
    assert f"ips[0].dhcp.hosts[0].mac: {mac}" in found["kvm01"]["networks"]
    assert "ips[0].dhcp.hosts[0].ip: 10.7.0.11" in found["kvm01"]["networks"]
    assert "dhcp.hosts" not in found["kvm02"]["networks"]
    assert len(found["kvm01"]["guests"]) == 2
    assert len(found["kvm02"]["guests"]) == 1
    # The disk of a profile needs a pool; where no guest has one, nothing is asked of the host.
    assert found["kvm01"]["pools"] == 1
    assert found["kvm02"]["pools"] == 0


def test_what_is_wrong_in_a_file_is_refused_before_any_host_is_asked(tmp_path: Path) -> None:
    write(tmp_path, "guests/web01.yml", {"name": "web01", "host": "kvm01", "profile": "dbb"})
    code, output, found = made(tmp_path, **FLEET)
    assert code != 0
    assert (
        "guest web01: profile: 'dbb' is not in kvm_guest_profiles; did you mean 'db'? (in guests/web01.yml)" in output
    )
    assert "Traceback" not in output
    assert not found


def test_a_role_alone_says_it_too(tmp_path: Path) -> None:
    write(tmp_path, "guests/web01.yml", {"name": "web01", "host": "kvm01"})
    (tmp_path / "part.yml").write_text(
        yaml.safe_dump([{"hosts": "kvm01", "gather_facts": False, "roles": ["virtfleet.kvm.guests"]}])
    )
    code, output = play(
        tmp_path, "part.yml", groups=GROUPS, kvm_guests_dir="guests", kvm_guest_defaults={"memroy": "hunter2hunter2"}
    )
    assert code != 0
    assert "kvm_guest_defaults: memroy: no such option; did you mean 'memory'?" in output
    assert "Traceback" not in output
