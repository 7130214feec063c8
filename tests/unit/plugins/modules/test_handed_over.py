# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk goes with the guest that has it, not with the one that it was made for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import apply
from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import (
    GONE,
    VOLUME,
    define,
    file,
    is_there,
    paths,
    stays,
)

Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_disk_that_was_handed_over_is_not_the_old_owners(
    connection: Any, declare: Run, folder: Path, by_hand: bool
) -> None:
    taker = {"name": "taker", "memory": "16MiB", "disks": [{"file": f"{folder}/old-vda.qcow2", "format": "qcow2"}]}
    if by_hand:
        declare(domains, GONE)
        define(connection, file(folder / "old-vda.qcow2"), name="taker")
    else:
        declare(domains, GONE, taker, remove_storage=True)
    stays(connection, declare(domains, GONE, remove_storage=True), "is used by guest taker")
    connection.lookupByName("taker").undefine()
    stays(connection, declare(domains, GONE, remove_storage=True), "does not have it any more")
    declare(domains, {"name": "old", "memory": "16MiB"})
    stays(connection, declare(domains, GONE, remove_storage=True), "does not have it any more")


def kill(*arguments: Any) -> None:
    raise KeyboardInterrupt


def test_what_a_killed_run_was_about_to_delete_goes(
    connection: Any, declare: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(apply.ACTIONS, ("domain", "delete_volume"), kill)
        with pytest.raises(KeyboardInterrupt):
            declare(domains, GONE, remove_storage=True)
    assert is_there(connection)
    assert paths(declare(domains, GONE, remove_storage=True)) == [VOLUME]
    assert not is_there(connection)
