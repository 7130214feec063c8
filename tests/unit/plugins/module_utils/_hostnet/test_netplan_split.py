# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device gets a definition of its own where one stands for several, and what was made for that goes again."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_split
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, NetplanFile, Nic
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import NEW_FILES, Netplan, NetplanPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import dump, header, load
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.networkd import HEAD

ENO1 = Nic("eno1", "52:54:00:00:00:01")
SEVERAL = """
network:
  version: 2
  ethernets:
    many: {match: {name: "eno*"}, mtu: 9000}
  bonds: {bond0: {interfaces: [many]}}
  vlans: {v5: {id: 5, link: many}}
"""


def parsed(**files: str) -> Netplan:
    return Netplan({f"{name}.yaml": load(name, text) for name, text in files.items()})


def test_a_device_gets_a_copy_that_matches_first_and_is_part_of_the_same() -> None:
    net = parsed(a=SEVERAL)
    own = netplan_split.own_definition(net, ENO1)
    assert own == NetplanPlace("ethernets", "eno1")
    assert net.merged(own) == {"mtu": "9000"}
    assert net.merged(NetplanPlace("ethernets", "many")) == {"match": {"name": "eno*"}, "mtu": "9000"}
    assert net.merged(NetplanPlace("bonds", "bond0"))["interfaces"] == ["many", "eno1"]
    assert net.merged(NetplanPlace("vlans", "v5"))["link"] == "eno1"
    assert netplan_split.own_definition(net, ENO1) == own


def test_a_copy_has_a_name_that_comes_before_the_one_for_several() -> None:
    net = parsed(a=SEVERAL.replace("many", "all"))
    own = netplan_split.own_definition(net, ENO1)
    assert own == NetplanPlace("ethernets", "0-eno1")
    assert net.merged(own) == {"match": {"name": "eno1"}, "mtu": "9000"}
    taken = parsed(a=SEVERAL.replace("many", "all"), b="network: {bridges: {0-eno1: {}}}")
    assert netplan_split.own_definition(taken, ENO1) == NetplanPlace("ethernets", "00-eno1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SEVERAL.replace("many", '"!"'), "give it a definition of its own in netplan, apart from '!'"),
        (SEVERAL.replace("version: 2", "renderer: NetworkManager"), "NetworkManager cannot tell one of them apart"),
        ("network: {ethernets: {eno1: {match: {name: other}}}}", "netplan's definition of that name is for another"),
    ],
)
def test_where_none_can_be_made_it_is_said(text: str, said: str) -> None:
    with pytest.raises(VirtfleetError, match=said):
        netplan_split.own_definition(parsed(a=text), ENO1)


def test_a_definition_of_its_own_stays_and_no_definition_is_none() -> None:
    net = parsed(a="network: {ethernets: {eno1: {}, eno2: {}}}")
    assert netplan_split.own_definition(net, ENO1) == NetplanPlace("ethernets", "eno1")
    assert netplan_split.own_definition(net, Nic("eno9")) is None


def test_a_copy_goes_again_where_it_says_the_same() -> None:
    net = parsed(a=SEVERAL)
    before = net.copy()
    own = netplan_split.own_definition(net, ENO1)
    assert own is not None
    assert netplan_split.drop_copy(net, own, ENO1) == NetplanPlace("ethernets", "many")
    assert net.place("eno1") is None
    assert net.merged(NetplanPlace("vlans", "v5")) == before.merged(NetplanPlace("vlans", "v5"))


@pytest.mark.parametrize(
    "text",
    [
        SEVERAL.replace("vlans:", "wifis: {eno1: {mtu: 9000}}\n  vlans:"),
        SEVERAL.replace("many: {match", "eno1: {mtu: 1500}\n    many: {match").replace("[many]", "[many, eno1]"),
        SEVERAL.replace("many: {match", "eno1: {mtu: 9000}\n    many: {match"),
        "network: {ethernets: {eno1: {}, eno2: {}}}",
    ],
)
def test_a_definition_that_says_something_else_stays(text: str) -> None:
    net = parsed(a=text)
    place = net.place("eno1")
    assert place is not None
    assert netplan_split.drop_copy(net, place, ENO1) == place
    assert net.place("eno1") == place


@pytest.mark.parametrize(
    ("files", "goes"),
    [
        ({NEW_FILES[0]: "network: {ethernets: {eno1: {}}}"}, True),
        ({"a.yaml": "network: {ethernets: {eno1: {}}}"}, False),
        ({NEW_FILES[0]: "network: {ethernets: {eno1: {mtu: 1500}}}"}, False),
        ({NEW_FILES[0]: "network: {ethernets: {eno1: {}}, vlans: {v: {id: 1, link: eno1}}}"}, False),
        ({NEW_FILES[0]: "network: {ethernets: {eno1: {}}, bridges: {b: {interfaces: [eno1]}}}"}, False),
    ],
)
def test_a_definition_that_only_names_a_device_goes_once_nothing_names_it(files: dict[str, str], goes: bool) -> None:
    net = Netplan({name: load(name, text) for name, text in files.items()})
    netplan_split.drop_bare(net, NetplanPlace("ethernets", "eno1"))
    assert (net.place("eno1") is None) is goes


@pytest.mark.parametrize(
    ("name", "document", "text", "left"),
    [
        (NEW_FILES[0], "network: {version: 2}", HEAD, True),
        (NEW_FILES[1], "network: {}", "", True),
        (NEW_FILES[0], "{}", HEAD, True),
        (NEW_FILES[0], "network: {version: 2}", f"{HEAD}# mine\n", False),
        (NEW_FILES[0], "network: {version: 2}", "network: {version: 2} # mine\n", False),
        (NEW_FILES[0], "network: {version: 2, renderer: networkd}", HEAD, False),
        (NEW_FILES[0], "network: [1]", HEAD, False),
        ("50-cloud-init.yaml", "network: {version: 2}", HEAD, False),
    ],
)
def test_a_file_of_ours_with_nothing_in_it_is_left_over(name: str, document: str, text: str, left: bool) -> None:
    assert netplan_split.is_left_over(name, load(name, document), text) is left


BRIDGE = "network: {{ethernets: {{eno1: {0}, eno2: {1}}}, bridges: {{br0: {{interfaces: [eno1, eno2], {2}}}}}}}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (BRIDGE.format("{mtu: 9000}", "{mtu: 1500}", "mtu: 9000"), ["eno1"]),
        (BRIDGE.format("{mtu: 9000}", "{mtu: 9000}", "mtu: 9000"), ["eno1", "eno2"]),
        (BRIDGE.format("{mtu: 9000}", "{}", ""), []),
        (BRIDGE.format("{mtu: 9000}", "{}", "mtu: 9000").replace("bridges", "bonds"), []),
        ("network: {version: 2}", []),
    ],
)
def test_the_mtu_that_stays_at_the_ports_of_a_bridge_is_told(text: str, kept: list[str]) -> None:
    told = netplan_split.left_mtus(parsed(a=text), "br0")
    assert [line.partition(" keeps mtu: 9000 ")[0] for line in told] == [f"link br0: {name}" for name in kept]


TEXT = "# mine\nnetwork: {version: 2}\n"
SAME = dump(load("a", TEXT), header(TEXT))


@pytest.mark.parametrize(
    ("folder", "below", "after", "goes"),
    [
        ("/etc/netplan", TEXT, SAME, True),
        ("/etc/netplan", TEXT, "network: {version: 1}\n", False),
        ("/etc/netplan", None, SAME, False),
        ("/etc/netplan", TEXT, None, False),
        ("/run/netplan", TEXT, SAME, False),
    ],
)
def test_a_file_that_says_no_more_than_the_packages_goes(
    folder: str, below: str | None, after: str | None, goes: bool
) -> None:
    assert netplan_split.original(NetplanFile(folder, "a.yaml", "", below=below), after) == (TEXT if goes else None)


def test_what_hides_a_file_until_a_reboot_is_told() -> None:
    files = [NetplanFile("/etc/netplan", "a.yaml", "", hidden=True), NetplanFile("/lib/netplan", "b.yaml", "")]
    (told,) = netplan_split.hidden(Facts(netplan=tuple(files)))
    assert told.startswith("/run/netplan/a.yaml hides /etc/netplan/a.yaml until a reboot")
