# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge is made over one port, moved to another, and taken away: the host's address goes along, or that is said."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import converge, networkd
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.plan import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    ALONE,
    BRIDGE,
    ENO1,
    ENO2,
    HOST,
    NETPLAN,
    planned,
    text,
)

MOVED = {**BRIDGE, "ports": ["eno2"]}
GONE = {"name": "br0", "state": "absent"}
IAID = 0x5CE53627
"""That of eno1, by which the DHCP server knows the host."""
IDENTITY = networkd.KEPT + "/10-netplan-{}.network.d/virtfleet-identity.conf"


def after(host: Facts, plan: LinksPlan, *ports: str, there: bool = True, bridge: dict[str, Any] | None = None) -> Facts:
    """The host once a plan is in force: who holds its address, and with which identity that is so."""
    netplan = next((file.after for file in plan.files if file.path.endswith(".yaml")), None)
    units = {**host.units, **{file.path: file.after for file in plan.files if "/systemd/" in file.path}}
    bare = {
        name: dataclasses.replace(each, addresses=(), client_id="", master="") for name, each in host.devices.items()
    }
    devices = {name: dataclasses.replace(each, master="br0" if name in ports else "") for name, each in bare.items()}
    devices.pop("br0", None)
    if there:
        devices["br0"] = dataclasses.replace(ENO1, name="br0", kind="bridge", **(bridge or {}))
    return dataclasses.replace(
        host,
        netplan=(dataclasses.replace(NETPLAN, text=netplan or host.netplan[0].text),),
        units={path: text for path, text in units.items() if text is not None},
        devices=devices,
    )


def said(plan: LinksPlan) -> list[tuple[Any, ...]]:
    return [(each["link"], each["before"], each["after"]) for each in plan.forecast]


ADDRESSES = list(ENO1.addresses)


def test_the_address_goes_with_the_bridge_to_its_new_port_and_back_to_that() -> None:
    made = planned(BRIDGE)
    host = after(HOST, made, "eno1")
    moved = planned(MOVED, host=host)
    # Before and after it is the bridge's; and the first port has the same MAC address on what may be the same network.
    assert said(moved) == [("br0", ADDRESSES, ADDRESSES)]
    assert "it keeps the MAC address of eno1" in "".join(moved.warnings)
    host = after(host, moved, "eno2")
    assert f"IAID={IAID}\n" in host.units[IDENTITY.format("br0")]
    gone = planned(GONE, host=host)
    host = after(host, gone, there=False)
    # eno2 goes by the identity that the bridge had from eno1: else the server would give it another address.
    assert said(gone) == [("br0", ADDRESSES, ADDRESSES)]
    assert IDENTITY.format("br0") not in host.units
    assert f"IAID={IAID}\n" in host.units[IDENTITY.format("eno2")]
    assert f"RequestAddress={ADDRESSES[0].partition('/')[0]}\n" in host.units[IDENTITY.format("eno2")]
    assert "dhcp4: true" in host.netplan[0].text.split("eno2")[1]
    assert "dhcp4: true" not in host.netplan[0].text.split("eno2")[0]


def test_a_bridge_that_was_not_moved_leaves_no_identity() -> None:
    host = after(HOST, planned(BRIDGE), "eno1")
    gone = planned(GONE, host=host)
    assert said(gone) == [("br0", ADDRESSES, ADDRESSES)]
    assert [path for path in after(host, gone, there=False).units if "identity" in path] == []


@pytest.mark.parametrize("client_id", ["01525400000001", ""])
def test_an_address_that_may_not_follow_is_said(client_id: str) -> None:
    """The server goes by the MAC address, or there is no lease to tell by what it goes."""
    by_mac = dataclasses.replace(
        HOST, devices={"eno1": dataclasses.replace(ENO1, client_id="01525400000001"), "eno2": ENO2}
    )
    host = after(by_mac, planned(BRIDGE, host=by_mac), "eno1", bridge={"client_id": client_id})
    host = after(host, planned(MOVED, host=host), "eno2", bridge={"client_id": client_id})
    gone = planned(GONE, host=host)
    assert said(gone) == [("br0", ADDRESSES, None)]
    assert "may give another address" in gone.forecast[0]["note"]


def test_a_definition_for_several_cards_needs_no_identity_for_a_card_of_its_own() -> None:
    every = "network: {version: 2, ethernets: {every: {match: {name: 'eno*'}, dhcp4: true}}}"
    one = dataclasses.replace(HOST, netplan=(dataclasses.replace(NETPLAN, text=every),))
    host = after(one, planned(BRIDGE, host=one), "eno1")
    gone = planned(GONE, host=host)
    # Its own card: the identity is that which it has by itself.
    assert said(gone) == [("br0", ADDRESSES, ADDRESSES)]
    assert [path for path in after(host, gone, there=False).units if "identity" in path] == []


def test_a_new_port_loses_addresses_that_the_bridge_has_itself() -> None:
    """The host is reached by the port: then it is looked for at the bridge's address, too."""
    host = after(HOST, planned(BRIDGE), "eno1")
    eno2 = dataclasses.replace(ENO2, addresses=("203.0.113.5/24",))
    host = dataclasses.replace(host, devices={**host.devices, "eno2": eno2}, login="203.0.113.5")
    found = planned({**BRIDGE, "ports": ["eno1", "eno2"], "addressing": "dhcp"}, host=host)
    assert said(found) == [("br0", ADDRESSES, ADDRESSES), ("br0", ["203.0.113.5/24"], [])]
    assert found.addresses == ["203.0.113.5", *(address.split("/")[0] for address in ADDRESSES)]


def test_a_bridge_without_addresses_forecasts_none() -> None:
    host = after(HOST, planned({**BRIDGE, "ports": ["eno2"], "addressing": "none"}), "eno2", bridge={"addresses": ()})
    eno3 = HostDevice("eno3", index=5, mac="52:54:00:00:00:03")
    host = dataclasses.replace(host, devices={**host.devices, "eno3": eno3})
    assert said(planned({**BRIDGE, "ports": ["eno2", "eno3"]}, host=host)) == []


@pytest.mark.parametrize("addressing", ["inherit", "dhcp"])
def test_with_networkd_alone_the_first_port_has_its_own_address_again(addressing: str) -> None:
    """The user's unit for it is in force again. Two clients of one identity would get one address from the server."""
    made = planned({**BRIDGE, "addressing": addressing}, host=ALONE)
    identity = f"IAID={IAID}\n"
    assert (identity in text(made, "00-virtfleet-br0.network")) == (addressing == "inherit")
    port = dataclasses.replace(
        ENO1, master="br0", addresses=(), client_id="", network_file=f"{networkd.KEPT}/00-virtfleet-eno1.network"
    )
    host = dataclasses.replace(
        ALONE,
        devices={"eno1": port, "eno2": ENO2, "br0": dataclasses.replace(ENO1, name="br0", kind="bridge")},
        units={**ALONE.units, **{file.path: file.after or "" for file in made.files}},
    )
    assert said(planned(GONE, host=host)) == [("br0", ADDRESSES, None)]
    bare = dataclasses.replace(host, units={path: unit for path, unit in host.units.items() if path not in ALONE.units})
    assert said(planned(GONE, host=bare)) == []
    moved = planned({**MOVED, "addressing": addressing}, host=host)
    assert said(moved) == [("br0", ADDRESSES, None)]
    assert "eno1, which has them by itself again" in moved.forecast[0]["note"]
    bridge = {file.path: file.after for file in moved.files}.get(networkd.KEPT + "/00-virtfleet-br0.network")
    assert bridge is None or identity not in bridge


EUI, EUI_ANEW = "2001:db8::5054:ff:fe00:1/64", "2001:db8::ff:fe00:5/64"
PRIVATE, FIXED = "2001:db8::cef7:552:b925:4c47/64", "192.0.2.10/24"


@pytest.mark.parametrize("client_id", ["01525400000001", ENO1.client_id])
@pytest.mark.parametrize("there", [False, True])
def test_another_mac_address_gives_other_addresses(there: bool, client_id: str) -> None:
    """A router's is made of it; a DHCP server may go by it."""
    had = dataclasses.replace(
        ENO1, mac="52:54:00:00:00:01", addresses=(FIXED, EUI), dynamic=(FIXED, EUI), lasting=(), client_id=client_id
    )
    host = dataclasses.replace(HOST, devices={**HOST.devices, "eno1": had}, login=EUI.partition("/")[0])
    if there:
        bridge = {"addresses": had.addresses, "dynamic": had.dynamic, "client_id": client_id}
        host = after(host, planned(BRIDGE, host=host), "eno1", bridge=bridge)
    found = planned({**BRIDGE, "mac": "02:00:00:00:00:05"}, host=host)
    (entry,) = found.forecast
    assert entry["before"] == [FIXED, EUI]
    assert "is made anew of the MAC address 02:00:00:00:00:05" in entry["note"]
    if client_id == ENO1.client_id:
        assert entry["after"] == [FIXED, EUI_ANEW]
    else:
        assert entry["after"] is None
        assert "the DHCP server may give another address" in entry["note"]
    assert EUI_ANEW.partition("/")[0] in found.addresses
    same = planned({**BRIDGE, "mac": "52:54:00:00:00:01"}, host=host)
    assert [entry["after"] for entry in same.forecast] == ([] if there else [[FIXED, EUI]])


@pytest.mark.parametrize("mac", ["02:00:00:00:00:05", "52:54:00:00:00:01"])
def test_a_port_that_gets_addresses_back_makes_its_own(mac: str) -> None:
    """Those that a router announces are made of the MAC address of whoever has them."""
    other = mac != ENO1.mac
    held = (FIXED, EUI_ANEW if other else EUI)
    bridge = {"addresses": held, "dynamic": held, "lasting": (), "mac": mac, "client_id": ENO1.client_id}
    there = after(HOST, planned({**BRIDGE, "mac": mac}), "eno1", bridge=bridge)
    there = dataclasses.replace(there, login=held[1].partition("/")[0])
    found = planned(GONE, host=there)
    (entry,) = found.forecast
    assert (entry["before"], entry["after"]) == (list(held), [FIXED, EUI])
    assert ("is made anew of the MAC address 52:54:00:00:00:01" in entry["note"]) == other
    assert EUI.partition("/")[0] in found.addresses


@pytest.mark.parametrize("mtu", [None, 1400])
def test_an_mtu_that_stays_at_a_port_is_told(mtu: int | None) -> None:
    there = after(HOST, planned({**BRIDGE, **({"mtu": mtu} if mtu else {})}), "eno1")
    found = planned(GONE, host=there)
    said = [line for line in found.warnings if "link br0: eno1 keeps mtu: 1400 in netplan's files" in line]
    assert bool(said) == bool(mtu)


@pytest.mark.parametrize("comment", ["", "# Of the image.\n"])
def test_a_file_of_a_package_is_shadowed_only_as_long_as_it_must(comment: str) -> None:
    """The file in /etc stands before it, and goes once it says the same; the diff names the file that there is."""
    base = dataclasses.replace(NETPLAN, folder="/lib/netplan", text=comment + NETPLAN.text)
    host = dataclasses.replace(HOST, netplan=(base,))
    made = planned(BRIDGE, host=host)
    (file,) = [each for each in made.files if each.path.endswith(".yaml")]
    shown = converge.difference(file)
    assert (shown["before_header"], shown["after_header"]) == (
        "/lib/netplan/01-netcfg.yaml",
        "/etc/netplan/01-netcfg.yaml",
    )
    there = after(host, made, "eno1")
    shadow = dataclasses.replace(NETPLAN, text=file.after or "", below=base.text)
    found = planned(GONE, host=dataclasses.replace(there, netplan=(shadow,)))
    (file,) = [each for each in found.files if each.path.endswith(".yaml")]
    # During the trial it says what is read afterwards.
    assert (file.path, file.after, file.tried) == ("/etc/netplan/01-netcfg.yaml", None, base.text)
    other = dataclasses.replace(shadow, below=base.text.replace("optional: true", "optional: false"))
    found = planned(GONE, host=dataclasses.replace(there, netplan=(other,)))
    assert "eno1" in text(found, ".yaml")


def test_a_bridge_that_gets_another_name_keeps_its_addresses() -> None:
    """One goes and one comes over the same port: the identity that the DHCP server knows goes along."""
    there = after(HOST, planned(BRIDGE), "eno1", bridge={"addresses": ENO1.addresses, "client_id": ENO1.client_id})
    found = plan(LINK.parse([GONE, {**BRIDGE, "name": "br9", "takeover": True}]), there)
    assert said(found) == [("br9", ADDRESSES, ADDRESSES)]
    assert f"IAID={IAID}\n" in text(found, "10-netplan-br9.network.d/virtfleet-identity.conf")
    assert found.configured == {"eno1": "br9", "br0": "br0"}


@pytest.mark.parametrize(
    ("ports", "heir", "after"),
    [("[eno9, eno2]", "eno2", ["10.60.0.2/24"]), ("[eno9]", "eno9", [])],
)
def test_a_bridge_gives_its_addresses_to_a_port_that_is_there(ports: str, heir: str, after: list[str]) -> None:
    """One that the host does not have, as its card was taken out, can have none; without another one, that is said."""
    netplan = dataclasses.replace(
        NETPLAN,
        text="network: {ethernets: {eno1: {dhcp4: true}, eno9: {optional: true}, eno2: {}}, bridges:"
        f" {{br0: {{interfaces: {ports}, macaddress: '02:00:00:00:00:07', addresses: [10.60.0.2/24]}}}}}}",
    )
    bridge = HostDevice("br0", index=9, kind="bridge", mac="02:00:00:00:00:07", addresses=("10.60.0.2/24",))
    devices = {**HOST.devices, "eno2": dataclasses.replace(ENO2, master="br0"), "br0": bridge}
    plan = planned(GONE, host=dataclasses.replace(HOST, netplan=(netplan,), devices=devices))
    assert load("after", text(plan, ".yaml"))["network"]["ethernets"][heir]["addresses"] == ["10.60.0.2/24"]
    assert [(each["after"], heir in each["note"]) for each in plan.forecast] == [(after, True)]


@pytest.mark.parametrize("name", ["identity", "vlan"])
def test_the_name_of_a_link_is_not_taken_for_that_of_a_drop_in(name: str) -> None:
    """Those of the DHCP identity and of VLAN filtering are another link's."""
    units = {
        IDENTITY.format("br0"): "[DHCPv4]\nIAID=1\n",
        f"{networkd.KEPT}/10-netplan-br0.netdev.d/virtfleet-vlan.conf": "[Bridge]\nVLANFiltering=yes\n",
    }
    host = dataclasses.replace(HOST, units=units)
    assert not planned({"name": name, "state": "absent"}, host=host).files
    assert not any(
        "virtfleet-" in file.path for file in planned({**BRIDGE, "name": name, "ports": []}, host=host).files
    )
    for kind in networkd.MAC_KINDS:
        with pytest.raises(VirtfleetError, match=f"{name} is no name for a {kind}"):
            planned({"name": name, "type": kind, "parent": "eno1"}, host=host)
