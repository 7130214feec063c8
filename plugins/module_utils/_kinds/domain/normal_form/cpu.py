# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form in which libvirt keeps CPUs, their memory and their tuning (see normal)."""

from __future__ import annotations

import collections
import contextlib
from xml.etree import ElementTree as ET

from ...._engine.converters import CPUSET, KIB
from ...._engine.converters.sizes import Size

LOCAL = "10"
"""The distance of a node from itself (LOCAL_DISTANCE in numa_conf.c)."""
MOST = 65536
"""More CPUs or threads than any guest has; of a larger number nothing is made out."""
BLOCK = 256 * 1024 * 1024
"""Bytes in which memory devices come on POWER (qemuDomainMemoryDefPostParse)."""


def settle(root: ET.Element) -> None:
    """Bring all about CPUs and memory into the form in which libvirt keeps it."""
    model(root)
    cells(root)
    distances(root)
    memory(root)
    tuning(root)
    iothreads(root)


def model(root: ET.Element) -> None:
    """The host's CPU has no model of its own, so nothing to fall back to (virCPUDefFormatBuf)."""
    for cpu in root.findall("cpu[@mode]"):
        if cpu.get("mode") in ("host-model", "host-passthrough", "maximum"):
            for node in cpu.findall("model"):
                if not (node.text or "").strip():
                    node.attrib.pop("fallback", None)
                    if not node.attrib:
                        cpu.remove(node)


def has_model(cpu: ET.Element) -> bool:
    """Whether a CPU has a model, its own or that of the host."""
    return cpu.get("mode", "custom") != "custom" or bool(cpu.findtext("model", "").strip())


def cells(root: ET.Element) -> None:
    """CPUs of no node are of the first one (qemuDomainDefNumaCPUsRectify)."""
    found = root.findall("cpu/numa/cell")
    if not found or any(cell.get("cpus") is None for cell in found):
        return
    with contextlib.suppress(ValueError):
        most = min(int(root.findtext("vcpu", "1")), MOST)
        taken = {number for cell in found[1:] for number in numbers(cell.get("cpus", ""))}
        rest = sorted(set(range(most)) - taken)
        named = set(numbers(found[0].get("cpus", "")))
        if named < set(rest):
            found[0].set("cpus", CPUSET.from_text(",".join(map(str, rest))))


def numbers(text: str) -> list[int]:
    """The numbers of a set."""
    out: list[int] = []
    for part in CPUSET.from_text(text).split(","):
        first, _dash, last = part.partition("-")
        out += range(int(first), int(last or first) + 1)
    return out


def distances(root: ET.Element) -> None:
    """A distance holds for both ways unless the other way has its own (virDomainNumaDefNodeDistanceParseXML)."""
    found = root.findall("cpu/numa/cell")
    names = [cell.get("id") or str(index) for index, cell in enumerate(found)]
    known: dict[str, dict[str, str]] = {name: {} for name in names}
    for name, cell in zip(names, found, strict=True):
        for sibling in cell.findall("distances/sibling"):
            other, value = sibling.get("id", ""), sibling.get("value", "")
            known[name].setdefault(name, LOCAL)
            known[name][other] = value
            if other in known:
                known[other].setdefault(other, LOCAL)
                known[other].setdefault(name, value)
    for name, cell in zip(names, found, strict=True):
        if known[name]:
            node = cell.find("distances")
            node = ET.SubElement(cell, "distances") if node is None else node
            node[:] = [
                ET.Element("sibling", {"id": other, "value": known[name][other]})
                for other in sorted(known[name], key=lambda text: (len(text), text))
            ]


def memory(root: ET.Element) -> None:
    """The memory is that of all nodes and memory devices together (virDomainDefPostParseMemory)."""
    devices = root.findall("devices/memory")
    arch = root.find("os/type[@arch]")
    if arch is not None and arch.get("arch", "").startswith("ppc64"):
        for device in devices:
            blocks(device)
    nodes = [size(cell, "memory") for cell in root.findall("cpu/numa/cell")]
    plugged = [amount(device.find("target/size")) for device in devices]
    whole = root.find("memory")
    if nodes and all(nodes) and None not in plugged:
        total = sum(node or 0 for node in nodes) + sum(part or 0 for part in plugged)
        if whole is None:
            whole = ET.Element("memory")
            root.insert(1, whole)
        if amount(whole) != total:
            KIB.encode(whole, None, total)
    if whole is not None:
        balloon(root, whole)


def balloon(root: ET.Element, whole: ET.Element) -> None:
    """What the balloon leaves is all of the memory where nothing is said, and never more."""
    current, most = root.find("currentMemory"), amount(whole)
    if current is None and most is not None:
        current = ET.Element("currentMemory")
        root.insert(list(root).index(whole) + 1, current)
    now = 0 if current is None else amount(current) or 0
    if current is not None and most is not None and (now == 0 or now > most):
        KIB.encode(current, None, most)


def blocks(device: ET.Element) -> None:
    """A memory device on POWER comes in whole blocks, an NVDIMM beside its labels."""
    node, label = device.find("target/size"), amount(device.find("target/label/size"))
    have = amount(node)
    if node is None or have is None:
        return
    if device.get("model") == "nvdimm":
        inner = (have - (label or 0)) // BLOCK * BLOCK
        want = inner + (label or 0)
    else:
        want = -(-have // BLOCK) * BLOCK
    if want != have and want > 0:
        KIB.encode(node, None, want)


def amount(node: ET.Element | None) -> int | None:
    """The bytes that an element counts, in KiB where it names no unit."""
    return None if node is None else KIB.decode(node, None)


def size(node: ET.Element, attribute: str) -> int | None:
    """The bytes that an attribute counts."""
    return Size("KiB", minimum=0).decode(node, attribute)


def tuning(root: ET.Element) -> None:
    """CPUs that are not there cannot be pinned."""
    tune = root.find("cputune")
    if tune is None:
        return
    schedulers(root)
    with contextlib.suppress(ValueError):
        most = int(root.findtext("vcpu", "1"))
        for node in tune.findall("vcpupin"):
            if int(node.get("vcpu", "0")) >= most:
                tune.remove(node)
    if not len(tune):
        root.remove(tune)


def schedulers(root: ET.Element) -> None:
    """Schedulers of equal settings are one: libvirt writes one for each thread (virDomainSchedulerFormat)."""
    for tune in root.findall("cputune"):
        for tag, attribute in (("vcpusched", "vcpus"), ("iothreadsched", "iothreads")):
            with contextlib.suppress(ValueError):
                grouped(tune, tag, attribute)


def grouped(tune: ET.Element, tag: str, attribute: str) -> None:
    """Make one of the elements that say the same of several threads."""
    sets: dict[tuple[tuple[str, str], ...], set[int]] = collections.defaultdict(set)
    nodes = tune.findall(tag)
    for node in nodes:
        rest = tuple(sorted((name, value) for name, value in node.items() if name != attribute))
        sets[rest].update(numbers(node.get(attribute, "")))
    if len(sets) == len(nodes):
        return
    spot = list(tune).index(nodes[0])  # Others of the elements may come after them.
    for node in nodes:
        tune.remove(node)
    for rest, threads in sorted(sets.items(), key=lambda entry: min(entry[1]), reverse=True):
        text = CPUSET.from_text(",".join(map(str, sorted(threads))))
        tune.insert(spot, ET.Element(tag, {attribute: text, **dict(rest)}))


def iothreads(root: ET.Element) -> None:
    """The threads that are counted but have no number get the lowest free ones (virDomainIOThreadIDDefArrayInit)."""
    named = root.find("iothreadids")
    with contextlib.suppress(ValueError):
        count = min(int(root.findtext("iothreads", "0")), MOST)
        if named is None or not len(named):
            return
        taken = {int(node.get("id", "0")) for node in named}
        number = 1
        while len(named) < count:
            if number not in taken:
                ET.SubElement(named, "iothread", {"id": str(number)})
            number += 1
        if len(named) > count:
            node = root.find("iothreads")
            node = ET.SubElement(root, "iothreads") if node is None else node
            node.text = str(len(named))
