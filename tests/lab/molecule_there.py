# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule on a host of the lab, so that the machine itself on which the guests are to run is that host."""

from __future__ import annotations

import io
import shlex
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import yaml
from fleet import Fleet, printed
from molecule_runs import MoleculeRuns
from virtfleet_lab import cloud_guest
from virtfleet_lab import hosts as machines
from virtfleet_lab.state import Lab

HOST = "kvm01"
ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = "examples/role-with-molecule"
PROGRAMS, COLLECTIONS = "/opt/molecule", "/opt/collections"
COLLECTION = f"{COLLECTIONS}/ansible_collections/virtfleet/kvm"
VERSIONS = ("molecule==26.10.0", "ansible-core==2.19.14")
PARTS = ("plugins", "roles", "playbooks", "examples", "meta", "galaxy.yml")
"""What of the collection the host needs."""

IMAGES = [{"name": name, "path": f"{cloud_guest.FOLDER}/disk.img"} for name in ("debian-12", "debian-13")]
KERNEL = {
    "kernel": f"{cloud_guest.FOLDER}/vmlinuz",
    "initrd": f"{cloud_guest.FOLDER}/initrd.img",
    "cmdline": cloud_guest.CMDLINE,
}


def give(fleet: Fleet, host: str, folder: str, files: t.Mapping[str, Path]) -> None:
    """Put files and folders into a folder of the host."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, source in files.items():
            archive.add(source, name, filter=lambda one: None if one.name.endswith("__pycache__") else one)
    lab = Lab(fleet.name)
    fleet.sh(host, f"mkdir -p {folder}")
    unpack = machines.entering(lab, lab.host(host), ["tar", "--extract", "--no-same-owner", "--directory", folder])
    subprocess.run(unpack, input=packed.getvalue(), check=True)


def install(fleet: Fleet, host: str = HOST) -> None:
    """Put molecule, the collection and the image for its guests on the host, which reaches no index of packages."""
    version = fleet.sh(host, "python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'").strip()
    programs = fleet.folder / f"molecule-{host}"
    where = ["--target", str(programs), "--python-version", version, "--only-binary", ":all:"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *where, *VERSIONS]
    printed(command, "molecule for the host")
    give(fleet, host, PROGRAMS, {".": programs})
    # The scripts name the Python of this machine.
    fleet.sh(host, f"sed -i '1s|^#!.*|#!/usr/bin/python3|' {PROGRAMS}/bin/*")
    give(fleet, host, COLLECTION, {name: ROOT / name for name in PARTS})
    lab = Lab(fleet.name)
    cloud_guest.push(lab, lab.host(host))


class There(MoleculeRuns):
    """A checkout of the example on the host, of a user of the host.

    :param user: who works with it
    :param folder: the name of its folder, in a folder of its own for each user
    :param host: that host
    :param settings: what the user has set for all scenarios
    """

    def __init__(
        self, fleet: Fleet, user: str = "root", folder: str = "web", host: str = HOST, **settings: t.Any
    ) -> None:
        self.fleet, self.user, self.host = fleet, user, host
        self.home = fleet.sh(self.host, f"getent passwd {user} | cut -d: -f6").strip()
        self.folder, self.ansible = f"{self.home}/{folder}", f"{self.home}/.ansible-of-{folder}"
        self.settings: dict[str, t.Any] = {
            "molecule_timeout": 1500,
            "kvm_images": IMAGES,
            "kvm_guest_defaults": KERNEL,
            **settings,
        }
        fleet.sh(
            self.host, f"rm -rf {self.folder}; mkdir -p {self.folder}; cp -r {COLLECTION}/{EXAMPLE}/. {self.folder}"
        )
        self.set()

    def write(self, name: str, content: object) -> None:
        """Write a file below the checkout."""
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path = f"{self.folder}/{name}"
        self.fleet.sh(
            self.host,
            f"mkdir -p $(dirname {path}); cat >{path} <<'END'\n{text}\nEND\nchown -R {self.user}: {self.folder}",
        )

    def set(self, **more: t.Any) -> None:
        """Write what the user has set for all scenarios."""
        self.settings |= more
        self.write("base.yml", self.base())

    def base(self) -> dict[str, t.Any]:
        """What the user has set for all scenarios, as molecule takes it."""
        return {"provisioner": {"inventory": {"group_vars": {"all": self.settings}}}}

    def declare(self, *guests: dict[str, t.Any], scenario: str = "default", **variables: t.Any) -> None:
        """Declare the guests of a scenario."""
        declared = {"all": {"vars": {"kvm_guests": list(guests), **variables}}}
        self.write(f"molecule/{scenario}/inventory/hosts.yml", declared)

    def words(self, *command: str) -> list[str]:
        """A command as the user enters it in the folder of the checkout."""
        as_user = (
            [] if self.user == "root" else ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--init-groups"]
        )
        number = self.fleet.sh(self.host, f"id -u {self.user}").strip()
        environment = {
            "HOME": self.home,
            "USER": self.user,
            "XDG_RUNTIME_DIR": f"/run/user/{number}",
            "PATH": f"{PROGRAMS}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHONPATH": PROGRAMS,
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
            "ANSIBLE_HOME": self.ansible,
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "COLUMNS": "120",
        }
        given = [f"{name}={value}" for name, value in environment.items()]
        return [*as_user, "env", "--chdir", self.folder, "--ignore-environment", *given, *command]

    def sh(self, script: str, timeout: float = 600) -> str:
        """What a script of the user prints. Fails the test where it fails."""
        lab = Lab(self.fleet.name)
        command = machines.entering(lab, lab.host(self.host), self.words("bash", "-c", script))
        return printed(command, f"{self.user}: {script}", timeout)

    def command(self, *words: str) -> list[str]:
        lab = Lab(self.fleet.name)
        return machines.entering(
            lab, lab.host(self.host), self.words("molecule", "-c", f"{self.folder}/base.yml", *words)
        )

    def login(self, name: str) -> str:
        """What ``molecule login`` shows on a terminal."""
        command = shlex.join(["molecule", "-c", f"{self.folder}/base.yml", "login", "--host", name])
        script = f"script --quiet --return --command {shlex.quote(command)} /dev/null"
        typed = "'stty rows 24 cols 80; echo user=$(id -un) host=$(hostname); exit'"
        return self.sh(f"echo {typed} | TERM=dumb {script}")

    def ssh(self, name: str, command: str) -> str:
        """What a command prints in a guest."""
        config = f"{self.ansible}/tmp/molecule.*/kvm/ssh_config"
        return self.sh(f"ssh -F {config} -o ConnectTimeout=60 {name} {shlex.quote(command)}")

    def virsh(self, *words: str, uri: str = "qemu:///system") -> list[str]:
        """The words that virsh prints for the user."""
        return self.sh(shlex.join(["virsh", "--connect", uri, *words])).split()

    def files(self) -> list[str]:
        """The files in molecule's folders that are not molecule's own."""
        own = "-e /ansible.cfg$ -e /state.yml$ -e /molecule.yml$ -e /ansible_inventory.yml$ -e /all$"
        folders = f"{self.ansible}/tmp/molecule.*"
        return self.sh(f"find {folders} -type f -o -name kvm 2>/dev/null | grep -v {own} || true").split()
