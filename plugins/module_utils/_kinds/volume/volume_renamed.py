# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let libvirt make a volume under a temporary name, and give it its own name once it is whole.

Only libvirt makes an encrypted volume, or one of a rare format. It takes seconds, and a run that is killed meanwhile
could not tell the file from somebody else's under its final name.
"""

from __future__ import annotations

import contextlib
import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.rows.model import ReadOnlyItem
from ..._errors import VirtfleetError
from ..._host import part_files
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import StoragePool
from .new_file import failure_in_words, permit
from .table import PERMISSIONS
from .volume_blank import MODE, reachable
from .volume_fill import create

UNSHARED = ("dir", "fs")
"""The pools whose files this process may give away: on NFS, the server may not trust root."""


def can_rename(pool: StoragePool) -> bool:
    """Whether the files of a pool can be given another name here."""
    return reachable(pool) and ET.fromstring(pool.XMLDesc(0)).get("type") in UNSHARED


def make(pool: StoragePool, root: ET.Element, path: str, note_file: t.Callable[[str], None], part: str) -> None:
    """Make a volume.

    :param root: its definition
    :param path: the path that it will have
    :param note_file: called with its temporary path, as soon as it is whole
    :param part: its temporary name, which is noted

    Raises libvirtError or VirtfleetError, with nothing left behind, where that fails.
    """
    folder, name = os.path.split(path)
    whole = os.path.join(folder, part)
    temporary = paths.clone(root)
    paths.ensure(temporary, ("name",)).text = part
    node = temporary.find("target/permissions")
    permissions: ReadOnlyItem = {}
    if node is not None:
        permissions = {row.name: row.value(node) for row in PERMISSIONS}
        t.cast(ET.Element, temporary.find("target")).remove(node)
    permissions = {who: None if value == -1 else value for who, value in permissions.items()}
    try:
        with part_files.opened_folder(folder) as place:
            if part_files.exists(place, name):
                raise VirtfleetError(f"{path} is there already, and is left as it is")
            try:
                create(pool, temporary)
                with part_files.locked_for_us(place, part, whole) as target:
                    note_file(whole)
                    permit(target, {**permissions, "mode": permissions.get("mode") or MODE})
                    part_files.settle(target, place, part, name, path)
            except BaseException:
                with contextlib.suppress(libvirt.libvirtError, VirtfleetError, OSError):
                    part_files.clear(place, part, whole)
                    pool.refresh(0)
                raise
    except OSError as error:
        raise VirtfleetError(failure_in_words(error, folder)) from None
