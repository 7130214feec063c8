# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that get another place, as the pages of the roles say; on libvirt's test driver.

It neither copies a volume nor moves a pool: what libvirt does of that is done by hand here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, OLD, paths

Run = Callable[..., dict[str, Any]]
FILE = "old-vda.qcow2"


def on(pool: str, **more: Any) -> dict[str, Any]:
    """The guest with its disk on a volume that it names."""
    return {**OLD, "disks": [{"pool": pool, "volume": FILE, **more}]}


def source(connection: Any) -> dict[str, str]:
    """What the guest's disk is on."""
    element = ET.fromstring(connection.lookupByName("old").XMLDesc()).find("devices/disk/source")
    assert element is not None
    return {name: value for name, value in element.attrib.items() if name in ("file", "pool", "volume")}


def test_the_folder_of_a_pool_is_moved_as_the_guide_says(connection: Any, declare: Run, folder: Path) -> None:
    """roles/storage/README.md, Move the folder of a pool."""
    assert source(connection) == {"file": str(folder / FILE)}
    declare(domains, {**OLD, "state": "running"})
    named = declare(domains, {**on("p"), "state": "stopped"})
    assert paths(named) == ["disks[0].file", "disks[0].volume", "disks[0].pool", "state"]
    new = folder.rename(folder.with_name("new"))
    pool = connection.storagePoolLookupByName("p")
    pool.destroy()
    pool.undefine()
    declare(pools, {"name": "p", "target": str(new)})
    xml = f"<volume><name>{FILE}</name><capacity>1048576</capacity><target><format type='qcow2'/></target></volume>"
    volume = connection.storagePoolLookupByName("p").createXML(xml)
    assert volume.path() == str(new / FILE)
    assert paths(declare(domains, {**OLD, "state": "running"})) == ["state"]
    assert source(connection) == {"pool": "p", "volume": FILE}


def test_a_disk_is_moved_to_another_pool_as_the_guide_says(
    connection: Any, declare: Run, folder: Path, tmp_path: Path
) -> None:
    """roles/guests/README.md, Disks that are there."""
    other = tmp_path / "other"
    other.mkdir()
    (other / FILE).touch()
    declare(pools, {"name": "p", "target": str(folder)}, {"name": "q", "target": str(other)})
    copy = {"name": FILE, "pool": "q", "capacity": "1MiB", "format": "qcow2"}
    declare(volumes, copy)
    declare(domains, on("q", size="1MiB"))
    assert source(connection) == {"pool": "q", "volume": FILE}
    assert declare(domains, on("q"))["changed"] is False
    assert declare(volumes, copy, purge=True)["changed"] is False
    said = declare(volumes, purge=True, fails=True)["msg"]
    assert f"volume q/{FILE}: is no longer declared, but used by guest old, so it stays" in said
    gone = declare(domains, GONE, remove_storage=True)
    assert f"volume q/{FILE}" not in paths(gone)
    assert [volume.name() for volume in connection.storagePoolLookupByName("q").listAllVolumes()] == [FILE]
