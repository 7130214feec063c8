# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import read_rows
from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, defined, observed, plan_one


@pytest.mark.parametrize(
    "display",
    [
        {"type": "vnc", "listen": "0.0.0.0"},
        {"type": "spice", "listen": "::"},
        {"type": "vnc", "listens": [{"type": "address", "address": "0.0.0.0"}]},
        {"type": "vnc", "listen": "0.0.0.0", "public": False},
    ],
)
def test_a_display_for_all_the_world_is_asked_for_by_name(display: dict[str, Any]) -> None:
    """Fault 32."""
    table = TABLES["domain"]
    guest = {"name": "x", "memory": "1GiB", "graphics": [display]}
    (problem,) = table.parse_item(guest)[1]
    assert str(problem).startswith("graphics[0].listen")
    assert "public: true" in str(problem)
    meant = {**guest, "graphics": [{**display, "public": True}], "state": "stopped"}
    plan = plan_one(table, None, meant)
    have = observed(defined(plan))
    # What is there is told with the leave that it was given, so that it can be declared again.
    assert read_rows(table.rows, have.definition)["graphics"][0]["public"] is True
    assert plan_one(table, have, meant).steps == []


@pytest.mark.parametrize("display", [{"type": "vnc"}, {"type": "vnc", "listen": "192.0.2.7"}, {"type": "spice"}])
def test_a_display_for_few(display: dict[str, Any]) -> None:
    assert TABLES["domain"].parse_item({"name": "x", "memory": "1GiB", "graphics": [display]})[1] == []
