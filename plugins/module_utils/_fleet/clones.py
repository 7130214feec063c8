# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests that clones of a fleet begin as: each is on the same host. Runs on the control node.

A host may have guests that nobody declares, so a name that no list has is left to the host.
"""

from __future__ import annotations

import typing as t

from .._engine.rows.model import Item
from .._printing import label, printable
from .layers import CLONE
from .unique import word


def problems(guests: t.Sequence[Item]) -> t.Iterator[str]:
    """What is wrong with the originals of clones, a sentence each.

    :param guests: the guests of all hosts, each with its host
    """
    hosts: dict[str, set[str]] = {}
    for guest in guests:
        if word(guest, "state") != "absent":
            hosts.setdefault(word(guest, "name"), set()).add(word(guest, "host"))
    yield from rings(guests)
    for guest in guests:
        original, host = word(guest, CLONE), word(guest, "host")
        if not original or word(guest, "state") == "absent" or original == word(guest, "name"):
            continue
        there = hosts.get(original)
        if there and host not in there:
            yield (
                f"guest {label(word(guest, 'name'))}: {CLONE}: {printable(original)} is a guest of host"
                f" {', '.join(sorted(there))}: only a guest of the same host can be cloned"
            )


def rings(guests: t.Sequence[Item]) -> t.Iterator[str]:
    """A sentence for each ring of guests that begin as each other."""
    begin_as = {
        (word(guest, "host"), word(guest, "name")): word(guest, CLONE)
        for guest in guests
        if word(guest, CLONE) not in ("", word(guest, "name")) and word(guest, "state") != "absent"
    }
    seen: set[tuple[str, str]] = set()
    for host, name in begin_as:
        ring: list[str] = []
        while (host, name) in begin_as and name not in ring:
            ring.append(name)
            name = begin_as[host, name]
        ring = ring[ring.index(name) :] if name in ring else []
        if ring and (host, name) not in seen:
            seen.update((host, one) for one in ring)
            shown = ", ".join(map(label, sorted(ring)))
            yield f"the guests {shown} begin as each other, so none can be the first: take {CLONE} from one of them"


def of_absent_originals(guests: t.Sequence[Item]) -> t.Iterator[str]:
    """A warning for each clone whose original is to be absent: of a clone that is there already, it may go.

    :param guests: those of one host
    """
    gone = {word(guest, "name") for guest in guests if word(guest, "state") == "absent"}
    for guest in guests:
        if word(guest, CLONE) in gone and word(guest, "state") != "absent":
            yield (
                f"guest {label(word(guest, 'name'))}: {CLONE}: {printable(word(guest, CLONE))} is to be absent: where"
                " this guest is not there yet, it is refused; keep the original until then"
            )


def of_new(guests: t.Sequence[Item]) -> t.Iterator[str]:
    """A sentence for each clone that its host refuses as long as it is not there, for what its original is to be.

    :param guests: those of all hosts
    """
    known = {(word(guest, "host"), word(guest, "name")): guest for guest in guests}
    for guest in guests:
        name = word(guest, CLONE)
        original = known.get((word(guest, "host"), name)) if name and word(guest, "state") != "absent" else None
        if original is None or original is guest or word(original, "state") == "absent":
            continue
        if word(original, "state") in ("running", "paused"):
            why = f"guest {label(name)} is to run: declare it as stopped until this one is made"
        elif word(original, CLONE):
            why = f"guest {label(name)} is itself a clone: make that one first, in a run of its own"
        else:
            continue
        yield f"guest {label(word(guest, 'name'))}: {CLONE}: {why}"
