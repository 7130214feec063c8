# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encryption of a disk that is made for a guest, which tells that of its volume. Pure functions."""

from __future__ import annotations

from ..._engine.rows.model import Item

BY_HAND = "declare the volume in kvm_volumes with encryption, and name it in 'volume' without 'size'"
"""What to do about a disk whose encryption tells too little, or too much, of the volume to be made for it."""


def of_disk(disk: Item) -> tuple[Item | None, str | None]:
    """The encryption of a volume that is made for a guest's disk, as the volume's option; and why it cannot be made.

    :param disk: the disk's options
    """
    source = disk.get("source")
    given = disk.get("encryption") or (source.get("encryption") if isinstance(source, dict) else None)
    if not given:
        return None, None
    filled = next((name for name in ("image", "backing") if disk.get(name) is not None), None)
    if filled is not None:
        return None, f"a disk that is made from {filled} is not encrypted: {BY_HAND}"
    secrets = given.get("secrets") or []
    names = {name for name, value in given.items() if value is not None}
    plain = names <= {"format", "engine", "secrets"} and given.get("engine") in (None, "qemu")
    if given.get("format") != "luks" or len(secrets) != 1 or not plain:
        return None, f"a disk is only made encrypted with format luks and one secret: {BY_HAND}"
    (secret,) = secrets
    named = {by: secret[by] for by in ("uuid", "usage") if secret.get(by) is not None}
    return {"format": "luks", "secret": {"type": "passphrase", **named}}, None
