# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks so large that the unit is likely a slip. Some file systems and devices hold them, so this is a warning."""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from .._kinds.shared.storage_values import CAPACITY
from .._kinds.volume.storage_rules import format_of, made_format, most_of_qcow2, volume_key
from .._printing import label
from .unique import entries, normal, word

LARGE = 64 * 1024**4
"""More bytes than the disks of guests have. A file in ext4 has at most 16 TiB."""


def doubts(guests: t.Iterable[Item], variables: t.Mapping[str, object]) -> t.Iterator[str]:
    """A warning for each such disk, and each such volume.

    :param guests: the guests of a host, their short forms written out
    :param variables: the variables of the host
    """
    for guest in guests:
        for place, disk in enumerate(entries(guest, "disks") if word(guest, "state") != "absent" else ()):
            form = word(disk, "format") or made_format(disk)
            yield from warnings_of_size(
                f"guest {label(word(guest, 'name'))}: disks[{place}].size", disk.get("size"), form
            )
    for volume in entries(variables, "kvm_volumes"):
        if word(volume, "state") != "absent":
            called = f"volume {label(str(volume_key(volume)))}: capacity"
            yield from warnings_of_size(called, volume.get("capacity"), format_of(volume))


def warnings_of_size(called: str, size: object, form: str) -> t.Iterator[str]:
    """A warning for one size, where it is that large, and is not refused as no qcow2 can have it.

    :param called: what has it, for people
    :param form: the format that the disk gets
    """
    amount = normal(CAPACITY, size)
    if isinstance(amount, int) and amount > LARGE and not (form == "qcow2" and amount > most_of_qcow2()):
        yield (
            f"{called}: {CAPACITY.show(amount)} is more than {CAPACITY.show(LARGE)}; is the unit right? The run goes"
            " on, for some file systems and devices hold that; a file in ext4 has 16TiB at most"
        )
