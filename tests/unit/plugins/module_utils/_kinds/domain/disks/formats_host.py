# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A libvirt with one pool of real files, for the tests of their formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_formats
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest, storage_observe
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.manifest import Manifest
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2

URI = "qemu:///system"
FORGED = qcow2(names="/etc/shadow", size=1 << 40, l1_entries=2048)


CALLS = {
    "XMLDesc": "xml",
    "getURI": "uri",
    "getStoragePoolCapabilities": "storage",
    "isActive": "active",
    "listAllDomains": "domains",
    "listAllStoragePools": "pools",
    "listAllVolumes": "listed",
    "storagePoolLookupByName": "pool",
    "storagePoolLookupByVolume": "pool",
    "storageVolLookupByName": "by_name",
    "storageVolLookupByPath": "by_path",
}
"""libvirt's names of calls, and those here."""


class Libvirt:
    """Something that is called by libvirt's names."""

    def __getattr__(self, name: str) -> Any:
        return object.__getattribute__(self, CALLS[name])


class Volume(Libvirt):
    """A volume of the pool default, as libvirt sees it: by its bytes."""

    def __init__(self, place: Path, told: str) -> None:
        self.place, self.told, self.resized = place, told, 0

    def name(self) -> str:
        return self.place.name

    def path(self) -> str:
        return str(self.place)

    def pool(self) -> Pool:
        return Pool({})

    def xml(self, flags: int = 0) -> str:
        return (
            f"<volume type='file'><name>{self.name()}</name><capacity>{1 << 40}</capacity>"
            f"<target><path>{self.place}</path><format type='{self.told}'/><compat>1.1</compat></target>"
            "<backingStore><path>/etc/shadow</path><format type='raw'/></backingStore></volume>"
        )

    def resize(self, capacity: int, flags: int) -> None:
        self.resized = capacity


class Pool(Libvirt):
    """The pool default."""

    def __init__(self, volumes: dict[str, Volume]) -> None:
        self.volumes = volumes

    def name(self) -> str:
        return "default"

    def active(self) -> bool:
        return True

    def refresh(self) -> None:
        """Nothing changes."""

    def xml(self, flags: int) -> str:
        place = next((volume.place.parent for volume in self.volumes.values()), Path("/nonexistent"))
        return f"<pool type='dir'><target><path>{place}</path></target></pool>"

    def listed(self) -> list[Volume]:
        return list(self.volumes.values())

    def by_name(self, name: str) -> Volume:
        if name not in self.volumes:
            raise volume_formats.LibvirtError("no such volume")
        return self.volumes[name]


class Guest(Libvirt):
    """A guest with disks: place and format of each."""

    def __init__(self, *disks: tuple[str, str | None], name: str = "other") -> None:
        self.disks, self.called = disks, name

    def name(self) -> str:
        return self.called

    def active(self) -> bool:
        return False

    def xml(self, flags: int) -> str:
        texts = []
        for place, form in self.disks:
            source = f"file='{place}'" if place.startswith("/") else "pool='{}' volume='{}'".format(*place.split("/"))
            driver = "" if form is None else f"<driver name='qemu' type='{form}'/>"
            texts.append(f"<disk type='file'>{driver}<source {source}/><target dev='vda'/></disk>")
        return f"<domain><devices>{''.join(texts)}</devices></domain>"


class Connection(Libvirt):
    """As much of a connection as is asked for the format of a volume."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.volumes: dict[str, Volume] = {}
        self.others: dict[str, dict[str, Volume]] = {}
        self.guests: list[Guest] = []
        self.listed = 0

    def uri(self) -> str:
        return URI

    def storage(self, flags: int) -> str:
        return "<storagepoolCapabilities/>"

    def domains(self, flags: int) -> list[Guest]:
        if flags == libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE:
            return []
        self.listed += 1
        return self.guests

    def pools(self, flags: int) -> list[Pool]:
        return [Pool(self.volumes)]

    def pool(self, name: str) -> Pool:
        return Pool(self.others.get(name, self.volumes))

    def by_path(self, path: str) -> Volume:
        for volume in self.volumes.values():
            if volume.path() == path:
                return volume
        raise volume_formats.LibvirtError("no such volume")

    def add(self, name: str, content: bytes, told: str, noted: str | None = None) -> Volume:
        """A volume with these bytes, and its format as libvirt tells it and as it was noted."""
        place = self.folder / name
        place.write_bytes(content)
        volume = self.volumes[name] = Volume(place, told)
        if noted is not None:
            identity = storage_observe.identity(ET.fromstring(volume.xml()))
            assert identity is not None
            Manifest(URI).put("volumes", f"default/{name}", format=noted, identity=identity)
        return volume


def new_host(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """A host to itself, with one pool."""
    monkeypatch.setattr(manifest, "default_folder", lambda: str(folder / "state"))
    (folder / "pool").mkdir(parents=True)
    return Connection(folder / "pool")
