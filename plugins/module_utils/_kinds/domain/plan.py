# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan guests, with the volumes of their disks: look up what the plan needs to know of the host, then plan."""

from __future__ import annotations

import functools
import typing as t

from ..._engine.plan import Plan, plan
from ..._engine.rows.model import Host, Item
from ..._engine.step import Step, StepPlace
from ..._errors import Invalid, Refused, Unchangeable, VirtfleetError, refuse_input
from ..._flow.kind import Have, Wants
from ..._libvirt.objects import Connection
from ..._storage import storage_observe
from ..._storage.manifest import Manifest, ManifestEntries
from ..._storage.new_volumes import Making
from ..._storage.removal_notes import definitions
from ..._storage.storage_observe import ObservedPool
from ..._storage.survey_users import all_users
from ..image.bases import STEP, Bases
from ..image.declared import declared_images, marked_disks
from ..shared import bare_host, declared_uses
from ..shared.renames import refuse_renamed
from ..volume.half_made import Half, being_made, half_made
from ..volume.half_made_open import refuse_half_made
from ..volume.plan import say_doubt, whole
from ..volume.volumes_to_come import listed_later
from . import autostarts, clones, made_before, readiness, short_image, undefine
from .apparmor import warn_of_volumes
from .careless_renames import warn_of_renames
from .cloud_init import seed_removal, seed_restarts, seeds
from .disks import defined_formats, disk_removal, from_images, guest_disks, same_image
from .disks.disk_formats import WRITE_FORMAT, DiskFormats
from .disks.disks_left import warn_of_kept, warn_of_left
from .disks.overlays import Overlays
from .disks.taken_volumes import refuse_taken
from .guest_options import GuestOptions
from .observe import DEFINITION
from .saved_guests import plan_starts
from .table import DOMAIN


def unknown_growth(forms: DiskFormats, entry: Plan, volumes: Have, have: Have) -> t.Iterator[str]:
    """A sentence for each disk of a guest that is off, that is to grow, and of whose format nobody knows.

    It refuses this guest alone, which may have brought it about.
    """
    there = have.get(entry.name)
    for step in entry.steps if there is not None and there.live is None else ():
        if step.action == "grow_volume":
            key = f"{step.value['pool']}/{step.value['name']}"
            try:
                forms.formats.as_declared(key, volumes[key], step.value.get("format"), WRITE_FORMAT)
            except VirtfleetError as error:
                yield f"{step.value['change']}: {error}"


def plan_guests(connection: Connection, have: Have, wants: Wants, host: Host, options: GuestOptions) -> list[Plan]:
    """Plan guests, with the volumes of their disks and what goes with those that go.

    What is wrong with a clone is often wrong with what another guest has, so it stops no other one.
    """
    return made_before.with_made(
        wants, have, options.forecast, lambda others: plan_others(connection, have, others, host, options)
    )


def plan_others(connection: Connection, have: Have, wants: Wants, host: Host, options: GuestOptions) -> list[Plan]:
    """Plan guests that no earlier task of a run in check mode makes (see plan_guests)."""
    try:
        return plan_all(connection, have, wants, host, options, {})
    except Refused:
        bad: dict[str, str] = {}
        for want in wants:
            if clones.is_new_clone(want, have):
                try:
                    plan_all(connection, have, [want], host, options, {})
                except Refused as error:
                    lines = [line.removeprefix(f"domain {want['name']}: ") for line in error.lines]
                    bad[str(want["name"])] = "; ".join(lines)
        if not bad:
            raise
    return plan_all(connection, have, wants, host, options, bad)


def plan_all(
    connection: Connection, have: Have, wants: Wants, host: Host, options: GuestOptions, bad: t.Mapping[str, str]
) -> list[Plan]:
    """Plan guests. Raises Refused for what is wrong with the input.

    :param bad: clones that are refused, each with the reason
    """
    forms = DiskFormats(connection, options.forecast)
    over = Overlays(forms)
    copies = clones.Clones(connection, options.forecast, lambda: forms.pools, bad)
    wants = copies.complete(short_image.for_new_only(wants, have), have)
    wants = marked_disks(wants, declared_images(options))
    wants = over.settle(wants, have)
    if guest_disks.makes_any_disk(wants) or options.remove_storage or seeds.any_seed(wants, have):
        plans, settled = plans_with_disks(forms, have, wants, host, options, copies)
    else:
        resolved, wrong = forms.settle([(want, []) for want in wants], have, host)
        refuse_input(wrong)
        settled = [want for want, _needed in resolved]
        alike = same_image.respelled(have, settled, lambda: forms.pools)
        plans = plan(DOMAIN, alike, settled, host, options.on_restart_needed)
    copies.tell(plans)
    forms.warn(plans)
    over.tell(plans)
    defined_formats.refuse_formats(forms, plans, wants, have)
    forms.hold_back(plans)
    refuse_renamed(connection, DEFINITION, plans, have)
    warn_of_renames(connection, plans, have, options)
    going = departures(connection, plans, have, options)
    warn_of_left(connection, plans, lambda: forms.pools, options.forecast)
    warn_of_kept(connection, plans, have, lambda: forms.pools, options)
    if connection is not None:
        plan_starts(connection, DOMAIN, plans, settled, have, host, options.on_restart_needed)
        warn_of_volumes(connection, plans)
        # Once it is known which guests start anew: they have their seeds until then.
        seed_removal.plan_removals(connection, plans, settled, have, forms.pools, options.forecast)
    if any(change.path == "nvram" and change.after is None for entry in plans for change in entry.changes):
        users = all_users(connection, forecast=options.forecast)
        declared_uses.add_guests(users, plans, wants, have)
        undefine.plan_nvram(connection, plans, have, users, going)
    for entry in plans:
        if entry.name in going:
            entry.steps.give("undefine", going[entry.name])
    check_host(connection, plans, wants, have, options)
    autostarts.warn(connection, plans, settled, have, options.forecast)
    return plans


def check_host(connection: Connection, plans: list[Plan], wants: Wants, have: Have, options: GuestOptions) -> None:
    """Refuse guests that the host is not ready for, or will not be once libvirt is there, each for itself."""
    if connection is None:
        bare_host.check(plans, wants, options.forecast)
        return
    readiness.check_guests(connection, plans, wants, have, options)
    hold_back_busy(connection, plans, wants)


def departures(
    connection: Connection, plans: list[Plan], have: Have, options: GuestOptions
) -> dict[str, undefine.Belongings]:
    """What goes with the guests that go, by their names. Raises VirtfleetError for what the user has not allowed."""
    found: dict[str, undefine.Belongings] = {}
    lines: list[str] = []
    for entry in plans:
        try:
            belongings = undefine.plan_departure(connection, entry, have.get(entry.name), options.belongings)
        except Invalid as error:
            lines.append(f"domain {entry.name}: {error}")
        else:
            found.update({} if belongings is None else {entry.name: belongings})
    refuse_input(lines)
    return found


def hold_back_busy(connection: Connection, plans: list[Plan], wants: Wants) -> None:
    """Hold back guests of which another run is making a volume: also those that are to go, for it makes them."""
    busy = being_made(connection)
    for entry, want in zip(plans, wants, strict=True) if busy else ():
        wanted = {
            step.value.key: step.value.where
            for step in entry.steps
            if isinstance(step.value, Making) and step.action != STEP
        }
        for key, facts, why in busy:
            if key in wanted:
                entry.obstacle = f"{wanted[key]}: {why}"
            elif want["state"] == "absent" and facts.get("guest") == entry.name:
                entry.obstacle = why


def plans_with_disks(
    forms: DiskFormats, have: Have, wants: Wants, host: Host, options: GuestOptions, copies: clones.Clones
) -> tuple[list[Plan], list[Item]]:
    """Plan guests with the volumes of their disks. Returns also the guests with their disks as what they are on."""
    connection, pools = forms.connection, forms.pools
    noted = {} if connection is None else Manifest(connection.getURI()).entries("volumes")
    resolved, lines = with_volumes(have, wants, host, pools, noted, seeds.is_here(connection))
    refuse_input(lines)
    resolved = guest_disks.without_foreseen(copies.mark(resolved), options.forecast.volumes)
    volumes, half, listed = volumes_there(forms, resolved, options)
    resolved, found = from_images.with_bases(forms, resolved, volumes, host)
    resolved, lines = forms.settle(
        [guest_disks.as_made(want, needed, volumes) for want, needed in resolved], have, host
    )
    refuse_input(with_doubts(lines, resolved, half))
    settled = [want for want, _needed in resolved]
    alike = same_image.respelled(have, settled, lambda: pools)
    plans = plan(DOMAIN, alike, settled, host, options.on_restart_needed)
    lines += shared(plans, resolved)
    users = functools.cache(lambda: all_users(connection, forecast=options.forecast))
    of_seeds = seeds.Seeds(noted, pools, host, seeds.is_here(connection), options.check, users)
    for entry, (want, needed) in zip(plans, resolved, strict=True):
        if entry.name in forms.refused:
            forms.refused[entry.name] += half_made_of(needed, half)
            continue
        try:
            plan_storage((of_seeds, found), entry, want, needed, volumes, have, options.on_restart_needed)
            entry.obstacle = next(unknown_growth(forms, entry, volumes, have), entry.obstacle)
            say_doubt(entry, [need.key for need in needed], half.doubtful)
            refuse_half_made(connection, entry, half, noted, (Making, seeds.Refilling))
        except Unchangeable as error:
            entry.obstacle = "; ".join([str(error), *half_made_of(needed, half)])
        except Invalid as error:
            lines.append(f"domain {entry.name}: {error}")
    refuse_input(with_doubts(lines, resolved, half))
    forms.hold_back(plans)
    if connection is not None:
        refuse_taken(connection, plans, resolved, volumes, options.forecast)
        copies.refuse_leftovers(plans, resolved, volumes, listed)
        if options.remove_storage:
            plan_removals(connection, plans, wants, have, pools, options)
    return plans, settled


def volumes_there(
    forms: DiskFormats, resolved: t.Sequence[tuple[Item, list[guest_disks.Needed]]], options: GuestOptions
) -> tuple[Have, Half, frozenset[str]]:
    """The volumes that guests need and that are there, what killed runs left of them, and all that are listed."""
    connection = forms.connection
    keys = {need.key for _want, needed in resolved for need in needed}
    found: Have = {} if connection is None or not keys else storage_observe.volumes(connection, keys)
    volumes = {**found, **listed_later(connection, options.forecast, keys, found)}
    copies = {need.key: str(want["name"]) for want, needed in resolved for need in needed if need.copied}
    half = Half.nothing() if connection is None else half_made(connection, volumes, copies)
    there = whole(connection, volumes, half, guest_disks.sealed(resolved))
    return forms.of_volumes(resolved, there), half, frozenset(volumes)


def with_doubts(
    lines: t.Sequence[str], resolved: t.Iterable[tuple[Item, list[guest_disks.Needed]]], half: Half
) -> list[str]:
    """What guests are refused for, with what a killed run may have left of their volumes: that may be the reason."""
    found = list(lines)
    for want, needed in resolved:
        who = f"domain {want['name']}: "
        if any(line.startswith(who) for line in lines):
            found += [f"{who}{reason}" for reason in half_made_of(needed, half)]
    return found


def half_made_of(needed: t.Iterable[guest_disks.Needed], half: Half) -> list[str]:
    """What a killed run may have left of the volumes of a guest, a sentence each."""
    return [
        f"{half.doubtful[need.key]}; if it holds nothing, delete it with state: absent of the module"
        " virtfleet.kvm.volumes, and run again"
        for need in needed
        if need.key in half.doubtful
    ]


def with_volumes(
    have: Have, wants: Wants, host: Host, pools: t.Mapping[str, ObservedPool], noted: ManifestEntries, here: bool
) -> tuple[list[tuple[Item, list[guest_disks.Needed]]], list[str]]:
    """Guests with their disks, and seeds, as what they are on, and the volumes that these need; and what is wrong.

    :param noted: what is noted of the host's volumes
    :param here: whether the host's files can be looked at
    """
    lines: list[str] = []
    resolved: list[tuple[Item, list[guest_disks.Needed]]] = []
    for want in wants:
        there = have.get(want["name"])
        try:
            seeds.refuse_place(want, there)
            given, needed = guest_disks.resolve(want, there, pools, host)
            given, seed = seeds.resolve(given, there, pools, noted, here)
            resolved.append((given, [*needed, *seed]))
        except Invalid as error:
            resolved.append((want, []))
            lines.append(f"domain {want['name']}: {error}")
    return resolved, lines


def plan_storage(
    known: tuple[seeds.Seeds, Bases],
    entry: Plan,
    want: Item,
    needed: list[guest_disks.Needed],
    volumes: Have,
    have: Have,
    policy: str,
) -> None:
    """Put the volumes of a guest's disks into its plan, and that of its seed after them. Raises Invalid.

    :param known: what is known of seeds, and of base images
    """
    of_seeds, found = known
    of_seed: list[Step] = []
    for need in needed:
        if "seed" in need.item:
            volume, there = volumes.get(need.key), have.get(entry.name)
            steps, changes = of_seeds.plan(entry, need, volume, there)
            path = None if volume is None or not of_seeds.here else volume.definition.findtext("target/path")
            seed_restarts.plan_restarts(DOMAIN, entry, want, there, (steps, changes), path, policy)
            entry.changes[:0] = changes
            of_seed += steps
    disks = [need for need in needed if "seed" not in need.item]
    guest_disks.amend(entry, disks, volumes, of_seeds.pools, of_seeds.host, found)
    entry.steps.add(StepPlace.NEEDED, *of_seed)


def shared(plans: list[Plan], resolved: list[tuple[Item, list[guest_disks.Needed]]]) -> list[str]:
    """A sentence for each volume that is to be made for two disks."""
    owners: dict[str, str] = {}
    lines = []
    for entry, (_want, needed) in zip(plans, resolved, strict=True):
        for need in needed:
            here = f"{entry.name}: disks[{need.index}]"
            if not need.kept and owners.setdefault(need.key, here) != here:
                lines.append(
                    f"{entry.kind} {here}: the volume {need.key} is also that of {owners[need.key]}: give each"
                    " its own, or declare it once among the volumes (kvm_volumes) and name it in 'volume' without"
                    " 'size'"
                )
    return lines


def plan_removals(
    connection: Connection,
    plans: list[Plan],
    wants: Wants,
    have: Have,
    pools: t.Mapping[str, ObservedPool],
    options: GuestOptions,
) -> None:
    """Plan that the storage of guests goes with them, as far as it is nobody else's."""
    noted = Manifest(connection.getURI()).entries("volumes")
    gone = [entry for entry, want in zip(plans, wants, strict=True) if want["state"] == "absent"]
    places = {
        place
        for entry in gone
        for pair in disk_removal.storage_of(entry.name, have.get(entry.name), pools, noted).items()
        for place in pair
    }
    if not places:
        return
    users = all_users(connection, forecast=options.forecast)
    declared_uses.add_guests(users, plans, wants, have)
    declared_uses.add_uses(connection, users, options)
    keys = {users.key_at(place) or place for place in places} | noted.keys()
    volumes = storage_observe.volumes(connection, keys, expected=noted)
    state = definitions(connection.getURI())
    names = {entry.name for entry in gone}
    known = disk_removal.KnownStorage(have, volumes, pools, noted, users, state, options.elsewhere, names)
    disk_removal.removals(gone, known)
