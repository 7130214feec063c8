# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which device a definition of netplan's makes or names, and who makes it true."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Nic
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan, NetplanPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load


@pytest.mark.parametrize(
    ("body", "device", "shared"),
    [
        ("{}", "id0", False),
        ("{match: {name: eno1}}", "eno1", False),
        ("{match: {name: 'eno*'}}", None, True),
        ("{match: {name: 'eno*'}, set-name: lan0}", "lan0", False),
        ("{match: {name: eno1}, set-name: lan0}", "lan0", False),
        ("{match: {macaddress: '52:54:00:00:00:01'}}", None, False),
        ("{match: {macaddress: '52:54:00:00:00:01'}, set-name: lan0}", "lan0", False),
        ("{match: {driver: e1000}}", None, True),
        ("{match: {}}", None, True),
    ],
)
def test_the_device_of_a_definition(body: str, device: str | None, shared: bool) -> None:
    net = Netplan({"a.yaml": load("a", f"network: {{version: 2, ethernets: {{id0: {body}}}}}")})
    place = NetplanPlace("ethernets", "id0")
    assert (net.device(place), net.shared(place)) == (device, shared)


def net(*networks: str) -> Netplan:
    return Netplan({f"{n}.yaml": load("x", f"network: {{{text}}}") for n, text in enumerate(networks)})


@pytest.mark.parametrize(
    ("network", "place", "by_ovs"),
    [
        ("bridges: {b: {openvswitch: {}}}", "b", True),
        ("bridges: {b: {interfaces: [e]}}, ethernets: {e: {}}", "b", False),
        ("bridges: {b: {interfaces: [e]}}, ethernets: {e: {openvswitch: {}}}", "b", True),
        # What Open vSwitch may know of a device without having it.
        ("ethernets: {e: {openvswitch: {external-ids: {a: b}, other-config: {c: d}}}}", "e", False),
        ("ethernets: {e: {openvswitch: {external-ids: {a: b}, lacp: active}}}", "e", True),
        ("bridges: {b: {openvswitch: {external-ids: {a: b}}}}", "b", True),
        ("bonds: {b: {interfaces: [e], parameters: {mode: balance-slb}}}, ethernets: {e: {}}", "b", True),
        ("bonds: {b: {interfaces: [e], parameters: {mode: balance-rr}}}, ethernets: {e: {}}", "b", False),
        ("vlans: {v: {id: 1, link: b}}, bridges: {b: {openvswitch: {}}}", "v", True),
        ("vlans: {v: {id: 1, link: e}}, ethernets: {e: {}}", "v", False),
        ("vlans: {v: {id: 1}}", "v", False),
        # Only a VLAN is as what it is on.
        ("tunnels: {t: {mode: vxlan, link: b}}, bridges: {b: {openvswitch: {}}}", "t", False),
        ("ethernets: {e: {interfaces: [b]}}, bridges: {b: {openvswitch: {}}}", "e", False),
        ("bridges: {b: {interfaces: [c]}, c: {interfaces: [b]}}", "b", False),
    ],
)
def test_what_is_open_vswitchs_is_known_by_itself_or_by_what_it_is_built_on(
    network: str, place: str, by_ovs: bool
) -> None:
    found = net(network)
    where = found.place(place)
    assert where is not None
    assert found.by_ovs(where) is by_ovs


@pytest.mark.parametrize(
    ("networks", "place", "renderer"),
    [
        (["ethernets: {e: {}}"], "e", "networkd"),
        (["renderer: NetworkManager, ethernets: {e: {}}"], "e", "NetworkManager"),
        (["renderer: NetworkManager, ethernets: {e: {renderer: networkd}}"], "e", "networkd"),
        # The renderer of a section is for what stands below it, in the first file of the definition.
        (["ethernets: {renderer: NetworkManager, e: {}}"], "e", "NetworkManager"),
        (["ethernets: {e: {}, renderer: NetworkManager}"], "e", "networkd"),
        (["ethernets: {e: {}}", "ethernets: {renderer: NetworkManager, e: {}}"], "e", "networkd"),
        (["renderer: NetworkManager", "renderer: networkd", "ethernets: {e: {}}"], "e", "networkd"),
        (["bridges: {renderer: NetworkManager, b: {}}, ethernets: {e: {}}"], "e", "networkd"),
    ],
)
def test_who_makes_a_definition_true(networks: list[str], place: str, renderer: str) -> None:
    found = net(*networks)
    where = found.place(place)
    assert where is not None
    assert found.renderer(where) == renderer


NIC = Nic("eno1", "52:54:00:00:00:01", "e1000", "52:54:00:00:00:09")


@pytest.mark.parametrize(
    ("body", "nic", "found"),
    [
        ("match: {name: eno1}", NIC, True),
        ("match: {name: 'eno*'}", NIC, True),
        ("match: {name: eno2}", NIC, False),
        ("match: {macaddress: '52:54:00:00:00:01'}", NIC, True),
        ("match: {macaddress: '52:54:00:00:00:09'}", NIC, True),
        ("match: {macaddress: '52:54:00:00:00:AA'}", NIC, False),
        ("match: {driver: 'e1*'}", NIC, True),
        ("match: {driver: [virtio, e1000]}", NIC, True),
        ("match: {driver: virtio}", NIC, False),
        ("match: {name: 'eno*', driver: virtio}", NIC, False),
        ("match: {name: 'eno*'}, set-name: lan0", NIC, False),
        ("match: {name: 'eno*'}, set-name: eno1", NIC, True),
        ("match: {name: enp9s0}, set-name: eno1", NIC, True),
        ("match: {macaddress: '52:54:00:00:00:01'}, set-name: lan0", NIC, True),
        # Of a card that has none, the name tells.
        ("match: {macaddress: '52:54:00:00:00:01'}, set-name: eno1", Nic("eno1"), True),
        ("match: {macaddress: '52:54:00:00:00:01'}, set-name: eno2", Nic("eno1"), False),
        ("match: {macaddress: '52:54:00:00:00:01', name: eno1}", Nic("eno1"), True),
        ("match: {macaddress: '52:54:00:00:00:01'}", dataclasses.replace(NIC, borrowed=True), False),
        ("match: {driver: e1000}", dataclasses.replace(NIC, borrowed=True), False),
        ("match: {name: eno1}", dataclasses.replace(NIC, borrowed=True), True),
    ],
)
def test_a_definition_is_a_cards_of_which_all_of_its_match_holds(body: str, nic: Nic, found: bool) -> None:
    (place,) = (each := net(f"ethernets: {{x: {{{body}}}}}")).places()
    assert each.means(place, nic) is found
    assert each.owner(nic) == (place if found else None)


@pytest.mark.parametrize(
    ("networks", "file"),
    [
        (["ethernets: {e: {}}, bridges: {}", "bridges: {b: {parameters: {path-cost: {x: 1}}}}"], "0.yaml"),
        (["bridges: {}, ethernets: {e: {}}"], "0.yaml"),
        (["bridges: {}, ethernets: {e: {}}", "bridges: {b: {parameters: {path-cost: {x: 1}}}}"], "70-virtfleet.yaml"),
        (["bridges: {}, ethernets: {e: {}}", "bonds: {b: {parameters: {primary: x}}}"], "70-virtfleet.yaml"),
        (["ethernets: {f: {}}, bridges: {}", "ethernets: {e: {}}, bonds: {b: {parameters: {primary: x}}}"], "0.yaml"),
        (["bridges: {}, ethernets: {f: {}}", "ethernets: {e: {}}, bonds: {b: {parameters: {primary: x}}}"], "0.yaml"),
    ],
)
def test_a_file_that_would_be_read_twice_gets_nothing_that_cannot_be(networks: list[str], file: str) -> None:
    """netplan reads a file once more for what is defined further down in it."""
    assert net(*networks).room("0.yaml", "bridges", ["e"]) == file
