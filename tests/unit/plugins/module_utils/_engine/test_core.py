# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The core knows no libvirt: what belongs to a kind of resource is handed to it by the table."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

PRIVATE = ROOT / "plugins" / "module_utils"
ENGINE = PRIVATE / "_engine"
FILES = sorted(ENGINE.rglob("*.py"))

BELOW = ("_errors", "_printing", "_xml_outline")
"""What the core builds on: errors, and the form of values for people."""

WORDS = (
    *("alias", "backingStore", "channel", "cmdline", "console", "controller", "cpu", "currentMemory"),
    *("devices", "disk", "domain", "emulator", "filesystem", "graphics", "hostdev", "hvm", "input", "interface"),
    *("iothread", "iothreads", "iotune", "kvm", "loader", "memballoon", "metadata", "nvram", "os", "parallel", "pool"),
    *("portgroup", "q35", "qemu", "redirdev", "rng", "seclabel", "serial", "smartcard", "sound", "source", "sysinfo"),
    *("target", "vcpu", "video", "virt", "virtio", "volume", "watchdog"),
    *("attach_device", "balloon", "detach_device", "hotplug", "media", "section", "update_device"),
)
"""Tags and words of libvirt's definitions, rules of QEMU, and strategies for a running guest."""

ROLES = {"pending.py": {"domain", "pool"}, "rows/model.py": {"qemu"}}
"""Where such a word means another thing: names of roles' variables, and what a host is that nobody has asked."""


def texts(tree: ast.AST) -> list[str]:
    """All texts in a file but documentation."""
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in told]
    return [node.value for node in constants if isinstance(node.value, str)]


def name(file: pathlib.Path) -> str:
    return file.relative_to(ENGINE).as_posix()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_the_core_imports_nothing_that_is_above_it(file: pathlib.Path) -> None:
    depth = len(file.relative_to(PRIVATE).parts)
    above = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level >= depth:
            above |= {(node.module or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert "ansible" not in str(node.module)
        elif isinstance(node, ast.Import):
            assert not {alias.name.partition(".")[0] for alias in node.names} & {"ansible", "libvirt"}
    assert above - {*BELOW} == set()


@pytest.mark.parametrize("file", FILES, ids=name)
def test_the_core_has_no_word_of_libvirt_s_definitions(file: pathlib.Path) -> None:
    said = " ".join(texts(ast.parse(file.read_text(encoding="utf-8"))))
    found = {word for word in re.findall(r"[A-Za-z0-9_]+", said) if word in WORDS}
    assert found == ROLES.get(name(file), set())
