# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The DHCP identity of a device, wherever the host's systemd keeps it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import dhcp_identity

IDENTITY = "ffbd257af600020000ab11301828a65b9b0ad7"
STATUS = {
    "Name": "eno1",
    "DHCPv4Client": {"Lease": {"Timeout1USec": 1}, "ClientIdentifier": list(bytes.fromhex(IDENTITY))},
}
MANAGED = {"NETWORK_FILE": "/run/systemd/network/10-netplan-eno1.network"}


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have networkctl print something, and end with a status."""

    def program(text: str, status: int = 0, wait: int = 0) -> None:
        path = tmp_path / "networkctl"
        (tmp_path / "said").write_text(text)
        path.write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/asked\nsleep {wait}\ncat {tmp_path}/said\nexit {status}\n')
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return program


def test_the_file_of_a_lease_comes_first(tmp_path: Path, says: Any) -> None:
    says("{}")
    (tmp_path / "2").write_text(f"# This is private data. Do not parse.\nADDRESS=192.0.2.7\nCLIENTID={IDENTITY}\n")
    assert dhcp_identity.client_id("eno1", {**MANAGED, "DHCP_LEASE": str(tmp_path / "2")}) == IDENTITY
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize("state", [MANAGED, {**MANAGED, "DHCP_LEASE": "/run/systemd/netif/leases/no-such"}])
def test_where_there_is_no_file_networkd_is_asked(tmp_path: Path, says: Any, state: dict[str, str]) -> None:
    """As on systemd 262."""
    says(json.dumps(STATUS))
    assert dhcp_identity.client_id("eno1", state) == IDENTITY
    assert (tmp_path / "asked").read_text() == "--json=short status -- eno1\n"


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[]", "{}", '{"DHCPv4Client": null}', '{"DHCPv4Client": {"ClientIdentifier": ["x", 999]}}'],
)
@pytest.mark.parametrize("status", [0, 1])
def test_an_answer_without_an_identity_is_none(says: Any, text: str, status: int) -> None:
    says(text, status)
    assert dhcp_identity.client_id("eno1", MANAGED) == ""


def test_a_device_that_networkd_does_not_manage_is_not_asked_about(tmp_path: Path, says: Any) -> None:
    says(json.dumps(STATUS))
    assert dhcp_identity.client_id("eno1", {}) == ""
    assert not (tmp_path / "asked").exists()


def test_a_networkd_that_hangs_and_none_at_all(tmp_path: Path, says: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    says(json.dumps(STATUS), wait=5)
    monkeypatch.setattr(dhcp_identity, "PATIENCE", 0.1)
    monkeypatch.setattr(dhcp_identity, "HUNG", set())
    # It is asked once, not for each of a host's devices.
    for name in ("eno1", "eno2", "eno3"):
        assert dhcp_identity.client_id(name, MANAGED) == ""
    assert (tmp_path / "asked").read_text().splitlines() == ["--json=short status -- eno1"]
    monkeypatch.setattr(dhcp_identity, "HUNG", set())
    monkeypatch.setenv("PATH", "/nowhere")
    assert dhcp_identity.client_id("eno1", MANAGED) == ""
