# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume that is to be made."""

from __future__ import annotations

import dataclasses
import typing as t

from .._engine.rows.model import Item
from .._errors import VirtfleetError


class Forestalled(VirtfleetError):
    """Somebody else made a volume of the name of a new one first, perhaps another run that declares the same."""


@dataclasses.dataclass(frozen=True)
class Making:
    """A volume to be made.

    :param item: its options, complete
    :param xml: its definition
    :param guest: the guest that it is made for, or None
    :param verbatim: whether the user asks for a raw volume, so that an image is taken as it is
    :param disk: the place of the guest's disk that it is made for, or None
    :param change: the path of the change that it is in the plan of a guest
    :param facts: what is noted of it besides (see manifest.FACTS)
    :param copied: whether it is made from the disk of the original of a clone
    """

    item: Item
    xml: str
    guest: str | None = None
    verbatim: bool = False
    disk: int | None = None
    change: str | None = None
    facts: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    copied: bool = False

    @property
    def where(self) -> str:
        """The option of the guest that it is made for; empty for a volume of its own."""
        if "seed" in self.item:
            return "cloud_init"
        return "" if self.disk is None else f"disks[{self.disk}]"

    @property
    def pool(self) -> str:
        return t.cast(str, self.item["pool"])

    @property
    def name(self) -> str:
        return t.cast(str, self.item["name"])

    @property
    def key(self) -> str:
        return f"{self.pool}/{self.name}"
