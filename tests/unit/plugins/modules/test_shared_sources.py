# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two pools on one source: said before anything is defined, whether libvirt would refuse it or share without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import pools

Run = Callable[..., dict[str, Any]]
URI = "test:///default"


def pool(name: str, kind: str, source: dict[str, Any], target: str | None = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "source": source, "target": target or f"/{name}", "state": "inactive"}


NFS = {"hosts": [{"name": "nas"}], "dir": "/x"}
DEVICE = {"devices": ["/dev/sdb1"]}
REFUSED = [
    ("netfs", NFS, "netfs", NFS, "source: /x of the server nas is that of the pool a"),
    ("fs", DEVICE, "fs", DEVICE, "source.devices: the device /dev/sdb1 is that of the pool a"),
    ("fs", DEVICE, "logical", {**DEVICE, "name": "vg"}, "source.devices: the device /dev/sdb1 is that of the pool a"),
]


@pytest.mark.parametrize(("kind", "source", "other", "its", "said"), REFUSED)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_libvirt_refuses_is_said_before(
    run_main: Run, connection: Any, kind: str, source: Any, other: str, its: Any, said: str, at_once: bool
) -> None:
    first, second = pool("a", kind, source), pool("b", other, its)
    if not at_once:
        run_main(pools.main, config=[first], uri=URI)
    config = [first, second]
    told = [run_main(pools.main, config=config, uri=URI, check=check, fails=True)["msg"] for check in (True, False)]
    assert told[0].replace("would still be", "was still") == told[1].replace("would still be", "was still")
    assert f"pool b: {said}" in told[0]
    assert [found.name() for found in connection.listAllStoragePools() if found.name() == "b"] == []


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (
            pool("a", "logical", {"name": "vg"}),
            pool("b", "logical", {"name": "vg"}),
            "source.name: the volume group vg",
        ),
        (pool("a", "fs", DEVICE), pool("b", "netfs", NFS, "/a"), "target: the folder /a is that of the pool a as well"),
    ],
)
def test_what_is_shared_without_a_word_is_warned_of(
    run_main: Run, connection: Any, first: dict[str, Any], second: dict[str, Any], said: str
) -> None:
    for check in (True, False):
        result = run_main(pools.main, config=[first, second], uri=URI, check=check)
        assert [line for line in result["warnings"] if said in line] != []
    assert run_main(pools.main, config=[first, second], uri=URI)["warnings"] == []


def test_a_source_is_free_once_its_pool_goes(run_main: Run, connection: Any) -> None:
    run_main(pools.main, config=[pool("a", "netfs", NFS)], uri=URI)
    config = [{"name": "a", "state": "absent"}, pool("b", "netfs", NFS)]
    for check in (True, False):
        assert run_main(pools.main, config=config, uri=URI, check=check)["warnings"] == []
    assert not run_main(pools.main, config=[pool("b", "netfs", NFS)], uri=URI)["changed"]
