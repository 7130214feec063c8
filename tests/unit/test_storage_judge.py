# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judge of the storage fuzz finds what it is there for: what is lost, what stays for nothing, what is not true."""

from __future__ import annotations

import os
import pathlib
import random
import typing as t

import pytest
from host_fuzz.judge import Judge
from host_fuzz.model import File, Guest, Pool, World
from host_fuzz.operations import Operation


class Libvirt:
    """A connection to a host with these guests and pools, and nothing that can be asked of them but names."""

    def __init__(self, guests: list[str], pools: list[str]) -> None:
        self.guests, self.pools = guests, pools

    def listAllDomains(self, flags: int) -> list[t.Any]:  # noqa: N802
        return [Named(name) for name in self.guests]

    def listAllStoragePools(self) -> list[t.Any]:  # noqa: N802
        return [Named(name) for name in self.pools]


class Named:
    def __init__(self, called: str) -> None:
        self.called = called

    def name(self) -> str:
        return self.called

    def UUIDString(self) -> str:  # noqa: N802
        return f"uuid of {self.called}"

    def isActive(self) -> bool:  # noqa: N802
        return True


class Acting:
    """Stands for the collection: a run deletes files and guests, and says what it is told to say."""

    def __init__(self, libvirt: Libvirt, files: list[str], guests: list[str], **result: t.Any) -> None:
        self.libvirt, self.files, self.guests, self.result = libvirt, files, guests, result

    def run(self, name: str, arguments: dict[str, t.Any], check: bool = False, prepare: t.Any = None) -> t.Any:
        if not check:
            for path in self.files:
                os.unlink(path)
            self.libvirt.guests = [guest for guest in self.libvirt.guests if guest not in self.guests]
        return {"changed": bool(self.files or self.guests), "changes": [], **self.result}


@pytest.fixture
def world(tmp_path: pathlib.Path) -> World:
    """The guest g with a disk of its own, which the collection made, over a base of the collection's."""
    made = World(0, random.Random(0))
    folder = str(tmp_path)
    base = File([f"{folder}/base.qcow2"], True, pool="p")
    disk = File([f"{folder}/g-vda.qcow2"], True, made_for="g", base=base, pool="p")
    made.pools, made.files, made.guests = [Pool("p", folder, folder, True)], [base, disk], [Guest("g", True, [disk])]
    for file in made.files:
        pathlib.Path(file.path).touch()
    return made


GONE = {"resource": "domain g", "path": "volume p/g-vda.qcow2", "before": "present", "after": "absent"}


def problems(world: World, files: list[File], guests: list[str], **result: t.Any) -> list[str]:
    """What the judge says, kinds only, where a run that removes g with its storage does this."""
    libvirt = Libvirt([guest.name for guest in world.guests], ["p"])
    acting = Acting(libvirt, [file.path for file in files], guests, **result)
    judge = Judge(world, t.cast(t.Any, acting), libvirt)
    config = [{"name": "g", "state": "absent"}]
    goes = [guest for guest in world.guests if guest.name == "g"]
    judge.run(Operation("domains", {"config": config, "remove_storage": True}, goes))
    return [problem.partition(":")[0] for problem in judge.problems]


def test_what_is_right_is_right(world: World) -> None:
    assert problems(world, [world.files[1]], ["g"], changes=[GONE]) == []


def test_what_is_used_through_another_file_is_lost(world: World) -> None:
    base, disk = world.files
    world.guests.append(Guest("other", False, others=[File(["/elsewhere/over.qcow2"], False, base=disk)]))
    assert [guest.name for guest in world.guests if guest.uses(base)] == ["g", "other"]
    assert problems(world, [disk], ["g"], changes=[GONE]) == ["lost"]


def test_what_was_not_to_go_is_lost(world: World) -> None:
    world.guests[0].disks = []
    assert "lost" in problems(world, [world.files[0]], ["g"])


def test_a_file_of_others_is_lost_also_where_the_guest_goes(world: World) -> None:
    world.files[1].ours = False
    assert problems(world, [world.files[1]], ["g"], changes=[GONE]) == ["lost"]


def test_a_volume_that_was_declared_as_one_is_lost_with_a_guest(world: World) -> None:
    world.files[1].made_for = None
    assert problems(world, [world.files[1]], ["g"], changes=[GONE]) == ["lost"]


def test_a_volume_that_was_declared_as_one_stays_and_that_is_said(world: World) -> None:
    world.files[1].made_for = None
    assert problems(world, [], ["g"]) == ["said nothing"]
    world.guests.append(Guest("g", True, [world.files[1]]))
    assert problems(world, [], ["g"], warnings=["its disk g-vda.qcow2 stays: it was declared as a volume"]) == []


def test_what_a_failed_run_left_of_a_guest_may_go_with_the_next(world: World) -> None:
    disk = world.files[1]
    libvirt = Libvirt(["g"], ["p"])
    acting = Acting(libvirt, [], ["g"], failed=True, msg="delete: p/g-vdb.qcow2 is used by guest b, so it stays")
    judge = Judge(world, t.cast(t.Any, acting), libvirt)
    arguments: dict[str, t.Any] = {"config": [{"name": "g", "state": "absent"}], "remove_storage": True}
    judge.run(Operation("domains", arguments, list(world.guests), refusable=["somebody uses its other disk"]))
    before = list(judge.problems)
    judge.modules = t.cast(t.Any, Acting(libvirt, [disk.path], [], changes=[GONE]))
    judge.run(Operation("domains", arguments))
    assert judge.problems == before
    world.files.append(disk)
    pathlib.Path(disk.path).touch()
    judge.run(Operation("domains", {"config": [{"name": "other", "state": "absent"}], "remove_storage": True}))
    assert [problem.partition(":")[0] for problem in judge.problems[len(before) :]] == ["lost"]


def test_never_to_delete_anything_is_no_way_out(world: World) -> None:
    assert problems(world, [], ["g"]) == ["stays for nothing"]
    world.guests.append(Guest("g", True, [world.files[1]]))
    assert "guest stays" in problems(world, [], [])


def test_a_report_that_is_not_true_is_found(world: World) -> None:
    assert problems(world, [world.files[1]], ["g"]) == ["not told"]
    world.guests.append(Guest("g", True))
    assert problems(world, [], ["g"], changed=False) == ["said that nothing changed"]


def test_what_stays_for_a_user_is_said_with_the_user(world: World) -> None:
    world.guests.append(Guest("other", False, [world.files[1]]))
    assert problems(world, [], ["g"]) == ["said nothing"]
    world.guests.append(Guest("g", True, [world.files[1]]))
    assert problems(world, [], ["g"], warnings=["its disk g-vda.qcow2 stays: it is used by guest other"]) == []


def test_what_a_program_has_open_is_lost(world: World) -> None:
    world.files[1].opened = True
    assert problems(world, [world.files[1]], ["g"], changes=[GONE]) == ["lost"]


def test_a_traceback_is_found(world: World) -> None:
    assert problems(world, [world.files[1]], ["g"], changes=[GONE], crash="Traceback ...") == ["traceback"]
