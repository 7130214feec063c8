# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold between the options of a guest. Each rule yields what does not."""

from __future__ import annotations

import typing as t

from ..._engine.converters import MEMORY
from ..._engine.rows.model import Item
from ..._errors import Invalid
from ..._printing import printable
from ..shared.derived_values import smbios_uuids

NO_SOURCE = "has no source: write size for a disk that is made, or file, block or volume for one that is there"
"""What to say of a disk that is on nothing."""


def memory_in_use(domain: Item) -> t.Iterator[Invalid]:
    """A guest uses no more memory than it has: of more, libvirt keeps what it has without a word."""
    whole, used = domain.get("memory"), domain.get("current_memory")
    if whole is not None and used is not None and used > whole:
        yield Invalid(
            "current_memory",
            f"{MEMORY.show(used)} is more than memory, {MEMORY.show(whole)}: give at most that, or leave it out",
        )


def one_uuid(domain: Item) -> t.Iterator[Invalid]:
    """The UUID in the SMBIOS of a guest is its own (virSysinfoSystemParseXML)."""
    of_smbios = next(smbios_uuids(domain), None)
    if of_smbios is not None and domain.get("uuid") not in (None, of_smbios):
        yield Invalid(
            "uuid", "is not that of sysinfo.system.uuid, and libvirt takes only one: leave one of the two out"
        )


def listening(domain: Item) -> t.Iterator[Invalid]:
    """The address of a display goes with a place to listen at that has one (virDomainGraphicsDefFormat)."""
    for index, display in enumerate(domain.get("graphics") or []):
        places = display.get("listens") or []
        kind = str(places[0].get("type")) if places else "address"
        if display.get("listen") is not None and kind in ("socket", "none"):
            yield Invalid(
                f"graphics[{index}].listen",
                f"does not go with listens whose first item is of type {kind}, and libvirt drops it: leave one of the"
                " two out",
            )


def cloned(domain: Item) -> t.Iterator[Invalid]:
    """A guest begins as another one."""
    original = domain.get("clone_of")
    if original is not None and original == domain.get("name"):
        yield Invalid("clone_of", "is the guest itself: name another one")
    if domain.get("clone_mode") is not None and original is None:
        yield Invalid("clone_mode", "goes with clone_of")


def booting(domain: Item) -> t.Iterator[Invalid]:
    """A kind of device is in the order of booting once: libvirt has room for one of each."""
    seen: set[str] = set()
    for index, kind in enumerate(domain.get("boot") or []):
        if kind in seen:
            yield Invalid(f"boot[{index}]", f"{printable(kind)} is there already: name each kind of device once")
        seen.add(kind)
