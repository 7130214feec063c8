# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read which guests a host has, in a few calls for all of them."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._flow.kind import Definition
from ..._libvirt.connection import libvirt, listed_names
from ..._libvirt.objects import Connection, Resource
from .live import refusals
from .normal_form import running
from .undefine import Belongings, undefine


def domains(connection: Connection, names: t.Container[str]) -> dict[str, Observed]:
    """The domains of these names."""
    running = listed_names(connection.listAllDomains, "VIR_CONNECT_LIST_DOMAINS_ACTIVE")
    paused = listed_names(connection.listAllDomains, "VIR_CONNECT_LIST_DOMAINS_PAUSED")
    autostart = listed_names(connection.listAllDomains, "VIR_CONNECT_LIST_DOMAINS_AUTOSTART")
    transient = listed_names(connection.listAllDomains, "VIR_CONNECT_LIST_DOMAINS_TRANSIENT")
    found = {}
    for domain in connection.listAllDomains(0):
        name = domain.name()
        if name not in names:
            continue
        active = name in running
        live = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)) if active else None
        found[name] = Observed(
            refused={} if live is None else refusals.taken_out(live),
            definition=kept_definition(domain, name in transient),
            live=live,
            state="paused" if name in paused else "running" if active else "stopped",
            properties={"autostart": name in autostart},
            persistent=name not in transient,
        )
    return found


def kept_definition(found: Resource, transient: bool | None = None) -> ET.Element:
    """The definition that libvirt keeps of a guest.

    :param transient: whether it is, so that it has but what runs; None where libvirt is to be asked
    """
    root = paths.document(found.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE))
    refusals.taken_out(root)
    if not found.isPersistent() if transient is None else transient:
        running.settle(root)
    return root


def state(found: Resource) -> str:
    """The state of a guest, as the table names it."""
    if found.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        return "paused"
    return "running" if found.isActive() else "stopped"


def undefine_new(connection: Connection, found: Resource) -> None:
    """Take away the definition of a new guest, and nothing that was there before it."""
    undefine(connection, found.name(), Belongings(uuid=found.UUIDString()))


DEFINITION = Definition(
    noun="guest",
    lookup="lookupByName",
    listing="listAllDomains",
    missing="VIR_ERR_NO_DOMAIN",
    rename="stop it and run virsh domrename {there:sh} {name:sh}",
    kept=kept_definition,
    stays_renamed=True,
    in_use="it runs",
    state=state,
    undefine=undefine_new,
)
"""How libvirt keeps guests."""
