# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a link has otherwise than declared is no 'unchanged', and what it could not get is no 'confirmed'."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import facts, networkd
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.transaction import trial_of
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ALONE,
    ENO1,
    ENO2,
    HOST,
    NETPLAN,
    planned,
    refusal,
    text,
)

MAC, OTHER = "52:54:00:aa:00:09", "52:54:00:00:00:11"
STATIC = {"addressing": "static", "addresses": ["10.50.0.2/24", "fd11::2/64", "fe80::9/64"]}
BR7: dict[str, Any] = {"name": "br7", "type": "bridge", "ports": ["eno2"], **STATIC, "mtu": 1450, "mac": MAC}
SHIM: dict[str, Any] = {"name": "sh0", "type": "macvlan", "parent": "eno2", **STATIC, "mtu": 1400, "mac": MAC}
BRIDGE_ALONE: dict[str, Any] = {**BR7, "ports": ["eno1"]}


def done(item: dict[str, Any], host: Facts = HOST, **now: Any) -> Facts:
    """A host on which an item was declared, and what its link has otherwise."""
    files = planned(item, host=host).files
    netplan = next((file.after for file in files if file.path.endswith(".yaml")), None)
    link = HostDevice(
        item["name"],
        index=9,
        kind=item["type"],
        mac=MAC,
        mtu=item["mtu"],
        parent=item.get("parent", ""),
        addresses=("10.50.0.2/24", "fd11::2/64"),
    )
    ports = {name: dataclasses.replace(host.devices[name], master=item["name"]) for name in item.get("ports", ())}
    return dataclasses.replace(
        host,
        netplan=(dataclasses.replace(NETPLAN, text=netplan),) if netplan else host.netplan,
        units={**host.units, **{file.path: file.after or "" for file in files if "/systemd/" in file.path}},
        devices={**host.devices, **ports, item["name"]: dataclasses.replace(link, **now)},
    )


@pytest.mark.parametrize(("item", "host"), [(BR7, HOST), (SHIM, HOST), (BRIDGE_ALONE, ALONE)])
@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({}, []),
        ({"mac": MAC.upper()}, []),
        ({"mac": OTHER}, [("mac", OTHER, MAC)]),
        ({"mtu": 1300}, [("mtu", 1300, None)]),
        ({"up": False, "carrier": False, "addresses": ()}, [("up", False, True)]),
        ({"addresses": ("10.50.0.2/24",)}, [("addresses", ["10.50.0.2/24"], STATIC["addresses"])]),
        # Without a cable it has none.
        ({"addresses": (), "carrier": False}, []),
    ],
)
def test_what_was_changed_by_hand_is_set_again(
    item: dict[str, Any], host: Facts, now: dict[str, Any], told: list[tuple[Any, ...]]
) -> None:
    found = planned(item, host=done(item, host, **now))
    expected = [(path, before, item["mtu"] if path == "mtu" else after) for path, before, after in told]
    assert [(change.path, change.before, change.after) for _name, change in found.changes] == expected
    assert (found.refresh, found.files) == ([item["name"]] if told else [], [])
    assert (["ip", "link", "set", "dev", item["name"], "address", OTHER] in found.undo) == ("mac" in now and bool(told))
    assert found.settings == ({item["name"]: {"mac": MAC, "mtu": item["mtu"]}} if told else {})
    assert trial_of(found, host, 60, ())["settings"] == found.settings


INHERITS: dict[str, Any] = {"name": "sh0", "type": "macvlan", "parent": "eno1"}
HALVES = ["192.0.2.0/25", "192.0.2.128/25"]


@pytest.mark.parametrize(
    ("there", "now", "lost"),
    [
        ([(half, "sh0") for half in HALVES], {}, False),
        ([(half, "sh1") for half in HALVES], {}, False),
        ([(HALVES[0], "sh0"), (HALVES[1], "eno1")], {}, True),
        ([], {}, True),
        ([], {"carrier": False}, False),
    ],
)
def test_the_routes_of_a_shim_that_went_with_its_parents_address_are_set_again(
    there: list[tuple[str, str]], now: dict[str, Any], lost: bool
) -> None:
    files = planned(INHERITS).files
    devices = {name: HostDevice(name, kind="macvlan", parent="eno1") for name in ("sh0", "sh1")}
    devices["sh0"] = dataclasses.replace(devices["sh0"], **now)
    host = dataclasses.replace(
        HOST,
        units={file.path: file.after or "" for file in files},
        devices={**HOST.devices, **devices},
        routes=(*HOST.routes, *(facts.Route(to, device) for to, device in there)),
    )
    found = planned(INHERITS, host=host)
    before = [to for to, device in there if device != "eno1"]
    assert [(change.path, change.before, change.after) for _name, change in found.changes] == (
        [("routes", before, HALVES)] if lost else []
    )
    assert (found.refresh, found.files) == (["sh0"] if lost else [], [])


def test_a_port_that_is_down_is_brought_up_unless_a_file_says_so() -> None:
    unit = "/run/systemd/network/10-netplan-eno2.network"
    host = done(BR7)
    host = dataclasses.replace(
        host, devices={**host.devices, "eno2": dataclasses.replace(ENO2, master="br7", up=False, network_file=unit)}
    )
    found = planned(BR7, host=host)
    assert ([change.path for _name, change in found.changes], found.refresh) == (["up"], ["br7", "eno2"])
    text = "[Match]\nName=eno2\n[Link]\nActivationPolicy=manual\n"
    assert not planned(BR7, host=dataclasses.replace(host, units={**host.units, unit: text})).changes


def test_another_mac_or_mtu_is_set_on_a_shim_that_is_there() -> None:
    """By its .netdev alone networkd would set it once it makes the link, at the next boot."""
    host = done(SHIM)
    found = planned({**SHIM, "mac": OTHER, "mtu": 1300}, host=host)
    unit = networkd.parse(text(found, "50-virtfleet-sh0.network"))
    assert networkd.setting(unit, "Link", "MACAddress") == OTHER
    assert networkd.setting(unit, "Link", "MTUBytes") == "1300"
    # Its unit has changed: networkd sets it without being told.
    assert (found.refresh, found.settings) == ([], {"sh0": {"mac": OTHER, "mtu": 1300}})
    alone = planned({**BRIDGE_ALONE, "mac": OTHER}, host=done(BRIDGE_ALONE, ALONE))
    assert networkd.setting(networkd.parse(text(alone, "00-virtfleet-br7.network")), "Link", "MACAddress") == OTHER


def test_the_agent_waits_for_what_a_link_must_be_like(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(network, "clock", lambda: now[0])
    monkeypatch.setattr(network.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    told = network.TrialNetwork({"settings": {"br7": {"mac": MAC.upper(), "mtu": 1200}}})
    devices = [{"br7": {"address": MAC, "mtu": mtu}} for mtu in (1500, 1200)]
    monkeypatch.setattr(told, "devices", lambda: devices[now[0] > 5])
    assert told.wait_for_settings()
    assert not told.log
    devices[1]["br7"]["mtu"] = 1280
    assert not told.wait_for_settings()
    assert told.log == ["br7 has the MTU 1280, and not 1200"]


WITH_IPV6 = {"eno1": dataclasses.replace(ENO1, accept_ra="0"), "eno2": ENO2}


@pytest.mark.parametrize(
    ("more", "fine"),
    [
        (STATIC, False),
        ({"addressing": "static", "addresses": ["10.50.0.2/24"]}, False),
        ({"addressing": "dhcp"}, False),
        ({"addressing": "none"}, True),
    ],
)
@pytest.mark.parametrize("item", [{**BR7, "mtu": 1200}, {**SHIM, "mtu": 1200}])
def test_an_mtu_that_ipv6_does_not_allow_is_refused(item: dict[str, Any], more: dict[str, Any], fine: bool) -> None:
    item = {key: value for key, value in item.items() if key not in STATIC}
    host = dataclasses.replace(HOST, devices=WITH_IPV6)
    if fine:
        assert planned({**item, **more}, host=host).changes
    else:
        assert "mtu: is 1200, and a link with IPv6 has 1280 at least" in refusal({**item, **more}, host=host)
    assert planned({**item, **more}, host=HOST).changes, "a kernel without IPv6"
    assert planned({**item, **more, "mtu": 1280}, host=host).changes


def test_an_mtu_of_less_is_fine_where_netplan_takes_ipv6_from_the_link() -> None:
    host = dataclasses.replace(
        HOST,
        devices=WITH_IPV6,
        netplan=(dataclasses.replace(NETPLAN, text=NETPLAN.text.replace("optional: true", "link-local: []")),),
    )
    assert planned({"name": "br7", "type": "bridge", "ports": ["eno2"], "mtu": 1200}, host=host).changes


def test_a_shim_has_no_more_of_an_mtu_than_its_parent() -> None:
    large = {**SHIM, "mtu": 9000}
    said = "mtu: is 9000, and its parent eno2 has 1500: give 1500 or less, or the parent more"
    assert said in refusal(large)
    text = NETPLAN.text.replace("optional: true", "mtu: 9000")
    assert planned(large, host=dataclasses.replace(HOST, netplan=(dataclasses.replace(NETPLAN, text=text),))).changes
    bridge = {"name": "br7", "type": "bridge", "ports": ["eno2"], "mtu": 9000, "addressing": "none"}
    assert planned(bridge, {**large, "parent": "br7"}).changes
    assert planned({**BRIDGE_ALONE, "mtu": 9000}, {**large, "parent": "br7"}, host=ALONE).changes


def test_a_link_of_mode_passthru_has_no_mac_of_its_own() -> None:
    with pytest.raises(VirtfleetError, match="a link of mode passthru has the MAC address of its parent"):
        planned({**SHIM, "mode": "passthru"})


def test_what_ip_tells_of_being_up() -> None:
    found = facts.devices(
        [
            {"ifname": "a", "ifindex": 2, "flags": ["BROADCAST", "UP", "LOWER_UP"]},
            {"ifname": "b", "ifindex": 3, "flags": ["NO-CARRIER", "UP"]},
            {"ifname": "c", "ifindex": 4, "flags": ["BROADCAST"]},
        ]
    )
    assert [(each.up, each.carrier) for each in found.values()] == [(True, True), (True, False), (False, False)]
