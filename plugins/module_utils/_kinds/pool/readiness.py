# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host is ready for the pools that are planned (see shared.lacking)."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._flow.kind import Have
from ..._libvirt.objects import Connection
from ..domain.disks import shared_disks
from ..secret.references import secrets_of
from ..shared.lacking import Site, at, plain
from ..shared.readiness import definition, leaves, refuse
from ..shared.references import Reference


def check_pools(connection: Connection, plans: t.Sequence[Plan], have: Have, options: t.Any) -> None:
    """Refuse pools on a folder that another pool has, and those that start on what is not there, each for itself."""
    site = Site(connection, options.forecast)
    folders: dict[str, str] = {}
    changing = [entry for entry in plans if any(step.action in ("define", "start") for step in entry.steps)]
    for name, facts in site.pools.items() if changing else ():
        if facts.type == "dir" and facts.target:
            folders.setdefault(plain(facts.target), name)
    for entry in plans:
        mine = {path: name for path, name in folders.items() if name == entry.name}
        if leaves(entry, have.get(entry.name)):
            folders = {path: name for path, name in folders.items() if name != entry.name}
        root = definition(entry, have.get(entry.name)) if entry in changing else None
        if root is None:
            continue
        if refuse(entry, pool_problems(site, entry, root, folders)):
            folders.update(mine)
    if site.local:
        warn_of_one_folder(changing, have, folders)


def warn_of_one_folder(plans: t.Sequence[Plan], have: Have, folders: t.Mapping[str, str]) -> None:
    """Warn of pools whose folder is that of another one under another name: a link or a mount.

    :param folders: the pools of type dir by their folders, those of the plans among them
    """
    named: dict[str, list[str]] = {}
    for path, name in folders.items():
        named.setdefault(shared_disks.what(path), []).append(name)
    for entry in plans:
        root = None if entry.obstacle is not None else definition(entry, have.get(entry.name))
        target = "" if root is None or root.get("type") != "dir" else plain(root.findtext("target/path") or "")
        others = [name for name in named.get(shared_disks.what(target), ()) if name != entry.name] if target else []
        if others:
            entry.warnings.append(
                f"target: {target} is the folder of the pool {others[0]} by another name, so that each volume is in"
                " both: declare it in one of them only"
            )


def pool_problems(site: Site, entry: Plan, root: ET.Element, folders: dict[str, str]) -> t.Iterator[str]:
    """What is wrong with one pool.

    :param folders: the pools of type dir by their folders; gets this one
    """
    target = plain(root.findtext("target/path") or "")
    if root.get("type") == "dir":
        other = folders.setdefault(target, entry.name)
        if other != entry.name:
            told = f"target: {target} is the folder of the pool {other}; libvirt takes one pool for a folder"
            yield site.unsure(told)
    build = next((step.value for step in entry.steps if step.action == "start"), "")
    if build == "never" and root.get("type") == "dir":
        missing = site.folder(target)
        if missing is not None:
            yield site.unsure(f"target: {missing}; make it, or leave out build")
    if build:
        auth = root.find("source/auth")
        kind = {"ceph": "secret ceph", "chap": "secret iscsi"}.get(
            "" if auth is None else auth.get("type", ""), "secret"
        )
        lacks = [site.problem(Reference("source", None, "auth", kind, secret)) for _by, secret in secrets_of(root)]
        yield from (at("source.auth.secret", one) for one in lacks if one is not None)
    if build and root.get("type") in ("fs", "disk"):
        for device in root.findall("source/device"):
            missing = site.file(device.get("path", ""))
            if missing is not None:
                yield at("source.devices", missing)
