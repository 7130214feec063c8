# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A step of a plan."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Step:
    """One action on one resource.

    :param action: a name in the registry of apply
    :param value: the XML to define, or the value to set
    :param reaches: the paths that it brings to what runs. Where the hypervisor refuses such a step,
        they wait for a restart; any other step that fails is the last.
    :param state: the state that the resource has after it, where it changes that
    :param sign: what later plans know it by, where it brings something to what runs (see refused)
    """

    action: str
    value: t.Any = None
    reaches: tuple[str, ...] = ()
    state: str | None = None
    sign: str = ""
