# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of a disk that does not exist nobody says that it stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools

Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("where", ["volume", "file", "elsewhere"])
def test_only_a_disk_that_is_there_stays(declare: Run, folder: Path, where: str, there: bool) -> None:
    places: dict[str, tuple[dict[str, str], Path]] = {
        "volume": ({"volume": "theirs", "pool": "p"}, folder / "theirs"),
        "file": ({"file": f"{folder}/theirs"}, folder / "theirs"),
        "elsewhere": ({"file": f"{folder.parent}/theirs"}, folder.parent / "theirs"),
    }
    disk, path = places[where]
    if there:
        path.touch()
    declare(domains, {"name": "h", "memory": "64MiB", "disks": [disk]})
    result = declare(domains, {"name": "h", "state": "absent"}, remove_storage=True)
    assert [change["path"] for change in result["changes"]] == ["state"]
    said = [line for line in result["warnings"] if "stays" in line]
    assert len(said) == int(there)
    assert all("this collection did not make it" in line for line in said)


def test_what_cannot_be_looked_at_is_said_to_stay(declare: Run, folder: Path) -> None:
    declare(domains, {"name": "h", "memory": "64MiB", "disks": [{"volume": "theirs", "pool": "p"}]})
    declare(pools, {"name": "p", "state": "inactive"})
    result = declare(domains, {"name": "h", "state": "absent"}, remove_storage=True)
    assert [line for line in result["warnings"] if "theirs stays" in line]


def test_a_file_in_a_folder_that_is_away_may_stay(declare: Run, folder: Path) -> None:
    declare(domains, {"name": "h", "memory": "64MiB", "disks": [{"file": "/no/such/folder/disk"}]})
    result = declare(domains, {"name": "h", "state": "absent"}, remove_storage=True)
    assert [line for line in result["warnings"] if "/no/such/folder/disk stays" in line]
