# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of a fleet on the control node, its templates evaluated.

Each guest is evaluated as a play on its own host evaluates it. What cannot be evaluated (an undefined
variable, a vault whose password is missing) is named by item and field; the rest is evaluated nonetheless.
"""

from __future__ import annotations

import collections
import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import PROFILE, SWITCH, merged
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import ByHost, VariableValue

from . import _guest_files
from ._guest_layers import Layers
from ._guests_by_host import HostNames, Lists, Sorted
from ._templar import HostTemplar, PlainTemplar, how_to_see
from ._unevaluated import List, WrittenItem, entries, lists, named_item

Strays = dict[tuple[int, str], tuple[str, object]]
"""By the identity of an item and the name of the host that it names: who takes care of it, and the item."""


class Evaluated(t.NamedTuple):
    """The declaration, and what of it could not be evaluated.

    :param variables: by host, the lists of the declaration; an item that could not be evaluated is left out
    :param problems: the host, or None for a guest, and a sentence for each field that could not be evaluated
    :param repeated: name and host of guests that are in several files, of which the problems tell
    :param warnings: a sentence for each folder of guests in which something is not read
    :param in_files: whether a host has a folder of guests
    """

    variables: dict[str, dict[str, object]]
    problems: list[check.HostProblem]
    repeated: t.Container[tuple[str, str]] = ()
    warnings: t.Sequence[str] = ()
    in_files: bool = False


NO_FILES = _guest_files.Files([], [], 0, [], [])
"""What is read where there is no folder."""


def of_all(host: object) -> bool:
    """Whether each host has to evaluate a guest's ``host`` to know whether it is its own."""
    return "{" in host if isinstance(host, str) else host is not None


def evaluate(
    hosts: t.Sequence[str],
    variables: ByHost,
    names: t.Sequence[str] = check.VARIABLES,
    options: t.Container[str] | None = None,
) -> Evaluated:
    """Evaluate what is declared for hosts.

    :param hosts: the virtualization hosts
    :param variables: ``hostvars``, or plain dictionaries by host, in which nothing is left to be evaluated
    :param names: the variables to look at
    :param options: the options of guests to evaluate, and to return; None for all
    """
    problems: list[check.HostProblem] = []
    folders: dict[str, str | None] = {}
    layers: list[Layers] = []
    out: dict[str, dict[str, object]] = {}
    written = hasattr(variables, "raw_get")
    raw_get = getattr(variables, "raw_get", None)
    by_host = {host: raw_get(host) if raw_get else variables[host] for host in hosts}
    fleet = Fleet(frozenset(hosts), {}, HostNames(by_host))
    for host, raw in by_host.items():
        templar = HostTemplar.of(raw, variables) if written else PlainTemplar(raw)
        out[host] = {}
        for name in names:
            if name == "kvm_guests" and (name in raw or _guest_files.FOLDER in raw):
                part: VariablePart = EvaluatedGuests(name, host, fleet, templar, options)
            elif name in raw:
                part = VariablePart(name, host, fleet, templar)
            else:
                continue
            out[host][name] = part.evaluate(raw.get(name))
            problems += part.problems
            if isinstance(part, EvaluatedGuests):
                folders[host] = part.folder
                layers.append(part.layers)
    if options is None:
        judged = {profile for one in layers for profile in one.judged}
        problems += [(None, line) for one in layers for line in one.unused(judged)]
    read_by = {host: folders.get(host) for host in hosts}
    problems += [(None, line) for line in _guest_files.unseen(fleet.read or {}, read_by)]
    warnings = [line for files in (fleet.read or {}).values() for line in files.unread]
    in_files = any(read_by.values())
    return Evaluated(out, of_some(problems, hosts), fleet.repeated, warnings, in_files)


def of_some(problems: t.Iterable[check.HostProblem], hosts: t.Sequence[str]) -> list[check.HostProblem]:
    """Each problem once. One of a guest that all hosts have is no host's own."""
    found = list(dict.fromkeys(problems))
    having = collections.Counter(line for _host, line in found)
    of_guests = ("guest ", "kvm_guest", "profile ")
    every = {line for line, count in having.items() if count == len(hosts) and line.startswith(of_guests)}
    return list(dict.fromkeys((None if line in every else host, line) for host, line in found))


class Fleet:
    """What the parts of all hosts share while they are evaluated.

    :param hosts: all hosts, which see to their own guests
    :param read: what was read of the folders with guests; None where files with guests of other hosts are left out
    :param names: the hosts that templates name
    :ivar strays: guests of hosts that are not there, of which the first host that meets one takes care
    :ivar repeated: name and host of guests that are in several files
    :ivar lists: the lists of guests, sorted by host
    """

    def __init__(self, hosts: t.Container[str], read: _guest_files.ReadFolders | None, names: HostNames) -> None:
        self.hosts, self.read = hosts, read
        self.strays: Strays = {}
        self.repeated: set[tuple[str, str]] = set()
        self.lists = Lists(names)


class VariablePart:
    """One variable of one host, while it is evaluated.

    :param name: the variable, such as ``kvm_networks``
    :param fleet: what it shares with those of other hosts
    :ivar problems: as those of Evaluated
    """

    def __init__(self, name: str, host: str, fleet: Fleet, templar: HostTemplar) -> None:
        self.name, self.host, self.fleet, self.templar = name, host, fleet, templar
        self.problems: list[check.HostProblem] = []

    def evaluate(self, raw: object) -> object:
        """The list, without what cannot be evaluated."""
        written = entries(self.name, raw, self.templar.raw)
        if written is not None:
            found = [(index, item) for index, entry in enumerate(written) for item in self.item(entry)]
            return check.ListPart(found)
        return self.whole(raw)

    def whole(self, raw: object) -> VariableValue:
        """The value of a template that is evaluated as a whole; an empty list where it cannot be."""
        try:
            return self.templar.value(raw)
        except Exception as error:  # A template may hold any filter or lookup.
            self.blame(raw, error)
            return []

    def item(self, entry: WrittenItem, owner: str | None = None) -> list[VariableValue]:
        """One item, evaluated; none where it cannot be.

        :param owner: the host to name in any case
        """
        raw = self.needed(entry.raw)
        try:
            return [self.templar.value(raw)]
        except Exception as error:  # A template may hold any filter or lookup.
            broken = self.templar.broken(raw) or [("", self.templar.why(raw, error))]
        if self.is_stray(raw):  # What it would be there nobody knows; that there is no such host is the mistake.
            return [{"name": self.name_of(raw), "host": raw["host"]}]
        self.tell(entry, [f"{where}: {why}" if where else why for where, why in broken], owner)
        return []

    def needed(self, raw: object) -> VariableValue:
        """What of an item is evaluated."""
        return raw

    def tell(self, entry: WrittenItem, lines: t.Sequence[str], owner: str | None = None) -> None:
        """Say what is wrong with an item.

        :param owner: the host to name in any case
        """
        if not lines:
            return  # The item's name, which may be a template, is not needed.
        called = self.called(entry.raw, entry.place)
        where = f" (in {entry.file})" if entry.file and called != entry.place else ""
        seen = [how_to_see(line, self.name) for line in lines]
        self.problems += [(owner or self.owner(entry.raw), f"{called}: {line}{where}") for line in seen]

    def is_stray(self, raw: object) -> bool:
        """Whether an item is a guest of a host that is not there."""
        host = raw.get("host") if self.name == "kvm_guests" and isinstance(raw, dict) else None
        return isinstance(host, str) and not of_all(host) and host not in self.fleet.hosts

    def owner(self, raw: object) -> str | None:
        """The host to name in a sentence about an item; None for a guest that names its host itself."""
        plain = self.name == "kvm_guests" and isinstance(raw, dict) and not of_all(raw.get("host"))
        return None if plain else self.host

    def called(self, raw: object, place: str) -> str:
        """What to call an item: by its name where that can be told, else by its place."""
        kind = "guest" if self.name == "kvm_guests" else check.LISTS[self.name].kind
        name = self.name_of(raw)
        return place if name is None else f"{kind} {label(name)}"

    def name_of(self, raw: object) -> VariableValue:
        """The name of an item; None where it has none, or that cannot be evaluated."""
        try:
            return self.templar.value(raw["name"]) if isinstance(raw, dict) and "name" in raw else None
        except Exception:  # A template may hold any filter or lookup.
            return None

    def blame(self, raw: object, error: BaseException) -> None:
        """Say what in the lists that a template is made of cannot be evaluated; else why the whole cannot."""
        before = len(self.problems)
        for name, items in self.templar.lists_in(raw):
            for place, item in enumerate(items):
                VariablePart.item(self, WrittenItem(f"{name}[{place}]", item), self.host)
        if len(self.problems) == before:
            why = how_to_see(self.templar.why(raw, error), self.name)
            self.problems.append((self.host, f"{self.name}: {why}"))


class EvaluatedGuests(VariablePart):
    """The guests of one host, while they are evaluated: those of a list, and those in files.

    :param options: the options to evaluate; None for all
    :ivar written: the guests of all hosts as they are written; None where only a template tells
    :ivar folder: the folder with files of guests that the host reads; None where there is none
    """

    def __init__(
        self,
        name: str,
        host: str,
        fleet: Fleet,
        templar: HostTemplar,
        options: t.Container[str] | None = None,
    ) -> None:
        super().__init__(name, host, fleet, templar)
        self.layers, self.options = Layers(templar, options), options
        self.written: list[Sorted] | None = None
        self.folder: str | None = None

    def evaluate(self, raw: object) -> VariableValue:
        """The guests, without those of other hosts and what cannot be evaluated; None where none are declared."""
        files = self.files()
        listed = [] if raw is None else lists(self.name, raw, self.templar.raw)
        value: VariableValue = None
        if listed is None:
            value = self.whole(raw)
            if value is not None and not isinstance(value, (list, tuple)):
                return value
        if raw is None and not files.total:
            return None
        own = self.own(listed or (), files)
        if listed is None:
            self.written = None
        repeated = _guest_files.repeated(entry for _index, entry in own)
        self.problems += [(None, line) for line in repeated.values()]
        self.fleet.repeated.update(repeated)
        found: list[tuple[check.PlaceInLists, VariableValue]] = [
            (entry.place if entry.file else index, item) for index, entry in own for item in self.item(entry)
        ]
        found += [
            (index, self.completed(item, WrittenItem(f"{self.name}[{index}]", item)))
            for index, item in enumerate(value or ())
            if self.here(item)
        ]
        self.problems += [(self.host, line) for line in self.layers.problems]
        return check.ListPart((index, item) for index, item in found if self.here(item))

    def own(self, listed: t.Iterable[List], files: _guest_files.Files) -> list[tuple[int, WrittenItem]]:
        """The guests that are this host's to evaluate, as they are written, each with its number among all."""
        found: list[tuple[int, WrittenItem]] = []
        self.written, before = [], 0
        for part in listed:
            inside = self.fleet.lists.sorted(part.items, self.templar)
            entries = [(place, part.entry(place, self.templar.raw)) for place in self.places(inside)]
            found += [(before + place, entry) for place, entry in entries if self.here(entry.raw)]
            self.written.append(inside)
            before += len(part.items)
        inside = self.fleet.lists.sorted(files.guests, self.templar)
        for place in self.places(inside):
            entry = files.entries[place]
            entry = entry._replace(raw=named_item(entry.raw, self.templar.raw))
            found += [(before + place, entry)] if self.here(entry.raw) else []
        self.written.append(inside)
        return found

    def places(self, guests: Sorted) -> list[int]:
        """The places of the guests that this host has to look at."""
        return guests.of(self.host, self.fleet.hosts)

    def files(self) -> _guest_files.Files:
        """The guests in files, as they are written."""
        raw = self.templar.raw
        written = raw.get(_guest_files.FOLDER)
        try:
            folder = _guest_files.folder_of(self.templar.value(written), raw)
            if folder is not None:
                self.folder = folder.path
                found = self.read_files(folder)
                self.problems += [(None, line) for line in found.problems]
                return found
        except VirtfleetError as error:
            self.problems.append((self.host, str(error)))
        except Exception as error:  # A template may hold any filter or lookup.
            self.problems.append((self.host, f"{_guest_files.FOLDER}: {self.templar.why(written, error)}"))
        return NO_FILES

    def read_files(self, folder: _guest_files.Folder) -> _guest_files.Files:
        """What is in the files of a folder, as far as it is needed. Raises VirtfleetError."""
        hosts = set((self.templar.raw.get("groups") or {}).get("all") or ())
        read = self.fleet.read
        if read is None:
            return _guest_files.read(folder, self.templar.loader, self.host, hosts)
        if folder.path not in read:
            read[folder.path] = _guest_files.read(folder, self.templar.loader)
        return read[folder.path]

    def item(self, entry: WrittenItem, owner: str | None = None) -> list[object]:
        """One guest, evaluated, with what it has in common with others; none where it cannot be."""
        return [self.completed(item, entry, owner) for item in super().item(entry, owner)]

    def needed(self, raw: object) -> object:
        """The options of a guest that are asked for, and those that say what it has in common with others."""
        if self.options is None or not isinstance(raw, dict):
            return raw
        return {name: value for name, value in raw.items() if name in self.options or name in (PROFILE, SWITCH)}

    def completed(self, guest: object, entry: WrittenItem, owner: str | None = None) -> object:
        """A guest with what it has in common with others. That of a host that is not there is none of this one's."""
        if not isinstance(guest, dict):
            return guest
        if self.is_stray(entry.raw):
            return merged(guest, (), entry.file)
        found, problems = self.layers.laid_under(guest, entry.file)
        self.tell(entry, problems, owner)
        return found

    def here(self, item: object) -> bool:
        """Whether an item is this host's to evaluate: other hosts see to their guests themselves."""
        if not isinstance(item, dict):
            return True
        host = item.get("host")
        if of_all(host):
            try:
                host = self.templar.value(host)
            except Exception:  # It is said with the item's other fields.
                return True
        if not isinstance(host, str) or host == self.host:
            return True
        if host in self.fleet.hosts:
            return False
        return self.fleet.strays.setdefault((id(item), host), (self.host, item))[0] == self.host
