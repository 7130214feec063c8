# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of a fleet on the control node, its templates evaluated.

Each guest is evaluated as a play on its own host evaluates it. What cannot be evaluated (an undefined
variable, a vault whose password is missing) is named by item and field; the rest is evaluated nonetheless.
"""

from __future__ import annotations

import re
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.virtfleet.kvm.plugins.module_utils import _fleet
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, masked, named, readable

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What may be the name of a variable in a template."""

DEPTH = 64
"""How deep a declaration is looked through for what cannot be evaluated."""


class Evaluated(t.NamedTuple):
    """The declaration, and what of it could not be evaluated.

    :param variables: by host, the lists of the declaration; an item that could not be evaluated is left out
    :param problems: the host, or None for a guest, and a sentence for each field that could not be evaluated
    """

    variables: dict[str, dict[str, t.Any]]
    problems: list[_fleet.Problem]


class HostTemplar:
    """Evaluates the values of one host.

    :param raw: the host's variables as they are written
    :param hostvars: those of all hosts, which templates may name
    """

    def __init__(self, raw: t.Mapping[str, t.Any], hostvars: t.Any) -> None:
        self.raw = raw
        loader = getattr(hostvars, "_loader", None) or DataLoader()
        self.templar = Templar(loader=loader, variables={**raw, "hostvars": hostvars})

    def value(self, raw: t.Any) -> t.Any:
        """A value, evaluated. Raises AnsibleError where it cannot be."""
        return decrypted(self.templar.template(raw), 0)

    def broken(self, raw: t.Any, where: str = "", depth: int = 0) -> list[tuple[str, str]]:
        """The fields of a value that cannot be evaluated: where each is, and why."""
        if isinstance(raw, dict) and depth < DEPTH:
            parts = [(f"{where}.{named(name)}" if where else named(name), value) for name, value in raw.items()]
        elif isinstance(raw, (list, tuple)) and depth < DEPTH:
            parts = [(f"{where}[{index}]", value) for index, value in enumerate(raw)]
        else:
            try:
                self.value(raw)
            except Exception as error:  # Any filter or lookup may be in a template.
                return [(where, reason(error))]
            return []
        return [found for place, value in parts for found in self.broken(value, place, depth + 1)]

    def lists_in(self, template: t.Any) -> list[tuple[str, t.Any]]:
        """The lists that a template names: ``{{ web_guests + db_guests }}`` has two."""
        names = dict.fromkeys(WORD.findall(template)) if isinstance(template, str) else {}
        return [(name, self.raw[name]) for name in names if isinstance(self.raw.get(name), (list, tuple))]


def decrypted(value: t.Any, depth: int) -> t.Any:
    """A value in which no vault is left. Raises AnsibleError where a vault's password is missing.

    ansible-core 2.18 leaves vaults as they are until somebody reads them; newer ones have read them here.
    """
    if getattr(value, "__ENCRYPTED__", False):
        return str(value)
    if depth < DEPTH and not hasattr(Templar, "evaluate_expression"):
        if isinstance(value, dict):
            return {name: decrypted(inner, depth + 1) for name, inner in value.items()}
        if isinstance(value, list):
            return [decrypted(inner, depth + 1) for inner in value]
    return value


def reason(error: BaseException) -> str:
    """Why a value cannot be evaluated, on one line: the innermost error says it best."""
    inner = error
    while isinstance(inner, AnsibleError) and inner.__cause__ is not None:
        inner = inner.__cause__
    text = " ".join(readable(masked(str(inner))).split())
    return text.partition(" Origin: ")[0][:300] or type(inner).__name__


def evaluate(hosts: t.Sequence[str], variables: t.Any) -> Evaluated:
    """Evaluate what is declared for hosts.

    :param hosts: the virtualization hosts
    :param variables: ``hostvars``, or plain dictionaries by host, in which nothing is left to be evaluated
    """
    if not hasattr(variables, "raw_get"):
        return Evaluated({host: variables[host] for host in hosts}, [])
    problems: list[_fleet.Problem] = []
    out: dict[str, dict[str, t.Any]] = {}
    for host in hosts:
        raw = variables.raw_get(host)
        templar = HostTemplar(raw, variables)
        out[host] = {}
        for name in _fleet.VARIABLES:
            if name in raw:
                part = Part(name, host, hosts, templar)
                out[host][name] = part.evaluate(raw[name])
                problems += part.problems
    return Evaluated(out, list(dict.fromkeys(problems)))


class Part:
    """One variable of one host, while it is evaluated.

    :param name: the variable, such as ``kvm_guests``
    :ivar problems: as those of Evaluated
    """

    def __init__(self, name: str, host: str, hosts: t.Container[str], templar: HostTemplar) -> None:
        self.name, self.host, self.hosts, self.templar = name, host, hosts, templar
        self.owner = None if name == "kvm_guests" else host
        self.problems: list[_fleet.Problem] = []

    def evaluate(self, raw: t.Any) -> t.Any:
        """The list, without the guests of other hosts and what cannot be evaluated."""
        if isinstance(raw, (list, tuple)):
            found = [
                (place, item)
                for place, one in enumerate(raw)
                if self.here(one)
                for item in self.item(one, f"{self.name}[{place}]")
            ]
            return _fleet.Part((place, item) for place, item in found if self.here(item))
        try:
            value = self.templar.value(raw)
        except Exception as error:  # Any filter or lookup may be in a template.
            self.blame(raw, error)
            return []
        if self.name == "kvm_guests" and isinstance(value, list):
            return _fleet.Part((place, item) for place, item in enumerate(value) if self.here(item))
        return value

    def here(self, item: t.Any) -> bool:
        """Whether an item is this host's to evaluate: other hosts see to their guests themselves."""
        if self.name != "kvm_guests" or not isinstance(item, dict):
            return True
        host = item.get("host")
        try:
            host = self.templar.value(host)
        except Exception:  # It is said with the item's other fields.
            return True
        return host == self.host or not isinstance(host, str) or host not in self.hosts

    def item(self, raw: t.Any, place: str) -> list[t.Any]:
        """One item, evaluated; none where it cannot be.

        :param place: where it is declared, such as ``kvm_guests[0]``
        """
        try:
            return [self.templar.value(raw)]
        except Exception as error:  # Any filter or lookup may be in a template.
            broken = self.templar.broken(raw) or [("", reason(error))]
        called = self.called(raw, place)
        self.problems += [
            (self.owner, f"{called}: {where}: {why}" if where else f"{called}: {why}") for where, why in broken
        ]
        return []

    def called(self, raw: t.Any, place: str) -> str:
        """What to call an item: by its name where that can be told, else by its place."""
        kind = "guest" if self.name == "kvm_guests" else _fleet.LISTS[self.name].kind
        if isinstance(raw, dict) and "name" in raw:
            try:
                return f"{kind} {label(self.templar.value(raw['name']))}"
            except Exception:  # The name itself is what cannot be evaluated.
                return place
        return place

    def blame(self, raw: t.Any, error: BaseException) -> None:
        """Say what in the lists that a template is made of cannot be evaluated; else why the whole cannot."""
        before = len(self.problems)
        for name, items in self.templar.lists_in(raw):
            for place, item in enumerate(items):
                self.item(item, f"{name}[{place}]")
        if len(self.problems) == before:
            self.problems.append((self.owner, f"{self.name}: {reason(error)}"))
