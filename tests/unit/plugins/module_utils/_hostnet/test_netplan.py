# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which device a definition of netplan's makes or names."""

from __future__ import annotations

import pytest

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
