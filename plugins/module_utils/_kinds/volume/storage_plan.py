# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan pools and volumes: what the plan of every resource leaves open. Pure functions.

A volume is not like other resources: libvirt makes it once, and then it can only grow. So all that
is declared goes into a new one, and of one that exists only what can be compared is.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.close_names import near
from ..._engine.observed import Observed
from ..._engine.plan import Plan, plan, plan_item
from ..._engine.rows.model import Change, Host, Item
from ..._engine.step import Step
from ..._engine.table import Table
from ..._errors import Invalid, Unchangeable, refuse_input
from ..._host.files import in_place_of_file
from ..._printing import printable, spelled_out
from ..._storage.new_volumes import Making
from ..._storage.removal import Judge, because, to_be_removed
from ..._storage.storage_observe import ObservedPool, problem_of, stopped_pool
from ..._storage.users import StorageUsers
from .encryption import comparable
from .storage_rules import IMAGES, MADE_DIRECTORIES, describe_volume, need_size, odd_name, volume_key
from .table import VOLUME
from .volume_formats import same_format
from .volume_size import capacity_of

COMPARED = ("name", "pool", "state", "capacity", "format", "backing", "encryption")
"""What of an existing volume can be compared: the rest is for making one."""

SLACK = 32 * 1024**2
"""How much larger than declared a volume on a device may be: they come in whole extents."""

CYLINDER = 16 * 255 * 512
"""How much larger than declared a disk of format vpc is at most: it comes in whole cylinders (block/vpc.c of QEMU)."""

NEVER_GROWN = ("qcow", "vdi", "vmdk", "vpc")
"""Formats that QEMU makes, and makes no larger."""

FUTURE = {"default": ObservedPool("dir", IMAGES, True)}
"""Pools that a fresh host will have, as far as can be known: where nothing is foretold of its pools."""


class Owner(t.NamedTuple):
    """The disk of a guest for which a volume is planned.

    :param guest: the guest's name
    :param disk: the disk's place in its list
    :param option: the option that asks for the volume, such as ``disks[0]``
    :param copied: whether it is made from the disk of the original of a clone
    """

    guest: str
    disk: int
    option: str
    copied: bool = False


def plan_pools(
    table: Table, have: t.Mapping[str, Observed], wants: t.Sequence[Item], host: Host, on_restart_needed: str
) -> list[Plan]:
    """Plan pools. The step that starts one says what to make where it is missing."""
    plans = plan(table, have, wants, host, on_restart_needed)
    for entry, want in zip(plans, wants, strict=True):
        entry.steps.give("start", want.get("build") or "directory")
    return plans


def plan_volumes(
    have: t.Mapping[str, Observed],
    wants: t.Iterable[Item],
    host: Host,
    pools: t.Mapping[str, ObservedPool],
    users: StorageUsers,
) -> list[Plan]:
    """Plan volumes.

    :param pools: the pools of the host
    :param users: who uses which volumes; needed where one is to be deleted

    Raises VirtfleetError, before anything is touched, where an item asks for what cannot be.
    """
    plans: list[Plan] = []
    lines: list[str] = []
    judge = Judge(users)
    for want in wants:
        key = str(volume_key(want))
        problem = problem_of(have.get(key))
        if problem is not None:
            plans.append(Plan("volume", key))
            plans[-1].refuse(problem)
            continue
        pool = pools.get(str(want.get("pool") or "default"))
        if want["state"] == "absent" and pool is not None and not pool.active:
            plans.append(Plan("volume", key))
            plans[-1].refuse(stopped_pool(key.partition("/")[0]))
            continue
        try:
            if want["state"] == "absent":
                plans.append(plan_deletion(have.get(key), want, host, judge, pool))
            else:
                plans.append(plan_volume(have.get(key), {**want, "pool": want.get("pool") or "default"}, host, pools))
        except Unchangeable as error:
            plans.append(Plan("volume", key, obstacle=str(error)))
        except Invalid as error:
            lines.append(f"volume {key}: {error}")
    refuse_input(lines)
    return plans


def plan_volume(
    have: Observed | None,
    want: Item,
    host: Host,
    pools: t.Mapping[str, ObservedPool],
    owner: Owner | None = None,
) -> Plan:
    """Plan one volume that is to be there. Raises Invalid for what cannot be, Unchangeable of one that is there.

    :param owner: what it is for, if it is a guest's; then the steps are those of a guest's plan
    """
    if have is None:
        done = plan_making(want, host, pools, owner)
    else:
        try:
            done = plan_growth(have, want, host, pools, owner)
        except Invalid as error:
            raise Unchangeable(error.where, error.problem) from None
    done.name = str(volume_key(want))
    return done


def plan_deletion(
    have: Observed | None, want: Item, host: Host, judge: Judge, pool: ObservedPool | None = None
) -> Plan:
    """Plan that a volume goes, with its data; never while somebody uses it.

    :param judge: knows who uses what, and what goes before. What is laid over it must be gone by then.
    :param pool: the pool that it is in

    Raises Unchangeable where it has to stay: a guest can name it in a header that it writes into its own disk.
    """
    key = str(volume_key(want))
    path = None if have is None else have.definition.findtext("target/path")
    holders, after = ([], ()) if have is None else judge.weigh(key, path)
    if holders or (have is not None and judge.users.doubts):
        why = because(holders, judge.users.doubts)
        raise Unchangeable(
            "state", f"{why}, and is not deleted before {'they let go of it' if holders else 'that is known'}"
        )
    if path and os.path.isdir(path) and not os.path.islink(path):
        raise Unchangeable("state", f"{path} is a folder, which is not deleted; remove it by hand")
    if path and pool is not None and pool.type in MADE_DIRECTORIES and os.path.islink(path):
        kept = Plan("volume", key)
        kept.obstacle = (
            f"state: {spelled_out(path)} is {in_place_of_file(path)}: only the link would go, and the data would stay,"
            " so both stay; remove by hand what nobody needs"
        )
        return kept
    judge.take(key, path)
    done = plan_item(VOLUME, have, want, host)
    done.name = key
    if have is not None:
        done.steps.give("delete", to_be_removed(key, have, after))
    return done


def plan_making(want: Item, host: Host, pools: t.Mapping[str, ObservedPool], owner: Owner | None) -> Plan:
    """Plan a new volume."""
    pool = pools.get(want["pool"])
    need_size(want)
    want = dict(want)
    verbatim = want.pop("verbatim", want.get("format") == "raw")
    loose = want.get("format") is None
    want = describe_volume(want, None if pool is None else pool.type)
    odd = odd_name(want["name"], str(want["format"])) if loose and want.get("format") is not None else None

    def make(done: Plan, xml: str) -> t.Iterator[Step]:
        (change,) = done.changes
        whole = {name: value for name, value in want.items() if value is not None}
        whole.setdefault("format", (change.after or {}).get("format"))
        if owner is None:
            yield Step("define", Making(whole, xml, verbatim=verbatim))
        else:
            path = f"{owner.option}.volume"
            yield Step("make_volume", Making(whole, xml, owner.guest, verbatim, owner.disk, path, copied=owner.copied))

    done = plan_item(VOLUME, None, want, host, steps_for=make)
    (change,) = done.changes
    shown = {name: value for name, value in change.after.items() if value is not None}
    done.changes = [dataclasses.replace(change, after=shown)]
    if odd is not None:
        done.warnings.append(odd)
    if pool is None:
        done.warnings.append(missing(want["pool"], pools))
    elif not pool.active:
        done.warnings.append(f"its pool {want['pool']} is not active, so it cannot be seen whether it is there")
    return done


def missing(pool: str, pools: t.Iterable[str]) -> str:
    """What to say of a pool that the host does not have: it may be declared later, or the name is wrong."""
    like = near(pool, list(pools))
    hint = f"did you mean {printable(like[0])}?" if like else "correct the name"
    return f"its pool {pool} is not there yet: declare it (kvm_pools, or the module virtfleet.kvm.pools), or {hint}"


def fetched(plans: t.Iterable[Plan]) -> t.Iterator[str]:
    """The URLs of all images that these plans ask for, each as often as it is asked for."""
    for entry in plans:
        for step in entry.steps:
            if isinstance(step.value, Making) and "://" in (step.value.item.get("image") or ""):
                yield str(step.value.item["image"])


def plan_growth(
    have: Observed, want: Item, host: Host, pools: t.Mapping[str, ObservedPool], owner: Owner | None
) -> Plan:
    """Plan the only way that a volume can change."""
    there = have.definition
    want = {name: want[name] for name in COMPARED if want.get(name) is not None}
    form = want.get("format")
    node = there.find("target/format")
    if node is None or same_format(node.get("type", "raw"), want.get("format", "")):
        want.pop("format", None)
    if want.get("encryption"):
        want["encryption"] = comparable(want["encryption"], there)
    if want.get("backing"):
        want["backing"] = dict(want["backing"])
        place = want["backing"].pop("volume", None)
        if place is not None:
            path = volume_path(place, want["pool"], pools)
            want["backing"].update({} if path is None else {"path": path})
    return plan_item(VOLUME, have, want, host, steps_for=functools.partial(grow, there, want, form, owner))


def grow(there: ET.Element, want: Item, form: str | None, owner: Owner | None, done: Plan, _xml: str) -> list[Step]:
    """The step that makes a volume larger, and nothing else; what differs by less than can be told is no change.

    :param there: the volume as it is
    :param want: what is declared of it, and can be compared
    :param form: the format that the user names
    :param owner: what it is for, if it is a guest's

    Raises Invalid for what differs otherwise.
    """
    node = there.find("target/format")
    steps: list[Step] = []
    changes: list[Change] = []
    for change in done.changes:
        if change.path != "capacity":
            raise Invalid(
                change.path,
                f"is {printable(change.before)} and cannot become {printable(change.after)} in place:"
                " make another volume, with clone_from this one, and use that instead",
            )
        before, after = capacity_of(there) or 0, want["capacity"]
        kind = "raw" if node is None else node.get("type", "raw")
        if after > before and kind in NEVER_GROWN and there.get("type") != "block":
            raise Invalid(
                "capacity",
                f"is {change.before} and cannot grow to {change.after}: QEMU makes no {kind} larger. Copy it to another"
                " volume with qemu-img convert, as qcow2 or raw, and use that instead",
            )
        if after > before:
            changes.append(change)
            grown = {"pool": want["pool"], "name": want["name"], "capacity": after}
            grown |= {} if form is None else {"format": form}
            if owner is None:
                steps.append(Step("grow", grown))
            else:
                steps.append(Step("grow_volume", {**grown, "change": f"{owner.option}.size"}))
        elif before - after >= slack(there):
            raise Invalid(
                "capacity",
                f"is {change.before} and cannot shrink to {change.after}: the data at its end would be lost."
                " A volume only grows",
            )
    done.changes = changes
    return steps


def slack(volume: ET.Element) -> int:
    """How many bytes larger than declared a volume may be, by the way in which it is made."""
    form = volume.find("target/format")
    if volume.get("type") == "block":
        return SLACK
    return CYLINDER if form is not None and form.get("type") == "vpc" else 1


def volume_path(place: str, pool: str, pools: t.Mapping[str, ObservedPool]) -> str | None:
    """Where a volume named from another one is, for pools whose volumes are files or devices in one directory."""
    where, _slash, name = place.rpartition("/")
    found = pools.get(where or pool)
    return None if found is None or found.target is None else os.path.join(found.target, name)
