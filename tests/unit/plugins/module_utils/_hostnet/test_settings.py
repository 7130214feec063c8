# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have set on bridges, on their ports and in /proc/sys is given back after a rollback."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network, settings

PORT = {"priority": 8, "cost": 77, "hairpin": True, "isolated": False, "multicast_router": 1}
NEW = {"priority": 32, "cost": 2, "hairpin": False, "isolated": False, "multicast_router": 1}
STATE: dict[str, Any] = {"gone": ["br0"], "reconfigure": [], "configured": [], "addresses": {}, "ports": {}}


class Host:
    """What a host's devices are set to; commands are noted, and those of ports carried out."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.port: dict[str, Any] | None = dict(PORT)
        self.bridge: dict[str, Any] = {"ageing_time": 100, "forward_delay": 400}
        self.vlans = [{"vlan": 10, "vlanEnd": 20}, {"vlan": 7, "flags": ["PVID", "Egress Untagged"]}]
        self.told: list[str] = []

    def run(self, command: list[str], seconds: float) -> tuple[int, str, str]:
        words = " ".join(command)
        if command[0] == "bridge" and "show" in command:
            return 0, json.dumps([{"ifname": "eno1", "vlans": self.vlans if self.port is not None else []}]), ""
        if "show" not in command:
            self.told.append(words)
            option, value = command[-2:]
            if "bridge_slave" in command and self.port is not None:
                key = "multicast_router" if option == "mcast_router" else option
                self.port[key] = value == "on" if value in ("on", "off") else int(value)
            elif command[0] == "ip":
                self.bridge[option] = int(value)
            return 0, "", ""
        slave = {"info_slave_kind": "bridge", "info_slave_data": self.port} if self.port is not None else {}
        port = {"ifname": "eno1", "operstate": "UP", "linkinfo": slave}
        bridge = {"ifname": "br0", "linkinfo": {"info_kind": "bridge", "info_data": self.bridge}}
        return 0, json.dumps([port, bridge]), ""

    def sysctl(self, name: str) -> pathlib.Path:
        return self.root / "ipv4/br0" / name

    def note(self, name: str) -> None:
        settings.note(str(self.root), name, STATE, network.TrialNetwork({}).devices())

    def give_back(self) -> list[str]:
        return settings.give_back(str(self.root), network.TrialNetwork(STATE))


@pytest.fixture
def host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(tmp_path)
    monkeypatch.setattr(network, "run", made.run)
    monkeypatch.setattr(settings, "SYSCTLS", str(tmp_path / "{family}/{name}"))
    made.sysctl("").mkdir(parents=True)
    for name, value in (("proxy_arp", "1"), ("rp_filter", "2"), ("mtu", "1500")):
        made.sysctl(name).write_text(value)
    made.note(settings.NOTED)
    return made


def test_a_port_that_left_its_bridge_gets_its_settings_back(host: Host) -> None:
    host.port = None
    host.note(settings.APPLIED)
    host.note(settings.ENDED)
    host.port, host.vlans = dict(NEW), [{"vlan": 1, "flags": ["PVID", "Egress Untagged"]}]
    lost = host.give_back()
    assert host.port == PORT
    assert host.told[:3] == [
        f"ip link set dev eno1 type bridge_slave {words}" for words in ("hairpin on", "priority 8", "cost 77")
    ]
    assert sorted(host.told[3:]) == [
        "bridge vlan add dev eno1 vid 10-20",
        "bridge vlan add dev eno1 vid 7 pvid untagged",
        "bridge vlan del dev eno1 vid 1",
    ]
    # Nothing carried those out here, so they are told.
    assert sorted(lost) == ["vlan eno1 1", "vlan eno1 10-20", "vlan eno1 7"]


def test_a_bridge_that_was_made_anew_gets_its_settings_back(host: Host) -> None:
    host.bridge = {"ageing_time": 30000, "forward_delay": 1500}
    for name, value in (("proxy_arp", "0"), ("mtu", "1400")):
        host.sysctl(name).write_text(value)
    assert host.give_back() == []
    assert host.told == ["ip link set dev br0 type bridge ageing_time 100"]
    assert [host.sysctl(name).read_text() for name in ("proxy_arp", "rp_filter", "mtu")] == ["1", "2", "1400"]


def test_what_somebody_sets_during_the_trial_stays(host: Host) -> None:
    host.note(settings.APPLIED)
    assert host.port is not None
    host.port["cost"] = 5
    host.sysctl("rp_filter").write_text("0")
    host.note(settings.ENDED)
    assert host.give_back() == []
    assert (host.told, host.sysctl("rp_filter").read_text()) == ([], "0")


def test_what_is_as_before_is_left_alone(host: Host) -> None:
    assert host.give_back() == []
    assert host.told == []
    # A port that is in no bridge any more cannot be set.
    host.port = None
    assert host.give_back() == []
    assert host.told == []


# What is looked at, and what is told


def test_the_settings_of_ports_bridges_and_vlans_are_what_their_tools_take(monkeypatch: pytest.MonkeyPatch) -> None:
    slave = {"hairpin": True, "learning": False, "priority": 8, "cost": 77, "multicast_router": 1, "other": 3}
    devices: Any = {
        "up": {"operstate": "UP", "linkinfo": {"info_slave_kind": "bridge", "info_slave_data": slave}},
        # Without a carrier the cost is that of no speed.
        "down": {"operstate": "DOWN", "linkinfo": {"info_slave_kind": "bridge", "info_slave_data": slave}},
        "bonded": {"linkinfo": {"info_slave_kind": "bond", "info_slave_data": slave}},
        "br0": {"linkinfo": {"info_kind": "bridge", "info_data": {"ageing_time": 100, "forward_delay": 4}}},
        "lo": {},
    }
    told = [
        {"ifname": "up", "vlans": [{"vlan": 7, "flags": ["PVID", "Egress Untagged", "x"]}, {"vlan": 9, "vlanEnd": 12}]},
        {"ifname": "br0", "vlans": [{"vlan": 1}]},
        {"ifname": "lo"},
        "odd",
    ]
    answer: list[Any] = [(0, json.dumps(told), "")]
    monkeypatch.setattr(network, "run", lambda command, seconds: answer[0])
    found = settings.look(devices, [])
    common = {"hairpin": "on", "learning": "off", "priority": "8", "mcast_router": "1"}
    assert found == {
        **{f"port {name} {key}": value for name in ("up", "down") for key, value in common.items()},
        "port up cost": "77",
        "bridge br0 ageing_time": "100",
        "vlan up 7": "pvid untagged",
        "vlan up 9-12": "",
        "vlan-self br0 1": "",
    }
    for silent in ((1, json.dumps(told), ""), (0, "no json", ""), (0, "", "")):
        answer[0] = silent
        assert not [key for key in settings.look(devices, []) if key.startswith("vlan")]
    # A host without a bridge is not asked for VLANs.
    monkeypatch.setattr(network, "run", lambda command, seconds: pytest.fail("asked"))
    assert settings.look({"lo": devices["lo"]}, []) == {}


def test_a_devices_part_of_proc_sys_is_read_but_for_what_cannot_be_written(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SYSCTLS", f"{tmp_path}/{{family}}/{{name}}")
    for name in ("ipv4/a/rp_filter", "ipv6/a/accept_ra", "ipv6/a/stable_secret", "ipv6/a/mtu", "ipv4/b/rp_filter"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1\n")
    (tmp_path / "ipv4/a/folder").mkdir()
    assert settings.sysctls("a") == {f"{tmp_path}/ipv4/a/rp_filter": "1", f"{tmp_path}/ipv6/a/accept_ra": "1"}
    assert settings.look({}, ["b", "c"]) == {f"{tmp_path}/ipv4/b/rp_filter": "1"}


def test_all_devices_that_a_trial_changes_are_concerned_once() -> None:
    state: Any = {
        "gone": ["a"],
        "reconfigure": ["b", "a"],
        "configured": ["c"],
        "addresses": {"d": []},
        "ports": {"e": ""},
    }
    assert settings.concerned(state) == ["a", "b", "c", "d", "e"]
    assert settings.concerned({}) == []


class Told(network.TrialNetwork):
    """A network of which the commands are noted."""

    def __init__(self) -> None:
        super().__init__({})
        self.calls: list[str] = []

    def call(self, command: list[str], seconds: float = 1) -> bool:
        self.calls.append(" ".join(command))
        return True

    def devices(self) -> Any:
        return {}


@pytest.mark.parametrize(
    ("key", "value", "call"),
    [
        ("port eno1 cost", "77", "ip link set dev eno1 type bridge_slave cost 77"),
        ("bridge br0 ageing_time", "100", "ip link set dev br0 type bridge ageing_time 100"),
        ("vlan eno1 7", "pvid untagged", "bridge vlan add dev eno1 vid 7 pvid untagged"),
        ("vlan eno1 9-12", "", "bridge vlan add dev eno1 vid 9-12"),
        ("vlan eno1 7", None, "bridge vlan del dev eno1 vid 7"),
        ("vlan-self br0 7", "", "bridge vlan add dev br0 vid 7 self"),
    ],
)
def test_a_setting_is_given_by_the_tool_that_takes_it(key: str, value: str | None, call: str) -> None:
    told = Told()
    settings.write_one(key, value, told)
    assert told.calls == [call]


def test_a_setting_of_proc_sys_is_written_and_what_goes_wrong_is_noted(tmp_path: pathlib.Path) -> None:
    told = Told()
    (tmp_path / "a").write_text("0")
    settings.write_one(str(tmp_path / "a"), "1", told)
    assert (tmp_path / "a").read_text() == "1"
    settings.write_one(str(tmp_path / "none"), "1", told)
    assert (told.calls, told.log) == ([], [f"{tmp_path}/none: No such file or directory"])


BEFORE = {"port a cost": "1", "port b cost": "1", "vlan a 7": "", "vlan c 7": "", "vlan-self br0 1": "", "/x": "1"}


@pytest.mark.parametrize(
    ("now", "applied", "ended", "given"),
    [
        (BEFORE, {}, {}, []),
        ({**BEFORE, "port a cost": "2", "/x": "0"}, {}, {}, ["port a cost", "/x"]),
        # What is of a device that is not there, or no port any more, is given to nothing.
        ({"port a cost": "1", "/x": "1"}, {}, {}, ["vlan a 7", "vlan-self br0 1"]),
        ({}, {}, {}, ["vlan-self br0 1"]),
        # A VLAN that was not there goes, where it is known what there was.
        ({**BEFORE, "vlan a 9": "", "vlan z 9": ""}, {}, {}, ["vlan a 9"]),
        # What somebody has changed during the trial stays.
        ({**BEFORE, "port a cost": "2"}, {"port a cost": "3"}, {"port a cost": "2"}, []),
        ({**BEFORE, "port a cost": "2"}, {"port a cost": "2"}, {"port a cost": "2"}, ["port a cost"]),
        ({**BEFORE, "port a cost": "2"}, {"port b cost": "2"}, {"port b cost": "2"}, ["port a cost"]),
    ],
)
def test_what_is_not_as_before_is_given_back_unless_somebody_has_changed_it_meanwhile(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, now: Any, applied: Any, ended: Any, given: list[str]
) -> None:
    for name, text in ((settings.NOTED, BEFORE), (settings.APPLIED, applied), (settings.ENDED, ended)):
        (tmp_path / name).write_text(json.dumps(text))
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr(settings, "look", lambda devices, names: now)
    monkeypatch.setattr(settings, "write_one", lambda key, value, changes: told.append((key, value)))
    # It is told again what is not as before all the same.
    assert settings.give_back(str(tmp_path), Told()) == given
    assert told == [(key, BEFORE.get(key)) for key in given]


def test_a_new_link_takes_from_routers_what_it_took_before_it_is_up(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SYSCTLS", "/x/{family}/{name}")
    noted = {f"/x/ipv6/a/{key}": "7" for key in ("accept_ra", "disable_ipv6", "forwarding")} | {
        "/x/ipv4/a/accept_ra": "1"
    }
    (tmp_path / settings.NOTED).write_text(json.dumps(noted))
    told: list[tuple[str, str | None]] = []
    monkeypatch.setattr(settings, "write_one", lambda key, value, changes: told.append((key, value)))
    settings.give_before_up(str(tmp_path), "a", Told())
    assert told == [("/x/ipv6/a/accept_ra", "7"), ("/x/ipv6/a/disable_ipv6", "7")]
