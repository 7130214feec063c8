# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which stack a host has, by what dpkg says is installed."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import packages


@pytest.mark.parametrize(
    ("installed", "stack"),
    [
        ([], None),
        (["qemu-guest-agent", "qemu-utils", "libvirt0", "python3-libvirt", "linux-generic-hwe-26.04"], None),
        (["qemu-system-x86", "libvirt-daemon-system"], "base"),
        (["libvirt-daemon"], "base"),
        (["qemu-system-common", "qemu-system-data"], None),
        (["qemu-system-x86-hwe", "libvirt-daemon-system-hwe"], "hwe"),
        (["ubuntu-virt-hwe"], "hwe"),
        (["libvirt-daemon-driver-qemu-hwe"], "hwe"),
        (["ubuntu-helper-virt-hwe"], None),
        (["ubuntu-helper-virt-hwe", "qemu-system-x86", "libvirt-daemon"], "base"),
        (["pve-qemu-kvm", "libvirt0"], "proxmox"),
    ],
)
def test_the_stack(tmp_path: pathlib.Path, installed: list[str], stack: str | None) -> None:
    status = tmp_path / "status"
    blocks = [f"Package: {name}\nStatus: install ok installed\nPriority: optional\n" for name in installed]
    gone = "Package: qemu-system-x86-hwe\nStatus: deinstall ok config-files\n"
    status.write_text("\n".join([gone, *blocks]))
    assert packages.stack(str(status)) == stack


def test_a_stack_that_is_half_installed_counts(tmp_path: pathlib.Path) -> None:
    status = tmp_path / "status"
    status.write_text("Package: qemu-system-x86-hwe\nStatus: install ok half-configured\n")
    assert packages.stack(str(status)) == "hwe"


def test_a_host_without_dpkg(tmp_path: pathlib.Path) -> None:
    assert packages.stack(str(tmp_path / "none")) is None
