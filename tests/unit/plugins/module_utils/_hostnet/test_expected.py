# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that the host must have once a change is in force, and again once it is taken back."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import probes, trial
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import expected, guard, network
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, NetplanFile, Route
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.agent_host import Host, make_host
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ENO1,
    ENO2,
    HOST,
    planned,
    with_device,
)

LEASE = "198.51.100.5/24"
SECOND = dataclasses.replace(
    HOST,
    devices={
        **HOST.devices,
        "eno2": dataclasses.replace(
            ENO2, addresses=(LEASE, "2001:db8:2::5/64"), dynamic=(LEASE, "2001:db8:2::5/64"), network_file="n"
        ),
        "virbr0": HostDevice("virbr0", kind="bridge", addresses=("192.168.122.1/24",), lasting=("192.168.122.1/24",)),
    },
    routes=(
        *HOST.routes,
        Route("0.0.0.0/0", "eno1", "192.0.2.1", "dhcp", 100),
        Route("0.0.0.0/0", "eno2", "198.51.100.1", "dhcp", 300),
    ),
    netplan=(
        NetplanFile("/etc/netplan", "01.yaml", "network: {ethernets: {eno1: {dhcp4: true}, eno2: {dhcp4: true}}}"),
    ),
)
SHIM = {"name": "shim0", "type": "macvlan", "parent": "eno2"}
BR2 = {"name": "br2", "type": "bridge", "ports": ["eno2"]}


def wanted(found: Any, device: str) -> dict[str, Any]:
    return next(dict(each) for each in found.expected if device in each["devices"])


@pytest.mark.parametrize("item", [SHIM, {"name": "v20", "type": "vlan", "parent": "eno2", "id": 20}, BR2])
def test_a_trial_knows_the_addresses_of_every_device(item: dict[str, Any]) -> None:
    """Those of the parent of a link as well, and those that do not change: a program may start anew."""
    found = planned(item, host=SECOND)
    state = trial.trial_of(found, SECOND, 60, [])
    assert state["addresses"]["eno2"] == [LEASE, "2001:db8:2::5/64"]
    assert state["addresses"]["eno1"] == ["192.0.2.10/24", "2001:db8::10/64"]
    assert "virbr0" not in state["addresses"]
    assert ["-4", "route", "replace"] not in state["routes"]


def test_the_parent_of_a_link_must_have_its_lease_again() -> None:
    each = wanted(planned(SHIM, host=SECOND), "eno2")
    assert (each["addresses"], each["late"], each["leased"]) == ([LEASE], ["2001:db8:2::5/64"], True)
    assert each["routes"] == [["0.0.0.0/0", "198.51.100.1"]]


@pytest.mark.parametrize(("client", "addresses"), [(ENO1.client_id, [LEASE]), ("", None)])
def test_what_the_forecast_says_must_be_there(client: str, addresses: list[str] | None) -> None:
    """Where the DHCP server may give another address, one of IPv4."""
    eno2 = dataclasses.replace(SECOND.devices["eno2"], client_id=client)
    found = planned(BR2, host=with_device(eno2, SECOND))
    assert wanted(found, "br2")["addresses"] == addresses
    assert not any("eno2" in each["devices"][:1] for each in found.expected)


def test_declared_addresses_take_the_place_of_others() -> None:
    found = planned({**BR2, "addressing": "static", "addresses": ["203.0.113.7/24"]}, host=SECOND)
    assert wanted(found, "br2")["addresses"] == ["203.0.113.7/24"]
    assert wanted(found, "br2")["routes"] == []
    assert not [
        each for each in planned({**BR2, "addressing": "none"}, host=SECOND).expected if "br2" in each["devices"]
    ]


ENTRY: dict[str, Any] = {
    "devices": ["eno2"],
    "addresses": [LEASE],
    "late": [],
    "routes": [["0.0.0.0/0", "198.51.100.1"]],
    "leased": True,
    "carrier": True,
}
HELD = {"ifname": "eno2", "addr_info": [{"local": "198.51.100.5", "prefixlen": 24}]}


def test_an_address_that_is_lost_takes_the_trial_back(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = make_host(tmp_path, monkeypatch)
    time = [1000.0]
    for module in (network, expected):
        monkeypatch.setattr(module, "clock", lambda: time[0])

    def sleep(seconds: float) -> None:
        time[0] += seconds
        host.sleep(seconds)

    monkeypatch.setattr(guard.time, "sleep", sleep)
    host.devices = [{"ifname": "lo"}, {"ifname": "eno2", "addr_info": []}]
    host.begin(expected=[ENTRY], deadline=1060.0)
    host.work()
    said = host.outcome()
    assert said["outcome"] == "rolled-back"
    assert said["reason"] == f"eno2 does not have {LEASE}: look whether its DHCP server answers"
    assert 1044 < time[0] < 1060


def test_a_lease_that_comes_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    time = [0.0]
    monkeypatch.setattr(expected, "clock", lambda: time[0])
    monkeypatch.setattr(expected.time, "sleep", lambda seconds: time.__setitem__(0, time[0] + seconds))
    monkeypatch.setattr(expected, "default_routes", lambda: {("198.51.100.1", "eno2")})
    host = network.TrialNetwork({"expected": [ENTRY]})
    monkeypatch.setattr(host, "devices", lambda: {"eno2": HELD if time[0] > 20 else {"ifname": "eno2"}})
    assert expected.wait(host, 45) == ""
    assert 22 <= time[0] < 24


@pytest.mark.parametrize(
    ("entry", "has", "needed", "told"),
    [
        (ENTRY, [HELD], [], []),
        ({**ENTRY, "carrier": False}, [{"ifname": "eno2"}], [], [f"eno2 does not have {LEASE}"]),
        ({**ENTRY, "addresses": None}, [{"ifname": "eno2"}], ["eno2 has no address of IPv4"], []),
        ({**ENTRY, "addresses": None}, [HELD], [], []),
        ({**ENTRY, "late": ["2001:db8::1/64"]}, [HELD], [], ["eno2 does not have 2001:db8::1/64, which a router"]),
        (
            {**ENTRY, "routes": [["0.0.0.0/0", "192.0.2.9"]]},
            [HELD],
            [],
            ["does not have the route to 0.0.0.0/0 by 192"],
        ),
        (ENTRY, [], [], []),
    ],
)
def test_what_is_missing_is_told_by_name(
    monkeypatch: pytest.MonkeyPatch,
    entry: dict[str, Any],
    has: list[dict[str, Any]],
    needed: list[str],
    told: list[str],
) -> None:
    monkeypatch.setattr(expected, "default_routes", lambda: {("198.51.100.1", "eno2")})
    found = expected.look([entry], {each["ifname"]: each for each in has})
    for given, wants in ((found.needed, needed), (found.wanted, told)):
        assert len(given) == len(wants)
        assert all(want in each for each, want in zip(given, wants, strict=True))


def test_what_the_host_lacks_is_told_with_the_confirmation(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_host(tmp_path, monkeypatch)
    monkeypatch.setattr(expected, "wait", lambda network, end: "")
    monkeypatch.setattr(expected, "default_routes", set)
    host.devices = [{"ifname": "lo"}, HELD]
    host.begin(expected=[ENTRY])
    host.work()
    assert host.outcome()["outcome"] == "confirmed"
    assert host.outcome()["missing"] == ["eno2 does not have the route to 0.0.0.0/0 by 198.51.100.1"]


def test_a_lease_that_goes_before_the_confirmation_is_not_confirmed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = make_host(tmp_path, monkeypatch)
    monkeypatch.setattr(expected, "wait", lambda network, end: "")
    host.devices = [{"ifname": "lo"}]
    host.begin(expected=[{**ENTRY, "routes": []}])
    host.work()
    assert host.outcome()["reason"].startswith(f"it could not be kept: eno2 does not have {LEASE}")


@pytest.mark.parametrize(
    ("devices", "reason"),
    [
        ([{"ifname": "lo"}], "it could not be kept: eno2 is not there any more"),
        ([{"ifname": "eno2"}], "it could not be kept: eno2 is not in br7"),
        ([{"ifname": "eno2", "master": "br8"}], "it could not be kept: eno2 is not in br7"),
        ([{"ifname": "eno2", "master": "br7"}], ""),
    ],
)
def test_a_port_that_goes_before_the_confirmation_is_not_confirmed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, devices: list[dict[str, Any]], reason: str
) -> None:
    host = make_host(tmp_path, monkeypatch)
    monkeypatch.setattr(expected, "wait", lambda network, end: "")
    monkeypatch.setattr(network.TrialNetwork, "wait_for_ports", lambda self: True)
    host.devices = devices
    host.begin(ports={"eno2": "br7"})
    host.work()
    assert (host.outcome()["outcome"], host.outcome()["reason"]) == ("rolled-back" if reason else "confirmed", reason)


@pytest.mark.parametrize("comes", [True, False])
def test_after_a_rollback_the_way_out_is_there_again_or_said_to_be_missing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, comes: bool
) -> None:
    time, calls = [0.0], list[str]()
    route = ["-4", "route", "replace", "0.0.0.0/0", "via", "198.51.100.1", "dev", "eno2"]
    (tmp_path / "3").write_text("DNS=198.51.100.1 fe80::1\n")
    monkeypatch.setattr(expected, "RESOLVED", str(tmp_path))
    monkeypatch.setattr(expected, "LINKS", str(tmp_path))
    monkeypatch.setattr(expected, "clock", lambda: time[0])
    monkeypatch.setattr(expected.time, "sleep", lambda seconds: time.__setitem__(0, time[0] + seconds))
    monkeypatch.setattr(
        expected, "default_routes", lambda: {("198.51.100.1", "eno2")} if comes and calls else {("192.0.2.1", "eno1")}
    )
    elsewhere = [*route[:3], "0.0.0.0/0", "via", "198.51.100.9", "dev", "eno2", "table", "77"]
    servers = ["198.51.100.1", *([] if comes else ["198.51.100.2"])]
    host = network.TrialNetwork({"routes": [route, elsewhere], "dns": {"eno2": servers}})
    monkeypatch.setattr(host, "devices", lambda: {"eno2": {"ifname": "eno2", "ifindex": 3}})
    monkeypatch.setattr(host, "call", lambda command, seconds: not calls.append(" ".join(command)))
    lost = ["the route to 0.0.0.0/0 by 198.51.100.1 on eno2", "the name server 198.51.100.2 of eno2"]
    assert expected.after_rollback(host) == ([] if comes else lost)
    assert calls[0] == f"ip {' '.join(route)}"
    assert time[0] < 6


def test_every_gateway_that_stays_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = planned(SHIM, host=SECOND)
    monkeypatch.setattr(probes, "neighbour", lambda route, facts: (True, route.via))
    monkeypatch.setattr(probes, "name_server", lambda facts: (False, ""))
    gateways = probes_of(SECOND, [via for each in found.expected for _to, via in each["routes"]])
    assert gateways == ["gateway (IPv4)", "gateway 198.51.100.1"]
    less = dataclasses.replace(SECOND, routes=SECOND.routes[:-1])
    results = probes.run(gateways, less)
    assert [result["ok"] for result in results] == [True, False]
    assert "198.51.100.1 any more" in results[1]["said"]


def probes_of(host: Facts, gateways: list[str]) -> list[str]:
    return probes.passing(host, gateways)


def test_what_is_handed_to_the_agent_is_json() -> None:
    assert json.dumps(trial.trial_of(planned(SHIM, host=SECOND), SECOND, 60, []))


def test_the_unit_is_written_again_while_a_trial_waits(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody has removed it, nothing would start its program anew."""
    host: Host = make_host(tmp_path, monkeypatch)
    place = pathlib.Path(guard.files.UNIT)
    sleep = host.sleep

    def asked(seconds: float) -> None:
        if guard.state_of(str(host.trial)) == "applied" and place.exists() and not place.read_text():
            place.unlink()
            return
        sleep(seconds)

    monkeypatch.setattr(guard.time, "sleep", asked)
    host.begin()
    host.work()
    assert "guard.py" in place.read_text()
    assert ["systemctl", "daemon-reload"] in host.commands
    for path in place.parent.glob("virtfleet-links-thaw.*"):
        path.unlink()
