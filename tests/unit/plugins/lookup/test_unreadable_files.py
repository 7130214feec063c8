# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lookup that names files of variables with mistakes, as Ansible finds and runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.plugins.lookup import unreadable_files
from ansible_collections.virtfleet.kvm.tests.unit.inventories import write

QUERY = trust_as_template("{{ query('virtfleet.kvm.unreadable_files') }}")


def test_it_warns_and_returns_the_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[str] = []
    monkeypatch.setattr(unreadable_files.display, "warning", warned.append)
    source = write(tmp_path, {"host_vars/kvm01.yml": "a: [}\n"})
    variables: dict[str, Any] = {
        "ansible_inventory_sources": [str(source)],
        "groups": {"all": ["kvm01"], "kvm_hosts": ["kvm01"]},
    }
    found = Templar(loader=DataLoader(), variables=variables).template(QUERY)
    assert len(found) == 1
    assert "host_vars/kvm01.yml is no YAML: line 1, column 5: " in found[0]
    assert warned == found


def test_without_an_inventory_it_says_nothing() -> None:
    assert Templar(loader=DataLoader(), variables={}).template(QUERY) == []
