# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules have in common whose resources run."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  on_restart_needed:
    description:
      - What to do if a change reaches what runs only by a restart.
      - V(defer) changes the definition, does not restart, and reports the change as pending.
      - V(fail) refuses the input before anything is changed.
      - V(restart) makes all changes, then restarts once what needs it.
    type: str
    choices: [defer, fail, restart]
    default: defer
"""
