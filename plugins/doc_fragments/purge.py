# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules have in common that remove what is no longer declared."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  purge:
    description:
      - Whether to remove what this collection made and O(config) no longer has, as O(config[].state=absent) does.
      - What somebody else made stays. So does what was there before it was declared, and what somebody deleted and
        made anew under the same name.
      - With an empty O(config), all that this collection made goes.
      - What cannot go is named as failed, also in check mode. The others go nonetheless.
    type: bool
    default: false
  owner:
    description:
      - A label for what this call makes. O(purge) removes only what has the same label, so two projects can use one
        host.
      - What exists keeps the label that it has.
    type: str
    default: ''
"""
