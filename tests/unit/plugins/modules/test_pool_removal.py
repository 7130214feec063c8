# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pool that a guest uses does not go, through whole modules on libvirt's test driver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import apply
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import GONE, URI, define, file, paths

Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("disk", ["file", "slashes", "link", "volume"])
def test_a_pool_that_a_guest_uses_does_not_go(connection: Any, run_main: Run, folder: Path, disk: str) -> None:
    folder.with_name("images").symlink_to(folder)
    source = {
        "file": file(folder / "x"),
        "slashes": file(f"/{folder}//x"),
        "link": file(folder.with_name("images") / "x"),
        "volume": "<source pool='p' volume='x'/>",
    }[disk]
    run_main(domains.main, config=[GONE], uri=URI)
    define(connection, source, kind="volume" if disk == "volume" else "file")
    for purge, config in ((True, []), (False, [{"name": "p", "state": "absent"}])):
        for check in (True, False):
            result = run_main(pools.main, config=config, purge=purge, uri=URI, check=check, fails=True)
            assert "used by guest theirs" in result["msg"]
            assert result["changes"] == []
    connection.lookupByName("theirs").undefine()
    assert paths(run_main(pools.main, config=[{"name": "p", "state": "absent"}], uri=URI)) == ["state"]


def test_a_pool_that_a_guest_gets_meanwhile_is_not_stopped(
    connection: Any, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_main(domains.main, config=[GONE], uri=URI)
    real = apply.ACTIONS["pool", "stop"]

    def first(*args: Any) -> Any:
        define(connection, file(folder / "x"))
        return real(*args)

    monkeypatch.setitem(apply.ACTIONS, ("pool", "stop"), first)
    result = run_main(pools.main, config=[{"name": "p", "state": "absent"}], uri=URI, fails=True)
    assert "pool p: stop: is used by guest theirs, and does not go" in result["msg"]
    assert connection.storagePoolLookupByName("p").isActive()
