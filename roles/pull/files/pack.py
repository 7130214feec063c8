# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pack this collection, as it is on the control node, into the file named by the first argument.

The same files make the same archive, byte by byte, so that hosts which have it are left alone.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import tarfile
from pathlib import Path

COLLECTION = Path(__file__).resolve().parents[3]
"""The folder of the collection."""

NEEDED = ("MANIFEST.json", "galaxy.yml", "LICENSE", "meta", "playbooks", "plugins", "roles")
"""What runs the collection. The pages and the tests stay where they are."""


def files() -> list[Path]:
    """The files to pack, in an order of their own."""
    found: list[Path] = []
    for name in NEEDED:
        place = COLLECTION / name
        found += [place] if place.is_file() else place.rglob("*")
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc")


def pack(path: str) -> None:
    """Write the archive. Owners and times of the control node are not in it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in files():
            entry = tarfile.TarInfo(str(file.relative_to(COLLECTION)))
            content = file.read_bytes()
            entry.size, entry.mode = len(content), 0o755 if os.access(file, os.X_OK) else 0o644
            archive.addfile(entry, io.BytesIO(content))
    Path(path).write_bytes(gzip.compress(packed.getvalue(), mtime=0))


if __name__ == "__main__":
    pack(sys.argv[1])
