# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which volumes go with guests that go: only those that this collection made and nobody else uses."""

from __future__ import annotations

import dataclasses
import os
import typing as t
from xml.etree import ElementTree as ET

from ...._engine import paths
from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.rows.model import Change, Host, Scope
from ...._engine.step import Step, StepPlace
from ...._printing import label
from ...._storage.manifest import ManifestEntries
from ...._storage.other_hosts import ELSEWHERE, within_reach
from ...._storage.removal import Judge, because, order, to_be_removed
from ...._storage.removal_notes import DELETE, is_leaving, reason
from ...._storage.storage_observe import ObservedPool, another, identity, problem_of, replaced, source_place
from ...._storage.users import StorageUsers
from ...shared.derived_values import derive_uuid
from ..cloud_init.options import is_seed
from .guest_disks import key_of

BY_HAND = "remove by hand what nobody needs"


class Leaving(t.NamedTuple):
    """A volume of a guest that goes, and may go with it.

    :param plan: the guest's plan
    :param origin: where the guest has it, or its identity
    :param note: the name under which it is noted as made
    """

    plan: Plan
    origin: str
    note: str


@dataclasses.dataclass(frozen=True)
class KnownStorage:
    """What has to be known of the storage of guests that go.

    :param have: the guests that are there
    :param volumes: those of the host that are noted as made
    :param pools: the pools of the host
    :param notes: what is noted of the volumes
    :param users: who uses what, with what is declared in the same run
    :param state: that of the definitions of the host's guests (see removal_notes.definitions)
    :param elsewhere: names of guests that are declared for other hosts
    :param going: names of the guests that go
    """

    have: t.Mapping[str, Observed]
    volumes: t.Mapping[str, Observed]
    pools: t.Mapping[str, ObservedPool]
    notes: ManifestEntries
    users: StorageUsers
    state: str | None = None
    elsewhere: t.Container[str] = ()
    going: t.Collection[str] = ()

    def path(self, key: str) -> str | None:
        """Where a volume is."""
        return self.volumes[key].definition.findtext("target/path")


def removals(plans: t.Sequence[Plan], known: KnownStorage) -> None:
    """Plan that the volumes of guests go after them: only those that were made by this collection.

    What is not removed is said. An ISO in a drive is not the guest's own, so nothing is said of it.

    :param plans: those of the guests that go
    """
    users, have = known.users, known.have
    left = leaving(plans, known)
    places = {key: known.path(key) for key in left}
    names = {plan.name for plan in plans}
    running = {name for name in names if name in have and have[name].live is not None}
    free, kept = order(Judge(users, names, links=True, running=running), places)
    for key, holders in kept.items():
        for plan, origin, note in left[key]:
            plan.warn_of_leftover(f"its disk {origin} stays: it {why_it_stays(key, holders, users.doubts)}")
            if holders and is_leaving(places[key], known.notes[note], known.state):
                plan.steps.add(StepPlace.AFTER, Step("spare", note))
    for key, after in free.items():
        plan, _origin, note = left[key][0]
        others = sorted({str(use.guest) for use in users.uses(key, places[key]) if use.guest in names} - {plan.name})
        facts = to_be_removed(key, known.volumes[key], after)
        step = dataclasses.replace(facts, guest=plan.name, note=note, others=tuple(others))
        plan.changes.append(Change(f"volume {key}", "present", "absent"))
        plan.steps.add(StepPlace.AFTER, Step("delete_volume", step))


def why_it_stays(key: str, holders: t.Sequence[str], doubts: t.Sequence[str]) -> str:
    """Why a volume stays, in words. One that is declared as a volume uses nothing but itself."""
    itself = (f"volume {key}", f"the declared volume {key}")
    others = [who for who in holders if who not in itself]
    if len(others) == len(holders):
        return because(holders, doubts)
    return f"is declared as a volume of its own{f', and {because(others, ())}' if others else ''}"


def leaving(plans: t.Sequence[Plan], known: KnownStorage) -> dict[str, list[Leaving]]:
    """The volumes that may go with guests, with all the guests that have each; of the others is said why they stay.

    Of two pools over one folder both have a volume; it is named once.
    """
    left: dict[str, list[Leaving]] = {}
    same: dict[str, str] = {}
    volumes, users = known.volumes, known.users
    for plan in plans:
        seen: set[str] = set()
        had = disks_of(known.have.get(plan.name), known.pools)
        for name, origin in storage_of(plan.name, known.have.get(plan.name), known.pools, known.notes).items():
            key = name if name in volumes else users.key_at(origin) or name
            if key in seen:
                continue
            seen.add(key)
            note = noted(key, volumes.get(key), known.notes, users)
            why = reason_to_stay(plan.name, key, note, name in had, known)
            if why is not None:
                if why and not is_nowhere(key, volumes, known.pools, users):
                    pool = origin.partition("/")[0]
                    sentence = f"its disk {origin} stays: {why}"
                    if pool and pool not in known.pools:
                        sentence = f"its disk {origin} is not looked for: there is no pool {pool} on this host"
                    plan.warn_of_leftover(sentence)
            elif note is not None and key in volumes:
                sign = next((sign for sign in sorted(users.signs(known.path(key) or "")) if sign[:5] == "name "), key)
                first = same.setdefault(sign, note if note in volumes else key)
                left.setdefault(first, []).append(Leaving(plan, origin, note))
    return left


def reason_to_stay(guest: str, key: str, note: str | None, had: bool, known: KnownStorage) -> str | None:
    """Why a volume does not go with a guest; None where nothing speaks against it, but for who uses it.

    :param note: the name under which it is noted as made
    :param had: whether it is a disk of the guest
    """
    volume, facts = known.volumes.get(key), {} if note is None else known.notes[note]
    why = not_ours(volume, None if note is None else facts)
    if why is None and note is not None and not had and volume is not None:
        why = not_any_more(guest, key, volume, facts, known)
    owner = facts.get("guest")
    if why is None and owner not in (None, guest, *known.going) and not is_renamed(known.have.get(guest), str(owner)):
        why = f"it was made for guest {label(str(owner))}; {DELETE}"
    pool = known.pools.get(key.partition("/")[0])
    if why is None and volume is None and (pool is None or not pool.active):
        why = f"the pool {key.partition('/')[0]} is not {'there' if pool is None else 'active'}"
    if why is None and volume is not None:
        if guest in known.elsewhere:
            return f"{ELSEWHERE}; {DELETE}"
        far = within_reach("" if pool is None else pool.type, known.path(key)) if known.users.here else None
        why = None if far is None else f"it {far}; {DELETE}"
    return why


def is_renamed(have: Observed | None, before: str) -> bool:
    """Whether a guest had another name before: its UUID is that which a guest of that name gets (see derive_uuid)."""
    uuid = None if have is None else have.definition.findtext("uuid")
    return uuid is not None and uuid == derive_uuid(Scope("domain", before, Host(), item={}))


def is_nowhere(
    key: str, volumes: t.Mapping[str, Observed], pools: t.Mapping[str, ObservedPool], users: StorageUsers
) -> bool:
    """Whether a disk was never made, or is gone: nothing of it stays.

    :param key: its volume, or its path where it is in no pool
    """
    if key in volumes:
        return False
    pool = None if key.startswith("/") else pools.get(key.partition("/")[0])
    path = users.path(key) if pool is not None and pool.active else key
    if path is None or not path.startswith("/") or not users.here:
        return pool is not None and pool.active
    return os.path.isdir(os.path.dirname(path)) and not os.path.lexists(path)


def not_ours(volume: Observed | None, facts: t.Mapping[str, str] | None) -> str | None:
    """Why a volume does not go, from what is noted of it; None where nothing speaks against it."""
    if facts is None:
        return "this collection did not make it"
    if volume is None:
        return None
    if problem_of(volume) is not None:
        return problem_of(volume)
    now = replaced(facts, volume.definition)
    if now is not None:
        return f"{now}; {BY_HAND}"
    if another(facts, volume.definition):
        return "somebody made it anew in place of this collection's"
    if "making" in facts and "identity" not in facts:
        return "the run that made it did not get to its end"
    if facts.get("identity") is None:
        return (
            "nothing tells whether it is still the one that this collection made; delete the volume with state: absent"
            " of the module virtfleet.kvm.volumes"
        )
    if not facts.get("guest") or facts.get("declared"):
        return "it was declared as a volume of its own, and goes by the module virtfleet.kvm.volumes"
    return None


def noted(key: str, volume: Observed | None, notes: ManifestEntries, users: StorageUsers) -> str | None:
    """The name under which a volume is noted as made: its own, or that of another pool over the same folder.

    Another name of the same file, a hard link, is another volume.
    """
    sign = None if volume is None else identity(volume.definition)
    if key in notes and (sign is None or notes[key].get("identity") in (None, sign)):
        return key
    same = (name for name, facts in notes.items() if sign is not None and facts.get("identity") == sign)
    other = next((name for name in same if same_place(key, name, users)), None)
    return other or (key if key in notes else None)


def same_place(key: str, other: str, users: StorageUsers) -> bool:
    """Whether two volumes are one entry of one folder; of a pool that is not there any more, its name alone tells."""
    if key.partition("/")[2] != other.partition("/")[2]:
        return False
    here, there = users.path(key), users.path(other)
    return here is None or there is None or bool(users.entry(here) & users.entry(there))


def not_any_more(guest: str, key: str, volume: Observed, facts: t.Mapping[str, str], known: KnownStorage) -> str | None:
    """Why a volume stays that a guest has only by the note that it was made for it; None where nothing speaks against.

    It may have been handed over, or kept on purpose. Empty where it is a disk of another guest that goes in the same
    run: what becomes of it is said there.
    """
    path, users = known.path(key), known.users
    uses = users.uses(key, path)
    if any(use.guest == guest for use in uses) or is_leaving(path, facts, known.state):
        return None
    left = [use.who for use in uses if use.guest not in known.going]
    if left:
        return f"it {because(list(dict.fromkeys([*left, *users.doubts])), ())}"
    things = users.goes(key, path)
    heirs = [known.have.get(use.guest) for use in uses if use.guest is not None]
    places = [place for heir in heirs for place in disks_of(heir, known.pools).values()]
    return "" if any(things & users.signs(place) for place in places) else reason(facts)


def storage_of(
    guest: str, have: Observed | None, pools: t.Mapping[str, ObservedPool], notes: ManifestEntries
) -> dict[str, str]:
    """The volumes of a guest: those of its disks, and those that were made for it; and where they are."""
    found = disks_of(have, pools)
    for key, facts in notes.items():
        if facts.get("guest") == guest:
            found.setdefault(key, key)
    return found


def disks_of(have: Observed | None, pools: t.Mapping[str, ObservedPool]) -> dict[str, str]:
    """The volumes that are disks of a guest, in its definition or as it runs; and where they are."""
    found: dict[str, str] = {}
    trees = [] if have is None else [tree for tree in (have.definition, have.live) if tree is not None]
    for tree in trees:
        for disk in tree.iterfind("devices/disk"):
            place = source_place(disk.find("source"))
            if place is not None and is_own(disk):
                found[key_of(place, pools) or place] = place
    return found


def is_own(disk: ET.Element) -> bool:
    """Whether a disk is the guest's to write on, and no other's, or its seed."""
    if is_seed(disk):
        return True
    if disk.get("device", "disk") not in ("disk", "lun"):
        return False
    return all(paths.find(disk, (tag,)) is None for tag in ("readonly", "shareable"))
