# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a network."""

from __future__ import annotations

from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._flow.kind import Action
from ..._flow.options import Options
from ..._libvirt.connection import lacks, libvirt, stop
from ..._libvirt.objects import Connection
from .live_actions import reattach, update_section


def network_define(connection: Connection, name: str, step: Step, options: Options) -> None:
    """Define, or define anew in place; libvirt validates the document first."""
    connection.networkDefineXMLFlags(step.value, libvirt.VIR_NETWORK_DEFINE_VALIDATE)


def network_start(connection: Connection, name: str, step: Step, options: Options) -> None:
    connection.networkLookupByName(name).create()


def network_stop(connection: Connection, name: str, step: Step, options: Options) -> None:
    network = connection.networkLookupByName(name)
    stop(network, network.destroy)


def network_undefine(connection: Connection, name: str, step: Step, options: Options) -> None:
    try:
        network = connection.networkLookupByName(name)
    except libvirt.libvirtError as error:
        if lacks(error, "VIR_ERR_NO_NETWORK"):
            return  # A transient network goes when it stops.
        raise
    if network.isActive():
        raise VirtfleetError("undefine: somebody started it meanwhile, so it stays; run again")
    network.undefine()


def network_autostart(connection: Connection, name: str, step: Step, options: Options) -> None:
    connection.networkLookupByName(name).setAutostart(step.value)


ACTIONS: dict[str, Action] = {
    "define": network_define,
    "set_autostart": network_autostart,
    "start": network_start,
    "stop": network_stop,
    "undefine": network_undefine,
    "update_section": update_section,
    "reattach": reattach,
}
