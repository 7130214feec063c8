# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets for the inventory plugin, and what it tells of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.utils.display import Display


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings that users read."""
    lines: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, text, *args, **kwargs: lines.append(str(text)))
    return lines


@pytest.fixture
def one(tmp_path: Path) -> dict[str, Any]:
    """The inventory file of a fleet of one host, on which web01 runs and db01 does not."""
    # Imported here, for pytest loads this file before there is a loader of collections.
    from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import MAC, guest, host, hosts_of, network

    uri = host(
        tmp_path / "kvm01.xml",
        network("default"),
        guest("web01", MAC),
        guest("db01", state="stopped"),
        guest("by-hand"),
    )
    return hosts_of({"kvm01": uri}, ansible_host="192.0.2.11", ansible_user="root")
