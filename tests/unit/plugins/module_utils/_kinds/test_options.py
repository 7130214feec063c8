# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of every table is used by a sample, which comes back as it went in."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Property
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import read_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.tests.unit.exhaustive import exhaustive, told_apart
from ansible_collections.virtfleet.kvm.tests.unit.samples import SAMPLES
from ansible_collections.virtfleet.kvm.tests.unit.support import (
    ROOT,
    TABLES,
    canonical,
    changes,
    defined,
    observed,
    plan_one,
)

TEST_HOST = Host(virt="test", arch="i686")

WIDE = ("domain",)
"""Tables too wide to write samples of all options by hand; these are made from the table."""

MADE = {kind: exhaustive(TABLES[kind]) if kind in WIDE else [] for kind in TABLES}

ALL_SAMPLES = [
    pytest.param(TABLES[kind], sample, id=f"{kind}-{sample['name']}")
    for kind, samples in SAMPLES.items()
    for sample in [*samples, *MADE[kind]]
]


def options(documented: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every option of a table by its dotted path, with its documentation."""
    for name, option in documented.items():
        yield prefix + name, option
        yield from options(option.get("suboptions", {}), f"{prefix}{name}.")


def used(value: Any, prefix: str = "") -> Iterator[str]:
    """The dotted paths of the options in a declaration."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield prefix + name
            yield from used(inner, f"{prefix}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from used(inner, prefix)


def beside(table: Table) -> set[str]:
    """The options that are not in the definition."""
    return {row.name for row in table.rows if isinstance(row, Property)}


def assert_within(part: Any, whole: Any, where: str = "") -> None:
    """All that part says, whole says as well."""
    if isinstance(part, dict):
        assert isinstance(whole, dict), where
        for name, inner in part.items():
            assert name in whole, f"{where}.{name} is lost"
            assert_within(inner, whole[name], f"{where}.{name}")
    elif isinstance(part, list):
        assert len(part) == len(whole), where
        for index, inner in enumerate(part):
            assert_within(inner, whole[index], f"{where}[{index}]")
    else:
        assert part == whole, where


@pytest.mark.parametrize("kind", TABLES)
def test_every_option_is_in_a_sample(kind: str) -> None:
    all_options = {path for path, _option in options(TABLES[kind].document())}
    missing = all_options - set(used(SAMPLES[kind])) - set(used(MADE[kind])) - set(told_apart(TABLES[kind].rows))
    assert missing == set(), "add these to tests/unit/samples.py"


@pytest.mark.parametrize(("table", "sample"), ALL_SAMPLES)
def test_a_sample_comes_back_from_xml(table: Table, sample: dict[str, Any]) -> None:
    (item,) = table.parse([sample])
    xml = defined(plan_one(table, None, sample, TEST_HOST))
    again = read_rows(table.rows, ET.fromstring(xml))
    assert_within({name: item[name] for name in item.keys() - beside(table)}, again)


@pytest.mark.parametrize(("table", "sample"), ALL_SAMPLES)
def test_what_comes_back_makes_the_same_again(table: Table, sample: dict[str, Any]) -> None:
    xml = defined(plan_one(table, None, sample, TEST_HOST))
    config = read_rows(table.rows, ET.fromstring(xml))
    assert canonical(defined(plan_one(table, None, config, TEST_HOST))) == canonical(xml)
    assert changes(plan_one(table, observed(xml), {**config, "state": "present"}, TEST_HOST)) == {}


@pytest.mark.parametrize(("table", "sample"), ALL_SAMPLES)
def test_null_takes_every_option_back_that_has_a_default(table: Table, sample: dict[str, Any]) -> None:
    """After null for all that may be null, planning the same again finds nothing to do."""
    xml = defined(plan_one(table, None, sample, TEST_HOST))
    rows = [row for row in table.rows if not row.required]
    nulls: dict[str, Any] = dict.fromkeys(name for row in rows for name in row.names)
    nulls.update(name=sample["name"], state="present")
    if table.parse_item(nulls)[1]:
        nulls = {"name": sample["name"], "state": "present", "ips": None}
    result = plan_one(table, observed(xml, properties={"autostart": True}), nulls, TEST_HOST)
    text = defined(result) if any(step.action == "define" for step in result.steps) else xml
    assert changes(plan_one(table, observed(text), nulls, TEST_HOST)) == {}


@pytest.mark.parametrize(
    ("table", "sample"),
    [pytest.param(TABLES[kind], sample, id=sample["name"]) for kind in TABLES for sample in SAMPLES[kind]],
)
def test_null_takes_a_value_away_or_says_that_it_does_not(table: Table, sample: dict[str, Any]) -> None:
    """Each option of the sample by itself. An identity stays without a word: nothing can be without one."""
    xml = defined(plan_one(table, None, sample, TEST_HOST))
    had = read_rows(table.rows, ET.fromstring(xml))
    gone = 0
    for name in set(sample) & set(had) - {"name", "state", "uuid", *beside(table)}:
        one = {"name": sample["name"], "state": "present", name: None}
        if had[name] in (None, [], {}) or table.parse_item(one)[1]:
            continue
        result = plan_one(table, observed(xml), one, TEST_HOST)
        text = defined(result) if any(step.action == "define" for step in result.steps) else xml
        stays = read_rows(table.rows, ET.fromstring(text)).get(name) == had[name]
        assert not stays or any(warning.startswith(f"{name}: null leaves") for warning in result.warnings), name
        gone += not stays
    assert gone


@pytest.mark.parametrize("kind", TABLES)
def test_every_option_is_documented_in_a_full_sentence(kind: str) -> None:
    for path, option in options(TABLES[kind].document()):
        said = option["description"]
        sentences = [said] if isinstance(said, str) else said
        assert sentences, path
        assert all(sentence.endswith(".") for sentence in sentences), path
        assert sentences[0][0].isupper(), path
        assert option["type"] in ("str", "int", "bool", "float", "list", "dict", "raw"), path
        assert (option["type"] == "list") == ("elements" in option), path


def test_the_documentation_fragments_are_those_of_the_tables() -> None:
    spec = importlib.util.spec_from_file_location("doc_fragments", ROOT / "tests/tools/doc_fragments.py")
    assert spec is not None
    assert spec.loader is not None
    doc_fragments = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(doc_fragments)
    written = {table.kind: doc_fragments.path(table) for table in doc_fragments.TABLES}
    assert len(written) > 6
    stale = [
        table.kind
        for table in doc_fragments.TABLES
        if written[table.kind].read_text(encoding="utf-8") != doc_fragments.fragment(table)
    ]
    assert stale == [], "run .venv/bin/python tests/tools/doc_fragments.py"
