# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots that guests of a fleet are to have. Runs on the control node.

They stand with their guest, in the words of the module snapshots. To put a guest back is an act, and nothing that a
declaration says (docs/decisions/0018-reverted-is-an-act.md).
"""

from __future__ import annotations

from .._engine.rows.model import Item
from .._engine.rows.row_index import hint_for_name, join
from .._engine.table import DEEPEST, called_by_key, doubtful_values, listing, nested, torn_off
from .._errors import Invalid, VirtfleetError
from .._kinds.snapshot.table import SNAPSHOT
from .._printing import label, printable, unforeseen
from .unique import word

OPTION = "snapshots"

AN_ACT = (
    "is nothing that a guest always is, as it loses what the guest has done since: put it back in a task with the"
    " module virtfleet.kvm.snapshots"
)

UNNAMED = "the guest"
"""The name of a guest while the options are looked at that guests have in common."""


def guest_snapshots(guests: object, host: str) -> list[Item]:
    """The snapshots of the guests of one host, as the module snapshots takes them, without those of guests that go.

    Raises VirtfleetError for what is none, and where a guest is to be put back.

    :param guests: the guests of the fleet, or of the host
    """
    if not isinstance(guests, (list, tuple)):
        raise VirtfleetError(f"guest_snapshots: {printable(guests, hidden=True)} is not a list of guests")
    found: list[Item] = []
    lines: list[str] = []
    for guest in guests:
        if not isinstance(guest, dict) or word(guest, "host") != host or word(guest, "state") == "absent":
            continue
        problems = snapshot_problems(guest)
        lines += [f"guest {label(word(guest, 'name'))}: {problem}" for problem in problems]
        found += [] if problems else [{**item, "domain": guest.get("name")} for item in guest.get(OPTION) or ()]
    if lines:
        raise VirtfleetError("\n".join(lines))
    return found


def snapshot_problems(guest: Item) -> list[Invalid]:
    """What is wrong with the snapshots of a guest, or of what guests have in common."""
    items = guest.get(OPTION)
    if items is None:
        return []
    if nested(items):
        return [Invalid(OPTION, f"has options nested deeper than {DEEPEST}")]
    if not isinstance(items, (list, tuple)):
        return [Invalid(OPTION, f"{printable(items, hidden=True)} is not a list of snapshots; {listing(items)}")]
    problems: list[Invalid] = []
    seen: dict[str, int] = {}
    for place, item in enumerate(items):
        where = f"{OPTION}[{place}]"
        problems += [Invalid(join(where, one.where) if one.where else where, one.problem) for one in of_item(item)]
        name = word(item, "name") if isinstance(item, dict) else ""
        if name and seen.setdefault(name, place) != place:
            problems.append(Invalid(f"{where}.name", f"is that of {OPTION}[{seen[name]}] as well"))
    return problems


def of_item(item: object) -> list[Invalid]:
    """What is wrong with one snapshot."""
    if not isinstance(item, dict):
        hint = f"; write {hint_for_name(item)}" if hint_for_name(item) else ""
        return [Invalid("", f"{printable(item, hidden=True)} is not a dictionary of options{hint}")]
    keyed = torn_off(SNAPSHOT, item)
    if keyed or called_by_key(SNAPSHOT, item, keyed):
        return keyed
    if "domain" in item:
        return [Invalid("domain", "is the guest that it stands with: leave it out")]
    if word(item, "state") == "reverted":
        return [Invalid("state", f"reverted {AN_ACT}")]
    try:
        parsed, problems = SNAPSHOT.parse_item({**item, "domain": UNNAMED})
        return [*problems, *doubtful_values(parsed, "")]
    except Exception as error:  # One bad item must not hide what is wrong with the others.
        return [Invalid("", unforeseen(error))]
