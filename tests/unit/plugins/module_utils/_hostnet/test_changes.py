# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a change of a link is shown: netplan's text as values, and which options differ."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import changes
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan, NetplanPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_yaml import load


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        ("true", True),
        ("Yes", True),
        ("no", False),
        ("FALSE", False),
        ("0", 0),
        ("999999999", 999999999),
        # What is longer is no number of netplan's: a MAC address without colons, a key.
        ("1000000000", "1000000000"),
        ("-1", "-1"),
        ("1.5", "1.5"),
        ("²", "²"),
        ("", ""),
        ("text", "text"),
        (None, None),
        (["1", {"a": "yes"}], [1, {"a": True}]),
        ({"a": {"b": "2"}}, {"a": {"b": 2}}),
    ],
)
def test_netplans_text_is_shown_as_what_it_stands_for(value: Any, typed: Any) -> None:
    found = changes.typed(value)
    assert found == typed
    assert type(found) is type(typed)


def test_a_definition_is_shown_by_the_names_of_the_options_with_no_secret() -> None:
    text = (
        "network: {bridges: {br0: {interfaces: [eno1], macaddress: '52:54:00:00:00:01', link: x, dhcp4: true,"
        " parameters: {forward-delay: 4, stp: false}, auth: {password: hunter22}}}}"
    )
    net = Netplan({"1.yaml": load("1.yaml", text)})
    found = changes.view(net, NetplanPlace("bridges", "br0"))
    assert found.pop("auth") != {"password": "hunter22"}
    assert found == {
        "ports": ["eno1"],
        "mac": "52:54:00:00:00:01",
        "parent": "x",
        "dhcp4": True,
        "forward_delay": 4,
        "stp": False,
    }
    assert changes.view(net, None) == {}


def test_only_options_that_differ_are_changes_and_all_of_a_new_link_is_one() -> None:
    assert changes.compared({}, {"a": 1}) == [Change("definition", None, {"a": 1})]
    before, after = {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 9, "d": 4}
    assert changes.compared(before, after) == [Change("b", 2, 9), Change("c", 3, None), Change("d", None, 4)]
    assert changes.compared(before, dict(before)) == []


def test_only_settings_of_a_links_own_units_are_its_changes() -> None:
    netdev, network = "50-virtfleet-sh0.netdev", "50-virtfleet-sh0.network"
    before = {netdev: "[NetDev]\nName=sh0\n[MACVLAN]\nMode=bridge\n", "50-virtfleet-sh1.netdev": "[A]\nB=1\n"}
    after = {netdev: "[NetDev]\nName=sh0\n[MACVLAN]\nMode=vepa\n", network: "[Network]\nDNS=1\nDNS=2\n"}
    assert changes.unit_changes("sh0", before, after) == [
        Change("MACVLAN.Mode", "bridge", "vepa"),
        Change("Network.DNS", None, "1 2"),
    ]
    assert changes.unit_changes("sh0", before, before) == []
