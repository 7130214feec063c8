# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan snapshots: what the plan of every resource leaves open."""

from __future__ import annotations

import collections
import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.observed import Observed
from ..._engine.plan import Plan, plan_item
from ..._engine.rows.model import Change, Host, Item
from ..._engine.step import Step, StepPlace
from ..._errors import Invalid
from ..._flow.kind import Have, Wants
from ..._flow.options import Options
from ..._libvirt.objects import Connection
from ..._printing import label, spelled_out
from ..._storage.users import StorageUsers, is_local
from . import broken_off, deleting, devices, reverting, taking
from .guests import Snapshot, SnapshotGuest, disks_of, guests
from .table import SNAPSHOT, snapshot_key


@dataclasses.dataclass(frozen=True)
class SnapshotOptions(Options):
    """What the user says about how, and what this run has done.

    :param reverted: the identities of the snapshots that guests were put back to
    :param bare: whether the host has no libvirt yet, and so no guest, as in check mode before the first run
    :param walks: who uses which storage of the host, once a plan has asked for that
    :param going: the snapshots that go by what is planned so far, by their guests
    :param coming: those that are taken by what is planned so far, with their types
    """

    reverted: set[str] = dataclasses.field(default_factory=set)
    bare: bool = False
    walks: list[StorageUsers] = dataclasses.field(default_factory=list)
    going: dict[str, set[str]] = dataclasses.field(default_factory=dict)
    coming: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)


class Taking(t.NamedTuple):
    """What is to be known to take a snapshot.

    :param guest: the UUID of the guest
    :param xml: what libvirt is told
    :param disk_only: whether nothing but disks is in it, and they are external
    :param disks: the targets of its disks
    :param places: the files and devices that it is written to
    :param left: whether images have what a run left that was broken off
    :param paused: whether the guest is paused only because such a run left it so
    """

    guest: str
    xml: str
    disk_only: bool
    disks: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    left: bool = False
    paused: bool = False


class Reverting(t.NamedTuple):
    """What is to be known to put a guest back.

    :param guest: the UUID of the guest
    :param created: when the snapshot was taken
    :param known: the snapshots that the guest had as it was planned
    :param lost: those that become useless
    :param force: whether libvirt may do what it takes for risky
    """

    guest: str
    created: str
    known: frozenset[str]
    lost: tuple[str, ...]
    force: bool


class Deleting(t.NamedTuple):
    """What is to be known to delete a snapshot, or to describe it otherwise.

    :param guest: the UUID of the guest
    :param created: when the snapshot was taken
    :param memory_file: the file of this host that it has the memory in
    :param known: the snapshots that the guest had as it was planned; None where others do not matter
    :param before: the snapshots that go before, as they would be lost with it
    """

    guest: str
    created: str
    memory_file: str | None = None
    known: frozenset[str] | None = None
    before: frozenset[str] = frozenset()


def plan_snapshots(
    connection: Connection, have: Have, wants: Wants, host: Host, options: SnapshotOptions
) -> list[Plan]:
    """Plan snapshots. Each is refused for itself: what guests are like is no mistake in the input."""
    options = dataclasses.replace(options, bare=connection is None, walks=[], going={}, coming={})
    found = {} if connection is None else guests(connection, {str(want["domain"]) for want in wants})
    found = {name: guest for name, guest in found.items() if not guest_goes(guest, options)}
    plans = []
    for want in wants:
        try:
            plans.append(plan_one(connection, have, want, found.get(str(want["domain"])), host, options))
        except Invalid as error:
            plans.append(Plan("snapshot", str(snapshot_key(want))))
            plans[-1].refuse("; ".join(map(str, (error, *error.others))))
    refuse_together(plans, wants)
    return plans


def guest_goes(guest: SnapshotGuest, options: SnapshotOptions) -> bool:
    """Whether an earlier task of a run in check mode would have removed a guest."""
    foreseen = options.forecast.guest(guest.name, guest.uuid)
    return foreseen is not None and foreseen.gone


def plan_one(
    connection: Connection, have: Have, want: Item, guest: SnapshotGuest | None, host: Host, options: SnapshotOptions
) -> Plan:
    """Plan one snapshot. Raises Invalid for what cannot be.

    :param guest: None for one that is not there
    """
    key = str(snapshot_key(want))
    if key in options.forecast.made("snapshot") and (guest is None or want["name"] not in guest.snapshots):
        entry = plan_foretold(want, guest)
    elif guest is None:
        entry = plan_without(connection, want, host, options)
    elif want["name"] in guest.snapshots and key in have:
        entry = plan_there(have[key], want, guest, host, options)
    elif want["state"] == "reverted":
        names = ", ".join(map(label, guest.snapshots)) or "none"
        raise Invalid("state", f"guest {label(guest.name)} has no snapshot of this name: it has {names}")
    elif want["state"] == "absent":
        entry = Plan("snapshot", key)
    else:
        entry = plan_new(want, guest, host, options)
    entry.name = key
    return entry


def plan_without(connection: Connection, want: Item, host: Host, options: SnapshotOptions) -> Plan:
    """Plan a snapshot of a guest that is not there: in check mode, an earlier task may make it."""
    foreseen = options.forecast.guests.get(want["domain"])
    if want["state"] == "absent":
        return Plan("snapshot", "")
    bare = want["state"] == "present" and options.bare
    if not bare and (foreseen is None or foreseen.gone or want["state"] == "reverted"):
        raise Invalid(
            "domain",
            f"the host has no guest {label(want['domain'])}: declare it before, or correct the name",
        )
    if bare or foreseen is None or not foreseen.disks:
        return plan_item(SNAPSHOT, None, want, host, steps_for=lambda plan, text: (Step("take"),))
    coming = taking.ComingGuest(foreseen.runs, disks_of(connection, ET.fromstring(foreseen.disks)))
    whole = taking.completed(coming, want)
    refused(taking.foreseen(coming, whole))
    return with_files(
        plan_item(SNAPSHOT, None, whole, host, steps_for=lambda plan, text: (Step("take"),)), coming, whole
    )


def with_files(entry: Plan, guest: taking.GuestWithDisks, whole: Item) -> Plan:
    """The plan of a new snapshot, with the files that it makes."""
    files = taking.new_files(guest, whole)
    entry.changes += [Change("files", None, files)] if files else []
    return entry


def plan_foretold(want: Item, guest: SnapshotGuest | None) -> Plan:
    """Plan a snapshot that an earlier task of a run in check mode would have taken.

    :param guest: None for one that an earlier task would have made as well
    """
    entry = Plan("snapshot", "")
    action = SNAPSHOT.transitions.get(("present", want["state"]))
    if want["state"] == "reverted" and not want.get("discard_changes"):
        if guest is not None and guest.active:
            raise Invalid("state", reverting.gone_on(guest, want["name"]))
        return entry  # It is as it was a moment ago.
    if want["state"] == "reverted" and guest is not None and not guest.active:
        return entry
    if action is not None:
        entry.changes.append(Change("state", "present", want["state"]))
        entry.steps.add(StepPlace.STATE, *SNAPSHOT.way(action))
    return entry


def plan_new(want: Item, guest: SnapshotGuest, host: Host, options: SnapshotOptions) -> Plan:
    """Plan a snapshot that is taken. Raises Invalid where it cannot be."""
    whole = taking.completed(guest, want)
    refused(taking.problems(guest, whole))
    disk_only = whole["type"] == "external" and not whole["memory"]
    left = whole["type"] == "internal" and taking.left_inside(guest, whole["name"])
    paused = broken_off.is_paused(guest, whole["name"])
    places = [disk.path for _target, disk in taking.chosen(guest, whole) if disk.path]
    places += [whole["memory_file"]] if whole.get("memory_file") else []
    wanted = Taking(
        guest.uuid, taking.document(guest, whole), disk_only, tuple(whole["disks"]), tuple(places), left, paused
    )
    step = Step("take", wanted)
    entry = plan_item(SNAPSHOT, None, whole, host, steps_for=lambda plan, text: (step,))
    entry.warnings += [text for text, is_so in ((broken_off.LEFT, left), (broken_off.PAUSED, paused)) if is_so]
    entry.warnings += devices.not_kept(guest.definition, whole)
    options.coming.setdefault(guest.name, {})[whole["name"]] = whole["type"]
    return with_files(entry, guest, whole)


def plan_there(have: Observed, want: Item, guest: SnapshotGuest, host: Host, options: SnapshotOptions) -> Plan:
    """Plan a snapshot that is there. Raises Invalid where it is another one, or what is asked for cannot be."""
    snapshot = guest.snapshots[want["name"]]
    key = str(snapshot_key(want))
    if key in options.reverted and snapshot.current:
        have = dataclasses.replace(have, state="reverted")  # By this very run: it has gone on since.
    if want["state"] != "reverted":
        have = dataclasses.replace(have, state="present")  # Whatever the guest is like.
    # What is null is left to whatever it is, but for the description, which can go.
    known = {name: value for name, value in want.items() if value is not None or name == "description"}
    if known.get("memory_file") is not None and snapshot.memory_file is None:
        raise Invalid("memory_file", "this snapshot has none, and cannot be changed")
    entry = plan_item(SNAPSHOT, have, known, host, steps_for=redefined(guest, snapshot, want))
    actions = [step.action for step in entry.steps]
    if "describe" in actions and snapshot.external and snapshot.current and guest.children(snapshot.name):
        # A guest that was put back to it has other files since, which no XML of libvirt's tells (revertDisks).
        raise Invalid("description", "libvirt would forget which files the guest goes on with: leave it as it is")
    if "delete" in actions:
        refused(deleting.problems(guest, snapshot, options))
        local = is_local(str(guest.connection.getURI()))
        file = snapshot.memory_file if local else None
        going = options.going.setdefault(guest.name, set())
        others = frozenset((*guest.snapshots, *options.coming.get(guest.name, ()))) if snapshot.external else None
        entry.steps.give("delete", Deleting(guest.uuid, snapshot.created, file, others, frozenset(going)))
        going.add(snapshot.name)
    if "revert" in actions:
        refused(reverting.problems(guest, snapshot, want, options))
        give_up(entry, guest, snapshot, want)
    return entry


def redefined(guest: SnapshotGuest, snapshot: Snapshot, want: Item) -> t.Callable[[Plan, str], t.Iterable[Step]]:
    """The steps for a snapshot whose description changes."""
    return lambda plan, text: (Step("describe", (Deleting(guest.uuid, snapshot.created), want.get("description"))),)


def give_up(entry: Plan, guest: SnapshotGuest, snapshot: Snapshot, want: Item) -> None:
    """Put into a plan what goes as a guest is put back."""
    lost = reverting.lost_snapshots(guest, snapshot)
    entry.changes += [Change(f"snapshot {name}", "present", "absent") for name in lost]
    files = [path for name in lost for path in guest.snapshots[name].all_files]
    if files:
        entry.warnings.append(f"these files stay, and are of no use any more: {', '.join(map(spelled_out, files))}")
    if snapshot.state == "disk-snapshot":
        entry.warnings.append("has no memory, so the guest is off afterwards: start it again")
    known = frozenset(guest.snapshots)
    force = bool(want.get("discard_changes"))
    entry.steps.give("revert", Reverting(guest.uuid, snapshot.created, known, tuple(lost), force))


def refused(problems: t.Sequence[Invalid]) -> None:
    """Raise all that is wrong as one."""
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]


def refuse_together(plans: t.Sequence[Plan], wants: Wants) -> None:
    """Refuse to put a guest back in the same call that takes or deletes others of it: the plan knows them as they are.

    Of two that a guest is to be put back to, none counts.
    """
    busy = collections.Counter(want["domain"] for entry, want in zip(plans, wants, strict=True) if entry.steps)
    for entry, want in zip(plans, wants, strict=True):
        if any(step.action == "revert" for step in entry.steps) and busy[want["domain"]] > 1:
            entry.refuse(
                "state: other snapshots of this guest change in the same call: put the guest back in a task of its own"
            )
        elif want["state"] == "reverted" and any(
            other is not want and other["state"] == "reverted" and other["domain"] == want["domain"] for other in wants
        ):
            entry.refuse("state: a guest can be put back to one snapshot alone: leave out the others")
