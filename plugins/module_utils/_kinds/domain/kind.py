# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests, as the flow knows them."""

from __future__ import annotations

import contextlib
import typing as t

from ..._engine.plan import Plan
from ..._engine.rows.model import Item
from ..._flow.kind import Action, Around, Kind, TakeBack
from ..._libvirt.connection import Session, libvirt
from ..._libvirt.objects import Connection, GuestAddress
from ..volume.storage_plan import fetched
from . import wait_for
from .define_batch import Definitions
from .disks import outside_disks
from .guests_to_come import guests_to_come
from .leftovers import declared_elsewhere, left_alone, leftovers
from .live import refusals
from .observe import DEFINITION, domains
from .old_leases import OldLeases, old_leases
from .plan import plan_guests
from .rehearsal import keeps, unasked
from .table import DOMAIN
from .take_back import remove, stays


@contextlib.contextmanager
def around(connection: Connection, plans: t.Sequence[Plan]) -> t.Iterator[Around]:
    """Make definitions ahead, and fetch each image once."""
    from ..volume import volume_image

    definitions = Definitions()
    definitions.ahead(connection, plans)
    with volume_image.downloads(fetched(plans)):
        yield Around({"define": definitions.define}, definitions.results)


def wait(
    session: Session, wants: t.Sequence[Item], failed: t.Container[str], before: OldLeases | None
) -> tuple[dict[str, list[GuestAddress]], dict[str, str], list[str]]:
    """Wait for the guests that are to be of use by the end of the run."""
    waits = wait_for.waited_for(wants, failed)
    return wait_for.wait(session, waits, before or OldLeases()) if waits else ({}, {}, [])


def steps() -> dict[str, Action]:
    """The steps of a domain, loaded where there is something to do."""
    from .domain_actions import ACTIONS

    return ACTIONS


def validate(connection: Connection, text: str) -> None:
    """Define a guest on a host in memory."""
    connection.defineXMLFlags(text, libvirt.VIR_DOMAIN_DEFINE_VALIDATE)


DOMAINS = Kind(
    table=DOMAIN,
    observe=domains,
    plan=plan_guests,
    steps=steps,
    leftovers=leftovers,
    left_alone=left_alone,
    validate=validate,
    keeps=keeps,
    unasked=unasked,
    definition=DEFINITION,
    noted=frozenset(
        (
            *("make_base", "make_volume", "fill_seed", "adopt_seed", "settle_seed"),
            *("delete_volume", "delete_seed", "forget", "spare"),
        )
    ),
    stores=frozenset(("make_base", "make_volume", "grow_volume", "fill_seed")),
    prepares=frozenset(("forget", "spare", "define")),
    around=around,
    take_back={"make_volume": TakeBack(stays, remove)},
    why=outside_disks.libvirt_reason,
    moved=declared_elsewhere,
    foretell=guests_to_come,
    wait=wait,
    before=old_leases,
    note_refused=refusals.note,
)
