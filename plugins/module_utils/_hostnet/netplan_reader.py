# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which program of netplan's reads documents, in whatever folder they are."""

from __future__ import annotations

import os

GENERATORS = (
    "/usr/libexec/netplan/configure",
    "/usr/libexec/netplan/generate",
    "/usr/lib/netplan/generate",
    "/lib/netplan/generate",
)
"""Where the program is that ``netplan generate`` calls to write networkd's units. Since netplan 1.2 that is configure:
generate only makes what systemd starts, and fails an assertion if it is told of another folder."""


def reader() -> list[str]:
    """What reads netplan's documents of another folder, and leaves the host alone.

    ``netplan generate`` does not since netplan 1.1: whatever folder it is told of, it has systemd read its units anew,
    and with that netplan's generator writes the files of the host itself. So its program is called, which does all the
    reading; ``netplan get`` reads the documents as well, but does not say what the backend cannot do.
    """
    return next(([path] for path in GENERATORS if os.path.exists(path)), ["netplan", "get"])
