# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The routes of a host."""

from __future__ import annotations

import typing as t

from . import facts
from .agent import shapes
from .facts import Route
from .iproute import ip

FAMILIES = (("-4", "0.0.0.0/0"), ("-6", "::/0"))
"""The families of addresses as ``ip`` is asked for them, each with the network of its default route."""


def of_main_table(family: str) -> list[shapes.RouteData]:
    """What ``ip -json`` says of the routes of the main table.

    :param family: ``-4`` or ``-6``
    """
    found: list[shapes.RouteData] = ip(family, "route", "show")
    return found


def routes(routes_of: t.Callable[[str], list[shapes.RouteData]] = of_main_table) -> tuple[Route, ...]:
    """The routes of the host, of both families. Raises VirtfleetError where the kernel cannot be asked.

    :param routes_of: what ``ip -json`` says of those of a family
    """
    return tuple(route for family, default in FAMILIES for route in facts.routes(routes_of(family), default))
