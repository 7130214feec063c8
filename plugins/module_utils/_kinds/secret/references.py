# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which secrets a definition of a guest or a pool refers to (formatdomain.html, formatstorage.html)."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

SecretReference = tuple[str, str]
"""``uuid`` or ``usage``, and the UUID or the name."""


USAGES = {"passphrase": "volume", "ceph": "ceph", "iscsi": "iscsi"}
"""What a secret has to be for, by the type of the element that refers to it."""


def needed_of(root: ET.Element) -> t.Iterator[tuple[str, str | None]]:
    """The secrets that a definition refers to, by UUID or name, each with what it has to be for, if that is told."""
    for node in root.iter("secret"):
        name = (node.get("uuid") or "").strip().lower() or node.get("usage")
        if name:
            yield name, USAGES.get(node.get("type", ""))
    for node in root.iter("encryption"):
        if node.get("secret"):
            yield str(node.get("secret")).strip().lower(), "vtpm"


def secrets_of(root: ET.Element) -> t.Iterator[SecretReference]:
    """The secrets that a definition, or a part of one, refers to."""
    for node in root.iter("secret"):
        uuid, usage = node.get("uuid"), node.get("usage")
        if uuid:
            yield "uuid", uuid.strip().lower()
        elif usage:
            yield "usage", usage
    for node in root.iter("encryption"):  # That of an emulated TPM.
        if node.get("secret"):
            yield "uuid", str(node.get("secret")).strip().lower()
