# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host is ready for the pools that are planned (see shared.lacking)."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._flow.kind import Have
from ..._flow.options import Options
from ..._host.file_systems import unmade
from ..._host.places import within
from ..._libvirt.connection import LibvirtError, lacks
from ..._libvirt.objects import Connection
from ..domain.disks import shared_disks
from ..secret.references import secrets_of
from ..shared.lacking import Site, plain, with_place
from ..shared.readiness import Doubt, definition, leaves, refuse
from ..shared.references import Reference
from ..volume.storage_rules import MADE_DIRECTORIES
from .shared_sources import Sources, definitions


def check_pools(connection: Connection, plans: t.Sequence[Plan], have: Have, options: Options) -> None:
    """Refuse pools on a folder that another pool has, and those that start on what is not there, each for itself."""
    site = Site(connection, options.forecast)
    folders: dict[str, str] = {}
    changing = [entry for entry in plans if any(step.action in ("define", "start") for step in entry.steps)]
    for name, facts in site.pools.items() if changing else ():
        if facts.type == "dir" and facts.target:
            folders.setdefault(plain(facts.target), name)
    mounts = mounted(site, changing, have)
    sources = Sources(definitions(connection) if changing else {})
    for name in site.forecast.gone("pool"):
        sources.release(name)
    for entry in plans:
        mine = {path: name for path, name in folders.items() if name == entry.name}
        if leaves(entry, have.get(entry.name)):
            folders = {path: name for path, name in folders.items() if name != entry.name}
            sources.release(entry.name)
        root = definition(entry, have.get(entry.name)) if entry in changing else None
        if root is None:
            continue
        problems = [*pool_problems(site, entry, root, folders), *target_problems(site, entry, root, mounts)]
        shared = list(sources.shared(entry.name, root)) if any(step.action == "define" for step in entry.steps) else []
        problems += [site.unsure(sentence, "pools") for refused, sentence in shared if refused]
        if refuse(entry, problems):
            folders.update(mine)
            continue
        entry.warnings += [sentence for refused, sentence in shared if not refused]
        sources.take(entry.name, root)
    if site.local:
        warn_of_one_folder(changing, have, folders)
        warn_of_lost_folders(site, plans)


def warn_of_lost_folders(site: Site, plans: t.Sequence[Plan]) -> None:
    """Warn of pools that stay active and whose folder is gone."""
    for entry in plans:
        stays = not any(step.action in ("start", "stop", "undefine") for step in entry.steps)
        if stays and entry.name in site.pools and site.pools[entry.name].active:
            problem = site.lost_folder(entry.name)
            entry.warnings += [] if problem is None else [f"target: {problem}"]


def mounted(site: Site, plans: t.Sequence[Plan], have: Have) -> set[str]:
    """The folders where this run, or an earlier task of it, may mount or make something."""
    found = {pool.target for name, pool in site.pools.items() if name in site.forecast.pools} if plans else set()
    for entry in plans:
        root = definition(entry, have.get(entry.name))
        if root is not None and any(step.action == "start" for step in entry.steps):
            found.add(root.findtext("target/path"))
    return {plain(target) for target in found if target}


def target_problems(site: Site, entry: Plan, root: ET.Element, mounts: t.Iterable[str]) -> t.Iterator[str]:
    """Why the folder that a pool gets as it starts cannot be made.

    :param mounts: see mounted
    """
    target = plain(root.findtext("target/path") or "")
    start = next((step for step in entry.steps if step.action == "start"), None)
    if start is None or start.value == "never" or root.get("type") not in MADE_DIRECTORIES or not site.local:
        return
    reason = unmade(target)
    if reason is not None and not any(place != target and within(target, place) for place in mounts):
        yield f"target: {target} cannot be made: {reason}, or take another folder"


def lacking(site: Site) -> set[str]:
    """The types of pools that the host's libvirt has no driver for, as far as it tells."""
    try:
        capabilities = site.connection.getStoragePoolCapabilities(0)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT"):
            raise
        return set()
    return {
        pool.get("type", "") for pool in ET.fromstring(capabilities).findall("pool") if pool.get("supported") == "no"
    }


def no_driver(kind: str) -> str:
    """What to do about pools of a type that libvirt has no driver for."""
    return (
        f"this host's libvirt has no driver for pools of type {kind}: install the package of the distribution, such as"
        f" libvirt-daemon-driver-storage-{kind} (host_extra_packages of the role host)"
    )


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
    kind = root.get("type", "")
    if any(step.action == "define" for step in entry.steps) and kind in site.once("drivers", lambda: lacking(site)):
        problem = f"type: {no_driver(kind)}"
        yield Doubt(problem) if site.forecast.packages else problem
    if kind == "dir":
        other = folders.setdefault(target, entry.name)
        if other != entry.name:
            problem = (
                f"target: {target} is the folder of the pool {other}, and libvirt takes one pool for a folder: give"
                f" {entry.name} another folder, or keep the name {other}"
            )
            yield site.unsure(problem, "pools")
    build = next((step.value for step in entry.steps if step.action == "start"), "")
    if build == "never" and kind == "dir":
        missing = site.folder(target)
        if missing is not None:
            yield f"target: {missing}; make it, or leave out build"
    yield from unfit_secrets(site, root) if build else ()
    if build and kind in ("fs", "disk"):
        for device in root.findall("source/device"):
            missing = site.file(device.get("path", ""))
            if missing is not None:
                yield with_place("source.devices", missing)


def unfit_secrets(site: Site, root: ET.Element) -> t.Iterator[str]:
    """What is wrong with the secrets that a pool logs in with."""
    auth = root.find("source/auth")
    kind = {"ceph": "secret ceph", "chap": "secret iscsi"}.get("" if auth is None else auth.get("type", ""), "secret")
    for _by, secret in secrets_of(root):
        problem = site.problem(Reference("source", None, "auth", kind, secret))
        if problem is not None:
            yield with_place("source.auth.secret", problem)
