# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network cards and bridges that a guest is to be on, and that others have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.tests.unit.readiness import Run, call, checked

SWITCH = {"name": "ovs", "forward": {"mode": "bridge"}, "bridge": "ovsbr0"}

PORT = {"virtualport": {"type": "openvswitch"}}


@pytest.mark.parametrize("where", ["network", "portgroup", "interface", "nowhere"])
def test_the_bridge_of_a_virtualport_is_not_judged(here: Path, run_main: Run, where: str) -> None:
    network: dict[str, Any] = {**SWITCH, **(PORT if where == "network" else {})}
    if where == "portgroup":
        network["portgroups"] = [{"name": "one", **PORT}]
    interface = {"network": "ovs", **(PORT if where == "interface" else {})}
    guest = {"state": "running", "interfaces": [interface]}
    bad = where == "nowhere"
    said = checked(run_main, ("networks", [network]), ("domains", [guest]), fails=bad)
    assert ("ovsbr0 is no bridge" in said.get("msg", "")) == bad
    call(run_main, "networks", network)
    done = call(run_main, "domains", guest, fails=bad)
    assert done["changed"] != bad
    assert done.get("msg") == said.get("msg")


def card(here: Path, name: str, owner: str = "", kind: str = "bridge") -> None:
    """A network card in the folder of devices, as the kernel shows it; perhaps one that belongs to another device."""
    (here / f"sys/class/net/{name}").mkdir(parents=True, exist_ok=True)
    (here / f"sys/class/net/{name}/type").write_text("772\n" if kind == "loopback" else "1\n")
    if owner:
        (here / f"sys/class/net/{owner}/{kind}").mkdir(parents=True, exist_ok=True)
        (here / f"sys/class/net/{name}/master").symlink_to(f"../{owner}")


OWNED: list[tuple[str, str, str]] = [
    ("brlan", "bridge", "eno1 is a port of the bridge brlan, and cannot carry MacVTap as well: write bridge: brlan"),
    ("bond0", "bonding", "eno1 is part of the bond bond0, and cannot carry MacVTap as well: use bond0"),
    ("ovs-system", "other", "eno1 is a port of Open vSwitch, and cannot carry MacVTap as well: write bridge with the"),
    ("", "loopback", "eno1 is the loopback device, and cannot carry MacVTap as well: name a network card"),
    ("vrf1", "other", ""),  # A device of routing takes no frames.
    ("", "other", ""),
]


@pytest.mark.parametrize("way", ["direct", "bridge", "private"])
@pytest.mark.parametrize(("owner", "kind", "words"), OWNED)
def test_a_card_that_belongs_to_another_device_carries_no_macvtap(
    here: Path, run_main: Run, owner: str, kind: str, words: str, way: str
) -> None:
    card(here, "eno1", owner, kind)
    place, card_of = "interfaces[0].direct: ", {"direct": "eno1"}
    if way != "direct":
        place, card_of = "network: the network by puts guests on a card by MacVTap: ", {"network": "by"}
        network = {"name": "by", "forward": {"mode": way, "interfaces": ["eno1"]}}
        guest = {"state": "running", "interfaces": [card_of]}
        said = checked(run_main, ("networks", [network]), ("domains", [guest]), fails=bool(words))
        assert (place + words in said.get("msg", "")) == bool(words)
        call(run_main, "networks", network)
    for check in (True, False):
        guest = {"state": "running", "interfaces": [card_of]}
        result = call(run_main, "domains", guest, check=check, fails=bool(words))
        assert (place + words in result.get("msg", "")) == bool(words)


def test_the_network_of_the_bridge_is_the_way_out(here: Path, run_main: Run) -> None:
    card(here, "eno1", "brlan")
    call(run_main, "networks", {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "brlan"})
    guest = {"state": "running", "interfaces": [{"direct": "eno1"}]}
    said = call(run_main, "domains", guest, check=True, fails=True)["msg"]
    assert said.endswith("write bridge: brlan, or network: lan, which is on it")


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ({"br1": {"type": "bridge", "ports": ["eno2"]}}, "eno2 is a port of the bridge br1"),
        ({"brlan": {"type": "bridge", "ports": ["eno3"]}}, ""),
        ({"brlan": None}, ""),
        ({"brlan": {"type": "bridge"}}, "eno1 is a port of the bridge brlan"),
    ],
)
def test_the_ports_of_links_that_would_be_made_by_now_count(
    here: Path, run_main: Run, links: dict[str, Any], words: str
) -> None:
    for name, owner in (("eno1", "brlan"), ("eno2", ""), ("eno3", "")):
        card(here, name, owner)
    direct = "eno2" if "eno2" in words else "eno1"
    guest = {"state": "running", "interfaces": [{"direct": direct}]}
    said = call(run_main, "domains", guest, check=True, **{FORECAST: {"links": links}})
    assert any(words in line for line in said["warnings"] if "carry MacVTap" in line) == bool(words)


def test_a_guest_of_passthrough_gets_a_card_that_is_free(here: Path, run_main: Run) -> None:
    card(here, "eno1", "brlan")
    card(here, "eno2")
    for mode, bad in (("bridge", True), ("passthrough", False)):
        guest = {"state": "running", "interfaces": [{"network": mode}]}
        call(run_main, "networks", {"name": mode, "forward": {"mode": mode, "interfaces": ["eno1", "eno2"]}})
        assert call(run_main, "domains", guest, check=True, fails=bad)["changed"] != bad


def test_a_port_is_no_bridge_and_no_card_for_macvtap(here: Path, run_main: Run) -> None:
    card(here, "eno1", "brlan")
    said = call(run_main, "domains", {"state": "running", "interfaces": [{"bridge": "eno1"}]}, fails=True)["msg"]
    assert "eno1 is no bridge; eno1 is a port of the bridge brlan: write bridge: brlan" in said
    assert "direct" not in said
