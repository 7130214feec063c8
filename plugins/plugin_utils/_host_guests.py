# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of one host, for a task on it: those of other hosts are not evaluated."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

from . import _guest_files
from ._evaluate import EvaluatedGuests, Fleet, of_all
from ._guests_by_host import HostNames, Sorted
from ._templar import HostTemplar
from ._unevaluated import lists, named_item


class Everywhere:
    """A container of all hosts."""

    def __contains__(self, host: object) -> bool:
        return True


MEMORY: list[dict[str, object]] = []
"""What is remembered: of each host its guests. Empty where nothing is."""


@contextlib.contextmanager
def remembered() -> t.Iterator[None]:
    """Evaluate the guests of a host once only, however often they are asked for; its variables must stay the same."""
    MEMORY.append({})
    try:
        yield
    finally:
        MEMORY.pop()


def guests_of(host: str, templar: HostTemplar) -> object:
    """The guests of one host, evaluated, each with its ``host``; None where none are declared, on no host.

    Those of other hosts are not evaluated. Raises VirtfleetError, which names each field that cannot be.
    """
    if not MEMORY:
        return evaluated(host, templar)
    if host not in MEMORY[-1]:
        MEMORY[-1][host] = evaluated(host, templar)
    found = MEMORY[-1][host]
    return [dict(guest) if isinstance(guest, dict) else guest for guest in found] if isinstance(found, list) else found


def evaluated(host: str, templar: HostTemplar) -> object:
    """The guests of one host, evaluated, each with its ``host``; None where none are declared, on no host.

    Those of other hosts are not evaluated. Raises VirtfleetError, which names each field that cannot be.
    """
    if "kvm_guests" not in templar.raw and _guest_files.FOLDER not in templar.raw:
        return None
    part = EvaluatedGuests("kvm_guests", host, Fleet(Everywhere(), None, HostNames({host: templar.raw})), templar)
    value = part.evaluate(templar.raw.get("kvm_guests"))
    lines = list(dict.fromkeys(line for _host, line in part.problems))
    lines += of_no_host(templar.raw, value, part.written)
    if lines:
        raise VirtfleetError("\n".join(lines))
    # Ansible takes no dictionaries of other classes.
    return [dict(guest) if isinstance(guest, dict) else guest for guest in value] if isinstance(value, list) else value


def is_listed(templar: HostTemplar) -> bool:
    """Whether a host has a list of guests, which may be empty; also where it cannot be evaluated, which is said."""
    raw = templar.raw.get("kvm_guests")
    if raw is None or lists("kvm_guests", raw, templar.raw) is not None:
        return raw is not None
    try:
        return templar.value(raw) is not None
    except Exception:  # A template may hold any filter or lookup; the guests are evaluated, too, and refused.
        return True


def names_elsewhere(host: str, templar: HostTemplar) -> list[str]:
    """The names of the guests of all other hosts, without those that are to be absent there.

    A guest of which only a template tells the name is left out.
    """
    part = EvaluatedGuests("kvm_guests", host, Fleet(Everywhere(), None, HostNames({host: templar.raw})), templar)
    files, raw = part.files(), templar.raw.get("kvm_guests")
    listed = [] if raw is None else lists("kvm_guests", raw, templar.raw)
    items = part.whole(raw) if listed is None else [item for one in listed for item in one.items]
    named = [item for item in (*(items or ()), *files.guests) if isinstance(item, dict)]
    others = [item for item in named if isinstance(item.get("host"), str) and item["host"] != host]
    return [*_guest_files.names_of(others), *files.others]


def of_no_host(raw: Variables, guests: object, written: t.Sequence[Sorted] | None) -> list[str]:
    """A sentence for each guest that no host of the inventory takes: a purge would take it for one that is to go.

    :param raw: the variables of a host as they are written
    :param guests: the guests, evaluated, where only a template tells them
    :param written: the guests of all hosts as they are written; None where only a template tells
    """
    groups = raw.get("groups") or {}
    hosts = frozenset(groups.get("all") or ())
    if written is not None:
        found = [one.items[place] for one in written for place in sorted([*one.rest, *one.outside(hosts)])]
        guests = [named_item(item, raw) for item in found]
    lines = []
    for guest in guests if isinstance(guests, (list, tuple)) else ():
        if isinstance(guest, dict) and (guest.get("host") is None or (hosts and not of_all(guest["host"]))):
            problem = check.host_problem(guest, hosts, "in the inventory", groups)
            lines += [] if problem is None else [f"guest {label(guest.get('name'))}: {problem}"]
    return lines
