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

    USES = r"""
options:
  declared_uses:
    description:
      - What is used by all that is declared for the host, whatever module declares it. The filter
        P(virtfleet.kvm.declared_uses#filter) makes this of the lists of guests, volumes and pools.
      - What is in use there stays, also while libvirt does not have the user yet. It is not purged, and what is to be
        absent is named as failed. Of a network that is to be absent, a warning names the guests that are to be on it.
    type: dict
    default: {}
"""
