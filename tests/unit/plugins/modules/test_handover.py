# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that go: after the guests, but for one that makes room for another, whose guests come along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import guest_networks, staying

Run = Callable[..., dict[str, Any]]

SUBNET = {"address": "10.7.0.1/24"}
OLD = {"name": "old", "bridge": "virbr7", "ips": [SUBNET], "state": "active"}
NEW = {**OLD, "name": "new"}
GUEST = {"name": "web01", "memory": "64MiB", "interfaces": [{"network": "old"}], "state": "running"}


@pytest.fixture(autouse=True)
def put(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bridges that taps are put on, which the test driver does not have."""
    from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network import live_actions

    bridges: list[str] = []
    monkeypatch.setattr(live_actions, "enslave", lambda tap, bridge: bridges.append(bridge))
    return bridges


@pytest.fixture
def there(connection: Any, run_networks: Run, run_domains: Run) -> Any:
    """A network of this collection with a guest on it."""
    run_networks(OLD)
    run_domains(GUEST)
    return connection


def names(connection: Any) -> set[str]:
    return {network.name() for network in connection.listAllNetworks()} - {"default"}


@pytest.mark.parametrize("new", [NEW, {**NEW, "bridge": "virbr8"}, {**NEW, "ips": [{"address": "10.8.0.1/24"}]}])
@pytest.mark.parametrize("absent", [True, False])
def test_a_network_makes_room_for_the_one_that_takes_its_bridge_or_subnet(
    there: Any, run_networks: Run, new: dict[str, Any], absent: bool
) -> None:
    config = [{"name": "default"}, new, *([{"name": "old", "state": "absent"}] if absent else [])]
    result = run_networks(*config, purge=not absent, guest_networks={"web01": ["new"]})
    assert names(there) == {"new"}
    assert [change["resource"] for change in result["changes"] if change["path"] == "state"] == [
        "network old",
        "network new",
    ]


@pytest.mark.parametrize("moves", [{"web01": ["old", "new"]}, {"other": ["new"]}, {}])
def test_a_guest_that_is_not_declared_to_move_holds_it_back_by_name(
    there: Any, run_networks: Run, moves: dict[str, Any]
) -> None:
    config = [{"name": "default"}, {**NEW, "state": "present"}, {"name": "old", "state": "absent"}]
    result = run_networks(*config, guest_networks=moves, fails=True)
    assert "network old: makes room for the network new, but guest web01 is on it" in result["msg"]
    assert "old" in names(there)


def test_a_network_in_nobodys_way_stays_for_the_call_after_the_guests(there: Any, run_networks: Run) -> None:
    other = {"name": "lan", "bridge": "virbr9", "ips": [{"address": "10.9.0.1/24"}], "state": "active"}
    result = run_networks({"name": "default"}, other, purge=True, guest_networks={"web01": ["lan"]})
    assert names(there) == {"old", "lan"}
    assert "failures" not in result
    run_networks({"name": "default"}, other, {"name": "old", "state": "absent"}, guest_networks={})
    assert names(there) == {"old", "lan"}


@pytest.mark.usefixtures("there")
def test_the_guests_of_a_network_that_goes_are_put_on_the_new_ones_bridge(run_networks: Run, put: list[str]) -> None:
    run_networks({"name": "default"}, {**NEW, "bridge": "virbr8"}, purge=True, guest_networks={"web01": ["new"]})
    assert put == ["virbr8"]


def test_the_networks_that_guests_will_be_on() -> None:
    guests = [
        {"name": "a", "host": "kvm01", "interfaces": [{"network": "x"}, {"bridge": "br0"}, {"network": "y"}]},
        {"name": "b", "host": "kvm02", "interfaces": [{"network": "x"}]},
        {"name": "unknown", "host": "kvm01"},
        {"name": "gone", "host": "kvm01", "state": "absent", "interfaces": [{"network": "x"}]},
    ]
    assert guest_networks(guests, "kvm01") == {"a": ["x", "y"], "gone": []}


def test_staying() -> None:
    assert staying([{"name": "a"}, {"name": "b", "state": "absent"}, {"name": "c", "state": "active"}]) == [
        {"name": "a"},
        {"name": "c", "state": "active"},
    ]
