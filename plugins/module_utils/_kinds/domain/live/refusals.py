# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What QEMU would not do to a running guest, noted in the metadata of what runs.

The definition does not have the note, so that it is gone at the next start. It counts as long as the guest has the same
devices: with one more or less, there may be room.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import typing as t
from xml.etree import ElementTree as ET

from ...._libvirt.connection import LibvirtError, libvirt
from ...._libvirt.objects import Connection
from ...shared.namespaces import REFUSED

NOTE = f"{{{REFUSED}}}refused"


def note(connection: Connection, name: str, reasons: t.Mapping[str, str]) -> None:
    """Note why steps were refused, by their signs. Where that cannot be noted, the next check expects them to work."""
    with contextlib.suppress(LibvirtError):
        domain = connection.lookupByName(name)
        element = ET.Element("refused", {"devices": devices(ET.fromstring(domain.XMLDesc(0)))})
        # Not to be read as what the guest has: its reasons may name paths.
        element.text = base64.b64encode(json.dumps(dict(reasons)).encode()).decode()
        text = ET.tostring(element, encoding="unicode")
        flags = libvirt.VIR_DOMAIN_AFFECT_LIVE
        domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, text, "refused", REFUSED, flags)


def taken_out(root: ET.Element) -> dict[str, str]:
    """Take the note out of the definition of what runs, and return what it says.

    :param root: the definition, which is changed in place
    """
    found: dict[str, str] = {}
    for metadata in root.findall("metadata"):
        for element in metadata.findall(NOTE):
            metadata.remove(element)
            if element.get("devices") == devices(root):
                found.update(read(element.text or ""))
        if not len(metadata):
            root.remove(metadata)
    return found


def read(text: str) -> dict[str, str]:
    """The reasons that a note holds; none where somebody has changed it."""
    try:
        found = json.loads(base64.b64decode(text))
    except ValueError:
        return {}
    return {str(sign): str(reason) for sign, reason in found.items()} if isinstance(found, dict) else {}


def devices(root: ET.Element) -> str:
    """What tells a guest's devices from those that it has once one comes or goes."""
    names = (
        f"{device.tag} {alias.get('name')}" for device in root.findall("devices/*") for alias in device.iter("alias")
    )
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
