# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests' new disks that are made from declared images: each gets the base image that it is a copy of, or laid over."""

from __future__ import annotations

import dataclasses
import typing as t

from ...._engine.observed import Observed
from ...._engine.rows.model import Host, Item
from ...._errors import Invalid, VirtfleetError
from ...image.bases import Bases, refuse_taken
from ...image.declared import MARK, filled_from
from .disk_formats import DiskFormats
from .guest_disks import Needed


def with_bases(
    forms: DiskFormats,
    resolved: t.Iterable[tuple[Item, list[Needed]]],
    volumes: t.Mapping[str, Observed],
    host: Host,
) -> tuple[list[tuple[Item, list[Needed]]], Bases]:
    """Guests with the base images that their new volumes are made from, and these.

    What a volume was made from does not count any more once it is there.

    :param forms: gets what is wrong with images, by guest
    :param volumes: those of the volumes that are there
    """
    found = Bases(forms.connection, host, forms.pools)
    out: list[tuple[Item, list[Needed]]] = []
    resolved = list(resolved)
    new = {need.key for _want, needed in resolved for need in needed if not need.kept and need.refusal is None}
    new -= set(volumes)
    for want, needed in resolved:
        mine: list[Needed] = []
        for need in needed:
            image = need.item.get(MARK)
            if image is None:
                mine.append(need)
                continue
            item = {name: value for name, value in need.item.items() if name != MARK}
            if need.kept or need.refusal is not None or need.key in volumes:
                mine.append(dataclasses.replace(need, item={**item, "image": image.name}))
                continue
            try:
                found.refuse_form(need.item, image)
                base = found.of(image)
                refuse_taken(base, new)
                mine.append(dataclasses.replace(need, item=filled_from(need.item, base.key), base=base))
            except VirtfleetError as error:
                where = "" if isinstance(error, Invalid) else "image: "
                forms.refuse(want["name"], f"disks[{need.index}].{where}{error}")
                mine.append(dataclasses.replace(need, item=item))
        out.append((want, mine))
    return out, found
