# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in messages, and in the commands that messages propose."""

from __future__ import annotations

import shlex


class ShellWord(str):
    """A name. ``{0}`` of a message shows it as it is, ``{0:sh}`` as a word of a command, for a shell to read."""

    def __format__(self, spec: str) -> str:
        return shlex.quote(str(self)) if spec == "sh" else super().__format__(spec)
