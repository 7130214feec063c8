# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt takes of a guest's definition and never keeps as it is declared."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.converters import MEMORY
from ..._engine.rows.model import Item
from ..._errors import Invalid
from . import memory_total
from .cloud_init.cloudbase_rules import NO_USB
from .cloud_init.options import is_seed
from .normal_form import cpu

AGENT = "org.qemu.guest_agent.0"
"""The name of the channel to the agent in a guest (formatdomain.html, channel)."""


def impossible(root: ET.Element, want: Item) -> t.Iterator[Invalid]:
    """What a definition to come cannot be, as libvirt adds something to it again.

    :param root: the definition
    :param want: what is declared
    """
    shown = root.find("devices/graphics") is not None
    if shown and want.get("videos") == [] and root.find("devices/video") is None:
        # virDomainDefAddImplicitVideo
        yield Invalid(
            "videos",
            "cannot be empty: with graphics, libvirt adds a video card; write - {model: {type: none}} for none",
        )
    yield from memory(root, want)
    yield from switched_off(root, want)
    yield from without_model(root, want)
    yield from without_value(root, want)
    yield from without_kernel(root, want)
    yield from without_channel(root, want)
    yield from without_usb(root)


def without_model(root: ET.Element, want: Item) -> t.Iterator[Invalid]:
    """Of a CPU without a model libvirt keeps no more than its topology, caches and nodes (virCPUDefFormatBufFull)."""
    node = root.find("cpu")
    if node is not None and cpu.has_model(node):
        return
    for name in ("check", "match"):
        if (want.get("cpu") or {}).get(name) is not None:
            yield Invalid(
                f"cpu.{name}", "needs cpu.model, or another cpu.mode than custom: give one, or leave this out"
            )


def memory(root: ET.Element, want: Item) -> t.Iterator[Invalid]:
    """The memory is that of all NUMA nodes and memory devices together (virDomainDefPostParseMemory)."""
    given = kept = cpu.amount(root.find("memory"))
    if root.find("cpu/numa/cell") is not None:
        settled = paths.clone(root)
        cpu.memory(settled)
        kept = cpu.amount(settled.find("memory"))
    if given is None or kept is None:
        return
    if want.get("memory") is not None and given != kept and given != memory_total.of_nodes(root):
        yield Invalid(
            "memory",
            f"is {MEMORY.show(given)}, but cpu.numa.cells and memory_devices have {MEMORY.show(kept)} together, and"
            f" libvirt takes that: write memory: {MEMORY.show(kept)}, or change those",
        )
        return
    used = want.get("current_memory")
    if used is not None and used > kept:
        yield Invalid(
            "current_memory",
            f"{MEMORY.show(used)} is more than memory, {MEMORY.show(kept)}: give at most that, or leave it out",
        )


def switched_off(root: ET.Element, want: Item) -> t.Iterator[Invalid]:
    """Of a feature that is off libvirt keeps nothing else (virDomainDefFeaturesFormat)."""
    features = want.get("features") or {}
    for family in ("hyperv", "kvm", "xen"):
        for name, options in (features.get(family) or {}).items():
            node = root.find(f"features/{family}/{name.replace('_', '-')}")
            node = root.find(f"features/{family}/{name}") if node is None else node
            if node is None or node.get("state") != "off" or not isinstance(options, dict):
                continue
            for inner, value in options.items():
                if inner != "state" and value not in (None, False):
                    yield Invalid(
                        f"features.{family}.{name}.{inner}",
                        "goes with state: true; of a feature that is off libvirt keeps nothing else: leave one of the"
                        " two out",
                    )


def without_value(root: ET.Element, want: Item) -> t.Iterator[Invalid]:
    """An entry of QEMU's firmware configuration holds something (virSysinfoParseFWCfgDef)."""
    nodes = root.findall("sysinfo[@type='fwcfg']/entry")
    empty = {node.get("name") for node in nodes if not node.text and not node.get("file")}
    for place, table in enumerate(want.get("sysinfo") or []):
        for index, entry in enumerate(table.get("entries") or []):
            if table.get("type") == "fwcfg" and entry.get("name") in empty:
                yield Invalid(
                    f"sysinfo[{place}].entries[{index}].value",
                    "is missing: write value, or file. The filter domain_from_xml leaves a value out, as it may be a"
                    " secret, unless it gets secrets: true",
                )


def without_kernel(root: ET.Element, want: Item) -> t.Iterator[Invalid]:
    """QEMU starts no guest that has an initial ramdisk or a command line, and no kernel for them."""
    if root.get("type") not in ("kvm", "qemu") or root.find("os/kernel") is not None:
        return
    for name in ("initrd", "cmdline"):
        if want.get(name) is not None:
            yield Invalid(name, "goes with kernel, and the guest has none: give kernel, or leave this out")


def without_channel(root: ET.Element, want: Item) -> t.Iterator[Invalid]:
    """An agent answers through its channel only (formatdomain.html, channel)."""
    channels = root.findall(f"devices/channel/target[@name='{AGENT}']")
    what = want.get("wait_for")
    if what in ("agent", "cloud_init") and want.get("state") == "running" and not channels:
        yield no_channel(what)


def no_channel(what: str) -> Invalid:
    """What is wrong with a guest that is asked by an agent which has no channel.

    :param what: what is waited for
    """
    needs = "agent needs its channel" if what == "agent" else "cloud_init is asked about by the agent"
    return Invalid(
        "wait_for",
        f"{needs}, and the guest has no channel for it: declare channels with target"
        f" {{type: virtio, name: {AGENT}}}, or wait for address",
    )


def without_usb(root: ET.Element) -> t.Iterator[Invalid]:
    """A config drive is a USB disk, which a guest with no USB does not see."""
    if root.find("devices/controller[@type='usb'][@model='none']") is None:
        return
    if any(is_seed(disk) and disk.find("target[@bus='usb']") is not None for disk in root.iterfind("devices/disk")):
        yield Invalid("cloud_init.datasource", NO_USB)
