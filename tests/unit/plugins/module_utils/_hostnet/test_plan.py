# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host's links: refusals, files, identity, forecast. What the lab's kernel cannot run is here, too."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import converge, facts, observe
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import (
    Device,
    Facts,
    Guest,
    NetplanFile,
    Route,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.work import Plan

ENO1 = Device(
    "eno1",
    index=2,
    mac="52:54:00:00:00:01",
    addresses=("192.0.2.10/24", "2001:db8::10/64"),
    network_file="/run/systemd/network/10-netplan-eno1.network",
    client_id="ff5ce5362700020000ab11b0f7f1937de3cb4e",
)
ENO2 = Device("eno2", index=3, mac="52:54:00:00:00:02")
NETPLAN = NetplanFile(
    "/etc/netplan", "01-netcfg.yaml", "network: {version: 2, ethernets: {eno1: {dhcp4: true}, eno2: {optional: true}}}"
)
HOST = Facts(
    devices={"eno1": ENO1, "eno2": ENO2},
    routes=(
        Route("0.0.0.0/0", "eno1", "192.0.2.1"),
        Route("192.0.2.0/24", "eno1"),
        Route("192.168.122.0/24", "virbr0"),
    ),
    netplan=(NETPLAN,),
    has_netplan=True,
    networkd=True,
    login="192.0.2.10",
)
BRIDGE = {"name": "br0", "type": "bridge", "ports": ["eno1"]}


def planned(*config: dict[str, Any], host: Facts = HOST, **options: Any) -> Plan:
    return plan(LINK.parse(list(config)), host, **options)


def refusal(*config: dict[str, Any], host: Facts = HOST) -> str:
    with pytest.raises(VirtfleetError, match="nothing was changed") as caught:
        planned(*config, host=host)
    return str(caught.value)


def with_device(device: Device, host: Facts = HOST) -> Facts:
    return dataclasses.replace(host, devices={**host.devices, device.name: device})


def text(found: Plan, ending: str) -> str:
    return next(file.after or "" for file in found.files if file.path.endswith(ending))


# What a bridge needs


def test_a_bridge_is_one_file_of_netplans_and_its_dhcp_identity() -> None:
    found = planned(BRIDGE)
    assert [file.path for file in found.files] == [
        "/usr/local/lib/systemd/network/10-netplan-br0.network.d/virtfleet-identity.conf",
        "/etc/netplan/01-netcfg.yaml",
    ]
    assert [file.trial for file in found.files] == [
        "/run/systemd/network/10-netplan-br0.network.d/virtfleet-identity.conf",
        "/run/netplan/01-netcfg.yaml",
    ]
    # RFC 4361: the four bytes behind the type are the IAID.
    assert f"IAID={0x5CE53627}\n" in text(found, "identity.conf")
    assert found.files[-1].mode == 0o600
    assert found.new == ["br0"]
    assert found.addresses == ["192.0.2.10"]
    assert found.forecast[0]["before"] == found.forecast[0]["after"] == list(ENO1.addresses)


def test_a_client_that_goes_by_its_mac_needs_no_identity() -> None:
    device = dataclasses.replace(ENO1, client_id="01525400000001")
    assert [file.path for file in planned(BRIDGE, host=with_device(device)).files] == ["/etc/netplan/01-netcfg.yaml"]


def test_a_lease_that_is_not_there_is_said() -> None:
    device = dataclasses.replace(ENO1, client_id="")
    found = planned(BRIDGE, host=with_device(device))
    assert found.forecast[0]["after"] is None
    assert "no DHCP lease" in found.forecast[0]["note"]


def test_nothing_to_do_is_nothing() -> None:
    first = planned(BRIDGE)
    done = dataclasses.replace(
        HOST,
        netplan=(dataclasses.replace(NETPLAN, text=text(first, ".yaml")),),
        units={file.path: file.after or "" for file in first.files if "systemd" in file.path},
        devices={
            "eno1": dataclasses.replace(ENO1, master="br0", addresses=(), client_id=""),
            "br0": dataclasses.replace(ENO1, name="br0", kind="bridge"),
        },
    )
    again = planned(BRIDGE, host=done)
    assert (again.changes, again.files, again.forecast, again.commands) == ([], [], [], [])
    # A bridge that gets another address is followed to it.
    moved = planned({**BRIDGE, "addressing": "static", "addresses": ["192.0.2.20/24"]}, host=done)
    assert moved.addresses == ["192.0.2.10", "192.0.2.20"]
    assert moved.forecast[0]["after"] == ["192.0.2.20/24"]
    # And back: the very same document, and no identity.
    back = planned({"name": "br0", "state": "absent"}, host=done)
    assert back.gone == ["br0"]
    assert [file.after for file in back.files if "systemd" in file.path] == [None]
    assert "dhcp4: true" in text(back, ".yaml")
    assert "br0" not in text(back, ".yaml")


def test_a_definition_of_several_devices_gets_no_dhcp_identity() -> None:
    every = dataclasses.replace(NETPLAN, text="network: {ethernets: {every: {match: {name: 'eno*'}, dhcp4: true}}}")
    first = planned(BRIDGE, host=dataclasses.replace(HOST, netplan=(every,)))
    done = dataclasses.replace(
        HOST,
        netplan=(dataclasses.replace(NETPLAN, text=text(first, ".yaml")),),
        devices={
            "eno1": dataclasses.replace(ENO1, master="br0", addresses=(), client_id=""),
            "br0": dataclasses.replace(ENO1, name="br0", kind="bridge"),
        },
    )
    back = planned({"name": "br0", "state": "absent"}, host=done)
    assert [file.path for file in back.files] == ["/etc/netplan/01-netcfg.yaml"]
    assert "every:" in text(back, ".yaml")
    assert "eno1:" not in text(back, ".yaml")


def test_cloud_init_is_told_not_to_write_the_file_again() -> None:
    host = dataclasses.replace(
        HOST, netplan=(dataclasses.replace(NETPLAN, name="50-cloud-init.yaml"),), cloud_init=True
    )
    found = planned(BRIDGE, host=host)
    assert "network: {config: disabled}" in text(found, ".cfg")
    # It has effect at boot only, so there is nothing to try.
    assert next(file.trial for file in found.files if file.path.endswith(".cfg")) == ""


# Faults


def test_a_wireless_card_is_refused() -> None:
    host = with_device(dataclasses.replace(ENO2, wireless=True))
    assert "mode nat" in refusal({**BRIDGE, "ports": ["eno2"]}, host=host)
    assert "mode nat" in refusal({"name": "shim0", "type": "macvlan", "parent": "eno2"}, host=host)


def test_ifupdown_is_refused_with_the_way_out() -> None:
    host = dataclasses.replace(HOST, ifupdown=frozenset({"eno1"}), netplan=(), has_netplan=False)
    assert "apt install netplan.io" in refusal(BRIDGE, host=host)


def test_network_manager_alone_is_refused_with_the_way_out() -> None:
    host = dataclasses.replace(HOST, netplan=(), has_netplan=False, networkd=False, network_manager=True)
    assert "NetworkManager alone" in refusal(BRIDGE, host=host)


def test_a_guest_on_macvtap_is_named() -> None:
    for interface in (("macvtap0", "direct", "eno1"), ("macvtap0", "network", "")):
        host = dataclasses.replace(HOST, guests=(Guest("web01", (interface,)),))
        tap = Device("macvtap0", kind="macvtap", parent="eno1")
        assert "guest web01 runs on eno1 by MacVTap" in refusal(BRIDGE, host=with_device(tap, host))


def test_a_device_on_the_port_is_named() -> None:
    assert "shim0 is on eno1" in refusal(BRIDGE, host=with_device(Device("shim0", kind="macvlan", parent="eno1")))


def test_the_way_by_which_the_host_was_reached_stays() -> None:
    assert "192.0.2.10, by which the host is reached" in refusal({**BRIDGE, "addressing": "none"})


def test_a_subnet_that_is_routed_elsewhere_is_named() -> None:
    static = {**BRIDGE, "ports": ["eno2"], "addressing": "static", "addresses": ["192.168.122.9/24"]}
    assert "192.168.122.0/24, which the host has a route to by virbr0" in refusal(static)


def test_every_link_that_is_wrong_is_named_at_once() -> None:
    said = refusal({**BRIDGE, "ports": ["no1"]}, {"name": "br1", "type": "bridge", "ports": ["no2"]})
    assert "link br0" in said
    assert "link br1" in said


def test_dropped_traffic_is_said_and_put_right_only_when_asked_for() -> None:
    host = dataclasses.replace(HOST, nf_call=True, forward_policy="DROP")
    assert "bypass_iptables" in planned(BRIDGE, host=host).warnings[0]
    asked = planned(BRIDGE, host=host, bypass_iptables=True)
    assert "bridge-nf-call-iptables = 0" in text(asked, "bridge.conf")
    assert asked.undo


# Links that the kernel of the test hosts has not


def test_a_bridge_on_a_vlan_on_a_bond() -> None:
    found = planned(
        {"name": "br20", "type": "bridge", "ports": ["vlan20"], "addressing": "none"},
        {"name": "vlan20", "type": "vlan", "parent": "bond0", "id": 20},
        {"name": "bond0", "type": "bond", "ports": ["eno1", "eno2"], "mode": "active-backup"},
    )
    document = text(found, "01-netcfg.yaml")
    assert "bond0:\n      dhcp4: true\n" in document
    assert "mode: active-backup" in document
    assert "link: bond0" in document
    assert found.new == ["bond0", "vlan20", "br20"]


def test_links_that_are_built_on_each_other_are_refused() -> None:
    bond = {"name": "bond0", "type": "bond", "ports": ["vlan20"]}
    assert "built on itself" in refusal(bond, {"name": "vlan20", "type": "vlan", "parent": "bond0", "id": 20})


def test_vlan_filtering_is_a_drop_in() -> None:
    found = planned({**BRIDGE, "vlan_filtering": True})
    assert text(found, "10-netplan-br0.netdev.d/virtfleet-vlan.conf").endswith("[Bridge]\nVLANFiltering=yes\n")


@pytest.mark.parametrize("able", [None, True, False])
@pytest.mark.parametrize("asked", [True, False, None])
def test_a_kernel_that_cannot_keep_vlans_apart(able: bool | None, asked: bool | None) -> None:
    host = dataclasses.replace(HOST, vlan_filtering=able)
    bridge = {**BRIDGE, **({} if asked is None else {"vlan_filtering": asked})}
    if able is False and asked:
        assert "link br0: vlan_filtering: the kernel of this host cannot keep VLANs apart" in refusal(bridge, host=host)
    else:
        assert planned(bridge, host=host).changes


@pytest.mark.parametrize("able", [None, True, False])
def test_a_drop_in_that_the_kernel_cannot_follow_goes_with_the_option(able: bool | None) -> None:
    bridge = {"name": "br0", "type": "bridge", "ports": ["eno2"], "addressing": "none"}
    first = planned({**bridge, "vlan_filtering": True})
    (netplan,) = [file.after for file in first.files if "/netplan/" in file.path]
    units = {file.path: str(file.after) for file in first.files if "/netplan/" not in file.path}
    settings = {"stp_state": 0, "forward_delay": 0, "vlan_filtering": 0}
    devices = {"br0": Device("br0", index=9, kind="bridge", settings=settings)}
    host = dataclasses.replace(
        HOST,
        devices={**HOST.devices, "eno2": dataclasses.replace(ENO2, master="br0"), **devices},
        netplan=(dataclasses.replace(NETPLAN, text=str(netplan)),),
        units=units,
        vlan_filtering=able,
    )
    again = planned(bridge, host=host)
    gone = [file.path for file in again.files if file.after is None]
    assert [path.rpartition("/")[2] for path in gone] == (["virtfleet-vlan.conf"] if able is False else [])


@pytest.mark.parametrize(("settings", "able"), [({"vlan_protocol": "802.1Q"}, True), ({}, False)])
@pytest.mark.parametrize("there", [True, False])
def test_whether_the_kernel_keeps_vlans_apart_is_asked_of_a_bridge(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], able: bool, there: bool
) -> None:
    info = {"info_kind": "bridge", "info_data": {"vlan_filtering": 0, **settings}}
    said = json.dumps([{"ifindex": 2, "ifname": "probe", "linkinfo": info}])
    asked: list[list[str]] = []

    def run(command: list[str], _seconds: float) -> tuple[int, str, str]:
        asked.append(command)
        return 0, said, ""

    monkeypatch.setattr(observe.network, "run", run)
    devices = {"virbr0": Device("virbr0", kind="bridge", settings=info["info_data"])} if there else {}
    wants = LINK.parse([{**BRIDGE, "vlan_filtering": True}])
    host = dataclasses.replace(HOST, devices=devices)
    assert converge.with_vlans(host, wants).vlan_filtering is able
    assert [command[:2] for command in asked] == ([] if there else [["unshare", "--net"]])
    assert converge.with_vlans(host, LINK.parse([BRIDGE])).vlan_filtering is None


@pytest.mark.parametrize("answer", [(1, "", "unshare: Operation not permitted"), (0, "nothing", ""), OSError("no")])
def test_a_kernel_that_cannot_be_asked_is_not_judged(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    def run(_command: list[str], _seconds: float) -> Any:
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(observe.network, "run", run)
    assert observe.filters_vlans({}) is None


def test_network_manager_through_netplan() -> None:
    text_ = NETPLAN.text.replace("version: 2", "version: 2, renderer: NetworkManager")
    host = dataclasses.replace(HOST, netplan=(dataclasses.replace(NETPLAN, text=text_),), network_manager=True)
    found = planned(BRIDGE, host=host)
    assert found.network_manager
    assert [file.path for file in found.files] == ["/etc/netplan/01-netcfg.yaml"]
    there = dataclasses.replace(host, netplan=(dataclasses.replace(NETPLAN, text=found.files[0].after or ""),))
    assert planned({"name": "br0", "state": "absent"}, host=there).network_manager
    assert not found.undo  # Nothing is known of IPv6 here.
    assert "is NetworkManager's" in refusal({"name": "shim0", "type": "macvlan", "parent": "eno1"}, host=host)


@pytest.mark.parametrize("renderer", ["NetworkManager", "networkd"])
def test_a_port_that_network_manager_lets_go_listens_to_routers_again(renderer: str) -> None:
    document = NETPLAN.text.replace("version: 2", f"version: 2, renderer: {renderer}")
    host = dataclasses.replace(
        HOST,
        netplan=(dataclasses.replace(NETPLAN, text=document),),
        network_manager=True,
        devices={"eno1": dataclasses.replace(ENO1, accept_ra="1"), "eno2": ENO2},
    )
    listens = "net/ipv6/conf/eno1/accept_ra=1"
    made = planned(BRIDGE, host=host)
    there = dataclasses.replace(
        host,
        netplan=(dataclasses.replace(NETPLAN, text=text(made, "01-netcfg.yaml")),),
        devices={
            "br0": Device("br0", index=4, kind="bridge", accept_ra="1"),
            "eno1": dataclasses.replace(ENO1, master="br0", accept_ra="0"),
            "eno2": ENO2,
        },
    )
    gone = planned({"name": "br0", "state": "absent"}, host=there)
    expected = [listens] if renderer == "NetworkManager" else []
    assert [command[3] for command in made.undo] == expected
    assert [command[3] for command in gone.commands] == expected
    assert not made.commands
    assert not gone.undo


# MacVLAN and networkd alone


def test_the_shim_leads_to_the_parents_subnet_by_halves() -> None:
    found = planned({"name": "shim0", "type": "macvlan", "parent": "eno1"})
    unit = text(found, "50-virtfleet-shim0.network")
    assert "Destination=192.0.2.0/25\nScope=link\nPreferredSource=192.0.2.10\n" in unit
    assert "Destination=192.0.2.128/25\n" in unit
    assert "Address=" not in unit
    assert "MACVLAN=shim0" in text(found, "10-netplan-eno1.network.d/virtfleet-shim0.conf")


def test_a_shim_on_a_device_without_an_address_asks_for_one() -> None:
    unit = text(planned({"name": "shim0", "type": "macvlan", "parent": "eno2"}), "50-virtfleet-shim0.network")
    assert "DHCP=ipv4" in unit


WIRED = "/etc/systemd/network/20-wired.network"
ALONE = Facts(
    devices={"eno1": dataclasses.replace(ENO1, network_file=WIRED)},
    units={WIRED: "[Match]\nName=eno1\n[Network]\nDHCP=ipv4\nVLAN=v5\n[DHCPv4]\nUseMTU=yes\n[Link]\nMTUBytes=1400\n"},
    networkd=True,
    login="192.0.2.10",
)


@pytest.mark.parametrize("name", ["c2h", "eno2"])
@pytest.mark.parametrize("kind", ["veth", "tun", "vxlan", "ipvlan", "dummy", ""])
def test_a_bridge_that_others_are_in_stays(kind: str, name: str) -> None:
    first = planned(BRIDGE)
    devices = {
        "eno1": dataclasses.replace(ENO1, master="br0", addresses=(), client_id=""),
        "br0": dataclasses.replace(ENO1, name="br0", kind="bridge"),
        name: Device(name, index=9, mac="52:54:00:00:00:99", kind=kind, master="br0"),
    }
    host = dataclasses.replace(
        HOST, devices=devices, netplan=(dataclasses.replace(NETPLAN, text=text(first, ".yaml")),)
    )
    gone = {"name": "br0", "state": "absent"}
    if name == "c2h":
        assert "c2h is in br0 as well, and in none of the host's files: take it out first" in refusal(gone, host=host)
    else:
        assert planned(gone, host=host).gone == ["br0"]


@pytest.mark.parametrize("name", ["c6", "eno", "veth1"])
def test_a_device_is_not_known_by_a_part_of_a_word_or_by_a_comment(name: str) -> None:
    text = "network:\n  ethernets: {eno1: {}, veth10: {}}\n  bridges: {br0: {macaddress: '52:54:00:c6:00:01'}}"
    devices = {
        "br0": Device("br0", index=3, kind="bridge", network_file="/run/systemd/network/10-netplan-br0.network"),
        "eno1": dataclasses.replace(ENO1, master="br0", addresses=(), client_id=""),
        name: Device(name, index=9, mac="52:54:00:00:00:99", kind="veth", master="br0"),
    }
    netplan = (dataclasses.replace(NETPLAN, text=f"{text}\n# {name} is docker's\n"),)
    host = dataclasses.replace(HOST, devices=devices, netplan=netplan)
    assert f"{name} is in br0 as well" in refusal({"name": "br0", "state": "absent"}, host=host)
    # What networkd has put in, by whatever pattern it found it, is a file's.
    devices[name] = dataclasses.replace(devices[name], network_file="/run/systemd/network/10-netplan-all.network")
    units = {devices[name].network_file: "[Match]\nName=*\n[Network]\nBridge=br0\n"}
    assert planned({"name": "br0", "state": "absent"}, host=dataclasses.replace(host, units=units)).gone == ["br0"]


@pytest.mark.parametrize("kind", ["vxlan", "ipvlan", "macsec", "vlan"])
def test_a_bridge_that_others_have_built_on_stays(kind: str) -> None:
    devices = {
        "br0": Device("br0", index=3, kind="bridge"),
        "vx1": Device("vx1", index=9, kind=kind, parent="br0"),
    }
    host = dataclasses.replace(HOST, devices={**HOST.devices, **devices})
    assert "vx1 is built on br0: remove it too" in refusal({"name": "br0", "state": "absent"}, host=host)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("team", "eno1 is part of the team up0: make up0 the port"),
        ("openvswitch", "eno1 is part of up0 (openvswitch): take it from there"),
        ("batadv", "eno1 is part of up0 (batadv): take it from there"),
    ],
)
def test_what_others_have_made_a_part_of_is_no_port(kind: str, said: str) -> None:
    devices = {"eno1": dataclasses.replace(ENO1, master="up0"), "up0": Device("up0", index=9, kind=kind)}
    assert said in refusal(BRIDGE, host=dataclasses.replace(HOST, devices=devices))


def test_another_name_of_a_card_is_taken() -> None:
    card = facts.devices([{"ifname": "eno2", "ifindex": 3, "altnames": ["enp3s0", "br0"]}])["eno2"]
    assert "link br0: name: is another name of eno2" in refusal(BRIDGE, host=with_device(card))


def test_a_shim_does_not_lead_where_only_somebody_has_said_so() -> None:
    """Its unit is for good, and an address that was set by hand goes with the next boot."""
    shim = {"name": "shim0", "type": "macvlan", "parent": "eno1"}
    fixed = ("10.55.0.1/24", "192.0.2.99/24")
    host = with_device(dataclasses.replace(ENO1, addresses=(*ENO1.addresses, *fixed), lasting=fixed))
    plain, found = planned(shim), planned(shim, host=host)
    assert text(found, "50-virtfleet-shim0.network") == text(plain, "50-virtfleet-shim0.network")
    assert found.warnings == [
        "link shim0: the address 10.55.0.1/24 on eno1 is in none of the host's files: shim0 does not lead to its subnet"
    ]
    assert found.by_hand == {"eno1": list(fixed)}
    # Where there is no other, it leads there.
    alone = with_device(dataclasses.replace(ENO1, addresses=("10.55.0.1/24", "10.55.0.2/24"), lasting=fixed[:1]))
    unit = text(planned(shim, host=alone), "50-virtfleet-shim0.network")
    assert [line for line in unit.splitlines() if "=10.55" in line and "Dest" in line] == [
        "Destination=10.55.0.0/25",
        "Destination=10.55.0.128/25",
    ]


# Reading


def test_the_devices_of_ip() -> None:
    found = facts.devices(
        [
            {"ifname": "lo", "ifindex": 1, "link_type": "loopback"},
            {"ifname": "eno1", "ifindex": 2, "link_index": 2, "link_netnsid": 0, "linkinfo": {"info_kind": "veth"}},
            {"ifname": "macvtap0", "ifindex": 3, "link": "eno1", "linkinfo": {"info_kind": "macvtap"}},
            {"ifname": "v5", "ifindex": 4, "link_index": 2, "linkinfo": {"info_kind": "vlan"}},
        ]
    )
    assert found["lo"].kind == "loopback"
    assert found["eno1"].parent == ""
    assert found["macvtap0"].parent == "eno1"
    assert found["v5"].parent == "eno1"


def test_the_hops_of_a_route_are_routes() -> None:
    found = facts.routes(
        [{"dst": "default", "protocol": "ra", "nexthops": [{"gateway": "fe80::1", "dev": "eno1"}, {"dev": "eno2"}]}],
        "::/0",
    )
    assert [(route.to, route.device, route.via) for route in found] == [
        ("::/0", "eno1", "fe80::1"),
        ("::/0", "eno2", ""),
    ]


def test_a_route_is_given_back_as_whose_it_was_and_as_long_as_it_lasts() -> None:
    announced = {"dst": "fd00:9::/64", "dev": "eno1", "protocol": "ra", "metric": 100, "expires": 1790}
    by_hand = {"dst": "10.0.0.0/8", "gateway": "192.0.2.9", "dev": "eno1"}
    words = [" ".join(route.words) for route in facts.routes([announced, by_hand], "::/0")]
    assert words == [
        "-6 route replace fd00:9::/64 dev eno1 proto ra metric 100 expires 1790",
        "-4 route replace 10.0.0.0/8 via 192.0.2.9 dev eno1",
    ]


def test_what_becomes_of_the_addresses_is_in_the_diff() -> None:
    """``--check --diff`` shows it so; the forecast itself is in the result only."""
    found = planned({**BRIDGE, "addressing": "static", "addresses": ["192.0.2.77/24"], "gateway": "192.0.2.1"})
    shown = converge.told(found)["diff"][-1]
    assert shown["before_header"] == "addresses of the host (forecast)"
    assert shown["before"].splitlines() == [f"br0: {address}" for address in ENO1.addresses]
    assert shown["after"].splitlines() == [
        "br0: 192.0.2.77/24",
        "br0: # the declared addresses take the place of the old ones;"
        " what a router announces (IPv6) is the router's to give",
    ]


def test_secrets_of_netplan_are_not_in_the_diff() -> None:
    secret = NETPLAN.text.replace("eno2: {optional: true}", "eno2: {auth: {password: geheim}}")
    found = planned(BRIDGE, host=dataclasses.replace(HOST, netplan=(dataclasses.replace(NETPLAN, text=secret),)))
    assert "geheim" in text(found, ".yaml")
    assert "geheim" not in str(converge.told(found))


@pytest.mark.parametrize("takeover", [False, True])
@pytest.mark.parametrize("other", [{"name": "br1", "type": "bridge"}, {"name": "bond0", "type": "bond"}])
@pytest.mark.parametrize("master", ["", "br0"])
def test_a_card_is_a_port_of_one_link_only(takeover: bool, other: dict[str, Any], master: str) -> None:
    devices = {**HOST.devices, "eno1": dataclasses.replace(ENO1, master=master)}
    if master:
        devices["br0"] = Device("br0", index=9, kind="bridge")
    said = refusal(
        BRIDGE, {**other, "ports": ["eno1"], "takeover": takeover}, host=dataclasses.replace(HOST, devices=devices)
    )
    words = f"eno1 is to be a port of the bridge br0 and of the {other['type']} {other['name']}, and can be one of"
    assert f"link br0: ports[0]: {words}" in said
    assert f"link {other['name']}: ports[0]: {words}" in said
