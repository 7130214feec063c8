# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan volumes: look up what the plan needs to know of the host."""

from __future__ import annotations

import contextlib
import typing as t

from ..._engine.plan import Plan
from ..._engine.rows.model import Host
from ..._engine.step import Step, StepPlace
from ..._errors import VirtfleetError
from ..._flow.kind import Have, Wants
from ..._flow.options import Options
from ..._libvirt.objects import Connection
from ..._libvirt.process import made_by_another
from ..._storage import storage_observe
from ..._storage.manifest import Manifest
from ..._storage.noted_formats import SAME
from ..._storage.survey_users import all_users
from ..._storage.users import StorageUsers
from ..domain.disks.disk_formats import WRITE_FORMAT
from ..image.bases import Bases
from ..image.declared import declared_images
from ..shared import bare_host, declared_uses
from . import readiness, storage_plan
from .encryption import remembered
from .half_made import Half, half_made
from .half_made_open import refuse_half_made
from .storage_rules import volume_key
from .volume_formats import Formats, same_format
from .volumes_to_come import listed_later, pools_to_come


def plan_volumes(connection: Connection, have: Have, wants: Wants, host: Host, options: Options) -> list[Plan]:
    """Plan volumes, with the base images that they are made from. Who uses them is only asked where one is to go."""
    pools = pools_to_come(connection, options.forecast)
    found, images = Bases(connection, host, pools), declared_images(options)
    have = {**have, **listed_later(connection, options.forecast, (str(volume_key(want)) for want in wants), have)}
    if connection is None:
        given, unfit = found.for_volumes(wants, have, images)
        plans = found.first(storage_plan.plan_volumes(have, given, host, pools, StorageUsers()))
        bare_host.check(plans, wants, options.forecast)
        return refused(plans, unfit)
    going = any(want["state"] == "absent" and volume_key(want) in have for want in wants)
    users = all_users(connection, forecast=options.forecast) if going else StorageUsers()
    half = half_made(connection, have)
    noted = Manifest(connection.getURI()).entries("volumes")
    if going:
        unfilled = {*half.ours, *half.doubtful, *(key for key in noted if "making" in noted[key])}
        by_then = (set(have) - unfilled - options.forecast.gone("volume")) | options.forecast.made("volume")
        declared_uses.add_volumes(users, wants, by_then)
        declared_uses.add_uses(connection, users, options, by_then)
    sealed = {str(volume_key(want)) for want in wants if want.get("encryption")}
    there = declared_raw(connection, whole(connection, have, half, sealed), wants)
    given, unfit = found.for_volumes(wants, there, images)
    plans = found.first(storage_plan.plan_volumes(there, given, host, pools, users))
    refuse_unknown(connection, plans, wants, there)
    lost = [want for want in wants if want["state"] == "absent" and (want.get("pool") or "default") not in pools]
    for entry, want in zip(plans, wants, strict=True):
        say_doubt(entry, [entry.name], half.doubtful)
        refuse_half_made(connection, entry, half, noted)
        entry.obstacle = made_by_another(entry.name, noted.get(entry.name, {})) or entry.obstacle
        if want["state"] != "absent" and entry.name in have and is_a_guests(noted.get(entry.name, {})):
            entry.steps.add(StepPlace.AFTER, Step("note_declared", entry.name))
        if want in lost and entry.name in noted:
            entry.warnings.append(storage_observe.no_pool(entry.name.partition("/")[0]))
    readiness.check_volumes(connection, plans, wants, options)
    return refused(plans, unfit)


def refused(plans: list[Plan], unfit: t.Mapping[str, str]) -> list[Plan]:
    """Plans, with what is wrong with the images of some as their obstacle.

    :param unfit: what is wrong, by POOL/VOLUME
    """
    for entry in plans:
        entry.obstacle = unfit.get(entry.name, entry.obstacle)
    return plans


def is_a_guests(facts: t.Mapping[str, str]) -> bool:
    """Whether a volume was made for a guest, would go with it, and is whole."""
    return bool(facts.get("guest")) and not {"seed", "declared", "making"} & facts.keys()


def declared_raw(connection: Connection, volumes: Have, wants: Wants) -> Have:
    """Volumes, of which those are raw of which the user says so, and libvirt tells a header that is not whole."""
    formats: Formats | None = None
    found = dict(volumes)
    for want in wants:
        key = str(volume_key(want))
        node = found[key].definition.find("target/format") if key in found and want["state"] != "absent" else None
        if node is not None and want.get("format") in SAME and not same_format(node.get("type", "raw"), "raw"):
            formats = formats or Formats(connection)
            try:
                found[key] = formats.as_declared(key, found[key], None)
            except VirtfleetError:  # Its header is not whole: a guest wrote it into a raw disk, as the user says.
                with contextlib.suppress(VirtfleetError):  # Guests have it in different formats: it stays as it is.
                    found[key] = formats.as_declared(key, found[key], "raw")
    return found


def refuse_unknown(connection: Connection, plans: list[Plan], wants: Wants, volumes: Have) -> None:
    """Refuse volumes that are to grow, and of whose format nobody knows: each for itself, as a guest may do that."""
    formats: Formats | None = None
    for entry, want in zip(plans, wants, strict=True):
        if any(step.action == "grow" for step in entry.steps):
            formats = formats or Formats(connection)
            try:
                formats.as_declared(entry.name, volumes[entry.name], want.get("format"), WRITE_FORMAT)
            except VirtfleetError as error:
                entry.obstacle = f"format: {error}"


def whole(connection: Connection, volumes: Have, half: Half, sealed: t.Container[str] = ()) -> Have:
    """Volumes as they were made, without those that a run left half-made that was killed.

    :param sealed: those of which the user says that the host encrypts them
    :param connection: None for a host without libvirt, where nothing is known of what its files were
    """
    whole_volumes = {key: found for key, found in volumes.items() if key not in half.ours}
    if not whole_volumes or connection is None:
        return whole_volumes
    formats = Formats(connection)
    return remembered(formats.settle(whole_volumes, sealed), formats.noted.entries)


def say_doubt(entry: Plan, keys: t.Iterable[str], doubtful: t.Mapping[str, str]) -> None:
    """Say that volumes may be what a killed run left, and forget that it made them: they stay."""
    for key in keys:
        if key in doubtful:
            entry.warnings.append(doubtful[key])
            entry.steps.add(StepPlace.FORGET, Step("forget", key))
