# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the unit is told of a trial: what is tried and kept, what a rollback has to put right."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import trial
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, Route
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import ChangedFile, LinksPlan

DEVICES = (
    HostDevice("eno1", master="br0", addresses=("192.0.2.1/24",), dns=("192.0.2.9",)),
    HostDevice("eno2", addresses=("192.0.2.2/24", "192.0.2.3/24"), dns=("192.0.2.9",)),
    HostDevice("eno3", addresses=("192.0.2.4/24",)),
    HostDevice("eno4", addresses=("192.0.2.5/24",)),
    HostDevice("br0", kind="bridge", addresses=("192.0.2.6/24",)),
    HostDevice("br9", kind="bridge"),
)
FACTS = Facts(devices={each.name: each for each in DEVICES}, login="192.0.2.5")


def state(facts: Facts = FACTS, probes: tuple[str, ...] = (), **plan: Any) -> Any:
    return trial.trial_of(LinksPlan(**plan), facts, 60, probes)


@pytest.mark.parametrize(
    ("manager", "refresh", "apply"),
    [
        (False, [], [["networkctl", "reload"]]),
        (False, ["eno1"], [["networkctl", "reload"], ["networkctl", "reconfigure", "eno1"]]),
        (True, [], [["netplan", "apply"]]),
        (True, ["eno1"], [["netplan", "apply"]]),
    ],
)
def test_whoever_configures_the_network_is_told_to_read_the_files(
    manager: bool, refresh: list[str], apply: list[list[str]]
) -> None:
    found = state(network_manager=manager, refresh=refresh, settings={"br0": {"mtu": 1400}})
    assert found["apply"] == apply
    # What NetworkManager does not set is not waited for.
    assert found["settings"] == ({} if manager else {"br0": {"mtu": 1400}})
    assert found["network_manager"] is manager


@pytest.mark.parametrize("netplan", [True, False])
def test_netplan_makes_its_files_where_it_is_used(netplan: bool) -> None:
    documents = {"a.yaml": "network: {wifis: {w: {access-points: {x: {password: hunter22}}}}}"}
    found = state(netplan=netplan, documents=documents)
    assert found["generate"] == ([["netplan", "generate"]] if netplan else [])
    assert found["secrets"] == (["hunter22"] if netplan else [])


def test_a_trial_ends_so_many_seconds_from_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial.network, "clock", lambda: 1000.0)
    found = state(probes=("gateway",))
    assert (found["seconds"], found["deadline"], found["probes"]) == (60, 1060, ["gateway"])


def test_the_addresses_of_what_changes_are_to_be_back_and_of_the_rest_what_does_not_come_by_hand() -> None:
    """What changes: what is configured anew or goes, each link of the plan, and the device of the login."""
    items = [("br0", [Change("mtu", 1500, 1400)])]
    found = state(
        items=items, reconfigure=["eno1"], gone=["br9", "nowhere"], given_addresses={"eno2": ["192.0.2.2/24"]}
    )
    assert found["addresses"] == {
        "eno1": ["192.0.2.1/24"],
        "eno2": ["192.0.2.2/24"],
        "eno4": ["192.0.2.5/24"],
        "br0": ["192.0.2.6/24"],
    }
    assert found["touched"] == ["br0", "br9", "eno1", "eno4", "nowhere"]
    assert found["masters"] == {"eno1": "br0"}
    # Name servers count of devices that are to have addresses.
    assert found["dns"] == {"eno1": ["192.0.2.9"], "eno2": ["192.0.2.9"]}
    assert state()["dns"] == {}


def test_what_has_effect_at_a_boot_only_is_kept_and_not_tried() -> None:
    files = [
        ChangedFile("/etc/a", "/run/a", "old", "new", 0o600),
        ChangedFile("/etc/b", "", None, "text"),
        ChangedFile("/etc/c", "/run/c", "old", None),
        ChangedFile("/etc/netplan/d.yaml", "/run/netplan/d.yaml", "old", None, below="package's"),
    ]
    found = state(files=files)
    assert found["trial"] == {"/run/a": "new", "/run/c": None, "/run/netplan/d.yaml": "package's"}
    assert [(each["path"], each["text"], each["mode"]) for each in found["keep"]] == [
        ("/etc/a", "new", 0o600),
        ("/etc/b", "text", 0o644),
        ("/etc/c", None, 0o644),
        ("/etc/netplan/d.yaml", None, 0o644),
    ]


def test_all_else_of_a_plan_is_handed_over_as_it_is() -> None:
    told: dict[str, Any] = {
        "commands": [["a"]],
        "undo": [["b"]],
        "new": ["c"],
        "gone": ["d"],
        "again": {"e": "vepa"},
        "modes": {"f": "bridge"},
        "reconfigure": ["g"],
        "ports": {"h": "br0"},
        "units": {"i": "i.network"},
        "by_hand": {"j": ["192.0.2.1/24"]},
        "static": [["k"]],
        "rules_of_files": False,
    }
    found = state(**told, configured={"m": "br0", "l": "br0"})
    assert {key: found[key] for key in told} == told
    assert found["configured"] == ["l", "m"]


def route(to: str, device: str, via: str = "", protocol: str = "static", table: str = "") -> Route:
    words = ["-4", "route", "replace", to, *(["via", via] if via else []), "dev", device]
    return Route(to, device, via, protocol, table=table, words=(*words, *(["table", table] if table else [])))


def test_routes_are_given_in_an_order_in_which_the_kernel_takes_them() -> None:
    """Those first by which gateways are reached; of two that lead to the same, the second replaces no other."""
    facts = Facts(
        routes=(
            route("0.0.0.0/0", "eno1", "192.0.2.1"),
            route("10.0.0.0/8", "eno1", "192.0.2.1"),
            route("10.0.0.0/8", "eno2", "192.0.2.2"),
            route("192.0.2.0/24", "eno1"),
            route("198.51.100.0/24", "eno1", protocol="kernel"),
            route("203.0.113.0/24", "eno9"),
            Route("10.99.0.0/16", "eno1"),
            route("192.0.2.0/24", "eno1"),
        ),
        other_routes=(route("10.0.0.0/8", "eno1", "192.0.2.1", table="7"),),
    )
    given = [" ".join(words[2:]) for words in trial.routes_to_give(facts, ["eno1", "eno2"])]
    assert given == [
        "replace 192.0.2.0/24 dev eno1",
        "replace 0.0.0.0/0 via 192.0.2.1 dev eno1",
        "replace 10.0.0.0/8 via 192.0.2.1 dev eno1",
        "append 10.0.0.0/8 via 192.0.2.2 dev eno2",
        "replace 10.0.0.0/8 via 192.0.2.1 dev eno1 table 7",
    ]
