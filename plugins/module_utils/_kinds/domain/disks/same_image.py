# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One image by two names: a running guest whose disk is on a volume has it, too, where that is declared as a file.

libvirt compares where images are, and not how that is written (virStorageSourceIsSameLocation): an update of the
drive is no change to it, and what runs keeps the spelling that it was started with until the guest stops.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
from xml.etree import ElementTree as ET

from ...._engine import paths
from ...._engine.observed import Observed
from ...._engine.rows.model import Item
from ...._flow.kind import Have
from ...._storage.stale_notes import FOLDERS
from ...._storage.storage_observe import ObservedPool
from ..normal_form.running_disks import target

DEVICES = ("logical", "disk")
"""Types of pools whose volumes are block devices, by their names in the pool's folder."""

NAMES = ("file", "dev", "volume", "pool")
"""The attributes of a source that tell where it is."""

SpelledPlace = tuple[str, str]
"""Where an image is to libvirt: what it is, and its path."""


def respelled(have: Have, wants: t.Iterable[Item], pools: t.Callable[[], t.Mapping[str, ObservedPool]]) -> Have:
    """The guests that are there. The disks of what runs are spelled as they are declared, or as they are kept.

    :param have: the guests
    :param wants: those that are declared, with disks that are given by size as what they are on
    :param pools: tells the pools of the host; it is asked only where an image can have two names
    """
    found: dict[str, Observed] = {}
    for want in wants:
        there = have.get(want["name"])
        if there is None or there.live is None or want["state"] == "absent":
            continue
        meant = [*declared_disks(want), *defined_disks(there.definition)]
        forms = {"volume" in names for _target, names in [*meant, *defined_disks(there.live)] if names}
        if len(forms) == 2:
            live = paths.clone(there.live)
            spell(live, meant, pools())
            found[want["name"]] = dataclasses.replace(there, live=live)
    return {**have, **found} if found else have


def declared_disks(want: Item) -> list[tuple[str | None, dict[str, str]]]:
    """The disks of a declared guest: the name of each in the guest, and where it is."""
    found = []
    for disk in want.get("disks") or []:
        names = {name: disk.get(option) for name, option in (("file", "file"), ("dev", "block"), ("volume", "volume"))}
        if disk.get("volume") is not None and (disk.get("source") or {}).get("mode") is None:
            names["pool"] = disk.get("pool") or "default"
        found.append((disk.get("target"), {name: str(value) for name, value in names.items() if value is not None}))
    return found


def defined_disks(root: ET.Element) -> list[tuple[str | None, dict[str, str]]]:
    """The same of a definition."""
    return [
        (target(disk), {name: source.get(name, "") for name in NAMES if source.get(name) is not None})
        for disk in root.findall("devices/disk")
        for source in disk.findall("source")
        if disk.get("type") in ("file", "block", "volume") and source.get("mode") is None
    ]


def spell(
    live: ET.Element, meant: t.Sequence[tuple[str | None, dict[str, str]]], pools: t.Mapping[str, ObservedPool]
) -> None:
    """Spell where the disks of what runs are as it is meant: of each disk the first spelling of the same place.

    :param live: the definition of what runs, which is changed in place
    :param meant: names of disks in the guest, None for any, and where they are
    """
    for disk in live.findall("devices/disk"):
        source = disk.find("source")
        if source is None or disk.get("type") not in ("file", "block", "volume") or source.get("mode") is not None:
            continue
        here = {name: source.get(name, "") for name in NAMES if source.get(name) is not None}
        same = [names for name, names in meant if name in (None, target(disk)) and names]
        at = place(here, pools)
        other = next((names for names in same if at is not None and place(names, pools) == at), here)
        if other != here:
            for name in NAMES:
                source.attrib.pop(name, None)
            source.attrib.update(other)
            disk.set("type", "volume" if "volume" in other else "file" if "file" in other else "block")


def place(names: t.Mapping[str, str], pools: t.Mapping[str, ObservedPool]) -> SpelledPlace | None:
    """Where an image is to libvirt, or None where that cannot be told."""
    if "file" in names:
        return "file", names["file"]
    if "dev" in names:
        return "block", names["dev"]
    pool = pools.get(names.get("pool", ""))
    if pool is None or pool.target is None or not names.get("volume") or pool.type not in (*FOLDERS, *DEVICES):
        return None
    return "file" if pool.type in FOLDERS else "block", os.path.join(pool.target, names["volume"])
