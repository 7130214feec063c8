# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netplan's documents say of a link once it is declared, and once it is gone."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_edit
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Nic
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load

MAC, OTHER = "52:54:00:00:00:01", "52:54:00:00:00:02"
NICS = {"e": Nic("e", MAC), "f": Nic("f", OTHER)}


def documents(*networks: str) -> Netplan:
    return Netplan({f"{n}.yaml": load("x", f"network: {{{text}}}") for n, text in enumerate(networks)})


def shown(net: Netplan, name: str) -> Any:
    """What all documents say of a definition, with texts for all values; None where there is none."""
    place = net.place(name)
    return None if place is None else net.merged(place)


def declared(net: Netplan, **item: Any) -> Any:
    netplan_edit.declare(net, item, NICS)
    return shown(net, str(item["name"]))


BRIDGE: dict[str, Any] = {"name": "br0", "type": "bridge"}
NEW = {"parameters": {"stp": "false", "forward-delay": "0"}}


@pytest.mark.parametrize(
    ("network", "item", "found"),
    [
        # A new bridge over a card: its addresses, its MAC address, its MTU, and who makes it.
        (
            "ethernets: {e: {dhcp4: true, mtu: 9000, optional: true, wakeonlan: true}}",
            {"ports": ["e"]},
            {"dhcp4": "true", "mtu": "9000", "optional": "true", "macaddress": MAC, "interfaces": ["e"], **NEW},
        ),
        (
            "ethernets: {e: {dhcp4: true, renderer: NetworkManager}}",
            {"ports": ["e"]},
            {"dhcp4": "true", "renderer": "NetworkManager", "macaddress": MAC, "interfaces": ["e"], **NEW},
        ),
        (
            "ethernets: {e: {dhcp4: true}, f: {mtu: 1400}}",
            {"ports": ["f", "e"]},
            {"dhcp4": "true", "macaddress": MAC, "interfaces": ["f", "e"], **NEW},
        ),
        # Where none has addresses, the first that has anything of them, else the first.
        (
            "ethernets: {e: {mtu: 1400}, f: {accept-ra: true, mtu: 1300}}",
            {"ports": ["e", "f"]},
            {"accept-ra": "true", "mtu": "1300", "macaddress": OTHER, "interfaces": ["e", "f"], **NEW},
        ),
        (
            "ethernets: {e: {mtu: 1400}, f: {mtu: 1300}}",
            {"ports": ["e", "f"]},
            {"mtu": "1400", "macaddress": MAC, "interfaces": ["e", "f"], **NEW},
        ),
        ("ethernets: {}", {"ports": []}, {"interfaces": [], **NEW}),
        ("ethernets: {g: {macaddress: random}}", {"ports": ["g"]}, {"interfaces": ["g"], **NEW}),
        (
            f"ethernets: {{g: {{macaddress: '{OTHER}'}}}}",
            {"ports": ["g"]},
            {"interfaces": ["g"], "macaddress": OTHER, **NEW},
        ),
        (
            "ethernets: {e: {dhcp4: true}}",
            {"ports": ["e"], "addressing": "dhcp", "mac": OTHER, "mtu": 1280},
            {"dhcp4": "true", "macaddress": OTHER, "mtu": "1280", "interfaces": ["e"], **NEW},
        ),
        (
            "ethernets: {e: {dhcp4: true}}",
            {"ports": ["e"], "addressing": "none"},
            {"link-local": [], "accept-ra": "false", "macaddress": MAC, "interfaces": ["e"], **NEW},
        ),
        # One that is there: what is declared, and nothing else.
        (
            "ethernets: {e: {}}, bridges: {br0: {interfaces: [e], dhcp4: true, parameters: {stp: true}}}",
            {"ports": ["e"]},
            {"interfaces": ["e"], "dhcp4": "true", "parameters": {"stp": "true"}},
        ),
        (
            "ethernets: {e: {}}, bridges: {br0: {interfaces: [e], parameters: {stp: true}}}",
            {"ports": ["e"], "forward_delay": 4},
            {"interfaces": ["e"], "parameters": {"stp": "true", "forward-delay": "4"}},
        ),
        (
            "bridges: {br0: {interfaces: [], parameters: {forward-delay: 7}}}",
            {"stp": False},
            {"interfaces": [], "parameters": {"stp": "false", "forward-delay": "7"}},
        ),
        (
            "bridges: {br0: {interfaces: []}}",
            {"stp": True, "forward_delay": 4},
            {"interfaces": [], "parameters": {"stp": "true", "forward-delay": "4"}},
        ),
        (
            "bridges: {br0: {interfaces: []}}",
            {"forward_delay": 4},
            {"interfaces": [], "parameters": {"stp": "false", "forward-delay": "4"}},
        ),
        ("bridges: {br0: {mtu: 1400, macaddress: x}}", {"mtu": None, "mac": None}, {}),
    ],
)
def test_a_bridge_is_as_declared_and_as_its_ports_were(network: str, item: dict[str, Any], found: Any) -> None:
    assert declared(documents(network), **BRIDGE, **item) == found


@pytest.mark.parametrize(
    ("networks", "item", "found", "file"),
    [
        (["ethernets: {e: {}}"], {}, {"id": "5", "link": "e"}, 0),
        (["ethernets: {f: {}}", "ethernets: {e: {}}"], {}, {"id": "5", "link": "e"}, 1),
        (["ethernets: {e: {}}, vlans: {v5: {id: 4, link: f}}"], {}, {"id": "5", "link": "e"}, 0),
        (
            ["ethernets: {e: {}}, vlans: {v5: {id: 5, link: e}}", "vlans: {v5: {mtu: 1400}}"],
            {"mtu": 1300, "mac": OTHER},
            {"id": "5", "link": "e", "mtu": "1300", "macaddress": OTHER},
            1,
        ),
        (
            ["ethernets: {e: {}}"],
            {"addressing": "static", "addresses": ["192.0.2.2/24"]},
            {"id": "5", "link": "e", "addresses": ["192.0.2.2/24"]},
            0,
        ),
    ],
)
def test_a_vlan_stands_where_its_parent_is_known(
    networks: list[str], item: dict[str, Any], found: Any, file: int
) -> None:
    net = documents(*networks)
    assert declared(net, name="v5", type="vlan", id=5, parent="e", **item) == found
    place = net.place("v5")
    assert place is not None
    assert net.bodies(place)[-1][0] == f"{file}.yaml"


def test_a_parent_that_netplan_does_not_know_gets_a_definition() -> None:
    net = documents("ethernets: {f: {}}")
    assert declared(net, name="v5", type="vlan", id=5, parent="e") == {"id": "5", "link": "e"}
    assert shown(net, "e") == {}


def test_a_bond_has_its_mode() -> None:
    net = documents("ethernets: {e: {dhcp4: true}, f: {}}")
    found = declared(net, name="b0", type="bond", ports=["e", "f"], mode="802.3ad")
    assert found == {
        "interfaces": ["e", "f"],
        "dhcp4": "true",
        "macaddress": MAC,
        "parameters": {"mode": "802.3ad"},
    }


@pytest.mark.parametrize(
    ("network", "ports", "said"),
    [
        ("ethernets: {e: {dhcp4: true}, f: {dhcp4: true}}", ["e", "f"], "e, f each have addresses"),
        (
            "ethernets: {e: {}, f: {dhcp4: true}}, bridges: {br0: {interfaces: [e], dhcp4: true}}",
            ["e", "f"],
            "br0 and its port f both have addresses",
        ),
        (
            "ethernets: {e: {match: {macaddress: '00:11:22:33:44:55'}}}",
            ["e"],
            "e: netplan's definition of that name is for another device",
        ),
        ("ethernets: {e: {infiniband-mode: datagram}}", ["e"], "e is InfiniBand"),
        ("ethernets: {e: {renderer: sriov}}", ["e"], "e is a VLAN filter of the card's hardware"),
        ("tunnels: {e: {mode: gre}}", ["e"], "e is a gre tunnel, which carries no Ethernet frames"),
        ("ethernets: {x: {match: {name: lo}}}", ["lo"], "lo is the loopback device"),
        ("ethernets: {lo: {match: {name: dummy0}}}", ["dummy0"], "lo is the loopback device"),
        ("modems: {e: {}}", ["e"], "e is a modem"),
        ("bridges: {br9: {}}", ["br9"], "br9 is a bridge, and a bridge cannot be a port of another"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(network: str, ports: list[str], said: str) -> None:
    with pytest.raises(Invalid, match=said):
        netplan_edit.declare(documents(network), {**BRIDGE, "ports": ports}, {**NICS, "lo": Nic("lo")})


@pytest.mark.parametrize("mode", ["gretap", "ip6gretap", "vxlan"])
def test_a_tunnel_that_carries_frames_is_a_port(mode: str) -> None:
    assert declared(documents(f"tunnels: {{t: {{mode: {mode}}}}}"), **BRIDGE, ports=["t"])["interfaces"] == ["t"]


# Taken away


BOTH = "interfaces: [e, f], dhcp4: true"


def removed(network: str, name: str = "br0", kind: str | None = None) -> tuple[Any, Netplan]:
    net = documents(network)
    return netplan_edit.remove(net, name, kind, NICS), net


@pytest.mark.parametrize(
    ("network", "heir", "cards"),
    [
        (
            "ethernets: {e: {}}, bridges: {br0: {interfaces: [e], dhcp4: true, mtu: 1400}}",
            "e",
            {"e": {"dhcp4": "true"}},
        ),
        # Of several, that whose MAC address the bridge has.
        (
            f"ethernets: {{e: {{}}, f: {{}}}}, bridges: {{br0: {{{BOTH}, macaddress: '{OTHER}'}}}}",
            "f",
            {"f": {"dhcp4": "true"}},
        ),
        (
            f"ethernets: {{e: {{}}, f: {{}}}}, bridges: {{br0: {{{BOTH}, macaddress: '{OTHER[:-1]}9'}}}}",
            "e",
            {"e": {"dhcp4": "true"}},
        ),
        ("ethernets: {e: {}, f: {}}, bridges: {br0: {interfaces: [f, e], dhcp4: true}}", "f", {"f": {"dhcp4": "true"}}),
        # A card that is not there gets nothing, if another is.
        ("ethernets: {g: {}, e: {}}, bridges: {br0: {interfaces: [g, e], dhcp4: true}}", "e", {"e": {"dhcp4": "true"}}),
        ("ethernets: {g: {}}, bridges: {br0: {interfaces: [g], dhcp4: true}}", "g", {"g": {"dhcp4": "true"}}),
        # One that has addresses keeps them, and gets no others.
        (
            "ethernets: {e: {dhcp6: true}, f: {mtu: 1}}, bridges: {br0: {interfaces: [e, f], dhcp4: true}}",
            None,
            {"e": {"dhcp6": "true"}, "f": {"mtu": "1"}},
        ),
        ("bridges: {br0: {dhcp4: true}}", None, {}),
    ],
)
def test_the_addresses_of_a_bridge_go_back_to_a_port(network: str, heir: str | None, cards: dict[str, Any]) -> None:
    found, net = removed(network)
    assert found == heir
    assert shown(net, "br0") is None
    for name, body in cards.items():
        assert shown(net, name) == body


def test_what_is_on_a_bridge_or_has_it_goes_to_the_heir() -> None:
    found, net = removed(
        "ethernets: {e: {}}, bridges: {br0: {interfaces: [e], dhcp4: true}}, vlans: {v5: {id: 5, link: br0}},"
        " tunnels: {t: {mode: vxlan, link: br0}}, vrfs: {blue: {table: 5, interfaces: [br0]}}"
    )
    assert found == "e"
    assert [shown(net, name).get("link") for name in ("v5", "t")] == ["e", "e"]
    assert shown(net, "blue")["interfaces"] == ["e"]


def test_without_an_heir_a_vrf_loses_the_bridge_and_what_is_on_it_stands_in_the_way() -> None:
    _found, net = removed("bridges: {br0: {dhcp4: true}}, vrfs: {blue: {table: 5, interfaces: [br0, x]}}")
    assert shown(net, "blue")["interfaces"] == ["x"]
    with pytest.raises(Invalid, match="v5 is built on br0: remove it first"):
        removed("bridges: {br0: {dhcp4: true}}, vlans: {v5: {id: 5, link: br0}}")


@pytest.mark.parametrize(
    ("network", "name", "kind", "said"),
    [
        ("bridges: {br0: {}}", "br0", "bond", "br0 is one of netplan's bridges, not a bond"),
        ("bonds: {b0: {}}, bridges: {br0: {interfaces: [b0]}}", "b0", None, "b0 is a port of br0: take it from there"),
        ("bridges: {br0: {}}", "br0", "bridge", None),
        ("bridges: {br0: {}}", "br0", None, None),
        ("ethernets: {e: {dhcp4: true}}", "e", None, None),
        ("ethernets: {e: {}}", "nowhere", "bridge", None),
    ],
)
def test_only_a_link_of_the_kind_that_nothing_has_goes(
    network: str, name: str, kind: str | None, said: str | None
) -> None:
    if said is not None:
        with pytest.raises(Invalid, match=said):
            removed(network, name, kind)
        return
    found, net = removed(network, name, kind)
    assert found is None
    # What is no link is left alone.
    assert shown(net, "e") == ({"dhcp4": "true"} if name == "e" else {} if "e: {}" in network else None)


@pytest.mark.parametrize(
    ("body", "is_addressed"),
    [
        ("dhcp4: true", True),
        ("dhcp4: no", False),
        ("dhcp6: yes", True),
        ("addresses: [192.0.2.1/24]", True),
        ("addresses: []", False),
        ("gateway4: 192.0.2.1", True),
        ("routes: [{to: default, via: 192.0.2.1}]", True),
        ("routing-policy: [{from: 192.0.2.1, table: 5}]", True),
        ("nameservers: {addresses: [192.0.2.1]}", False),
        ("networkmanager: {passthrough: {ipv4.method: auto}}", True),
        ("networkmanager: {passthrough: {ipv6.method: manual}}", True),
        ("networkmanager: {passthrough: {ipv4.method: disabled, connection.id: x}}", False),
        ("networkmanager: {name: x}", False),
        ("networkmanager: x", False),
        ("mtu: 9000", False),
    ],
)
def test_a_definition_gives_its_device_addresses(body: str, is_addressed: bool) -> None:
    assert netplan_edit.is_addressed(shown(documents(f"ethernets: {{e: {{{body}}}}}"), "e")) is is_addressed


def test_all_that_belongs_to_the_addresses_is_cut_and_given() -> None:
    """With NetworkManager's own settings of them; what belongs to the card stays."""
    text = (
        "dhcp4: true, mtu: 9000, nameservers: {search: [a]},"
        " networkmanager: {name: x, passthrough: {ipv4.method: auto, proxy.method: 1, connection.id: y}}"
    )
    body = shown(documents(f"ethernets: {{e: {{{text}}}}}"), "e")
    found = netplan_edit.cut(body)
    assert body == {"mtu": "9000", "networkmanager": {"name": "x", "passthrough": {"connection.id": "y"}}}
    other: Any = {"mtu": "1", "networkmanager": {"passthrough": {"ethernet.mtu": "2"}}}
    netplan_edit.add_cut(other, found)
    assert other == {
        "mtu": "1",
        "dhcp4": "true",
        "nameservers": {"search": ["a"]},
        "networkmanager": {"passthrough": {"ethernet.mtu": "2", "ipv4.method": "auto", "proxy.method": "1"}},
    }
    alone = shown(documents("ethernets: {e: {networkmanager: {passthrough: {ipv4.method: auto}}}}"), "e")
    netplan_edit.cut(alone)
    assert alone == {}
