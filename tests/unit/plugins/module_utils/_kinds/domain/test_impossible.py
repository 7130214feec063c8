# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt would never keep as it is declared is refused by the name of its option, and nothing else is."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.impossible import impossible

MIB = 1024 * 1024
CARD = "<devices><graphics type='vnc'/>{}</devices>"
MEMORY = "<memory unit='MiB'>{}</memory>"
NODES = "<cpu><numa><cell id='0' memory='64' unit='MiB'/><cell id='1' memory='64' unit='MiB'/></numa></cpu>"
DIMM = "<devices><memory model='dimm'><target><size unit='MiB'>32</size></target></memory></devices>"
OFF = "<features><{0}><{1} state='{2}'/></{0}></features>"
ENTRY = "<sysinfo type='{}'><entry name='opt/a'{}</sysinfo>"
KERNEL = "<os><kernel>/boot/k</kernel></os>"
CHANNEL = "<devices><channel><target type='virtio' name='{}'/></channel></devices>"
NO_USB = (
    "<devices><controller type='usb' model='none'/>"
    "<disk><alias name='{}'/><target dev='sdz' bus='{}'/></disk></devices>"
)
AGENT = "org.qemu.guest_agent.0"


def firmware(kind: str = "fwcfg") -> dict[str, Any]:
    return {"sysinfo": [{"type": "smbios"}, {"type": kind, "entries": [{"name": "opt/b"}, {"name": "opt/a"}]}]}


CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    # A video card
    (CARD.format(""), {"videos": []}, ["videos"]),
    (CARD.format(""), {}, []),
    (CARD.format(""), {"videos": None}, []),
    (CARD.format("<video/>"), {"videos": []}, []),
    ("<devices/>", {"videos": []}, []),
    # A config drive
    (NO_USB.format("ua-virtfleet-config-drive", "usb"), {}, ["cloud_init.datasource"]),
    (NO_USB.format("ua-virtfleet-seed", "virtio"), {}, []),
    (NO_USB.format("ua-mine", "usb"), {}, []),
    (NO_USB.format("ua-virtfleet-config-drive", "usb").replace("none", "qemu-xhci"), {}, []),
    # A CPU without a model
    ("", {"cpu": {"check": "full"}}, ["cpu.check"]),
    ("<cpu/>", {"cpu": {"check": "full", "match": "exact"}}, ["cpu.check", "cpu.match"]),
    ("<cpu><model>qemu64</model></cpu>", {"cpu": {"check": "full", "match": "exact"}}, []),
    ("<cpu/>", {"cpu": {"check": None}}, []),
    ("<cpu/>", {}, []),
    # Memory
    (MEMORY.format(64), {"memory": 64 * MIB, "current_memory": 64 * MIB}, []),
    (MEMORY.format(64), {"memory": 64 * MIB, "current_memory": 64 * MIB + 1}, ["current_memory"]),
    (MEMORY.format(64), {"current_memory": 64 * MIB}, []),
    (MEMORY.format(128) + NODES, {"memory": 128 * MIB}, []),
    (MEMORY.format(64) + NODES, {"memory": 64 * MIB, "current_memory": 512 * MIB}, ["memory"]),
    (MEMORY.format(64) + NODES, {"current_memory": 128 * MIB}, []),
    (MEMORY.format(64) + NODES, {"current_memory": 129 * MIB}, ["current_memory"]),
    (MEMORY.format(160) + NODES + DIMM, {"memory": 160 * MIB}, []),
    (MEMORY.format(128) + NODES + DIMM, {"memory": 128 * MIB}, []),
    (MEMORY.format(96) + NODES + DIMM, {"memory": 96 * MIB}, ["memory"]),
    ("", {"memory": 64 * MIB, "current_memory": 128 * MIB}, []),
    # A feature that is off
    (OFF.format("hyperv", "stimer", "off"), {"features": {"hyperv": {"stimer": {"state": False, "direct": True}}}},
     ["features.hyperv.stimer.direct"]),
    (OFF.format("hyperv", "stimer", "on"), {"features": {"hyperv": {"stimer": {"state": True, "direct": True}}}}, []),
    (OFF.format("hyperv", "stimer", "off"), {"features": {"hyperv": {"stimer": {"state": False, "direct": None}}}}, []),
    (OFF.format("hyperv", "stimer", "off"), {"features": {"hyperv": {"stimer": {"state": False, "direct": False}}}},
     []),
    (OFF.format("kvm", "dirty-ring", "off"), {"features": {"kvm": {"dirty_ring": {"state": False, "size": 4096}}}},
     ["features.kvm.dirty_ring.size"]),
    (OFF.format("hyperv", "spin_locks", "off"), {"features": {"hyperv": {"spin_locks": {"retries": 4096}}}},
     ["features.hyperv.spin_locks.retries"]),
    (OFF.format("xen", "passthrough", "off"), {"features": {"xen": {"passthrough": {"mode": "share_pt"}}}},
     ["features.xen.passthrough.mode"]),
    (OFF.format("hyperv", "relaxed", "off"), {"features": {"hyperv": {"relaxed": False}, "kvm": None}}, []),
    ("", {"features": {"hyperv": {"stimer": {"direct": True}}}}, []),
    # Firmware configuration
    (ENTRY.format("fwcfg", "/>"), firmware(), ["sysinfo[1].entries[1].value"]),
    (ENTRY.format("fwcfg", ">text</entry>"), firmware(), []),
    (ENTRY.format("fwcfg", " file='/a'/>"), firmware(), []),
    (ENTRY.format("fwcfg", "/>"), firmware("smbios"), []),
    (ENTRY.format("smbios", "/>"), firmware(), []),
    (ENTRY.format("fwcfg", "/>"), {"sysinfo": [{"type": "fwcfg"}]}, []),
    # A kernel
    ("", {"initrd": "/i", "cmdline": "quiet"}, ["initrd", "cmdline"]),
    (KERNEL, {"initrd": "/i", "cmdline": "quiet"}, []),
    ("", {"initrd": None}, []),
    # The agent's channel
    ("", {"wait_for": "agent", "state": "running"}, ["wait_for"]),
    (CHANNEL.format("other"), {"wait_for": "agent", "state": "running"}, ["wait_for"]),
    (CHANNEL.format(AGENT), {"wait_for": "agent", "state": "running"}, []),
    ("", {"wait_for": "agent", "state": "stopped"}, []),
    ("", {"wait_for": "address", "state": "running"}, []),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CASES)))
def test_what_libvirt_never_keeps_is_refused(number: int) -> None:
    text, want, refused = CASES[number]
    found = list(impossible(ET.fromstring(f"<domain type='kvm'>{text}</domain>"), want))
    assert [problem.where for problem in found] == refused


@pytest.mark.parametrize(("kind", "refused"), [("kvm", True), ("qemu", True), ("xen", False), ("test", False)])
def test_only_qemu_needs_a_kernel_for_its_command_line(kind: str, refused: bool) -> None:
    root = ET.fromstring(f"<domain type='{kind}'/>")
    assert [problem.where for problem in impossible(root, {"cmdline": "quiet"})] == ["cmdline"] * refused
