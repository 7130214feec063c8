# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a running guest is compared with the definition that libvirt keeps of it."""

from __future__ import annotations

import functools
import typing as t
from xml.etree import ElementTree as ET

from ..normal_form.running import as_kept


def compared(live: ET.Element, kept: ET.Element) -> list[t.Callable[[], None]]:
    """Take out of what runs what libvirt wrote there by itself, and the aliases that it gave to devices.

    Returns calls that put back what libvirt wants to see again where it is to change a device.

    :param live: the definition of the running guest, which is changed in place
    :param kept: the definition that libvirt keeps
    """
    given_back = as_kept(live, kept)
    return [*(functools.partial(device.append, alias) for device, alias in detached(live)), *given_back]


def detached(root: ET.Element) -> list[tuple[ET.Element, ET.Element]]:
    """Take out the aliases that libvirt gave to devices, and return each device with its own.

    By them it knows devices, but they are nothing that a device has.

    :param root: the definition of the running guest, which is changed in place
    """
    found = []
    for device in root.findall("devices/*"):
        for alias in device.findall("alias"):
            if not alias.get("name", "").startswith("ua-"):
                device.remove(alias)
                found.append((device, alias))
    return found
