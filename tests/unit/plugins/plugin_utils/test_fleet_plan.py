# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plan of all hosts means for the run."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _settings
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._fleet_changes import of_host
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._fleet_plan import of_fleet

CHANGE = {"resource": "domain web01", "path": "memory", "before": "1GiB", "after": "2GiB"}
REST = {"guests_declared": {"changed": False, "changes": []}}
CHANGED = {"guests_declared": {"changed": True, "changes": [CHANGE]}}
REFUSED = {"networks_declared": {"failed": True, "msg": "network lan: no"}}
CRASHED: dict[str, Any] = {}
LOST = {**CHANGED, "networks_purged": {"unreachable": True, "msg": "no route", "changed": False}}
SLOW = {"links_plan": {"failed": True, "msg": "Timed out after 120 second(s)."}}
TOLERATED = {**CHANGED, "links_removed": {"failed": True, "msg": "link br0: is used"}}
HOSTS = {"rest": REST, "changed": CHANGED, "refused": REFUSED, "crashed": CRASHED, "lost": LOST, "slow": SLOW}
GOING_ON = ("rest", "changed", "tolerated")


def test_who_refuses_and_who_is_done() -> None:
    found = of_fleet(HOSTS, HOSTS, GOING_ON, list(HOSTS))
    assert found["refusing"] == ["refused", "crashed"]
    assert found["idle"] == ["rest"]
    assert found["told"][0] == "no host was touched: 2 of 6 hosts refuse the plan:"
    assert "refused: networks: network lan: no" in found["told"]
    assert "crashed: the plan stopped here; the errors above say why" in found["told"]
    assert (
        "slow: did not answer within 120 s: it is off or hangs, or its libvirt does (systemctl restart libvirtd)"
        in found["told"]
    )
    assert "lost: unreachable" in found["told"]
    assert "--limit 'all:!refused:!crashed'" in found["told"][-1]


def test_a_host_that_was_lost_before_the_plan_refuses_nothing() -> None:
    found = of_fleet(HOSTS, HOSTS, GOING_ON, ["rest", "changed", "refused"])
    assert found["refusing"] == ["refused"]


def test_what_the_run_may_not_refuse_stops_nothing() -> None:
    """An error that check mode tells and goes on after."""
    hosts = {"tolerated": TOLERATED}
    assert of_fleet(hosts, hosts, GOING_ON)["refusing"] == []
    assert of_fleet(hosts, hosts, GOING_ON)["idle"] == []


@pytest.mark.parametrize(
    "result",
    [
        {"changed": True, "changes": []},
        {"changed": False, "would_change": True, "changes": []},
        {"changed": False, "changes": [], "unfinished": True},
        {"changed": False, "changes": [], "postponed": ["br0"]},
    ],
)
def test_a_host_with_anything_left_to_do_is_not_done(result: dict[str, Any]) -> None:
    hosts = {"kvm01": {"networks_declared": {"changed": False}, "links_plan": result}}
    assert of_fleet(hosts, hosts)["idle"] == []


def test_many_hosts_are_not_named_in_the_hint() -> None:
    hosts = {f"kvm{number:02}": REFUSED for number in range(20)}
    assert "--limit 'all:!HOST:!HOST'" in of_fleet(hosts, hosts, ())["told"][-1]


def test_no_lines_where_no_host_was_planned() -> None:
    hosts: dict[str, Any] = {"kvm01": {}}
    assert of_fleet(hosts, hosts, ["kvm01"])["told"] == []


def test_what_was_only_planned_is_not_told_as_done() -> None:
    found = of_host({**LOST, "site_planned_only": True}, goes_on=False)
    assert (found["outcome"], found["changes"], found["changed"]) == ("unreachable", [], [])
    assert of_host(LOST, goes_on=False)["changed"] == ["domain web01"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["host", "host"], []),
        (["fleet", "host"], ["site_refuse: differs from that of a, and is one for all hosts"]),
        ([None, "host"], ["site_refuse: differs from that of a, and is one for all hosts"]),
        (["hosts", "hosts"], ["site_refuse: 'hosts' is not one of fleet, host"] * 2),
    ],
)
def test_the_variable_is_one_for_all_hosts(values: list[Any], said: list[str]) -> None:
    raw = {name: {} if value is None else {"site_refuse": value} for name, value in zip("ab", values, strict=True)}
    problems = [problem for _host, problem in _settings.problems(raw, None)]
    assert [problem.partition(": write")[0] for problem in problems] == said
