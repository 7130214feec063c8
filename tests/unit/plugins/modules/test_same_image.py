# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running guest's disk that is declared by another name of the same image: nothing waits, nobody is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., dict[str, Any]]

VOLUME = {"volume": "a.img", "pool": "default-pool"}
FILE = {"file": "/default-pool/a.img"}
DRIVES = [
    {"device": "cdrom", "target": "sda", "bus": "sata"},
    {"device": "floppy", "target": "fda", "bus": "fdc"},
    {"device": "disk", "target": "vda", "bus": "virtio"},
]


@pytest.fixture
def there(connection: Any) -> Any:
    """A host whose pool has the image."""
    pool = connection.storagePoolLookupByName("default-pool")
    pool.createXML("<volume><name>a.img</name><capacity>1048576</capacity></volume>")
    return connection


def guest(drive: dict[str, Any], source: dict[str, Any]) -> dict[str, Any]:
    disk = {**drive, **source, "format": "raw"}
    return {"name": "g", "memory": "64MiB", "interfaces": [], "disks": [disk], "state": "running"}


@pytest.mark.parametrize("drive", DRIVES, ids=[str(drive["device"]) for drive in DRIVES])
@pytest.mark.parametrize(("before", "after"), [(VOLUME, FILE), (FILE, VOLUME)], ids=["file", "volume"])
@pytest.mark.parametrize("policy", ["defer", "restart"])
def test_it_has_the_image_already(
    run_domains: Run, there: Any, drive: dict[str, Any], before: dict[str, Any], after: dict[str, Any], policy: str
) -> None:
    run_domains(guest(drive, before))
    config = guest(drive, after)
    number = there.lookupByName("g").ID()
    said, done = (run_domains(config, check=check, on_restart_needed=policy) for check in (True, False))
    for result in (said, done):
        assert {change["path"]: change["live"] for change in result["changes"]} == {
            "disks[0].file": True,
            "disks[0].volume": True,
            "disks[0].pool": True,
        }
        assert (result["pending_restart"], result["warnings"]) == ([], [])
    for check in (True, False):
        again = run_domains(config, check=check, on_restart_needed=policy)
        assert (again["changed"], again["pending_restart"], again["warnings"]) == (False, [], [])
    assert there.lookupByName("g").ID() == number


@pytest.mark.parametrize(
    "after", [{"block": "/default-pool/a.img"}, {"file": "/default-pool/b.img"}, {"file": "/other/a.img"}]
)
def test_what_is_another_image_to_libvirt_waits(run_domains: Run, there: Any, after: dict[str, Any]) -> None:
    run_domains(guest(DRIVES[2], VOLUME))
    result = run_domains(guest(DRIVES[2], after))
    assert [change["live"] for change in result["changes"]] == [False] * len(result["changes"])
    assert result["pending_restart"] != []
