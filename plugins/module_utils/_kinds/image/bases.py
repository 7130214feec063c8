# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base images: the volumes in which a host keeps the images that are declared.

The name of one is that of the image and the beginning of its checksum, so a new version of an image is another volume.
It is made when the first disk of it is, and is only read from then on. The manifest notes which image it is, and of
which content: what has merely the same name is none.
"""

from __future__ import annotations

import dataclasses
import os
import stat
import time
import typing as t

from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._engine.rows.model import Change, Host, Item
from ..._engine.step import Step, StepPlace
from ..._errors import Invalid, VirtfleetError
from ..._flow.options import KindOptions
from ..._libvirt.objects import Connection
from ..._libvirt.process import made_by_another
from ..._printing import masked_url
from ..._storage import storage_observe
from ..._storage.manifest import Manifest
from ..._storage.new_volumes import Forestalled, Making
from ..._storage.removal import listed
from ..._storage.storage_observe import ObservedPool, another
from ..._storage.survey_users import all_users
from ..volume.half_made import half_made
from ..volume.storage_plan import Owner, plan_making
from ..volume.storage_rules import MADE_DIRECTORIES, format_by_name, volume_key
from .declared import MARK, DeclaredImage, filled_from, is_name, refuse_undeclared
from .products import Version

LETTERS = 12
"""How many hex digits of what tells an image from others are in the name of its volume."""

READ_ONLY = "0444"
"""The mode of a base image. QEMU of a guest that is laid over it only reads it."""

STEP = "make_base"


@dataclasses.dataclass(frozen=True)
class Base:
    """A version of an image.

    :param image: what is declared
    :param version: where it comes from, and what it must have
    :param arch: the architecture of the host, as libvirt calls it
    """

    image: DeclaredImage
    version: Version
    arch: str = ""

    @property
    def content(self) -> str:
        """What tells it from other versions: its checksum, or where it comes from."""
        return self.version.content

    @property
    def key(self) -> str:
        """The volume that it is, as POOL/VOLUME."""
        sign = self.content.partition(":")[2][:LETTERS]
        return f"{self.image.pool}/{self.image.name}-{sign}.{self.image.form}"

    @property
    def item(self) -> Item:
        """The options of the volume."""
        pool, _slash, name = self.key.partition("/")
        found: Item = {
            "name": name,
            "pool": pool,
            "state": "present",
            "format": self.image.form,
            "image": self.version.place,
            "permissions": {"mode": READ_ONLY},
            "verbatim": self.image.form == "raw",
        }
        found.update({} if self.version.checksum is None else {"checksum": self.version.checksum})
        found.update({"arch_of_host": self.arch} if self.image.is_sent else {})
        return found if self.image.seconds is None else {**found, "image_timeout": self.image.seconds}


class Bases:
    """The base images that the plans of one call need.

    :param connection: None for a host without libvirt
    :param pools: the pools of the host
    """

    def __init__(self, connection: Connection, host: Host, pools: t.Mapping[str, ObservedPool]) -> None:
        self.connection, self.host, self.pools = connection, host, pools
        self.known: dict[DeclaredImage, Base | str] = {}
        self.there: dict[str, bool | str] = {}
        self.needed: dict[str, Base] = {}

    def of(self, image: DeclaredImage) -> Base:
        """The version of an image that new disks get, which is asked for once. Raises VirtfleetError."""
        if image not in self.known:
            try:
                self.known[image] = self.found(image)
            except VirtfleetError as error:
                self.known[image] = str(error)
        found = self.known[image]
        if isinstance(found, str):
            raise VirtfleetError(found)
        return found

    def found(self, image: DeclaredImage) -> Base:
        """The version of an image that there is now. Raises VirtfleetError where that cannot be told, or kept."""
        pool = self.pools.get(image.pool)
        if pool is not None and pool.type not in MADE_DIRECTORIES:
            raise VirtfleetError(
                f"the image {image.name} cannot be kept in the pool {image.pool}, which is of type {pool.type}: name a"
                " pool of files"
            )
        base = Base(image, self.version(image), self.host.arch)
        self.is_there(base)
        return base

    def refuse_form(self, volume: Item, image: DeclaredImage) -> None:
        """Raise Invalid for a new volume that cannot be made of an image, whatever is in that."""
        form, pool = volume.get("format"), self.pools.get(str(volume["pool"]))
        files = pool is None or pool.type in (*MADE_DIRECTORIES, "gluster")
        if image.overlaid and (form not in (None, "qcow2") or not files):
            raise Invalid(
                "format",
                "only a qcow2 in a pool of files can be laid over an image: leave format out, take such a pool, or"
                " write mode: copy in the image",
            )
        if (form or format_by_name(str(volume["name"]))) == "iso" and image.form != "raw":
            raise Invalid("format", f"the host keeps the image as {image.form}; write format: raw in the image")

    def version(self, image: DeclaredImage) -> Version:
        """The version of an image that new disks get. Raises VirtfleetError where it cannot be found."""
        locked = image.locked_version(self.host.arch)
        if locked is not None:
            return locked
        return image.version_now(self.host.arch)

    def is_there(self, base: Base) -> bool:
        """Whether the host has a version of an image. Raises VirtfleetError where something else has its name."""
        if base.key not in self.there:
            self.there[base.key] = self.look(base)
        found = self.there[base.key]
        if isinstance(found, str):
            raise VirtfleetError(found)
        return found

    def look(self, base: Base) -> bool | str:
        """Whether the host has a version of an image, or what is wrong with what has its name."""
        if self.connection is None:
            return False
        found = storage_observe.volumes(self.connection, {base.key}).get(base.key)
        manifest = Manifest(self.connection.getURI())
        noted = manifest.entries("volumes").get(base.key, {})
        if found is None or is_away(found):
            return self.gone(base) or False
        if "making" in noted:
            half = half_made(self.connection, {base.key: found})
            problem = half.in_use.get(base.key) or half.doubtful.get(base.key)
            more = "if nobody needs it, delete it with state: absent of the module virtfleet.kvm.volumes, and run again"
            return False if problem is None else f"{problem}; {more}"
        if not manifest.kept:
            return True
        what = "is there, and was not made of the image"
        if is_base(noted, found, base.content):
            if not is_changed(noted, found):
                return True
            what = "was written to since it was made, so it is no more the image"
        return (
            f"the volume {base.key} {what} {base.image.name}: delete it if nobody uses it, or give the image another"
            " name"
        )

    def gone(self, base: Base) -> str | None:
        """Why a base image that is not there must not be made: disks may be laid over it that are of another content.

        With a checksum, it has the content that it had.
        """
        pool = self.pools.get(base.image.pool)
        if base.version.checksum is not None or pool is None or pool.target is None or not pool.active:
            return None
        users = all_users(self.connection)
        path = os.path.join(pool.target, base.key.partition("/")[2])
        holders = [who for who in users.of(base.key, path) if who not in users.doubts]
        if not holders:
            return None
        return (
            f"the volume {base.key} is gone, and {listed(holders)} would be laid over a new one, which may be another"
            f" image, as the image {base.image.name} has no checksum: put the volume back, delete what is laid over it,"
            " or give the image another name"
        )

    def add(self, entry: Plan, base: Base, owner: Owner | None = None) -> None:
        """Have a plan make a base image first, if the host does not have it.

        Each plan that needs it has the step: of the others, one may fail before it. The second finds it there.

        :param owner: the disk that needs it, if it is one of a guest
        """
        if not self.is_there(base):
            inner = plan_making(base.item, self.host, self.pools, None)
            making = next(step.value for step in inner.steps if isinstance(step.value, Making))
            facts = {"base": base.image.name, "content": base.content}
            facts.update({} if base.version.serial is None else {"serial": base.version.serial})
            disk = None if owner is None else owner.disk
            entry.steps.add(StepPlace.NEEDED, Step(STEP, dataclasses.replace(making, facts=facts, disk=disk)))

    def for_volumes(
        self, wants: t.Iterable[Item], have: t.Collection[str], images: t.Mapping[str, DeclaredImage]
    ) -> tuple[list[Item], dict[str, str]]:
        """Volumes, each new one with the base image that it is made from; and what is wrong with images, by volume.

        What a volume was made from does not count any more once it is there.

        :param have: the volumes that are there, as POOL/VOLUME
        :param images: those that are declared
        """
        given: list[Item] = []
        unfit: dict[str, str] = {}
        wants = list(wants)
        new = {str(volume_key(want)) for want in wants if want["state"] != "absent"} - set(have)
        for want in wants:
            key, image = str(volume_key(want)), want.get("image")
            if not is_name(image) or want["state"] == "absent":
                given.append(want)
                continue
            bare = {name: value for name, value in want.items() if name != "image"}
            try:
                if key not in have:
                    refuse_undeclared(str(image), images)
                    self.refuse_form({**want, "pool": key.partition("/")[0]}, images[str(image)])
                    base = self.of(images[str(image)])
                    refuse_taken(base, new)
                    self.needed[key] = base
                    bare = filled_from({**bare, MARK: images[str(image)]}, base.key)
            except VirtfleetError as error:
                unfit[key] = str(error) if isinstance(error, Invalid) else f"image: {error}"
                bare = {**bare, "capacity": bare.get("capacity") or 1}  # It is not made; nothing else is said of it.
            given.append(bare)
        return given, unfit

    def first(self, plans: list[Plan]) -> list[Plan]:
        """The plans of volumes, each with the base image that it needs."""
        for entry in plans:
            base = self.needed.get(entry.name)
            if base is not None and entry.steps:
                self.add(entry, base)
                entry.changes = [shown(change, base) for change in entry.changes]
        return plans


def refuse_taken(base: Base, new: t.Container[str]) -> None:
    """Raise VirtfleetError where a base image has the name of another new volume, which would be in its place.

    :param new: the volumes that are to be made, as POOL/VOLUME
    """
    if base.key in new:
        raise VirtfleetError(
            f"the volume {base.key}, which is also to be made, has the name of the base image, in which the host keeps"
            f" the image {base.image.name}: give it another name"
        )


def is_away(found: Observed) -> bool:
    """Whether libvirt lists a volume whose file somebody has deleted."""
    folder = os.path.dirname(found.definition.findtext("target/path") or "")
    return not storage_observe.is_there(found.definition) and os.path.isdir(folder)


def written(path: str) -> str | None:
    """By what it is seen that somebody has written to a file: its size and the time; None for what is no file."""
    try:
        state = os.lstat(path)
    except (OSError, ValueError):
        return None
    return f"{state.st_size} {state.st_mtime_ns}" if stat.S_ISREG(state.st_mode) else None


def is_changed(noted: t.Mapping[str, str], found: Observed) -> bool:
    """Whether somebody has written to a base image since it was made, as far as that was noted."""
    stamp = noted.get("stamp")
    return stamp is not None and stamp != written(found.definition.findtext("target/path") or "")


def is_base(noted: t.Mapping[str, str], found: Observed, content: str) -> bool:
    """Whether a volume is the base image of some content.

    :param noted: what is noted of it
    """
    return noted.get("content") == content and "making" not in noted and not another(noted, found.definition)


def shown(change: Change, base: Base) -> Change:
    """The change that is a new volume, with the image that it is made of."""
    if not isinstance(change.after, dict):
        return change
    image = f"{base.image.name} from {masked_url(base.version.place)}{base.version.origin}"
    return dataclasses.replace(change, after={**change.after, "image": image})


def make_base(connection: Connection, name: str, step: Step, options: KindOptions) -> t.Iterator[None]:
    """Make a base image, unless it is there by now. If another run is making it, this one waits for that.

    Raises VirtfleetError where it cannot be made, or the other run takes too long.
    """
    from ..._host.download import TIMEOUT
    from ..volume import volume_image
    from ..volume.volume_actions import volume_define

    making: Making = step.value
    deadline = time.monotonic() + float(making.item.get("image_timeout") or TIMEOUT)
    while True:
        other = made_by_another(making.key, noted_of(connection, making))
        if other is not None:
            if time.monotonic() >= deadline:
                raise VirtfleetError(other)
            yield
            continue
        if is_made(connection, making):
            volume_image.current.done(volume_image.Source(str(making.item["image"])))
            return
        facts = {**making.facts, "fetched": str(time.time_ns())}
        try:
            fetched = dataclasses.replace(making, item=sent(making, options), facts=facts)
            volume_define(connection, name, Step(STEP, fetched), options)
            note_written(connection, making)
            return
        except Forestalled:
            busy = made_by_another(making.key, noted_of(connection, making)) is not None
            if not busy and not is_made(connection, making):
                raise


def sent(making: Making, options: KindOptions) -> Item:
    """The options of a base image, with the file of it that the control node has sent, if the image comes that way.

    Raises VirtfleetError where it has not sent it.
    """
    if making.item.get("arch_of_host") is None:
        return making.item
    file = options.brought.files.get(making.facts["content"])
    if file is None:
        raise VirtfleetError(
            f"the control node has not sent the image {making.facts['base']}, as this host still had it when the task"
            " began: run again"
        )
    if "problem" in file:
        raise VirtfleetError(file["problem"])
    return {**making.item, "sent": file}


def note_written(connection: Connection, making: Making) -> None:
    """Note when a base image was written, which nobody does from then on."""
    found = storage_observe.volumes(connection, {making.key}).get(making.key)
    stamp = None if found is None else written(found.definition.findtext("target/path") or "")
    if stamp is not None:
        Manifest(connection.getURI()).add("volumes", making.key, stamp=stamp)


def noted_of(connection: Connection, making: Making) -> t.Mapping[str, str]:
    """What is noted of a volume that is to be made."""
    return Manifest(connection.getURI()).entries("volumes").get(making.key, {})


def is_made(connection: Connection, making: Making) -> bool:
    """Whether a base image that is to be made is there by now."""
    found = storage_observe.volumes(connection, {making.key}).get(making.key)
    if found is None or is_away(found):
        return False
    manifest = Manifest(connection.getURI())
    return not manifest.kept or is_base(noted_of(connection, making), found, making.facts["content"])
