# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have told the kernel, and no file has: addresses, routes, policy rules, neighbours set with ``ip``.

networkd drops these whenever it configures a device anew (networkd.conf(5), ManageForeignRoutes and
ManageForeignRoutingPolicyRules; systemd.network(5), KeepConfiguration), and nobody but we gives them back: see
``restore_others``.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import typing as t

from . import files, network, settings
from .route_words import destination, given, hop, is_of_others, lock, origin
from .shapes import RouteData, State

NOTED = "others.json"
"""The name of the note in the folder of a trial."""
KINDS = ("unicast", "blackhole", "unreachable", "prohibit", "throw", "local", "multicast")
"""The types of route that can be set by hand."""
FILES = "static"
"""The origin of what networkd sets by its files, and comes back by itself with them; others can give it as well."""
MANY = 1000
"""So many routes of a program are left to it: one that has a whole table of a router's brings it back itself."""
OF_THE_KERNEL = [
    ["0:", "from", "all", "lookup", "local"],
    ["32766:", "from", "all", "lookup", "main"],
    ["32767:", "from", "all", "lookup", "default"],
]
"""The rules that every host has."""
PATIENCE = 5.0
"""Seconds that ``ip`` has for an answer."""
Words = list[str]
"""What follows ``ip``."""


class KernelState(t.NamedTuple):
    """What the kernel has.

    :ivar words: those that give it each next hop, rule, neighbour and route again that others may have set
    :ivar routes: those of every route, in the kernel's order
    :ivar hops: of each route by a next hop with an id its words, and those that name the id
    """

    words: list[Words]
    routes: list[Words]
    hops: list[tuple[Words, Words]]


def look() -> KernelState:
    """What the kernel has now. Where ip does not answer there is nothing."""
    found = KernelState([], [], [])
    for family, default in (("-4", "0.0.0.0/0"), ("-6", "::/0")):
        output = ip_output("-json", family, "route", "show", "table", "all")
        if not output and family == "-4":
            break  # ip hangs: it is not waited for again and again.
        if family == "-4":
            found.words.extend(next_hops(ip_output("-json", "nexthop", "show")))
        known = entries(output)
        lock(known, functools.partial(ip_output, family, "route", "show", "table", "all"))
        for entry, words in given(known, default, KINDS):
            found.routes.extend([list(words)] if words else [])
            if words and entry.get("nhid"):
                found.hops.append((list(words), by_id(entry, words)))
        found.words.extend(routes(known, default))
        found.words.extend(rules(ip_output(family, "rule", "show"), family))
    else:
        for kind in (["nud", "permanent"], ["proxy"]):
            found.words.extend(neighbours(ip_output("-json", "neighbour", "show", *kind)))
    return found


def ip_output(*words: str, seconds: float = PATIENCE) -> str:
    """What ``ip`` prints, empty where it cannot be asked."""
    try:
        status, output, _errors = network.run(["ip", *words], seconds)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return output if status == 0 else ""


def entries(text: str) -> list[RouteData]:
    """What ``ip -json`` tells; none where that cannot be read."""
    try:
        found: list[RouteData] = json.loads(text or "[]")
    except ValueError:
        return []
    return [entry for entry in found if isinstance(entry, dict)]


def routes(known: t.Iterable[RouteData], default: str) -> list[Words]:
    """The routes that others may have set, those first by which gateways are reached.

    :param known: what ``ip -json route show`` tells
    :param default: the network of the default route
    """
    words_of_routes = (list(words) for _entry, words in given(known, default, KINDS) if words)
    found = [words for words in words_of_routes if is_of_others(origin(words))]
    return sorted(found, key=lambda words: "via" in words)


def rules(text: str, family: str) -> list[Words]:
    """The policy rules that the kernel did not make (ip-rule(8)).

    :param text: what ``ip rule show`` prints, which is what ``ip rule add`` takes, after the priority
    """
    found = []
    for line in text.splitlines():
        priority, _colon, rest = line.partition(":")
        words = [word for word in rest.split() if not word.startswith("[")]
        by_others = line.split() not in OF_THE_KERNEL and "[l3mdev-table]" not in rest and is_of_others(origin(words))
        if priority.isdigit() and words and by_others:
            found.append([family, "rule", "add", "pref", priority, *words])
    return found


def neighbours(text: str) -> list[Words]:
    """The neighbours that were set for good, and those that are answered for (ip-neighbour(8)).

    :param text: what ``ip -json neighbour show`` tells with ``nud permanent``, or with ``proxy``
    """
    found: list[Words] = []
    for entry in entries(text):
        if "proxy" in entry and "dev" in entry:
            found.append(["neighbour", "replace", "proxy", str(entry["dst"]), "dev", str(entry["dev"])])
        elif all(isinstance(entry.get(key), str) for key in ("dst", "lladdr", "dev")):
            words = ["neighbour", "replace", entry["dst"], "lladdr", entry["lladdr"], "nud", "permanent"]
            found.append([*words, "dev", entry["dev"]])
    return found


def next_hops(text: str) -> list[Words]:
    """The next hops with an id, those of which a group is made first (ip-nexthop(8)).

    :param text: what ``ip -json nexthop show`` tells
    """
    found: list[Words] = []
    for entry in entries(text):
        if "id" not in entry or not is_of_others(str(entry.get("protocol", ""))):
            continue
        words = ["nexthop", "replace", "id", str(entry["id"]), *hop(entry)]
        members = [f"{each['id']},{each.get('weight', 1)}" for each in entry.get("group") or ()]
        words += ["group", "/".join(members)] if members else []
        words += ["blackhole"] if "blackhole" in entry else []
        found.append([*words, *(["proto", str(entry["protocol"])] if entry.get("protocol") else [])])
    return sorted(found, key=lambda words: "group" in words)


def by_id(entry: RouteData, words: t.Sequence[str]) -> Words:
    """The words of a route that name its next hop by the id alone, as the kernel wants it."""
    leads = list(map(str, hop(entry)))
    own = list(words[: words.index("nexthop")] if "nexthop" in words else words)
    place = next((at for at in range(len(own)) if leads and own[at : at + len(leads)] == leads), len(own))
    return [*own[:place], *own[place + len(leads) :], "nhid", str(entry["nhid"])]


def rules_of(found: t.Iterable[Words]) -> list[Words]:
    """The policy rules among what was found."""
    return [words for words in found if words[1] == "rule"]


def save(folder: str, state: State) -> None:
    """Take note of all of it in the folder of a trial. Raises OSError.

    :param state: what the trial is about: ``by_hand`` are the addresses of devices that no file has, ``static`` the
        words of routes that no file has though their origin is that of files, and ``rules_of_files`` tells whether
        files may have policy rules
    """
    found = look()
    words = found.words
    if sum(origin(each) not in ("", FILES) for each in words) > MANY:
        words = [each for each in words if origin(each) in ("", FILES)]
    shared = {destination(each) for each in words}
    note = {
        "words": words,
        "beside": [each for each in found.routes if destination(each) in shared],
        "hops": found.hops,
        "addresses": state.get("by_hand", {}),
        "static": [*state.get("static", []), *([] if state.get("rules_of_files", True) else rules_of(words))],
    }
    files.write(os.path.join(folder, NOTED), json.dumps(note))
    settings.note(folder, settings.NOTED, state, network.TrialNetwork({}).devices())
