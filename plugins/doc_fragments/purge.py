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
      - Whether what this collection made goes, as with O(config[].state=absent), once it is not in O(config).
      - Never what somebody else made. What was there before it was declared stays, and so does what somebody deleted
        and made anew under the same name.
      - With an empty O(config), all that this collection made goes.
      - What cannot go is named as failed, also in check mode. The others go nonetheless.
    type: bool
    default: false
  owner:
    description:
      - A label that what is made gets. Only what has the same label is purged, so that two projects that use one host
        never purge each other's things.
      - What is there keeps the label that it got.
    type: str
    default: ''
"""
