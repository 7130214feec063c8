# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values of one host, evaluated as a play on that host does it; and why one cannot be."""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import named
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables, VariableValue

from ._endless import Endless, endless
from ._missing_variables import identifiers, missing

WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""What may be the name of a variable in a template."""

WATCHES: list[t.Callable[[object], None]] = []
"""Called with each value of a host that is evaluated, as it is written (see ``watched``)."""

DEPTH = 64
"""How deep a declaration is looked through for what cannot be evaluated."""


@contextlib.contextmanager
def watched(see: t.Callable[[object], None]) -> t.Iterator[None]:
    """Have each value told that is evaluated, as it is written.

    :param see: gets it
    """
    WATCHES.append(see)
    try:
        yield
    finally:
        WATCHES.remove(see)


class HostTemplar:
    """Evaluates the values of one host.

    :ivar raw: the host's variables as they are written
    :ivar loader: reads files; it knows the passwords of vaults
    :ivar hostvars: the variables of all hosts; None where they are not known
    """

    def __init__(
        self, raw: Variables, templar: Templar, loader: DataLoader | None = None, hostvars: object = None
    ) -> None:
        self.raw, self.templar = raw, templar
        self.hostvars = raw.get("hostvars") if hostvars is None else hostvars
        self.loader = loader or DataLoader()

    @classmethod
    def of(cls, raw: t.Mapping[str, object], hostvars: object) -> HostTemplar:
        """Without a play.

        :param raw: the host's variables as they are written
        :param hostvars: those of all hosts, which templates may name
        """
        loader = getattr(hostvars, "_loader", None) or DataLoader()
        return cls(raw, Templar(loader=loader, variables={**raw, "hostvars": hostvars}), loader, hostvars)

    def value(self, raw: object) -> VariableValue:
        """A value, evaluated. Raises AnsibleError where it cannot be, Endless where nobody could wait for it."""
        refuse(raw)
        for see in WATCHES:
            see(raw)
        return decrypted(self.templar.template(raw), 0)

    def broken(self, raw: object, where: str = "", depth: int = 0, ends: bool = False) -> list[tuple[str, str]]:
        """The fields of a value that cannot be evaluated: where each is, and why.

        :param ends: whether it is known that the value can be written out, as what it is in can
        """
        problem = None if ends else endless(raw)
        if problem is not None and not (depth == 0 and isinstance(raw, dict) and any(map(endless, raw.values()))):
            return [(where, problem)]
        if isinstance(raw, dict) and depth < DEPTH:
            parts = [(f"{where}.{named(name)}" if where else named(name), value) for name, value in raw.items()]
        elif isinstance(raw, (list, tuple)) and depth < DEPTH:
            parts = [(f"{where}[{index}]", value) for index, value in enumerate(raw)]
        else:
            try:
                self.value(raw)
            except Exception as error:  # A template may hold any filter or lookup.
                return [(where, self.why(raw, error))]
            return []
        return [found for place, value in parts for found in self.broken(value, place, depth + 1, problem is None)]

    def why(self, raw: object, error: BaseException) -> str:
        """Why a value cannot be evaluated. Nothing is quoted but names that stand in its template.

        :param raw: the value as it is written
        """
        names = dict.fromkeys(WORD.findall(raw)) if isinstance(raw, str) else {}
        known = ", ".join(name for name in names if name in self.raw)
        message = reason(error, identifiers(raw, self.raw))
        undefined = UNDEFINED.match(message) or UNKNOWN.match(message)
        lacks = [one for one in self.missing(raw) if undefined is None or one.startswith(undefined[0])]
        if lacks:
            return "; ".join(lacks)
        return f"{message}; it is made of {known}" if known and message.endswith(NOT_SHOWN) else message

    def missing(self, raw: object) -> list[str]:
        """A sentence for each variable that a template needs and that is not there."""
        return missing(raw, {**self.raw, "hostvars": self.hostvars}, self.value)

    def lists_in(self, template: object) -> list[tuple[str, list[object]]]:
        """The lists that a template names: ``{{ web_guests + db_guests }}`` has two."""
        names = dict.fromkeys(WORD.findall(template)) if isinstance(template, str) else {}
        return [(name, self.raw[name]) for name in names if isinstance(self.raw.get(name), (list, tuple))]


class PlainTemplar(HostTemplar):
    """Gives the values of one host as they are: nothing is left to be evaluated."""

    def __init__(self, raw: t.Mapping[str, object]) -> None:
        super().__init__(raw, Templar(loader=DataLoader()))

    def value(self, raw: object) -> object:
        """The value. Raises Endless where it cannot be written out."""
        refuse(raw)
        return raw


def refuse(raw: object) -> None:
    """Raise Endless for a value that cannot be written out: to evaluate it would take for ever."""
    problem = endless(raw)
    if problem is not None:
        raise Endless(problem)


def decrypted(value: object, depth: int) -> object:
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


UNDEFINED = re.compile(r"'(\w+)' is undefined")
"""What is said of a variable that is not there."""

UNKNOWN = re.compile(r"No (?:filter|test) named '([\w.]+)'")
"""What is said of a filter or test that is not there."""

NOT_SHOWN = "; what it says is not shown, as it may quote a secret)"


def reason(error: BaseException, known: t.Container[str] = ()) -> str:
    """Why a value cannot be evaluated, on one line: the innermost error says it best.

    Its words are not shown: of ``{{ {}[password] }}`` it says that there is no such key, and quotes it.

    :param known: names that it may quote, as the user wrote them into a template
    """
    inner = error
    while isinstance(inner, AnsibleError) and inner.__cause__ is not None:
        inner = inner.__cause__
    if isinstance(inner, Endless):
        return str(inner)
    undefined = UNDEFINED.match(str(inner)) or UNKNOWN.match(str(inner))
    if undefined is not None and undefined[1] in known:
        return undefined[0]
    if "Vault" in type(inner).__name__:
        return (
            f"cannot be decrypted ({type(inner).__name__}); give the vault's password with --ask-vault-pass or"
            " --vault-password-file"
        )
    return f"cannot be evaluated ({type(inner).__name__}{NOT_SHOWN}"


def how_to_see(line: str, variable: str) -> str:
    """A sentence about a value of a variable, with how to see what was not shown of the error."""
    return f"{line}; 'ansible HOST -m debug -a var={variable}' shows it" if NOT_SHOWN in line else line
