# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""networks, from declaration to network, on libvirt's test driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.tests.unit.samples import NETWORKS

Run = Callable[..., dict[str, Any]]
NAT = {
    "name": "nat1",
    "bridge": "virbr5",
    "forward": {"mode": "nat"},
    "ips": [
        {
            "address": "10.5.0.1/24",
            "dhcp": {
                "ranges": [{"start": "10.5.0.2", "end": "10.5.0.99"}],
                "hosts": [{"mac": "52:54:00:AA:00:01", "name": "web01", "ip": "10.5.0.10"}],
            },
        }
    ],
}


SINCE = {"names": 9_007_000, "functions": 10_001_000}
"""The libvirt that knows all of a sample: titles of networks, and the model of a VFIO driver."""


def paths(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["resource"], entry["path"]) for entry in result["changes"]]


def test_from_nothing_to_active_and_back(connection: Any, run_networks: Run, snapshot: Any) -> None:
    before = snapshot()
    result = run_networks(NAT)
    assert paths(result) == [("network nat1", "definition"), ("network nat1", "autostart"), ("network nat1", "state")]
    network = connection.networkLookupByName("nat1")
    assert (network.isActive(), network.autostart(), network.bridgeName()) == (1, 1, "virbr5")
    assert paths(run_networks({"name": "nat1", "state": "absent"})) == [("network nat1", "state")]
    assert snapshot() == before


@pytest.mark.parametrize("state", ["active", "inactive", "present", "absent"])
def test_a_second_run_changes_nothing(run_networks: Run, snapshot: Any, state: str, connection: Any) -> None:
    run_networks({**NAT, "state": state})
    between = snapshot()
    again = run_networks({**NAT, "state": state})
    assert (again["changed"], again["changes"], again["diff"]) == (False, [], [])
    assert snapshot() == between


@pytest.mark.parametrize("have", ["active", "inactive"])
@pytest.mark.parametrize("want", ["active", "inactive", "absent"])
def test_every_way_of_state(connection: Any, run_networks: Run, have: str, want: str) -> None:
    run_networks({**NAT, "state": have})
    assert run_networks({"name": "nat1", "state": want})["changed"] == (have != want)
    names = {network.name(): network.isActive() for network in connection.listAllNetworks()}
    assert names.get("nat1") == {"active": 1, "inactive": 0, "absent": None}[want]


@pytest.mark.parametrize(
    "config",
    [
        [NAT],
        [NAT, {"name": "default", "state": "inactive", "autostart": True}],
        [{"name": "default", "state": "absent"}],
        [{"name": "default", "state": "inactive"}],
        [{"name": "default"}],
    ],
)
def test_check_mode_says_what_a_run_does_and_does_nothing(run_networks: Run, snapshot: Any, config: list[Any]) -> None:
    before = snapshot()
    said = run_networks(*config, check=True)
    assert snapshot() == before
    done = run_networks(*config)
    for part in ("changed", "changes", "diff", "pending_restart"):
        assert said[part] == done[part], part
    assert (snapshot() != before) == done["changed"]


def test_every_edit_of_a_network_is_one_that_libvirt_takes(connection: Any, run_networks: Run) -> None:
    run_networks({**NAT, "state": "inactive"})
    for edit in (
        {"mtu": 1400, "domain": "lab.example", "stp": False, "delay": 4},
        {"mtu": None, "domain": None},
        {"forward": {"dev": "eth0"}},
        {"forward": {"dev": "eth1"}},
        {"forward": {"interfaces": ["eth2"]}},
        {"forward": {"interfaces": []}},
        {"ips": [{"address": "10.5.0.1/24", "dhcp": None}, {"address": "fd00:5::1/64"}]},
        {"ips": [{"address": "10.9.0.1/16"}]},
        {"forward": {"mode": "route"}},
        {"forward": None},
        {"ips": None},
    ):
        assert run_networks({"name": "nat1", "state": "present", **edit})["changed"], edit
        assert not run_networks({"name": "nat1", "state": "present", **edit})["changed"], edit


def test_a_nat_network_becomes_one_on_a_host_bridge(connection: Any, run_networks: Run) -> None:
    run_networks({"name": "n", "bridge": "virbr5", "state": "inactive"})
    lan = {"forward": {"mode": "bridge"}, "bridge": "br0", "ips": None}
    changed = [path for _network, path in paths(run_networks({"name": "n", "state": "inactive", **lan}))]
    assert {"forward.mode", "bridge", "stp"} <= set(changed)
    assert not run_networks({"name": "n", "state": "inactive", **lan})["changed"]


def test_check_mode_tells_an_edit_as_the_run_does(run_networks: Run, snapshot: Any, connection: Any) -> None:
    run_networks({"name": "default", "state": "inactive"})
    before = snapshot()
    edit = {"name": "default", "ips": [{"address": "10.6.0.1/24", "dhcp": {"ranges": []}}], "mtu": 1400}
    said = run_networks(edit, check=True)
    assert snapshot() == before
    assert said["changes"] == run_networks(edit)["changes"]
    ranges = "ips[0].dhcp.ranges[192.168.122.2]"
    assert [path for _network, path in paths(said)] == ["mtu", "ips[0].address", ranges, "state"]


def test_reservations_are_told_by_who_has_them(connection: Any, run_networks: Run) -> None:
    """By its place, one that goes would be mixed up with one that comes."""
    macs = [f"52:54:00:00:00:0{index}" for index in range(5)]
    hosts: list[dict[str, Any]] = [{"mac": mac, "ip": f"10.6.0.1{mac[-1]}"} for mac in macs]
    named = [{"name": "web.example", "ip": "10.6.0.30"}, {"name": "db", "ip": "10.6.0.31"}]

    def declared(*kept: dict[str, Any]) -> dict[str, Any]:
        return {"name": "n", "ips": [{"address": "10.6.0.1/24", "dhcp": {"hosts": list(kept)}}], "state": "inactive"}

    run_networks(declared(*hosts[:4], *named))
    edit = declared(hosts[2], {**hosts[1], "ip": "10.6.0.20"}, hosts[4], {**named[1], "ip": "10.6.0.32"})
    said, done = run_networks(edit, check=True), run_networks(edit)
    assert said["changes"] == done["changes"]
    here = "ips[0].dhcp.hosts"
    assert done["diff"][0]["before"].splitlines() == [
        f"{here}[{macs[1]}].ip: 10.6.0.11",
        f"{here}[db].ip: 10.6.0.31",
        f"{here}[{macs[0]}].mac: {macs[0]}",
        f"{here}[{macs[0]}].ip: 10.6.0.10",
        f"{here}[{macs[3]}].mac: {macs[3]}",
        f"{here}[{macs[3]}].ip: 10.6.0.13",
        f"{here}[web.example].name: web.example",
        f"{here}[web.example].ip: 10.6.0.30",
    ]
    assert done["diff"][0]["after"].splitlines() == [
        f"{here}[{macs[1]}].ip: 10.6.0.20",
        f"{here}[{macs[4]}].mac: {macs[4]}",
        f"{here}[{macs[4]}].ip: 10.6.0.14",
        f"{here}[db].ip: 10.6.0.32",
    ]
    assert run_networks(edit)["changed"] is False


def test_an_edit_leaves_what_is_not_declared(connection: Any, run_networks: Run) -> None:
    # The test driver keeps one definition, and of an active network the old one: so first it stops.
    run_networks({"name": "default", "state": "inactive"})
    run_networks({"name": "default", "state": "inactive", "domain": "lab.example"})
    root = ET.fromstring(connection.networkLookupByName("default").XMLDesc())
    assert root.find("forward").get("mode") == "nat"
    assert root.find("ip/dhcp/range").get("end") == "192.168.122.254"
    assert root.find("domain").get("name") == "lab.example"


def test_one_bad_network_of_many_is_named_and_the_others_are_done(connection: Any, run_networks: Run) -> None:
    bad = {"name": "bad", "uuid": connection.networkLookupByName("default").UUIDString()}
    good = {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "br0"}
    result = run_networks(bad, good, fails=True)
    assert result["msg"].splitlines()[0] == "1 of 2 networks failed:"
    assert [failure["network"] for failure in result["failures"]] == ["bad"]
    assert connection.networkLookupByName("lan").isActive()
    assert {resource for resource, _path in paths(result)} == {"network lan"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"ips": [{"address": "192.168.300.1/24"}]},
            "network bad: ips[0].address: '192.168.300.1/24' is not an address",
        ),
        ({"ips": [{"address": "10.0.0.0/24"}]}, "network bad: ips[0].address: '10.0.0.0/24' is not a host of"),
        ({"forwrad": {}}, "network bad: forwrad: no such option; did you mean 'forward'?"),
        ({"bridge": "a-name-that-is-too-long"}, "network bad: bridge: 'a-name-that-is-too-long' is not a name of"),
        ({"forward": {"mode": "bridge"}}, "network bad: bridge: name the host bridge here"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_bad_input_is_refused_whole(run_networks: Run, snapshot: Any, wrong: Any, said: str, check: bool) -> None:
    before = snapshot()
    result = run_networks(NAT, {"name": "bad", **wrong}, check=check, fails=True)
    assert result["msg"].startswith("nothing was changed, the input is refused:\n")
    assert said in result["msg"]
    assert snapshot() == before


@pytest.mark.parametrize("sample", NETWORKS, ids=lambda sample: sample["name"])
def test_libvirt_takes_and_keeps_every_option(connection: Any, run_networks: Run, sample: dict[str, Any]) -> None:
    if connection.getLibVersion() < SINCE.get(sample["name"], 0):
        pytest.skip("this machine's libvirt is older than what the sample uses")
    assert run_networks(sample)["changed"]
    assert not run_networks(sample)["changed"]


def test_a_bare_host_will_have_the_default_network(run_networks: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "libvirt", None)
    result = run_networks({"name": "default", "autostart": True}, check=True)
    assert paths(result) == [("network default", "autostart"), ("network default", "state")]
    (warning,) = result["warnings"]
    assert warning.startswith("libvirt is not there yet, so it is planned as for a host fresh from installation: ")
    assert "install python3-libvirt" in run_networks({"name": "default"}, fails=True)["msg"]
