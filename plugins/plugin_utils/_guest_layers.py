# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The defaults and profiles of one host, evaluated once for all of its guests."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import near
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import YES_NO
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import nested
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import layers as fleet_layers
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import (
    DEFAULTS,
    PROFILE,
    PROFILES,
    SWITCH,
    Layer,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, named, printable
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables, VariableValue

from ._endless import endless
from ._unevaluated import named_item


class ValueTemplar(t.Protocol):
    """Evaluates the values of one host (see _templar.HostTemplar)."""

    raw: Variables

    def value(self, raw: object) -> object:
        """A value, evaluated."""

    def broken(self, raw: object) -> list[tuple[str, str]]:
        """The fields of a value that cannot be evaluated: where each is, and why."""


class Layers:
    """What the guests of one host have in common.

    :param options: the options to evaluate; None for all
    :ivar problems: a sentence for all that is wrong with it, as far as guests use it
    :ivar judged: the identities of the profiles that guests use, as they are written
    """

    def __init__(self, values: ValueTemplar, options: t.Container[str] | None = None) -> None:
        self.values, self.wanted = values, options
        self.problems: list[str] = []
        self.known: dict[str, Layer | None] = {}
        self.named: VariableValue = None
        self.judged: set[int] = set()

    def laid_under(self, guest: Item, place: str = "") -> tuple[dict[str, object], list[str]]:
        """A guest with what it has in common with others; and what is wrong with how it says so.

        :param guest: its own options, evaluated
        :param place: the file that it stands in
        """
        problems: list[str] = []
        layers: list[Layer | None] = []
        if self.takes_defaults(guest, problems):
            layers += [self.default(name) for name in DEFAULTS]
        if guest.get(PROFILE) is not None:
            layers.append(self.profile(guest[PROFILE], problems))
        return fleet_layers.merged(guest, [layer for layer in layers if layer is not None], place), problems

    def takes_defaults(self, guest: Item, problems: list[str]) -> bool:
        """Whether a guest gets the defaults."""
        wanted = guest.get(SWITCH)
        try:
            return wanted is None or bool(YES_NO.parse(wanted))
        except ValueError as error:
            problems.append(f"{SWITCH}: {error}")
            return True

    def default(self, name: str) -> Layer | None:
        """The layer of one variable; None where there is none."""
        if name not in self.known:
            raw = self.values.raw.get(name)
            self.known[name] = None if raw is None else self.layer(name, raw)
        return self.known[name]

    def profile(self, name: object, problems: list[str]) -> Layer | None:
        """The layer of a profile; None where there is none."""
        profiles = self.profiles()
        if profiles is None:
            return None
        if not isinstance(name, (str, int)) or isinstance(name, bool) or name not in profiles:
            like = near(name, [one for one in profiles if isinstance(one, str)])
            there = f"there are: {', '.join(map(named, profiles))}" if profiles else "there are no profiles"
            hint = f"did you mean {printable(like[0])}?" if like else there
            if isinstance(name, (list, tuple, dict)):
                problems.append(f"{PROFILE}: {printable(name)} is no name of a profile; name one profile; {there}")
                return None
            problems.append(f"{PROFILE}: {printable(name)} is not in {PROFILES}; {hint}")
            return None
        self.judged.add(id(profiles[name]))
        source = f"profile {label(name)}"
        if source not in self.known:
            self.known[source] = self.layer(source, profiles[name])
        return self.known[source]

    def profiles(self) -> dict[object, object] | None:
        """The profiles by name, each as it is written; None where they cannot be known."""
        if self.named is None:
            found = named_item(self.values.raw.get(PROFILES), self.values.raw)
            if not isinstance(found, dict) and found is not None:
                found = self.evaluated(PROFILES, found)
            if found is not None and not isinstance(found, (dict, FailedTemplate)):
                self.problems.append(
                    f"{PROFILES}: {printable(found, hidden=True)} is not a dictionary of profiles, by their names"
                )
                found = FailedTemplate()
            self.named = {} if found is None else found
        return None if isinstance(self.named, FailedTemplate) else self.named

    def unused(self, judged: set[int]) -> list[str]:
        """What is wrong with the profiles that no guest has, as far as they can be evaluated on this host.

        What they name may be there only where guests use them.

        :param judged: the identities of profiles that were looked at; gets more
        """
        unasked, before = self.named is None, len(self.problems)
        profiles = self.profiles()
        if profiles is None and unasked and isinstance(self.values.raw.get(PROFILES), str):
            return []
        for name, raw in (profiles or {}).items():
            if id(raw) not in judged and self.can_be_evaluated(raw):
                judged.add(id(raw))
                self.profile(name, [])
        return self.problems[before:]

    def can_be_evaluated(self, raw: object) -> bool:
        """Whether a value can be judged on this host. What is nested too deep can be, as it is written."""
        if nested(raw) or endless(raw) is not None:
            return True
        try:
            self.values.value(raw)
        except Exception:  # A template may hold any filter or lookup.
            return False
        return True

    def layer(self, source: str, raw: object) -> Layer | None:
        """Options that guests have in common, evaluated; None where they cannot be.

        :param source: what to call them
        """
        if self.wanted is not None and isinstance(raw, dict):
            raw = {name: value for name, value in raw.items() if name in self.wanted}
        problem = endless(raw)
        if problem is not None:
            self.problems.append(f"{source}: {problem}")
            return None
        options = raw if nested(raw) else self.evaluated(source, raw)
        if options is None or isinstance(options, FailedTemplate):
            return None
        if not isinstance(options, dict):
            self.problems.append(
                f"{source}: {printable(options, hidden=True)} is not a dictionary of options of a guest"
            )
            return None
        layer = Layer(source, options)
        self.problems += layer.lines()
        return layer

    def evaluated(self, source: str, raw: object) -> object:
        """A value, evaluated; FailedTemplate where it cannot be, of which the problems tell."""
        try:
            return self.values.value(raw)
        except Exception:  # A template may hold any filter or lookup.
            broken = self.values.broken(named_item(raw, self.values.raw)) or [("", "cannot be evaluated")]
            self.problems += [f"{source}: {where}: {why}" if where else f"{source}: {why}" for where, why in broken]
            return FailedTemplate()


class FailedTemplate:
    """In place of what cannot be evaluated."""
