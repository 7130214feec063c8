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
from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._flow.kind import Have, Wants
from ..._libvirt.objects import Connection
from ..._shell_words import ShellWord
from ..._storage.new_volumes import Making
from ..shared.lacking import Site, plain, with_place
from ..shared.readiness import certain, definition, refuse
from ..shared.references import Reference, references
from ..volume.readiness import growths, key_of, makings
from . import host_cpus, memory_overcommit, saved_states, security_labels, verdict
from .disks import outside_disks, overlaid, shared_disks, taken_volumes
from .disks.disk_bytes import first_bytes
from .guest_options import GuestOptions
from .macvtap_carriers import content
from .rules import NO_SOURCE
from .security_labels import makes_labels
from .table import DOMAIN


def check_guests(
    connection: Connection, plans: t.Sequence[Plan], wants: Wants, have: Have, options: GuestOptions
) -> None:
    """Refuse guests that the host is not ready for, each for itself. Only those are looked at that change."""
    site = Site(connection, options.forecast, [str(image["name"]) for image in options.images or ()])
    asked = verdict.Verdict(connection, options.forecast.secrets)
    changing = [
        any(step.action in ("define", "make_volume", *shared_disks.STARTS) for step in entry.steps) for entry in plans
    ]
    guests: list[shared_disks.DisksOfGuest] = []
    roots: dict[str, ET.Element] = {}
    saved = saved_states.saved_definitions(connection) if any(changing) else {}
    for entry, want, changes in zip(plans, wants, changing, strict=True):
        there = have.get(entry.name)
        root = None if want["state"] == "absent" else definition(entry, there)
        if any(changing):
            guests.append(shared_disks.DisksOfGuest.of(site, entry, changes, there, root, saved.get(entry.name)))
        problems = [*block_jobs(site, entry, there), *growths(site, entry)]
        if not changes:
            refuse(entry, problems)
            continue
        problems += makings(site, entry)
        before = set(site.new_volumes)
        site.new_volumes = before | {key_of(step) for step in entry.steps} - {""}
        if root is not None:
            roots[entry.name] = root
            lacks, doubts = needs(site, entry, want, root, there)
            problems += lacks
            problems += needs_again(site, entry, root, saved.get(entry.name))
            problems += [
                *unreadable(site, entry, root),
                *without_source(root),
                *modes_of_files(root),
                *two_boot_orders(root, want),
                *security_labels.unkept(root, lambda: site.once("labels", lambda: makes_labels(connection))),
            ]
            entry.warnings += doubts
        if root is not None and not certain(problems):
            complaint = asked.of(root)
            if complaint is not None and (complaint.defining or shared_disks.starts(entry)):
                problems.append(asked.sentence(complaint, DOMAIN, want, root))
            elif complaint is not None:
                entry.warnings.append(f"it could not start as it is: {complaint.reason}")
        if refuse(entry, problems):
            site.new_volumes = before
    check_disks(site, guests, plans, wants, have)
    if site.local and roots:
        memory_overcommit.warn(connection, site.once("memory", memory_and_swap), plans, wants, roots)


def check_disks(
    site: Site, guests: t.Sequence[shared_disks.DisksOfGuest], plans: t.Sequence[Plan], wants: Wants, have: Have
) -> None:
    """Refuse guests with a disk that something else is, or is to be, on; warn of those that others are laid over."""
    taken_volumes.refuse_base_images(site, guests)
    taken_volumes.refuse_bases(site, guests)
    taken_volumes.refuse_stale(site, guests)
    overlaid.refuse_overlaid(site, plans, wants, have)
    outside_disks.refuse_outside(site, guests)
    shared_disks.refuse_shared(guests)
    taken_volumes.warn_of_bases(site, guests)


def needs(site: Site, entry: Plan, want: Item, root: ET.Element, have: Observed | None) -> tuple[list[str], list[str]]:
    """What a guest needs that the host lacks: what it is refused for, and what it is only warned of."""
    before = None if have is None or shared_disks.starts(entry) else have.definition
    old = set() if before is None else {found.what for found in references(before)}
    bound = [] if before is None else unknown_cpus(site, before)
    problems = [sentence(site, found, want) for found in references(root) if found.what not in old]
    of_made = tuple(f"{step.value.where}.file: " for step in entry.steps if isinstance(step.value, Making))
    lacks = [line for line in dict.fromkeys(problems) if line is not None and not line.startswith(of_made)]
    lacks += [line for line in unknown_cpus(site, root) if line not in bound]
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
    problems = [site.problem(found) for found in references(saved) if found.what not in known]
    where = f"its saved state, which virsh managedsave-remove {ShellWord(entry.name):sh} discards"
    return [with_place(where, line) for line in problems if line is not None]


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
            problem = f"{place} is {found.words} by its first bytes, and no qcow2: write the format that it has"
            yield site.unsure(f"disks[{index}].format: {problem}", "volumes")


def unknown_cpus(site: Site, root: ET.Element) -> list[str]:
    """What a guest is bound to, and the host does not have."""
    return list(host_cpus.unknown(root, site.once("online", host_cpus.of_this_host))) if site.local else []


def block_jobs(site: Site, entry: Plan, have: Observed | None) -> t.Iterator[str]:
    """The disks of a running guest that are to grow while they are copied: then QEMU does not resize them."""
    copied = [] if have is None or have.live is None else have.live.findall("devices/disk/mirror/..")
    busy = {shared_disks.place_of(site, source) for disk in copied for source in disk.findall("source")}
    for step in entry.steps:
        if step.action != "grow_volume":
            continue
        if shared_disks.path_of(site, f"{step.value['pool']}/{step.value['name']}") in busy:
            yield (
                f"{step.value['change']}: a block job of the disk runs (virsh blockjob"
                f" {ShellWord(entry.name):sh} DISK): wait for its end, or end it first"
            )


def sentence(site: Site, reference: Reference, want: Item) -> str | None:
    """What is wrong with something that a guest needs, with the option."""
    problem = site.problem(reference)
    return None if problem is None else with_place(reference.where(want), problem)


def without_source(root: ET.Element) -> t.Iterator[str]:
    """The disks of a definition that are on nothing: QEMU's driver of libvirt takes none but empty drives."""
    for index, disk in enumerate(root.findall("devices/disk") if root.get("type") in ("kvm", "qemu") else ()):
        if disk.find("source") is None and disk.get("device", "disk") in ("disk", "lun"):
            yield f"disks[{index}]: {NO_SOURCE}"


def modes_of_files(root: ET.Element) -> t.Iterator[str]:
    """The file systems with modes of new files without the access mode that these go with (qemuValidate...DefFS)."""
    for index, node in enumerate(root.findall("devices/filesystem") if root.get("type") in ("kvm", "qemu") else ()):
        for name in ("fmode", "dmode") if node.get("accessmode") != "mapped" else ():
            if node.get(name) is not None:
                yield (
                    f"filesystems[{index}].{name}: goes with accessmode: mapped, and libvirt takes it with no other:"
                    " write that, or leave it out"
                )


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
    problem = f"memory: is {asked_for}, and this host has {has} with its swap: give the guest less"
    divided = root.find("cpu/numa/cell") is not None or root.find("devices/memory") is not None
    return (None, problem) if divided else (problem, None)


def memory_and_swap() -> int:
    """The host's memory and swap in bytes; 0 where that cannot be told."""
    found = 0
    if os.path.exists("/proc/meminfo"):
        with open("/proc/meminfo", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(("MemTotal:", "SwapTotal:")):
                    found += int(line.split()[1]) * 1024
    return found
