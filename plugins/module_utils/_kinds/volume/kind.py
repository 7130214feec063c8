# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage volumes, as the flow knows them."""

from __future__ import annotations

import contextlib
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.plan import Plan
from ..._flow.kind import Action, Around, Kind
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from ..._storage.storage_observe import volumes
from .leftovers import leftovers
from .plan import plan_volumes
from .storage_plan import fetched
from .table import VOLUME


@contextlib.contextmanager
def around(connection: Connection, plans: t.Sequence[Plan]) -> t.Iterator[Around]:
    """Fetch each image once."""
    from . import volume_image

    with volume_image.downloads(fetched(plans)):
        yield Around()


def steps() -> dict[str, Action]:
    """The steps of a volume, loaded where there is something to do."""
    from .volume_actions import ACTIONS

    return ACTIONS


def validate(connection: Connection, text: str) -> None:
    """Make a volume on a host in memory."""
    root = ET.fromstring(text)
    if root.find("target") is None:
        ET.SubElement(root, "target")  # The schema wants it, libvirt does not.
    (test_pool,) = connection.listAllStoragePools(0)
    test_pool.createXML(paths.text(root), getattr(libvirt, "VIR_STORAGE_VOL_CREATE_VALIDATE", 0))


VOLUMES = Kind(
    table=VOLUME,
    observe=volumes,
    plan=plan_volumes,
    steps=steps,
    leftovers=leftovers,
    validate=validate,
    noted=frozenset(("make_base", "define", "delete", "forget", "note_declared")),
    asks_schema=False,
    around=around,
)
