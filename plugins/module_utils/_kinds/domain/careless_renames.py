# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new guest that is likely an old one whose name was changed in the list alone: it would get new, empty disks.

Only a warning: a guest may well take the place of another one. With the UUID of the old one, it is refused (renames).
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._engine.plan import Plan
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from ..._printing import label
from ..._storage.storage_observe import source_place
from ..shared.ownership_mark import owner_of
from .clone_originals import CHECK
from .cloud_init.options import is_seed
from .guest_options import GuestOptions

WAY = (
    "If it is to be that guest under another name, put the old name back, and rename it on its host first, as"
    " roles/guests/README.md says (Rename a guest). This run makes a new one, with disks of its own"
)


def warn_of_renames(
    connection: Connection, plans: t.Sequence[Plan], have: t.Mapping[str, Observed], options: GuestOptions
) -> None:
    """Say of each new guest which guest of the same owner, that nobody declares any more, it may have been.

    :param have: the guests that are there
    """
    new = {plan.name: definition for plan in plans if plan.name not in have for definition in defined(plan)}
    if connection is None or not new:
        return
    going = {plan.name for plan in plans if options.purge and any(step.action == "undefine" for step in plan.steps)}
    names = {plan.name for plan in plans} - going
    old = undeclared(connection, names | set(options.elsewhere) | options.forecast.gone("domain"), options.owner)
    for plan in plans:
        for name, definition in old.items() if plan.name in new else ():
            same = in_common(new[plan.name], definition) or (
                common_parts(new, old) if len(new) == len(old) == 1 else ""
            )
            if same:
                left = " with the volumes that were made for it" if options.remove_storage else ""
                goes = f"goes in this run{left}" if name in going else "is no longer declared"
                plan.warnings.append(f"is new here, and the guest {label(name)}, which {goes}, has {same}. {WAY}")


def defined(plan: Plan) -> list[ET.Element]:
    """The definition that a plan writes; none where it writes none, or that of a clone, which is alike on purpose."""
    if any(step.action == CHECK for step in plan.steps):
        return []
    return [
        ET.fromstring(step.value) for step in plan.steps if step.action == "define" and isinstance(step.value, str)
    ][:1]


def undeclared(connection: Connection, names: t.Container[str], owner: str) -> dict[str, ET.Element]:
    """The definitions of guests of an owner that have none of these names, in the order of their names."""
    found = {}
    for domain in sorted(connection.listAllDomains(0), key=lambda one: str(one.name())):
        if domain.name() not in names:
            definition = paths.document(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
            if owner_of(definition) == owner:
                found[str(domain.name())] = definition
    return found


def in_common(new: ET.Element, old: ET.Element) -> str:
    """What two guests have in common that one guest has alone, in words; empty where there is nothing."""
    for read, what in ((addresses, "the same MAC address"), (disks, "the same disk")):
        both = set(read(new)) & set(read(old))
        if both:
            return f"{what} ({min(both)})"
    return ""


def common_parts(new: t.Mapping[str, ET.Element], old: t.Mapping[str, ET.Element]) -> str:
    """What the only new guest and the only one that is not declared any more have in common, in words.

    Without disks there is nothing to lose.
    """
    one, other = (next(iter(guests.values())) for guests in (new, old))
    same = all(one.findtext(path) == other.findtext(path) for path in ("memory", "vcpu"))
    same = same and len(disks(one)) == len(disks(other)) > 0
    return "as much memory, and as many CPUs and disks" if same else ""


def addresses(definition: ET.Element) -> list[str]:
    """The MAC addresses of a guest."""
    return [node.get("address", "").lower() for node in definition.iterfind("devices/interface/mac")]


def disks(definition: ET.Element) -> list[str]:
    """The places of a guest's disks, without media and its seed."""
    found = [disk for disk in definition.iterfind("devices/disk") if disk.get("device") not in ("cdrom", "floppy")]
    places = [source_place(disk.find("source")) for disk in found if not is_seed(disk)]
    return [place for place in places if place]
