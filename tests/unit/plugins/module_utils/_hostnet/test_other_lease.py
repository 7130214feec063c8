# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that may get an address which the controller cannot know: that is said before, and after it was so."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import guard
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.agent_host import Host, make_host
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    BRIDGE,
    ENO1,
    HOST,
    planned,
    with_device,
)

SAID = "the host is reached by 192.0.2.10, and the DHCP server may give it another address"


@pytest.mark.parametrize(
    ("more", "client_id", "login", "warned"),
    [
        ({"addressing": "dhcp"}, ENO1.client_id, "192.0.2.10", True),
        ({}, "", "192.0.2.10", True),
        ({}, ENO1.client_id, "192.0.2.10", False),
        ({"addressing": "dhcp"}, ENO1.client_id, "192.0.2.99", False),
        ({"addressing": "dhcp"}, ENO1.client_id, "2001:db8::10", False),
        ({"addressing": "static", "addresses": ["192.0.2.20/24"]}, ENO1.client_id, "192.0.2.10", False),
    ],
)
def test_what_nobody_can_confirm_for_sure_is_said(
    more: dict[str, Any], client_id: str, login: str, warned: bool
) -> None:
    host = dataclasses.replace(with_device(dataclasses.replace(ENO1, client_id=client_id)), login=login)
    assert [SAID in each for each in planned({**BRIDGE, **more}, host=host).warnings] == ([True] if warned else [])


def test_a_login_that_comes_by_another_device_is_not_in_question() -> None:
    host = dataclasses.replace(HOST, login="")
    assert planned({**BRIDGE, "addressing": "dhcp"}, host=host).warnings == []


@pytest.fixture
def host(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Host:
    return make_host(tmp_path, monkeypatch)


def address(local: str, scope: str = "global") -> dict[str, Any]:
    return {"family": "inet", "local": local, "prefixlen": 24, "scope": scope}


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (["192.0.2.10"], ""),
        (["192.0.2.10", "198.51.100.4"], "; until then the host had 198.51.100.4/24 on br0, which it had not before"),
    ],
)
def test_the_address_by_which_nobody_came_is_told(
    host: Host, monkeypatch: pytest.MonkeyPatch, new: list[str], said: str
) -> None:
    host.asking = ""
    host.devices = [{"ifname": "lo"}, {"ifname": "eno1", "addr_info": [address("192.0.2.10")]}]
    host.begin()
    sleep = host.sleep

    def later(seconds: float) -> None:
        held = [*map(address, new), address("169.254.3.4", "link")]
        host.devices = [{"ifname": "lo"}, {"ifname": "eno1"}, {"ifname": "br0", "addr_info": held}]
        if guard.state_of(str(host.trial)) == "applied":
            monkeypatch.setattr(guard.Guard, "is_over", lambda _guard: True)
        sleep(seconds)

    monkeypatch.setattr(guard.time, "sleep", later)
    host.work()
    assert host.outcome()["reason"] == f"nobody confirmed it within 30 s{said}"
