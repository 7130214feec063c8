# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a clone: each is made as a copy of that of the original, or laid over it. Pure functions."""

from __future__ import annotations

import typing as t

from ..._engine.observed import Observed
from ..._engine.rows.model import Item
from ..._errors import Invalid
from ..._printing import spelled_out
from ..._storage.storage_observe import ObservedPool, source_place
from ..volume.storage_rules import MADE_DIRECTORIES
from .cloud_init.options import is_seed
from .disks.guest_disks import key_of
from .short_image import ELSEWHERE, REMOVABLE

SOURCE = ("type", "file", "block", "volume", "pool", "dir", "source", "backing_chain", "protocol", "name", "hosts")
"""Options of a disk that say what it is on."""

PLAIN = ("startup_policy", "seclabels", "index")
"""Options of a source that say nothing of what is read from it."""

SHARED = ("shareable", "readonly")
"""Options of a disk that other guests can have as well: the clone has the same one."""

DECLARE = "declare disks for this guest"


def disks_of(
    want: Item,
    listed: t.Sequence[Item],
    there: Observed,
    pools: t.Mapping[str, ObservedPool],
    unfit: t.Mapping[str, str],
) -> tuple[list[Item], bool]:
    """The disks of a clone, and whether the original has a seed, which is none of them. Raises Invalid.

    A declared disk stands for that of the original with its target, else with its place among the disks that are no
    drives. It gets what that one has, unless it says itself what it is on. Disks that the list leaves out are left out.

    :param want: what is declared of the clone
    :param listed: the disks of the original, as options
    :param there: the original
    :param unfit: what disks are on that cannot be copied now, each with the reason
    """
    nodes = there.definition.findall("devices/disk")
    found = [
        (disk, source_place(node.find("source"))) for disk, node in zip(listed, nodes, strict=True) if not is_seed(node)
    ]
    seed, over = len(found) < len(nodes), want.get("clone_mode") == "overlay"
    if want.get("disks") is None:
        return [disk_of_clone(*one, pools, over, f"disks[{place}]", unfit) for place, one in enumerate(found)], seed
    out: list[Item] = []
    targets = {disk.get("target"): (disk, on) for disk, on in found}
    others = iter([(disk, on) for disk, on in found if disk.get("device") not in REMOVABLE])
    for place, disk in enumerate(want["disks"]):
        next_one = None if disk.get("device") in REMOVABLE else next(others, None)
        twin = next_one if disk.get("target") is None else targets.get(disk["target"])
        if twin is None or says_itself(disk):
            out.append(disk)
        else:
            out.append({**disk_of_clone(*twin, pools, over, f"disks[{place}]", unfit), **disk})
    return out, seed


def says_itself(disk: Item) -> bool:
    """Whether a declared disk says what it is on."""
    if disk.get("device") in REMOVABLE or any(disk.get(name) is not None for name in ("image", *ELSEWHERE)):
        return True
    return disk.get("volume") is not None and disk.get("size") is None


def disk_of_clone(
    disk: Item,
    place: str | None,
    pools: t.Mapping[str, ObservedPool],
    over: bool,
    where: str,
    unfit: t.Mapping[str, str],
) -> Item:
    """A disk of the original as one of the clone. Raises Invalid where it cannot be.

    :param place: the path or the volume that it is on
    :param over: whether the new one is laid over it
    :param where: what it is called in messages
    :param unfit: what disks are on that cannot be copied now, each with the reason
    """
    rest = {name: value for name, value in disk.items() if name not in SOURCE}
    if disk.get("device") == "floppy":
        return rest  # Two guests would write to one.
    if disk.get("device") == "cdrom" or any(disk.get(name) for name in SHARED):
        return disk
    source = disk.get("source") or {}
    odd = next((name for name, value in source.items() if name not in PLAIN and value is not None), None)
    if odd is not None:
        raise Invalid(where, f"that of the original has source.{odd}, which a copy would not keep: {DECLARE}")
    if place is None or disk.get("device") == "lun":
        what = "a device that is handed through" if disk.get("device") == "lun" else "neither a file, device nor volume"
        raise Invalid(where, f"that of the original is on {what}, and is not copied: {DECLARE}")
    if place in unfit:
        raise Invalid(where, f"that of the original {unfit[place]}, or {DECLARE}")
    key = key_of(place, pools)
    pool = None if key is None else key.partition("/")[0]
    of_pool = {} if pool is None else {"pool": pool}
    if not over:
        return {**rest, **of_pool, "image": place if key is None else key}
    if key is None:
        raise Invalid(
            where,
            f"that of the original is on {spelled_out(place)}, which is in no pool, and only a volume can be laid"
            f" under: declare a pool for its folder, write clone_mode: copy, or {DECLARE}",
        )
    facts = pools.get(key.partition("/")[0])
    if facts is None or facts.type not in MADE_DIRECTORIES:
        of_pool = {}
    rest.pop("format", None)
    return {**rest, **of_pool, "backing": key}
