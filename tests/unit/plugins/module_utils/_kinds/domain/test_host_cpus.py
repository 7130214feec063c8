# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPUs and NUMA nodes that a guest is bound to, and that its host does not have, are told before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import host_cpus

HOST = {"cpu": {0, 1, 2, 3}, "node": {0}}
BOUND = {
    "<vcpu cpuset='500-600'>1</vcpu>": "cpuset: this host has no CPUs 500-600: it has 0 to 3",
    "<cputune><vcpupin vcpu='1' cpuset='4'/></cputune>": "cputune.vcpupin.1: this host has no CPUs 4: it has 0 to 3",
    "<cputune><iothreadpin iothread='1' cpuset='9,8'/></cputune>": "cputune.iothreadpin.1: this host has no CPUs 9,8",
    "<cputune><emulatorpin cpuset='7'/></cputune>": "cputune.emulatorpin: this host has no CPUs 7",
    "<numatune><memory nodeset='1'/></numatune>": "numatune.nodeset: this host has no NUMA nodes 1: it has 0",
    # The kernel takes those of a set that are there.
    "<vcpu cpuset='3-600'>1</vcpu>": None,
    "<vcpu cpuset='0-7,^1'>1</vcpu>": None,
    "<vcpu>1</vcpu>": None,
    "<vcpu cpuset='no set'>1</vcpu>": None,
    "<numatune><memory nodeset='0-1'/></numatune>": None,
}


@pytest.mark.parametrize("text", BOUND)
def test_what_the_host_does_not_have(text: str) -> None:
    found = list(host_cpus.unknown(ET.fromstring(f"<domain>{text}</domain>"), HOST))
    words = BOUND[text]
    assert [line.startswith(words or "-") for line in found] == [True] * bool(words)


def test_nothing_is_said_where_it_cannot_be_told() -> None:
    root = ET.fromstring("<domain><vcpu cpuset='500'>1</vcpu></domain>")
    assert list(host_cpus.unknown(root, {kind: set() for kind in HOST})) == []


@pytest.mark.parametrize(
    ("text", "found"), [("0-3,8\n", {0, 1, 2, 3, 8}), ("0", {0}), ("1-2,^2", {1}), ("", set()), ("0-99999999", set())]
)
def test_sets(text: str, found: set[int], tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "cpu").write_text(text)
    monkeypatch.setattr(host_cpus, "ONLINE", str(tmp_path / "{}"))
    assert host_cpus.of_this_host() == {"cpu": found, "node": set()}
