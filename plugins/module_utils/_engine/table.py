# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table: all that the engine has to know of one kind of resource."""

from __future__ import annotations

import dataclasses
import functools
import re
import typing as t
from xml.etree import ElementTree as ET

from .._errors import Invalid, VirtfleetError, refuse_input
from .._printing import label, printable, unforeseen
from . import paths
from .close_names import near
from .converters import DoubtfulValue
from .live import Strategies
from .rows.fields import Property
from .rows.model import Change, Host, Item, OptionValue
from .rows.other_forms import OtherForm, with_ways
from .rows.row import Row
from .rows.row_index import LISTED, body, document_rows, join, parse_rows
from .rows.short_forms import written_out
from .rows.unknown_options import Stranger, with_manual
from .rows.xml_rows import Fragment
from .step import Step
from .xml_merge import PLAIN, Grammar

Rule = t.Callable[[Item], t.Iterator[Invalid]]
Tidy = t.Callable[[ET.Element, ET.Element, Item], list[Change]]
Impossible = t.Callable[[ET.Element, Item], t.Iterator[Invalid]]


def by_name(item: Item) -> str | None:
    """The name, by which most resources are known."""
    return item.get("name")


@dataclasses.dataclass(frozen=True)
class Table:
    """One kind of resource.

    :param kind: libvirt's name of it, such as ``domain``
    :param skeleton: the XML that a new one starts from
    :param rows: its fields
    :param state: the state of an item that names none
    :param initial: the state that a resource is in once it is defined
    :param transitions: actions that lead from what is (first) to what is declared (second); a pair
        that is not there needs none
    :param active: the states in which a live definition exists beside the persistent one
    :param restart: actions that make what runs start anew
    :param rules: what must hold between fields
    :param cautions: what must hold between fields that are new or change. What libvirt holds already
        is not held against the user
    :param elsewhere: options that other lists have and this one never, each with what to say of it
    :param forms: by the path of an option, how to write what other tools have in another form (see other_forms)
    :param order: the elements below the root, in the order in which they are written
    :param base: gives a new resource that the user hardly describes the rest of its options
    :param fit: brings what no row reaches in line with an edited definition and what is declared; returns what changes
        with it where no row tells
    :param tidy: takes out of an edited definition (second) what libvirt had filled in (first) for what has gone, unless
        it is declared (third)
    :param impossible: what libvirt will not keep of a definition to come as it is declared
    :param shipped: definitions that the distribution's packages bring, by name, for a plan in check
        mode on a host where they are still to be installed
    :param identity: what tells an item from all others of its kind
    :param reported: paths of what libvirt tells in a definition, and nobody can declare
    :param sign: writes into a new definition that the collection made it, and for which owner
    :param unsign: takes that out of a definition again
    :param remarks: warnings of an item, as it is declared, that a run does something about: whether it is new, and the
        host decide
    :param combine: brings options that mean the same into one form
    :param spread: writes out what a user's item has in short, where that concerns several options (see written_out)
    :param dropped: takes out of a definition that somebody wrote what libvirt drops of it without a word
    :param normal: brings a definition into the form in which libvirt keeps it
    :param joined: makes one element again of what people write as one and libvirt keeps as several
    :param filled: writes into a definition what libvirt writes where nothing is given, as far as it is known
    :param started: takes out of the definition of what runs (first) what libvirt wrote there by itself as it
        started from the one that it keeps (second); returns calls that put back what a change needs
    :param alike: takes out of a definition what nobody chose and two definitions may have otherwise
    :param manual: a few words that say where all options are described
    :param strategies: how changes reach what runs, by the names that rows say as ``live``
    """

    kind: str
    skeleton: str
    rows: tuple[Row, ...]
    state: str
    initial: str
    transitions: t.Mapping[tuple[str, str], tuple[str, ...]]
    active: frozenset[str]
    restart: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    cautions: tuple[Rule, ...] = ()
    elsewhere: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    forms: t.Mapping[str, OtherForm] = dataclasses.field(default_factory=dict)
    order: tuple[str, ...] = ()
    base: t.Callable[[Item], Item] | None = None
    fit: t.Callable[[ET.Element, Item], list[Change]] | None = None
    tidy: Tidy | None = None
    impossible: Impossible | None = None
    shipped: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    identity: t.Callable[[Item], str | None] = by_name
    reported: tuple[str, ...] = ()
    sign: t.Callable[[ET.Element, str], None] | None = None
    unsign: t.Callable[[ET.Element], None] | None = None
    remarks: t.Callable[[Item, bool, Host], t.Iterable[str]] | None = None
    combine: t.Callable[[Item], None] | None = None
    spread: t.Callable[[Item], Item] | None = None
    dropped: t.Callable[[ET.Element], None] | None = None
    normal: t.Callable[[ET.Element], None] | None = None
    joined: t.Callable[[ET.Element], None] | None = None
    filled: t.Callable[[ET.Element, Host], None] | None = None
    started: t.Callable[[ET.Element, ET.Element], list[t.Callable[[], None]]] | None = None
    alike: t.Callable[[ET.Element], None] | None = None
    manual: str = ""
    strategies: Strategies = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def inactive(self) -> frozenset[str]:
        """The declared states in which nothing runs."""
        return frozenset(want for have, want in self.transitions if have in self.active) - self.active

    @functools.cached_property
    def properties(self) -> dict[str, Property]:
        """The rows of what stands beside the definition, by name."""
        return {row.name: row for row in self.rows if isinstance(row, Property)}

    @functools.cached_property
    def fragment(self) -> Fragment | None:
        """The row of the XML that is merged into the definition; None where there is none."""
        return next((row for row in self.rows if isinstance(row, Fragment)), None)

    @functools.cached_property
    def grammar(self) -> Grammar:
        """What the merging of XML has to know of its definitions."""
        return PLAIN if self.fragment is None else self.fragment.grammar

    def way(self, actions: t.Iterable[str]) -> list[Step]:
        """The steps of a way from one state to another, each with the state that it ends in.

        :param actions: those of a transition, or of the restart
        """
        ends = {actions[-1]: want for (_have, want), actions in self.transitions.items()}
        return [Step(action, state=ends.get(action)) for action in actions]

    def has(self, option: str) -> bool:
        """Whether the items have an option."""
        return any(option in row.names for row in self.rows)

    def written_out(self, item: object) -> OptionValue:
        """The user's options with every short form in them written out. What is no item stays as it is."""
        found = written_out(self.rows, item)
        return self.spread(found) if self.spread is not None and isinstance(found, dict) else found

    def whole(self, root: ET.Element) -> ET.Element:
        """A definition that somebody wrote as libvirt reads it. It is changed in place, and returned.

        libvirt takes ``<devices>`` or ``<features>`` twice, and reads them as one. What it drops is taken out.
        """
        several, found = set[str](), set[str]()
        for row in self.rows:
            many = not row.holds and all(option.get("type") == "list" for option in row.document().values())
            for steps in (paths.parse(place).steps for place in row.places):
                if steps:
                    (several if many and len(steps) == 1 else found).add(paths.tag_of(steps[0]))
        found |= {child.tag for child in root if child.tag.startswith("{")}
        paths.join(root, found - several)
        if self.dropped is not None:
            self.dropped(root)
        return root

    def declared(self, root: ET.Element) -> ET.Element:
        """A definition without what libvirt only reports in it. It is changed in place, and returned."""
        for path in map(paths.parse, self.reported):
            above = path.steps[:-1] if path.attribute is None else path.steps
            for node in root.findall("/".join(above) or "."):
                if path.attribute is not None:
                    node.attrib.pop(path.attribute, None)
                else:
                    for child in node.findall(path.steps[-1]):
                        node.remove(child)
            paths.prune(root, above)
        return root

    def parse(self, config: object, alone: bool = False, where: str = "config") -> list[Item]:
        """The declared items in normal form.

        Raises VirtfleetError with every problem of every item, a line each. An item is called by its name, or by
        its place in ``config``, counted from 0 as Ansible does.

        :param alone: whether the user gave one item and no list, as for a filter
        :param where: the parameter that has the list
        """
        if not isinstance(config, (list, tuple)):
            wrong = f"{where}: {printable(config, hidden=True)} is not a list of {self.kind}s"
            raise VirtfleetError(f"{wrong}; {listing(config)}")
        items: list[Item] = []
        found: list[tuple[str, Item, bool, list[Invalid]]] = []
        seen: set[str] = set()
        for index, raw in enumerate(config):
            item, problems = self.parse_item(raw)
            problems = torn_off(self, raw) or problems
            sound = not problems
            name = self.identity(item)
            place = self.kind if alone else f"{where}[{index}]"
            title = place if name is None else f"{self.kind} {label(name)}"
            if name in seen:
                problems.append(Invalid("name", "is declared more than once"))
            elif name is not None:
                seen.add(name)
            found.append((title, item, sound, problems))
            items.append(item)
        if any(problems for _title, _item, _sound, problems in found):
            # What is doubtful is said along, though it alone would be no reason yet.
            refuse_input(
                [
                    f"{title}: {problem}"
                    for title, item, sound, problems in found
                    for problem in (*problems, *(self.doubts(item) if sound else doubtful_values(item, "")))
                ]
            )
        return items

    def parse_item(self, raw: object) -> tuple[Item, list[Invalid]]:
        """One item in normal form, with what is wrong with it. Nothing is raised, whatever the item is."""
        problems: list[Invalid] = []
        item: Item = {}
        try:
            item = self.parse_options(raw, problems)
        except Exception as error:  # One bad item must not hide what is wrong with the others.
            problems.append(Invalid("", unforeseen(error)))
        if not item and isinstance(raw, dict) and isinstance(raw.get("name"), str):
            item["name"] = label(raw["name"])  # To say which one it is.
        item.setdefault("state", self.state)
        return item, problems

    def parse_options(self, raw: object, problems: list[Invalid]) -> Item:
        """The options of one item in normal form. What is wrong goes to problems."""
        if nested(raw):
            problems.append(Invalid("", f"has options nested deeper than {DEEPEST}"))
            return {}
        if isinstance(raw, dict) and called_by_key(self, raw, problems):
            return {}
        item = self.parse_body(raw, problems)
        is_misspelt = any(isinstance(one, Stranger) and not one.at and near(one.name, ("name",)) for one in problems)
        if isinstance(raw, dict) and raw.get("name") is None and not is_misspelt:
            problems.append(Invalid("name", "is missing"))
        if item.get("state") is None:
            item["state"] = self.state
        if self.combine is not None and not problems:
            self.combine(item)
        if not problems:
            for rule in self.rules:
                problems.extend(rule(item))
        return item

    def parse_body(self, raw: object, problems: list[Invalid]) -> Item:
        """The options of one item in normal form, also of one that is not whole. What is wrong goes to problems."""
        start = len(problems)
        if isinstance(raw, dict):
            problems += [Invalid(name, reason) for name, reason in self.elsewhere.items() if name in raw]
            raw = {name: value for name, value in raw.items() if name not in self.elsewhere}
        item = parse_rows(self.rows, raw, "", problems)
        if self.forms and len(problems) > start:
            with_ways(self.forms, raw, problems, start)
        if self.manual and len(problems) > start:
            with_manual(problems, self.manual)
        return item

    def doubts(self, item: Item) -> list[Invalid]:
        """What is wrong with an item in normal form unless libvirt holds the very same already."""
        return [*doubtful_values(item, ""), *(problem for caution in self.cautions for problem in caution(item))]

    def document(self) -> Item:
        """The options of an item as DOCUMENTATION describes them."""
        return document_rows(self.rows)


def listing(items: object) -> str:
    """How to write a list of items, which something else was given for."""
    if isinstance(items, dict) and "name" in items:
        return "write '- ' before the first option of each, also of a single one"
    if isinstance(items, dict):
        return "write each as an item that begins with '- name: NAME', and its options below"
    return LISTED


def torn_off(table: Table, raw: object) -> list[Invalid]:
    """What is wrong with an item that is one option of another item, as each line of a guest with ``- `` before it is.

    :param raw: the whole item as the user wrote it
    """
    name = next(iter(raw)) if isinstance(raw, dict) and len(raw) == 1 else None
    if (
        not isinstance(name, str)
        or name == "name"
        or (name not in body(table.rows).names and name not in table.elsewhere)
    ):
        return []
    return [Invalid("", f"is the option '{name}' alone; write it below the name, without '- '")]


def called_by_key(table: Table, raw: Item, problems: list[Invalid]) -> bool:
    """Whether an item has its name as a key, as in ``- web01: {...}``; how to write it then goes to problems."""
    known = body(table.rows)
    strange = [name for name in raw if name not in known.names and name not in table.elsewhere]
    if "name" in raw or len(strange) != 1 or not isinstance(raw[strange[0]], (dict, type(None))):
        return False
    name = strange[0]
    shown = isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,40}", name) and not known.secret
    if near(name, known.names) or (len(raw) > 1 and known.inside.get(name)):
        return False
    problems.append(Invalid("", f"write '- name: {name if shown else 'NAME'}', and its options below, no deeper"))
    return True


DEEPEST = 64
"""How deep lists and dictionaries of an item may be nested; no option is half as deep."""


def nested(value: object) -> bool:
    """Whether lists and dictionaries are nested deeper than any option is."""
    level = [value]
    for _depth in range(DEEPEST):
        inner: dict[int, object] = {}
        for one in level:
            if isinstance(one, (dict, list, tuple)):
                # What is there more than once, as anchors of YAML make it, is looked at once.
                for part in one.values() if isinstance(one, dict) else one:
                    if isinstance(part, (dict, list, tuple)):
                        inner[id(part)] = part
        if not inner:
            return False
        level = list(inner.values())
    return True


def doubtful_values(value: object, where: str) -> t.Iterator[Invalid]:
    """The doubtful values in options, however deep."""
    if isinstance(value, DoubtfulValue):
        yield Invalid(where, value.problem)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from doubtful_values(inner, join(where, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from doubtful_values(inner, f"{where}[{index}]")
