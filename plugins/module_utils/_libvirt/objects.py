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

Volume = t.Any
"""A storage volume (virStorageVol)."""
