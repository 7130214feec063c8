# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of volumes. What goes wrong says what to do."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._flow.kind import Action
from ..._flow.options import Options
from ..._host import meter
from ..._host.part_files import part_name
from ..._libvirt.connection import cut, ended, lacks, libvirt, message_of
from ..._libvirt.objects import Connection, StoragePool, Volume
from ..._libvirt.process import made_by_another
from ..._storage import removal_notes
from ..._storage.manifest import Manifest
from ..._storage.new_volumes import Forestalled, Making
from ..._storage.noted_formats import SAME
from ..._storage.removal import Going, InUse, NotRemoved, last_look, refuse_used, to_be_removed
from ..._storage.storage_observe import active_pool, identity, lookup, refresh, runs_with, unseen
from ..._storage.survey_users import all_users
from ..._storage.users import is_local
from ..domain.cloud_init import seed_fill
from ..domain.cloud_init.seed_fill import SeedImage
from ..domain.guest_options import GuestOptions
from ..image.bases import make_base
from ..secret.volume_users import noted_secret
from ..shared.storage_values import CAPACITY
from . import volume_blank, volume_image, volume_renamed
from .copies import COPIED, facts_of
from .half_made import NewVolume, clear_parts, half_made, letter_name
from .storage_plan import slack
from .storage_rules import MADE_DIRECTORIES
from .volume_blank import blank
from .volume_fill import create, enlarge, fill, filling, lay_over
from .volume_image import Source
from .volume_size import file_size

MARGIN = 10.0
"""Seconds that a guest's volume waits for another guest, beyond what that one has to shut down."""


def volume_define(connection: Connection, name: str, step: Step, options: Options) -> None:
    """Make a volume, and note that the collection made it. Raises VirtfleetError, which names the disk of a guest."""
    making: Making = step.value
    try:
        with meter.subject(f"volume {making.key}"):
            make_noted(connection, making, options)
    except libvirt.libvirtError as error:
        if making.disk is None or cut(error) or ended(connection):
            raise
        raise VirtfleetError(f"{making.where}: {step.action}: {message_of(error)}") from None
    except VirtfleetError as error:
        if making.disk is None or error.__class__ not in (VirtfleetError, Forestalled):
            raise
        raise error.__class__(f"{making.where}: {error}") from None


def make_noted(connection: Connection, making: Making, options: Options) -> None:
    """Make a volume, and note that the collection made it. What cannot be noted is taken away again."""
    pool = active_pool(connection, making.pool)
    manifest = Manifest(connection.getURI())
    clear_away(connection, pool, making, manifest)
    root = ET.fromstring(making.xml)
    lay_over(connection, making, root)
    source = filling(connection, making)
    refuse_made(pool, making)
    facts = {} if making.guest is None else {"guest": making.guest}
    facts.update(making.facts)
    facts.update(noted_secret(root))
    facts.update(source.facts if isinstance(source, SeedImage) else {})
    if making.item.get("format") is not None:
        facts["format"] = str(making.item["format"])
    sealed = root.find("target/encryption")
    if sealed is not None:
        facts["encryption"] = sealed.get("format") or "default"
    if options.owner:
        facts["owner"] = options.owner
    manifest.begin(making.key, began=str(time.time_ns()), part=part_name(making.name), **facts)
    identities: list[str | None] = []
    try:
        sign = make(connection, pool, making, root, source)
        volume = lookup(pool, making.name)
        identities.append(sign or identity_of(volume if manifest.kept else None))
        refuse_larger(making, volume if manifest.kept else None)
        facts.update(facts_of(volume.path()) if volume is not None and making.copied and manifest.kept else {})
        manifest.put("volumes", making.key, **facts, **({} if identities[0] is None else {"identity": identities[0]}))
    except BaseException as error:
        take_back(pool, making, manifest, identities)
        if isinstance(error, libvirt.libvirtError) and "exist" in str(error):
            # It came between the last look and libvirt's own, so nothing was made.
            if manifest.entries("volumes").get(making.key, {}).get("identity") is None:
                manifest.drop("volumes", making.key)
            refuse_made(pool, making)
        raise


def refuse_made(pool: StoragePool, making: Making) -> None:
    """Raises Forestalled where somebody else made a volume by now, also as a file that libvirt does not know yet."""
    if unseen(pool, {making.name}):
        refresh(pool)
    if lookup(pool, making.name) is not None:
        raise Forestalled(f"somebody made a volume {making.key} meanwhile; run again to look at it")


def refuse_larger(making: Making, volume: Volume | None) -> None:
    """Raises VirtfleetError where a new volume is larger than declared: none shrinks, so it would be refused for ever.

    The file of an encrypted one is larger than its capacity.

    :param volume: what was made; None where it cannot be told, or be taken away
    """
    asked = making.item.get("capacity")
    root = ET.fromstring("<volume/>" if volume is None else volume.XMLDesc())
    if asked is None or making.item.get("encryption") or root.find("target/encryption") is not None:
        return
    form, node = root.find("target/format"), root.find("capacity")
    size = None if node is None else CAPACITY.decode(node, None)
    if size is not None and (form is None or form.get("type") in SAME or making.item.get("format") in SAME):
        size = min(size, file_size(root.findtext("target/path") or "") or 0)  # A header in it may tell any.
    if size is not None and not CAPACITY.same(size, asked, None) and size - asked >= slack(root):
        raise VirtfleetError(
            f"the volume came out as {CAPACITY.show(size)}, and not as {CAPACITY.show(asked)}, and none shrinks, so it"
            f" was taken away again: declare {CAPACITY.show(size)}, or another format"
        )


def identity_of(volume: Volume | None) -> str | None:
    """What tells a volume from another one in its place, as libvirt has it; None where it has none."""
    return None if volume is None else identity(ET.fromstring(volume.XMLDesc()))


def make(
    connection: Connection,
    pool: StoragePool,
    making: Making,
    root: ET.Element,
    source: Source | SeedImage | Volume | None,
) -> str | None:
    """Make a volume in the way that its pool and what fills it ask for.

    Returns what tells a file that was made here from another one; None where libvirt has made the volume.
    """
    item, definition = making.item, ET.fromstring(pool.XMLDesc(0))
    empty = blank(pool, root) if source is None else None
    by_libvirt = source is None and empty is None and volume_renamed.can_rename(pool)
    if (
        empty is None
        and not by_libvirt
        and (definition.get("type") not in MADE_DIRECTORIES or not isinstance(source, (Source, SeedImage)))
    ):
        if source is None:
            create(pool, root)
        else:
            fill(connection, pool, making, root, source)
        return None
    path = os.path.join(str(definition.findtext("target/path")), making.name)
    new = NewVolume(connection, making.key)
    if empty is not None:
        volume_blank.make(path, empty, new.note_file, new.part)
    elif by_libvirt:
        volume_renamed.make(pool, root, path, new.note_file, letter_name(new.part))
    elif isinstance(source, SeedImage):
        seed_fill.make(path, source, new.note_file, new.part)
    elif isinstance(source, Source):
        form, capacity, permissions = (item.get(name) for name in ("format", "capacity", "permissions"))
        volume_image.make(path, source, form, capacity, permissions, new.note_file, new.part)
    refresh(pool)
    return new.identity


def take_back(pool: StoragePool, making: Making, manifest: Manifest, identities: list[str | None]) -> None:
    """Take away a volume that was made and could not be noted, and the note that it was begun.

    What is there and is not known to be it stays, and so does the note: the next run finds out.

    :param identities: its identity once it was whole; empty before that
    """
    with contextlib.suppress(libvirt.libvirtError, VirtfleetError):
        there = lookup(pool, making.name)
        if there is not None and identities and identity(ET.fromstring(there.XMLDesc())) == identities[0]:
            there.delete(0)
            there = None
        if there is None:
            manifest.drop("volumes", making.key)


def clear_away(connection: Connection, pool: StoragePool, making: Making, manifest: Manifest) -> None:
    """Take away what a run left half-made that was killed, and let libvirt forget what others deleted.

    Raises Forestalled where a run still makes it, or where what is there may be another one.
    """
    facts = manifest.entries("volumes").get(making.key, {})
    copy = facts.get(COPIED) is not None and making.copied
    noted = facts.get("making")
    other = made_by_another(making.key, facts)
    if other is not None:
        raise Forestalled(other)
    clear_parts(connection, pool, facts)
    volume = lookup(pool, making.name)
    if volume is None:
        return
    if noted is not None or copy:
        found = Observed(paths.document(volume.XMLDesc()), None, "present", {})
        half = half_made(connection, {making.key: found}, {making.key: str(making.guest)} if copy else {})
        if making.key not in half.ours:
            raise Forestalled(half.doubtful.get(making.key, f"{making.key} has been in use since: run again"))
        last_look(to_be_removed(making.key, found), volume)
        volume.delete(0)
    elif not os.path.lexists(volume.path()):
        refresh(pool)


def forget(connection: Connection, name: str, step: Step, options: object) -> None:
    """Forget that a run that was killed was making a volume: what is there now is somebody else's."""
    manifest = Manifest(connection.getURI())
    facts = manifest.entries("volumes").get(step.value, {})
    noted = facts.get("making")
    if noted is not None and made_by_another(step.value, facts) is None:
        clear_parts(connection, active_pool(connection, step.value.partition("/")[0]), facts)
        manifest.drop("volumes", step.value)


def note_declared(connection: Connection, name: str, step: Step, options: object) -> None:
    """Note of a volume that was made for a guest that somebody declares it: it does not go with the guest any more."""
    Manifest(connection.getURI()).add("volumes", step.value, declared="yes")


def spare(connection: Connection, name: str, step: Step, options: object) -> None:
    """Note of a volume that a run was about to delete that somebody else has it now: it stays for good."""
    removal_notes.spare(connection, step.value)


def volume_grow(connection: Connection, name: str, step: Step, options: object) -> None:
    """Make a volume larger. While a guest runs with it, only its QEMU may touch it."""
    pool = active_pool(connection, step.value["pool"])
    volume = pool.storageVolLookupByName(step.value["name"])
    capacity = step.value["capacity"]
    running = runs_with(connection, f"{pool.name()}/{volume.name()}", volume.path())
    if running is None:
        enlarge(connection, pool, volume, capacity, step.value.get("format"))
    else:
        domain, target = running
        domain.blockResize(target, capacity, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
        refresh(pool)


def volume_delete(connection: Connection, name: str, step: Step, options: object) -> None:
    """Delete a volume with its data, after a last look at what it is and who uses it.

    Raises Kept where it is not the one that was planned to go, somebody uses it by now, or a volume that
    is laid over it was to go first and did not.
    """
    plan: Going = step.value
    where, _slash, volume_name = plan.key.partition("/")
    try:
        for key in plan.after:
            over, _slash, overlay = key.partition("/")
            if lookup(active_pool(connection, over), overlay) is not None:
                raise VirtfleetError(f"delete: the volume {key} is laid over it, and is still there")
        pool = active_pool(connection, where)
        volume = find_volume(pool, volume_name)
        if volume is not None:
            last_look(plan, volume)
            refuse_used(plan, all_users(connection))
            last_look(plan, volume)
    except VirtfleetError as error:
        if isinstance(error, InUse) and plan.guest is not None:
            with contextlib.suppress(VirtfleetError):
                removal_notes.spare(connection, plan.note or plan.key)
        raise NotRemoved(plan.change, str(error)) from None
    try:
        if volume is not None:
            volume.delete(0)
    except libvirt.libvirtError as error:
        if cut(error) or ended(connection):
            raise
        if not lacks(error, "VIR_ERR_NO_STORAGE_VOL"):
            raise NotRemoved(plan.change, f"delete: {plan.key} stays: {message_of(error)}") from None
    Manifest(connection.getURI()).drop("volumes", plan.note or plan.key)


def find_volume(pool: StoragePool, name: str) -> Volume | None:
    """A volume of a pool; None where it is gone, also where libvirt has not seen that yet."""
    volume = lookup(pool, name)
    if volume is None or not is_local(pool.connect().getURI()):
        return volume
    path = volume.path()
    of_files = ET.fromstring(pool.XMLDesc(0)).get("type") in ("dir", "fs", "netfs")
    if not path.startswith("/") or os.path.lexists(path) or not of_files or not os.path.isdir(os.path.dirname(path)):
        return volume
    refresh(pool)
    return lookup(pool, name)


def guest_volume_delete(connection: Connection, name: str, step: Step, options: GuestOptions) -> t.Iterator[None]:
    """Delete a volume of a guest that is gone, once the others are gone that use it and go in the same run.

    Raises Kept where a guest of its name is there, be it a new one, or where the others stay.
    """
    plan: Going = step.value
    deadline = time.monotonic() + options.shutdown_timeout + MARGIN
    while waiting(connection, plan):
        if time.monotonic() >= deadline:
            raise NotRemoved(plan.change, f"delete: {plan.key} stays: {waiting(connection, plan)} is still there")
        yield
    if any(domain.name() == name for domain in connection.listAllDomains(0)):
        raise NotRemoved(plan.change, f"delete_volume: a guest {name} is still defined, so its volume {plan.key} stays")
    volume_delete(connection, name, step, options)


def waiting(connection: Connection, plan: Going) -> str | None:
    """What goes in the same run, and before a volume, and is still there; in words."""
    if plan.others:
        there = {domain.name() for domain in connection.listAllDomains(0)}
        for other in plan.others:
            if other in there:
                return f"the guest {other}"
    for key in plan.after:
        pool, _slash, overlay = key.partition("/")
        if lookup(active_pool(connection, pool), overlay) is not None:
            return f"the volume {key}"
    return None


ACTIONS: dict[str, Action] = {
    "make_base": make_base,
    "define": volume_define,
    "grow": volume_grow,
    "delete": volume_delete,
    "forget": forget,
    "note_declared": note_declared,
}
