# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guests of a long list by the host that each names, so that a host need not look at those of all others.

Most guests name their host in plain words. A list is sorted once, however many hosts share it. What stays for each
host are items whose host only a template tells.
"""

from __future__ import annotations

import functools
import typing as t

import jinja2
from jinja2 import nodes

from ._templar import HostTemplar
from ._unevaluated import DEPTH, is_template, texts

CHANGING = frozenset(("lookup", "query", "q", "now", "random", "hostvars", "vars", "undef"))
"""What may give another value each time, or on each host, although the template is the same."""


class Sorted:
    """The items of one list.

    :param named: tells the host that a template names, None where that is not known, or each host has another
    :ivar items: the list itself, as it is written
    :ivar places: the places of items by the host that they name
    :ivar rest: the places of all others
    """

    def __init__(self, items: t.Sequence[object], named: t.Callable[[str], str | None] = lambda template: None) -> None:
        self.items = items
        self.places: dict[str, list[int]] = {}
        self.rest: list[int] = []
        self.elsewhere: dict[int, list[int]] = {}
        for place, item in enumerate(items):
            host = item.get("host") if isinstance(item, dict) else None
            if isinstance(host, str) and "{" in host:
                host = named(host)
            if isinstance(host, str):
                self.places.setdefault(str(host), []).append(place)
            else:
                self.rest.append(place)

    def of(self, host: str, hosts: t.Container[str]) -> list[int]:
        """The places of the items that a host has to look at, in order: its own, those of which only a template tells,
        and those of hosts that are not there."""
        return sorted([*self.places.get(host, ()), *self.rest, *self.outside(hosts)])

    def outside(self, hosts: t.Container[str]) -> list[int]:
        """The places of items that name a host which is not there.

        :param hosts: the hosts that there are; the same object each time
        """
        if id(hosts) not in self.elsewhere:
            strange = [places for host, places in self.places.items() if host not in hosts]
            self.elsewhere[id(hosts)] = [place for places in strange for place in places]
        return self.elsewhere[id(hosts)]


class HostNames:
    """The hosts that templates name.

    A template that all hosts evaluate to the same is evaluated once.

    :param raw: the variables of each host, as they are written
    """

    def __init__(self, raw: t.Mapping[str, t.Mapping[str, object]]) -> None:
        self.raw = raw
        self.shared: dict[str, bool] = {}
        self.known: dict[str, str | None] = {}

    def value(self, template: str, templar: HostTemplar) -> str | None:
        """The host that a template names on all hosts; None where it may differ, or names none.

        :param templar: that of any host
        """
        if template not in self.known:
            self.known[template] = self.evaluated(template, templar) if self.is_shared(template) else None
        return self.known[template]

    def evaluated(self, template: str, templar: HostTemplar) -> str | None:
        """What a template is on one host; None where that is no name of a host, or cannot be evaluated."""
        try:
            value = templar.value(template)
        except Exception:  # A template may hold any filter or lookup; it is said with the item's other fields.
            return None
        return str(value) if isinstance(value, str) and "{" not in value else None

    def is_shared(self, template: str) -> bool:
        """Whether a template is the same on all hosts."""
        if not isinstance(template, str) or not is_template(template):
            return False
        if template not in self.shared:
            self.shared[template] = all(self.is_common(name, 0) for name in named_in(template))
        return self.shared[template]

    def is_common(self, name: str, depth: int) -> bool:
        """Whether a variable is the same on all hosts, with all that it is made of."""
        if name == "groups":  # Ansible sets it to the same for all hosts.
            return True
        values = [variables.get(name) for variables in self.raw.values()]
        if name in CHANGING or name.startswith("ansible_") or depth > DEPTH or not values:
            return False
        if values[0] is None or any(value is not values[0] for value in values):
            return False
        return all(self.is_common(inner, depth + 1) for text in texts(values[0]) for inner in named_in(text))


@functools.lru_cache(maxsize=4096)
def named_in(template: str) -> frozenset[str]:
    """The names of all that a template needs to be evaluated; CHANGING, where it cannot be read."""
    try:
        parsed = jinja2.Environment().parse(template)
    except jinja2.TemplateError:
        return CHANGING
    called = {node.name for kind in (nodes.Filter, nodes.Test) for node in parsed.find_all(kind)}
    return frozenset(node.name for node in parsed.find_all(nodes.Name)) | (called & CHANGING)


class Lists:
    """The lists that were sorted, by identity.

    :param names: the hosts that templates name
    """

    def __init__(self, names: HostNames) -> None:
        self.names = names
        self.known: dict[int, Sorted] = {}

    def sorted(self, items: t.Sequence[object], templar: HostTemplar) -> Sorted:
        """A list, sorted.

        :param templar: that of any host
        """
        if id(items) not in self.known:
            self.known[id(items)] = Sorted(items, lambda template: self.names.value(template, templar))
        return self.known[id(items)]
