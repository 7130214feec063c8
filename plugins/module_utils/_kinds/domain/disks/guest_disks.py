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

from ...._engine import xml_merge
from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.rows.group import Group
from ...._engine.rows.model import Change, Host, Item, Scope
from ...._engine.rows.row_index import body
from ...._engine.step import Step, StepPlace
from ...._errors import Invalid
from ...._storage.storage_observe import ObservedPool, problem_of, source_place
from ...image import bases
from ...image.declared import MARK
from ...volume.disk_encryption import of_disk
from ...volume.storage_plan import FUTURE, Owner, plan_volume
from ...volume.storage_rules import MADE_DIRECTORIES, made_format, odd_name
from ..table import DOMAIN

MADE = ("size", "image", "backing")
"""Options of which each asks for a volume."""

FILLINGS = ("image", "clone_from")
"""Options of a volume that a disk's ``image`` becomes. Another ``backing`` of a volume that is there is refused."""

ASIDE = (*MADE, "checksum", "image_timeout", MARK)
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
    :param loose: whether the user names no format, so that a volume that is there keeps its own
    :param refusal: what is said where the volume is not there: a disk moves to a copy, and never to a new volume
    :param named: whether the user names the volume
    :param base: the base image that a new volume is made from, if its image is a declared one
    :param copied: whether it is made from the disk of the original of a clone
    """

    index: int
    item: Item
    kept: bool
    loose: bool = False
    refusal: Invalid | None = None
    named: bool = False
    base: bases.Base | None = None
    copied: bool = False

    @property
    def key(self) -> str:
        return f"{self.item['pool']}/{self.item['name']}"


def makes_any_disk(wants: t.Iterable[Item]) -> bool:
    """Whether any guest has a disk that is to be made."""
    return any(is_made_or_grown(disk) for want in wants for disk in want.get("disks") or [])


def is_made_or_grown(disk: Item) -> bool:
    """Whether a disk is to be made or grown."""
    return any(disk.get(name) is not None for name in MADE)


def resolve(
    want: Item, have: Observed | None, pools: t.Mapping[str, ObservedPool], host: Host
) -> tuple[Item, list[Needed]]:
    """A guest with its disks given by what they are on, and the volumes that these need.

    Raises Invalid where a disk cannot be what is declared.
    """
    disks = want.get("disks") or []
    if want["state"] == "absent" or not any(disk.keys() & set(ASIDE) for disk in disks):
        return want, []
    nodes = [] if have is None else DISKS.nodes(have.definition)
    there = [DISKS.keyed(node) for node in nodes]
    partners = DISKS.partners(disks, there, [], DISKS.spots_apart(nodes))
    known = [disk if spot is None else {**there[spot], **disk} for disk, spot in zip(disks, partners, strict=True)]
    out: list[Item] = []
    needed: list[Needed] = []
    for index, (disk, partner) in enumerate(zip(disks, partners, strict=True)):
        if partner is None and disk.get("target") is None:
            siblings = (*known[:index], *known[index + 1 :])
            disk = placed(disk, Scope("domain", want["name"], host, index, disk, siblings))
            known[index] = disk
        if is_made_or_grown(disk):
            place = None if partner is None else source_place(nodes[partner].find("source"))
            loose = place is None and disk.get("format") is None
            if partner is not None and disk.get("target") is None:
                disk = {**disk, "target": there[partner].get("target")}
            refusal: Invalid | None = None
            volume: Item | None
            named = disk.get("volume") is not None
            if place is None:
                disk, volume = encrypted(fresh(want["name"], disk, pools), f"disks[{index}]")
            else:
                disk, volume, refusal = there_already(want["name"], disk, place, pools, f"disks[{index}]")
                loose = refusal is not None and disk.get("format") is None
            if volume is not None:
                kept = place is not None and refusal is None
                needed.append(Needed(index, volume, kept, loose and "format" in volume, refusal, named))
        out.append({name: value for name, value in disk.items() if name not in ASIDE})
    return {**want, "disks": out}, needed


def sealed(resolved: t.Iterable[tuple[Item, list[Needed]]]) -> set[str]:
    """The volumes of disks of which the user says that the host encrypts them."""
    return {
        need.key
        for want, needed in resolved
        for need in needed
        if "seed" not in need.item and want["disks"][need.index].get("encryption")
    }


def as_made(want: Item, needed: list[Needed], volumes: t.Mapping[str, Observed]) -> tuple[Item, list[Needed]]:
    """A guest whose new disks have the format of the volumes that are there already, unless the user names one.

    :param want: the guest as `resolve` gives it, with ``needed``
    :param volumes: those that are there
    """
    out: list[Needed] = []
    given = list(want.get("disks") or [])
    for need in needed:
        have = volumes.get(need.key) if need.loose else None
        form = None if have is None else have.definition.find("target/format")
        kind = None if form is None else form.get("type")
        if kind in ("raw", "qcow2"):
            given[need.index] = {**given[need.index], "format": kind}
            need = dataclasses.replace(need, item={**need.item, "format": kind})
        out.append(need)
    return ({**want, "disks": given}, out) if out else (want, needed)


def placed(disk: Item, scope: Scope) -> Item:
    """A new disk with its target, as the table's rows give it one."""
    disk = dict(disk)
    for row in body(DISKS.fields).serving({"bus": None, "target": None}):
        row.complete(disk, scope.at(disk), [], "")
    return disk


def fresh(guest: str, disk: Item, pools: t.Mapping[str, ObservedPool]) -> tuple[Item, Item]:
    """A disk on a volume that is named after it, and the volume."""
    where = disk.get("pool") or "default"
    pool = pools.get(where) or FUTURE.get(where)
    files = pool is None or pool.type in (*MADE_DIRECTORIES, "gluster")
    declared = disk.get(MARK)
    laid_over = disk.get("backing") or (declared is not None and declared.overlaid) or None
    form = disk.get("format") or (made_format({**disk, "backing": laid_over, "pool": None}) if files else "raw")
    volume_name = disk.get("volume") or f"{guest}-{disk['target']}.{form}"
    volume: Item = {"name": volume_name, "pool": where, "state": "present"}
    if disk.get("size") is not None:
        volume["capacity"] = disk["size"]
    if files:
        volume["format"] = form
        if form == "raw" and laid_over is None:
            volume["allocation"] = 0  # Left out, libvirt would take all of it from the pool at once.
    image = disk.get("image")
    if declared is not None:
        volume[MARK] = declared
    elif image is not None:
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


def encrypted(disk_and_volume: tuple[Item, Item], option: str) -> tuple[Item, Item]:
    """A new disk and its volume, which is encrypted as the disk is to be. Raises Invalid where it cannot be."""
    disk, volume = disk_and_volume
    encryption, problem = of_disk(disk)
    if (encryption is None and problem is None) or volume.get("verbatim"):
        return disk_and_volume  # An image that is encrypted is copied as it is.
    if problem is not None:
        raise Invalid(f"{option}.encryption", problem)
    return disk, {**volume, "encryption": encryption}


def there_already(
    guest: str, disk: Item, place: str, pools: t.Mapping[str, ObservedPool], where: str
) -> tuple[Item, Item | None, Invalid | None]:
    """A disk that the guest has, the volume to be grown, and what is said where that is not there.

    It stays on what it is on, unless the user names another volume: one that is there, such as a copy.
    """
    try:
        return (*existing(disk, place, pools, where), None)
    except Invalid as refusal:
        if disk.get("volume") is None:
            raise
        return (*encrypted(fresh(guest, disk, pools), where), refusal)


def without_foreseen(
    resolved: t.Iterable[tuple[Item, list[Needed]]], foreseen: t.Mapping[str, object]
) -> list[tuple[Item, list[Needed]]]:
    """Guests with the volumes that they need, but for copies that an earlier task in check mode would have made.

    :param foreseen: the volumes of the forecast
    """
    return [
        (want, [need for need in needed if need.refusal is None or foreseen.get(need.key) is None])
        for want, needed in resolved
    ]


def existing(disk: Item, place: str, pools: t.Mapping[str, ObservedPool], where: str) -> tuple[Item, Item | None]:
    """A disk that stays on what it is on, and that as a volume to be grown; None where nothing is to grow."""
    key = key_of(place, pools)
    if key is None:
        if disk.get("size") is None:
            return stripped(disk), None
        stopped = next((name for name, facts in pools.items() if facts.target == os.path.dirname(place)), None)
        pool_words = "which is in no pool" if stopped is None else f"in the pool {stopped}, which is not active"
        remedy = "declare a pool for the folder" if stopped is None else "start the pool"
        raise Invalid(
            f"{where}.size",
            f"the disk is on {place}, {pool_words}, so its size cannot be told; leave size out, or {remedy}",
        )
    pool, _slash, name = key.partition("/")
    for option, value in (("pool", pool), ("volume", name)):
        if disk.get(option) not in (None, value):
            raise Invalid(
                f"{where}.{option}",
                f"the disk is on {place}, and does not move to another {option} by itself: declare a copy in"
                f" kvm_volumes (clone_from: {key}), and name its pool and volume here",
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


def key_of(place: str, pools: t.Mapping[str, ObservedPool]) -> str | None:
    """The volume that a path is, or a volume's identity as it is; None for what is in no pool."""
    if not place.startswith("/"):
        return place
    folder, name = os.path.split(place)
    return next((f"{pool}/{name}" for pool, facts in pools.items() if facts.active and facts.target == folder), None)


def amend(
    plan: Plan,
    needed: t.Sequence[Needed],
    volumes: t.Mapping[str, Observed],
    pools: t.Mapping[str, ObservedPool],
    host: Host,
    found: bases.Bases | None = None,
) -> None:
    """Put the volumes that a guest's disks need into its plan, before all else. Raises Invalid.

    :param found: the base images that volumes are made from
    """
    steps: list[Step] = []
    changes: list[Change] = []
    for need in needed:
        where = f"disks[{need.index}]"
        have = volumes.get(need.key)
        if need.refusal is not None and have is None:
            raise need.refusal
        if need.kept and have is None:
            raise Invalid(where, f"its volume {need.key} is gone; put it back, or name another disk")
        problem = problem_of(have)
        if problem is not None:
            raise Invalid(where, f"its volume {need.key}: {problem}")
        try:
            inner = plan_volume(have, need.item, host, pools, Owner(plan.name, need.index, where, need.copied))
        except Invalid as error:
            option = "size" if error.where == "capacity" else error.where
            raise type(error)(f"{where}.{option}" if option else where, error.problem) from None
        if need.base is not None and found is not None:
            found.add(plan, need.base, Owner(plan.name, need.index, where))
            inner.changes = [bases.shown(change, need.base) for change in inner.changes]
        steps += inner.steps
        for change in inner.changes:
            name = "size" if change.path == "capacity" else "volume"
            changes.append(Change(f"{where}.{name}", change.before, change.after))
        plan.warnings += inner.warnings
        odd = odd_name(need.item["name"], str(need.item.get("format"))) if need.loose and have is None else None
        if odd is not None:
            plan.warnings.append(f"{where}: {odd}")
        if not need.kept:
            plan.warnings += found_there(where, need, have)
            name_volumes(plan, need)
    plan.steps.add(StepPlace.NEEDED, *steps)
    plan.changes[:0] = changes


def found_there(where: str, need: Needed, have: Observed | None) -> list[str]:
    """What to say of a volume that a new disk is on, and that is there with what is on it.

    One that the user names, and asks nothing of but its size, is meant to be there.
    """
    filled = any(need.item.get(option) is not None for option in FILLINGS)
    if have is None or (need.named and not filled):
        return []
    sentence = f"{where}: the volume {need.key} is there already, and is kept with what is on it"
    return [f"{sentence}; image is not used" if filled else sentence]


def name_volumes(plan: Plan, need: Needed) -> None:
    """Tell a new disk by its volume, which is known also where its path is not yet."""
    for index, change in enumerate(plan.changes):
        if change.path == "definition" and isinstance(change.after, dict):
            disks = list(change.after["disks"])
            disks[need.index] = by_volume(disks[need.index], need)
            plan.changes[index] = dataclasses.replace(change, after={**change.after, "disks": disks})
        elif change.path == f"disks[{need.index}]" and isinstance(change.after, dict):
            plan.changes[index] = dataclasses.replace(change, after=by_volume(change.after, need))


def by_volume(disk: Item, need: Needed) -> Item:
    """A disk as its volume."""
    rest = {name: value for name, value in disk.items() if name not in ("file", "block", "volume", "pool")}
    return {"volume": need.item["name"], "pool": need.item["pool"], **rest}


def formats_in(xml: object) -> dict[str | None, str]:
    """The formats that a guest's option xml gives to disks that stay on what they are on, by their targets."""
    try:
        root = None if xml is None else xml_merge.parse(xml, "domain")
    except ValueError:
        root = None  # What is wrong with it is said where it is planned.
    found = {}
    for disk in () if root is None else root.findall("devices/disk"):
        driver = disk.find("driver")
        if driver is not None and driver.get("type") and disk.find("source") is None:
            found[target_of(disk)] = str(driver.get("type"))
    return found


def target_of(disk: ET.Element) -> str | None:
    """The name of a disk in its guest, such as ``vda``."""
    target = disk.find("target")
    return None if target is None else target.get("dev")
