# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables check themselves: every table is right, and every planted mistake is found."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import NATURAL, TEXT, YES_NO, Choice
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.live import Strategy
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import (
    Field,
    Fragment,
    Group,
    Map,
    Property,
    Row,
    Struct,
    Values,
    Variant,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.create_only import (
    Aside,
    AsideGroup,
    AsideStruct,
    AsideValues,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table_checks import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import ALL_TABLES, observed, plan_one

NAME = Field("name", "name", TEXT, "The name.", fixed=True)
STATE = Property("state", "", Choice("present", "absent"), "What becomes of it.")
RIGHT = Table(
    kind="box",
    skeleton="<box/>",
    rows=(NAME, STATE),
    state="present",
    initial="present",
    transitions={("present", "absent"): ("undefine",)},
    active=frozenset(),
)


def with_rows(*rows: Row, **more: Any) -> Table:
    return dataclasses.replace(RIGHT, rows=(NAME, STATE, *rows), **more)


def field(**more: Any) -> Field:
    return Field(**{"name": "size", "path": "@size", "type": NATURAL, "doc": "The size.", **more})


def lids(**more: Any) -> Group:
    return Group(**{"name": "lids", "path": "lid", "fields": (field(),), "doc": "The lids.", **more})


def inside(**more: Any) -> Struct:
    return Struct(**{"name": "inside", "path": "inside", "fields": (field(),), "doc": "What is in it.", **more})


KIND = Field("kind", "@kind", Choice("paper", "wood"), "What it is made of.")
PAPER = Field("sheets", "sheets", NATURAL, "How thick it is.")
WOOD = Field("tree", "tree", TEXT, "The tree.")


def kinds(**more: Any) -> Variant:
    return Variant(**{"tag": "@kind", "cases": {"paper": (PAPER,), "wood": (WOOD,)}, "type": KIND, **more})


@pytest.mark.parametrize("table", ALL_TABLES, ids=lambda table: table.kind)
def test_every_table_is_right(table: Table) -> None:
    assert problems(table) == []


@pytest.mark.parametrize(
    "rows",
    [
        (),
        (field(),),
        (lids(keys=("size",), called=("size",), short="size"),),
        (lids(fields=(inside(),), keys=(("inside.size", "-inside"),)),),
        (inside(short="size"),),
        (kinds(),),
        (kinds(type=None),),
        (kinds(), field()),
        (Aside("note", "", TEXT, "A note."), AsideValues("notes", "", TEXT, "Notes.")),
    ],
)
def test_what_is_right_is_not_found(rows: tuple[Row, ...]) -> None:
    assert problems(with_rows(*rows)) == []


WRONG: dict[str, tuple[Table, str]] = {
    "strategy of a field": (with_rows(field(live="hotplgu")), "size: live is hotplgu, and the table has no such"),
    "strategy of a list": (with_rows(lids(live="hotplgu")), "lids: live is hotplgu"),
    "strategy of plain values": (with_rows(Values("x", "x", TEXT, "X.", live="hotplgu")), "x: live is hotplgu"),
    "strategy deep inside": (with_rows(inside(fields=(lids(fields=(field(live="no"),)),))), "inside.lids.size: live"),
    "strategy in a kind": (
        with_rows(kinds(cases={"paper": (field(live="no"),), "wood": (WOOD,)})),
        "size: live is no",
    ),
    "unused strategy": (with_rows(strategies={"x": Strategy(lambda *_said: [])}), "no row uses the strategy x"),
    "one name twice": (with_rows(field(), field(path="@other")), "size: is the name of two rows"),
    "one name twice inside": (with_rows(lids(fields=(field(), field()))), "lids.size: is the name of two rows"),
    "one name twice beside a kind": (with_rows(field(name="tree"), kinds()), "tree: is the name of two rows"),
    "one name twice in a kind": (with_rows(kinds(cases={"paper": (PAPER, PAPER), "wood": (WOOD,)})), "sheets: is the"),
    "key": (with_rows(lids(keys=("sise",))), "lids: keys says sise, which is no option of an item"),
    "key inside": (with_rows(lids(keys=("size.unit",))), "lids: keys says size.unit"),
    "key of several": (with_rows(lids(keys=(("size", "-sise"),))), "lids: keys says sise"),
    "name of items": (with_rows(lids(called=("sise",))), "lids: called says sise"),
    "short form of a list": (with_rows(lids(short="sise")), "lids: short says sise"),
    "short form": (with_rows(inside(short="sise")), "inside: short says sise"),
    "short form of no text": (with_rows(inside(fields=(inside(),), short="inside")), "inside: short says inside"),
    "like": (with_rows(field(like="@sise")), "size: like says @sise, and no row beside it stands there"),
    "like itself": (with_rows(field(like="@size")), "size: like says @size"),
    "follower": (with_rows(field(follower="@sise")), "size: follower says @sise"),
    "follower of values": (with_rows(Values("x", "x", TEXT, "X.", follower="@y")), "x: follower says @y"),
    "default": (with_rows(field(type=Choice("a", "b"), default="c")), "size: default is 'c', which its converter"),
    "new": (with_rows(field(type=Choice("a", "b"), new="c")), "size: new is 'c', which its converter does not take"),
    "required and new": (with_rows(field(required=True, new=1)), "size: required, but a new one gets a value"),
    "required and filled": (with_rows(field(required=True, filled=True)), "size: required and filled"),
    "default and like": (with_rows(field(default=1, like="name")), "size: has a default and like"),
    "must without a value": (with_rows(field(must=True)), "size: must, but has no default"),
    "must with a function": (with_rows(field(must=True, default=len)), "size: must, but its default is a function"),
    "vacant": (with_rows(field(vacant=True)), "size: vacant, but a new one gets nothing"),
    "fixed and live": (with_rows(field(fixed=True, live="quick")), "size: fixed and live"),
    "live but nowhere": (with_rows(Aside("x", "", TEXT, "X.", live="quick")), "x: live, but no definition holds it"),
    "path but nowhere": (with_rows(Aside("x", "@x", TEXT, "X.")), "x: has a path, but no definition holds it"),
    "path of values": (with_rows(AsideValues("x", "x", TEXT, "X.")), "x: has a path, but no definition holds it"),
    "path of a list": (with_rows(AsideGroup("x", "x", (), "X.")), "x: has a path, but no definition holds it"),
    "path of options": (with_rows(AsideStruct("x", "x", (), "X.")), "x: has a path, but no definition holds it"),
    "no path": (with_rows(field(path="")), "size: has no path; the element itself is '.'"),
    "no path of values": (with_rows(Values("x", "", TEXT, "X.")), "x: has no path"),
    "no path of a list": (with_rows(lids(path="")), "lids: has no path"),
    "no path of options": (with_rows(inside(path="")), "inside: has no path"),
    "prefix": (with_rows(field(path="no:size")), "size: the path no:size has a prefix that no namespace has: no"),
    "bare and filled": (with_rows(inside(bare=True, filled=True)), "inside: bare and filled"),
    "options required and filled": (with_rows(inside(required=True, filled=True)), "inside: required and filled"),
    "allotted by nobody": (with_rows(inside(allotted=True)), "inside: allotted, but not filled"),
    "rekey without keys": (with_rows(lids(rekey=False)), "lids: rekey is False, but there are no keys"),
    "not whole without keys": (with_rows(lids(whole=False)), "lids: not whole, but there are no keys"),
    "chosen of a whole list": (with_rows(lids(chosen=bool)), "lids: chosen, but whole"),
    "order of none": (with_rows(lids(order=len)), "lids: order, but own says that libvirt adds none"),
    "stands for none": (with_rows(lids(stands=bool)), "lids: stands, but own says that libvirt adds none"),
    "names twice": (with_rows(Map("x", "x", YES_NO, "X.", names_of=("a", "a"))), "x: names_of has a name twice"),
    "xml in the middle": (with_rows(Fragment("xml", "box", "XML."), field()), "xml: must be the last row"),
    "tag": (with_rows(kinds(tag="kind")), "the item: its tag kind is no attribute"),
    "chooser": (with_rows(kinds(choosers=("iron",))), "the item: choosers says iron, which is no case"),
    "kind that nothing chooses": (
        with_rows(kinds(type=None, cases={"a": (PAPER,), "b": ()})),
        "the case b has no",
    ),
    "kinds chosen by one": (
        with_rows(kinds(type=None, cases={"a": (PAPER,), "b": (PAPER,)})),
        "two cases are chosen",
    ),
    "kind that no case has": (
        with_rows(kinds(cases={"paper": (PAPER,)})),
        "its cases are paper, and",
    ),
    "state": (dataclasses.replace(RIGHT, state="gone"), "the state gone is none that its option takes"),
    "way to a state": (dataclasses.replace(RIGHT, transitions={("present", "no"): ()}), "the state no is none"),
    "elsewhere": (dataclasses.replace(RIGHT, elsewhere={"name": "is of another list"}), "name is an option"),
    "reported": (dataclasses.replace(RIGHT, reported=("no:size",)), "the path no:size has a prefix"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_planted_mistake_is_found(mistake: str) -> None:
    table, said = WRONG[mistake]
    found = problems(table)
    assert [line for line in found if said in line], found


def test_a_strategy_that_is_not_there_stops_the_item() -> None:
    rows = tuple(dataclasses.replace(row, live="hotplgu") if row.name == "title" else row for row in DOMAIN.rows)
    table = dataclasses.replace(DOMAIN, rows=rows)
    have = observed("<domain type='kvm'><name>x</name><memory unit='KiB'>196608</memory></domain>", "running")
    with pytest.raises(VirtfleetError, match="domain x: a fault of this collection, please report it: KeyError"):
        plan_one(table, have, {"name": "x", "state": "running", "title": "new"})
