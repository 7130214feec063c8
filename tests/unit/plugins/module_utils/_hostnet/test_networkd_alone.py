# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a bridge where networkd is configured without netplan."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import networkd
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ALONE,
    BRIDGE,
    ENO1,
    HOST,
    WIRED,
    planned,
    refusal,
    text,
)


def test_networkd_alone_gets_units_that_come_first_and_keeps_the_users() -> None:
    found = planned(BRIDGE, host=ALONE)
    assert all("/00-virtfleet-" in file.path for file in found.files)
    bridge = networkd.parse(text(found, "00-virtfleet-br0.network"))
    assert networkd.setting(bridge, "Network", "DHCP") == "ipv4"
    assert networkd.setting(bridge, "DHCPv4", "UseMTU") == "yes"
    assert networkd.setting(bridge, "DHCPv4", "IAID") == str(0x5CE53627)
    # The address that eno1 gives back is asked for: a server may give another card another one.
    assert networkd.setting(bridge, "DHCPv4", "RequestAddress") == "192.0.2.10"
    assert networkd.setting(bridge, "Link", "MTUBytes") == "1400"
    port = networkd.parse(text(found, "00-virtfleet-eno1.network"))
    assert networkd.setting(port, "Network", "Bridge") == "br0"
    assert networkd.setting(port, "Network", "VLAN") == "v5"
    assert networkd.setting(port, "Network", "DHCP") is None
    # Done, and done again: nothing; and back.
    kept = {file.path: file.after or "" for file in found.files}
    devices = {
        "eno1": dataclasses.replace(
            ENO1, master="br0", addresses=(), client_id="", network_file=f"{networkd.KEPT}/00-virtfleet-eno1.network"
        ),
        "br0": dataclasses.replace(ENO1, name="br0", kind="bridge"),
    }
    done = dataclasses.replace(ALONE, devices=devices, units={**ALONE.units, **kept})
    assert planned(BRIDGE, host=done).files == []
    back = planned({"name": "br0", "state": "absent"}, host=done)
    assert {file.path: file.after for file in back.files} == dict.fromkeys(kept)
    assert back.gone == ["br0"]


def test_what_adds_to_a_unit_goes_along() -> None:
    inside = "/etc/systemd/network/20-wired.network.d/"
    more = {
        f"{inside}office.conf": "[Network]\nAddress=10.44.0.1/24\n[Route]\nGateway=10.44.0.9\n",
        "/run/systemd/network/20-wired.network.d/office.conf": "[Network]\nAddress=10.99.0.1/24\n",
        "/run/systemd/network/20-wired.network.d/late.conf": "[DHCPv4]\nUseMTU=no\n",
        "/etc/systemd/network/20-other.network.d/office.conf": "[Network]\nAddress=10.98.0.1/24\n",
    }
    found = planned(BRIDGE, host=dataclasses.replace(ALONE, units={**ALONE.units, **more}))
    bridge = networkd.parse(text(found, "00-virtfleet-br0.network"))
    assert networkd.setting(bridge, "Network", "Address") == "10.44.0.1/24"
    assert networkd.setting(bridge, "Route", "Gateway") == "10.44.0.9"
    assert networkd.setting(bridge, "DHCPv4", "UseMTU") == "no"
    assert "10.99.0.1" not in text(found, "00-virtfleet-br0.network")


def test_what_a_vendors_unit_gives_is_not_lost() -> None:
    vendor = "/usr/lib/systemd/network/80-vendor.network"
    host = dataclasses.replace(ALONE, devices={"eno1": dataclasses.replace(ENO1, network_file=vendor)})
    assert f"eno1 has its addresses from {vendor}: copy that file to /etc/systemd/network" in refusal(BRIDGE, host=host)
    static = {**BRIDGE, "addressing": "static", "addresses": ["192.0.2.10/24"]}
    assert planned(static, host=host).files


OWN = "/etc/systemd/network/20-br2"
MADE = {
    f"{OWN}.netdev": "[NetDev]\nName=br2\nKind=bridge\n",
    f"{OWN}.network": "[Match]\nName=br2\n[Network]\nAddress=10.33.0.1/24\n",
    "/etc/systemd/network/20-eno2.network": "[Match]\nName=eno2\n[Network]\nBridge=br2\n",
}
BY_HAND = {path: text for path, text in MADE.items() if not path.endswith(".netdev")}
"""The bridge is made by a script, and has a unit all the same."""


@pytest.mark.parametrize("netplan", [False, True])
@pytest.mark.parametrize(("units", "path"), [(MADE, f"{OWN}.netdev"), (BY_HAND, f"{OWN}.network")])
def test_a_bridge_that_the_users_units_make_keeps_its_addresses(
    units: dict[str, str], path: str, netplan: bool
) -> None:
    devices = {
        "eno1": ALONE.devices["eno1"],
        "eno2": HostDevice("eno2", index=3, master="br2", network_file="/etc/systemd/network/20-eno2.network"),
        "br2": HostDevice("br2", index=4, kind="bridge", addresses=("10.33.0.1/24",), network_file=f"{OWN}.network"),
    }
    host = dataclasses.replace(ALONE, devices=devices, units={**ALONE.units, **units})
    if netplan:
        host = dataclasses.replace(host, has_netplan=True, netplan=HOST.netplan)
    there = {"name": "br2", "type": "bridge", "ports": ["eno2"]}
    for item in (there, {"name": "br2", "type": "bridge"}, {**there, "addressing": "inherit"}):
        found = planned(item, host=host)
        assert (found.changes, found.files, found.configured) == ([], [], {})
    for more in ({"ports": []}, {"mtu": 1400}, {"addressing": "none"}, {"stp": True}):
        assert f"link br2: name: {path} makes it, and what that says would be lost" in refusal(
            {**there, **more}, host=host
        )
    assert f"{path} makes it, and would make it again: remove that file first" in refusal(
        {"name": "br2", "state": "absent"}, host=host
    )
    # It is built on as any other.
    on_it = planned({"name": "shim0", "type": "macvlan", "parent": "br2"}, host=host)
    assert [file.path for file in on_it.files if "20-br2.network.d" in file.path]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("DNS=1 \\\n# the second one\n2", ["1 2"]),
        ("DNS=1 \\\n  ; x\n# y\n\t2 \\\n 3\nDNS=4", ["1 2 3", "4"]),
        ("DNS=1 \\\n\nDNS=2", ["1", "2"]),
        ("DNS=1\\\\\nDNS=2", ["1\\\\", "2"]),
        ("DNS=1 # 2\n# DNS=3 \\\nDNS=4", ["1 # 2", "4"]),
        ("DNS=1 \\", ["1"]),
    ],
)
def test_lines_are_continued_as_systemd_reads_them(text: str, found: list[str]) -> None:
    """systemd.syntax(7): a comment between lines that are continued is left out, and ends nothing."""
    ((_name, values),) = networkd.parse(f"[Network]\n{text}")
    assert [" ".join(value.split()) for _key, value in values] == found


def test_what_a_card_does_stays_with_the_port() -> None:
    more = "[BridgeVLAN]\nVLAN=5\n[QDisc]\nParent=root\n[SR-IOV]\nVirtualFunction=0\n[LLDP]\nMUDURL=x\n[Network]\n"
    more += "MACsec=m0\nIPVTAP=t0\nBridge=old\nDNS=192.0.2.53\n[Route]\nGateway=192.0.2.1\n"
    host = dataclasses.replace(ALONE, units={path: text + more for path, text in ALONE.units.items()})
    found = planned(BRIDGE, host=host)
    bridge, port = (networkd.parse(text(found, f"00-virtfleet-{name}.network")) for name in ("br0", "eno1"))
    of_the_card = {"BridgeVLAN", "QDisc", "SR-IOV", "LLDP"}
    assert {name for name, _values in port} == {"Match", "Link", "Network", *of_the_card}
    assert of_the_card.isdisjoint(name for name, _values in bridge)
    assert networkd.setting(bridge, "Route", "Gateway") == "192.0.2.1"
    for key, value in (("MACsec", "m0"), ("IPVTAP", "t0"), ("Bridge", "br0")):
        assert networkd.setting(port, "Network", key) == value
        assert networkd.setting(bridge, "Network", key) is None
    assert text(found, "00-virtfleet-eno1.network").count("Bridge=") == 1


HOPS = "\n[NextHop]\nId=77\nGateway=10.0.0.1\n[Route]\nNextHop=77\n"


@pytest.mark.parametrize("path", [WIRED, f"{WIRED}.d/more.conf"])
def test_a_next_hop_with_a_number_is_refused_as_networkd_cannot_move_it(path: str) -> None:
    host = dataclasses.replace(ALONE, units={**ALONE.units, path: ALONE.units.get(path, "") + HOPS})
    said = refusal(BRIDGE, host=host)
    assert f"ports[0]: {WIRED} gives eno1 the next hop 77 ([NextHop], Id), and networkd asks for it on br0" in said
    # One without a number, a bridge with addresses of its own, and a port that is in it already are fine.
    free = dataclasses.replace(host, units={**host.units, path: host.units[path].replace("Id=77\n", "")})
    assert planned(BRIDGE, host=free).changes
    assert planned({**BRIDGE, "addressing": "dhcp"}, host=host).changes
    port = dataclasses.replace(ALONE.devices["eno1"], master="br0")
    there = dataclasses.replace(host, devices={"eno1": port, "br0": HostDevice("br0", kind="bridge")})
    assert planned(BRIDGE, host=there).changes


@pytest.mark.parametrize(
    ("name", "comes_first"),
    [
        ("00-a.network", True),
        ("00-virtfleet", True),
        ("0-wired.network", True),
        ("00-wired.network", False),
        ("20-wired.network", False),
    ],
)
def test_a_unit_that_sorts_before_ours_would_win(name: str, comes_first: bool) -> None:
    path = f"/etc/systemd/network/{name}"
    host = Facts(units={path: "[Match]\nName=eno1\n"})
    port = HostDevice("eno1", network_file=path)
    if comes_first:
        with pytest.raises(Invalid, match=f"configured by {path}: give that file a name that sorts behind 00-virt"):
            networkd.source(port, host)
    else:
        assert networkd.source(port, host) == path
    with pytest.raises(Invalid, match=f"eno1 is configured by {path}, which cannot be read"):
        networkd.source(port, Facts())


@pytest.mark.parametrize("name", ["", "/usr/lib/systemd/network/80-wired.network", "00-virtfleet-eno2.network"])
def test_what_no_user_wrote_is_taken_over_from_nobody(name: str) -> None:
    assert networkd.source(HostDevice("eno1", network_file=name), Facts()) == ""


@pytest.mark.parametrize("folder", [networkd.TRIAL, networkd.KEPT])
def test_behind_a_unit_of_ours_the_users_is_found(folder: str) -> None:
    ours = "00-virtfleet-eno1.network"
    units = {
        f"{folder}/{ours}": f"{networkd.FROM}/etc/systemd/network/20-x.network\n",
        "/etc/systemd/network/20-x.network": "",
    }
    port = HostDevice("eno1", network_file=f"/run/systemd/network/{ours}")
    assert networkd.source(port, Facts(units=units)) == "/etc/systemd/network/20-x.network"
