# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A route as ``ip`` tells of it, in the words that give it to the kernel again (ip-route(8))."""

from __future__ import annotations

import typing as t

from .shapes import RouteData

PLAIN = {
    "from": "from",
    "protocol": "proto",
    "scope": "scope",
    "prefsrc": "src",
    "metric": "metric",
    "pref": "pref",
    "tos": "tos",
}
"""What ``ip`` is told of a route, by the key under which ``ip -json`` tells of it."""
SIZES = ("mtu", "advmss", "window", "ssthresh", "cwnd", "reordering")
COUNTS = ("hoplimit", "initcwnd", "initrwnd", "quickack", "fastopen_no_cookie")
TIMES = ("rtt", "rttvar", "rto_min")
METRICS = {**dict.fromkeys((*SIZES, *COUNTS), ""), **dict.fromkeys(TIMES, "ms")}
"""The numbers that a route sets for its connections, each with its unit."""


def gateway(entry: RouteData) -> str:
    """The next hop of a route, or of one of its hops; of the other family where IPv4 goes by IPv6. Empty: none."""
    return str(entry.get("gateway") or (entry.get("via") or {}).get("host", ""))


def given(
    entries: t.Iterable[RouteData], default: str, kinds: t.Container[str] = ("unicast",)
) -> t.Iterator[tuple[RouteData, tuple[str, ...]]]:
    """Routes, each with the words after ``ip`` that give it to the kernel again; none where ip does not tell them.

    :param entries: what ``ip -json route`` tells
    :param default: the default route's network as text, of the family that was asked for
    :param kinds: the types of route that are wanted; those of type unicast lead somewhere
    """
    for entry in entries:
        if entry.get("type", "unicast") in kinds and "dst" in entry:
            whole: RouteData = {**entry, "dst": default if entry["dst"] == "default" else entry["dst"]}
            # What is put around its packets is told in words of its own, with a second "dst".
            yield whole, () if "encap" in entry else replacing(whole, expires=":" in whole["dst"])


def lock(entries: t.Sequence[RouteData], ask: t.Callable[[], str]) -> None:
    """Note of routes which of their numbers are locked, under ``locked``: ``ip -json`` leaves that out.

    :param entries: what ``ip -json route`` tells
    :param ask: gives what ``ip route`` prints of the same routes, a line each; the further hops of one are indented
    """
    if not any("metrics" in entry for entry in entries):
        return
    lines = [line.split() for line in ask().splitlines() if line.strip() and not line[0].isspace()]
    if len(lines) != len(entries):
        return  # One has come or gone in between.
    for words, entry in zip(lines, entries, strict=True):
        if str(entry.get("dst")) in words[:2]:
            entry["locked"] = [words[at - 1] for at in range(1, len(words)) if words[at] == "lock"]


def is_of_others(origin: str) -> bool:
    """Whether something with that origin was not set by the kernel, by a lease, or by what a router announces.

    :param origin: what ip tells of it, which is nothing where it was set by hand (``boot``)
    """
    return origin not in ("kernel", "redirect", "dhcp", "ra")


def origin(words: t.Sequence[str]) -> str:
    """The origin in the words that give the kernel a route or rule: empty where it was set by hand."""
    return words[words.index("proto") + 1] if "proto" in words[:-1] else ""


def replacing(entry: RouteData, expires: bool) -> tuple[str, ...]:
    """The words after ``ip`` that give the kernel a route.

    :param entry: the route as ``ip -json route`` tells of it, with ``dst`` as a network
    :param expires: whether it lasts only as long as told: IPv6 alone has this
    """
    to = str(entry["dst"])
    kind = [str(entry["type"])] if "type" in entry else []
    words = ["-6" if ":" in to else "-4", "route", "replace", *kind, to, *hop(entry)]
    for key, name in PLAIN.items():
        value = entry.get(key)
        if value:
            words += [name, str(value)]
    if entry.get("table"):
        words += ["table", str(entry["table"])]
    if entry.get("flow"):
        words += ["realms", f"{entry['flow'].get('from', 0)}/{entry['flow'].get('to', 0)}"]
    if expires and entry.get("expires"):
        words += ["expires", str(entry["expires"])]
    for metrics in entry.get("metrics") or ():
        for name, number in metrics.items():
            fixed = ["lock"] if name in entry.get("locked", ()) else []
            words += [name, *fixed, f"{number}{METRICS[name]}"] if name in METRICS else []
        words += ["congctl", str(metrics["congestion"])] if metrics.get("congestion") else []
        words += ["features", "ecn"] if "ecn" in metrics else []
    for each in entry.get("nexthops") or ():
        words += ["nexthop", *hop(each), "weight", str(each.get("weight", 1))]
    return tuple(words)


def hop(entry: RouteData) -> list[str]:
    """Where a route leads next: gateway, device, and whether the gateway is reached though no subnet covers it."""
    words = []
    if gateway(entry):
        words += ["via", *(["inet6"] if "via" in entry else []), gateway(entry)]
    if entry.get("dev"):
        words += ["dev", str(entry["dev"])]
    return [*words, *(["onlink"] if "onlink" in (entry.get("flags") or ()) else [])]


def destination(words: t.Sequence[str]) -> tuple[str, ...]:
    """What is one place in the kernel: family, network, TOS, metric and table. ``ip route replace`` goes by it.

    :param words: those of a route, of a neighbour, which has its device and address, or of a next hop, which has its id
    """
    if words[0] == "nexthop":
        return (*words[:1], *words[2:4])
    if words[0] == "neighbour":
        return (
            words[0],
            next(word for word in words[2:] if "." in word or ":" in word),
            words[-1],
            str("proxy" in words),
        )
    if words[1] != "route":
        return (*words,)
    own = words[: words.index("nexthop")] if "nexthop" in words else words
    to = next(word for word in own[3:] if "." in word or ":" in word)
    named = {own[at - 1]: own[at] for at in range(4, len(own))}
    return (own[0], to, *(named.get(name, "") for name in ("from", "tos", "metric", "table")))


def without_lifetime(words: t.Sequence[str]) -> list[str]:
    """A route without the seconds that it lasts, which run."""
    place = words.index("expires") if "expires" in words else len(words)
    return [*words[:place], *words[place + 2 :]]
