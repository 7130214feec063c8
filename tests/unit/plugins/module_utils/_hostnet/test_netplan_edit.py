# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge over a device keeps its addresses, and leaves everything else as it is."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_edit
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Nic
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan, NetplanPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load

MAC = "52:54:00:00:00:01"
BR0 = NetplanPlace("bridges", "br0")


def parsed(**files: str) -> Netplan:
    return Netplan({f"{name}.yaml": load(name, text) for name, text in files.items()})


def bridged(net: Netplan, *ports: str, nics: dict[str, Nic] | None = None, **options: Any) -> Netplan:
    """The documents with a bridge br0 over some ports."""
    after = net.copy()
    known = {port: Nic(port, MAC) for port in ports} if nics is None else nics
    netplan_edit.declare(after, {"name": "br0", "type": "bridge", "ports": list(ports), **options}, known)
    return after


def layer3(net: Netplan, place: NetplanPlace) -> dict[str, Any]:
    """What a definition has of addresses and routes."""
    return {key: value for key, value in net.merged(place).items() if key in netplan_edit.MOVED}


# What is taken over


ONE = """
network: {version: 2, ethernets: {eno1: {dhcp4: true, mtu: 9000, optional: true, wakeonlan: true}, eno2: {dhcp4: yes}}}
"""


def test_a_bridge_takes_over_the_addressing_and_the_port_keeps_its_hardware() -> None:
    after = bridged(parsed(a=ONE), "eno1")
    assert after.merged(BR0) == {
        "dhcp4": "true",
        "interfaces": ["eno1"],
        "macaddress": MAC,
        "mtu": "9000",
        "optional": "true",
        "parameters": {"stp": "false", "forward-delay": "0"},
    }
    assert after.merged(NetplanPlace("ethernets", "eno1")) == {"mtu": "9000", "optional": "true", "wakeonlan": "true"}
    assert after.merged(NetplanPlace("ethernets", "eno2")) == {"dhcp4": "yes"}


def test_each_file_keeps_what_it_says() -> None:
    before = parsed(
        a="network: {ethernets: {eno1: {dhcp4: true, addresses: [192.0.2.1/24]}}}",
        b="network: {ethernets: {eno1: {dhcp4: false, addresses: [192.0.2.2/24]}, eno2: {}}}",
        c="network: {ethernets: {eno3: {dhcp4: true}}}",
    )
    after = bridged(before, "eno1")
    assert after.network("a.yaml")["bridges"]["br0"] == {"dhcp4": "true", "addresses": ["192.0.2.1/24"]}
    assert after.network("b.yaml")["bridges"]["br0"]["addresses"] == ["192.0.2.2/24"]
    assert after.documents["c.yaml"] == before.documents["c.yaml"]
    assert layer3(after, BR0) == layer3(before, NetplanPlace("ethernets", "eno1"))


def test_the_renderer_of_a_port_reaches_its_bridge() -> None:
    text = "network: {renderer: networkd, ethernets: {renderer: NetworkManager, eno1: {dhcp4: true}}}"
    after = bridged(parsed(a=text), "eno1")
    assert after.renderer(BR0) == "NetworkManager"


def test_a_device_that_a_pattern_covers_gets_a_definition_of_its_own_that_is_taken_first() -> None:
    before = parsed(a="network: {ethernets: {all-en: {match: {name: 'en*'}, dhcp4: true, mtu: 1400}}}")
    after = bridged(before, "eno1")
    own = after.owner(Nic("eno1", MAC))
    assert own is not None
    assert own.id < "all-en"
    assert after.merged(BR0)["interfaces"] == [own.id]
    assert layer3(after, own) == {}
    assert after.merged(BR0)["dhcp4"] == "true"
    assert after.owner(Nic("eno2")) == NetplanPlace("ethernets", "all-en")
    assert after.merged(NetplanPlace("ethernets", "all-en")) == before.merged(NetplanPlace("ethernets", "all-en"))


def test_a_device_is_found_by_its_mac_its_new_name_and_its_driver() -> None:
    net = parsed(
        a="""
network:
  ethernets:
    lan: {match: {macaddress: "52:54:00:00:00:01"}, set-name: eno1}
    b: {match: {driver: [ixgbe, "mlx*"]}}
    eno3: {}
"""
    )
    assert net.owner(Nic("eno1", MAC)) == NetplanPlace("ethernets", "lan")
    assert net.owner(Nic("eno1", "52:54:00:00:00:99", permanent=MAC)) == NetplanPlace("ethernets", "lan")
    assert net.owner(Nic("ens1", "52:54:00:00:00:02", "mlx5_core")) == NetplanPlace("ethernets", "b")
    assert net.owner(Nic("eno3", "52:54:00:00:00:03", "e1000")) == NetplanPlace("ethernets", "eno3")
    assert net.owner(Nic("eno4", "52:54:00:00:00:04", "e1000")) is None


def test_what_is_built_on_a_port_follows_to_where_its_traffic_is() -> None:
    before = parsed(
        a="""
network:
  ethernets: {eno1: {addresses: [192.0.2.1/24]}}
  vlans: {v5: {id: 5, link: eno1}}
  tunnels: {vx: {mode: vxlan, id: 1, link: eno1, local: 192.0.2.1}}
  vrfs: {blue: {table: 5, interfaces: [eno1]}}
"""
    )
    after = bridged(before, "eno1")
    assert after.get(NetplanPlace("vlans", "v5"), "link") == "eno1"
    assert after.get(NetplanPlace("tunnels", "vx"), "link") == "br0"
    assert after.get(NetplanPlace("vrfs", "blue"), "interfaces") == ["br0"]


@pytest.mark.parametrize("body", ["{}", "{ignore-carrier: true}", "{dhcp4: no}"])
def test_what_is_built_on_a_port_without_addresses_follows_too(body: str) -> None:
    before = parsed(
        a=f"network: {{ethernets: {{eno1: {body}}}, vrfs: {{blue: {{table: 5, interfaces: [eno1]}}}},"
        " tunnels: {vx: {mode: vxlan, id: 1, link: eno1}}}"
    )
    after = bridged(before, "eno1")
    assert after.get(NetplanPlace("vrfs", "blue"), "interfaces") == ["br0"]
    assert after.get(NetplanPlace("tunnels", "vx"), "link") == "br0"
    # A device has one master: its VRF gets the bridge whatever becomes of the addresses.
    assert bridged(before, "eno1", addressing="dhcp").get(NetplanPlace("vrfs", "blue"), "interfaces") == ["br0"]
    assert bridged(before, "eno1", addressing="none").get(NetplanPlace("vrfs", "blue"), "interfaces") == []


def test_what_networkmanager_is_told_of_addresses_moves_along() -> None:
    text = """
network:
  renderer: NetworkManager
  ethernets:
    NM-1:
      match: {name: eno1}
      networkmanager:
        uuid: 14f59568
        passthrough:
          {connection.timestamp: "1", ipv4.address1: "192.0.2.9/24,192.0.2.1", ipv4.method: manual, proxy._: ""}
"""
    before = parsed(a=text)
    after = bridged(before, "eno1")
    moved = {"ipv4.address1": "192.0.2.9/24,192.0.2.1", "ipv4.method": "manual", "proxy._": ""}
    assert after.get(BR0, "networkmanager") == {"passthrough": moved}
    kept = {"uuid": "14f59568", "passthrough": {"connection.timestamp": "1"}}
    assert after.get(NetplanPlace("ethernets", "NM-1"), "networkmanager") == kept
    assert netplan_edit.is_addressed(after.merged(BR0))
    netplan_edit.remove(after, "br0", "bridge", {"eno1": Nic("eno1", MAC)})
    assert after.documents == before.documents


def test_a_device_is_not_taken_for_the_one_below_that_it_has_its_mac_from() -> None:
    before = parsed(
        a="""
network:
  ethernets: {a0: {match: {macaddress: "52:54:00:00:00:01"}, set-name: a0, dhcp4: true}}
  bonds: {lan: {interfaces: [a0], addresses: [192.0.2.1/24]}}
  vlans: {v5: {id: 5, link: a0, addresses: [198.51.100.1/24]}}
"""
    )
    for name in ("lan", "v5"):
        after = bridged(before, name, nics={name: Nic(name, MAC, borrowed=True)})
        assert after.get(BR0, "interfaces") == [name]
        assert after.merged(NetplanPlace("ethernets", "a0")) == before.merged(NetplanPlace("ethernets", "a0"))
    assert before.owner(Nic("a0.7", MAC, borrowed=True)) is None


@pytest.mark.parametrize("body", ["dhcp4: no", "dhcp4: false, link-local: []", "addresses: []"])
def test_a_bridge_that_is_there_keeps_what_it_has(body: str) -> None:
    ports = f"ethernets: {{eno1: {{{body}}}, eno2: {{{body}}}}}"
    before = parsed(a=f"network: {{{ports}, bridges: {{br0: {{interfaces: [eno1], dhcp4: yes}}}}}}")
    assert bridged(before, "eno1").documents == before.documents
    wider = bridged(before, "eno1", "eno2")
    assert wider.merged(BR0) == {"interfaces": ["eno1", "eno2"], "dhcp4": "yes"}
    assert wider.section("a.yaml", "ethernets") == before.section("a.yaml", "ethernets")


def test_a_bridge_over_a_definition_for_several_devices_keeps_it() -> None:
    before = parsed(
        a="network: {ethernets: {all: {match: {name: 'en*'}}}, bridges: {br0: {interfaces: [all], dhcp4: yes}}}"
    )
    assert bridged(before, "eno1").documents == before.documents


def test_a_device_of_several_is_part_of_what_they_are_part_of() -> None:
    shared = "ethernets: {x: {match: {name: 'en*'}, dhcp4: true}}"
    before = parsed(
        a=f"network: {{{shared}, vrfs: {{blue: {{table: 5, interfaces: [x]}}}}, vlans: {{v5: {{id: 5, link: x}}}}}}"
    )
    after = bridged(before, "eno1")
    own = after.owner(Nic("eno1", MAC))
    assert own is not None
    assert after.get(NetplanPlace("vrfs", "blue"), "interfaces") == ["x", "br0"]
    assert after.get(NetplanPlace("vlans", "v5"), "link") == own.id
    # And back, without a trace.
    netplan_edit.remove(after, "br0", "bridge", {"eno1": Nic("eno1", MAC)})
    assert after.documents == before.documents
    bonded = parsed(a=f"network: {{{shared}, bonds: {{lan: {{interfaces: [x]}}}}}}")
    with pytest.raises(Invalid, match="make lan the port"):
        bridged(bonded, "eno1")


def test_what_virtual_functions_want_of_several_devices_stays_with_those() -> None:
    """netplan refuses a physical function by name that no virtual function names."""
    sriov = "embedded-switch-mode: switchdev, delay-virtual-functions-rebind: true"
    before = parsed(a=f"network: {{ethernets: {{x: {{match: {{name: 'en*'}}, mtu: 1400, {sriov}}}, vf: {{link: x}}}}}}")
    after = bridged(before, "eno1")
    own = after.owner(Nic("eno1", MAC))
    assert own is not None
    assert after.merged(own) == {"mtu": "1400"}
    assert after.get(NetplanPlace("ethernets", "vf"), "link") == "x"
    netplan_edit.remove(after, "br0", "bridge", {"eno1": Nic("eno1", MAC)})
    assert after.documents == before.documents


def test_vrfs_stay_behind_what_they_name() -> None:
    """netplan 0.106 has the rules of a VRF twice where that comes first."""
    before = parsed(a="network: {ethernets: {eno1: {dhcp4: true}}, vrfs: {blue: {table: 5, interfaces: [eno1]}}}")
    after = bridged(before, "eno1")
    assert list(after.network("a.yaml")) == ["ethernets", "bridges", "vrfs"]


def test_a_new_name_is_the_only_one() -> None:
    net = parsed(a="network: {ethernets: {x: {match: {name: 'e*'}, set-name: lan0, dhcp4: true}, eno2: {dhcp6: true}}}")
    assert net.owner(Nic("eno2", MAC)) == NetplanPlace("ethernets", "eno2")
    after = bridged(net, "lan0")
    assert after.get(BR0, "interfaces") == ["x"]


# The order of the files


def test_a_definition_is_never_named_before_it_is_there() -> None:
    before = parsed(
        a="network: {ethernets: {eno1: {}}, vrfs: {blue: {table: 5, interfaces: [eno1]}},"
        " bridges: {br0: {interfaces: [eno1]}}}",
        b="network: {ethernets: {eno1: {addresses: [192.0.2.1/24]}, eno2: {}}}",
    )
    wider = bridged(before, "eno1", "eno2")
    assert "interfaces" not in wider.section("a.yaml", "bridges")["br0"]
    assert wider.section("b.yaml", "bridges")["br0"]["interfaces"] == ["eno1", "eno2"]
    alone = parsed(a="network: {ethernets: {eno1: {}}, vrfs: {blue: {table: 5, interfaces: [eno1]}}}")
    alone.documents["b.yaml"] = before.documents["b.yaml"]
    after = bridged(alone, "eno1")
    assert after.section("a.yaml", "bridges") == {"br0": {}}
    assert layer3(after, BR0) == {"addresses": ["192.0.2.1/24"]}


def test_a_file_that_netplan_can_read_once_only_gets_no_reference_forward() -> None:
    text = """
network:
  ethernets: {eno1: {}, eno2: {}}
  bridges: {br9: {interfaces: [eno2], parameters: {path-cost: {eno2: 50}}}}
  vlans: {v5: {id: 5, link: eno1, dhcp4: true}}
"""
    after = bridged(Netplan({"50-x.yaml": load("50-x.yaml", text)}), "v5")
    assert after.section("50-x.yaml", "bridges")["br0"] == {"dhcp4": "true"}
    assert after.section("70-virtfleet.yaml", "bridges")["br0"]["interfaces"] == ["v5"]


def test_a_sections_renderer_is_for_what_its_file_has_below_it() -> None:
    net = parsed(
        a="network: {renderer: networkd, ethernets: {eno1: {}, renderer: NetworkManager, eno2: {}}}",
        b="network: {ethernets: {renderer: NetworkManager, eno1: {}, eno3: {}}}",
        c="network: {ethernets: {eno4: {}}}",
    )
    found = [net.renderer(NetplanPlace("ethernets", f"eno{i}")) for i in (1, 2, 3, 4)]
    assert found == ["networkd", "NetworkManager", "NetworkManager", "networkd"]


# What is refused


@pytest.mark.parametrize(
    ("network", "port", "why"),
    [
        ("wifis: {eno1: {dhcp4: true}}", "eno1", "wireless"),
        ("ethernets: {eno1: {}}, bridges: {br9: {interfaces: [eno1]}}", "eno1", "br9.*takeover: true"),
        ("ethernets: {eno1: {}}, bonds: {bond0: {interfaces: [eno1]}}", "eno1", "make bond0 the port"),
        ("tunnels: {wg0: {mode: wireguard}}", "wg0", "no Ethernet frames"),
        ("bridges: {br9: {}}", "br9", "is a bridge"),
        ("ethernets: {lo: {addresses: [192.0.2.1/32]}}", "lo", "loopback"),
        ("vrfs: {blue: {table: 5}}", "blue", "VRF"),
        ("ethernets: {br0: {}, eno1: {}}", "eno1", "already one of netplan's ethernets"),
        ("ethernets: {eno1: {match: {macaddress: '52:54:00:00:00:77'}}}", "eno1", "for another device"),
        ("renderer: NetworkManager, ethernets: {x: {match: {name: 'en*'}}}", "eno1", "NetworkManager cannot tell"),
        ("renderer: NetworkManager, ethernets: {x: {match: {}}}", "eno1", "NetworkManager cannot tell"),
        ("ethernets: {eno1: {openvswitch: {}}}", "eno1", "Open vSwitch"),
        (
            "ethernets: {eno1: {}}, bonds: {lan: {interfaces: [eno1], parameters: {mode: balance-slb}}}",
            "lan",
            "Open vS",
        ),
        ("bridges: {ovs0: {openvswitch: {}}}, vlans: {v1: {id: 1, link: ovs0}}", "v1", "Open vSwitch"),
    ],
)
def test_what_cannot_be_a_port_is_refused_and_nothing_changes(network: str, port: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        bridged(parsed(a=f"network: {{{network}}}"), port)


def test_takeover_takes_a_port_from_its_bridge() -> None:
    text = """
network:
  ethernets: {eno1: {}, eno2: {}}
  bridges: {br9: {interfaces: [eno1, eno2], dhcp4: true, parameters: {path-cost: {eno1: 5}}}}
"""
    after = bridged(parsed(a=text), "eno1", takeover=True)
    assert after.merged(NetplanPlace("bridges", "br9")) == {"interfaces": ["eno2"], "dhcp4": "true", "parameters": {}}
    assert after.get(BR0, "interfaces") == ["eno1"]


@pytest.mark.parametrize(
    ("section", "parameters", "left"),
    [
        ("bridges", "path-cost: {eno1: 5, eno2: 7}, port-priority: {eno2: 9}", {"path-cost": {"eno1": "5"}}),
        ("bonds", "mode: active-backup, primary: eno2", {"mode": "active-backup"}),
        ("bonds", "mode: active-backup, primary: eno1", {"mode": "active-backup", "primary": "eno1"}),
    ],
)
def test_what_is_said_of_a_port_goes_with_it(section: str, parameters: str, left: dict[str, Any]) -> None:
    text = f"""
network:
  ethernets: {{eno1: {{}}, eno2: {{}}}}
  {section}: {{br0: {{interfaces: [eno1, eno2], parameters: {{{parameters}}}}}}}
"""
    net = parsed(a=text)
    kind = {"bridges": "bridge", "bonds": "bond"}[section]
    netplan_edit.declare(net, {"name": "br0", "type": kind, "ports": ["eno1"]}, {})
    found = net.merged(NetplanPlace(section, "br0"))
    assert found["interfaces"] == ["eno1"]
    assert {key: found["parameters"].get(key) for key in ("path-cost", "port-priority", "mode", "primary")} == {
        **dict.fromkeys(("path-cost", "port-priority", "mode", "primary")),
        **left,
    }


def test_two_ports_with_addresses_need_a_decision() -> None:
    text = "network: {ethernets: {eno1: {dhcp4: true}, eno2: {addresses: [192.0.2.1/24]}}}"
    with pytest.raises(Invalid, match="eno1, eno2 each have addresses"):
        bridged(parsed(a=text), "eno1", "eno2")
    assert bridged(parsed(a=text), "eno1", "eno2", addressing="dhcp").merged(BR0)["dhcp4"] == "true"


# What is declared


def test_stp_and_forward_delay_are_always_written_both() -> None:
    for options in ({}, {"stp": True}, {"forward_delay": 4}):
        parameters = bridged(parsed(a=ONE), "eno1", **options).get(BR0, "parameters")
        assert set(parameters) == {"stp", "forward-delay"}
    existing = parsed(a="network: {ethernets: {eno1: {}}, bridges: {br0: {interfaces: [eno1]}}}")
    assert bridged(existing, "eno1", forward_delay=4).get(BR0, "parameters") == {"stp": "false", "forward-delay": "4"}
    assert bridged(existing, "eno1").documents == existing.documents


def test_static_addresses_take_the_place_of_the_ports() -> None:
    after = bridged(
        parsed(a=ONE),
        "eno1",
        addressing="static",
        addresses=["192.0.2.5/24"],
        gateway="192.0.2.1",
        nameservers=["192.0.2.3"],
        routes=[{"to": "10.0.0.0/8", "via": "192.0.2.9"}],
    )
    assert layer3(after, BR0) == {
        "addresses": ["192.0.2.5/24"],
        "routes": [{"to": "default", "via": "192.0.2.1"}, {"to": "10.0.0.0/8", "via": "192.0.2.9"}],
        "nameservers": {"addresses": ["192.0.2.3"]},
    }
    assert layer3(after, NetplanPlace("ethernets", "eno1")) == {}


def test_a_list_of_several_files_is_replaced_in_all_of_them() -> None:
    net = parsed(
        a="network: {bridges: {br0: {addresses: [192.0.2.1/24]}}}",
        b="network: {bridges: {br0: {addresses: [192.0.2.2/24]}}}",
    )
    net.put("a.yaml", BR0, "addresses", ["192.0.2.3/24"])
    assert net.merged(BR0)["addresses"] == ["192.0.2.3/24"]


def test_a_bridge_without_addresses_asks_for_none_either() -> None:
    after = bridged(parsed(a=ONE), "eno1", addressing="none")
    assert layer3(after, BR0) == {"link-local": [], "accept-ra": "false"}
