# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds what a module did and said against the model: what must be there, what must be gone, what was told."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import typing as t

import libvirt
from host_fuzz.model import BASE, File, Fingerprint, Guest, World
from host_fuzz.modules import Modules, Result, said
from host_fuzz.operations import HARD, MARK, Operation

Names = dict[str, str]


class Gone(t.NamedTuple):
    """A name that is no longer there, and who needs what it was the name of."""

    file: File
    name: str
    users: list[str]


class Judge:
    """Runs operations and notes what was wrong with them.

    :param problems: what was wrong, each with a word first that tells its kind
    :param deleted: how many files have gone as they had to or might
    :param kept: how many files that were to go were rightly kept
    """

    def __init__(self, world: World, modules: Modules, connection: t.Any) -> None:
        self.world = world
        self.modules = modules
        self.connection = connection
        self.problems: list[str] = []
        self.deleted = 0
        self.kept = 0
        self.departing: list[File] = []
        """The disks of guests that went in a call which failed before it came to them: the next one may go on."""

    def guests(self) -> Names:
        """The guests of the host: UUIDs, and their names."""
        return {domain.UUIDString(): domain.name() for domain in self.connection.listAllDomains(0)}

    def problem(self, kind: str, text: str) -> None:
        self.problems.append(f"{kind}: {text}")
        self.world.log.append(f"# PROBLEM {kind}: {text}")

    def run(self, operation: Operation) -> None:
        """One operation: in check mode, then for real; and the model is brought up to date."""
        self.world.log.append(f"{operation.module}: {json.dumps(operation.arguments)}")
        before = self.world.fingerprints(), self.guests()
        said_before = None
        if operation.between is None:
            said_before = self.modules.run(operation.module, operation.arguments, check=True)
            if (self.world.fingerprints(), self.guests()) != before:
                self.problem("check mode changed something", str(operation.arguments))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(MARK)
        between = operation.between
        prepare = None if between is None else functools.partial(self.modules.interpose, between)
        result = self.modules.run(operation.module, operation.arguments, prepare=prepare)
        self.world.log.append(f"# result: {json.dumps({key: result.get(key) for key in TOLD})}")
        happened = operation.between is not None and os.path.exists(MARK)
        after = self.world.fingerprints()
        gone = self.update(operation, happened, before[0], after)
        self.judge(operation, result, gone, happened)
        if not happened:
            self.judge_told(operation, result, said_before, before, after)

    def update(
        self, operation: Operation, happened: bool, before: dict[str, Fingerprint], after: dict[str, Fingerprint]
    ) -> list[Gone]:
        """Tell the model what has become of guests and files; the names that went."""
        world = self.world
        gone = [(file, name) for file in world.files for name in file.names if name in before and name not in after]
        if happened and operation.happened is not None:
            operation.happened()
            gone = [(file, name) for file, name in gone if name != operation.by_hand]
        names = set(self.guests().values())
        for guest, made in operation.guests:
            if guest.name in names:
                world.guests.append(guest)
            world.files += [file for file in made if os.path.lexists(file.path)]
        world.guests = [guest for guest in world.guests if guest.name in names]
        pools = {pool.name(): pool.isActive() for pool in self.connection.listAllStoragePools()}
        world.pools = [pool for pool in world.pools if pool.name in pools]
        for file, name in gone:
            file.names = [other for other in file.names if other != name] or file.names
        world.files = [file for file in world.files if os.path.lexists(file.path)]
        found = [Gone(file, name, world.users(file)) for file, name in gone]
        for guest in world.guests:
            guest.disks = [file for file in guest.disks if file in world.files and not file.nameless]
            guest.others = [file for file in guest.others if file in world.files and not file.nameless]
        for name, state in after.items():
            same = before.get(name, state) == state if operation.untouched else before.get(name, state)[0] == state[0]
            if not same and not happened:
                self.problem("another file in its place", name)
        return found

    def judge(self, operation: Operation, result: Result, gone: list[Gone], happened: bool) -> None:
        """What went and stayed, guests and files."""
        if "crash" in result:
            self.problem("traceback", str(result["crash"])[-1500:])
        left = set(map(id, self.world.guests))
        guests_gone = [guest for guest in operation.goes if id(guest) not in left]
        if not result.get("failed"):
            for guest in operation.goes:
                if id(guest) in left and operation.explicit(guest) and not guest.renamed:
                    self.problem("guest stays", f"{guest.name}, and nothing says why")
        disks = [file for guest in guests_gone for file in guest.disks]
        named = {item["name"] for item in operation.arguments["config"] if item.get("state") == "absent"}
        disks += [file for file in self.departing if file.made_for in named]
        if result.get("failed") and operation.storage_goes:
            self.departing += disks
        for one in gone:
            self.judge_gone(operation, one, disks)
        if gone and "nothing was changed" in said(result) and any(one.name != operation.by_hand for one in gone):
            self.problem("said that nothing changed", said(result))
        if not happened:
            self.judge_stays(operation, result, {id(one.file) for one in gone}, guests_gone)

    def judge_gone(self, operation: Operation, gone: Gone, disks: list[File]) -> None:
        """Whether a file was rightly deleted.

        :param disks: those of the guests that went: a volume never goes by the note that it was made for a guest
        """
        file, name, users = gone
        if users:
            self.problem("lost", f"{name} is used by {', '.join(users)}")
        elif file in operation.needed:
            self.problem("lost", f"{name} is needed by what the same call declares")
        elif operation.module == "domains":
            if not (operation.storage_goes and file in disks):
                self.problem("lost", f"{name} was not to go")
            elif not file.ours:
                self.problem("lost", f"{name} was not made by the collection")
            elif file.made_for is None:
                self.problem("lost", f"{name} was declared as a volume of its own")
        elif file not in operation.volumes:
            self.problem("lost", f"{name} was not to go")
        self.deleted += 1

    def judge_stays(self, operation: Operation, result: Result, gone: set[int], guests_gone: list[Guest]) -> None:
        """Whether what had to go went, and whether it is said why something stays."""
        words = said(result)
        if operation.module == "domains":
            asked = [file for guest in guests_gone for file in guest.disks if operation.storage_goes and file.ours]
        else:
            asked = operation.volumes
            if result.get("failed") and not operation.purges:
                return  # All of it is refused.
        if "input is refused" in words and not result.get("changed"):
            return
        for file in {id(file): file for file in asked}.values():
            if id(file) in gone or file.disputed or not self.seen(operation, file):
                continue
            users = self.world.users(file)
            if users or file in operation.needed:
                self.kept += 1
                if not named(file, words, operation):
                    self.problem("said nothing", f"{file.path} stays for {users}, and it is not said")
                elif file in operation.needed:
                    continue  # That the same call declares it is reason enough.
                elif self.must_go(operation, file, guests_gone) and not any(user in words for user in users):
                    self.problem("said the wrong reason", f"{file.path} stays for {users}; said was: {words}")
            elif operation.module == "domains" and file.made_for is None:
                self.kept += 1
                if not named(file, words, operation):
                    self.problem("said nothing", f"{file.path} was declared as a volume, and that it stays is not said")
            elif not file.doubtful and not self.world.used(file) and self.must_go(operation, file, guests_gone):
                self.problem("stays for nothing", f"{file.path}; said was: {words}")

    def seen(self, operation: Operation, file: File) -> bool:
        """Whether the collection can see a file as a volume; one that it purges, as that which it noted."""
        pools = [pool for pool in self.world.pools_of(file) if pool.active]
        return any(pool.name == file.pool for pool in pools) if operation.purges and not operation.goes else bool(pools)

    def must_go(self, operation: Operation, file: File, guests_gone: list[Guest]) -> bool:
        """Whether a file that nobody uses is provably nobody else's."""
        if operation.module == "domains":
            if not any(pool.name == file.pool for pool in self.world.pools_of(file)):
                return False
            owners = [guest for guest in guests_gone if guest.uses(file)]
            return len(owners) == 1 and file.made_for == owners[0].name and file in owners[0].disks
        return any(pool.name == file.pool and pool.active for pool in self.world.pools_of(file)) or not file.ours

    def judge_told(
        self,
        operation: Operation,
        result: Result,
        said_before: Result | None,
        before: tuple[dict[str, Fingerprint], Names],
        after: dict[str, Fingerprint],
    ) -> None:
        """Whether the report is true, and check mode said the same."""
        failed, words = bool(result.get("failed")), said(result)
        if operation.purges and operation.module == "volumes" and "input is refused" in words:
            self.problem("one stops all", words)
        reasons = (" is also a disk of ", ", which runs with it: ", ", as guests have it, and not ")
        refused = any(reason in words for reason in reasons)
        going = [file for guest in operation.goes for file in guest.disks]
        shared = refused and any(self.world.users(file) or file in going for file in operation.needed)
        disputed = any(file.disputed for file in operation.volumes)
        if failed and not operation.refusable and not shared and not disputed:
            self.problem("failed for nothing", words)
        same = all(after.get(name) == print_ for name, print_ in before[0].items()) and self.guests() == before[1]
        if not same and ("nothing was changed" in words or not result.get("changed")):
            self.problem("said that nothing changed", words)
        if said_before is not None:
            if bool(said_before.get("failed")) != failed and HARD not in operation.refusable:
                self.problem("check mode differs", f"it said {said(said_before)!r}, the run {words!r}")
            elif said_before.get("changes") != result.get("changes") and not failed:
                self.problem("check mode differs", f"{said_before.get('changes')} and {result.get('changes')}")
        told = deletions(result)
        for name in before[0].keys() - after.keys():
            if not any(f"{pool.name}/{os.path.basename(name)}" in told for pool in self.world.pools):
                self.problem("not told", f"{name} is gone, and no change says so")
        for key in told:
            pool, _slash, volume = key.partition("/")
            place = next((found.place for found in self.world.pools if found.name == pool), None)
            if place is not None and os.path.lexists(f"{place}/{volume}"):
                self.problem("told, not done", f"{key} is said to be gone")


def named(file: File, words: str, operation: Operation) -> bool:
    """Whether words name a file. What a user writes into ``xml`` may be a secret, and is shown as one."""
    if "(secret)" in words and any("xml" in item for item in operation.arguments["config"]):
        return True
    return any(name in words for name in (file.name, *file.spellings, *file.names))


TOLD = ("failed", "changed", "changes", "msg", "warnings", "crash")


def deletions(result: Result) -> set[str]:
    """The volumes that a report says are gone, as POOL/VOLUME."""
    found = set()
    for change in result.get("changes") or []:
        for text in (change["path"], change["resource"]):
            whole = text == change["path"] or change["path"] == "state"
            if whole and text.startswith("volume ") and change["after"] in ("absent", None):
                found.add(text.removeprefix("volume "))
    return found


def clean(connection: t.Any, world: World) -> None:
    """Take away all that a round has made, also where it broke off."""
    flags = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    for domain in connection.listAllDomains(0):
        persistent = domain.isPersistent()
        if domain.isActive():
            domain.destroy()
        if persistent:
            domain.undefineFlags(flags | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM)
    for pool in connection.listAllStoragePools(0):
        if pool.isActive():
            pool.destroy()
        pool.undefine()
    for device in world.loops:
        world.sh(f"losetup -d {device}", check=False)
    for process in world.exports:
        process.kill()
        process.wait()
    # Also those of a round that was broken off.
    world.sh(f"awk '$2 ~ \"^{BASE}/\" {{print $2}}' /proc/mounts | xargs -r umount -l", check=False)
    world.sh(f"rm -rf --one-file-system {BASE} /var/lib/virtfleet/storage.json")
