# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module that asks libvirt has in common."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  uri:
    description:
      - URI of the libvirt to connect to, on the host (U(https://libvirt.org/uri.html)).
    type: str
    default: qemu:///system
requirements:
  - libvirt 8.0 or newer with its Python binding (the package python3-libvirt) on the host
attributes:
  platform:
    description: Target OS or families that can be operated against.
    support: full
    platforms: posix
"""
