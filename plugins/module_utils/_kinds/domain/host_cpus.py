# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPUs and NUMA nodes of the host that a guest is bound to, and that the host does not have.

The kernel refuses a set of which it has none (sched_setaffinity(2)); of others it takes those that it has.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

ONLINE = "/sys/devices/system/{}/online"
"""Those that the host has, such as ``0-3,8``, by what they are: ``cpu`` or ``node`` (sysfs-devices-system-cpu)."""

WORDS = {"cpu": "CPUs", "node": "NUMA nodes"}


def unknown(root: ET.Element, has: t.Mapping[str, set[int]]) -> t.Iterator[str]:
    """A sentence for each set of which the host has none.

    :param root: the definition of a guest that starts
    :param has: the numbers of what the host has, by what it is; empty where that cannot be told
    """
    for option, kind, text in sets(root):
        wanted, there = numbers(text), has[kind]
        if wanted and there and wanted.isdisjoint(there):
            yield f"{option}: this host has no {WORDS[kind]} {text}: it has {shown(there)}"


def sets(root: ET.Element) -> t.Iterator[tuple[str, str, str]]:
    """The sets that a definition names: the option, what they are, and the set."""
    for path, name, option, kind in (
        ("vcpu", "cpuset", "cpuset", "cpu"),
        ("cputune/emulatorpin", "cpuset", "cputune.emulatorpin", "cpu"),
        ("numatune/memory", "nodeset", "numatune.nodeset", "node"),
    ):
        node = root.find(path)
        if node is not None and node.get(name):
            yield option, kind, node.get(name, "")
    for tag, key in (("vcpupin", "vcpu"), ("iothreadpin", "iothread")):
        for node in root.findall(f"cputune/{tag}"):
            yield f"cputune.{tag}.{node.get(key)}", "cpu", node.get("cpuset", "")


def numbers(text: str) -> set[int]:
    """The numbers of a set such as ``0-3,^2,8`` (formatdomain.html, CPU Allocation); none where it is no such set."""
    found: set[int] = set()
    for part in text.split(","):
        first, _dash, last = part.strip().lstrip("^").partition("-")
        if not first.isdecimal() or not (last or first).isdecimal() or int(last or first) > 65535:
            return set()
        span = range(int(first), int(last or first) + 1)
        if part.strip().startswith("^"):
            found.difference_update(span)
        else:
            found.update(span)
    return found


def shown(found: set[int]) -> str:
    """A set as the kernel writes it, shortened to its first and last where it has gaps."""
    return str(min(found)) if len(found) == 1 else f"{min(found)} to {max(found)}"


def online(kind: str) -> set[int]:
    """The CPUs or NUMA nodes of this host; none where that cannot be told."""
    try:
        with open(ONLINE.format(kind), encoding="ascii", errors="replace") as file:
            return numbers(file.read().strip())
    except OSError:
        return set()


def of_this_host() -> dict[str, set[int]]:
    """Those of this host, by what they are."""
    return {kind: online(kind) for kind in WORDS}
