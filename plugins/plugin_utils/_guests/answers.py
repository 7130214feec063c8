# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts said, from the cache or from them."""

from __future__ import annotations

import hashlib
import json
import time
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError

from .ask import Answers, Order, ask, interpreter_needed, python
from .declared import DeclaredFleet
from .reach import Reach, reach

Kept = dict[str, dict[str, t.Any]]
"""What the cache holds, by host: ``time``, ``asked`` (what was asked, as a digest), and ``answer``.

No secret: names, numbers, addresses and states of guests, and names of networks. Neither URIs nor what is declared.
"""


class Got(t.NamedTuple):
    """The outcome.

    :param answers: by host; of one that could not be asked, what is known of it nonetheless
    :param problems: by host, why it could not be asked, or not to the end
    :param reaches: by host, the ways to it
    :param kept: what the cache is to hold from now on
    :param warnings: what holds for all hosts
    """

    answers: Answers
    problems: dict[str, str]
    reaches: dict[str, Reach]
    kept: Kept
    warnings: list[str]


def get(fleet: DeclaredFleet, order: Order, is_asked: bool, kept: Kept, age: float) -> Got:
    """Ask the hosts of a fleet, but those that the cache knows.

    :param is_asked: whether any host is asked at all
    :param kept: what the cache holds
    :param age: how many seconds that is good for; 0 for ever
    """
    got = Got({}, {}, {}, {}, [])
    for host, templar in fleet.templars.items():
        try:
            got.reaches[host] = reach(host, templar)
        except VirtfleetError as error:
            got.problems[host] = str(error).removeprefix(f"host {host}: ")
    if not is_asked:
        got.problems.clear()
        return got
    marks = {host: digest(way, order) for host, way in got.reaches.items()}
    got.kept.update({host: kept[host] for host, mark in marks.items() if is_good(kept.get(host), mark, age)})
    left = {host: way for host, way in got.reaches.items() if host not in got.kept}
    interpreter = python() if left else None
    if left and interpreter is None:
        got.warnings.append(str(interpreter_needed()))
    answers = ask(left, order, interpreter) if interpreter else {}
    now = time.time()
    for host, answer in answers.items():
        if answer["problem"]:
            got.problems[host] = answer["problem"]
        if answer["complete"]:
            got.kept[host] = {"time": now, "asked": marks[host], "answer": answer}
    got.answers.update({host: entry["answer"] for host, entry in got.kept.items()})
    got.answers.update({host: answer for host, answer in answers.items() if answer["guests"] or answer["complete"]})
    return got


def digest(way: Reach, order: Order) -> str:
    """What a host was asked, in a form that tells nobody the way to it."""
    asked = [way.uri, list(order.sources), list(order.networks)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def is_good(entry: object, mark: str, age: float) -> bool:
    """Whether an entry of the cache answers what is asked now, and is young enough."""
    if not isinstance(entry, dict) or entry.get("asked") != mark or not isinstance(entry.get("answer"), dict):
        return False
    return not age or 0 <= time.time() - float(entry.get("time") or 0) <= age
