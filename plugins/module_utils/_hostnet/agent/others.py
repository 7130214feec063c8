# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have told the kernel, and no file has: routes, policy rules and neighbours that were set with ``ip``.

networkd drops these whenever it configures a device anew (networkd.conf(5), ManageForeignRoutes and
ManageForeignRoutingPolicyRules), and nobody but we gives them back.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import typing as t

from . import files, network
from .route_words import given, is_by_hand

NOTED = "others.json"
"""The name of the note in the folder of a trial."""
KINDS = ("unicast", "blackhole", "unreachable", "prohibit", "throw")
"""The types of route that can be set by hand."""
OF_THE_KERNEL = [
    ["0:", "from", "all", "lookup", "local"],
    ["32766:", "from", "all", "lookup", "main"],
    ["32767:", "from", "all", "lookup", "default"],
]
"""The rules that every host has. networkd marks its own with ``proto static``."""
ATTEMPTS, PAUSE = 4, 1.0
"""How often something is given back, and the seconds between."""


def look() -> list[list[str]]:
    """The words after ``ip`` that give the kernel each of them again. Where ip does not answer there are none."""
    found: list[list[str]] = []
    for family, default in (("-4", "0.0.0.0/0"), ("-6", "::/0")):
        found += routes(asked("-json", family, "route", "show", "table", "all"), default)
        found += rules(asked(family, "rule", "show"), family)
    return found + neighbours(asked("-json", "neighbour", "show", "nud", "permanent"))


def asked(*words: str) -> str:
    """What ``ip`` prints, empty where it cannot be asked."""
    try:
        status, output, _errors = network.run(["ip", *words], 10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return output if status == 0 else ""


def entries(text: str) -> list[dict[str, t.Any]]:
    """What ``ip -json`` tells; none where that cannot be read."""
    try:
        found = json.loads(text or "[]")
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, dict)]


def routes(text: str, default: str) -> list[list[str]]:
    """The routes that were set by hand, those first by which gateways are reached.

    :param text: what ``ip -json route show`` tells
    :param default: the network of the default route
    """
    found = [list(words) for entry, words in given(entries(text), default, KINDS) if is_by_hand(entry)]
    return sorted(found, key=lambda words: "via" in words)


def rules(text: str, family: str) -> list[list[str]]:
    """The policy rules that neither the kernel nor networkd made (ip-rule(8)).

    :param text: what ``ip rule show`` prints, which is what ``ip rule add`` takes, after the priority
    """
    found = []
    for line in text.splitlines():
        priority, _colon, rest = line.partition(":")
        words = [word for word in rest.split() if not word.startswith("[")]
        by_others = line.split() not in OF_THE_KERNEL and "[l3mdev-table]" not in rest and "static" not in words[-1:]
        if priority.isdigit() and words and by_others:
            found.append([family, "rule", "add", "pref", priority, *words])
    return found


def neighbours(text: str) -> list[list[str]]:
    """The neighbours that were set for good (ip-neighbour(8)).

    :param text: what ``ip -json neighbour show nud permanent`` tells
    """
    return [
        ["neighbour", "replace", entry["dst"], "lladdr", entry["lladdr"], "nud", "permanent", "dev", entry["dev"]]
        for entry in entries(text)
        if all(isinstance(entry.get(key), str) for key in ("dst", "lladdr", "dev"))
    ]


def save(folder: str) -> None:
    """Take note of all of it in the folder of a trial. Raises OSError."""
    files.write(os.path.join(folder, NOTED), json.dumps({"words": look()}))


def give_back(folder: str, without: t.Container[str] = ()) -> bool:
    """Give the kernel what was noted and it does not have any more. Returns whether it has all of it.

    :param without: devices that need theirs no longer, such as one that is a bridge's port now
    """
    noted = files.load(os.path.join(folder, NOTED)).get("words")
    if noted is None:
        return False
    before = [words for words in noted if not leads_over(words, without)]
    missing = before
    for attempt in range(ATTEMPTS):
        time.sleep(PAUSE if attempt else 0)  # A device may only just have come up.
        now = [without_lifetime(words) for words in look()] if before else []
        missing = [words for words in before if without_lifetime(words) not in now]
        if not missing:
            break
        for words in missing:
            asked(*words)
    return not missing


def leads_over(words: t.Sequence[str], devices: t.Container[str]) -> bool:
    """Whether a route or neighbour is on one of some devices."""
    return any(words[at - 1] == "dev" and words[at] in devices for at in range(1, len(words)))


def without_lifetime(words: list[str]) -> list[str]:
    """A route without the seconds that it lasts, which run."""
    place = words.index("expires") if "expires" in words else len(words)
    return [*words[:place], *words[place + 2 :]]
