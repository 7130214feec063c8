# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan hands to the agent of each link, and which files it makes of netplan's documents."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import plan as plans
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import planner
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, NetplanFile
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ALONE,
    BRIDGE,
    ENO1,
    HOST,
    NETPLAN,
    WIRED,
    planned,
    refusal,
    with_device,
)

VLAN: dict[str, Any] = {"name": "v5", "type": "vlan", "id": 5, "parent": "eno2"}
SHIM: dict[str, Any] = {"name": "sh0", "type": "macvlan", "parent": "eno2"}
TAP: dict[str, Any] = {**SHIM, "type": "macvtap", "mode": "vepa"}
MANAGED = dataclasses.replace(ALONE, networkd=False, network_manager=True)
FOR_NOW = dataclasses.replace(NETPLAN, folder="/run/netplan")


@pytest.mark.parametrize(
    ("item", "new", "modes", "ports", "units"),
    [
        (BRIDGE, ["br0"], {}, {"eno1": "br0"}, {"br0": "10-netplan-br0.network"}),
        (VLAN, ["v5"], {}, {}, {"v5": "10-netplan-v5.network"}),
        (SHIM, ["sh0"], {"sh0": "bridge"}, {}, {"sh0": "50-virtfleet-sh0.network"}),
        (
            {**SHIM, "type": "macvtap", "mode": "vepa"},
            ["sh0"],
            {"sh0": "vepa"},
            {},
            {"sh0": "50-virtfleet-sh0.network"},
        ),
        (
            {"name": "bond0", "type": "bond", "ports": ["eno2"], "mode": "active-backup"},
            ["bond0"],
            {},
            {},
            {"bond0": "10-netplan-bond0.network"},
        ),
    ],
)
def test_the_agent_is_told_what_is_new_and_what_it_must_be_like(
    item: dict[str, Any], new: list[str], modes: dict[str, str], ports: dict[str, str], units: dict[str, str]
) -> None:
    found = planned(item)
    assert (found.new, found.modes, found.ports, found.units) == (new, modes, ports, units)
    assert found.netplan is True
    assert found.gone == []


def test_a_link_that_is_there_is_not_new() -> None:
    host = with_device(HostDevice("v5", kind="vlan", parent="eno2"))
    found = planned(VLAN, host=host)
    assert (found.new, bool(found.changes)) == ([], True)


@pytest.mark.parametrize(("master", "configured"), [("", ["eno1"]), ("br0", [])])
def test_without_netplan_a_port_that_is_new_is_configured_anew_and_its_addresses_move(
    master: str, configured: list[str]
) -> None:
    devices = {"eno1": dataclasses.replace(ENO1, network_file=WIRED, master=master)}
    if master:
        devices["br0"] = HostDevice("br0", kind="bridge")
    found = planned(BRIDGE, host=dataclasses.replace(ALONE, devices=devices))
    assert found.reconfigure == configured
    assert [entry["link"] for entry in found.forecast] == ["br0"] * len(configured)
    assert found.netplan is False


@pytest.mark.parametrize(
    ("facts", "item", "said"),
    [
        (dataclasses.replace(ALONE, networkd=False), BRIDGE, "is configured by nothing that is known here"),
        (
            dataclasses.replace(ALONE, networkd=False, network_manager=True),
            BRIDGE,
            "is configured by NetworkManager alone",
        ),
        (ALONE, {**VLAN, "parent": "eno1"}, "a vlan is declared through netplan, which this host does not use"),
        (dataclasses.replace(HOST, networkd=False), SHIM, "a macvlan is made by systemd-networkd, which does not run"),
    ],
)
def test_what_nobody_on_the_host_would_make_is_refused(facts: Facts, item: dict[str, Any], said: str) -> None:
    assert said in refusal(item, host=facts)


# Files


@pytest.mark.parametrize(
    ("name", "cloud_init", "told"),
    [
        ("50-cloud-init.yaml", True, True),
        ("50-cloud-init.yaml", False, False),
        ("01-netcfg.yaml", True, False),
    ],
)
def test_cloud_init_is_told_where_it_would_write_that_very_file(name: str, cloud_init: bool, told: bool) -> None:
    file = dataclasses.replace(NETPLAN, name=name)
    found = planned(BRIDGE, host=dataclasses.replace(HOST, netplan=(file,), cloud_init=cloud_init))
    assert any(file.path == planner.CLOUD_INIT for file in found.files) is told


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (
            dataclasses.replace(NETPLAN, folder="/run/netplan"),
            "is described in /run/netplan/01-netcfg.yaml, which a reboot",
        ),
        (
            dataclasses.replace(NETPLAN, text=f"{NETPLAN.text}\n---\nnetwork: {{}}\n"),
            "/etc/netplan/01-netcfg.yaml holds several documents, of which netplan reads the first",
        ),
    ],
)
def test_a_file_that_cannot_be_written_so_that_it_counts_is_refused(file: NetplanFile, said: str) -> None:
    with pytest.raises(VirtfleetError, match="nothing was changed") as caught:
        planned(BRIDGE, host=dataclasses.replace(HOST, netplan=(file,)))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("comment", "told"), [("", False), ("# top\n", False), ("# top\nnetwork:  # inner\n", True), ("\n\n", False)]
)
def test_only_comments_that_would_be_lost_are_told(comment: str, told: bool) -> None:
    body = "network:\n  version: 2\n  ethernets:\n    eno1: {dhcp4: true}\n    eno2: {optional: true}\n"
    text = body.replace("network:\n", comment) if "inner" in comment else comment + body
    found = planned(BRIDGE, host=dataclasses.replace(HOST, netplan=(dataclasses.replace(NETPLAN, text=text),)))
    (file,) = (file for file in found.files if file.path.endswith(".yaml"))
    assert (f"the comments inside of {file.path} are not kept" in found.warnings) is told
    assert (file.after or "").startswith("# top\n") is comment.startswith("# top")
    assert (file.mode, file.path, file.trial) == (0o600, "/etc/netplan/01-netcfg.yaml", "/run/netplan/01-netcfg.yaml")


def test_netplan_checks_what_is_tried_together_with_the_rest() -> None:
    other = NetplanFile("/etc/netplan", "02-more.yaml", "network: {ethernets: {eno9: {}}}")
    found = planned(BRIDGE, host=dataclasses.replace(HOST, netplan=(NETPLAN, other)))
    (file,) = (file for file in found.files if "/netplan/" in file.path)
    assert found.documents == {"01-netcfg.yaml": file.after, "02-more.yaml": other.text}
    nothing = planned(host=HOST)
    assert nothing.documents == {"01-netcfg.yaml": NETPLAN.text}
    assert (nothing.files, nothing.addresses) == ([], [])


def test_the_address_by_which_the_host_was_reached_comes_first() -> None:
    assert planned(BRIDGE).addresses == ["192.0.2.10"]
    assert planned(BRIDGE, host=dataclasses.replace(HOST, login="")).addresses == []


# The order of links, and what drops their traffic


def test_a_link_comes_after_what_it_is_built_on_and_what_goes_before_all() -> None:
    items: list[dict[str, Any]] = [
        {"name": "v6", "type": "vlan", "id": 6, "parent": "br0"},
        {"name": "br0", "type": "bridge", "ports": ["bond0"]},
        {"name": "gone", "state": "absent"},
        {"name": "bond0", "type": "bond", "ports": ["eno2"]},
        {"name": "br9", "type": "bridge"},
        {"name": "gone2", "state": "absent"},
    ]
    assert [item["name"] for item in plans.ordered(LINK.parse(items))] == ["gone", "gone2", "bond0", "br9", "br0", "v6"]
    loop = [{"name": "a", "type": "bridge", "ports": ["b"]}, {"name": "b", "type": "vlan", "id": 1, "parent": "a"}]
    with pytest.raises(VirtfleetError) as caught:
        plans.ordered(LINK.parse([*loop, items[4]]))
    assert str(caught.value).splitlines()[1:] == [
        f"link {name}: is built on itself, by way of the others" for name in "ab"
    ]


@pytest.mark.parametrize(
    ("item", "nf_call", "policy", "concerned"),
    [
        (BRIDGE, ("iptables", "ip6tables"), "DROP", True),
        (BRIDGE, ("iptables",), "ACCEPT", False),
        (BRIDGE, (), "DROP", False),
        (VLAN, ("iptables",), "DROP", False),
        ({"name": "br0", "state": "absent"}, ("iptables",), "DROP", False),
    ],
)
@pytest.mark.parametrize("bypass", [True, False])
def test_bridged_traffic_that_is_dropped_is_told_or_kept_out_of_iptables(
    item: dict[str, Any], nf_call: tuple[str, ...], policy: str, concerned: bool, bypass: bool
) -> None:
    out = LinksPlan()
    plans.filtered(LINK.parse([item]), Facts(nf_call=nf_call, forward_policy=policy), out, bypass)
    assert bool(out.warnings) is (concerned and not bypass)
    if not (concerned and bypass):
        assert (out.items, out.files, out.commands, out.undo) == ([], [], [], [])
        return
    keys = [f"net.bridge.bridge-nf-call-{each}" for each in nf_call]
    assert out.items == [("bypass_iptables", [Change(key.partition("bridge.")[2], 1, 0) for key in keys])]
    # The kernel is told at once, and by a file at each boot: once the module is there that has the settings.
    assert out.commands == [["sysctl", "-q", "-w", f"{key}=0"] for key in keys]
    assert out.undo == [["sysctl", "-q", "-w", f"{key}=1"] for key in keys]
    texts = {file.path: (file.trial, file.before, file.after or "") for file in out.files}
    assert set(texts) == {plans.SYSCTL, plans.UDEV}
    assert all((trial, before) == ("", None) for trial, before, _after in texts.values())
    for each in ("iptables", "ip6tables", "arptables"):
        assert f"net.bridge.bridge-nf-call-{each} = 0\n" in texts[plans.SYSCTL][2]


@pytest.mark.parametrize(
    ("bridge", "port", "out", "commands", "undo"),
    [
        ("1", "0", {"gone": ["br0"]}, ["eno1=1"], []),
        ("0", "0", {"gone": ["br0"]}, [], []),
        ("", "1", {"gone": ["br0"]}, [], []),
        ("1", "1", {}, [], []),
        ("1", "2", {"ports": {"eno1": "br9"}}, [], ["eno1=2"]),
        ("1", "0", {"ports": {"eno1": "br9"}}, [], []),
        ("1", "2", {"ports": {"eno1": "br0"}}, [], []),
    ],
)
def test_a_card_listens_to_routers_as_what_it_was_part_of_did(
    bridge: str, port: str, out: dict[str, Any], commands: list[str], undo: list[str]
) -> None:
    devices = (HostDevice("br0", kind="bridge", accept_ra=bridge), HostDevice("eno1", master="br0", accept_ra=port))
    found = LinksPlan(**out)
    plans.listening(Facts(devices={each.name: each for each in devices}), found)
    for given, wanted in ((found.commands, commands), (found.undo, undo)):
        assert [words[3].replace("net/ipv6/conf/", "").replace("/accept_ra", "") for words in given] == wanted
        assert all(
            [word.rpartition("/")[2] for word in words[4:]] == ["disable_ipv6=1", "disable_ipv6=0"] for words in given
        )
