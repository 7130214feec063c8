# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan for people: Ansible's result, the same in check mode and after a run."""

from __future__ import annotations

import json
import re
import typing as t

from .._printing import MASK, SECRET, displayed, label, readable
from . import pending
from .plan import Plan
from .rows.model import Change

Result = t.Dict[str, t.Any]  # noqa: UP006 - sanity tests import it with older Pythons
"""What a module returns, as its documentation says (RETURN)."""


class Entry(t.TypedDict):
    """A change, as the result of a module tells it (see entries)."""

    resource: str
    path: str
    before: object
    after: object
    live: bool | None


def result(plans: t.Iterable[Plan], differences: bool = True) -> Result:
    """``changed``, ``changes``, ``diff`` and ``pending_restart`` of the plans, and ``warnings`` of what waits.

    :param differences: whether anyone wants to see ``diff``
    """
    plans = list(plans)
    changes = [entry for plan in plans for entry in entries(plan)]
    shown: Result = {
        "changed": bool(changes),
        "changes": changes,
        "diff": [diff(plan) for plan in plans if plan.changes] if differences else [],
        "pending_restart": [
            {plan.kind: plan.name, "paths": list(plan.behind), "reasons": plan.behind} for plan in plans if plan.behind
        ],
    }
    return {**shown, **waiting(shown["pending_restart"])}


def waiting(entries: list[dict[str, object]]) -> dict[str, list[str]]:
    """The warnings of what waits for a restart, as Ansible shows those of a result; nothing where nothing waits."""
    return {"warnings": pending.warnings(entries)} if entries else {}


def entries(plan: Plan) -> list[Entry]:
    """The changes of one resource. ``live`` is None where nothing runs that could have it now, or that ever gets it."""
    return [
        {
            "resource": f"{plan.kind} {plan.name}",
            "path": change.path,
            "before": displayed(change.before, name_of(change.path)),
            "after": displayed(change.after, name_of(change.path)),
            "live": change.path not in plan.pending if can_be_live(plan, change) else None,
        }
        for change in plan.changes
    ]


def can_be_live(plan: Plan, change: Change) -> bool:
    """Whether a change is one that what runs can have."""
    return plan.running and change.path not in plan.kept_only


def diff(plan: Plan) -> dict[str, str]:
    """Before and after of one resource: a line for each field that changes."""
    title = f"{plan.kind} {label(plan.name)}"
    new = any(change.path == "definition" and change.before is None for change in plan.changes)
    # What is not there yet has no state to leave. A volume that its disk takes over may be there.
    before, after = "", ""
    for change in plan.changes:
        old, into = sides(change)
        if not new or re.search(r"[.[]", change.path):
            before += "".join(f"{line}\n" for line in old)
        after += "".join(f"{line}\n" for line in pending.marked(change.path, into, plan.waiting))
    if before == after:
        after = "".join(f"{line}\n" for line in changed(after.splitlines()))
    return {"before_header": title, "after_header": title, "before": before, "after": after}


CHANGED = " (changed)"
"""What is said of a new value that looks like the old one."""


def sides(change: Change) -> tuple[list[str], list[str]]:
    """The lines of a change before and after it: one for each single value, none for None.

    Where both are the same, a secret in them has changed, and the new lines say so: a diff only shows what
    differs.
    """
    name = name_of(change.path)
    old, new = (flat(change.path, displayed(value, name)) for value in (change.before, change.after))
    return old, changed(new) if old == new else new


def changed(lines: list[str]) -> list[str]:
    """Lines of a diff that look as before: those with a secret say that it has changed, or all where none has one."""
    hiding = [line for line in lines if SECRET in line or MASK in line] or lines
    return [f"{line}{CHANGED}" if line in hiding else line for line in lines]


def name_of(path: str) -> str:
    """The last name in the path of a change: that of an option, or of an attribute in ``xml``."""
    return re.split(r"[./@: \]]", path.rstrip("]"))[-1]


def flat(path: str, value: object) -> list[str]:
    """A value as lines of ``path: value``, dictionaries and lists taken apart."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [line for name, inner in value.items() for line in flat(f"{path}.{name}", inner)]
    if isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        return [line for i, inner in enumerate(value) for line in flat(f"{path}[{i}]", inner)]
    return [f"{path}: {readable(value) if isinstance(value, str) else json.dumps(value)}"]


def all_the_same(plans: t.Iterable[Plan], check: bool = False) -> list[str]:
    """What goes and what changes though something failed, a line each.

    :param check: whether it is only what would go and change
    """
    gone: list[str] = []
    changed: list[str] = []
    for plan in plans:
        resource = f"{plan.kind} {label(plan.name)}"
        for change in plan.changes:
            if change.after == "absent":
                gone.append(resource if change.path == "state" else label(change.path))
        if plan.changes and resource not in gone:
            changed.append(resource)
    did = "would still be" if check else "was still"
    groups = ((f"{did} removed", ", ".join(gone)), (f"{did} made or changed", first_few(changed)))
    return [f"{word}, though others failed: {names}" for word, names in groups if names]


def warnings(plans: t.Iterable[Plan]) -> list[str]:
    """One line for each warning, however many resources it is about."""
    return together([(plan, text) for plan in plans for text in plan.warnings])


def left_behind(plans: t.Iterable[Plan], failed: t.Container[str] = ()) -> list[str]:
    """One line for each thing that stays behind of resources that go.

    :param failed: the names of those that did not go
    """
    return together([(plan, text) for plan in plans if plan.name not in failed for text in plan.left])


def together(sentences: t.Iterable[tuple[Plan, str]]) -> list[str]:
    """Sentences about resources, each once with all that it is about."""
    names: dict[tuple[str, str], list[str]] = {}
    for plan, text in sentences:
        names.setdefault((plan.kind, text), []).append(label(plan.name))
    return [f"{kind} {first_few(found)}: {text}" for (kind, text), found in names.items()]


def first_few(names: list[str]) -> str:
    """The first few of many names."""
    head = ", ".join(names[:5])
    return head if len(names) <= 5 else f"{head} and {len(names) - 5} more"
