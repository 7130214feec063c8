# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has and the inventory does not declare for it yet.

What adopting wrote before does not count as declared, so that it can be written anew. Everything else does: declared
twice, the newer list would hide the one that people edit, or both be refused.
"""

from __future__ import annotations

import os
import typing as t

from ansible.parsing.dataloader import DataLoader

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import unique
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.unique import word
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import VariableValue

from . import _guest_files
from ._adopted import MAIN
from ._hidden_lists import items, of_groups
from ._missing_variables import identifiers
from ._templar import HostTemplar
from ._unevaluated import List, lists
from ._yaml_files import loaded

if t.TYPE_CHECKING:
    from ansible.vars.hostvars import HostVars

GUESTS = "kvm_guests"
VOLUMES, POOL = "kvm_volumes", "default"
OPTIONS = ("name", "uuid", "pool", "host")
"""What an item is known by."""

Identity = tuple[str, str]


def undeclared(found: t.Mapping[str, object], host: str, hostvars: object, folder: str) -> dict[str, object]:
    """What is left of the lists of a host without what is declared already.

    :param found: the lists by the names of their variables, such as ``kvm_guests``
    :param hostvars: Ansible's ``hostvars``
    :param folder: the folder of the host's variables that adopting writes to
    :returns: ``lists``, without guests that the check of the fleet would refuse for what they have in common; one that
        would hide another of its name is called ``adopted_guests`` and the like. ``said``: a sentence for what is left
        out. ``joins``: the variables whose lists the inventory has yet to join with these
    """
    if not isinstance(found, dict) or not all(isinstance(value, (list, tuple)) for value in found.values()):
        raise VirtfleetError("undeclared: give a dictionary with a list of items for each variable")
    written = Written(folder, getattr(hostvars, "_loader", None) or DataLoader())
    left: dict[str, list[object]] = {}
    sentences: list[str] = []
    joins: list[str] = []
    for variable, there in found.items():
        declared = DeclaredNames(variable, host, hostvars, written)
        new = [item for item in there if not declared.has(item)]
        name = f"adopted_{variable.partition('_')[2]}" if declared.exists else variable
        left[name], common = sole(new, there, host, found) if variable == GUESTS else (new, [])
        sentences += common
        if len(new) < len(there):
            old = ", ".join(sorted({str(item.get("name")) for item in there if declared.has(item)}))
            sentences.append(f"{variable}: the inventory declares these already, so they are left out: {old}")
        if left[name] and declared.exists and not declared.joined:
            joins.append(variable)
    return {"lists": left, "said": sentences, "joins": joins}


def sole(
    new: list[Item], there: t.Iterable[object], host: str, found: t.Mapping[str, object]
) -> tuple[list[object], list[str]]:
    """Guests without those that have an address or a disk in common, and a sentence for each of these values.

    libvirt takes them, as long as they do not run at the same time. Of a fleet that is declared, each has its own.

    :param new: the guests to write
    :param there: all guests of the host
    :param found: the lists of the host
    """
    guests = [{**guest, "host": host} for guest in there if isinstance(guest, dict)]
    variables = {host: {name: found.get(name) for name in ("kvm_pools", "kvm_networks")}}
    odd: set[str] = set()
    sentences = []
    for line in unique.problems(guests, [host], variables):
        what, _middle, rest = line.partition(": is declared more than once: ")
        owners = rest.partition(";")[0].split(", ")
        odd.update(owners)
        sentences.append(f"{GUESTS}: these have {what} in common, so they are left out: {rest}")
    return [guest for guest in new if unique.named_on({**guest, "host": host}) not in odd], sentences


class Written:
    """What adopting wrote to a folder before, also where somebody gave its lists other names.

    :ivar variables: the variables in its files
    :ivar known: what their items are known by
    """

    def __init__(self, folder: str, loader: DataLoader) -> None:
        self.variables: set[str] = set()
        self.known: set[Identity] = set()
        below = os.path.join(folder, "guests")
        names = sorted(os.listdir(below)) if os.path.isdir(below) else []
        for path in (os.path.join(folder, MAIN), *(os.path.join(below, name) for name in names)):
            if os.path.isfile(path):
                try:
                    self.add(loaded(path, loader))
                except VirtfleetError as error:
                    raise VirtfleetError(f"{path}: {error}") from None

    def add(self, content: object) -> None:
        """Take note of what is in a file."""
        for variable, value in content.items() if isinstance(content, dict) else ():
            self.variables.add(str(variable))
            found = [value] if isinstance(value, dict) else value
            for item in found if isinstance(found, (list, tuple)) else ():
                self.known.update(identities(item) if isinstance(item, dict) else ())


class DeclaredNames:
    """What the inventory declares for a host in lists of one name, besides what adopting wrote.

    :ivar exists: whether there is such a list, which counts for the host or would
    :ivar joined: whether the list that counts for the host has the adopted one in it, by its name
    :ivar known: what the items are known by
    """

    def __init__(self, variable: str, host: str, hostvars: HostVars, written: Written) -> None:
        self.variable, self.host, self.written = variable, host, written
        raw = hostvars.raw_get(host)
        self.templar = HostTemplar.of(raw, hostvars)
        self.exists = False
        self.joined = f"adopted_{variable.partition('_')[2]}" in identifiers(raw.get(variable), raw)
        self.known: set[Identity] = set()
        for source in of_groups([host], hostvars, variable):
            self.add(source.raw, written.variables - {variable})
        self.add(raw.get(variable), written.variables)
        if variable == GUESTS:
            folder = _guest_files.folder_of(self.templar.value(raw.get(_guest_files.FOLDER)), raw)
            listed = self.exists  # Guests in files are beside a list, and hidden by none.
            self.add(None if folder is None else _guest_files.read(folder, self.templar.loader).guests, frozenset())
            self.exists = listed

    def add(self, raw: VariableValue, adopted: t.Collection[str]) -> None:
        """Take note of a list.

        :param adopted: the variables whose items were adopted
        """
        if raw is None or (self.variable in adopted and isinstance(raw, (list, tuple))):
            return
        parts = lists(self.variable, raw, self.templar.raw)
        for part in [List("", raw)] if parts is None else parts:
            if part.name in adopted:
                continue
            for item in items(part.items, self.templar, OPTIONS):
                if self.variable == VOLUMES:
                    item["pool"] = item["pool"] or POOL
                if part.name == "" and not self.written.known.isdisjoint(identities(item)):
                    continue  # A template that is evaluated as a whole may have it from the file.
                self.exists = True
                if self.variable != GUESTS or item["host"] == self.host:
                    self.known.update(identities(item))

    def has(self, item: Item) -> bool:
        """Whether an item is declared."""
        return not self.known.isdisjoint(identities(item))


def identities(item: Item) -> list[Identity]:
    """What an item is known by. Only volumes name a pool, and those that are found do."""
    pool, name, uuid = (word(item, option) for option in ("pool", "name", "uuid"))
    found = [("name", f"{pool}/{name}" if pool else name)] if name else []
    return [*found, ("uuid", uuid.lower())] if uuid else found
