# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The XML namespaces in definitions (drvqemu.html, formatnetwork.html, formatstorage.html)."""

from __future__ import annotations

from ..._engine import paths

OWN = "https://virtfleet.github.io/kvm/1"
"""The collection's own, of its mark in metadata."""

REFUSED = f"{OWN}/refused"
"""That of the note in what runs about what the hypervisor would not do."""

NAMESPACES = {
    "qemu": "http://libvirt.org/schemas/domain/qemu/1.0",
    "dnsmasq": "http://libvirt.org/schemas/network/dnsmasq/1.0",
    "fs": "http://libvirt.org/schemas/storagepool/fs/1.0",
    "rbd": "http://libvirt.org/schemas/storagepool/rbd/1.0",
    "virtfleet": OWN,
}
"""The prefixes that paths and documents use for libvirt's namespaces, and for the own one."""

paths.register(NAMESPACES)
