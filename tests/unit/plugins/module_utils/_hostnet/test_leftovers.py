# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was made in netplan's files for a link goes with it; what somebody else wrote stays."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, NetplanFile
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import NEW_FILE
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.transaction import trial_of
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import HOST, planned

ETC, FILE = "/etc/netplan", NEW_FILE
BARE = dataclasses.replace(
    HOST, netplan=(NetplanFile(ETC, "01-netcfg.yaml", "network: {version: 2, ethernets: {eno1: {dhcp4: true}}}"),)
)
LINKS: list[dict[str, Any]] = [
    {"name": "br8", "type": "bridge", "ports": []},
    {"name": "br7", "type": "bridge", "ports": ["eno2"]},
    {"name": "v7", "type": "vlan", "parent": "eno2", "id": 7},
]


def after(host: Facts, made: LinksPlan, *links: dict[str, Any]) -> Facts:
    """A host on which a plan is in force."""
    texts = {file.name: file for file in host.netplan}
    for file in made.files:
        folder, _slash, name = file.path.rpartition("/")
        if folder == ETC:
            texts.pop(name, None)
            if file.after is not None:
                texts[name] = NetplanFile(ETC, name, file.after)
    devices = dict(host.devices)
    for link in links:
        devices[link["name"]] = HostDevice(link["name"], index=30 + len(devices), kind=link["type"])
        for port in link.get("ports") or []:
            devices[port] = dataclasses.replace(devices[port], master=link["name"])
    return dataclasses.replace(host, netplan=tuple(texts[name] for name in sorted(texts)), devices=devices)


def gone(link: dict[str, Any]) -> dict[str, Any]:
    return {"name": link["name"], "state": "absent"}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link["name"])
def test_a_file_in_which_nothing_is_left_goes(link: dict[str, Any]) -> None:
    made = planned(link, host=BARE)
    assert [file.path for file in made.files] == [f"{ETC}/{FILE}"]
    there = after(BARE, made, link)
    back = planned(gone(link), host=there)
    assert [(file.path, file.after) for file in back.files] == [(f"{ETC}/{FILE}", None)]
    # netplan reads the one in /run instead of that in /etc until it is gone.
    trial = trial_of(back, there, 30, [])
    assert trial["trial"] == {f"/run/netplan/{FILE}": "network: {version: 2}\n"}
    assert trial["keep"][0]["text"] is None
    assert back.documents[FILE] == "network: {version: 2}\n"
    assert after(there, back).netplan == BARE.netplan


def test_what_another_link_names_stays() -> None:
    vlan = LINKS[2]
    both = [vlan, {**vlan, "name": "v8", "id": 8}]
    there = after(BARE, planned(*both, host=BARE), *both)
    one = planned(gone(both[0]), host=there)
    assert "eno2: {}" in str(one.files[0].after)
    assert planned(gone(both[1]), host=after(there, one)).files[0].after is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("50-mine.yaml", "network: {version: 2, ethernets: {eno2: {}}, bridges: {br7: {interfaces: [eno2]}}}"),
        (FILE, "network: {version: 2, renderer: networkd, bridges: {br7: {interfaces: []}}}"),
        (FILE, "# eno2 is for guests.\nnetwork: {version: 2, bridges: {br7: {interfaces: []}}}"),
        (FILE, "network: {version: 2, ethernets: {eno2: {optional: true}}, bridges: {br7: {interfaces: [eno2]}}}"),
    ],
)
def test_what_somebody_wrote_stays(name: str, text: str) -> None:
    host = dataclasses.replace(BARE, netplan=(*BARE.netplan, NetplanFile(ETC, name, text)))
    host = after(host, LinksPlan(), {"name": "br7", "type": "bridge"})
    found = planned({"name": "br7", "state": "absent"}, host=host).files
    assert [file.after is not None and "version: 2" in file.after for file in found] == [True]
    assert any(word in str(found[0].after) for word in ("eno2", "renderer"))


def test_a_bridge_that_comes_and_one_that_goes_in_one_call() -> None:
    there = after(BARE, planned(LINKS[1], host=BARE), LINKS[1])
    moved = planned(gone(LINKS[1]), {**LINKS[1], "name": "br9", "takeover": True}, host=there)
    assert "br9" in str(moved.files[0].after)


@pytest.mark.parametrize("addressed", [False, True])
def test_a_card_that_was_taken_out_gets_no_addresses_whatever_it_had(addressed: bool) -> None:
    own = "{dhcp4: true}" if addressed else "{}"
    text = f"""
network:
  version: 2
  ethernets: {{eno1: {{dhcp4: true}}, eno9: {own}, eno2: {{}}}}
  bridges: {{br7: {{interfaces: [eno9, eno2], addresses: [10.60.0.2/24]}}}}
"""
    host = after(
        dataclasses.replace(HOST, netplan=(NetplanFile(ETC, "01-netcfg.yaml", text),)),
        LinksPlan(),
        {"name": "br7", "type": "bridge", "ports": ["eno2"]},
    )
    found = planned({"name": "br7", "state": "absent"}, host=host)
    assert "eno2:\n      addresses:\n        - 10.60.0.2/24" in str(found.files[-1].after)
    assert found.forecast[0]["note"].startswith("the address, routes and name servers go back to eno2")
