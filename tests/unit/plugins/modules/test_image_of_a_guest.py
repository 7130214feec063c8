# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a guest makes the first disk of a new one, and takes no disk from one that is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
DISK = (
    "<disk type='file'><driver name='qemu' type='raw'/><source file='{0}/{1}.raw'/><target dev='{1}' bus='virtio'/>"
    "</disk>"
)
OLD = (
    "<domain type='test'><name>old</name><memory>65536</memory><os><type>hvm</type></os><devices>{}</devices></domain>"
)


@pytest.mark.parametrize("runs", [False, True])
def test_a_guest_that_is_there_keeps_its_disks(
    connection: Any, run_main: Run, seed_folder: Path, tmp_path: Path, runs: bool
) -> None:
    for name in ("vda", "vdb"):
        (tmp_path / f"{name}.raw").write_bytes(GOOD)
    old = connection.defineXML(OLD.format("".join(DISK.format(tmp_path, name) for name in ("vda", "vdb"))))
    if runs:
        old.create()
    before = old.XMLDesc()
    for image in ("noble", "no-such-image"):
        for check in (True, False):
            done = run_main(domains.main, config=[{"name": "old", "image": image}], uri=URI, check=check)
            assert (done["changed"], done["changes"], done["warnings"]) == (False, [], [])
    assert old.XMLDesc() == before


def test_a_new_guest_gets_a_disk_of_it_once(connection: Any, run_main: Run, seed_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "noble.raw").write_bytes(GOOD)
    images = [{"name": "noble", "path": str(tmp_path / "noble.raw"), "pool": "p", "format": "raw"}]
    new = {"name": "new", "memory": "64MiB", "image": "noble", "disks": [{"pool": "p", "format": "raw"}]}
    done = run_main(domains.main, config=[new], images=images, uri=URI)
    assert (seed_folder / "new-vda.raw").read_bytes() == GOOD
    assert done["changed"]
    short = {name: value for name, value in new.items() if name != "disks"}
    assert not run_main(domains.main, config=[short], images=images, uri=URI)["changed"]
    # A new one gets a disk in the pool default, which this host lacks.
    other = run_main(domains.main, config=[{**short, "name": "newer"}], images=images, uri=URI, check=True, fails=True)
    assert "domain newer: disks[0].pool: there is no pool default" in other["msg"]
