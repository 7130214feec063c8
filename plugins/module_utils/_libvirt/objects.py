# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names for libvirt's objects. Its Python binding has no types, so a checker takes them for anything."""

from __future__ import annotations

import typing as t

Connection = t.Any
"""A connection to libvirt (virConnect)."""

Domain = t.Any
"""A guest (virDomain)."""

Network = t.Any
"""A network (virNetwork)."""

StoragePool = t.Any
"""A storage pool (virStoragePool)."""

DomainSnapshot = t.Any
"""A snapshot of a guest (virDomainSnapshot)."""

Volume = t.Any
"""A storage volume (virStorageVol)."""

Secret = t.Any
"""A secret (virSecret)."""

Stream = t.Any
"""The content of a volume on its way (virStream)."""

Resource = t.Any
"""A guest, network, pool, volume or secret, for what treats them alike."""

Error = t.Any
"""What libvirt raises (libvirtError)."""


class GuestAddress(t.TypedDict, total=False):
    """An address of a guest, on one of its interfaces (virDomainInterfaceAddresses).

    ``source`` is added where a guest was waited for: who knows the address.
    """

    interface: str
    mac: str
    address: str
    prefix: int
    source: str
