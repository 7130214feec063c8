# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway is looked for on the device of the default route, whatever more specific route leads past that."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import iproute, probes
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice, Route

SHIM = Route("198.51.100.0/25", "sh0")


class Knocking:
    """A socket of a kernel that resolves an address on the device of its best route, or of the socket."""

    def __init__(self, asked: list[str]) -> None:
        self.asked, self.device = asked, "sh0"

    def __enter__(self) -> Knocking:
        return self

    def __exit__(self, *_problem: object) -> None:
        return None

    def setsockopt(self, level: int, option: int, value: bytes) -> None:
        if (level, option) == (socket.SOL_SOCKET, socket.SO_BINDTODEVICE):
            self.device = value.decode()

    def sendto(self, _data: bytes, address: tuple[Any, ...]) -> None:
        self.asked.append(self.device)


@pytest.mark.parametrize(("default", "via"), [("0.0.0.0/0", "198.51.100.1"), ("::/0", "2001:db8::1")])
def test_a_shim_over_the_gateways_subnet_does_not_hide_it(
    monkeypatch: pytest.MonkeyPatch, default: str, via: str
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(probes.socket, "socket", lambda *_kind: Knocking(asked))
    monkeypatch.setattr(network, "run", lambda command, seconds: (0, "", ""))
    monkeypatch.setattr(iproute, "ip", lambda *words: [{"lladdr": "02:00:00:00:00:01"}] if words[-1] in asked else [])
    host = Facts(devices={"br0": HostDevice("br0", index=4)}, routes=(Route(default, "br0", via), SHIM))
    assert probes.gateway(host, default) == (True, f"{via} answers on br0")
