# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of disks that a run made for a clone, and then did not come to define it.

Such a copy is whole, but the original may have been written to since. So the next run of the same clone makes it anew,
where it is known for certain that the copy is nobody's: it was made for the clone of that name, it is the volume that
was made (see half_made), no definition has it, and nobody has written to its file, given it to another user or linked
it, as the time of its last change is that of the note (see removal_notes). The note goes once the clone is defined.
"""

from __future__ import annotations

import contextlib
import typing as t

from ..._engine.observed import Observed
from ..._errors import VirtfleetError
from ..._libvirt.process import own_process
from ..._storage.manifest import Manifest
from ..._storage.removal_notes import changed_at

COPIED, COPYING = "copied", "copying"
"""What is noted of a copy until its clone is defined (see manifest.FACTS)."""


def facts_of(path: str | None) -> dict[str, str]:
    """What is noted of a copy that is whole; nothing of what is no file, as nobody can tell who wrote to that."""
    changed = changed_at(path)
    return {} if changed is None else {COPIED: changed, COPYING: own_process()}


def is_left(facts: t.Mapping[str, str], guest: str | None, found: Observed) -> bool:
    """Whether a volume is a copy that was made for a clone, and whose file nobody has changed since.

    :param facts: what is noted of it
    :param guest: the clone that it is asked for; None for any other use
    :param found: the volume
    """
    if guest is None or facts.get("guest") != guest or facts.get(COPIED) is None:
        return False
    return facts[COPIED] == changed_at(found.definition.findtext("target/path"))


def settle(uri: str, keys: t.Iterable[str]) -> None:
    """Note of copies that their clone is defined. Where that fails, nothing is lost: then a definition has them."""
    with contextlib.suppress(VirtfleetError):
        Manifest(uri).remove_facts("volumes", keys, (COPIED, COPYING))
