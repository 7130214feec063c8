# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name that is changed in the list alone makes a new guest: a warning says so; on libvirt's test driver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import domains

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
MAC = "52:54:00:aa:00:01"
OLD = {"name": "db01", "memory": "64MiB", "vcpus": 2, "disks": [{"file": "/srv/db01.raw", "format": "raw"}]}
CARD = {"bridge": "br0", "mac": MAC}


@pytest.fixture
def declare(run_main: Run, connection: Any, tmp_path: Path) -> Run:
    """Declare in check mode, and for real, which warn of the same; returns the warnings about renames."""
    assert connection

    def call(*config: dict[str, Any], **options: Any) -> list[str]:
        given = {"config": list(config), "uri": URI, "owner": "us", **options}
        said, done = (
            [line for line in run_main(domains.main, check=check, **given)["warnings"] if "another name" in line]
            for check in (True, False)
        )
        assert said == done
        return done

    return call


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        # A disk of the same size, but with the new name.
        ({}, {"disks": [{"file": "/srv/sql01.raw", "format": "raw"}]}, "as much memory, and as many CPUs and disks"),
        ({}, {"disks": [{"file": "/srv/sql01.raw", "format": "raw"}], "memory": "65MiB"}, None),
        ({}, {"disks": [], "memory": "64MiB"}, None),
        (
            {"interfaces": [CARD]},
            {"interfaces": [CARD], "memory": "65MiB", "disks": []},
            f"the same MAC address ({MAC})",
        ),
    ],
)
@pytest.mark.parametrize("purge", [False, True])
def test_a_new_name_is_told_with_the_guest_that_it_may_mean(
    declare: Run, old: dict[str, Any], new: dict[str, Any], same: str | None, purge: bool
) -> None:
    assert declare({**OLD, **old}) == []
    lines = declare({**OLD, **new, "name": "sql01"}, purge=purge)
    goes = "goes in this run" if purge else "is no longer declared"
    begin = f"domain sql01: is new here, and the guest db01, which {goes}, has {same}. If it is to be that guest"
    assert [line.startswith(begin) for line in lines] == ([True] if same else [])
    assert declare({**OLD, **new, "name": "sql01"}, purge=purge) == []


def test_what_is_lost_with_the_old_name_is_told(declare: Run) -> None:
    declare({**OLD, "interfaces": [CARD]})
    (line,) = declare({**OLD, "interfaces": [CARD], "name": "sql01"}, purge=True, remove_storage=True)
    assert "guest db01, which goes in this run with the volumes that were made for it, has " in line


def test_nothing_is_told_of_guests_that_are_declared_or_of_others(declare: Run) -> None:
    assert declare({**OLD, "interfaces": [CARD]}) == []
    new = {**OLD, "name": "sql01", "disks": [], "memory": "65MiB"}
    assert declare({**OLD, "interfaces": [CARD]}, new) == []
    assert declare({**new, "name": "sql02", "interfaces": [CARD]}, owner="them") == []
    assert declare({**new, "name": "sql03", "interfaces": [CARD]}, elsewhere=["db01"]) == []
    # Who says that the old one goes knows that it does.
    gone = [{"name": name, "state": "absent"} for name in ("db01", "sql03")]
    assert declare(*gone, {**new, "name": "sql04", "interfaces": [CARD]}) == []


def test_of_several_only_what_one_guest_has_alone_counts(declare: Run) -> None:
    assert declare(OLD, {**OLD, "name": "db02", "disks": [{"file": "/srv/db02.raw", "format": "raw"}]}) == []
    assert declare({**OLD, "name": "sql01", "disks": [{"file": "/srv/sql01.raw", "format": "raw"}]}) == []
