# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host is ready for what is planned: what the run could not do is said by the plan, so by check mode too.

A guest that would start, or runs and gets a device, is refused where the host lacks what it needs. One that stays
switched off is only warned about: what it needs may come later.
"""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.converters.sizes import UNITS, Size
from ..._engine.plan import Observed, Plan
from ..._engine.rows.row_index import Item
from ..._storage.making import Making
from ..shared.cleanup import OF_OTHERS, forward_mode
from ..volume import volume_places
from ..volume.image_look import base_problem, growth_problem, image_problem, name_problem
from . import memory_overcommit, saved_states, verdict
from .disks import disk_locks, outside_disks, shared_disks, taken_volumes
from .disks.disk_bytes import first_bytes
from .lacking import Doubt, Site, at, plain
from .macvtap_carriers import content
from .references import Reference, references

Have = t.Mapping[str, Observed]
Wants = t.Sequence[Item]


def check_volumes(connection: t.Any, plans: t.Sequence[Plan], wants: Wants, options: t.Any) -> None:
    """Refuse volumes that cannot be made, or that are another one that is declared, each for itself."""
    site = Site(connection, options.forecast)
    same: dict[str, list[str]] = {}
    for entry, told in volume_places.twice(site, plans, wants):
        same.setdefault(entry.name, []).append(told)
    over = {entry.name: list(disk_locks.laid_over(site, entry)) for entry in plans}
    guests = outside_disks.by_disks(outside_disks.look(site, ())) if any(over.values()) else {}
    for entry in plans:
        if not refuse(entry, [*same.get(entry.name, ()), *makings(site, entry), *growths(site, entry)]):
            site.make(entry)
        entry.warnings += outside_disks.laid_on_others(over[entry.name], guests)


def check_networks(connection: t.Any, plans: t.Sequence[Plan], have: Have, options: t.Any) -> None:
    """Refuse networks on a bridge that another network has, or that is on the host already, each for itself."""
    site = Site(connection, options.forecast)
    if not any(step.action in ("define", "start") for entry in plans for step in entry.steps):
        return
    bridges = site.bridges()
    for entry in plans:
        actions = {step.action for step in entry.steps}
        mine = {bridge: name for bridge, name in bridges.items() if name == entry.name}
        if actions & {"undefine", "stop"}:
            site.gone.update(mine)
        if leaves(entry, have.get(entry.name)):
            bridges = {bridge: name for bridge, name in bridges.items() if name != entry.name}
        root = definition(entry, have.get(entry.name)) if actions & {"define", "start"} else None
        own = None if root is None or forward_mode(root) in OF_OTHERS else root.find("bridge")
        bridge = "" if own is None else own.get("name", "")
        if not bridge:
            continue
        other = bridges.setdefault(bridge, entry.name)
        if other != entry.name:
            told = f"bridge: {bridge} is that of the network {other}: name another, or leave it out"
            refuse(entry, [site.unsure(told)])
        elif "start" in actions and entry.name not in site.networks and site.has_device(bridge):
            told = f"bridge: {bridge} is on this host already, and of no network: name another, or leave it out"
            refuse(entry, [site.unsure(told)])
        if entry.obstacle is not None:
            bridges.update(mine)
            site.gone.difference_update(mine)


def leaves(entry: Plan, have: Observed | None) -> bool:
    """Whether a network or pool frees the place that it has: its bridge or folder.

    One that runs has it until it stops: only then does libvirt take the new definition.
    """
    actions = {step.action for step in entry.steps}
    return "undefine" in actions or ("define" in actions and (have is None or have.live is None or "stop" in actions))


def check_pools(connection: t.Any, plans: t.Sequence[Plan], have: Have, options: t.Any) -> None:
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
    if build and root.get("type") in ("fs", "disk"):
        for device in root.findall("source/device"):
            missing = site.file(device.get("path", ""))
            if missing is not None:
                yield at("source.devices", missing)


def check_guests(connection: t.Any, plans: t.Sequence[Plan], wants: Wants, have: Have, options: t.Any) -> None:
    """Refuse guests that the host is not ready for, each for itself. Only those are looked at that change."""
    site = Site(connection, options.forecast)
    asked = verdict.Verdict(connection)
    changing = [
        any(step.action in ("define", "make_volume", *shared_disks.STARTS) for step in entry.steps) for entry in plans
    ]
    guests: list[shared_disks.Guest] = []
    roots: dict[str, ET.Element] = {}
    saved = saved_states.saved_definitions(connection) if any(changing) else {}
    for entry, want, changes in zip(plans, wants, changing, strict=True):
        there = have.get(entry.name)
        root = None if want["state"] == "absent" else definition(entry, there)
        if any(changing):
            guests.append(shared_disks.Guest.of(site, entry, changes, there, root, saved.get(entry.name)))
        problems = [*block_jobs(site, entry, there), *growths(site, entry)]
        if not changes:
            refuse(entry, problems)
            continue
        problems += makings(site, entry)
        made, site.made = set(site.made), site.made | {key_of(step) for step in entry.steps} - {""}
        if root is not None:
            roots[entry.name] = root
            lacks, doubts = needs(site, entry, want, root, there)
            problems += lacks
            problems += needs_again(site, entry, root, saved.get(entry.name))
            problems += unreadable(site, entry, root)
            problems += two_boot_orders(root, want)
            entry.warnings += doubts
        if root is not None and not certain(problems):
            told = asked.of(root)
            if told is not None and (told.defining or shared_disks.starts(entry)):
                problems.append(told.sentence)
            elif told is not None:
                entry.warnings.append(f"it could not start as it is: {told.reason}")
        if refuse(entry, problems):
            site.made = made
    taken_volumes.refuse_bases(site, guests)
    taken_volumes.refuse_stale(site, guests)
    outside_disks.refuse_outside(site, guests)
    shared_disks.refuse_shared(guests)
    taken_volumes.warn_of_bases(site, guests)
    if site.local and roots:
        memory_overcommit.warn(connection, site.once("memory", memory_and_swap), plans, wants, roots)


def certain(problems: t.Iterable[str]) -> list[str]:
    """The problems that the run has, too."""
    return [problem for problem in problems if not isinstance(problem, Doubt)]


def refuse(entry: Plan, problems: t.Iterable[str]) -> bool:
    """Refuse what has problems, and warn of doubts. Whether it is refused."""
    problems = list(dict.fromkeys(problems))
    entry.warnings += [str(problem) for problem in problems if isinstance(problem, Doubt)]
    if certain(problems):
        entry.obstacle = "; ".join(certain(problems))
    return entry.obstacle is not None


def key_of(step: t.Any) -> str:
    """The volume that a step makes, as POOL/VOLUME; empty for any other step."""
    return step.value.key if isinstance(step.value, Making) else ""


def makings(site: Site, entry: Plan) -> list[str]:
    """Why volumes of a plan cannot be made, a sentence each."""
    found: list[str] = []
    for step in entry.steps:
        if isinstance(step.value, Making):
            where = f"{step.value.where}." if step.value.where else ""
            found += [type(told)(f"{where}{told}") for told in making(site, step.value)]
    return found


def growths(site: Site, entry: Plan) -> t.Iterator[str]:
    """Why volumes of a plan cannot be made larger, a sentence each. QEMU makes those of a running guest larger."""
    for step in entry.steps if not entry.running else ():
        told = growth_problem(site, step.value) if step.action in ("grow", "grow_volume") else None
        if told is not None:
            yield told


def making(site: Site, volume: Making) -> t.Iterator[str]:
    """Why a volume cannot be made: its pool, or what it is made from, is not there."""
    told = site.pool(volume.pool)
    if told is not None:
        yield f"pool: {told}"
        return
    item = volume.item
    backing = item.get("backing") or {}
    for option, place in (("clone_from", item.get("clone_from")), ("backing", backing.get("volume"))):
        if place is not None:
            told = site.volume(place if "/" in place else f"{volume.pool}/{place}")
            if told is not None:
                yield f"{'image' if option == 'clone_from' and volume.guest else option}: {told}"
    image = str(item.get("image") or "").removeprefix("file://")
    for option, path in (("image", image), ("backing.path", str(backing.get("path") or ""))):
        told = site.file(path) if path.startswith("/") and not os.path.lexists(path) else None
        if told is not None:
            yield at(option, told)
    for told in (name_problem(site, volume), image_problem(site, volume), base_problem(site, volume)):
        if told is not None:
            yield told


def definition(entry: Plan, have: Observed | None) -> ET.Element | None:
    """The definition that a guest will have."""
    text = next((step.value for step in entry.steps if step.action == "define"), None)
    if text is not None:
        return ET.fromstring(text)
    return None if have is None else have.definition


def needs(site: Site, entry: Plan, want: Item, root: ET.Element, have: Observed | None) -> tuple[list[str], list[str]]:
    """What a guest needs that the host lacks: what it is refused for, and what it is only warned of."""
    old = set() if have is None or shared_disks.starts(entry) else {found.what for found in references(have.definition)}
    told = [sentence(site, found, want) for found in references(root) if found.what not in old]
    lacks = list(dict.fromkeys(line for line in told if line is not None))
    large, pieces = memory(site, root) if shared_disks.starts(entry) else (None, None)
    lacks += [] if large is None else [large]
    if shared_disks.starts(entry) or entry.running:
        return lacks, [] if pieces is None else [pieces]
    return [], [f"{line}; until then the guest cannot start" for line in lacks]


def needs_again(site: Site, entry: Plan, root: ET.Element, saved: ET.Element | None) -> list[str]:
    """What a saved guest that starts comes back with, and the host lacks."""
    if saved is None or not shared_disks.starts(entry):
        return []
    known = {found.what for found in references(root)}
    told = [site.problem(found) for found in references(saved) if found.what not in known]
    where = f"its saved state, which virsh managedsave-remove {entry.name} discards"
    return [at(where, line) for line in told if line is not None]


def unreadable(site: Site, entry: Plan, root: ET.Element) -> t.Iterator[str]:
    """The disks of a guest that starts as which QEMU does not open what they are on: it has no header of qcow2."""
    for index, disk in enumerate(root.findall("devices/disk")) if site.local and shared_disks.starts(entry) else ():
        source, driver = disk.find("source"), disk.find("driver")
        place = "" if source is None else shared_disks.place_of(site, source)
        part = source is not None and source.find("slices") is not None
        if driver is None or driver.get("type") != "qcow2" or part or not place.startswith("/"):
            continue
        if site.is_made(plain(place)):
            continue
        found = first_bytes(place)
        if found is not None and found.kind not in ("qcow2", "none"):
            told = f"{place} is {found.words} by its first bytes, and no qcow2: write the format that it has"
            yield site.unsure(f"disks[{index}].format: {told}")


def block_jobs(site: Site, entry: Plan, have: Observed | None) -> t.Iterator[str]:
    """The disks of a running guest that are to grow while they are copied: then QEMU does not resize them."""
    copied = [] if have is None or have.live is None else have.live.findall("devices/disk/mirror/..")
    busy = {shared_disks.place_of(site, source) for disk in copied for source in disk.findall("source")}
    for step in entry.steps:
        if step.action != "grow_volume":
            continue
        if shared_disks.path_of(site, f"{step.value['pool']}/{step.value['name']}") in busy:
            yield (
                f"{step.value['change']}: a block job of the disk runs (virsh blockjob {entry.name} DISK): wait for its"
                " end, or end it first"
            )


def sentence(site: Site, reference: Reference, want: Item) -> str | None:
    """What is wrong with something that a guest needs, with the option."""
    problem = site.problem(reference)
    return None if problem is None else at(reference.where(want), problem)


def two_boot_orders(root: ET.Element, want: Item) -> list[str]:
    """What is wrong with the order of booting: libvirt refuses both ways at once, or drops one without a word."""
    if want.get("boot") and root.find("os/boot") is not None and root.find("devices/*/boot") is not None:
        return ["boot: does not go together with boot.order of a device: leave out one of the two"]
    return []


def memory(site: Site, root: ET.Element) -> tuple[str | None, str | None]:
    """What is wrong with a guest's memory: what it is refused for, and what it is only warned of.

    The kernel gives no process more at a time than memory and swap together, unless it is told to
    (vm.overcommit_memory, https://docs.kernel.org/mm/overcommit-accounting.html). QEMU asks for each NUMA node and
    each memory device by itself.
    """
    node = root.find("memory")
    if not site.local or node is None or root.find("memoryBacking") is not None:
        return None, None
    if content("/proc/sys/vm/overcommit_memory") != "0":
        return None, None
    asked = int(node.text or "0") * UNITS.get(node.get("unit", "KiB").lower(), 0)
    total = site.once("memory", memory_and_swap)
    if not total or asked <= total:
        return None, None
    asked_for, has = (Size().show(amount // 1024**2 * 1024**2) for amount in (asked, total))
    told = f"memory: is {asked_for}, and this host has {has} with its swap: give the guest less"
    divided = root.find("cpu/numa/cell") is not None or root.find("devices/memory") is not None
    return (None, told) if divided else (told, None)


def memory_and_swap() -> int:
    """The host's memory and swap in bytes; 0 where that cannot be told."""
    found = 0
    if os.path.exists("/proc/meminfo"):
        with open("/proc/meminfo", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(("MemTotal:", "SwapTotal:")):
                    found += int(line.split()[1]) * 1024
    return found
