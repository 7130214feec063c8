# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not as it was before a trial is seen: each question that a rollback asks of the devices that there are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network, rollback
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent.rollback import WayBack

Devices = dict[str, dict[str, Any]]
V4, V6, OTHER = "192.0.2.1/24", "2001:db8::1/64", "198.51.100.1/24"


def device(*addresses: str, **more: Any) -> dict[str, Any]:
    entries = [{"local": each.split("/")[0], "prefixlen": int(each.split("/")[1])} for each in addresses]
    return {"addr_info": [{"scope": "global"}, *entries], **more}


def link(kind: str, mode: str = "", **more: Any) -> dict[str, Any]:
    return {"linkinfo": {"info_kind": kind, "info_data": {"mode": mode} if mode else {}}, **more}


class Recorded(network.TrialNetwork):
    """A network of which the commands are noted, and that has some devices all the time."""

    def __init__(self, state: Mapping[str, Any], devices: Devices) -> None:
        empty: dict[str, Any] = {key: [] for key in ("gone", "new", "routes", "reconfigure")}
        empty.update({key: {} for key in ("masters", "addresses", "again")})
        super().__init__({**empty, "network_manager": False, **state})
        self.there, self.calls = devices, list[str]()
        self.failing = ""

    def call(self, command: list[str], seconds: float = 1) -> bool:
        assert 0 < seconds <= 60
        self.calls.append(" ".join(command))
        return not (self.failing and self.failing in self.calls[-1])

    def devices(self) -> Any:
        return self.there


def way(before: Devices, devices: Devices | None = None, **state: Any) -> tuple[WayBack, list[str]]:
    """What takes a network back, and the commands that it will have given."""
    recorded = Recorded(state, devices or {})
    return WayBack(recorded, before), recorded.calls


def test_a_device_is_apart_from_its_bridge_where_both_are_there() -> None:
    back, calls = way({}, masters={"a": "br0", "b": "br0", "c": "br0", "d": "br1", "e": "br0"})
    now: Any = {"br0": {}, "a": {"master": "br0"}, "b": {}, "c": {"master": "br9"}, "d": {}}
    assert back.apart(now) == [("b", "br0"), ("c", "br0")]
    back.set_masters(now)
    assert calls == [f"ip link set dev {name} master br0 up" for name in "bc"]


def test_an_mtu_is_given_back_three_times_at_most_and_to_what_is_there() -> None:
    back, calls = way({"a": {"mtu": 9000}, "b": {"mtu": 1500}, "c": {}, "d": {"mtu": 1400}, "e": {"mtu": 1300}})
    for _look in range(5):
        back.set_mtus({"a": {"mtu": 1500}, "b": {"mtu": 1500}, "c": {"mtu": 1}, "e": {}})
    assert calls == ["ip link set dev a mtu 9000", "ip link set dev e mtu 1300"] * 3


def test_a_link_is_lost_that_is_not_there_or_not_as_it_was() -> None:
    before = {name: link("macvlan", "bridge") for name in "abcd"}
    back, _calls = way(before, gone=["a", "b", "c", "new"], again={"b": "private", "c": "vepa", "d": "vepa", "x": ""})
    now: Any = {"b": link("macvlan", "private"), "c": link("macvlan", "bridge"), "d": link("macvlan", "vepa"), "x": {}}
    assert back.other_modes(now) == ["b", "d"]
    assert back.lost(now) == ["a", "b", "d"]
    assert back.lost({}) == ["a", "b", "c"]


@pytest.mark.parametrize("runs", [True, False])
def test_a_link_on_another_that_networkd_has_not_made_is_unmanaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: bool
) -> None:
    folder = tmp_path / "links"
    for module in (rollback, network):
        monkeypatch.setattr(module, "LINKS", str(folder))
    if runs:
        folder.mkdir()
        (folder / "7").write_text("NETWORK_FILE=/etc/systemd/network/a.network\n")
        (folder / "8").write_text("ADMIN_STATE=unmanaged\n")
    back, _calls = way({}, gone=["a", "b", "c", "d", "br"])
    now: Any = {"a": {"link": "eno1", "ifindex": 7}, "b": {"link": "eno1", "ifindex": 8}, "br": {"ifindex": 9}}
    now["c"] = {"link": "eno1", "ifindex": 10}
    assert back.unmanaged(now) == (["b", "c"] if runs else [])


def test_what_was_built_on_a_link_that_was_to_go_goes_with_it_however_far_above() -> None:
    before = {
        "v5": {"link": "br0"},
        "br0": {},
        "mac0": {"link": "v5"},
        "x0": {"link": "eno1"},
        "loop": {"link": "mac0"},
    }
    before["br0"] = {"link": "loop"}
    back, _calls = way(before, gone=["br0"])
    assert back.gone_along({"eno1": {}}) == ["v5", "mac0", "loop"]
    assert back.gone_along({"v5": {}, "mac0": {}}) == ["loop"]
    # Where ip tells of no device, nothing is known of them.
    assert back.gone_along({}) == []


def test_addresses_are_missing_astray_or_odd() -> None:
    before: Devices = {"a": device(V4, V6), "b": device(OTHER), "c": device(OTHER), "d": device(OTHER)}
    back, _calls = way(before, addresses={"a": [V4, V6], "b": [OTHER], "gone": ["192.0.2.9/24"]})
    now = {"a": device(V6), "b": device(OTHER), "c": device(OTHER, V4), "e": device(V4, OTHER, "203.0.113.1/24")}
    assert back.missing(now) == [("a", V4), ("gone", "192.0.2.9/24")]
    assert back.strays(now) == [("c", V4), ("e", V4), ("e", OTHER)]
    assert back.missing({}) == [("a", V4), ("a", V6), ("b", OTHER), ("gone", "192.0.2.9/24")]


@pytest.mark.parametrize("key", ["metric", "dynamic", "noprefixroute", "label", "scope"])
@pytest.mark.parametrize("version", [4, 6])
def test_an_address_of_ipv4_is_odd_that_is_not_as_it_was(key: str, version: int) -> None:
    address = V4 if version == 4 else V6
    local, _slash, prefix = address.partition("/")

    def entry(value: object) -> dict[str, Any]:
        return {"local": local, "prefixlen": int(prefix), **({key: value} if value else {})}

    before: Devices = {"a": {"addr_info": [entry("one")]}, "b": {"addr_info": [entry("one")]}}
    back, _calls = way(before, addresses={"a": [address], "x": [address]})
    other = [("a", address)] if version == 4 and key != "scope" else []
    for value, odd in (("one", []), ("two", other), (None, other)):
        now: Any = {"a": {"addr_info": [entry(value)]}, "b": {"addr_info": [entry("another")]}}
        assert back.odd(now) == odd
    assert back.odd({"a": {"addr_info": []}}) == []
    assert back.odd({}) == []


@pytest.mark.parametrize(
    ("missing", "urgent", "some"),
    [
        ([], False, False),
        # A router's addresses come in their own time, if others are there.
        ([("a", V6)], False, False),
        ([("a", V4)], True, True),
        ([("a", V4), ("a", V6)], True, True),
        ([("a", V4), ("b", OTHER)], True, False),
        ([("a", V4), ("a", V6), ("b", OTHER)], True, False),
    ],
)
def test_how_firmly_something_is_done_depends_on_what_is_missing(
    missing: list[tuple[str, str]], urgent: bool, some: bool
) -> None:
    back, _calls = way({}, addresses={"a": [V4, V6], "b": [OTHER]})
    assert back.is_urgent(missing) is urgent
    assert back.is_some(missing) is some
    only_v6, _none = way({}, addresses={"a": [V6]})
    assert only_v6.is_urgent([("a", V6)]) is True
    assert only_v6.is_some([("a", V6)]) is False


def test_addresses_that_no_file_has_are_given_at_once_as_they_were() -> None:
    before: Devices = {"a": device(V4)}
    before["a"]["addr_info"][1]["label"] = "a:1"
    back, calls = way(before, by_hand={"a": [V4]})
    assert back.are_by_hand([("a", V4)]) is True
    assert back.are_by_hand([("a", V4), ("a", V6)]) is False
    assert back.are_by_hand([("b", V4)]) is False
    back.add([("a", V4), ("b", V6)])
    assert [call.split(" valid_lft")[0] for call in calls] == [
        f"ip address replace {V4} dev a label a:1",
        f"ip address replace {V6} dev b",
    ]


@pytest.mark.parametrize(
    ("firmly", "manager", "state", "commands"),
    [
        (False, True, {}, []),
        (True, True, {}, []),
        (False, False, {}, [f"ip address del {OTHER} dev o", "networkctl reconfigure r o m p"]),
        (True, False, {}, [f"ip address del {OTHER} dev o", "systemctl restart systemd-networkd"]),
    ],
)
def test_networkd_is_helped_along_with_what_is_not_back(
    firmly: bool, manager: bool, state: dict[str, Any], commands: list[str]
) -> None:
    before = {"l": {"link": "p"}, "k": {}, "m": {}}
    back, calls = way(before, reconfigure=["r", "o"], network_manager=manager, **state)
    back.help_along(["l", "k"], [("m", V4)], [("o", OTHER)], firmly)
    assert calls == commands


def test_where_nothing_is_to_be_configured_anew_networkd_is_not_told_to() -> None:
    """Without a name networkctl refuses."""
    back, calls = way({"k": {}})
    back.help_along(["k"], [], [], False)
    assert calls == []


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (
            link("macvlan", "vepa", link="eno1", address="02::1"),
            "ip link add link eno1 name x address 02::1 type macvlan mode vepa",
        ),
        (link("bridge", address="02::1"), "ip link add name x address 02::1 type bridge"),
        ({}, None),
    ],
)  # fmt: skip
def test_a_link_is_made_as_it_was(made: Any, words: str | None) -> None:
    back, calls = way({})
    back.add_link("x", made)
    assert calls == ([words, "ip link set dev x up"] if words else [])


@pytest.mark.parametrize("refused", [True, False])
def test_a_route_that_speaks_with_an_address_that_is_not_there_is_given_without_it(refused: bool) -> None:
    words = ["route", "replace", "10.0.0.0/8", "src", "192.0.2.1", "dev", "a"]
    back, calls = way({}, {"lo": {}}, routes=[words, ["route", "replace", "10.9.0.0/16", "dev", "a"]])
    back.network.failing = "route" if refused else ""
    assert back.bring_about() is True
    without = ["ip route replace 10.0.0.0/8 dev a"] if refused else []
    assert calls == ["ip " + " ".join(words), *without, "ip route replace 10.9.0.0/16 dev a"]


def test_what_is_brought_about_and_is_not_there_all_the_same_is_said() -> None:
    back, calls = way({"nowhere7": {}}, {"lo": {}}, addresses={"nowhere7": [V4, V6]})
    assert back.bring_about() is False
    assert back.network.log == [f"not back: {V4} on nowhere7", f"not back: {V6} on nowhere7"]
    assert calls.count("ip link set dev nowhere7 up") == 1
    for state in ({"gone": ["nowhere7"]}, {"masters": {"lo": "br0"}}):
        back, _calls = way({"nowhere7": {}}, {"lo": {}, "br0": {}}, **state)
        assert back.bring_about() is False


def test_a_networkd_that_does_not_read_its_files_is_started_anew_ever_more_firmly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rollback.time, "sleep", lambda seconds: None)
    reload, again = [["networkctl", "reload"]], "systemctl restart systemd-networkd"
    kill = ["systemctl kill -s SIGKILL systemd-networkd", "systemctl start systemd-networkd"]
    for failing, calls in (
        ("", ["networkctl reload"]),
        ("reload", ["networkctl reload", "networkctl reload", again]),
        ("r", ["networkctl reload", "networkctl reload", again, *kill]),
    ):
        back, given = way({})
        back.network.failing = failing
        back.reload(reload)
        assert given == calls


@pytest.mark.parametrize(
    ("state", "commands"),
    [
        ({}, ["networkctl reload"]),
        ({"gone": ["nowhere8"]}, ["networkctl reload", "networkctl reload"]),
        ({"again": {"nowhere8": "vepa"}}, ["networkctl reload", "systemctl restart systemd-networkd"]),
        (
            {"gone": ["nowhere8"], "again": {"nowhere8": "vepa"}},
            ["networkctl reload", "systemctl restart systemd-networkd"],
        ),
        ({"undo": [["sysctl", "x"]]}, ["networkctl reload", "sysctl x"]),
        ({"network_manager": True, "gone": ["nowhere8"]}, ["netplan apply", "netplan apply"]),
        ({"network_manager": True}, ["netplan apply"]),
    ],
)
def test_the_old_files_are_read_again_as_often_as_it_takes(state: dict[str, Any], commands: list[str]) -> None:
    """networkd makes a link of before that was to go only once the trial's is gone."""
    told: list[bool] = []
    whole = {"apply": [["networkctl", "reload"]], "undo": [], "commands": [], **state}
    back, calls = way({"lo": {}}, {"lo": {}}, **whole)
    assert back.take_back(told.append) is True
    assert calls == commands
    assert told == [False]


def test_what_a_rollback_tells_the_kernel_is_told_twice_at_most() -> None:
    for failing, times, done in (("", 1, True), ("sysctl", 2, False)):
        back, calls = way({"lo": {}}, {"lo": {}}, apply=[], undo=[["sysctl", "x"], ["tc", "y"]], commands=[])
        back.network.failing = failing
        assert back.take_back(lambda _again: None) is done
        assert calls == [*["sysctl x"] * times, "tc y"]


@pytest.mark.parametrize("starts", [True, False])
def test_network_manager_begins_anew_with_the_old_profiles_where_netplan_is_broken(starts: bool) -> None:
    told: list[bool] = []
    back, calls = way({"lo": {}}, {"lo": {}}, network_manager=True, undo=[], commands=[], addresses={"lo": []})
    back.network.failing = "netplan apply" if starts else "a"
    back.take_back(told.append)
    assert told == [False, True]
    again = ["systemctl kill -s SIGKILL NetworkManager", "systemctl start NetworkManager"]
    assert calls == [
        *("netplan apply", "systemctl stop NetworkManager", "ip address flush dev lo"),
        *("systemctl start NetworkManager", *([] if starts else again)),
        "nmcli --wait 15 connection up netplan-lo",
    ]
