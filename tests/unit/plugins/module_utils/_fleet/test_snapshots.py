# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots that stand with guests: in the words of the module, held against its table before any host is asked."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import guests_on, problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import Layer, merged
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.snapshots import guest_snapshots
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.snapshot.table import SNAPSHOT

FRESH: dict[str, Any] = {"name": "fresh", "description": "as it was made", "type": "external", "disks": ["vda"]}
OLD = {"name": "old", "state": "absent"}


def guest(name: str = "web", host: str = "kvm01", **options: Any) -> dict[str, Any]:
    return {"name": name, "host": host, "memory": "1GiB", **options}


def told(*guests: dict[str, Any]) -> list[str]:
    return problems(["kvm01"], {"kvm01": {"kvm_guests": list(guests)}})


def test_a_host_gets_those_of_its_guests_as_the_module_takes_them() -> None:
    guests = [
        guest(snapshots=[FRESH, OLD]),
        guest("db", snapshots=None),
        guest("mail", snapshots=[]),
        guest("away", "kvm02", snapshots=[FRESH]),
        guest("gone", state="absent", snapshots=[FRESH]),
        guest("plain"),
    ]
    assert told(*guests[:3], *guests[4:]) == []
    found = guest_snapshots(guests, "kvm01")
    assert found == [{**FRESH, "domain": "web"}, {**OLD, "domain": "web"}]
    assert [item["name"] for item in SNAPSHOT.parse(found)] == ["fresh", "old"]
    assert all("snapshots" not in one for one in guests_on(guests, "kvm01"))


@pytest.mark.parametrize(
    ("snapshots", "said"),
    [
        (
            [{"name": "fresh", "state": "reverted"}],
            "snapshots[0].state: reverted is nothing that a guest always is, as it loses what the guest has done since:"
            " put it back in a task with the module virtfleet.kvm.snapshots",
        ),
        ([OLD, {**FRESH, "domain": "db"}], "snapshots[1].domain: is the guest that it stands with: leave it out"),
        ([FRESH, {**OLD, "name": "fresh"}], "snapshots[1].name: is that of snapshots[0] as well"),
        ([{"type": "internal"}], "snapshots[0]: is the option 'type' alone; write it below the name, without '- '"),
        ([{"state": "absent", "type": "internal"}], "snapshots[0].name: is missing"),
        ([{**FRESH, "memroy": True}], "snapshots[0].memroy: no such option; did you mean 'memory'?"),
        ([{**OLD, "discard_changes": True}], "snapshots[0].discard_changes: goes with 'state: reverted' alone"),
        ([{**FRESH, "type": "full"}], "snapshots[0].type: 'full' is not one of internal, external"),
        ({"name": "fresh"}, "snapshots: a dictionary is not a list of snapshots; write '- ' before the first option"),
        (functools.reduce(lambda inner, _time: [inner], range(70), []), "snapshots: has options nested deeper than 64"),
        (["fresh"], "snapshots[0]: a string is not a dictionary of options"),
    ],
)
def test_what_is_wrong_with_them_is_said_with_the_guest(snapshots: Any, said: str) -> None:
    (line,) = told(guest(snapshots=snapshots))
    assert line.startswith(f"guest web: {said}"), line
    with pytest.raises(VirtfleetError, match="guest web: snapshots"):
        guest_snapshots([guest(snapshots=snapshots)], "kvm01")


def test_a_slip_of_the_option_is_known() -> None:
    assert told(guest(snapshot=[FRESH])) == ["guest web: snapshot: no such option; did you mean 'snapshots'?"]


def test_guests_may_have_them_in_common() -> None:
    layer = Layer("kvm_guest_defaults", {"snapshots": [FRESH]})
    assert layer.lines() == []
    assert guest_snapshots([merged(guest(), [layer])], "kvm01") == [{**FRESH, "domain": "web"}]
    assert guest_snapshots([merged(guest(snapshots=[OLD]), [layer])], "kvm01") == [{**OLD, "domain": "web"}]
    wrong = Layer("kvm_guest_defaults", {"snapshots": [{"name": "a", "state": "reverted"}]})
    assert [line.split(" is nothing")[0] for line in wrong.lines()] == [
        "kvm_guest_defaults: snapshots[0].state: reverted"
    ]


def test_what_is_no_list_of_guests_is_refused() -> None:
    with pytest.raises(VirtfleetError, match="is not a list of guests"):
        guest_snapshots({"name": "web"}, "kvm01")
