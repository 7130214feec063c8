# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read which networks a host has, in a few calls for all of them."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._flow.kind import Definition
from ..._libvirt.connection import lacks, libvirt, listed_names
from ..._libvirt.objects import Connection, Network


def networks(connection: Connection, names: t.Container[str]) -> dict[str, Observed]:
    """The networks of these names."""
    autostart = listed_names(connection.listAllNetworks, "VIR_CONNECT_LIST_NETWORKS_AUTOSTART")
    persistent = listed_names(connection.listAllNetworks, "VIR_CONNECT_LIST_NETWORKS_PERSISTENT")
    found = {}
    for network in connection.listAllNetworks(0):
        name = network.name()
        if name in names:
            active = network.isActive()
            found[name] = Observed(
                definition=kept_definition(network),
                live=paths.document(network.XMLDesc(0)) if active else None,
                state="active" if active else "inactive",
                properties={"autostart": name in autostart},
                persistent=name in persistent,
            )
    return found


def kept_definition(network: Network) -> ET.Element:
    """The definition that libvirt keeps of a network."""
    return paths.document(inactive_network(network))


def inactive_network(network: Network) -> str:
    """The persistent definition. libvirt's test driver has but one and refuses to be asked so."""
    try:
        return network.XMLDesc(libvirt.VIR_NETWORK_XML_INACTIVE)
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_INVALID_ARG"):
            raise
        return network.XMLDesc(0)


DEFINITION = Definition(
    noun="network",
    lookup="networkLookupByName",
    listing="listAllNetworks",
    missing="VIR_ERR_NO_NETWORK",
    rename="define it anew as {name}",
    kept=kept_definition,
)
"""How libvirt keeps networks."""
