# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses the roles is told of variables and lists, in every message that names a parameter of a module."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._role_words import PHRASES, for_role
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

PARAMETERS = re.compile(
    r"(?<![\w.])(remove_(?:storage|nvram|tpm|saved_state)|force_shutdown|shutdown_timeout|on_restart_needed)\b"
)
"""Parameters of modules for which the roles have variables of other names."""

OF_MODULES = re.compile(r"(?<!ansible-doc )virtfleet\.kvm\.(volumes|pools|networks|domains|secrets|links)\b")


def texts(tree: ast.AST) -> Iterator[str]:
    """The texts in a file that may be messages: with white space, and no documentation."""
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inside or id(node) in docs:
            continue
        text: Any = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.JoinedStr):
            # What is put in is a word: the variable of an option of which each role has its own.
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "word" for part in node.values)
        if isinstance(text, str) and " " in text and not re.search(r"\b[OVMC]\(", text):
            yield text


@functools.cache
def messages() -> list[str]:
    """All that may be messages of the code that modules share."""
    files = sorted((ROOT / "plugins/module_utils").rglob("*.py"))
    return [
        text for path in files if path.name != "_role_words.py" for text in texts(ast.parse(path.read_text("utf-8")))
    ]


def test_no_parameter_is_left() -> None:
    named = [text for text in messages() if PARAMETERS.search(text)]
    assert len(named) >= 5
    assert [text for text in named if PARAMETERS.search(for_role(text))] == []


def test_no_module_is_left_where_a_list_declares_the_same() -> None:
    named = [text for text in messages() if OF_MODULES.search(text)]
    assert len(named) >= 10
    assert [text for text in named if OF_MODULES.search(for_role(text))] == []


@pytest.mark.parametrize("phrase", PHRASES)
def test_each_phrase_is_in_a_message(phrase: str) -> None:
    assert any(phrase in text for text in messages())


def test_the_variables_are_those_of_the_roles() -> None:
    names = {name for text in messages() for name in re.findall(r"\((\w+) of the role\)", text)} - {"word"}
    files = [*ROOT.glob("roles/*/defaults/main.yml"), *ROOT.glob("roles/*/meta/argument_specs.yml")]
    known = " ".join(str(yaml.safe_load(path.read_text("utf-8"))) for path in files)
    assert {name for name in names if name not in known} == set()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("domain a: b\ndomain c: d", "guest a: b\nguest c: d"),
        ("network a: its domain a: b", "network a: its domain a: b"),
        ("declare it with virtfleet.kvm.links (kvm_links of the role), or", "declare it in kvm_links, or"),
        ("allow remove_tpm (guests_remove_tpm of the role), or", "allow guests_remove_tpm, or"),
        ("a guest remove_tpm stays", "a guest remove_tpm stays"),
    ],
)
def test_the_words_of_roles(text: str, said: str) -> None:
    assert for_role(text) == said
