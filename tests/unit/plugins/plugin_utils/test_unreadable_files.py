# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of variables with mistakes: which file, which line, and what to do. Ansible names none of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._unreadable_files import sentences
from ansible_collections.virtfleet.kvm.tests.unit.inventories import write
from ansible_collections.virtfleet.kvm.tests.unit.playbooks.test_silence import play

GROUPS = {"all": ["kvm01"], "kvm_hosts": ["kvm01"]}
ALIKE = "are the lines above and below indented alike?"


def told(folder: Path, files: dict[str, Any], groups: Any = None) -> list[str]:
    """What is said of an inventory, with its folder left out."""
    source = write(folder, files)
    variables = {"ansible_inventory_sources": [str(source)], "groups": groups or GROUPS}
    return [line.replace(f"{folder.resolve()}/", "") for line in sentences(variables, DataLoader())]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a:\n  - b: 1\n   c: 2\n", f"is no YAML: line 3, column 4: did not find expected '-' indicator; {ALIKE}"),
        (
            "a:\n\t- b\n",
            "is no YAML: line 2, column 1: found character that cannot start any token; indent with spaces, not with"
            " tabs; put a text that begins with @, ` or % into quotes",
        ),
        ("a: {{ b }}\n", "is no YAML: line 1, column 5: found unhashable key; put a value that begins with a template"),
        ("a: b: c\n", "is no YAML: line 1, column 5: mapping values are not allowed in this context; put a text that"),
        ("- a: 1\n", "holds no variables, but a list or a single value: write each variable as NAME: VALUE"),
        ("$ANSIBLE_VAULT;1.1;AES256\n6131\n", "cannot be decrypted: is the password of its vault given?"),
    ],
)
@pytest.mark.parametrize("file", ["group_vars/all.yml", "host_vars/kvm01/more.yml", "group_vars/kvm_hosts.yaml"])
def test_a_file_with_a_mistake(tmp_path: Path, file: str, text: str, said: str) -> None:
    (line,) = told(tmp_path, {file: text, "host_vars/kvm01/sound.yml": "b: 1\n", "group_vars/none.yml": "a: [}\n"})
    assert line.startswith(f"{file} {said}")


def test_files_that_can_be_read(tmp_path: Path) -> None:
    assert told(tmp_path, {"group_vars/all.yml": "", "host_vars/kvm01.yml": "a: 1\n"}) == []


def test_an_inventory_with_a_mistake_of_which_no_host_is_left(tmp_path: Path) -> None:
    """Ansible tells what each of its plugins makes of it, and goes on without it."""
    (line,) = told(tmp_path, {"hosts.yml": "kvm_hosts: {hosts: [}\n"}, {"all": []})
    assert line.startswith("hosts.yml is no YAML: line 1, column 21: did not find expected node content")


def test_nothing_is_shown_of_a_file(tmp_path: Path) -> None:
    (line,) = told(tmp_path, {"group_vars/all.yml": "password: 'hunter2\nuser: hunter3\n"})
    assert "hunter" not in line


@pytest.mark.parametrize("variables", [{}, {"groups": 7, "ansible_inventory_sources": ["x"]}, {"groups": GROUPS}])
def test_without_an_inventory_nothing_is_said(variables: dict[str, Any]) -> None:
    assert sentences(variables, DataLoader()) == []


@pytest.mark.parametrize("playbook", ["check", "adopt", "plan"])
def test_the_playbooks_name_the_file(tmp_path: Path, playbook: str) -> None:
    write(tmp_path, {"host_vars/kvm01.yml": "kvm_links:\n  - name: br0\n   type: bridge\n"})
    code, output = play(tmp_path, f"virtfleet.kvm.{playbook}")
    assert code != 0
    assert "host_vars/kvm01.yml is no YAML: line 3, column 4: did not find" in " ".join(output.split())
