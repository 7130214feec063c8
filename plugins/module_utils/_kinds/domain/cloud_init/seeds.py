# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds of guests: the disk with what cloud-init does in a guest, a volume that is made from the guest's options.

The rule: the seed of the guest NAME is the volume ``NAME-seed.img`` of the pool of the guest's first disk, where that
is one of files, else of the pool ``default``. One that the guest has stays where it is. All of this is planned by
functions that change nothing; a seed is known by the alias of its disk, and its volume by what was noted of it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.rows.model import Change, Host, Item
from ...._engine.step import Step
from ...._errors import Invalid, VirtfleetError
from ...._host import seed_image
from ...._host.files import bases, in_place_of_file
from ...._libvirt.objects import Connection
from ...._printing import spelled_out
from ...._shell_words import ShellWord
from ...._storage.manifest import ManifestEntries, filled_by_another
from ...._storage.removal import because
from ...._storage.storage_observe import ObservedPool, another, identity, problem_of, source_place
from ...._storage.users import StorageUsers, is_local
from ...shared.derived_values import targets
from ...shared.lacking import FOREIGN
from ...volume.storage_plan import FUTURE, Owner, plan_volume
from ...volume.storage_rules import MADE_DIRECTORIES
from ..disks.guest_disks import ASIDE, DISKS, Needed, key_of, name_volumes, target_of
from . import nocloud
from .options import ALIAS, DRIVE_ALIAS, is_drive, is_seed
from .seed_adoption import AdoptedSeed, belongs, files_on, is_of_guest, path_of, refusal
from .seed_files import content_of, files_of, refuse_another_reader

LETTERS = 26
"""Targets among which that of a seed is the last: the first ones are for the guest's own disks."""

WHERE = "cloud_init"


@dataclasses.dataclass(frozen=True)
class Refilling:
    """A seed that is made anew in place of the one that is there.

    :param key: its volume, POOL/VOLUME
    :param files: what will be on it
    :param content: what tells them from those of another seed
    :param identity: what tells the volume from another one in its place
    :param same: whether it is of the same instance as the one that is there
    :param change: the path of the changes that it brings
    """

    key: str
    files: nocloud.SeedFiles = dataclasses.field(repr=False)
    content: str
    identity: str | None
    same: bool
    change: str = WHERE


def any_seed(wants: t.Iterable[Item], have: t.Mapping[str, Observed]) -> bool:
    """Whether any guest has a seed, or is to have one or none."""
    return any(
        WHERE in want or (want["name"] in have and seed_of(have[want["name"]].definition) is not None)
        for want in wants
        if want["state"] != "absent"
    )


def is_here(connection: Connection) -> bool:
    """Whether the files of a libvirt can be looked at."""
    if connection is None:
        return False
    uri = str(connection.getURI())
    return is_local(uri) and not uri.startswith(FOREIGN)


def seed_of(root: ET.Element) -> ET.Element | None:
    """The seed among the disks of a definition."""
    return next((disk for disk in root.iterfind("devices/disk") if is_seed(disk)), None)


def resolve(
    want: Item, have: Observed | None, pools: t.Mapping[str, ObservedPool], noted: ManifestEntries, here: bool = False
) -> tuple[Item, list[Needed]]:
    """A guest with its seed among its disks, and the volume that this needs.

    A list of disks that is left out is written out with those that are there; one that leaves the seed out keeps it.

    :param want: the guest, with its disks by what they are on
    :param noted: what is noted of the host's volumes
    :param here: whether the host's files can be looked at

    Raises Invalid where another disk is declared at the place of the seed.
    """
    node = None if have is None else seed_of(have.definition)
    if want["state"] == "absent" or (node is None and want.get(WHERE) is None):
        return want, []
    if WHERE not in want and "disks" not in want:
        return want, []
    listed = want["disks"] if "disks" in want else [{"target": target_of(disk)} for disk in without_seed(have)]
    index = next((index for index, disk in enumerate(listed) if stands_for(disk, node, f"disks[{index}]")), None)
    if WHERE in want and want[WHERE] is None:
        kept = [disk for spot, disk in enumerate(listed) if spot != index]
        return {**want, "disks": kept}, []
    disk: Item = {"target": None if node is None else target_of(node)}
    needed: list[Needed] = []
    spot = len(listed) if index is None else index
    if want.get(WHERE) is not None:
        key = old_seed(want, have, node, pools, noted, here)
        disk, need = placed(want, have, listed, node, pools, spot, key)
        needed = [need]
    disk = disk if index is None else {**listed[index], **disk}
    return {**want, "disks": [*listed[:spot], disk, *listed[spot + 1 :]]}, needed


def old_seed(
    want: Item,
    have: Observed | None,
    node: ET.Element | None,
    pools: t.Mapping[str, ObservedPool],
    noted: ManifestEntries,
    here: bool,
) -> str | None:
    """The volume that a guest has as its seed, if it was made for it; also where it has an image laid over that.

    :param node: the disk that it has as its seed
    """
    place = None if node is None else source_place(node.find("source"))
    key = None if place is None else key_of(place, pools)
    if is_ours(noted.get(key or "", {}), want["name"]) or (here and is_of_guest(want, have, node, pools)):
        return key
    below = [key_of(base, pools) for base in bases(path_of(place or "", pools))] if here else []
    return next((base for base in below if is_ours(noted.get(base or "", {}), want["name"])), None)


def refuse_place(want: Item, have: Observed | None) -> None:
    """Raises Invalid where a disk is declared at the place of the seed that a guest has: it would be taken for that."""
    node = None if have is None else seed_of(have.definition)
    for index, disk in enumerate(want.get("disks") or []):
        stands_for(disk, node, f"disks[{index}]")


def without_seed(have: Observed | None) -> list[ET.Element]:
    """The disks of a guest but for its seed."""
    return [] if have is None else [disk for disk in DISKS.nodes(have.definition) if not is_seed(disk)]


def stands_for(disk: Item, node: ET.Element | None, where: str) -> bool:
    """Whether a declared disk is the seed that the guest has. Raises Invalid where it is another one at its place."""
    if node is None:
        return False
    place = source_place(node.find("source"))
    if disk.get("target") != target_of(node):
        return bool(place) and disk.get("file") == place
    asked = [disk[name] for name in ("file", "block", "volume", *ASIDE) if disk.get(name) is not None]
    if asked not in ([], [place]):
        raise Invalid(f"{where}.target", f"{disk['target']} is that of the guest's seed (cloud_init): give another one")
    return True


def placed(
    want: Item,
    have: Observed | None,
    listed: t.Sequence[Item],
    node: ET.Element | None,
    pools: t.Mapping[str, ObservedPool],
    spot: int,
    key: str | None,
) -> tuple[Item, Needed]:
    """The disk of a seed, and the volume that it needs.

    :param key: the one that the guest has, if it was made for this guest
    """
    drive = is_drive(want[WHERE])
    refuse_another_reader(node, drive)
    target = free_target(listed, have, "sd" if drive else "vd") if node is None else target_of(node)
    if key is not None:
        pool, _slash, name = key.partition("/")
        return {"target": target}, needed(want, pool, name, spot, kept=True)
    pool, name = pool_for(listed, have, pools), f"{want['name']}-seed.img"
    known = pools.get(pool) or FUTURE.get(pool)
    folder = None if known is None or known.type not in MADE_DIRECTORIES else known.target
    source: Item = {"volume": name, "pool": pool} if folder is None else {"file": os.path.join(folder, name)}
    bus = {"bus": "usb", "alias": DRIVE_ALIAS} if drive else {"bus": "virtio", "alias": ALIAS}
    more: Item = {} if node is not None else {**bus, "readonly": True}
    return {**source, "target": target, "format": "raw", **more}, needed(want, pool, name, spot, kept=False)


def needed(want: Item, pool: str, name: str, spot: int, kept: bool) -> Needed:
    """The volume of a seed."""
    return Needed(spot, {"name": name, "pool": pool, "state": "present", "format": "raw", "seed": want[WHERE]}, kept)


def free_target(listed: t.Iterable[Item], have: Observed | None, kind: str = "vd") -> str:
    """The target of a new seed: the last of those with one letter that is free."""
    taken = {disk.get("target") for disk in listed} | {target_of(disk) for disk in without_seed(have)}
    names = targets(kind)
    first = [next(names) for _number in range(LETTERS)]
    return next((name for name in reversed(first) if name not in taken), None) or next(
        name for name in names if name not in taken
    )


def pool_for(listed: t.Sequence[Item], have: Observed | None, pools: t.Mapping[str, ObservedPool]) -> str:
    """The pool of a new seed: that of the first disk where it holds files, else ``default``."""
    there = {target_of(disk): source_place(disk.find("source")) for disk in without_seed(have)}
    for disk in listed:
        if disk.get("device") in ("cdrom", "floppy"):
            continue
        place = disk.get("file") or there.get(disk.get("target"))
        key = f"{disk['pool']}/" if disk.get("pool") else None if place is None else key_of(place, pools)
        pool = (key or "").partition("/")[0]
        return pool if pool in pools and pools[pool].type in MADE_DIRECTORIES else "default"
    return "default"


def overlay(have: Observed | None, need: Needed, pools: t.Mapping[str, ObservedPool]) -> str | None:
    """What is said of a seed that changes while its guest has an image laid over it; None where it has none."""
    node = None if have is None or not need.kept else seed_of(have.definition)
    place = None if node is None else source_place(node.find("source"))
    if have is None or node is None or place is None or key_of(place, pools) == need.key:
        return None
    name = ShellWord(have.definition.findtext("name") or "")
    return (
        f"the guest has {spelled_out(place)} as its seed, which is laid over {need.key}, as after a snapshot: merge it"
        f" first (virsh blockcommit {name:sh} {target_of(node)} --active --pivot, while {name} runs)"
    )


def is_ours(facts: t.Mapping[str, str], guest: str) -> bool:
    """Whether a volume is noted as a seed that was made for a guest."""
    return facts.get("guest") == guest and "seed" in facts


@dataclasses.dataclass
class Seeds:
    """Plans the volumes of seeds that are there, and that are to be.

    :param noted: what is noted of the host's volumes
    :param here: whether the host's files can be looked at
    :param check: whether nothing will be carried out
    :param users: tells who uses what; asked only where a volume is there that the guest does not have
    """

    noted: ManifestEntries
    pools: t.Mapping[str, ObservedPool]
    host: Host
    here: bool
    check: bool
    users: t.Callable[[], StorageUsers] | None = None

    def plan(
        self, plan: Plan, need: Needed, volume: Observed | None, have: Observed | None
    ) -> tuple[list[Step], list[Change]]:
        """The steps and changes of one seed; none where its volume is another one, which is the guest's obstacle.

        Raises Invalid where what is declared cannot be.
        """
        root = definition(plan, have)
        try:
            facts, steps = self.looked_at(plan, need, volume, root)
            if volume is None:
                return self.making(plan, need, root)
            more, changes = self.refilling(plan, need, volume, root, facts)
        except Invalid as error:
            raise Invalid(f"{WHERE}.{error.where}" if error.where else WHERE, error.problem) from None
        except VirtfleetError as error:
            plan.obstacle = f"{WHERE}: {error}"
            return [], []
        steps += more
        over = overlay(have, need, self.pools) if steps else None
        if over is not None:
            plan.obstacle = f"{WHERE}: {over}"
            return [], []
        if not steps and facts.keys() & {"part", "former", "filling"}:
            steps = [Step("settle_seed", need.key)]
        return steps, changes

    def looked_at(
        self, plan: Plan, need: Needed, volume: Observed | None, root: ET.Element
    ) -> tuple[t.Mapping[str, str], list[Step]]:
        """What is noted of a seed, and the step that notes it again where it was made elsewhere.

        Raises VirtfleetError where the volume that is there is not known to be that of this guest.
        """
        facts = self.noted.get(need.key, {})
        problem = filled_by_another(need.key, facts) or problem_of(volume)
        if problem is not None:
            raise VirtfleetError(problem)
        if volume is None:
            return facts, []
        path = volume.definition.findtext("target/path")
        others = () if need.kept or self.users is None else self.users().uses(need.key, path)
        who = list(dict.fromkeys(use.who for use in others if use.guest not in (None, plan.name)))
        if who:
            raise VirtfleetError(f"the volume {need.key} {because(who, ())}: give them a seed of their own before")
        if is_ours(facts, plan.name) and not another(facts, volume.definition):
            return facts, []
        adopted = self.adopted(plan, need, volume, root.findtext("uuid"))
        return adopted.facts, [Step("adopt_seed", adopted)]

    def adopted(self, plan: Plan, need: Needed, volume: Observed, uuid: str | None) -> AdoptedSeed:
        """A seed that was made for the guest elsewhere. Raises VirtfleetError where that is not known.

        :param uuid: that of the guest
        """
        facts, path = self.noted.get(need.key, {}), volume.definition.findtext("target/path") or ""
        now = in_place_of_file(path) if self.here else None
        lacking = seed_image.missing() if self.here and now is None else None
        if lacking is not None:
            raise VirtfleetError(lacking)
        files = files_on(path) if self.here else None
        if files is None or not belongs(files, uuid, need.item["seed"]):
            raise VirtfleetError(refusal(need.key, path, is_ours(facts, plan.name)))
        kept: dict[str, str] = {name: str(facts[name]) for name in ("owner", "part", "filling") if name in facts}
        image = hashlib.sha256(seed_image.content_of(path) or b"").hexdigest()
        kept |= {"guest": plan.name, "format": "raw", "image": image, "seed": content_of(need.item["seed"], files)}
        sign = identity(volume.definition)
        return AdoptedSeed(need.key, sign, kept if sign is None else {**kept, "identity": sign})

    def making(self, plan: Plan, need: Needed, root: ET.Element) -> tuple[list[Step], list[Change]]:
        """A seed that is not there yet."""
        files = files_of(need.item["seed"], plan.name, root.findtext("uuid") or plan.name, root)
        content = content_of(need.item["seed"], files)
        item = {**need.item, "capacity": seed_image.size_of(files), "seed": files, "content": content}
        inner = plan_volume(None, item, self.host, self.pools, Owner(plan.name, need.index, WHERE))
        plan.warnings += inner.warnings
        self.look_for_tools(plan)
        if not need.kept:
            name_volumes(plan, need)
        changes = [Change(f"{WHERE}.volume", change.before, change.after) for change in inner.changes]
        return list(inner.steps), changes

    def refilling(
        self, plan: Plan, need: Needed, volume: Observed, root: ET.Element, facts: t.Mapping[str, str]
    ) -> tuple[list[Step], list[Change]]:
        """A seed that is there, with what will be on it where that differs.

        :param facts: what is noted of it
        """
        first, seed = root.findtext("uuid") or plan.name, need.item["seed"]
        if not need.kept:
            name_volumes(plan, need)
        wanted = content_of(seed, files_of(seed, plan.name, first, root))
        image = seed_image.content_of(volume.definition.findtext("target/path") or "") if self.here else b""
        if image is not None and facts.get("image") == hashlib.sha256(image).hexdigest() and facts["seed"] == wanted:
            return [], []
        if not self.here or not self.look_for_tools(plan):
            return [], []
        before = (None if image is None else seed_image.read(image)) or {}
        instance = nocloud.instance_of(before) or first
        if seed.get("instance_id") == "renew" and before and content_of(seed, before) != wanted:
            instance = nocloud.next_instance(instance)
        files = files_of(seed, plan.name, instance, root)
        changes = [Change(f"{WHERE}.{name}", *sides) for name, sides in nocloud.parts(before, files).items()]
        same = nocloud.instance_of(before) == nocloud.instance_of(files)
        value = Refilling(need.key, files, wanted, facts.get("identity"), same)
        return ([Step("fill_seed", value)] if files != before else []), changes

    def look_for_tools(self, plan: Plan) -> bool:
        """Hold a guest back whose seed the host has no tools for; in check mode, the role ``host`` may install them."""
        lacking = seed_image.missing() if self.here else None
        if lacking is None:
            return True
        if self.check:
            plan.warnings.append(f"{WHERE}: {lacking}")
        else:
            plan.obstacle = f"{WHERE}: {lacking}"
        return False


def definition(plan: Plan, have: Observed | None) -> ET.Element:
    """The definition that a guest will have."""
    text = next((step.value for step in plan.steps if step.action == "define"), None)
    if text is not None:
        return ET.fromstring(text)
    return ET.Element("domain") if have is None else have.definition
