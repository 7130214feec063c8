# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages bring the hypervisor of a host.

Ubuntu 26.04 has them twice: the base stack, and a hardware enablement stack whose packages have the same names with
``-hwe`` (https://documentation.ubuntu.com/server/how-to/virtualisation/virt-hwe/). Proxmox VE has its own. They exclude
each other: asking for a package of one removes the other, with the guests' hypervisor.
"""

from __future__ import annotations

import re

STATUS = "/var/lib/dpkg/status"
"""What dpkg knows of the installed packages (dpkg(1))."""

STACKS = (
    ("proxmox", re.compile(r"pve-qemu-kvm|proxmox-ve|qemu-server")),
    ("hwe", re.compile(r"ubuntu-virt-hwe|(qemu-system|qemu-utils|libvirt-daemon|libvirt-clients|libvirt0|ovmf).*-hwe")),
    ("base", re.compile(r"qemu-system-(?!common|data|gui).*(?<!-hwe)|libvirt-daemon(-system)?")),
)
"""The packages that tell a stack, the one that excludes most first."""


def stack(status: str = STATUS) -> str | None:
    """``base``, ``hwe`` or ``proxmox``; None where no hypervisor is installed, or the host has no dpkg.

    :param status: the file in which dpkg keeps its packages
    """
    names = installed(status)
    for name, pattern in STACKS:
        if any(pattern.fullmatch(package) for package in names):
            return name
    return None


def installed(status: str) -> list[str]:
    """The names of the packages that are installed, also those that are half so."""
    names = []
    name = ""
    try:
        with open(status, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("Package: "):
                    name = line[9:].strip()
                elif line.startswith("Status: ") and not line.rstrip().endswith(("not-installed", "config-files")):
                    names.append(name)
    except OSError:
        return []
    return names
