# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A password for sudo. No command of the agent waits for a prompt, so all input is there before the command begins.

In front of the input of the command stand the password and a line that is a mark. If sudo asks, it reads the password.
What is left up to the mark is read by a loop in front of the command. So the command never sees the password, whether
sudo has asked for it or not.
"""

from __future__ import annotations


def with_password(command: str, data: bytes, password: str, success: str) -> tuple[str, bytes]:
    """A command and its input that begin with a password.

    :param command: as Ansible made it, with ``echo SUCCESS ;`` in front of what sudo runs
    :param success: the word that it writes once sudo has let it through
    """
    echo = f"echo {success} ; "
    mark = f"{success}-input"
    skip = f'while IFS= read -r virtfleet && [ "$virtfleet" != "{mark}" ]; do :; done; '
    return command.replace(echo, echo + skip, 1), f"{password}\n{mark}\n".encode() + data
