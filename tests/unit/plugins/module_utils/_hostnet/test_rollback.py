# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking a trial back on a kernel of which networkd does only a part: all is as it was before."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import files, network, rollback, settings

ADDRESS = {"local": "192.0.2.10", "prefixlen": 24, "metric": 100, "dynamic": True}
BEFORE: dict[str, dict[str, Any]] = {
    "eno1": {"ifname": "eno1", "mtu": 1500, "addr_info": [ADDRESS]},
    "shim0": {
        "ifname": "shim0",
        "mtu": 1500,
        "link": "eno1",
        "address": "52:54:00:00:00:01",
        "addr_info": [],
        "linkinfo": {"info_kind": "macvlan", "info_data": {"mode": "vepa"}},
    },
    "vnet0": {"ifname": "vnet0", "mtu": 1500, "master": "br0", "addr_info": []},
    "br0": {"ifname": "br0", "mtu": 1500, "addr_info": [], "linkinfo": {"info_kind": "bridge"}},
}
STATE: dict[str, Any] = {
    "network_manager": False,
    "apply": [["networkctl", "reload"]],
    "new": [],
    "again": {},
    "modes": {},
    "ports": {},
    "gone": [],
    "commands": [],
    "undo": [],
    "reconfigure": [],
    "masters": {"vnet0": "br0"},
    "addresses": {"eno1": ["192.0.2.10/24"]},
    "routes": [["-4", "route", "replace", "0.0.0.0/0", "via", "192.0.2.1", "dev", "eno1"]],
}


class Kernel:
    """Devices that ``ip`` changes, and a networkd that may do something at a call.

    :param networkd: what networkd brings about, by the beginning of a call
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **networkd: Any) -> None:
        self.devices, self.networkd, self.time = copy.deepcopy(BEFORE), networkd, 0.0
        self.calls: list[str] = []
        monkeypatch.setattr(network, "run", self.run)
        for module in (network, rollback):
            monkeypatch.setattr(module, "clock", lambda: self.time)
        monkeypatch.setattr(rollback.time, "sleep", self.sleep)
        monkeypatch.setattr(rollback.os.path, "exists", lambda path: path.rpartition("/")[2] in self.devices)

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def run(self, command: list[str], seconds: float) -> tuple[int, str, str]:
        words = " ".join(command)
        if words.startswith("ip -details"):
            return 0, json.dumps(list(self.devices.values())), ""
        self.calls.append(words)
        if command[0] == "ip":
            self.ip(command)
        action = self.networkd.get(command[1] if command[0] in ("networkctl", "systemctl") else "")
        if action is not None:
            action(self)
        return 0, "", ""

    def ip(self, words: list[str]) -> None:
        if words[1:3] == ["link", "add"]:
            name = words[words.index("name") + 1]
            self.devices[name] = {"ifname": name, "mtu": 1500, "addr_info": []}
            data = {"mode": words[words.index("mode") + 1]} if "mode" in words else {}
            self.devices[name]["linkinfo"] = {"info_kind": words[words.index("type") + 1], "info_data": data}
            return
        if words[1] not in ("link", "address"):
            return
        name = words[words.index("dev") + 1]
        if words[2] == "delete":
            del self.devices[name]
        elif "mtu" in words:
            self.devices[name]["mtu"] = int(words[-1])
        elif "master" in words:
            self.devices[name]["master"] = words[words.index("master") + 1]
        elif words[1] == "address":
            local, _slash, prefix = words[3].partition("/")
            kept = [entry for entry in self.devices[name]["addr_info"] if entry["local"] != local]
            kept = [] if words[2] == "flush" else kept
            if words[2] == "replace":
                entry: dict[str, Any] = {"local": local, "prefixlen": int(prefix)}
                if "metric" in words:
                    entry["metric"] = int(words[-1])
                kept.append(entry)
            self.devices[name]["addr_info"] = kept


def back(kernel: Kernel, files_again: tuple[bool, ...] = (False,), **state: Any) -> tuple[bool, list[str]]:
    """Take a trial back; whether all is back, and the log."""
    work = network.TrialNetwork({**STATE, **state})
    restored: list[bool] = []
    result = rollback.WayBack(work, BEFORE).take_back(restored.append)
    assert restored == list(files_again)
    return result, work.log


def test_what_is_as_before_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    assert back(kernel) == (True, [])
    assert kernel.calls == ["networkctl reload"]


def test_mtu_and_master_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    kernel.devices["eno1"]["mtu"] = 1400
    del kernel.devices["vnet0"]["master"]
    assert back(kernel) == (True, [])
    assert kernel.devices["eno1"]["mtu"] == 1500
    assert kernel.devices["vnet0"]["master"] == "br0"


def test_an_address_that_another_gave_is_given_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """networkd takes an address that is there for its own, with the metric of a lease."""

    def lease(kernel: Kernel) -> None:
        if not kernel.devices["eno1"]["addr_info"]:
            kernel.devices["eno1"]["addr_info"] = [dict(ADDRESS)]

    kernel = Kernel(monkeypatch, reconfigure=lease)
    kernel.devices["eno1"]["addr_info"] = [{"local": "192.0.2.10", "prefixlen": 24}]
    assert back(kernel) == (True, [])
    assert kernel.devices["eno1"]["addr_info"] == [ADDRESS]


def test_a_link_with_another_mode_is_made_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(kernel: Kernel) -> None:
        kernel.devices.setdefault("shim0", copy.deepcopy(BEFORE["shim0"]))

    kernel = Kernel(monkeypatch, restart=make)
    kernel.devices["shim0"]["linkinfo"]["info_data"]["mode"] = "bridge"
    assert back(kernel, gone=["shim0"], again={"shim0": "bridge"}) == (True, [])
    assert kernel.devices["shim0"]["linkinfo"]["info_data"]["mode"] == "vepa"


def test_where_networkd_does_nothing_the_kernel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    kernel.devices["eno1"]["addr_info"] = []
    del kernel.devices["shim0"]
    result, log = back(kernel, gone=["shim0"], again={"shim0": "bridge"})
    assert result
    assert log == ["not back by itself: shim0, 192.0.2.10/24 on eno1"]
    assert kernel.devices["shim0"]["linkinfo"] == BEFORE["shim0"]["linkinfo"]
    assert kernel.devices["eno1"]["addr_info"] == [{"local": "192.0.2.10", "prefixlen": 24, "metric": 100}]
    assert "ip -4 route replace 0.0.0.0/0 via 192.0.2.1 dev eno1" in kernel.calls
    assert kernel.time < 40


def test_an_address_leaves_where_the_trial_has_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    kernel.devices["br1"] = {"ifname": "br1", "mtu": 1500, "addr_info": [dict(ADDRESS)]}
    kernel.devices["br0"]["addr_info"] = [dict(ADDRESS)]
    kernel.devices["eno1"]["addr_info"] = []
    assert back(kernel, new=["br1"])[0]
    assert "br1" not in kernel.devices
    assert kernel.devices["br0"]["addr_info"] == []
    assert [entry["local"] for entry in kernel.devices["eno1"]["addr_info"]] == ["192.0.2.10"]


def test_what_cannot_be_brought_about_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    del kernel.devices["eno1"]
    monkeypatch.setattr(kernel, "ip", lambda words: None)
    result, log = back(kernel)
    assert not result
    assert "192.0.2.10/24 on eno1" in log[0]


def test_a_networkd_that_hangs_is_started_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    run = kernel.run

    def hangs(command: list[str], seconds: float) -> tuple[int, str, str]:
        if command[0] == "networkctl":
            kernel.time += seconds
            raise network.subprocess.TimeoutExpired(command, seconds)
        return run(command, seconds)

    monkeypatch.setattr(network, "run", hangs)
    result, log = back(kernel)
    assert result
    assert "systemctl restart systemd-networkd" in kernel.calls
    assert "networkctl reload: did not end within 8 s and was killed" in log
    assert kernel.time < 30


@pytest.mark.parametrize("broken", [False, True])
def test_network_manager_goes_by_netplan_and_where_that_is_broken_without_it(
    monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    kernel = Kernel(monkeypatch)
    run = kernel.run

    def netplan(command: list[str], seconds: float) -> tuple[int, str, str]:
        done = run(command, seconds)
        if command[0] == "nmcli":
            kernel.devices["eno1"]["addr_info"] = [dict(ADDRESS)]
        return (1, "", "no module named netplan") if broken and command[0] == "netplan" else done

    monkeypatch.setattr(network, "run", netplan)
    monkeypatch.setattr(rollback.files, "remove_folder", lambda path: kernel.calls.append(f"remove {path}"))
    assert back(kernel, (False, True) if broken else (False,), network_manager=True)[0]
    assert ("systemctl stop NetworkManager" in kernel.calls) == broken
    assert ("nmcli --wait 15 connection up netplan-eno1" in kernel.calls) == broken


def test_a_link_takes_from_routers_what_it_took_before_from_when_it_is_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The kernel would set routes on it, which stay when networkd has it in its care."""
    keys = {"addr_gen_mode": "1", "accept_ra": "0", "disable_ipv6": "0", "hop_limit": "64"}
    noted = {f"/proc/sys/net/ipv6/conf/shim0/{key}": value for key, value in keys.items()}
    (tmp_path / settings.NOTED).write_text(json.dumps({**noted, "port eno1 cost": "4"}), encoding="utf-8")
    monkeypatch.setattr(files, "TRIAL", str(tmp_path))
    kernel = Kernel(monkeypatch)
    monkeypatch.setattr(
        settings, "write", lambda path, value: kernel.calls.append(f"{path.rpartition('/')[2]}={value}")
    )
    del kernel.devices["shim0"]
    kernel.devices["eno1"]["addr_info"] = []
    assert back(kernel, gone=["shim0"])[0]
    added = next(n for n, call in enumerate(kernel.calls) if call.startswith("ip link add"))
    written = ["addr_gen_mode=1", "accept_ra=0", "disable_ipv6=0"]
    assert kernel.calls[added + 1 : added + 5] == [*written, "ip link set dev shim0 up"]


@pytest.mark.parametrize("managed", [True, False])
@pytest.mark.parametrize("runs", [True, False])
def test_a_link_that_an_earlier_life_made_is_left_to_networkd(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runs: bool, managed: bool
) -> None:
    """networkd 257 cannot make what is there, and gives up the device below it."""
    links = tmp_path / "links"
    if runs:
        links.mkdir()
        (links / "7").write_text(f"# Private\n{'NETWORK_FILE=/x.network' if managed else ''}\n", encoding="utf-8")
    for module in (network, rollback):
        monkeypatch.setattr(module, "LINKS", str(links))
    kernel = Kernel(
        monkeypatch, reload=lambda kernel: kernel.devices.setdefault("shim0", copy.deepcopy(BEFORE["shim0"]))
    )
    kernel.devices["shim0"]["ifindex"] = 7
    assert back(kernel, gone=["shim0"]) == (True, [])
    deleted = kernel.calls.index("networkctl reload") == 1
    assert deleted == (runs and not managed)
    assert (kernel.calls[0] == "ip link delete dev shim0") == deleted
    assert "shim0" in kernel.devices


def test_a_new_link_that_networkd_makes_as_an_older_one_was_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def make(kernel: Kernel) -> None:
        kernel.devices.setdefault("shim0", copy.deepcopy(BEFORE["shim0"]))

    kernel = Kernel(monkeypatch, restart=make)
    kernel.devices["shim0"]["linkinfo"]["info_data"]["mode"] = "private"
    work = network.TrialNetwork({**STATE, "new": ["shim0"], "modes": {"shim0": "vepa"}})
    work.apply()
    assert kernel.devices["shim0"]["linkinfo"]["info_data"]["mode"] == "vepa"
    assert "systemctl restart systemd-networkd" in kernel.calls
    assert work.log == []


@pytest.mark.parametrize("manager", [False, True])
def test_links_that_networkd_does_not_make_are_told_once_with_where_the_reason_is(
    monkeypatch: pytest.MonkeyPatch, manager: bool
) -> None:
    work = network.TrialNetwork({**STATE, "new": ["vlan20", "vlan30"], "network_manager": manager})
    Kernel(monkeypatch)
    unit = "NetworkManager" if manager else "systemd-networkd"
    with pytest.raises(network.NotApplied) as refused:
        work.apply()
    assert str(refused.value) == f"vlan20, vlan30 did not come up; on the host, `journalctl -u {unit}` says why"


def test_a_mode_that_networkd_does_not_give_is_told_with_its_link(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch, restart=lambda kernel: kernel.devices.update(copy.deepcopy(BEFORE)))
    work = network.TrialNetwork({**STATE, "new": ["shim0"], "modes": {"shim0": "private"}})
    with pytest.raises(
        network.NotApplied, match=r"^shim0 did not get the mode that is declared; on the host, `journalctl"
    ):
        work.apply()
    assert kernel.devices["shim0"]["linkinfo"]["info_data"]["mode"] == "vepa"


def test_of_a_traceback_only_its_end_is_told() -> None:
    text = (
        "Traceback (most recent call last):\n  File x, line 1\n    secret()\nModuleNotFoundError: No module named 'y'\n"
    )
    assert network.on_one_line(text) == "ModuleNotFoundError: No module named 'y'"
    assert network.on_one_line("a\n b\n") == "a b"


UNDO = ["ip", "link", "set", "dev", "br0", "type", "bridge", "stp_state", "1"]


@pytest.mark.parametrize(("failures", "back"), [(0, True), (1, True), (2, False), (9, False)])
def test_a_setting_that_cannot_be_set_back_is_not_said_to_be(
    monkeypatch: pytest.MonkeyPatch, failures: int, back: bool
) -> None:
    kernel = Kernel(monkeypatch)
    tried = []

    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        if command == UNDO:
            tried.append(command)
            return (1, "", "Operation not supported") if len(tried) <= failures else (0, "", "")
        return kernel.run(command, seconds)

    monkeypatch.setattr(network, "run", run)
    told = network.TrialNetwork({**STATE, "undo": [UNDO, UNDO]})
    assert rollback.WayBack(told, BEFORE).take_back(lambda again: None) == back
    # One that fails keeps none from being tried.
    assert len(tried) == {0: 2, 1: 3, 2: 3, 9: 4}[failures]
    assert any("Operation not supported" in line for line in told.log) == (failures > 0)


def test_a_guest_that_does_not_come_back_into_its_bridge_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(monkeypatch)
    kernel.devices["vnet0"].pop("master")

    def run(command: list[str], seconds: float) -> tuple[int, str, str]:
        if "master" in command:
            return 2, "", "RTNETLINK answers: Device or resource busy"
        return kernel.run(command, seconds)

    monkeypatch.setattr(network, "run", run)
    told = network.TrialNetwork(dict(STATE))
    assert not rollback.WayBack(told, BEFORE).take_back(lambda again: None)
    assert "not back by itself: vnet0 in br0" in told.log


def test_links_of_before_that_nobody_knows_any_more_are_not_said_to_be_back(monkeypatch: pytest.MonkeyPatch) -> None:
    Kernel(monkeypatch)
    told = network.TrialNetwork({**STATE, "gone": ["shim0"]})
    assert not rollback.WayBack(told, {}).take_back(lambda again: None)
    assert told.log == ["what links the host had before is not known any more"]


LASTING = {"metric": 100, "valid_life_time": 0xFFFFFFFF, "preferred_life_time": 0xFFFFFFFF}
LEASED = {"dynamic": True, "metric": 100, "valid_life_time": 3600, "preferred_life_time": 1800}
DEPRECATED = {"dynamic": True, "valid_life_time": 3600, "preferred_life_time": 0}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (LASTING, "metric 100"),
        (LEASED, "metric 100 valid_lft 3600 preferred_lft 1800"),
        (DEPRECATED, "valid_lft 3600 preferred_lft 0"),
    ],
)
def test_an_address_that_was_lent_does_not_stay_for_ever(
    monkeypatch: pytest.MonkeyPatch, entry: dict[str, Any], words: str
) -> None:
    kernel = Kernel(monkeypatch)
    before = copy.deepcopy(BEFORE)
    before["eno1"]["addr_info"] = [{"local": "fd00::1", "prefixlen": 64, **entry}]
    kernel.devices["eno1"]["addr_info"] = []
    told = network.TrialNetwork({**STATE, "addresses": {"eno1": ["fd00::1/64"]}})
    rollback.WayBack(told, before).bring_about()
    assert f"ip address replace fd00::1/64 dev eno1 {words}" in kernel.calls


def test_what_was_built_on_a_link_that_was_to_go_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel takes it away with the link; a device that is gone for itself is its owner's matter."""
    kernel = Kernel(monkeypatch)
    before = copy.deepcopy(BEFORE)
    for name, below in (("vx1", "br0"), ("vx2", "vx1"), ("wg0", "eno1")):
        before[name] = {"ifname": name, "mtu": 1500, "link": below, "addr_info": []}
    told = network.TrialNetwork({**STATE, "gone": ["br0"]})
    assert not rollback.WayBack(told, before).take_back(lambda again: None)
    assert told.log == [f"{name} was on a link that was to go, and is not there any more" for name in ("vx1", "vx2")]
    for name in ("vx1", "vx2"):
        kernel.devices[name] = copy.deepcopy(before[name])
    assert rollback.WayBack(network.TrialNetwork({**STATE, "gone": ["br0"]}), before).take_back(lambda again: None)


def test_what_a_silent_dhcp_server_does_not_give_again_costs_no_other_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """networkd is not started anew for one address where others are there: it would ask for all of them again."""
    kernel = Kernel(monkeypatch)
    kernel.devices["vnet0"]["addr_info"] = []
    before = copy.deepcopy(BEFORE)
    before["vnet0"]["addr_info"] = [{"local": "198.51.100.5", "prefixlen": 24, "metric": 300}]
    work = network.TrialNetwork({**STATE, "addresses": {**STATE["addresses"], "vnet0": ["198.51.100.5/24"]}})
    assert rollback.WayBack(work, before).take_back(lambda again: None)
    assert "networkctl reconfigure vnet0" in kernel.calls
    assert not [call for call in kernel.calls if call.startswith("systemctl restart")]
    assert "ip address replace 198.51.100.5/24 dev vnet0 metric 300" in kernel.calls
    assert kernel.time < 20
    assert work.log == ["not back by itself: 198.51.100.5/24 on vnet0"]
