# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that AppArmor keeps from a guest."""

from __future__ import annotations

from typing import Any

import libvirt
import pytest

Run = Any
CAPABILITIES = libvirt.virConnect.getCapabilities
SECMODEL = "<secmodel><model>dac</model></secmodel><secmodel><model>{}</model></secmodel></host>"


@pytest.mark.parametrize(
    ("model", "version", "warned"),
    [("apparmor", 10_000_000, 1), ("apparmor", 11_000_000, 0), ("selinux", 10_000_000, 0)],
)
def test_a_disk_by_pool_and_volume(
    connection: Any, run_domains: Run, monkeypatch: pytest.MonkeyPatch, model: str, version: int, warned: int
) -> None:
    def capabilities(self: Any) -> str:
        return str(CAPABILITIES(self)).replace("</host>", SECMODEL.format(model))

    monkeypatch.setattr(libvirt.virConnect, "getCapabilities", capabilities)
    monkeypatch.setattr(libvirt.virConnect, "getLibVersion", lambda self: version)
    disks = [{"pool": "default-pool", "volume": "x.raw"}, {"file": "/srv/y.raw"}]
    guest = {"name": "a", "memory": "64MiB", "state": "stopped", "disks": disks}
    for check in (True, False):
        said = [line for line in run_domains(guest, check=check)["warnings"] if "AppArmor" in line]
        assert len(said) == warned
        assert all("domain a: its disk vda is given by pool and volume (default-pool/x.raw)" in line for line in said)
    assert not [line for line in run_domains(guest)["warnings"] if "AppArmor" in line]
