# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that only guests have."""

from __future__ import annotations

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import converters


def test_virt_stands_for_the_best_that_the_host_has() -> None:
    virt = converters.Virt("auto", "kvm", "qemu")
    kvm, emulation = Host(virt="kvm"), Host(virt="qemu")
    assert [virt.resolve("auto", host) for host in (kvm, emulation)] == ["kvm", "qemu"]
    assert virt.resolve("qemu", kvm) == "qemu"
    assert virt.same("kvm", "auto", kvm)
    assert not virt.same("kvm", "auto", emulation)
    assert not virt.same("kvm", "qemu", kvm)


def test_a_machine_alias_is_the_version_that_the_host_gives_it() -> None:
    host = Host(machines={"q35": "pc-q35-9.2"})
    assert converters.MACHINE.same("pc-q35-9.2", "q35", host)
    assert converters.MACHINE.same("pc-q35-8.0", "pc-q35-8.0", host)
    assert not converters.MACHINE.same("pc-q35-8.0", "q35", host)
    assert not converters.MACHINE.same(None, "virt", host)
