# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of a pool with a volume that is to go, and guests that use it in one way or another."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.users import Pool, StorageUsers

KEY = "p/old.qcow2"


class World:
    """A folder of a pool with the volume that is to go, and other folders beside it."""

    def __init__(self, root: Path) -> None:
        self.root, self.pool, self.other = root, root / "pool", root / "other"
        self.pool.mkdir()
        self.other.mkdir()
        self.old = self.pool / "old.qcow2"
        self.old.write_bytes(b"data")
        (self.pool / "else.qcow2").write_bytes(b"data")
        (root / "pool2").mkdir()
        (root / "pool2" / "old.qcow2").write_bytes(b"data")
        self.users = StorageUsers()
        for name, target in (("p", self.pool), ("again", root / "link-to-pool"), ("off", f"{root}//pool/")):
            self.users.pools[name] = Pool(str(target), None, {})
        self.users.pools["p"].paths["old.qcow2"] = str(self.old)
        (root / "link-to-pool").symlink_to("pool")

    def link(self, name: str, to: str | Path) -> str:
        """A symbolic link."""
        (self.root / name).symlink_to(to)
        return str(self.root / name)

    def image(self, content: bytes, name: str = "other/over.qcow2") -> str:
        """An image beside the pool."""
        (self.root / name).write_bytes(content)
        return str(self.root / name)

    def hard(self) -> str:
        """A hard link."""
        os.link(self.old, self.other / "hard")
        return str(self.other / "hard")

    def held(self) -> list[str]:
        """Who holds the volume."""
        return self.users.of(KEY, str(self.old))


def guest(world: World, *inner: str, os_part: str = "", more: str = "") -> None:
    """A guest with these devices."""
    devices = "".join(inner)
    world.users.add_document(
        "guest web",
        "web",
        ET.fromstring(
            "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>web</name>"
            f"<os>{os_part}</os><devices>{devices}</devices>{more}</domain>"
        ),
    )


def disk(path: str, form: str = "qcow2", inner: str = "") -> str:
    source = f"<driver type='{form}'/><source file='{path}'/>"
    return f"<disk type='file'>{source}{inner}<target dev='vda' bus='virtio'/></disk>"
