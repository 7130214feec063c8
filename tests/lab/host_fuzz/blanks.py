# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Empty volumes as the collection makes them, and as libvirt does, on a host; prints a line of JSON for each.

Each is made twice of the same options, in two pools: by the collection's own means, and by libvirt. Then both
are described: by libvirt, by qemu-img, and by the file system.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import typing as t
from pathlib import Path
from xml.etree import ElementTree as ET

import libvirt
from host_fuzz.kills import sh
from host_fuzz.modules import PLUGINS, Modules
from host_fuzz.traps import connected

ROOT = Path("/srv/blanks")
POOLS = ("ours", "theirs")
OWNED = {"mode": "0640", "owner": 107, "group": 109}

CASES: dict[str, dict[str, t.Any]] = {
    "a raw": {"format": "raw", "capacity": "3MiB"},
    "an odd raw": {"format": "raw", "capacity": 1000001},
    "a sparse raw": {"format": "raw", "capacity": "5GiB", "allocation": 0},
    "a raw that is taken in part": {"format": "raw", "capacity": "8MiB", "allocation": "3MiB"},
    "a CD": {"format": "iso", "capacity": "2MiB"},
    "a raw of a user": {"format": "raw", "capacity": "1MiB", "permissions": OWNED},
    "a raw of the own choice of libvirt": {"format": "raw", "capacity": "1MiB", "permissions": {"owner": -1}},
    "a qcow2": {"capacity": "1GiB"},
    "an odd qcow2": {"capacity": 1000001},
    "a qcow2 with an allocation": {"capacity": "8MiB", "allocation": "8MiB"},
    "a qcow2 of a user": {"capacity": "1MiB", "permissions": OWNED},
    "a qcow2 that all may read": {"capacity": "1MiB", "permissions": {"mode": "0644"}},
    "an old qcow2": {"capacity": "1MiB", "compat": "0.10"},
    "a new qcow2": {"capacity": "1MiB", "compat": "1.1"},
    "a qcow2 that counts late": {"capacity": "1MiB", "lazy_refcounts": True},
    "a qcow2 with subclusters": {"capacity": "1MiB", "extended_l2": True},
    "a qcow2 of large clusters": {"capacity": "1GiB", "cluster_size": "2MiB"},
    "a qcow2 of small clusters": {"capacity": "2TiB", "cluster_size": "4KiB"},
    "a qcow2 without copy-on-write": {"capacity": "1MiB", "nocow": True},
    "over a raw": {"backing": {"path": f"{ROOT}/base.raw", "format": "raw"}},
    "over a qcow2": {"backing": {"path": f"{ROOT}/base.qcow2", "format": "qcow2"}},
    "over an overlay": {"backing": {"path": f"{ROOT}/over.qcow2", "format": "qcow2"}},
    "larger than its base": {"capacity": "2GiB", "backing": {"path": f"{ROOT}/base.qcow2", "format": "qcow2"}},
    "smaller than its base": {"capacity": "1MiB", "backing": {"path": f"{ROOT}/base.raw", "format": "raw"}},
    "over a volume": {"backing": {"volume": "a qcow2"}, "permissions": OWNED, "cluster_size": "128KiB"},
}
"""Volumes by name. A qcow2 is what says no format."""


def declare(modules: Modules, pool: str) -> dict[str, str]:
    """Make all in a pool; what failed, by name."""
    failed = {}
    for name, options in CASES.items():
        item = {"format": "qcow2", **options, "name": name, "pool": pool}
        result = modules.run("volumes", {"config": [item]}, prepare=by_libvirt if pool == "theirs" else by_us)
        if result.get("failed") or "crash" in result:
            failed[name] = str(result.get("failures") or result.get("msg") or result)[:2000]
    return failed


def by_libvirt() -> None:
    """Leave what is empty to libvirt, in this process."""
    storage: t.Any = importlib.import_module(f"{PLUGINS}.module_utils._kinds.volume.volume_actions")
    storage.blank = lambda *_words: None


def by_us() -> None:
    """Leave nothing to libvirt, in this process."""

    def refuse(*_words: t.Any) -> t.NoReturn:
        raise RuntimeError("it was left to libvirt")

    libvirt.virStoragePool.createXML = refuse


def described(pool: t.Any, name: str) -> dict[str, t.Any]:
    """All that tells what a volume is, without what tells where and when."""
    volume = pool.storageVolLookupByName(name)
    root, path = ET.fromstring(volume.XMLDesc()), volume.path()
    for parent in root.iter():
        for child in [child for child in parent if child.tag in ("timestamps", "key", "path")]:
            if child.tag != "path" or parent.tag == "target":
                parent.remove(child)
    image = json.loads(sh(f"qemu-img info --output json '{path}'"))
    for odd in ("filename", "children"):
        image.pop(odd, None)
    state = os.stat(path)
    return {
        "definition": ET.tostring(root, encoding="unicode").replace(f"{ROOT}/{pool.name()}/", ""),
        "image": json.dumps(image, sort_keys=True).replace(f"{ROOT}/{pool.name()}/", ""),
        "file": [f"{state.st_mode:o}", state.st_uid, state.st_gid, state.st_size, state.st_blocks],
        "attributes": sh(f"lsattr '{path}' 2>/dev/null || true").split(" ")[0],
        "content": sh(f"qemu-img map -f {image['format']} --output json '{path}'").replace(f"/{pool.name()}/", "/"),
    }


def clean() -> None:
    """A host without any of it."""
    connection = connected()
    for pool in connection.listAllStoragePools(0):
        if pool.name() in POOLS:
            if pool.isActive():
                pool.destroy()
            pool.undefine()
    shutil.rmtree(ROOT, ignore_errors=True)


def main() -> None:
    clean()
    ROOT.mkdir()
    sh(f"cd {ROOT}; truncate -s 4M base.raw; qemu-img create -q -f qcow2 base.qcow2 8M")
    sh(f"cd {ROOT}; qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 over.qcow2 16M")
    modules = Modules()
    modules.run("pools", {"config": [{"name": pool, "target": str(ROOT / pool)} for pool in POOLS]})
    for pool in POOLS:
        # Files get the folder's group there, where nobody says another one.
        sh(f"chgrp 100 {ROOT / pool}; chmod 2771 {ROOT / pool}")
    failed = {pool: declare(modules, pool) for pool in POOLS}
    pools = [connected().storagePoolLookupByName(pool) for pool in POOLS]
    for pool in pools:
        pool.refresh()
    for name in CASES:
        result: dict[str, t.Any] = {"name": name, "failed": [failed[pool].get(name) for pool in POOLS]}
        if not any(result["failed"]):
            ours, theirs = (described(pool, name) for pool in pools)
            result["differs"] = [[what, ours[what], theirs[what]] for what in ours if ours[what] != theirs[what]]
        print(json.dumps(result), flush=True)
    clean()


if __name__ == "__main__":
    main()
