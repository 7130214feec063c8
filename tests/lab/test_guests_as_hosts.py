# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an image to a play on the guests: real guests with cloud-init on NAT, a bridge and MacVTap, in one command."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from fleet import Fleet, Run, console, loaded_ansible
from virtfleet_lab import cloud_image
from virtfleet_lab import hosts as machines
from virtfleet_lab.state import Lab

pytestmark = pytest.mark.long

NAME = "guestsashosts"
OUTSIDE = "198.19.0.2"
PORT = 8060
STATIC = "198.18.0.20"
AGENT = {"type": "unix", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}
CONTENT = "made by the seed of {name}\n"

DEFAULTS: dict[str, t.Any] = {
    "memory": "512MiB",
    "vcpus": 1,
    "state": "running",
    "image": "debian",
    "channels": [AGENT],
    "wait_for": "cloud_init",
    "wait_timeout": 1500,
}


def guests(key: str) -> list[dict[str, t.Any]]:
    """A guest on each kind of network: on NAT and MacVTap of one host, and on the bridge of the other.

    :param key: the public key of whoever logs in
    """
    found = []
    for name, host, interface in (
        ("natted", "kvm01", {"network": "default"}),
        ("tapped", "kvm01", {"direct": "eno1"}),
        (
            "bridged",
            "kvm02",
            {"bridge": "br0", "ip": f"{STATIC}/24", "gateway": "198.18.0.1", "nameservers": ["198.18.0.1"]},
        ),
    ):
        cloud = {
            "ssh_authorized_keys": [key],
            "users": ["default", {"name": "kim", "ssh_authorized_keys": [key], "sudo": "ALL=(ALL) NOPASSWD:ALL"}],
            "write_files": [{"path": "/etc/seeded", "content": CONTENT.format(name=name)}],
            "fqdn": f"{name}.lab.test",
            "user_data": {"manage_etc_hosts": True},
        }
        serial = {"type": "file", "path": console(name)}
        guest = {"name": name, "host": host, "interfaces": [interface], "serials": [serial], "cloud_init": cloud}
        found.append(guest)
    return found


class Patient(Fleet):
    """A fleet whose runs may take long: three guests boot under emulation."""

    def ansible_playbook(self, arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
        return loaded_ansible().run(arguments, self.folder, environment, 2000)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    """Two hosts, and a web server outside that has the image and its list."""
    with Patient.two(NAME, tmp_path_factory.mktemp(NAME)) as made:
        lab = Lab(NAME)
        folder = cloud_image.build(lab, lab.host("kvm02"))
        command = ["python3", "-m", "http.server", "--bind", OUTSIDE, "--directory", str(folder), str(PORT)]
        server = subprocess.Popen(
            machines.in_place(lab, "outside", command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            declare(made)
            yield made
        finally:
            server.kill()
            server.wait()


def declare(fleet: Fleet) -> None:
    """Write the inventory: what people write, and how this machine logs in, which has no way into the lab's network."""
    lab = Lab(NAME)
    web = f"http://{OUTSIDE}:{PORT}"
    image = {"name": "debian", "url": f"{web}/{cloud_image.NAME}", "checksum": f"{web}/SHA256SUMS", "mode": "overlay"}
    key = Path(f"{lab.key}.pub").read_text(encoding="utf-8").strip()
    fleet.declare({"kvm_images": [image], "kvm_guest_defaults": DEFAULTS, "kvm_guests": guests(key)})
    (fleet.folder / "host_vars").mkdir(exist_ok=True)
    default = {"name": "default", "autostart": True}
    (fleet.folder / "host_vars/kvm01.yml").write_text(yaml.safe_dump({"kvm_networks": [default]}), encoding="utf-8")
    bridge = {"name": "br0", "type": "bridge", "ports": ["eno1"]}
    (fleet.folder / "host_vars/kvm02.yml").write_text(yaml.safe_dump({"kvm_links": [bridge]}), encoding="utf-8")
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    plugin = {
        "plugin": "virtfleet.kvm.guests",
        "timeout": 60,
        "compose": {
            "ansible_user": "'kim'",
            "ansible_ssh_common_args": f"kvm_guest.ssh_args ~ ' {' '.join(options)}'"
            f" ~ ('' if kvm_guest.behind_host else \" -o 'ProxyCommand={lab.connector} %h %p'\")",
            "ansible_ssh_private_key_file": f"'{lab.key}'",
            "ansible_python_interpreter": "'/usr/bin/python3'",
        },
    }
    (fleet.folder / "zz-guests.kvm.yml").write_text(yaml.safe_dump(plugin), encoding="utf-8")
    (fleet.folder / "guests.yml").write_text(yaml.safe_dump(PLAYS, sort_keys=False), encoding="utf-8")


PLAYS: list[dict[str, t.Any]] = [
    {
        "name": "Find the guests",
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"name": "Ask the hosts again", "ansible.builtin.meta": "refresh_inventory"}],
    },
    {
        "name": "Set up the guests",
        "hosts": "kvm_guests",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Write a file",
                "ansible.builtin.copy": {
                    "content": "This is {{ kvm_guest.name }} on {{ kvm_guest.host }}.\n",
                    "dest": "/etc/motd",
                    "mode": "0644",
                },
                "become": True,
            },
            {
                "name": "Look at it",
                "ansible.builtin.command": "sh -c 'hostname; hostname -f; id -un; cat /etc/seeded /etc/motd; ip -br a'",
                "changed_when": False,
            },
        ],
    },
]
"""What comes after the site in the same command line."""


def play(fleet: Fleet, *options: str) -> Run:
    """The site, and then the play on the guests, in one command line."""
    return fleet.play("virtfleet.kvm.site", "guests.yml", "-i", "zz-guests.kvm.yml", *options)


def of_site(run: Run, host: str) -> list[tuple[str, str, t.Any]]:
    """What the guests' task tells that it changes."""
    (result,) = run.results("virtfleet.kvm.domains", host)
    return [(change["resource"], change["path"], change["after"]) for change in result["changes"]]


def looked(run: Run) -> dict[str, list[str]]:
    """What the guests say of themselves, in lines."""
    found = [event for event in run.events if event["action"] == "ansible.builtin.command"]
    return {event["host"]: event["result"]["stdout"].splitlines() for event in found}


def addresses(lines: list[str]) -> list[str]:
    """The addresses of a guest's card, without their prefixes."""
    return [word.partition("/")[0] for line in lines if line.startswith("eth0") for word in line.split()[2:]]


def test_from_an_image_to_a_play_on_the_guests(fleet: Fleet) -> None:
    said = fleet.play("virtfleet.kvm.site", "--check")
    assert said.code == 0, said.output
    done = play(fleet)
    assert done.code == 0, done.output
    for host in ("kvm01", "kvm02"):
        assert of_site(said, host) == of_site(done, host)
    seen = looked(done)
    assert sorted(seen) == ["bridged", "natted", "tapped"]
    hosts = {"natted": "kvm01", "tapped": "kvm01", "bridged": "kvm02"}
    for name, lines in seen.items():
        assert lines[:4] == [name, f"{name}.lab.test", "kim", CONTENT.format(name=name).strip()]
        assert lines[4] == f"This is {name} on {hosts[name]}."
    assert STATIC in addresses(seen["bridged"])
    assert any(one.startswith("192.168.122.") for one in addresses(seen["natted"]))
    assert any(one.startswith("198.18.0.") for one in addresses(seen["tapped"]))
    for host, names in (("kvm01", ["natted", "tapped"]), ("kvm02", ["bridged"])):
        (result,) = done.results("virtfleet.kvm.domains", host)
        assert sorted(result["addresses"]) == names
        assert all(result["addresses"].values())
    again = play(fleet)
    assert again.code == 0, again.output
    assert again.output.count("changed=0") == again.output.count("ok=")
