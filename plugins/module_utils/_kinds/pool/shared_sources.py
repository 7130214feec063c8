# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two pools on one source: libvirt defines no second one of most types, and lets those of others share without a word.

What it refuses is from virStoragePoolObjSourceFindDuplicate. A pool on a folder is looked at elsewhere (readiness).
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._libvirt.objects import Connection
from ..shared.lacking import plain

ON_DEVICES = ("fs", "logical", "disk", "zfs")
"""Types of pools of which no two may have one device."""

MOUNTED = ("fs", "netfs")
"""Types of pools that are mounted on their target."""


HIDDEN = "and only what was mounted there last is seen: give each a folder of its own"


class Sign(t.NamedTuple):
    """What two pools have in common.

    :param key: the same for both
    :param option: the option that has it
    :param words: what it is
    :param refused: whether libvirt refuses the second pool
    :param way: what becomes of it where it does not, and what to do
    """

    key: tuple[str, ...]
    option: str
    words: str
    refused: bool
    way: str = "so that each volume is in both: declare it in one of them only"


def signs(root: ET.Element) -> t.Iterator[Sign]:
    """What a pool has that another one should not have.

    :param root: its definition
    """
    kind, name = root.get("type", ""), root.findtext("source/name", "")
    if kind in ON_DEVICES:
        for device in root.findall("source/device"):
            path = device.get("path", "")
            yield Sign(("device", path), "source.devices", f"the device {path}", True)
    servers = root.findall("source/host")
    hosts = [host.get("name", "") for host in servers if host.get("port") is None]
    folder = root.find("source/dir")
    if kind == "netfs" and len(hosts) == len(servers) == 1 and folder is not None:
        place = folder.get("path", "")
        yield Sign((kind, hosts[0], place), "source", f"{place} of the server {hosts[0]}", True)
    if kind == "mpath":
        yield Sign((kind,), "type", "what multipath has", True)
    if kind == "logical":
        group = name or root.findtext("name", "")
        yield Sign((kind, group), "source.name", f"the volume group {group}", False)
    if kind == "rbd":
        yield Sign((kind, name, *sorted(hosts)), "source", f"the Ceph pool {name}", False)
    target = plain(root.findtext("target/path") or "")
    if kind in MOUNTED and target:
        yield Sign(("mount", target), "target", f"the folder {target}", False, HIDDEN)


def definitions(connection: Connection) -> dict[str, ET.Element]:
    """The pools that the host has, by their names."""
    return {pool.name(): ET.fromstring(pool.XMLDesc(0)) for pool in connection.listAllStoragePools(0)}


class Sources:
    """Who has which source.

    :param there: the definitions of the pools that are there
    """

    def __init__(self, there: t.Mapping[str, ET.Element]) -> None:
        self.owners: dict[tuple[str, ...], str] = {}
        for name, root in there.items():
            self.take(name, root)

    def take(self, name: str, root: ET.Element) -> None:
        """Let a pool have what it is on, where no other one has it."""
        for sign in signs(root):
            self.owners.setdefault(sign.key, name)

    def release(self, name: str) -> None:
        """Let a pool have nothing any more."""
        self.owners = {key: owner for key, owner in self.owners.items() if owner != name}

    def shared(self, name: str, root: ET.Element) -> t.Iterator[tuple[bool, str]]:
        """What a pool to come shares with others: whether libvirt refuses that, and a sentence."""
        for sign in signs(root):
            other = self.owners.get(sign.key, name)
            if other != name and sign.refused:
                yield True, f"{sign.option}: {sign.words} is that of the pool {other}; libvirt takes one pool for it"
            elif other != name:
                yield False, f"{sign.option}: {sign.words} is that of the pool {other} as well, {sign.way}"
