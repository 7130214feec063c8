# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of programs and devices of the host."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network

TRACEBACK = "trouble\nTraceback (most recent call last):\n  File x\n    call()\n\nValueError:  no  such thing\n\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("one\n\n  two   three\n", "one two three"),
        (TRACEBACK, "ValueError: no such thing"),
        ("a Traceback (of nobody)\nand more", "a Traceback (of nobody) and more"),
        (f"begin {'x' * 700}", "x" * 600),
    ],
)
def test_what_a_program_printed_is_one_line_and_of_a_traceback_its_end(text: str, said: str) -> None:
    assert network.on_one_line(text) == said


def test_the_addresses_of_a_device_have_their_subnets() -> None:
    told = {
        "addr_info": [{"local": "192.0.2.1", "prefixlen": 24}, {"prefixlen": 8}, {"local": "::1", "prefixlen": 128}]
    }
    assert network.subnets_of(told) == {"192.0.2.1/24", "::1/128"}
    assert network.subnets_of({}) == set()


# Commands, and what is waited for


class Clocked:
    """A network of which the commands answer at once, and the clock goes on with each pause.

    :ivar failing: the beginnings of commands that fail; how often each still does
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **state: Any) -> None:
        empty: dict[str, Any] = {key: [] for key in ("new", "gone", "apply", "commands", "undo")}
        empty.update({key: {} for key in ("again", "modes", "ports")})
        self.now, self.calls, self.seconds = 0.0, list[str](), list[float]()
        self.failing: dict[str, int] = {}
        self.raising: Exception | None = None
        self.there: list[Any] = [{"ifname": "lo"}]
        self.network = network.TrialNetwork({**empty, "network_manager": False, **state})
        monkeypatch.setattr(network, "clock", lambda: self.now)
        monkeypatch.setattr(network.time, "sleep", self.sleep)
        monkeypatch.setattr(network, "run", self.run)
        monkeypatch.setattr(network.os.path, "exists", lambda path: path.rpartition("/")[2] in self.names())

    def names(self) -> list[str]:
        return [entry.get("ifname", "") for entry in self.there]

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 1
        self.now += seconds

    def run(self, command: list[str], seconds: float) -> tuple[int, str, str]:
        words = " ".join(command)
        if words == "ip -details -json address show":
            return 0, json.dumps(self.there), ""
        self.calls.append(words)
        self.seconds.append(seconds)
        if self.raising is not None:
            raise self.raising
        for start, times in self.failing.items():
            if words.startswith(start) and times:
                self.failing[start] -= 1
                return 1, "said", "it broke" if "quiet" not in words else ""
        return 0, "", ""


@pytest.mark.parametrize(
    ("command", "raising", "fails", "note"),
    [
        (["a", "b"], None, 0, None),
        (["a", "b"], None, 1, "a b: it broke"),
        (["a", "quiet"], None, 1, "a quiet: said"),
        (["a", "b"], OSError(2, "No such file or directory", "a"), 0, "a b: a: No such file or directory"),
        (["a", "b"], subprocess.TimeoutExpired("a", 5), 0, "a b: did not end within 5 s and was killed"),
        (["a", "secret-word"], None, 1, "a ***: it broke"),
    ],
)
def test_what_goes_wrong_with_a_command_is_noted_with_no_secret(
    monkeypatch: pytest.MonkeyPatch, command: list[str], raising: Any, fails: int, note: str | None
) -> None:
    host = Clocked(monkeypatch, secrets=["secret-word"])
    host.failing, host.raising = {"a": fails}, raising
    assert host.network.call(command, 5) is (note is None)
    assert host.network.log == ([note] if note else [])


def test_the_same_is_noted_once_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Clocked(monkeypatch)
    for text in ("a", "a", "b", "a"):
        host.network.note(text)
    assert host.network.log == ["a", "b", "a"]


@pytest.mark.parametrize(("end", "seconds"), [(None, 20.0), (100.0, 20.0), (7.0, 7.0), (0.0, None), (-1.0, None)])
def test_no_command_runs_beyond_the_end(
    monkeypatch: pytest.MonkeyPatch, end: float | None, seconds: float | None
) -> None:
    host = Clocked(monkeypatch)
    host.network.end = end
    assert host.network.call(["a"], 20.0) is (seconds is not None)
    assert host.seconds == ([] if seconds is None else [seconds])
    assert host.network.log == ([] if seconds is not None else ["the time was up"])


@pytest.mark.parametrize(
    ("fails", "end", "done", "tries", "log"),
    [
        (0, None, True, 1, ["before"]),
        (2, None, True, 3, ["before"]),
        (3, None, False, 3, ["before", "b: it broke"]),
        (3, 0.5, False, 2, ["before", "b: it broke", "the time was up"]),
    ],
)
def test_the_files_are_put_into_force_in_three_attempts(
    monkeypatch: pytest.MonkeyPatch, fails: int, end: float | None, done: bool, tries: int, log: list[str]
) -> None:
    """networkd can die of a device that goes; it is started again at once."""
    host = Clocked(monkeypatch)
    host.failing = {"b": fails}
    host.network.log, host.network.end = ["before"], end
    assert host.network.switch([["a"], ["b"], ["c"]]) is done
    assert host.network.log == log
    assert [call for call in host.calls if call == "a"] == ["a"] * (tries if end is None else 1)
    assert host.calls.count("c") == done


def test_only_devices_that_are_there_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Clocked(monkeypatch)
    host.there = [{"ifname": "a"}, {"ifname": "c"}, {}]
    host.network.delete_links(["a", "b", "c"])
    assert host.calls == ["ip link delete dev a", "ip link delete dev c"]
    assert set(host.network.devices()) == {"a", "c"}


def mac(name: str, mode: str) -> dict[str, Any]:
    return {"ifname": name, "linkinfo": {"info_kind": "macvlan", "info_data": {"mode": mode}}}


@pytest.mark.parametrize(
    ("state", "there", "calls", "log"),
    [
        ({"new": ["a"]}, [mac("a", "")], [], []),
        ({}, [], [], []),
        ({"new": ["a"], "modes": {"a": "vepa"}}, [mac("a", "vepa")], [], []),
        ({"again": {"a": "vepa"}, "apply": [["reload"]]}, [mac("a", "vepa")], ["reload"], []),
        # Started anew, networkd forgets what such a link once was.
        (
            {"new": ["b"], "modes": {"a": "vepa", "b": "vepa"}},
            [mac("a", "private"), mac("b", "vepa")],
            ["ip link delete dev a", "ip link delete dev b", "systemctl restart systemd-networkd"],
            ["a did not get the mode that is declared", "on the host, `journalctl -u systemd-networkd` says why"],
        ),
        (
            {"new": ["a", "b"]},
            [mac("b", "")],
            ["systemctl restart systemd-networkd"],
            ["a did not come up", "on the host, `journalctl -u systemd-networkd` says why"],
        ),
        (
            {"new": ["a"], "network_manager": True},
            [],
            [],
            ["a did not come up", "on the host, `journalctl -u NetworkManager` says why"],
        ),
    ],
)
def test_new_links_are_there_with_their_modes_or_it_is_told(
    monkeypatch: pytest.MonkeyPatch, state: dict[str, Any], there: list[Any], calls: list[str], log: list[str]
) -> None:
    host = Clocked(monkeypatch, **state)
    host.there = there
    host.network.log = ["before"]
    assert host.network.links_are_there() is (not log)
    assert host.calls == calls
    assert host.network.log[0] == "before"
    assert set(host.network.log[1:]) == set(log)


@pytest.mark.parametrize(("comes", "there"), [(0.0, True), (4.9, True), (5.3, False), (99.0, False)])
def test_a_link_is_waited_for(monkeypatch: pytest.MonkeyPatch, comes: float, there: bool) -> None:
    host = Clocked(monkeypatch)
    monkeypatch.setattr(network.os.path, "exists", lambda path: host.now >= comes)
    assert host.network.wait_for_links(["a", "b"], 5) is there
    assert host.now <= min(comes, 5) + 0.3
    assert host.network.log == ([] if there else ["a, b did not come up"])


@pytest.mark.parametrize(
    ("there", "unit", "done", "log"),
    [
        ([{"ifname": "p", "master": "br0"}], "", True, []),
        ([{"ifname": "lo"}], "", True, []),
        # The kernel is told where nobody else says what the port is to be.
        ([{"ifname": "p"}], "", True, []),
        ([{"ifname": "p", "master": "br9"}], "", True, []),
        (
            [{"ifname": "p"}],
            "x.network",
            False,
            ["p did not become a port of br0: networkd configures it by x.network"],
        ),
        ([], "", False, ["p did not become a port of br0"]),
    ],
)
def test_a_port_is_forced_into_its_bridge_if_it_does_not_get_there(
    monkeypatch: pytest.MonkeyPatch, there: list[Any], unit: str, done: bool, log: list[str]
) -> None:
    host = Clocked(monkeypatch, ports={"p": "br0"})
    host.there = there
    monkeypatch.setattr(host.network, "other_unit", lambda device, bridge: unit)
    forced: list[float] = []

    def call(command: list[str], seconds: float) -> bool:
        assert " ".join(command) == "ip link set dev p master br0 up"
        forced.append(host.now)
        if host.there:
            host.there = [{"ifname": "p", "master": "br0"}]
        return True

    monkeypatch.setattr(host.network, "call", call)
    assert host.network.wait_for_ports(9) is done
    assert host.network.log == log
    # It comes by itself, mostly.
    assert all(3 < when <= 9.3 for when in forced)
    assert bool(forced) is (unit == "" and there not in ([{"ifname": "p", "master": "br0"}], [{"ifname": "lo"}]))


LINK_STATE = """\
ADMIN_STATE=configured
NETWORK_FILE_DROPINS="{0}/b.conf:{0}/a.conf"
NETWORK_FILE={0}/1.network
OTHER=x
"""


def test_the_unit_of_a_device_is_told_with_what_adds_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "LINKS", str(tmp_path))
    (tmp_path / "7").write_text(LINK_STATE.format(tmp_path))
    (tmp_path / "8").write_text("ADMIN_STATE=unmanaged\n")
    host = network.TrialNetwork({})
    units = [f"{tmp_path}/{name}" for name in ("1.network", "b.conf", "a.conf")]
    assert host.units_of({"ifindex": 7}) == units
    assert host.units_of({"ifindex": 8}) == host.units_of({"ifindex": 9}) == host.units_of({}) == []


@pytest.mark.parametrize(
    ("texts", "other"),
    [
        (["[Network]\nBridge=br0\n", "", ""], False),
        (["[Network]\nDHCP=yes\n", "", "[Network]\n Bridge = br0 \n"], False),
        (["[Network]\nBridge=br00\n", "", "#Bridge=br0\n"], True),
        # What cannot be read may say so.
        (["[Network]\nDHCP=yes\n", ""], False),
    ],
)
def test_a_unit_that_does_not_make_a_port_of_a_device_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: list[str], other: bool
) -> None:
    monkeypatch.setattr(network, "LINKS", str(tmp_path))
    (tmp_path / "7").write_text(LINK_STATE.format(tmp_path))
    for name, text in zip(("1.network", "b.conf", "a.conf"), texts, strict=False):
        (tmp_path / name).write_text(text)
    host = network.TrialNetwork({})
    assert host.other_unit({"ifindex": 7}, "br0") == (f"{tmp_path}/1.network" if other else "")
    assert host.other_unit({"ifindex": 8}, "br0") == ""


@pytest.mark.parametrize(
    ("taken", "done", "waits", "log"),
    [
        (["/x/a.network"], True, False, []),
        # In doubt it does: nothing is told of what is not configured yet.
        ([], True, True, []),
        (["/x/b.network"], False, True, ["networkd configures a by /x/b.network, and not by its own unit a.network"]),
    ],
)
def test_the_unit_by_which_a_link_is_configured_is_its_own(
    monkeypatch: pytest.MonkeyPatch, taken: list[str], done: bool, waits: bool, log: list[str]
) -> None:
    host = Clocked(monkeypatch, units={"a": "a.network"})
    monkeypatch.setattr(host.network, "units_of", lambda device: taken)
    assert host.network.wait_for_units(5) is done
    assert host.network.log == log
    assert (5 <= host.now < 6) if waits else host.now == 0


@pytest.mark.parametrize(
    ("wanted", "log"),
    [
        ({"mac": "02:00:00:00:00:0A", "mtu": 1400}, []),
        ({"mac": "02:00:00:00:00:0a"}, []),
        ({}, []),
        ({"mtu": 1500}, ["a has the MTU 1400, and not 1500"]),
        (
            {"mac": "02::9", "mtu": 9},
            ["a has the MAC address 02:00:00:00:00:0a, and not 02::9; a has the MTU 1400, and not 9"],
        ),
    ],
)
def test_a_link_has_what_it_is_to_have_or_it_is_told(
    monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any], log: list[str]
) -> None:
    host = Clocked(monkeypatch, settings={"a": wanted})
    host.there = [{"ifname": "a", "address": "02:00:00:00:00:0a", "mtu": 1400}]
    assert host.network.wait_for_settings(5) is (not log)
    assert host.network.log == log
    assert (5 <= host.now < 6) if log else host.now == 0


@pytest.mark.parametrize("manager", [True, False])
@pytest.mark.parametrize(("state", "waits"), [({}, False), ({"commands": [["a"]]}, True), ({"undo": [["a"]]}, True)])
def test_network_manager_is_waited_for_where_it_sets_the_same(
    monkeypatch: pytest.MonkeyPatch, manager: bool, state: dict[str, Any], waits: bool
) -> None:
    host = Clocked(monkeypatch, network_manager=manager, **state)
    host.network.wait_for_network_manager()
    assert bool(host.calls) is (manager and waits)
    host.raising = OSError("no")
    host.network.wait_for_network_manager()


@pytest.mark.parametrize("failing", ["", "reload", "tc"])
def test_a_trial_is_in_force_once_all_of_it_is(monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    host = Clocked(monkeypatch, apply=[["reload"]], gone=["lo"], commands=[["tc", "x"]])
    host.failing = {failing: 9} if failing else {}
    if failing:
        with pytest.raises(network.NotApplied, match="it broke"):
            host.network.apply()
    else:
        host.network.apply()
        assert host.calls == ["reload", "ip link delete dev lo", "tc x"]
