# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ./quickstart leaves to look at and to copy: its inventory, and the command that it prints."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from .ansible_runs import NAMESPACE, run, write
from .blocks import ROOT, blocks

DEMO = ROOT / "tests/tools/demo"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder of the quickstart, with made-up addresses. A key that is there twice is an error."""
    for name in ("group_vars", "host_vars"):
        shutil.copytree(DEMO / name, tmp_path / "inventory" / name)
    hosts = {name: {"ansible_host": f"192.0.2.{last}"} for last, name in enumerate(("kvm01", "kvm02"), 11)}
    write(tmp_path, "inventory/hosts.yml", {"kvm_hosts": {"hosts": hosts}})
    write(tmp_path, "ansible.cfg", "[defaults]\nduplicate_dict_key = error\n")
    return tmp_path


def test_its_inventory_has_no_key_twice_and_is_accepted(work: Path) -> None:
    run(work, "ansible-playbook", "-i", "inventory", f"{NAMESPACE}.check")


def test_a_key_that_is_there_twice_is_refused_as_the_readme_says(tmp_path: Path) -> None:
    write(tmp_path, "inventory/hosts.yml", {"kvm_hosts": {"hosts": {"kvm01": {}}}})
    write(tmp_path, "inventory/group_vars/all.yml", "kvm_guests: []\nkvm_guests: []\n")
    playbook = ("ansible-playbook", "-i", "inventory", f"{NAMESPACE}.check")
    run(tmp_path, *playbook)
    (setting,) = re.findall(r"`(ANSIBLE_DUPLICATE\w+=\w+)`", (ROOT / "README.md").read_text())
    with pytest.raises(AssertionError, match=r"(?i)duplicate.*key.*kvm_guests"):
        run(tmp_path, "env", setting, *playbook)


def test_a_host_that_is_gone_is_noticed_within_a_minute(work: Path, tmp_path: Path) -> None:
    """README.md says so of the inventory that it shows, and the quickstart's has the same."""
    for block in blocks(ROOT / "README.md"):
        if block.file:
            write(tmp_path / "readme", block.file, block.text)
    for folder in (work, tmp_path / "readme"):
        told = json.loads(run(folder, "ansible-inventory", "-i", "inventory", "--host", "kvm01"))
        words = told.get("ansible_ssh_common_args") or told["ansible_ssh_extra_args"]
        options = dict(re.findall(r"-o (\w+)=(\d+)", words))
        assert int(options["ServerAliveInterval"]) * int(options["ServerAliveCountMax"]) == 60


def test_the_command_that_it_prints_can_be_copied(work: Path) -> None:
    printed = re.findall(r"^  (cd \$WORK && .*)$", (ROOT / "quickstart").read_text(), re.M)
    playbook, documentation = (line.replace("$WORK", str(work)).replace("$VENV", sys.prefix) for line in printed)
    said = run(Path("/"), "bash", "-c", f"{playbook} --list-tasks")
    assert f"{NAMESPACE}.guests : Declare the guests" in said
    assert "MODULE virtfleet.kvm.domains" in run(Path("/"), "bash", "-c", f"{documentation} | cat")
