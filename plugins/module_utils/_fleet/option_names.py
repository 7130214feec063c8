# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a guest that are a slip of one that guests have in a fleet, and not in the module."""

from __future__ import annotations

import re

from .._engine.close_names import near
from .._engine.rows.model import Item
from .._engine.rows.row_index import body
from .._errors import Invalid
from .._kinds.domain.table import DOMAIN
from .._printing import NAME
from .layers import PROFILE, SWITCH, LayeredGuest
from .snapshots import OPTION as SNAPSHOTS

OF_FLEET = ("host", PROFILE, SWITCH, SNAPSHOTS)
"""The options that a guest of a fleet has besides those of the module."""


IP = re.compile(r"interfaces\[[0-9]+\]\.(?:ip_?addr(?:ess)?|addresses)")
"""Where other tools have the address of an interface."""


def with_ip(problem: Invalid) -> Invalid:
    """What is wrong with a guest, where an address is meant that its interface has in a fleet alone."""
    if IP.fullmatch(problem.where) is None:
        return problem
    return Invalid(problem.where, "no such option; write ip: ADDRESS, or ip: ADDRESS/PREFIX for cloud-init to set it")


def unknown_to_fleet(guest: Item) -> dict[str, str]:
    """What to say of options that are a slip of one that a guest has in a fleet, and of none of the module's."""
    options = body(DOMAIN.rows).names
    # Of what guests have in common, it is said there.
    shared = guest.sources if isinstance(guest, LayeredGuest) else {}
    found = {}
    for name in guest:
        if isinstance(name, str) and name not in (*options, *OF_FLEET, *shared) and len(name) <= NAME:
            like = [] if near(name, options) else near(name, OF_FLEET)
            if like:
                found[str(name)] = f"no such option; did you mean {' or '.join(map(repr, like))}?"
    return found


def slip_of_host(guest: Item) -> object:
    """The option that is a slip of ``host``, where a guest has no host."""
    return next(filter(means_host, guest), None) if guest.get("host") is None else None


def means_host(name: object) -> bool:
    """Whether an option is a slip of ``host``, which a guest has in the fleet's list and nowhere else."""
    options = body(DOMAIN.rows).names
    return name != "host" and name not in options and near(name, [*options, "host"]) == ["host"]
