# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every plan, whatever is declared: made up by hypothesis from the tables.

All of it on XML alone: what a plan defines is taken for what libvirt has then.
"""

from __future__ import annotations

import copy
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Property
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import read_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.tests.unit.strategies import configs
from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, canonical, changes, defined, observed, plan_one

EACH_TABLE = pytest.mark.parametrize("kind", TABLES)

UNKNOWN = "<unheard-of of='it'><deep>1</deep></unheard-of>"


def become(table: Table, have: Observed | None, config: dict[str, Any]) -> Observed:
    """What is there after a plan has been run."""
    plan = plan_one(table, have, config)
    if any(step.action == "define" for step in plan.steps):
        definition = defined(plan)
    else:
        assert have is not None
        definition = ET.tostring(have.definition, encoding="unicode")
    state = table.initial if have is None else have.state
    if (state, config["state"]) in table.transitions:
        state = config["state"]
    beside = dict(have.properties) if have is not None else {}
    beside.update(
        {step.action.removeprefix("set_"): step.value for step in plan.steps if step.action.startswith("set_")}
    )
    return observed(definition, state, properties=beside)


@EACH_TABLE
@given(data=st.data())
def test_a_new_resource_needs_nothing_more(kind: str, data: st.DataObject) -> None:
    table = TABLES[kind]
    config = data.draw(configs(kind))
    again = plan_one(table, become(table, None, config), config)
    assert (changes(again), again.steps, again.pending) == ({}, [], [])


@EACH_TABLE
@given(data=st.data())
def test_a_changed_resource_needs_nothing_more(kind: str, data: st.DataObject) -> None:
    table = TABLES[kind]
    first, second = data.draw(configs(kind)), data.draw(configs(kind))
    again = plan_one(table, become(table, become(table, None, first), second), second)
    assert (changes(again), again.steps, again.pending) == ({}, [], [])


@EACH_TABLE
@given(data=st.data())
def test_what_has_been_read_can_be_declared(kind: str, data: st.DataObject) -> None:
    """Adoption: the options read from a resource change nothing on it, and make the same one anew."""
    table = TABLES[kind]
    have = become(table, None, data.draw(configs(kind)))
    config = {**read_rows(table.rows, have.definition), "state": "present"}
    assert changes(plan_one(table, have, config)) == {}
    anew = ET.fromstring(defined(plan_one(table, None, config)))
    assert read_rows(table.rows, anew) == read_rows(table.rows, have.definition)


@EACH_TABLE
@given(data=st.data())
def test_a_plan_depends_on_nothing_else_and_touches_nothing(kind: str, data: st.DataObject) -> None:
    table = TABLES[kind]
    have = become(table, None, data.draw(configs(kind)))
    config = data.draw(configs(kind))
    before, wanted = canonical(have.definition), copy.deepcopy(config)
    first, second = plan_one(table, have, config), plan_one(table, have, config)
    assert first == second
    assert (canonical(have.definition), config) == (before, wanted)


@EACH_TABLE
@given(data=st.data())
def test_options_that_are_left_out_stay(kind: str, data: st.DataObject) -> None:
    table = TABLES[kind]
    have = become(table, None, data.draw(configs(kind)))
    whole = data.draw(configs(kind))
    ours = data.draw(st.sets(st.sampled_from(sorted(whole))))
    config = {name: option for name, option in whole.items() if name in ours | {"name", "state"}}
    if table.parse_item(config)[1]:
        return  # A part of a declaration may break a rule that the whole one keeps.
    before = read_rows(table.rows, have.definition)
    after = read_rows(table.rows, become(table, have, config).definition)
    assert {name: after.get(name) for name in before.keys() - ours} == {
        name: before[name] for name in before.keys() - ours
    }
    assert after.keys() - before.keys() <= ours


@EACH_TABLE
@given(data=st.data())
def test_what_no_option_covers_survives(kind: str, data: st.DataObject) -> None:
    table = TABLES[kind]
    have = become(table, None, data.draw(configs(kind)))
    have.definition.append(ET.fromstring(UNKNOWN))
    have.definition.set("unheard-of", "too")
    after = become(table, have, data.draw(configs(kind))).definition
    unknown = after.find("unheard-of")
    assert unknown is not None
    assert canonical(unknown) == canonical(UNKNOWN)
    assert after.get("unheard-of") == "too"


@EACH_TABLE
@given(data=st.data())
def test_nothing_declared_leaves_every_byte(kind: str, data: st.DataObject) -> None:
    table = TABLES[kind]
    have = become(table, None, data.draw(configs(kind)))
    assert plan_one(table, have, {"name": "x", "state": "present"}).steps == []


@EACH_TABLE
@given(data=st.data())
def test_a_change_says_what_was_there(kind: str, data: st.DataObject) -> None:
    table = TABLES[kind]
    have = become(table, None, data.draw(configs(kind)))
    plan = plan_one(table, have, data.draw(configs(kind)))
    for change in plan.changes:
        assert change.before != change.after
    beside = {row.name for row in table.rows if isinstance(row, Property)}
    edits = [change for change in plan.changes if change.path not in beside]
    assert bool(edits) == any(step.action == "define" for step in plan.steps)
