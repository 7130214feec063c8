# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest whose disk this collection made, and guests that somebody defines by hand, on libvirt's test driver."""

from __future__ import annotations

from typing import Any

URI = "test:///default"
OLD = {"name": "old", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p"}]}
GONE = {"name": "old", "state": "absent"}
VOLUME = "volume p/old-vda.qcow2"


def define(connection: Any, source: str, name: str = "theirs", **other: str) -> None:
    """A guest that somebody defines by hand."""
    connection.defineXML(
        f"<domain type='test'><name>{name}</name><memory>65536</memory><os><type>hvm</type></os><devices>"
        f"<disk type='{other.get('kind', 'file')}' device='{other.get('device', 'disk')}'>"
        f"<driver name='qemu' type='{other.get('form', 'qcow2')}'/>{source}<target dev='vdb' bus='virtio'/></disk>"
        "</devices></domain>"
    )


def file(path: object) -> str:
    return f"<source file='{path}'/>"


def paths(result: dict[str, Any]) -> list[str]:
    return [change["path"] for change in result.get("changes", [])]


def is_there(connection: Any) -> bool:
    """Whether libvirt still has the disk."""
    names = [volume.name() for volume in connection.storagePoolLookupByName("p").listAllVolumes()]
    return "old-vda.qcow2" in names


def stays(connection: Any, result: dict[str, Any], *words: str) -> None:
    """The disk is there, and a warning says why, as does the list of what is left."""
    assert VOLUME not in paths(result)
    assert is_there(connection)
    (warning,) = [text for text in result["warnings"] if "old-vda.qcow2" in text]
    assert [text for text in result["left"] if "old-vda.qcow2" in text] == [warning]
    for word in words:
        assert word in warning
