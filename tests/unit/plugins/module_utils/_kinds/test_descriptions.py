# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every description of an option tells somebody who sees it for the first time what the option does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.variant import Variant
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.tests.unit.support import ALL_TABLES

TABLES = {table.kind: table for table in ALL_TABLES}

LEAST = 5
"""Words that a description has at least."""

MARKUP = re.compile(r"\b[VOC]\(((?:[^()\\]|\\.|\([^()]*\))*)\)")
"""What descriptions have of Ansible's markup; it holds at most one more pair of parentheses."""


def described(rows: Iterable[Any], where: str = "") -> Iterator[tuple[str, str, str]]:
    """The descriptions of rows and of all that is in them: the path, the name and the description of each option.

    The documentation has one description for an option that several kinds of a thing have; the schema, and this, all.
    """
    for row in rows:
        if isinstance(row, Variant):
            yield from described([row.type] if row.type is not None else [], where)
            yield from described((each for case in row.cases.values() for each in case), where)
            continue
        yield f"{where}{row.name}", row.name, row.doc
        yield from described(getattr(row, "fields", ()), f"{where}{row.name}.")


def letters(text: str) -> str:
    """The letters and digits of a text, whatever stands between them and whether they are capitals."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"^(the|its|whether) ", "", text.lower()))


def words(text: str) -> list[str]:
    """The words of a description without markup."""
    return re.findall(r"[\w'/.-]*\w[\w'/.-]*", MARKUP.sub(r"\1", text))


@pytest.mark.parametrize("kind", TABLES)
def test_a_description_is_a_sentence_of_some_words(kind: str) -> None:
    table: Table = TABLES[kind]
    found = list(described(table.rows))
    assert [(path, said) for path, _name, said in found if len(words(said)) < LEAST] == [], "say what the option does"
    assert [(path, said) for path, _name, said in found if not said.endswith(".") or not said[0].isupper()] == []


@pytest.mark.parametrize("kind", TABLES)
def test_a_description_says_more_than_the_name_of_the_option(kind: str) -> None:
    found = list(described(TABLES[kind].rows))
    assert [path for path, name, said in found if letters(said) in (letters(name), letters(f"{name}s"))] == []


@pytest.mark.parametrize("kind", TABLES)
def test_the_markup_of_descriptions_is_closed(kind: str) -> None:
    """An open parenthesis would show to the reader as it stands, as would a backslash outside of markup."""
    for path, _name, said in described(TABLES[kind].rows):
        plain = MARKUP.sub("", said)
        assert re.search(r"\b[VOCMPIBE]\(", plain.replace("M(virtfleet.kvm.volumes)", "")) is None, path
        assert plain.count("(") == plain.count(")"), path
