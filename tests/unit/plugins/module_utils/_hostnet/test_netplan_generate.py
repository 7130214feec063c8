# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a folder's files are networkd's units by netplan."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_generate


def test_only_units_by_netplan_are_read(tmp_path: Path) -> None:
    names = ("10-netplan-eno1.network", "10-netplan-br0.netdev", "10-netplan-eno1.link")
    for name in (*names, "10-netplan-eno1.txt", "10-netplan-eno1.network.bak", "20-own.network", "own.netdev"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    (tmp_path / "10-netplan-folder.network").mkdir()
    found = netplan_generate.units_in(str(tmp_path))
    assert found == {name: name for name in names if name.endswith(netplan_generate.KINDS)}
    assert {"10-netplan-eno1.network", "10-netplan-br0.netdev"} <= set(found)
    assert netplan_generate.units_in(str(tmp_path / "nowhere")) == {}
