# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What null leaves of a part of a guest, option by option: what libvirt fills in, and what is the default anyway."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import read_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, defined, observed, plan_one

GUEST = (
    "<domain type='qemu'><name>n</name><uuid>ea59d774-cdc1-58c4-8a1c-99e5fc6ddc14</uuid><memory>65536</memory>"
    "{}<os><type arch='x86_64' machine='pc-q35-9.2'>hvm</type></os>{}</domain>"
)


def guest(part: str) -> str:
    """A guest with a part of its definition, or with devices."""
    top = part.startswith(("<vcpu", "<cputune", "<cpu "))
    parts = (part, "") if top else ("<vcpu>1</vcpu>", f"<devices>{part}</devices>")
    return GUEST.format(*parts)


def planned(part: str, want: dict[str, Any]) -> Plan:
    """The plan of a guest that has a part, and for which something is declared."""
    return plan_one(DOMAIN, observed(guest(part)), {"name": "n", **want}, EMULATING_HOST)


def told(part: str, option: str) -> Any:
    """What an option says of a guest."""
    return read_rows(DOMAIN.rows, observed(guest(part)).definition)[option]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all options in a value."""
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in found:
        if not isinstance(inner, (dict, list)):
            yield (*path, name)
        yield from leaves(inner, (*path, name))


def unchanged_by_null(part: str, option: str) -> str:
    """The options of a guest, each for itself, that null leaves as they are."""
    given, found = told(part, option), list[str]()
    for path in leaves(given):
        want = copy.deepcopy(given)
        inner = want
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = None
        try:
            result = planned(part, {"title": "t", option: want})
        except VirtfleetError:
            continue
        # What libvirt alone reports is in no change, so the definitions are compared.
        if len(result.changes) == 1 and defined(result) == defined(planned(part, {"title": "t", option: given})):
            found.append(".".join(str(name) for name in path if name != 0))
    return " ".join(found)


def changed_paths(part: str, option: str, want: Any) -> list[str]:
    """The paths of what a declared option changes."""
    return [change.path for change in planned(part, {option: want}).changes]
