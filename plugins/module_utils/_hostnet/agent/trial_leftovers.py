# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is left beside its place of a trial of which nothing is known any more.

A boot clears away a trial by tmpfiles.d(5), and syncs nothing. Where the power fails right after it, some of that
can be there again while the journal, in another folder, is gone.
"""

from __future__ import annotations

import os
import re

from . import files

FOLDERS = (
    "/etc/cloud/cloud.cfg.d",
    "/etc/netplan",
    "/etc/sysctl.d",
    "/etc/udev/rules.d",
    "/usr/local/lib/systemd/network",
)
"""Where the files of a change are, some of them in folders within."""
NAME = re.compile(r"\.virtfleet-[\w-]+-\d+\.(?:new|old)")


def stem(trial: str, number: int) -> str:
    """The name, without its end, of what stands beside a file during a trial.

    :param trial: the id of the trial
    :param number: which of its files
    """
    return f".virtfleet-{trial}-{number}"


def clear(folders: tuple[str, ...] = FOLDERS) -> None:
    """Remove what was left; only where no trial goes on. Raises OSError.

    What was saved of a file goes only where that is one of the names that the file still has. What ``journal.undo``
    has spared, because somebody wrote in its place, is another file, and stays.

    :param folders: where to look, in the folders within too
    """
    for folder in folders:
        names = files.listed(folder)
        for name in names:
            path = os.path.join(folder, name)
            others = (os.path.join(folder, other) for other in names if other != name)
            if os.path.isdir(path) and not os.path.islink(path):
                clear((path,))
            elif NAME.fullmatch(name) and (
                name.endswith(".new") or any(files.is_same_file(path, other) for other in others)
            ):
                files.unlink(path)
