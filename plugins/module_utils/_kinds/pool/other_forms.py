# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the source of a pool is written, which other tools have as a text."""

from __future__ import annotations

import re

from ..._engine.rows.model import OptionValue
from ..._engine.rows.other_forms import OtherForm, is_plain

BY_NAME = ("logical", "rbd", "gluster", "zfs", "vstorage")
"""Types of pools whose source has a name: that of a volume group, of a pool of Ceph, and so on."""

BY_DEVICE = ("fs", "disk")
EXPORT = re.compile(r"([\w.-]+):(/[\w./+-]*)")
"""A folder on a server, as mount(8) names it."""


def source(value: OptionValue, pool: OptionValue, listed: bool) -> str | None:
    """What to write in place of a text."""
    export = EXPORT.fullmatch(value) if isinstance(value, str) and len(value) <= 100 else None
    kind = pool.get("type") if isinstance(pool, dict) else None
    if kind == "netfs" and export is not None:
        return f"write {{hosts: [{{name: {export[1]}}}], dir: {export[2]}}}"
    if not is_plain(value):
        return None
    if kind in BY_DEVICE and value.startswith("/"):
        return f"write {{devices: [{value}]}}"
    if kind in (None, "dir") and value.startswith("/"):
        return f"the folder of a pool is its target: write target: {value} in place of source"
    return f"write {{name: {value}}}" if kind in BY_NAME and not value.startswith("/") else None


FORMS: dict[str, OtherForm] = {"source": source}
"""By the path of an option, what tells how to write it."""
