# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Short forms mean what they are short for, wherever options are read."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Group, Struct
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.short_forms import written_out
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import guest_networks
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.tests.unit.support import ALL_TABLES

SHORT = [
    (DOMAIN, {"cpu": "host-passthrough"}, {"cpu": {"mode": "host-passthrough"}}),
    (
        DOMAIN,
        {"interfaces": ["lan", {"bridge": "br0"}]},
        {"interfaces": [{"network": "lan"}, {"bridge": "br0"}]},
    ),
    (
        DOMAIN,
        {"cloud_init": {"users": ["default", {"name": "kim"}]}},
        {"cloud_init": {"users": [{"name": "default"}, {"name": "kim"}]}},
    ),
    (NETWORK, {"forward": "nat"}, {"forward": {"mode": "nat"}}),
    (NETWORK, {"ips": ["192.0.2.1/24"]}, {"ips": [{"address": "192.0.2.1/24"}]}),
]


def short_rows(rows: Any) -> set[str]:
    found = set()
    for row in rows:
        if isinstance(row, (Struct, Group)) and row.short is not None:
            found.add(row.name)
        found |= short_rows(row.rows)
    return found


def test_every_short_form_is_tried_here() -> None:
    rows = [row for table in ALL_TABLES for row in table.rows]
    tried = {name for _table, short, _long in SHORT for name in (short.get("cloud_init") or short)}
    assert short_rows(rows) == tried


@pytest.mark.parametrize(("table", "short", "long"), SHORT)
def test_a_module_takes_it(table: Any, short: dict[str, Any], long: dict[str, Any]) -> None:
    items = [table.parse([{"name": "one", **options}]) for options in (short, long)]
    assert items[0] == items[1]
    assert written_out(table.rows, short) == written_out(table.rows, long) == long


@pytest.mark.parametrize(("table", "short", "long"), SHORT)
def test_it_is_documented(table: Any, short: dict[str, Any], long: dict[str, Any]) -> None:
    for name, options in long.items():
        told = table.document()[name]
        if name == "cloud_init":
            ((name, options),) = options.items()
            told = told["suboptions"][name]
        inner = next(iter(options if isinstance(options, dict) else options[0]))
        said = told["description"]
        assert any(line.startswith(f"You can write the C({inner}) alone, as a text, in place of ") for line in said)


@pytest.mark.parametrize(
    ("table", "options", "problem"),
    [
        (DOMAIN, {"cpu": "fast"}, "cpu.mode: 'fast' is not one of custom, host-model, host-passthrough, maximum"),
        (DOMAIN, {"cpu": 2}, "cpu: 2 is not a dictionary of options"),
        (DOMAIN, {"interfaces": "lan"}, "interfaces: 'lan' is not a list; write '- ' before each of its items"),
        (DOMAIN, {"interfaces": [["lan"]]}, "interfaces[0]: a list is not a dictionary of options"),
        (NETWORK, {"ips": ["here"]}, "ips[0].address: 'here' is not an address"),
    ],
)
def test_what_is_none_is_refused_as_before(table: Any, options: dict[str, Any], problem: str) -> None:
    _item, problems = table.parse_item({"name": "one", **options})
    assert str(problems[0]).startswith(problem)


@pytest.mark.parametrize(
    "odd", [None, 7, "text", [], {"cpu": None, "interfaces": None, "nope": {"cpu": "x"}, 3: 4}, {"interfaces": {}}]
)
def test_what_is_no_short_form_stays_as_it_is(odd: Any) -> None:
    assert written_out(DOMAIN.rows, odd) == odd


def test_it_is_written_out_inside_of_what_comes_in_kinds() -> None:
    """A variant has rows of its own; none of these is lost."""
    guest = {"disks": [{"protocol": "rbd", "source": {"name": "a/b", "hosts": [{"name": "c"}]}}], "tpms": [{"x": 1}]}
    assert written_out(DOMAIN.rows, guest) == guest


def test_the_networks_of_a_guest_are_known_by_it() -> None:
    """A network that is renamed is handed over only where its guests are declared to be on the new one."""
    guests = [{"name": "a", "host": "kvm01", "interfaces": ["lan", {"network": "dmz"}, {"bridge": "br0"}]}]
    assert guest_networks(guests, "kvm01") == {"a": ["lan", "dmz"]}


def test_a_text_that_names_options_is_no_short_form() -> None:
    """It is refused where options are read, also if it stands in what guests have in common, which is merged before."""
    given = {"interfaces": ["bridge=br0", "lan"]}
    assert written_out(DOMAIN.rows, given) == {"interfaces": ["bridge=br0", {"network": "lan"}]}
