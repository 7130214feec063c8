# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What saved guests (virDomainManagedSave) come back as."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._libvirt.connection import LibvirtError, cut, lacks, libvirt
from ..._libvirt.objects import Connection, Domain
from .live import refusals

SECURE = getattr(libvirt, "VIR_DOMAIN_SAVE_IMAGE_XML_SECURE", 1)
"""Asks for the secrets, too (virDomainSaveImageXMLFlags)."""


def is_saved(domain: Domain) -> bool:
    """Whether a domain comes back as it was saved once it starts."""
    try:
        return bool(domain.hasManagedSaveImage(0))
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT"):
            raise
        return False


def saved_definitions(connection: Connection) -> dict[str, ET.Element]:
    """What saved guests come back as, by name. Where libvirt cannot tell, a guest counts as not saved."""
    try:
        domains = connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT", "VIR_ERR_INVALID_ARG"):
            raise
        return {}
    definitions = {domain.name(): definition_of(domain) for domain in domains}
    return {name: root for name, root in definitions.items() if root is not None}


def saved_definition(connection: Connection, name: str) -> ET.Element | None:
    """What a saved guest comes back as; None for one that is not saved, or where libvirt cannot tell."""
    try:
        return definition_of(connection.lookupByName(name))
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_DOMAIN"):
            raise
        return None


def definition_of(domain: Domain) -> ET.Element | None:
    """What a domain comes back as. A saved state that is damaged stops nobody: libvirt says so once it starts.

    Its secrets are in it: without them, it would seem to lack those that are declared.
    """
    try:
        root = ET.fromstring(domain.managedSaveGetXMLDesc(SECURE)) if is_saved(domain) else None
    except LibvirtError as error:
        if cut(error):
            raise
        return None
    except ET.ParseError:
        return None
    if root is not None:
        refusals.taken_out(root)
    return root
