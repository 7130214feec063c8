# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a guest a person would not write, as libvirt adds it by itself (see _engine.brief)."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ..._engine.rows.model import Item

VERSION = re.compile(r"^pc-(q35)-[0-9.]+$")
"""A machine type of a version, which libvirt writes where its name without one was given."""


def without_version(root: ET.Element) -> None:
    """Give the machine of a definition its name without a version.

    :param root: the definition, changed in place
    """
    machine = root.find("os/type")
    if machine is not None and machine.get("machine"):
        machine.set("machine", VERSION.sub(r"\1", machine.get("machine", "")))


def chosen_controller(controller: Item) -> bool:
    """Whether a person chose a controller that libvirt would add in another form, or not at all.

    The card of SCSI disks counts: the one that libvirt takes is not that of virtio.

    :param controller: its options
    """
    return controller.get("type") == "scsi" or controller.get("model") == "none"
