# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host's links: refusals, files, identity, forecast. What the lab's kernel cannot run is here, too."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid, VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import converge, facts
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import plan as links_planner
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    BRIDGE,
    ENO1,
    ENO2,
    HOST,
    NETPLAN,
    planned,
    refusal,
    text,
    with_device,
)

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
    host = dataclasses.replace(HOST, nf_call=facts.NF_CALLS, forward_policy="DROP")
    assert "bypass_iptables" in planned(BRIDGE, host=host).warnings[0]
    asked = planned(BRIDGE, host=host, bypass_iptables=True)
    assert "bridge-nf-call-iptables = 0" in text(asked, "bridge.conf")
    # All that the file says for the next boot is in force at once, and is taken back.
    for words, value in ((asked.commands, 0), (asked.undo, 1)):
        assert [each[-1] for each in words] == [f"net.bridge.bridge-nf-call-{each}={value}" for each in facts.NF_CALLS]
    left = planned(BRIDGE, host=dataclasses.replace(host, nf_call=("ip6tables",)), bypass_iptables=True)
    assert [change.path for name, change in left.changes if name != "br0"] == ["bridge-nf-call-ip6tables"]
    assert [each[-1] for each in left.undo] == ["net.bridge.bridge-nf-call-ip6tables=1"]


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
    devices = {"br0": HostDevice("br0", index=9, kind="bridge", settings=settings)}
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
            "br0": HostDevice("br0", index=4, kind="bridge", accept_ra="1"),
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


def test_what_becomes_of_the_addresses_is_in_the_diff() -> None:
    """``--check --diff`` shows it so; the forecast itself is in the result only."""
    found = planned({**BRIDGE, "addressing": "static", "addresses": ["192.0.2.77/24"], "gateway": "192.0.2.1"})
    shown = converge.as_result(found)["diff"][-1]
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
    assert "geheim" not in str(converge.as_result(found))


@pytest.mark.parametrize("name", ["123", "010", "0x10", "0XfF", "0b1", "0o17"])
def test_what_systemd_takes_for_a_number_is_no_name(name: str) -> None:
    with pytest.raises(VirtfleetError, match=f"'{name}' is not a name that a link of its own can have"):
        LINK.parse([{**BRIDGE, "name": name}])


@pytest.mark.parametrize("name", ["0xg", "1e3", "b1", "0x.1", "on"])
def test_what_only_looks_like_a_number_is_a_name(name: str) -> None:
    assert LINK.parse([{**BRIDGE, "name": name}])[0]["name"] == name


STATIC = {**BRIDGE, "addressing": "static", "addresses": ["192.0.2.10/24", "2001:db8::10/64"]}


@pytest.mark.parametrize(
    ("more", "where", "said"),
    [
        ({"gateway": "0.0.0.0"}, "gateway", "0.0.0.0 stands for no host"),
        ({"gateway": "::"}, "gateway", ":: stands for no host"),
        ({"gateway": "192.0.2.255"}, "gateway", "192.0.2.255 stands for no host"),
        ({"gateway": "127.0.0.1"}, "gateway", "127.0.0.1 stands for no host"),
        ({"gateway": "192.0.2.10"}, "gateway", "192.0.2.10 is an address of the link itself"),
        ({"gateway": "2001:db8::10"}, "gateway", "2001:db8::10 is an address of the link itself"),
        ({"routes": [{"to": "10.0.0.0/8", "via": "224.0.0.1"}]}, "routes[0].via", "224.0.0.1 stands for no host"),
        ({"routes": [{"to": "10.0.0.0/8", "via": "198.51.100.1"}]}, "routes[0].via", "198.51.100.1 is in no subnet of"),
        ({"addresses": ["192.0.2.10/32"], "gateway": "192.0.2.1"}, "gateway", "192.0.2.1 is in no subnet of the link"),
        (
            {"routes": [{"to": "2001:db8:1::/48", "via": "2001:db8:2::1"}]},
            "routes[0].via",
            "2001:db8:2::1 is in no subnet of the link, so that no route can lead by it: write one of its subnets, or"
            " before it a route to that router alone (to: 2001:db8:2::1/128)",
        ),
        ({"routes": [{"to": "default"}]}, "routes[0].via", "is missing: a default route needs a router"),
        ({"routes": [{"via": "192.0.2.1"}]}, "routes[0].to", "is missing: write where the route leads"),
        ({"routes": [{"to": "10.0.0.0/8", "via": "fe80::1"}]}, "routes[0].via", "fe80::1 is of another family than 10"),
        ({"addresses": ["224.0.0.1/24"]}, "addresses[0]", "224.0.0.1/24 stands for no host"),
        ({"addresses": ["192.0.2.1/24", "ff02::1/64"]}, "addresses[1]", "ff02::1/64 stands for no host"),
        ({"addresses": ["255.255.255.255/32"]}, "addresses[0]", "255.255.255.255/32 stands for no host"),
    ],
)
def test_what_is_no_host_is_no_router_nor_address(more: dict[str, Any], where: str, said: str) -> None:
    with pytest.raises(VirtfleetError, match=re.escape(f"{where}: {said}")):
        LINK.parse([{**STATIC, **more}])


@pytest.mark.parametrize(
    "more",
    [
        {"gateway": "192.0.2.1", "routes": [{"to": "10.0.0.0/8", "via": "192.0.2.2"}]},
        {"gateway": "fe80::1"},
        {"addresses": ["192.0.2.0/31"], "gateway": "192.0.2.1"},
        {"addresses": ["192.0.2.10/32"], "gateway": "192.0.2.1", "routes": [{"to": "192.0.2.1/32"}]},
        # A router may announce subnets of which nobody knows yet.
        {"addresses": ["192.0.2.10/24"], "routes": [{"to": "2001:db8:1::/48", "via": "2001:db8:2::1"}]},
        {"routes": [{"to": "2001:db8:1::/48", "via": "fe80::1"}]},
        {"routes": [{"to": "2001:db8:2::1/128"}, {"to": "2001:db8:1::/48", "via": "2001:db8:2::1"}]},
        {"state": "absent", "addresses": ["224.0.0.1/24"]},
    ],
)
def test_a_router_is_a_host(more: dict[str, Any]) -> None:
    assert LINK.parse([{**STATIC, **more}])


@pytest.mark.parametrize(("metric", "refused"), [(None, True), (0, True), (100, True), (101, False)])
def test_a_route_takes_no_subnet_of_another_device(metric: int | None, refused: bool) -> None:
    route = {"to": "192.0.2.0/24", "via": "10.9.0.1", **({} if metric is None else {"metric": metric})}
    item = {"name": "br7", "type": "bridge", "ports": ["eno2"], "addressing": "static", "addresses": ["10.9.0.2/24"]}
    host = dataclasses.replace(HOST, routes=(facts.Route("192.0.2.0/24", "eno1", metric=100),))
    if refused:
        said = refusal({**item, "routes": [route]}, host=host)
        assert "routes[0].to: 192.0.2.0/24 is on eno1, and this route would take its traffic" in said
        assert "give it a metric above 100" in said
    else:
        assert planned({**item, "routes": [route]}, host=host).changes
    # A part of it, or what is behind a router, may lead elsewhere; not so a part in which a router of it is.
    assert planned({**item, "routes": [{**route, "to": "192.0.2.64/26"}]}, host=host).changes
    routed = dataclasses.replace(host, routes=(*host.routes, facts.Route("0.0.0.0/0", "eno1", "192.0.2.65")))
    said = refusal({**item, "routes": [{**route, "to": "192.0.2.64/26", "metric": 200}]}, host=routed)
    assert "routes[0].to: 192.0.2.0/24 is on eno1, and this route would take its traffic" in said
    behind = dataclasses.replace(HOST, routes=(facts.Route("192.0.2.0/24", "eno1", "192.0.2.1", metric=100),))
    assert planned({**item, "routes": [route]}, host=behind).changes


def test_what_is_on_a_link_that_goes_takes_nothing() -> None:
    """A bridge is renamed in one call, or its subnet is reached by another from then on."""
    old = facts.Route("10.9.0.0/24", "br9")
    host = with_device(HostDevice("br9", kind="bridge"), with_device(dataclasses.replace(ENO2, master="br9")))
    host = dataclasses.replace(host, routes=(*HOST.routes, old, facts.Route("198.18.0.1", "eno1")))
    item = {"name": "br7", "type": "bridge", "ports": ["eno2"], "takeover": True, "addressing": "static"}
    renamed = {**item, "addresses": ["10.9.0.2/24"]}
    assert "10.9.0.2/24 overlaps 10.9.0.0/24" in refusal(renamed, host=host)
    assert planned({"name": "br9", "state": "absent"}, renamed, host=host).changes
    moved = {**item, "addresses": ["10.8.0.2/24"], "routes": [{"to": "10.9.0.0/24", "via": "10.8.0.1"}]}
    assert planned({"name": "br9", "state": "absent"}, moved, host=host).changes
    # Its addresses would be on a port that is left.
    left = with_device(dataclasses.replace(HostDevice("eno3"), master="br9"), host)
    assert "overlaps" in refusal({"name": "br9", "state": "absent"}, renamed, host=left)
    alone = {**item, "addresses": ["10.8.0.2/24"], "routes": [{"to": "198.18.0.1/32", "via": "10.8.0.1"}]}
    assert "routes[0].to: 198.18.0.1 is on eno1" in refusal({"name": "br9", "state": "absent"}, alone, host=host)


def test_each_link_that_is_refused_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(item: dict[str, Any], _facts: facts.Facts) -> None:
        if item["name"] != "br2":
            raise Invalid("name", "is of ifupdown")

    monkeypatch.setattr(links_planner.ifupdown, "refuse", refuse)
    bridges = [{"name": f"br{number}", "type": "bridge", "ports": [], "addressing": "none"} for number in (1, 2, 3)]
    said = refusal(*bridges)
    assert [f"br{number}: name: is of ifupdown" in said for number in (1, 2, 3)] == [True, False, True]
