# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits for a restart, where people see it: a warning for each resource, and a mark in the diff."""

from __future__ import annotations

import typing as t

from .live import RESTART
from .rows.model import ReadOnlyItem

MARK = "  # waits for a restart"
"""Behind each line of a diff that tells of a change that what runs has not got."""

GONE = "(removed)"
"""In a diff, the value of what is no longer in the definition but still runs."""


def marked(path: str, lines: list[str], waiting: t.Container[str]) -> list[str]:
    """The lines of one change as the new side of a diff shows them.

    :param path: the path of the change
    :param lines: its new value, none where it has none any more
    :param waiting: the paths that wait for a restart
    """
    if path not in waiting:
        return lines
    return [f"{line}{MARK}" for line in lines or [f"{path}: {GONE}"]]


def warnings(pending: t.Iterable[t.Mapping[str, object]]) -> list[str]:
    """A sentence for each resource of which something waits.

    :param pending: ``pending_restart`` of a module's result
    """
    return [sentence(entry) for entry in pending]


def sentence(entry: t.Mapping[str, object]) -> str:
    """What one resource still runs with, and what brings the new."""
    named = resource(entry)
    way = "stop it and start it again"
    if named.startswith("domain "):
        way = "shut it down and start it again (a reboot is not enough), or set guests_on_restart_needed: restart"
    return f"{named}: still runs with the old {paths_and_reasons(entry)}; {way}"


def resource(entry: t.Mapping[str, object]) -> str:
    """Kind and name of what an entry of ``pending_restart`` is about."""
    return next(f"{kind} {name}" for kind, name in entry.items() if kind not in ("paths", "reasons"))


def paths_and_reasons(entry: ReadOnlyItem) -> str:
    """The paths that wait, each reason once, behind those that it is for. That a start is needed is no reason."""
    reasons: dict[str, list[str]] = {}
    for path in entry["paths"]:
        reason = str(entry["reasons"].get(path, ""))
        reasons.setdefault("" if reason == RESTART else reason, []).append(path)
    return "; ".join(
        f"{', '.join(paths)} ({reason})" if reason else ", ".join(paths) for reason, paths in reasons.items()
    )


def forbidden(kind: str, waiting: str) -> str:
    """Why something is refused whose change needs a restart that the user forbids.

    :param kind: its kind, such as ``domain``
    :param waiting: the paths that wait, with the reasons
    """
    variable = f"{ROLES[kind]}_on_restart_needed"
    return f"needs a restart, and on_restart_needed ({variable} of the role) is fail: {waiting}; write defer or restart"


def of_hosts(
    hosts: t.Iterable[str],
    variables: t.Mapping[str, ReadOnlyItem],
    results: t.Sequence[str],
    words: t.Callable[[str], str] = str,
) -> list[str]:
    """What waits on all hosts of a run, a sentence each, from the results that the roles have left.

    :param hosts: the names of the hosts
    :param variables: ``hostvars``, or plain dictionaries by host
    :param results: the variables in which the roles have left them, in their order
    :param words: puts a sentence into the words of those who read it
    """
    read = getattr(variables, "raw_get", None) or variables.__getitem__
    lines = []
    for host in hosts:
        values = read(host)
        for result in results:
            entries = (values.get(result) or {}).get("pending_restart") or []
            lines += [f"{host}: {words(sentence(entry))}" for entry in entries]
    return lines


ROLES = {"domain": "guests", "network": "networks", "pool": "storage"}
"""The role that declares resources of a kind, for the names of its variables."""
