# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that libvirt has in writing of a guest: what is defined, what runs, and what it can come back as.

Who asks what uses something has to read all of it. What cannot be read is a doubt.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .._libvirt.connection import LibvirtError, lacks, libvirt, message_of
from .._libvirt.objects import Connection, Domain

SayDoubt = t.Callable[[str], None]
"""Told what could not be looked at, in words."""

GONE = ("VIR_ERR_NO_DOMAIN", "VIR_ERR_NO_DOMAIN_SNAPSHOT", "VIR_ERR_NO_DOMAIN_CHECKPOINT")
NO_BACKUP = (
    "VIR_ERR_NO_DOMAIN_BACKUP",
    "VIR_ERR_OPERATION_INVALID",
    "VIR_ERR_NO_SUPPORT",
    "VIR_ERR_OPERATION_UNSUPPORTED",
)


class Document(t.NamedTuple):
    """Something in writing.

    :param who: whose it is in words, such as ``guest web01 (snapshot a)``
    :param guest: the name of the guest
    :param root: the XML
    """

    who: str
    guest: str
    root: ET.Element


def read(
    who: str, guest: str, call: t.Callable[[], str], doubt: SayDoubt, gone: tuple[str, ...] = GONE
) -> t.Iterator[Document]:
    """What the XML that a call returns says; nothing where it is gone by now, or cannot be read."""
    try:
        root = ET.fromstring(call())
    except LibvirtError as error:
        if not lacks(error, *gone):
            doubt(f"{who}: the definition cannot be read ({message_of(error)})")
    except ET.ParseError as error:
        doubt(f"{who}: the definition cannot be read ({error})")
    else:
        yield Document(who, guest, root)


def of_guest(domain: Domain, doubt: SayDoubt) -> t.Iterator[Document]:
    """What a guest has by its definition, by what runs, and by a backup that runs."""
    name = domain.name()
    yield from read(f"guest {name}", name, lambda: domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), doubt)
    if domain.isActive():
        yield from read(f"guest {name}", name, lambda: domain.XMLDesc(0), doubt)
        yield from read(f"guest {name} (backup)", name, domain.backupGetXMLDesc, doubt, (*GONE, *NO_BACKUP))


def definitions(domain: Domain) -> tuple[ET.Element, ET.Element | None]:
    """What is defined of a guest, and what runs; None where nothing does. Raises LibvirtError."""
    kept = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    return kept, ET.fromstring(domain.XMLDesc(0)) if domain.isActive() else None


def saved_documents(connection: Connection, doubt: SayDoubt, gone: t.Container[str] = ()) -> t.Iterator[Document]:
    """What guests can come back as: saved states, snapshots and checkpoints.

    :param gone: guests that do not count
    """
    for domain in some(connection, "VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE", gone):
        name = domain.name()
        yield from read(f"guest {name} (saved)", name, domain.managedSaveGetXMLDesc, doubt)
    for domain in some(connection, "VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT", gone):
        name = domain.name()
        for snapshot in domain.listAllSnapshots(0):
            yield from read(f"guest {name} (snapshot {snapshot.getName()})", name, snapshot.getXMLDesc, doubt)
    for domain in some(connection, "VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT", gone):
        name = domain.name()
        for checkpoint in domain.listAllCheckpoints(0):
            yield from read(f"guest {name} (checkpoint {checkpoint.getName()})", name, checkpoint.getXMLDesc, doubt)


def some(connection: Connection, flag: str, gone: t.Container[str]) -> list[Domain]:
    """The guests that a filter of libvirt finds, without those that do not count."""
    try:
        return [domain for domain in connection.listAllDomains(getattr(libvirt, flag)) if domain.name() not in gone]
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_SUPPORT", "VIR_ERR_INVALID_ARG"):
            raise
        return []
