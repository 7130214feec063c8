# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of guests: their agents may say anything."""

from __future__ import annotations

from unittest import mock

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.facts import addresses

ODD = ("2001:db8::1%x\n  ProxyCommand touch /tmp/x", "10.0.0.1\n", "web", "", "10.0.0.1/24", "-oProxyCommand=x")


@pytest.mark.parametrize("odd", ODD)
def test_an_address_is_an_address(odd: str) -> None:
    card = {"hwaddr": "52:54:00:00:00:01", "addrs": [{"addr": odd, "prefix": 64}, {"addr": "10.0.0.2", "prefix": 24}]}
    domain = mock.Mock(**{"interfaceAddresses.return_value": {"eth0": card, "lo": {"hwaddr": "", "addrs": None}}})
    assert [one["address"] for one in addresses(domain, "agent")] == ["10.0.0.2"]
