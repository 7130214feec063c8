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
