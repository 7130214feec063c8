# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that stay behind a guest are named, and so are those that a new guest finds there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools
from ansible_collections.virtfleet.kvm.tests.unit.readiness import Run

URI = "test:///default"
GUEST = {"name": "new01", "memory": "64MiB", "interfaces": [], "state": "stopped"}
GONE = {"name": "new01", "state": "absent"}
KEPT = "disks[0]: the volume p/new01-vda.qcow2 is there already, and is kept with what is on it"


@pytest.fixture
def call(run_main: Run, connection: Any, noted: Any, tmp_path: Path) -> Run:
    """Declare a guest in check mode and for real, which warn of the same."""
    (tmp_path / "pool").mkdir()
    (tmp_path / "pool" / "new01-vda.qcow2").touch()  # libvirt's test driver makes no files.
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path / "pool")}], uri=URI)

    def called(item: dict[str, Any], **options: Any) -> list[str]:
        said = run_main(domains.main, config=[item], uri=URI, check=True, **options)
        done = run_main(domains.main, config=[item], uri=URI, **options)
        assert (said["warnings"], said["left"]) == (done["warnings"], done["left"])
        told = [line for line in done["warnings"] if "new01-vda" in line]
        assert done["left"] == [line for line in told if "stays" in line]
        return told

    return called


def test_a_guest_that_goes_names_the_disks_that_stay(call: Run) -> None:
    item = {**GUEST, "disks": [{"size": "1MiB", "pool": "p"}]}
    assert call(item) == []
    (told,) = call(GONE)
    assert (
        "domain new01: p/new01-vda.qcow2 stays with the data: remove_storage (guests_remove_storage of the role) takes"
        in told
    )
    assert call(item) == [f"domain new01: {KEPT}"]
    assert call(item) == []
    assert not any("stays with the data" in line for line in call(GONE, remove_storage=True))


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        ({"image": "base"}, f"{KEPT}; image is not used"),
        ({"image": "base", "volume": "new01-vda.qcow2"}, f"{KEPT}; image is not used"),
        ({"size": "1MiB", "volume": "new01-vda.qcow2"}, None),
    ],
)
def test_what_a_new_guest_finds_is_told(call: Run, run_main: Run, disk: dict[str, Any], words: str | None) -> None:
    call({**GUEST, "disks": [{"size": "1MiB", "pool": "p"}]})
    call(GONE)
    told = call({**GUEST, "disks": [{"pool": "p", **disk}]})
    assert told == ([] if words is None else [f"domain new01: {words}"])
