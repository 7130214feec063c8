# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module that only looks has in common."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Reads only, and changes nothing.
    support: full
  diff_mode:
    description: Reads only, and changes nothing.
    support: none
  idempotent:
    description: Reads only, and changes nothing.
    support: full
  action_group:
    description: Takes its defaults from C(module_defaults) of the group C(group/virtfleet.kvm.kvm).
    support: full
    membership:
      - virtfleet.kvm.kvm
"""
