# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take back the volumes that were made for a new guest whose run then fails."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._libvirt.objects import Connection
from ..._storage.manifest import Manifest
from ..._storage.new_volumes import Making
from ..._storage.removal import Going
from ..._storage.storage_observe import identity, lookup


def remove(connection: Connection, guest: str, making: Making, options: object) -> None:
    """Delete a volume that was made for a guest. Raises VirtfleetError where it may be another one, or is used."""
    from ..volume.volume_actions import volume_delete  # Only now: hardly a run takes anything back.

    pool = connection.storagePoolLookupByName(making.pool)
    volume = lookup(pool, making.name)
    if volume is None:
        return
    manifest = Manifest(connection.getURI())
    noted = manifest.entries("volumes").get(making.key, {})
    found = ET.fromstring(volume.XMLDesc())
    if manifest.kept and (noted.get("identity") is None or noted["identity"] != identity(found)):
        raise VirtfleetError("nothing tells whether it is the one that was made")
    leaving = Going(making.key, found.findtext("target/path"), identity(found), guest=guest)
    volume_delete(connection, guest, Step("delete_volume", leaving), options)


def stays(making: Making) -> str:
    """What is said of a volume that cannot be taken back."""
    return f"the volume {making.key} stays"
