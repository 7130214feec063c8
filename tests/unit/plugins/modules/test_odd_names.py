# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that somebody else has given: with space in them or at their ends; on libvirt's test driver."""

from __future__ import annotations

import ast
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.observe import DEFINITION
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label
from ansible_collections.virtfleet.kvm.plugins.module_utils._shell_words import ShellWord
from ansible_collections.virtfleet.kvm.plugins.module_utils._xml_conversion import from_xml
from ansible_collections.virtfleet.kvm.plugins.modules import domains, domains_info
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import URI

Run = Callable[..., dict[str, Any]]
PLUGINS = Path(domains.__file__).parents[1]
COMMAND = re.compile(r"virsh [a-z][a-z-]* *(\{[^{}]*\})")


def define(connection: Any, name: str) -> str:
    known = str(uuid.uuid4())
    connection.defineXML(
        f"<domain type='test'><name>{name}</name><uuid>{known}</uuid><memory>65536</memory>"
        "<os><type arch='i686'>hvm</type></os></domain>"
    )
    return known


@pytest.mark.parametrize("name", [" lead", "trail ", " a b "])
def test_a_guest_with_space_at_the_ends_of_its_name_is_told_and_refused(
    connection: Any, run_main: Run, name: str
) -> None:
    """Without that space, it would be declared under the name of another guest."""
    define(connection, name)
    found = {told["name"]: told for told in run_main(domains_info.main, uri=URI)["domains"]}
    assert found[name]["config"]["name"] == name
    (said,) = found[name]["refused"]
    assert said.startswith(f"name: '{name}' is not a safe name: ")
    assert said.endswith(f"; give it another name on the host: stop it and run virsh domrename '{name}' NEW-NAME")
    assert found["test"]["refused"] == []


def test_a_guest_that_was_renamed_so_is_named_in_quotes(connection: Any, run_main: Run) -> None:
    known = define(connection, " lead")
    wanted = {"name": "lead", "uuid": known, "memory": "64MiB"}
    said = run_main(domains.main, config=[wanted], uri=URI, fails=True)["msg"]
    assert "its UUID is that of the guest ' lead', so it is that guest under another name: " in said
    assert "run virsh domrename ' lead' lead; or declare ' lead' instead of lead" in said


@pytest.mark.parametrize(("name", "word"), [("a", "a"), ("a b", "'a b'"), ("a;b", "'a;b'"), ("a'b", "'a'\"'\"'b'")])
def test_a_name_in_a_command_is_one_word_of_it(name: str, word: str) -> None:
    assert DEFINITION.rename.format(there=ShellWord(name), name=ShellWord("new")).endswith(
        f"virsh domrename {word} new"
    )
    assert f"{ShellWord(name)}" == name


def test_every_command_that_is_proposed_has_names_as_words() -> None:
    found = []
    for path in PLUGINS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.unparse(node) if isinstance(node, ast.JoinedStr) else getattr(node, "value", None)
            found += COMMAND.findall(text) if isinstance(text, str) else []
    assert len(found) >= 10
    assert [one for one in found if not one.endswith(":sh}")] == []


def test_a_name_in_a_definition_is_as_libvirt_reads_it() -> None:
    assert from_xml(DOMAIN, "<domain type='kvm'><name> a</name><memory>1024</memory></domain>")["name"] == " a"


@pytest.mark.parametrize(("name", "shown"), [("a", "a"), ("a b", "a b"), (" a", "' a'"), ("a ", "'a '"), ("", "")])
def test_space_that_nobody_would_see_is_shown(name: str, shown: str) -> None:
    assert label(name) == shown
