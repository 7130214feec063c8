# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage that guests of other hosts may have: nobody can tell from here, so it stays unless the user names it."""

from __future__ import annotations

from .._host.file_systems import shared_file_system

SHARED = ("netfs", "gluster", "iscsi", "iscsi-direct", "mpath", "rbd", "scsi", "sheepdog", "vstorage")
"""Types of pools whose volumes several hosts can have."""

ELSEWHERE = "the guest is declared for another host, which may have it"


def within_reach(kind: str, path: str | None) -> str | None:
    """Why guests of other hosts may have a volume, to be read after "it"; None where only this host can have it.

    :param kind: the type of its pool; empty where that is not known
    :param path: where it is
    """
    system = shared_file_system(path) if path and path.startswith("/") and not path.startswith("/dev/") else None
    if system is not None:
        return f"is on a file system that other hosts can have as well ({system}), and their guests cannot be seen"
    if kind in SHARED:
        return f"is in a pool that other hosts can have as well ({kind}), and their guests cannot be seen"
    return None
