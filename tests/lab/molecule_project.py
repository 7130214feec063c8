# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A checkout of the example of a role on this machine, whose guests are on a host of the lab."""

from __future__ import annotations

import os
import shutil
import sys
import typing as t
from pathlib import Path

import yaml
from molecule_runs import MoleculeRuns
from virtfleet_lab import cloud_guest
from virtfleet_lab.inventory import variables
from virtfleet_lab.state import Lab

EXAMPLE = Path(__file__).parents[2] / "examples/role-with-molecule"
MOLECULE = Path(sys.executable).with_name("molecule")


def settings(name: str, host: str = "kvm01") -> dict[str, t.Any]:
    """What is set for all scenarios: the host of a lab, with the lab's image for those of the distributions.

    :param name: the name of the lab
    """
    lab = Lab(name)
    known = dict(variables(lab, lab.host(host)))
    image = f"{cloud_guest.FOLDER}/disk.img"
    return {
        "molecule_kvm_host": f"root@{known['ansible_host']}",
        "molecule_kvm_key": known["ansible_ssh_private_key_file"],
        "molecule_kvm_ssh_args": known["ansible_ssh_common_args"],
        "molecule_timeout": 1500,
        "kvm_images": [{"name": name, "path": image} for name in ("debian-12", "debian-13")],
        "kvm_guest_defaults": {
            "kernel": f"{cloud_guest.FOLDER}/vmlinuz",
            "initrd": f"{cloud_guest.FOLDER}/initrd.img",
            "cmdline": cloud_guest.CMDLINE,
        },
    }


class Project(MoleculeRuns):
    """A checkout of the example.

    :param folder: where it is
    :param home: the folder of Ansible, below which molecule has its own
    :param lab: the name of the lab
    """

    def __init__(self, folder: Path, home: Path, lab: str) -> None:
        self.folder, self.home, self.lab, self.settings = folder, home, lab, settings(lab)
        shutil.copytree(EXAMPLE, folder)
        self.base = folder.parent / f"{folder.name}.yml"
        self.set()

    def set(self, **more: t.Any) -> None:
        """Write what the user of this machine has set for all scenarios."""
        group_vars = {"all": {**self.settings, **more}}
        self.base.write_text(yaml.safe_dump({"provisioner": {"inventory": {"group_vars": group_vars}}}), "utf-8")

    def declare(self, guests: list[dict[str, t.Any]]) -> None:
        text = yaml.safe_dump({"all": {"vars": {"kvm_guests": guests}}})
        (self.folder / "molecule/default/inventory/hosts.yml").write_text(text, "utf-8")

    def command(self, *words: str) -> list[str]:
        return [str(MOLECULE), "-c", str(self.base), *words]

    @property
    def options(self) -> dict[str, t.Any]:
        # Ansible shares open connections by address, and hosts of other labs have the same.
        shared = {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(Lab(self.lab).run / "ssh")}
        env = {**os.environ, **shared, "ANSIBLE_HOME": str(self.home), "NO_COLOR": "1", "COLUMNS": "120"}
        return {"cwd": self.folder, "env": env}

    def files(self) -> list[str]:
        """The files in molecule's folder that are not molecule's own."""
        own = ("ansible.cfg", "state.yml", "molecule.yml", "ansible_inventory.yml", "all")
        folders = (self.home / "tmp").glob("molecule.*")
        found = [path for folder in folders for path in folder.rglob("*") if path.is_file() or path.name == "kvm"]
        return sorted(path.name for path in found if path.name not in own)
