# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests' disks that are given by size: made as volumes, grown in place, and removed with the guest.

The rule: the disk TARGET of the guest NAME is the volume ``NAME-TARGET.FORMAT`` of the pool
``default``, unless the user names another volume or pool. A disk that exists keeps what it is on,
whatever its name, and its size grows that. All of this is planned by pure functions.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.body import Item, body
from .._engine.context import Change, Host, Scope
from .._engine.match import pair
from .._engine.plan import Observed, Plan
from .._engine.step import Step
from .._engine.structs import Group
from .._errors import Invalid
from .._tables.domain import DOMAIN
from .._tables.storage import MADE_DIRECTORIES
from .manifest import Entries
from .removal import Judge, because, going, order
from .storage_observe import Pool, another, identity, problem_of, source_place
from .storage_plan import FUTURE, plan_volume
from .users import Users

MADE = ("size", "image", "backing")
"""Options of which each asks for a volume."""

ASIDE = (*MADE, "checksum", "image_timeout")
"""Options that are for the volume alone."""

DEVICES = ("logical", "disk", "zfs", "iscsi", "scsi", "mpath")
"""Pools whose volumes are devices."""

DISKS = t.cast(Group, next(row for row in DOMAIN.rows if "disks" in row.names))


@dataclasses.dataclass(frozen=True)
class Needed:
    """A volume that a disk needs.

    :param index: the disk's place in the list
    :param item: the volume's options
    :param kept: whether the disk is there already, and this is what it is on
    """

    index: int
    item: Item
    kept: bool

    @property
    def key(self) -> str:
        return f"{self.item['pool']}/{self.item['name']}"


def asks(wants: t.Iterable[Item]) -> bool:
    """Whether any guest has a disk that is to be made."""
    return any(wanted(disk) for want in wants for disk in want.get("disks") or [])


def wanted(disk: Item) -> bool:
    """Whether a disk is to be made or grown."""
    return any(disk.get(name) is not None for name in MADE)


def resolve(want: Item, have: Observed | None, pools: t.Mapping[str, Pool], host: Host) -> tuple[Item, list[Needed]]:
    """A guest with its disks given by what they are on, and the volumes that these need.

    Raises Invalid where a disk cannot be what is declared.
    """
    disks = want.get("disks") or []
    if want["state"] == "absent" or not any(disk.keys() & set(ASIDE) for disk in disks):
        return want, []
    nodes = [] if have is None else DISKS.nodes(have.definition)
    there = [DISKS.keyed(node) for node in nodes]
    partners = pair(disks, there, DISKS.keys, DISKS.rekey, ())
    known = [disk if spot is None else {**there[spot], **disk} for disk, spot in zip(disks, partners, strict=True)]
    out: list[Item] = []
    needed: list[Needed] = []
    for index, (disk, partner) in enumerate(zip(disks, partners, strict=True)):
        if partner is None and disk.get("target") is None:
            siblings = (*known[:index], *known[index + 1 :])
            disk = placed(disk, Scope("domain", want["name"], host, index, disk, siblings))
            known[index] = disk
        if wanted(disk):
            place = None if partner is None else source_place(nodes[partner].find("source"))
            if partner is not None and disk.get("target") is None:
                disk = {**disk, "target": there[partner].get("target")}
            if place is None:
                disk, volume = fresh(want["name"], disk, pools)
            else:
                disk, volume = existing(disk, place, pools, f"disks[{index}]")
            if volume is not None:
                needed.append(Needed(index, volume, place is not None))
        out.append({name: value for name, value in disk.items() if name not in ASIDE})
    return {**want, "disks": out}, needed


def placed(disk: Item, scope: Scope) -> Item:
    """A new disk with its target, as the table's rows give it one."""
    disk = dict(disk)
    for row in body(DISKS.fields).serving({"bus": None, "target": None}):
        row.complete(disk, scope.at(disk), [], "")
    return disk


def fresh(guest: str, disk: Item, pools: t.Mapping[str, Pool]) -> tuple[Item, Item | None]:
    """A disk on a volume that is named after it, and the volume."""
    where = disk.get("pool") or "default"
    pool = pools.get(where) or FUTURE.get(where)
    files = pool is None or pool.type in (*MADE_DIRECTORIES, "gluster")
    form = disk.get("format") or ("qcow2" if files else "raw")
    volume_name = disk.get("volume") or f"{guest}-{disk['target']}.{form}"
    volume: Item = {"name": volume_name, "pool": where, "state": "present"}
    if disk.get("size") is not None:
        volume["capacity"] = disk["size"]
    if files:
        volume["format"] = form
        if form == "raw" and disk.get("backing") is None:
            volume["allocation"] = 0  # Left out, libvirt would take all of it from the pool at once.
    image = disk.get("image")
    if image is not None:
        volume["image" if image.startswith("/") or "://" in image else "clone_from"] = image
        volume["verbatim"] = disk.get("format") == "raw"
    for name in ("checksum", "image_timeout"):
        if disk.get(name) is not None:
            volume[name] = disk[name]
    if disk.get("backing") is not None:
        volume["backing"] = {"volume": disk["backing"]}
    disk = {**disk, "format": form}
    if disk.get("volume") is None and pool is not None and pool.target is not None:
        path = os.path.join(pool.target, volume_name)
        if pool.type in MADE_DIRECTORIES:
            return {**stripped(disk), "file": path}, volume
        if pool.type in DEVICES:
            return {**stripped(disk), "block": path}, volume
    return {**disk, "volume": volume_name, "pool": where}, volume


def existing(disk: Item, place: str, pools: t.Mapping[str, Pool], where: str) -> tuple[Item, Item | None]:
    """A disk that stays on what it is on, and that as a volume to be grown; None where nothing is to grow."""
    key = key_of(place, pools)
    if key is None:
        if disk.get("size") is None:
            return stripped(disk), None
        raise Invalid(
            f"{where}.size",
            f"the disk is on {place}, which is in no pool, so its size cannot be told;"
            " leave size out, or declare a pool for the folder",
        )
    pool, _slash, name = key.partition("/")
    for option, value in (("pool", pool), ("volume", name)):
        if disk.get(option) not in (None, value):
            raise Invalid(
                f"{where}.{option}",
                f"the disk is on {place}, and does not move to another {option} by itself;"
                " copy it, and name the copy in file, block or volume",
            )
    volume: Item = {"name": name, "pool": pool, "state": "present"}
    if disk.get("size") is not None:
        volume["capacity"] = disk["size"]
    if disk.get("format") is not None:
        volume["format"] = disk["format"]
    return stripped(disk), volume


def stripped(disk: Item) -> Item:
    """A disk without what says where it is, so that it stays there."""
    return {name: value for name, value in disk.items() if name not in ("type", "pool", "volume")}


def key_of(place: str, pools: t.Mapping[str, Pool]) -> str | None:
    """The volume that a path is, or a volume's identity as it is; None for what is in no pool."""
    if not place.startswith("/"):
        return place
    folder, name = os.path.split(place)
    return next((f"{pool}/{name}" for pool, facts in pools.items() if facts.active and facts.target == folder), None)


def amend(
    plan: Plan,
    needed: t.Sequence[Needed],
    volumes: t.Mapping[str, Observed],
    pools: t.Mapping[str, Pool],
    host: Host,
) -> None:
    """Put the volumes that a guest's disks need into its plan, before all else. Raises Invalid."""
    steps: list[Step] = []
    changes: list[Change] = []
    for need in needed:
        where = f"disks[{need.index}]"
        have = volumes.get(need.key)
        if need.kept and have is None:
            raise Invalid(where, f"its volume {need.key} is gone; put it back, or name another disk")
        problem = problem_of(have)
        if problem is not None:
            raise Invalid(where, f"its volume {need.key}: {problem}")
        try:
            inner = plan_volume(have, need.item, host, pools, plan.name)
        except Invalid as error:
            option = "size" if error.where == "capacity" else error.where
            raise Invalid(f"{where}.{option}" if option else where, error.problem) from None
        for step in inner.steps:
            steps.append(Step({"define": "make_volume", "grow": "grow_volume"}[step.action], step.value))
        for change in inner.changes:
            name = "size" if change.path == "capacity" else "volume"
            changes.append(Change(f"{where}.{name}", change.before, change.after))
        plan.warnings += inner.warnings
        if not need.kept:
            name_volumes(plan, need)
    plan.steps[:0] = steps
    plan.changes[:0] = changes


def name_volumes(plan: Plan, need: Needed) -> None:
    """Tell a new disk by its volume, which is known also where its path is not yet."""
    for index, change in enumerate(plan.changes):
        if change.path == "definition" and isinstance(change.after, dict):
            disks = list(change.after["disks"])
            disks[need.index] = told(disks[need.index], need)
            plan.changes[index] = dataclasses.replace(change, after={**change.after, "disks": disks})
        elif change.path == f"disks[{need.index}]" and isinstance(change.after, dict):
            plan.changes[index] = dataclasses.replace(change, after=told(change.after, need))


def told(disk: Item, need: Needed) -> Item:
    """A disk as its volume."""
    rest = {name: value for name, value in disk.items() if name not in ("file", "block", "volume", "pool")}
    return {"volume": need.item["name"], "pool": need.item["pool"], **rest}


class Leaving(t.NamedTuple):
    """A volume of a guest that goes, and may go with it.

    :param plan: the guest's plan
    :param origin: where the guest has it, or its identity
    :param note: the name under which it is noted as made
    """

    plan: Plan
    origin: str
    note: str


def removals(
    plans: t.Sequence[Plan],
    have: t.Mapping[str, Observed],
    volumes: t.Mapping[str, Observed],
    pools: t.Mapping[str, Pool],
    made: Entries,
    users: Users,
) -> None:
    """Plan that the volumes of guests go after them: only those that were made by this collection.

    What is not removed is said. An ISO in a drive is not the guest's own, so nothing is said of it.

    :param plans: those of the guests that go
    :param volumes: those of the host that are noted as made
    :param made: what is noted of them
    :param users: who uses what, with what is declared in the same run
    """
    left: dict[str, list[Leaving]] = {}
    same: dict[str, str] = {}
    for plan in plans:
        seen: set[str] = set()
        for name, origin in storage_of(plan.name, have.get(plan.name), pools, made).items():
            key = name if name in volumes else users.key_at(origin) or name
            if key in seen:
                continue
            seen.add(key)
            note = noted(key, volumes.get(key), made)
            if note is None:
                plan.warnings.append(f"its disk {origin} stays: this collection did not make it")
            elif problem_of(volumes.get(key)) is not None:
                plan.warnings.append(f"its disk {origin} stays: {problem_of(volumes[key])}")
            elif key in volumes and another(made[note], volumes[key].definition):
                plan.warnings.append(f"its disk {origin} stays: somebody made it anew in place of this collection's")
            elif key in volumes and "making" in made[note] and "identity" not in made[note]:
                plan.warnings.append(f"its disk {origin} stays: the run that made it did not get to its end")
            elif key in volumes:
                path = volumes[key].definition.findtext("target/path") or ""
                # Of two pools over one folder, both have it.
                name = next((sign for sign in sorted(users.signs(path)) if sign.startswith("name ")), key)
                left.setdefault(same.setdefault(name, note if note in volumes else key), []).append(
                    Leaving(plan, origin, note)
                )
    places = {key: volumes[key].definition.findtext("target/path") for key in left}
    names = [plan.name for plan in plans]
    free, kept = order(Judge(users, names), places)
    for key, holders in kept.items():
        for plan, origin, _note in left[key]:
            plan.warnings.append(f"its disk {origin} stays: it {because(holders, users.doubts)}")
    for key, after in free.items():
        plan, _origin, note = left[key][0]
        others = {use.guest for use in users.uses(key, places[key]) if use.guest in names} - {plan.name, None}
        step = dataclasses.replace(
            going(key, volumes[key], after),
            guest=plan.name,
            note=note,
            others=tuple(sorted(str(other) for other in others)),
        )
        plan.changes.append(Change(f"volume {key}", "present", "absent"))
        plan.steps.append(Step("delete_volume", step))


def noted(key: str, volume: Observed | None, made: Entries) -> str | None:
    """The name under which a volume is noted as made: its own, or that of another pool over the same folder."""
    sign = None if volume is None else identity(volume.definition)
    if key in made and (sign is None or made[key].get("identity") in (None, sign)):
        return key
    other = next((name for name, facts in made.items() if sign is not None and facts.get("identity") == sign), None)
    return other or (key if key in made else None)


def storage_of(guest: str, have: Observed | None, pools: t.Mapping[str, Pool], made: Entries) -> dict[str, str]:
    """The volumes of a guest: those of its disks, and those that were made for it; and where they are."""
    found: dict[str, str] = {}
    trees = [] if have is None else [tree for tree in (have.definition, have.live) if tree is not None]
    for tree in trees:
        for disk in tree.iterfind("devices/disk"):
            place = source_place(disk.find("source"))
            if place is not None and is_own(disk):
                found[key_of(place, pools) or place] = place
    for key, facts in made.items():
        if facts.get("guest") == guest:
            found.setdefault(key, key)
    return found


def is_own(disk: ET.Element) -> bool:
    """Whether a disk is the guest's to write on, and no other's."""
    if disk.get("device", "disk") not in ("disk", "lun"):
        return False
    return all(paths.find(disk, (tag,)) is None for tag in ("readonly", "shareable"))
