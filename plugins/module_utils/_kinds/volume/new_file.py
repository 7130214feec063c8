# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all new files of volumes have: permissions, and what is said where there is no room for them."""

from __future__ import annotations

import contextlib
import errno
import os

from ..._engine.rows.model import ReadOnlyItem
from ..._host import file_systems
from ..._printing import masked_url


def permit(descriptor: int, permissions: ReadOnlyItem) -> None:
    """Give a new file the permissions that it is declared with; -1 leaves an owner as it is."""
    owner, group = permissions.get("owner"), permissions.get("group")
    if owner is not None or group is not None:
        os.fchown(descriptor, -1 if owner is None else owner, -1 if group is None else group)
    if permissions.get("mode") is not None:
        os.fchmod(descriptor, int(permissions["mode"], 8))


def too_large(what: str, folder: str) -> str:
    """The error of a disk that has no room in any file."""
    return f"{what} is larger than the file system of {folder}, or the format of the volume, can hold; nothing was kept"


def failure_in_words(error: OSError, folder: str) -> str:
    """What a failed call means to a user."""
    if error.errno == errno.EROFS:
        return f"{file_systems.READ_ONLY.format(folder)}, or take another pool"
    if error.errno == errno.EFBIG:
        return too_large("it", folder)
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        name = error.filename if isinstance(error.filename, str) else None
        place = folder if name is None or "://" in name else os.path.join(folder, name)
        return f"{place}: {masked_url(error.strerror or str(error))}"
    free = "none"
    with contextlib.suppress(OSError):
        state = os.statvfs(folder)
        free = f"{state.f_bavail * state.f_frsize // 1024**2} MiB"
    return f"there is no space left in {folder} ({free} free); nothing half-made was kept: make room, then run again"
