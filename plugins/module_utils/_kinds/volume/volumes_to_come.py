# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pools that tasks before would have made or started, and their volumes: files that libvirt will list then."""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.observed import Observed
from ..._libvirt.objects import Connection
from ..._storage import storage_observe
from ..._storage.forecast import Forecast
from ..._storage.storage_observe import ObservedPool
from ..._storage.users import is_local
from ..domain.disks.disk_bytes import first_bytes
from ..shared import lacking
from .storage_plan import FUTURE
from .storage_rules import MADE_DIRECTORIES


def pools_to_come(connection: Connection, forecast: Forecast) -> dict[str, ObservedPool]:
    """The pools of the host as they will be.

    :param connection: None on a host without libvirt
    """
    if connection is not None:
        return forecast.with_pools(storage_observe.all_pools(connection))
    return forecast.with_pools({} if forecast.pools else FUTURE)


def listed_later(
    connection: Connection, forecast: Forecast, keys: t.Iterable[str], there: t.Mapping[str, Observed]
) -> dict[str, Observed]:
    """The volumes of some names that are files in the folders of pools which are only foretold.

    :param connection: None for a host without libvirt
    :param keys: identities, POOL/VOLUME
    :param there: the volumes that libvirt lists now
    """
    uri = "" if connection is None else str(connection.getURI())
    if not forecast.pools or not is_local(uri) or uri.startswith(lacking.FOREIGN):
        return {}
    now = {} if connection is None else storage_observe.all_pools(connection)
    later = forecast.with_pools(now)
    found = {}
    for key in keys:
        name, _slash, volume = key.partition("/")
        pool, today = later.get(name), now.get(name)
        known = today is not None and today.active
        if key in there or known or pool is None or not pool.active or pool.type not in MADE_DIRECTORIES:
            continue
        root = described(volume, os.path.join(pool.target or "", volume)) if pool.target else None
        if root is not None:
            found[key] = Observed(root, None, "present", {})
    return found


def described(name: str, path: str) -> ET.Element | None:
    """A file as libvirt describes a volume of a folder, as far as a plan goes by it; None where there is no file."""
    content = first_bytes(path) if os.path.isfile(path) else None
    if content is None or content.size is None:
        return None
    root = ET.Element("volume", type="file")
    for tag, text in (("name", name), ("key", path), ("capacity", str(content.size))):
        ET.SubElement(root, tag).text = text
    target = ET.SubElement(root, "target")
    ET.SubElement(target, "path").text = path
    ET.SubElement(target, "format", type="qcow2" if content.kind == "qcow2" else "raw")
    return root
