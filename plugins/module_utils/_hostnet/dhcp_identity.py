# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What networkd calls itself towards the DHCP server: the identity by which a host keeps its address."""

from __future__ import annotations

import json
import subprocess
import typing as t

from .reading import text_or_nothing

PATIENCE = 10
"""Seconds that networkd has to answer; one that hangs costs no more."""


def client_id(name: str, state: t.Mapping[str, str]) -> str:
    """The client identifier of a device's DHCPv4 client (RFC 2132, section 9.14), in hexadecimal; empty without one.

    Up to systemd 261 it is in the lease's file. Newer ones keep leases elsewhere; networkctl has told the identifier
    since systemd 255.

    :param state: what networkd says of the device in /run/systemd/netif/links
    """
    path = state.get("DHCP_LEASE")
    if path:
        for line in text_or_nothing(path).splitlines():
            if line.startswith("CLIENTID="):
                return line.partition("=")[2].strip()
    return from_networkctl(name) if state.get("NETWORK_FILE") else ""


HUNG: set[str] = set()
"""The programs that did not answer. They are not asked again: a host can have hundreds of devices."""


def from_networkctl(name: str) -> str:
    """The same as networkctl tells it (networkctl(1), --json)."""
    if "networkctl" in HUNG:
        return ""
    try:
        done = subprocess.run(
            ["networkctl", "--json=short", "status", "--", name],
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
        client = json.loads(done.stdout).get("DHCPv4Client") or {}
        return bytes(client.get("ClientIdentifier") or ()).hex()
    except subprocess.TimeoutExpired:
        HUNG.add("networkctl")
        return ""
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, AttributeError):
        return ""
