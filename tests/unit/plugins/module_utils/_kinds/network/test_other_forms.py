# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges and addresses of a network as other tools write them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK

ONE = "{start: 10.9.0.2, end: 10.9.0.9}"


def said(**options: Any) -> list[str]:
    _item, problems = NETWORK.parse_item({"name": "n", **options})
    return [str(problem) for problem in problems]


def of_dhcp(dhcp: Any) -> list[str]:
    return said(ips=[{"address": "10.9.0.1/24", "dhcp": dhcp}])


OPTIONS = "is not a dictionary of options; write"


@pytest.mark.parametrize(
    ("dhcp", "told"),
    [
        ({"ranges": ["10.9.0.2-10.9.0.9"]}, f".ranges[0]: '10.9.0.2-10.9.0.9' {OPTIONS} {ONE}"),
        ({"ranges": ["10.9.0.2 - 10.9.0.9"]}, f".ranges[0]: '10.9.0.2 - 10.9.0.9' {OPTIONS} {ONE}"),
        ({"ranges": [["10.9.0.2", "10.9.0.9"]]}, f".ranges[0]: a list {OPTIONS} {ONE}"),
        ({"ranges": "10.9.0.2,10.9.0.9"}, f".ranges: '10.9.0.2,10.9.0.9' is not a list; write [{ONE}]"),
        ({"hosts": ["web01"]}, f".hosts[0]: 'web01' {OPTIONS} {{name: web01, ip: ADDRESS}}"),
        ({"hosts": ["10.0.0.5"]}, f".hosts[0]: '10.0.0.5' {OPTIONS} {{mac: MAC, ip: 10.0.0.5}}"),
        ("10.9.0.2-10.9.0.9", f": '10.9.0.2-10.9.0.9' {OPTIONS} {{ranges: [{ONE}]}}"),
        (["10.9.0.2", "10.9.0.9"], f": a list {OPTIONS} {{ranges: [{ONE}]}}"),
        (["10.9.0.2-10.9.0.9"], f": a list {OPTIONS} {{ranges: [{ONE}]}}"),
        (True, f": True {OPTIONS} {{ranges: [{{start: ADDRESS, end: ADDRESS}}]}}, the addresses that it gives away"),
        (False, ": False is not a dictionary of options; leave it out, or write null, for none"),
        ({"ranges": ["some"]}, ".ranges[0]: 'some' is not a dictionary of options; its options are: end, lease, start"),
        (["some", "10.9.0.2-10.9.0.9"], ": a list is not a dictionary of options; write its options without '- '"),
    ],
)
def test_what_dhcp_gives_away(dhcp: Any, told: str) -> None:
    assert of_dhcp(dhcp) == [f"ips[0].dhcp{told}"]


def test_the_addresses_of_a_network_without_a_list() -> None:
    assert said(ips="10.9.0.1/24") == ["ips: '10.9.0.1/24' is not a list; write [{address: 10.9.0.1/24}]"]


@pytest.mark.parametrize("name", [True, False])
def test_a_name_that_yaml_reads_as_a_truth_value(name: bool) -> None:
    told = f"name: {name} is not a string; YAML reads no, off, yes and on so: put it into quotes"
    assert [str(problem) for problem in NETWORK.parse_item({"name": name})[1]] == [told]
