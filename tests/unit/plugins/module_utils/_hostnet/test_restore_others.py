# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others had told the kernel is given back where it is missing, and takes nobody's place."""

from __future__ import annotations

import copy
import json
import pathlib
import time
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network, restore_others, set_by_others
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent.route_words import destination

FOREVER = {"valid_life_time": 0xFFFFFFFF, "preferred_life_time": 0xFFFFFFFF}
LEASED = {"local": "198.18.0.12", "prefixlen": 24, "scope": "global", "dynamic": True}
VIP = {"local": "198.18.0.251", "prefixlen": 32, "scope": "global", "label": "eno1", **FOREVER}
DEVICES: dict[str, dict[str, Any]] = {
    "eno1": {"ifname": "eno1", "addr_info": [LEASED, VIP]},
    "eno2": {"ifname": "eno2", "addr_info": []},
}
BY_HAND = ["-4", "route", "replace", "10.77.0.0/16", "via", "10.9.9.8", "dev", "eno1"]
DECLARED = ["-4", "route", "replace", "10.77.0.0/16", "via", "10.9.9.9", "dev", "br2", "proto", "static"]
BIRD = ["-4", "route", "replace", "10.70.0.0/16", "via", "10.9.9.8", "dev", "eno1", "proto", "bird"]
LOCAL = ["-4", "route", "replace", "local", "127.0.0.1", "dev", "lo", "proto", "kernel", "scope", "host"]
RULE = ["-4", "rule", "add", "pref", "500", "not", "from", "all", "fwmark", "0xca6c", "lookup", "51820"]
BY_FILE = ["-4", "rule", "add", "pref", "600", "from", "10.0.0.0/8", "lookup", "60", "proto", "static"]


class Kernel:
    """Devices and routes of a host; what ``ip`` is told is done to them.

    :ivar calls: what it was told, as text
    :ivar meanwhile: what somebody else does before a look, by its number
    """

    def __init__(self, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, **addresses: list[str]) -> None:
        self.folder, self.devices = str(folder), copy.deepcopy(DEVICES)
        self.routes: list[list[str]] = []
        self.rules: list[list[str]] = []
        self.hops: list[tuple[list[str], list[str]]] = []
        self.calls: list[str] = []
        self.batches: list[tuple[str, ...]] = []
        self.meanwhile: dict[int, Any] = {}
        self.looks = 0
        self.addresses = addresses
        monkeypatch.setattr(set_by_others, "look", self.look)
        monkeypatch.setattr(set_by_others, "ip_output", self.asked)
        monkeypatch.setattr(restore_others.time, "sleep", lambda seconds: None)

    def look(self) -> set_by_others.KernelState:
        """Every host has routes, those of its own addresses."""
        self.looks += 1
        self.meanwhile.pop(self.looks, lambda: None)()
        words = [*self.routes, *self.rules]
        return set_by_others.KernelState(copy.deepcopy(words), copy.deepcopy([LOCAL, *self.routes]), self.hops)

    def asked(self, *words: str, **limit: float) -> str:
        """What a command prints; a test may put another ``told`` in place."""
        return self.told(*words, **limit)

    def told(self, *words: str, seconds: float = 5) -> str:
        if "-batch" in words:
            self.batches.append(words)
            for line in pathlib.Path(words[-1]).read_text().splitlines():
                self.told(*words[: words.index("-force")], *line.split())
            return ""
        self.calls.append(" ".join(words))
        if words[0] == "address":
            local, _slash, prefix = words[2].partition("/")
            entry = {"local": local, "prefixlen": int(prefix), "scope": "global", **FOREVER}
            self.devices[words[4]]["addr_info"].append(entry)
        elif words[1] != "route":
            self.rules.append(list(words))
        elif "nhid" not in words:
            given = [*words[:2], "replace", *words[3:]]
            same = [at for at, route in enumerate(self.routes) if destination(route) == destination(given)]
            if words[2] == "replace" and same:
                self.routes[same[0]] = given
            else:
                self.routes.insert(same[0] if same and words[2] == "prepend" else len(self.routes), given)
        return ""

    def note(self, static: Any = (), **state: Any) -> None:
        """What the trial notes of it as it is now."""
        (pathlib.Path(self.folder) / "before.json").write_text(json.dumps(self.devices))
        set_by_others.save(self.folder, {"by_hand": self.addresses, "static": static, **state})

    def back(self, without: Any = None) -> list[str]:
        self.looks = 0
        return restore_others.GiveBack(self.folder, lambda: self.devices, without).run()

    def mark(self, name: str) -> None:
        """What the trial notes once it is in force, and when it ends."""
        restore_others.note(self.folder, name, self.devices)

    def on(self, device: str) -> list[str]:
        return sorted(network.subnets_of(self.devices[device]))


@pytest.mark.parametrize("without", [["br0"], None])
def test_an_address_of_a_device_that_stays_is_given_back(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, without: Any
) -> None:
    """Such as that of the parent of a MacVLAN link, which networkd configures anew."""
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32"])
    kernel.note()
    kernel.devices["eno1"]["addr_info"] = [LEASED]
    assert kernel.back(without) == []
    assert kernel.calls == ["address replace 198.18.0.251/32 dev eno1 label eno1"]
    assert kernel.on("eno1") == ["198.18.0.12/24", "198.18.0.251/32"]
    # There it stays.
    assert kernel.back(without) == []
    assert len(kernel.calls) == 1


def test_what_goes_only_after_a_first_look_is_seen(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32"])
    kernel.routes = [BY_HAND]
    kernel.note()

    def dropped() -> None:
        kernel.devices["eno1"]["addr_info"] = [LEASED]
        kernel.routes.clear()

    kernel.meanwhile = {2: dropped}
    assert kernel.back(["br0"]) == []
    assert kernel.on("eno1") == ["198.18.0.12/24", "198.18.0.251/32"]
    assert kernel.routes == [BY_HAND]


def test_an_address_that_somebody_brings_back_is_left_to_him(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """keepalived sets its address again within a second; one that it has marked is its own anyway."""
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32"])
    kernel.note()
    kernel.devices["eno1"]["addr_info"] = [LEASED]
    kernel.meanwhile = {2: lambda: kernel.devices["eno1"]["addr_info"].append(VIP)}
    assert kernel.back(["br0"]) == []
    kernel.devices["eno1"]["addr_info"] = [LEASED, {**VIP, "protocol": "18"}]
    kernel.note()
    kernel.devices["eno1"]["addr_info"] = [LEASED]
    assert kernel.back(["br0"]) == []
    assert kernel.calls == []


def test_an_address_that_is_somewhere_else_now_or_whose_device_is_gone_is_not_set(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32"], wg0=["10.9.0.1/24"])
    kernel.devices["wg0"] = {"ifname": "wg0", "addr_info": [{"local": "10.9.0.1", "prefixlen": 24}]}
    kernel.routes = [["-4", "route", "replace", "10.78.0.0/16", "dev", "wg0"]]
    kernel.note()
    del kernel.devices["wg0"]
    kernel.devices["eno1"]["addr_info"] = [LEASED]
    kernel.devices["eno2"]["addr_info"] = [{**VIP, "prefixlen": 24}]
    kernel.routes = []
    assert kernel.back(["br0"]) == []
    assert kernel.calls == []
    # Where ip tells of no device at all, nothing is known of them.
    kernel.devices = {}
    monkeypatch.setattr(set_by_others, "ip_output", lambda *words, **limit: "")
    assert len(kernel.back()) == 3


def test_a_device_that_the_plan_has_told_of_gets_nothing(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32"])
    kernel.routes, kernel.rules = [BY_HAND], [RULE]
    kernel.note()
    kernel.devices["eno1"]["addr_info"], kernel.routes, kernel.rules = [LEASED], [], []
    assert kernel.back(["eno1"]) == []
    assert kernel.calls == [" ".join(RULE)]


def test_a_declared_route_is_not_replaced_by_one_that_was_set_by_hand(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    kernel.routes = [BY_HAND]
    kernel.note()
    kernel.routes = [DECLARED]
    # It has not been forgotten: the report tells of it.
    assert kernel.back(["br0"]) == ["ip " + " ".join(BY_HAND)]
    assert kernel.routes == [DECLARED]
    assert kernel.calls == []
    # Where all is to be as before, the one of the trial goes.
    assert kernel.back() == []
    assert kernel.routes == [BY_HAND]


OLDER = ["-4", "route", "replace", "10.77.0.0/16", "via", "10.1.1.1", "dev", "eno3", "proto", "static"]


@pytest.mark.parametrize("without", [["br0"], None])
@pytest.mark.parametrize("before", [[BY_HAND, OLDER], [OLDER, BY_HAND]])
def test_two_routes_to_the_same_stay_two_and_in_their_order(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, before: list[list[str]], without: Any
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    kernel.routes = [*before]
    kernel.note()
    kernel.routes = [OLDER]
    assert kernel.back(without) == []
    assert kernel.routes == before


def test_the_routes_of_programs_come_back_as_long_as_they_can_be_right(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    kernel.routes, kernel.rules = [BIRD, OLDER], [BY_FILE]
    kernel.note()
    kernel.routes, kernel.rules = [], []
    # The files that are in force now may no longer have theirs.
    assert kernel.back(["br0"]) == []
    assert kernel.routes == [BIRD]
    # After a rollback everything is as before, or it is said.
    kernel.routes = []
    assert kernel.back() == []
    assert (sorted(kernel.routes), kernel.rules) == (sorted([BIRD, OLDER]), [BY_FILE])


def test_a_route_that_looks_like_a_files_and_is_in_none_comes_back(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    for rules_of_files, rules in ((True, []), (False, [BY_FILE])):
        kernel.routes, kernel.rules = [OLDER], [BY_FILE]
        kernel.note(static=[OLDER], rules_of_files=rules_of_files)
        kernel.routes, kernel.rules = [], []
        assert kernel.back(["br0"]) == []
        assert (kernel.routes, kernel.rules) == ([OLDER], rules)


def test_a_whole_table_of_a_routers_is_left_to_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    many = [
        [*BIRD[:3], f"10.{number // 256}.{number % 256}.0/24", *BIRD[4:]] for number in range(set_by_others.MANY + 1)
    ]
    kernel.routes = [BY_HAND, *many]
    kernel.note()
    kernel.routes = []
    assert kernel.back() == []
    assert kernel.routes == [BY_HAND]


def test_a_route_by_a_next_hop_with_an_id_gets_that_or_what_it_stands_for(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    named = [*BIRD[:4], "proto", "bird", "nhid", "9"]
    kernel.routes, kernel.hops = [BIRD], [(BIRD, named)]
    kernel.note()
    kernel.routes = []
    # The kernel does not take the id.
    assert kernel.back() == []
    assert kernel.calls == [" ".join(named)] * 3 + [" ".join(BIRD)]


def test_what_the_kernel_does_not_take_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32"])
    kernel.rules = [RULE]
    kernel.note()
    kernel.devices["eno1"]["addr_info"], kernel.rules = [LEASED], []
    monkeypatch.setattr(set_by_others, "ip_output", lambda *words, **limit: "")
    assert kernel.back(["br0"]) == [
        "ip address replace 198.18.0.251/32 dev eno1 label eno1",
        "ip " + " ".join(RULE),
    ]
    (tmp_path / set_by_others.NOTED).unlink()
    assert kernel.back() == ["what others had told the kernel is not known any more"]


OTHER_WAY = ["-4", "route", "replace", "10.77.0.0/16", "via", "10.9.9.7", "dev", "eno1"]
NEIGHBOUR = ["neighbour", "replace", "10.0.0.9", "lladdr", "02:00:00:00:00:01", "nud", "permanent", "dev", "eno1"]
NEWER = [word.replace("00:01", "00:02") for word in NEIGHBOUR]
HOP = ["nexthop", "replace", "id", "9", "via", "10.9.9.8", "dev", "eno1"]
NEWER_HOP = [word.replace("10.9.9.8", "10.9.9.7") for word in HOP]


@pytest.mark.parametrize("wiped", [False, True])
def test_what_its_owner_changes_during_the_trial_stays_changed(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, wiped: bool
) -> None:
    """A default route fails over, a VPN ends, a neighbour gets another card, and the trial is taken back."""
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32"])
    kernel.routes, kernel.rules = [BY_HAND, BIRD], [RULE, NEIGHBOUR, HOP]
    kernel.note()
    kernel.mark(restore_others.APPLIED)
    kernel.routes, kernel.rules = [OTHER_WAY], [NEWER, NEWER_HOP]
    kernel.devices["eno1"]["addr_info"] = [LEASED]
    kernel.mark(restore_others.ENDED)
    if wiped:
        kernel.routes, kernel.rules = [], []
    assert kernel.back() == []
    assert kernel.routes == [OTHER_WAY]
    assert [words[2:] for words in kernel.rules] == [words[2:] for words in (NEWER, NEWER_HOP)]
    assert kernel.on("eno1") == ["198.18.0.12/24"]


def test_what_its_owner_adds_during_the_trial_is_given_back_where_it_can_be(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on what the trial has made; what a program has set is the program's to set again."""
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32", "198.18.0.252/32"])
    for number in (252, 253):
        kernel.devices["eno1"]["addr_info"].append({**VIP, "local": f"198.18.0.{number}"})
    kernel.routes = [BY_HAND]
    kernel.note()
    # The trial itself takes one address away; so that nobody has done that meanwhile.
    kernel.devices["eno1"]["addr_info"] = [LEASED, {**VIP, "local": "198.18.0.252"}]
    kernel.mark(restore_others.APPLIED)
    start = ["-4", "route", "replace"]
    beside, nowhere = [*start, "10.80.0.0/16", "dev", "eno2"], [*start, "blackhole", "10.81.0.0/16"]
    both = [*start, "10.82.0.0/16", "nexthop", "via", "10.9.9.1", "dev", "eno1", "nexthop", "via", "10.9.9.2"]
    on_new = [[*start, "10.83.0.0/16", "dev", "br2"], [*both, "dev", "br2"]]
    kernel.routes = [BY_HAND, beside, nowhere, [*both, "dev", "eno2"], *on_new, BIRD]
    kernel.mark(restore_others.ENDED)
    kernel.routes, kernel.devices["eno1"]["addr_info"] = [], [LEASED]
    assert kernel.back() == []
    assert kernel.routes == [BY_HAND, beside, nowhere, [*both, "dev", "eno2"]]
    assert kernel.on("eno1") == ["198.18.0.12/24", "198.18.0.251/32", "198.18.0.252/32"]


def test_what_its_owner_has_set_at_the_same_place_meanwhile_is_not_replaced(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    kernel.routes, kernel.rules = [BY_HAND], [NEIGHBOUR, HOP]
    kernel.note()
    for without in (["br0"], None):
        kernel.routes, kernel.rules = [OTHER_WAY], [NEWER, NEWER_HOP]
        assert len(kernel.back(without)) == 3
        assert (kernel.routes, kernel.rules, kernel.calls) == ([OTHER_WAY], [NEWER, NEWER_HOP], [])


def test_nothing_is_noted_where_ip_does_not_answer(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    kernel.routes = [BY_HAND]
    kernel.note()
    kernel.mark(restore_others.APPLIED)
    monkeypatch.setattr(set_by_others, "look", lambda: set_by_others.KernelState([], [], []))
    kernel.mark(restore_others.ENDED)
    assert not (tmp_path / restore_others.ENDED).exists()
    monkeypatch.setattr(set_by_others, "look", kernel.look)
    kernel.routes = []
    assert kernel.back() == []
    assert kernel.routes == [BY_HAND]


def test_many_are_told_at_once_and_until_the_deadline(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as a list of networks that are to be reached by nobody."""
    kernel = Kernel(tmp_path, monkeypatch, eno1=["198.18.0.251/32"])
    blocked = [["-4", "route", "replace", "blackhole", f"10.{n // 256}.{n % 256}.0/24"] for n in range(10000)]
    blocked += [["-6", "route", "replace", "blackhole", f"fd00:{n:x}::/64"] for n in range(100)]
    kernel.routes, kernel.rules = [*blocked], [RULE]
    kernel.note()
    started = time.process_time()
    kernel.routes, kernel.rules = blocked[5000:7000], []
    monkeypatch.setattr(Kernel, "told", batch)
    assert kernel.back() == []
    assert sorted(kernel.routes) == sorted(blocked)
    assert [words[:2] for words in kernel.batches] == [("-4", "-force"), ("-6", "-force"), ("-force", "-batch")]
    assert time.process_time() - started < 10
    # At the deadline it ends, and tells what is not there.
    kernel.routes = []
    late = restore_others.GiveBack(str(tmp_path), lambda: kernel.devices, ["br0"])
    assert len(late.run(end=network.clock() - 1)) == len(blocked)


def batch(kernel: Kernel, *words: str, seconds: float = 5) -> str:
    """Routes to different networks, of which none is there."""
    kernel.batches.append(words)
    for line in pathlib.Path(words[-1]).read_text().splitlines() if "-batch" in words else []:
        told = [*words[: words.index("-force")], *line.split()]
        (kernel.routes if "route" in told else kernel.rules).append(told)
    return ""


def test_an_ip_that_hangs_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def hangs(command: list[str], seconds: float) -> tuple[int, str, str]:
        asked.append(seconds)
        raise network.subprocess.TimeoutExpired(command, seconds)

    monkeypatch.setattr(network, "run", hangs)
    assert set_by_others.look() == set_by_others.KernelState([], [], [])
    assert asked == [set_by_others.PATIENCE]


@pytest.mark.parametrize(("comes", "looks"), [(True, 3), (False, restore_others.ATTEMPTS)])
def test_it_is_looked_again_after_a_pause_until_all_is_there(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, comes: bool, looks: int
) -> None:
    """The first time at once; networkd may still be at work."""
    kernel, pauses = Kernel(tmp_path, monkeypatch), list[float]()
    kernel.routes = [BY_HAND]
    kernel.note()
    if not comes:
        kernel.routes = []
        monkeypatch.setattr(set_by_others, "ip_output", lambda *words, **limit: "")
    monkeypatch.setattr(restore_others.time, "sleep", pauses.append)
    assert len(kernel.back()) == (not comes)
    assert pauses == [0, *[1.0] * (looks - 1)]
    assert kernel.looks == looks


@pytest.mark.parametrize("many", [20, 21])
def test_a_few_commands_are_given_one_by_one(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    kernel = Kernel(tmp_path, monkeypatch)
    kernel.routes = [["-4", "route", "replace", "blackhole", f"10.{number}.0.0/16"] for number in range(many)]
    kernel.note()
    kernel.routes = []
    assert kernel.back() == []
    assert (len(kernel.batches) > 0) is (many > 20)
    assert len(kernel.routes) == many
