# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks, as the flow knows them."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.rows.model import Item
from ..._flow.kind import Action, Kind, Record
from ..._flow.purge import Leftovers
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from . import handover
from .leftovers import left_alone, leftovers
from .network_options import NetworkOptions
from .observe import DEFINITION, networks
from .plan import plan_networks
from .table import NETWORK


def hold(
    connection: Connection, over: Leftovers, wants: t.Sequence[Item], options: NetworkOptions
) -> tuple[list[Item], dict[str, str]]:
    """Hold back the networks that go in a later call, once the guests are on others (see handover)."""
    if options.guest_networks is None:
        return list(wants), over.staying
    return handover.leaving(connection, over, wants, options.guest_networks)


def steps() -> dict[str, Action]:
    """The steps of a network, loaded where there is something to do."""
    from .network_actions import ACTIONS

    return ACTIONS


def validate(connection: Connection, text: str) -> None:
    """Define a network on a host in memory."""
    connection.networkDefineXMLFlags(text, libvirt.VIR_NETWORK_DEFINE_VALIDATE)


def keeps(connection: Connection, root: ET.Element) -> ET.Element:
    """What libvirt keeps of a network's definition. Raises LibvirtError for what it does not read.

    :param connection: to a host in memory. Of a network that does not run it tells the definition, and takes no flag
    """
    network = connection.networkDefineXML(paths.text(root))
    kept = ET.fromstring(network.XMLDesc(0))
    network.undefine()
    kept.extend(paths.clone(child) for child in root if child.tag.startswith("{"))  # Its own driver reads those.
    return kept


NETWORKS = Kind(
    table=NETWORK,
    observe=networks,
    plan=plan_networks,
    steps=steps,
    leftovers=leftovers,
    left_alone=left_alone,
    validate=validate,
    keeps=keeps,
    read_alike=True,
    definition=DEFINITION,
    record=Record("networks", lasting=False),
    hold=hold,
)
