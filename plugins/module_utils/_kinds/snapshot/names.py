# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that libvirt does not bring to a QEMU that runs as they are.

Since 10.10, a name is a part of the id of a job, for which QEMU takes few characters (util/id.c, id_wellformed).
Before, it stands between quotes in a line of QEMU's monitor, unescaped: with a quote or backslash in it, QEMU takes no
snapshot, and libvirt says that it did.
"""

from __future__ import annotations

import re

JOBS = 10_010_000
"""The first libvirt that takes and deletes internal snapshots of a guest that runs by jobs of QEMU."""

PLAIN = re.compile(r"[A-Za-z0-9._-]+")
QUOTED = re.compile(r"[^\"\\]+")


def name_problem(name: str, version: int) -> str | None:
    """What is wrong with the name of an internal snapshot while the guest runs; None where nothing is.

    :param version: that of libvirt
    """
    if version >= JOBS and not PLAIN.fullmatch(name):
        return "has characters that QEMU does not take in it while a guest runs: use letters, digits, '.', '_' and '-'"
    if version < JOBS and not QUOTED.fullmatch(name):
        return "has a quote or backslash, with which libvirt takes no snapshot of a guest that runs: leave that out"
    return None
