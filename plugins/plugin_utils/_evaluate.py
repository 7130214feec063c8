# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of a fleet on the control node, its templates evaluated.

Each guest is evaluated as a play on its own host evaluates it. What cannot be evaluated (an undefined
variable, a vault whose password is missing) is named by item and field; the rest is evaluated nonetheless.
"""

from __future__ import annotations

import collections
import re
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.virtfleet.kvm.plugins.module_utils import _fleet
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.body import secret_place
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, masked, named, readable

from ._written import entries

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What may be the name of a variable in a template."""

DEPTH = 64
"""How deep a declaration is looked through for what cannot be evaluated."""

Strays = dict[tuple[int, str], tuple[str, t.Any]]
"""By the identity of an item and the name of the host that it names: who takes care of it, and the item."""


class Evaluated(t.NamedTuple):
    """The declaration, and what of it could not be evaluated.

    :param variables: by host, the lists of the declaration; an item that could not be evaluated is left out
    :param problems: the host, or None for a guest, and a sentence for each field that could not be evaluated
    """

    variables: dict[str, dict[str, t.Any]]
    problems: list[_fleet.Problem]


class HostTemplar:
    """Evaluates the values of one host.

    :ivar raw: the host's variables as they are written
    """

    def __init__(self, raw: t.Mapping[str, t.Any], templar: Templar) -> None:
        self.raw, self.templar = raw, templar

    @classmethod
    def of(cls, raw: t.Mapping[str, t.Any], hostvars: t.Any) -> HostTemplar:
        """Without a play.

        :param raw: the host's variables as they are written
        :param hostvars: those of all hosts, which templates may name
        """
        loader = getattr(hostvars, "_loader", None) or DataLoader()
        return cls(raw, Templar(loader=loader, variables={**raw, "hostvars": hostvars}))

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
                return [(where, reason(error, secret_place(where)))]
            return []
        return [found for place, value in parts for found in self.broken(value, place, depth + 1)]

    def lists_in(self, template: t.Any) -> list[tuple[str, t.Any]]:
        """The lists that a template names: ``{{ web_guests + db_guests }}`` has two."""
        names = dict.fromkeys(WORD.findall(template)) if isinstance(template, str) else {}
        return [(name, self.raw[name]) for name in names if isinstance(self.raw.get(name), (list, tuple))]


def of_all(host: t.Any) -> bool:
    """Whether each host has to evaluate a guest's ``host`` to know whether it is its own."""
    return "{" in host if isinstance(host, str) else host is not None


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


UNDEFINED = re.compile(r"'\w+' is undefined")
"""What is said of a variable that is not there."""


def reason(error: BaseException, secret: bool = False) -> str:
    """Why a value cannot be evaluated, on one line: the innermost error says it best.

    :param secret: whether the value may be a secret, which errors of filters quote
    """
    inner = error
    while isinstance(inner, AnsibleError) and inner.__cause__ is not None:
        inner = inner.__cause__
    if secret and not UNDEFINED.match(str(inner)):
        return f"cannot be evaluated ({type(inner).__name__}; what it says is not shown, as it may quote a secret)"
    text = " ".join(readable(masked(str(inner))).split())
    return text.partition(" Origin: ")[0][:300] or type(inner).__name__


def evaluate(
    hosts: t.Sequence[str],
    variables: t.Any,
    names: t.Sequence[str] = _fleet.VARIABLES,
    options: t.Container[str] | None = None,
) -> Evaluated:
    """Evaluate what is declared for hosts.

    :param hosts: the virtualization hosts
    :param variables: ``hostvars``, or plain dictionaries by host, in which nothing is left to be evaluated
    :param names: the variables to look at
    :param options: the options of guests to evaluate, and to return; None for all
    """
    if not hasattr(variables, "raw_get"):
        return Evaluated({host: variables[host] for host in hosts}, [])
    problems: list[_fleet.Problem] = []
    strays: Strays = {}
    out: dict[str, dict[str, t.Any]] = {}
    for host in hosts:
        raw = variables.raw_get(host)
        templar = HostTemplar.of(raw, variables)
        out[host] = {}
        for name in names:
            if name in raw:
                part = Part(name, host, hosts, templar, strays, options if name == "kvm_guests" else None)
                out[host][name] = part.evaluate(raw[name])
                problems += part.problems
    return Evaluated(out, of_some(problems, hosts))


def of_some(problems: t.Iterable[_fleet.Problem], hosts: t.Sequence[str]) -> list[_fleet.Problem]:
    """Each problem once. One of a guest that all hosts have is no host's own."""
    found = list(dict.fromkeys(problems))
    having = collections.Counter(line for _host, line in found)
    every = {
        line for line, count in having.items() if count == len(hosts) and line.startswith(("guest ", "kvm_guests"))
    }
    return list(dict.fromkeys((None if line in every else host, line) for host, line in found))


class Everywhere:
    """A container of all hosts."""

    def __contains__(self, host: object) -> bool:
        return True


def guests_of(host: str, templar: HostTemplar) -> t.Any:
    """The guests of one host, evaluated, each with its ``host``; None where there is no list of guests.

    Those of other hosts are not evaluated. Raises VirtfleetError, which names each field that cannot be.
    """
    if "kvm_guests" not in templar.raw:
        return None
    part = Part("kvm_guests", host, Everywhere(), templar, {})
    value = part.evaluate(templar.raw["kvm_guests"])
    lines = list(dict.fromkeys(line for _host, line in part.problems))
    lines += of_no_host(templar.raw, value)
    if lines:
        raise VirtfleetError("\n".join(lines))
    return list(value) if isinstance(value, list) else value


def of_no_host(raw: t.Mapping[str, t.Any], value: t.Any) -> list[str]:
    """A sentence for each guest that no host of the inventory takes: a purge would take it for one that is to go.

    :param raw: the variables of a host as they are written
    :param value: the list of the guests, evaluated, for what only a template tells
    """
    written = entries("kvm_guests", raw["kvm_guests"], raw)
    found = value if written is None else [entry.raw for entry in written]
    hosts = set((raw.get("groups") or {}).get("all") or ())
    lines = []
    for guest in found if isinstance(found, (list, tuple)) else ():
        if isinstance(guest, dict) and (guest.get("host") is None or (hosts and not of_all(guest["host"]))):
            problem = _fleet.host_problem(guest, hosts, "in the inventory", raw.get("groups") or {})
            lines += [] if problem is None else [f"guest {label(guest.get('name'))}: {problem}"]
    return lines


class Part:
    """One variable of one host, while it is evaluated.

    :param name: the variable, such as ``kvm_guests``
    :param hosts: all hosts, which see to their own guests
    :param strays: guests of hosts that are not there, of which the first host that meets one takes care
    :param options: the options to evaluate; None for all
    :ivar problems: as those of Evaluated
    """

    def __init__(
        self,
        name: str,
        host: str,
        hosts: t.Container[str],
        templar: HostTemplar,
        strays: Strays,
        options: t.Container[str] | None = None,
    ) -> None:
        self.name, self.host, self.hosts, self.templar, self.strays = name, host, hosts, templar, strays
        self.options = options
        self.problems: list[_fleet.Problem] = []

    def evaluate(self, raw: t.Any) -> t.Any:
        """The list, without the guests of other hosts and what cannot be evaluated."""
        written = entries(self.name, raw, self.templar.raw)
        if written is not None:
            found = [
                (index, item)
                for index, entry in enumerate(written)
                if self.here(entry.raw)
                for item in self.item(entry.raw, entry.place)
            ]
            return _fleet.Part((index, item) for index, item in found if self.here(item))
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
        if of_all(host):
            try:
                host = self.templar.value(host)
            except Exception:  # It is said with the item's other fields.
                return True
        if host == self.host or not isinstance(host, str):
            return True
        if host in self.hosts:
            return False
        return self.strays.setdefault((id(item), host), (self.host, item))[0] == self.host

    def item(self, raw: t.Any, place: str, owner: str | None = None) -> list[t.Any]:
        """One item, evaluated; none where it cannot be.

        :param place: where it is declared, such as ``kvm_guests[0]``
        :param owner: the host to name in any case
        """
        if self.options is not None and isinstance(raw, dict):
            raw = {option: value for option, value in raw.items() if option in self.options}
        try:
            return [self.templar.value(raw)]
        except Exception as error:  # Any filter or lookup may be in a template.
            broken = self.templar.broken(raw) or [("", reason(error))]
        if self.is_stray(raw):  # What it would be there nobody knows; that there is no such host is the mistake.
            return [{"name": self.name_of(raw), "host": raw["host"]}]
        called = self.called(raw, place)
        self.problems += [
            (owner or self.owner(raw), f"{called}: {where}: {why}" if where else f"{called}: {why}")
            for where, why in broken
        ]
        return []

    def is_stray(self, raw: t.Any) -> bool:
        """Whether an item is a guest of a host that is not there."""
        host = raw.get("host") if self.name == "kvm_guests" and isinstance(raw, dict) else None
        return isinstance(host, str) and not of_all(host) and host not in self.hosts

    def owner(self, raw: t.Any) -> str | None:
        """The host to name in a sentence about an item; None for a guest that names its host itself."""
        plain = self.name == "kvm_guests" and isinstance(raw, dict) and not of_all(raw.get("host"))
        return None if plain else self.host

    def called(self, raw: t.Any, place: str) -> str:
        """What to call an item: by its name where that can be told, else by its place."""
        kind = "guest" if self.name == "kvm_guests" else _fleet.LISTS[self.name].kind
        name = self.name_of(raw)
        return place if name is None else f"{kind} {label(name)}"

    def name_of(self, raw: t.Any) -> t.Any:
        """The name of an item; None where it has none, or that cannot be evaluated."""
        try:
            return self.templar.value(raw["name"]) if isinstance(raw, dict) and "name" in raw else None
        except Exception:  # Any filter or lookup may be in a template.
            return None

    def blame(self, raw: t.Any, error: BaseException) -> None:
        """Say what in the lists that a template is made of cannot be evaluated; else why the whole cannot."""
        before = len(self.problems)
        for name, items in self.templar.lists_in(raw):
            for place, item in enumerate(items):
                self.item(item, f"{name}[{place}]", self.host)
        if len(self.problems) == before:
            self.problems.append((self.host, f"{self.name}: {reason(error)}"))
