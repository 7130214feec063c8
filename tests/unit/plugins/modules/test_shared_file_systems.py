# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage that guests of other hosts may have stays, unless the user names it; on libvirt's test driver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.file_systems import (
    file_system,
    shared_file_system,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import other_hosts
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, VOLUME, is_there, paths, stays

Run = Callable[..., dict[str, Any]]
DELETE = "delete the volume with state: absent of the module virtfleet.kvm.volumes"


@pytest.fixture
def shared(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pool's folder is on a server."""
    monkeypatch.setattr(other_hosts, "shared_file_system", lambda path: "nfs4" if str(folder) in path else None)
    return folder


@pytest.mark.parametrize("purge", [False, True])
def test_a_disk_on_a_file_system_of_other_hosts_stays(connection: Any, declare: Run, shared: Path, purge: bool) -> None:
    result = declare(domains, *([] if purge else [GONE]), purge=purge, remove_storage=True)
    stays(connection, result, "is on a file system that other hosts can have as well (nfs4)", DELETE)
    gone = declare(volumes, {"name": "old-vda.qcow2", "pool": "p", "state": "absent"})  # It is named.
    assert paths(gone) == ["state"]
    assert not is_there(connection)


def test_a_disk_in_a_pool_of_other_hosts_stays(
    connection: Any, declare: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_hosts, "SHARED", ("dir",))
    stays(connection, declare(domains, GONE, remove_storage=True), "is in a pool that other hosts can have as well")


def test_a_volume_on_a_file_system_of_other_hosts_is_not_purged(declare: Run, shared: Path) -> None:
    (shared / "v.raw").touch()
    declare(volumes, {"name": "v.raw", "pool": "p", "capacity": "1MiB", "format": "raw"})
    result = declare(volumes, purge=True)
    assert paths(result) == []
    (warning,) = result["warnings"]
    assert "volume p/v.raw: is no longer declared, but is on a file system that other hosts can have" in warning


def test_the_disk_of_a_guest_that_another_host_has_stays(connection: Any, declare: Run, folder: Path) -> None:
    result = declare(domains, GONE, remove_storage=True, elsewhere=["old", "another"])
    stays(connection, result, "the guest is declared for another host, which may have it", DELETE)
    assert paths(result) == ["state"]


def test_the_disk_of_a_guest_that_was_moved_is_not_left_over(connection: Any, declare: Run, folder: Path) -> None:
    connection.lookupByName("old").undefine()
    for elsewhere, told in ((["old"], []), ([], [f"{VOLUME}: was made for the guest old"])):
        result = declare(domains, purge=True, remove_storage=True, elsewhere=elsewhere)
        assert [line.partition(",")[0] for line in result["warnings"]] == told


def test_a_disk_that_is_left_over_on_a_file_system_of_other_hosts(connection: Any, declare: Run, shared: Path) -> None:
    connection.lookupByName("old").undefine()
    (warning,) = declare(domains, purge=True, remove_storage=True)["warnings"]
    assert "other hosts can have as well (nfs4), and their guests cannot be seen; if none of them has it, it" in warning


MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:45 / {0}/nfs rw,relatime shared:1 - nfs4 server:/export rw
31 30 8:2 / {0}/nfs/local rw - xfs /dev/sda2 rw
32 22 0:46 / {0}/a\\040b rw master:1 - fuse.sshfs host: rw
33 22 0:47 / {0}/btrfs rw - btrfs /dev/sdb rw
34 22 0:48 / {0}/v rw - virtiofs tag rw
"""


@pytest.mark.parametrize(
    ("place", "kind", "is_shared"),
    [
        ("nfs/x", "nfs4", True),
        ("nfs/deep/x", "nfs4", True),
        ("nfs/local/x", "xfs", False),
        ("a b/x", "fuse.sshfs", True),
        ("btrfs/x", "btrfs", False),
        ("v/x", "virtiofs", True),
        ("nfsx", "ext4", False),
        ("link", "nfs4", True),
    ],
)
def test_the_file_system_at_a_path(tmp_path: Path, place: str, kind: str, is_shared: bool) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text(MOUNTS.format(tmp_path), encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "nfs/x")
    path, proc = str(tmp_path / place), str(tmp_path / "proc")
    assert file_system(path, proc) == kind
    assert (shared_file_system(path, proc) is not None) == is_shared


def test_what_nobody_can_tell_of_counts_as_shared(tmp_path: Path) -> None:
    assert shared_file_system("/x", str(tmp_path)) is not None
    assert shared_file_system(str(tmp_path)) is None
