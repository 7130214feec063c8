# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that are declared twice: in two pools on one folder, by whatever names (links, mounts) the pools have it.

libvirt takes one pool for a folder, but it compares the folders by their names only.
"""

from __future__ import annotations

import os
import typing as t

from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._host.file_systems import read_only
from ..shared.lacking import Site, plain
from .storage_rules import MADE_DIRECTORIES

FOLDERS = (*MADE_DIRECTORIES, "logical")
"""Types of pools whose volumes are in a folder by their names."""


def by_folder(path: str) -> str:
    """A file by the folder that it is in, whatever name that has, and its own name there."""
    folder, name = os.path.split(path)
    try:
        found = os.stat(folder)
    except (OSError, ValueError):
        return plain(os.path.join(os.path.realpath(folder), name))
    return f"{found.st_dev}:{found.st_ino}/{name}"


def locked(site: Site, key: str) -> str | None:
    """Why a volume can be neither made nor deleted in the folder of its pool; None where nothing is known."""
    name = key.partition("/")[0]
    pool = site.pools.get(name)
    if not site.local or pool is None or pool.target is None or pool.type not in MADE_DIRECTORIES or not pool.active:
        return None
    if name in site.forecast.pools:
        return None  # Something else may be mounted there by then.
    return read_only(pool.target)


def place_of(site: Site, key: str) -> str:
    """What a volume is on this host, by its name as POOL/VOLUME."""
    pool_name, _slash, name = key.partition("/")
    pool = site.pools.get(pool_name)
    if pool is None or pool.target is None or pool.type not in FOLDERS:
        return key
    path = os.path.join(pool.target, name)
    return by_folder(path) if site.local else plain(path)


def twice(site: Site, plans: t.Sequence[Plan], wants: t.Sequence[Item]) -> t.Iterator[tuple[Plan, str]]:
    """The plans for a volume that another one is for as well, each with what is wrong.

    One that would be made is refused rather than one that is there, and of two that are to go and to stay, the one
    that would go. Those that change nothing are left as they are.
    """
    if not any(entry.steps for entry in plans):
        return
    both = list(zip(plans, wants, strict=True))
    staying = [entry for entry, want in both if want["state"] != "absent"]
    owners: dict[str, Plan] = {}
    for entry in sorted(staying, key=lambda entry: any(step.action == "define" for step in entry.steps)):
        other = owners.setdefault(place_of(site, entry.name), entry)
        if other is not entry and (entry.steps or other.steps):
            problem = f"pool: its folder is that of volume {other.name}, so the two are one file: declare it once"
            yield entry, site.unsure(problem, "pools")
    for entry, want in both:
        other = owners.get(place_of(site, entry.name), entry)
        if want["state"] == "absent" and entry.steps and other is not entry:
            problem = f"pool: its folder is that of volume {other.name}, which is the same file and stays"
            yield entry, site.unsure(f"{problem}: leave out one of the two", "pools")
