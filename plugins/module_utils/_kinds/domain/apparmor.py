# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say which disks a guest will not reach under AppArmor."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._libvirt.objects import Connection
from ..._printing import spelled_out

REACHES = 11_000_000
"""The libvirt whose virt-aa-helper lets a guest have a disk that is given by pool and volume.

Older ones leave it out of the guest's profile, so that QEMU may not open it (get_files in
src/security/virt-aa-helper.c looks at the path of a disk, and such a disk has none there).
"""


def warn_of_volumes(connection: Connection, plans: t.Iterable[Plan]) -> None:
    """Warn of each disk that a definition gives by pool and volume, where AppArmor will not let its guest have it.

    Asked only where there is such a disk, and said only where a definition changes.
    """
    found = [(plan, disks) for plan in plans for disks in [by_volume(plan)] if disks]
    if not found or connection.getLibVersion() >= REACHES or not confined(connection):
        return
    for plan, disks in found:
        for target, volume in disks:
            plan.warnings.append(
                f"its disk {spelled_out(target)} is given by pool and volume ({spelled_out(volume)}), which AppArmor"
                " keeps from guests with the libvirt of this host (before 11.0); give the path of the disk with file or"
                " block"
            )


def by_volume(plan: Plan) -> list[tuple[str, str]]:
    """The target and POOL/VOLUME of the disks that the new definition of a guest gives so."""
    found = []
    for step in plan.steps:
        if step.action == "define" and isinstance(step.value, str) and 'type="volume"' in step.value:
            for disk in ET.fromstring(step.value).findall("devices/disk[@type='volume']"):
                source, target = disk.find("source"), disk.find("target")
                pair = ("", "") if source is None else (source.get("pool", ""), source.get("volume", ""))
                found.append(("" if target is None else target.get("dev", ""), "/".join(pair)))
    return found


def confined(connection: Connection) -> bool:
    """Whether libvirt confines guests by AppArmor (formatcaps.html, secmodel)."""
    models = ET.fromstring(connection.getCapabilities()).findall("host/secmodel/model")
    return any((model.text or "").strip() == "apparmor" for model in models)
