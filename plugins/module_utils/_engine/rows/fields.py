# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of one value (see rows)."""

from __future__ import annotations

import dataclasses
import functools
import typing as t
from xml.etree import ElementTree as ET

from ..._errors import Invalid
from ..._printing import SECRET, displayed, label, printable
from .. import paths
from ..converters import Converter, Doubtful, DoubtfulValue
from .model import Change, Item, OptionValue, Problems, Scope
from .row import Row, Rows
from .row_index import join, refused_value

UNSET: object = type("Unset", (), {"__repr__": lambda self: "UNSET"})()


def root_of(path: str) -> str:
    """What must stand in an element for a path to lead anywhere: a child's tag, ``@attribute``, or ``.``."""
    steps, attribute = paths.parse(path)
    if steps:
        return paths.tag_of(steps[0])
    return "." if attribute is None else f"@{attribute}"


NONSENSE = "~ no value !"
"""A text that is a value only where any text is."""


def understood(type_: Converter, text: str) -> bool:
    """Whether a converter takes a text."""
    try:
        type_.parse(text)
    except (ValueError, Doubtful):
        return False
    return True


def kept(type_: Converter, path: str, value: object) -> object:
    """A value in normal form. Raises ValueError for a text that the content of an element does not keep."""
    if not isinstance(value, str) or type_.kind != "str" or type_.whole or paths.parse(path).attribute is not None:
        return value
    # The ends of lines are line feeds to all that read XML (https://www.w3.org/TR/xml/#sec-line-ends).
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    node = ET.Element("text")
    type_.encode(node, None, value)
    have = type_.decode(node, None)
    if have is None:
        raise ValueError("is empty, and no definition keeps that; leave it out, or write null")
    if have != value and isinstance(have, str) and have == value.strip():
        raise ValueError(f"{printable(value)} has space at its ends, which no definition keeps; write it without")
    return value


@dataclasses.dataclass(frozen=True, eq=False)
class Field(Row):
    """One value.

    :param name: the option
    :param path: where it stands in libvirt's XML (see paths)
    :param type: its converter
    :param doc: one line of documentation
    :param required: a new resource cannot do without it
    :param default: what libvirt means where the XML says nothing: a value, or a function of the element
    :param like: path of another value of the same type that is the default
    :param new: what a new resource gets where the user says nothing: a value, or a function of
        the scope; UNSET leaves it to libvirt
    :param filled: libvirt writes a value of its own into the XML where none is given; null then
        leaves what is there, unless ``default`` says what libvirt would write
    :param belongs: the options beside it for whose values the hypervisor fills it in: where one changes, it goes unless
        it is declared
    :param fixed: it cannot change once the resource exists
    :param secret: never shown
    :param must: libvirt's schema asks for it: a new element has the default written out, or what a new one gets
    :param vacant: a config says by null that there is none, where a new one would get something
    :param bare: the element means something when the value is gone, and stays
    :param live: how a change reaches what runs (see live); None where only a restart does it
    :param follower: path of a second value that goes when this one changes, where the two were
        equal; libvirt fills it in again from this one
    """

    name: str
    path: str
    type: Converter
    doc: str
    required: bool = False
    default: OptionValue = None
    like: str | None = None
    new: object = UNSET
    filled: bool = False
    belongs: tuple[str, ...] = ()
    fixed: bool = False
    secret: bool = False
    must: bool = False
    vacant: bool = False
    bare: bool = False
    live: str | None = None
    follower: str | None = None

    @property
    def roots(self) -> tuple[str, ...] | None:
        return (root_of(self.path),) if self.new is UNSET else None

    @property
    def fresh(self) -> bool:
        return self.new is not UNSET or self.required

    @property
    def creating(self) -> bool:
        return self.new is not UNSET

    @property
    def choices(self) -> tuple[str, ...]:
        return self.type.choices or ()

    def takes(self, text: str) -> bool:
        return self.type.kind == "str" and understood(self.type, text) and not understood(self.type, NONSENSE)

    @property
    def places(self) -> tuple[str, ...]:
        return () if self.outside else (self.path,)

    def mistakes(self, around: Rows) -> t.Iterator[str]:
        yield from self.contradictions()
        for what, path in (("like", self.like), ("follower", self.follower)):
            if path is not None and not any(path in row.places for row in around if row is not self):
                yield f"{what} says {path}, and no row beside it stands there"
        for what, value in (("default", self.default), ("new", self.new)):
            if value not in (None, UNSET) and not callable(value) and not self.type.knows(value):
                yield f"{what} is {printable(value)}, which its converter does not take"

    def contradictions(self) -> t.Iterator[str]:
        """The flags that cannot be true together."""
        nothing = self.default is None and self.new is UNSET
        for wrong_together, mistake in (
            (self.required and self.new is not UNSET, "required, but a new one gets a value: drop one of the two"),
            (self.required and self.filled, "required and filled: null is refused, and so never leaves anything"),
            (self.default is not None and self.like is not None, "has a default and like: which of them counts?"),
            (self.must and nothing, "must, but has no default and no new that could be written out"),
            (self.must and callable(self.default), "must, but its default is a function, which cannot be written out"),
            (bool(self.belongs) and not self.filled, "belongs to another option, but nobody fills it in"),
            (self.vacant and self.new is UNSET, "vacant, but a new one gets nothing that null could refuse"),
            (self.fixed and self.live is not None, "fixed and live: a value that never changes reaches nothing"),
            (self.outside and self.live is not None, "live, but no definition holds it"),
            (self.outside and self.path != "", "has a path, but no definition holds it"),
            (not self.outside and self.path == "", "has no path; the element itself is '.'"),
        ):
            if wrong_together:
                yield mistake

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        if self.name not in item:
            return
        value = item[self.name]
        if value is None and self.required:
            problems.append(Invalid(join(where, self.name), "cannot be null: there is no default for it; give a value"))
            return
        try:
            out[self.name] = None if value is None else kept(self.type, self.path, self.type.parse(value))
        except Doubtful as doubt:
            out[self.name] = DoubtfulValue(doubt)
        except ValueError as error:
            problems.append(refused_value(self.type.parse, value, error, join(where, self.name)))

    def complete(self, item: Item, scope: Scope, problems: Problems, where: str) -> None:
        if isinstance(item.get(self.name), DoubtfulValue):
            problems.append(Invalid(join(where, self.name), item[self.name].problem))
        if self.name not in item and self.new is not UNSET:
            value = self.new(scope) if callable(self.new) else self.new
            if value is not None:
                item[self.name] = value
        if self.must and item.get(self.name) is None:
            item[self.name] = self.new if self.default is None else self.default
        if item.get(self.name) is not None:
            item[self.name] = self.type.resolve(item[self.name], scope.host)
        if self.required and item.get(self.name) is None:
            problems.append(Invalid(join(where, self.name), f"a new {scope.kind} needs it"))

    @property
    def needing(self) -> bool:
        return self.required and self.new is UNSET

    def lacks(self, item: Item, kind: str, where: str) -> t.Iterator[Invalid]:
        if self.needing and item.get(self.name) is None:
            yield Invalid(join(where, self.name), f"a new {kind} needs it")

    def value_at(self, element: ET.Element, path: str) -> object:
        """The value that stands at a path, or None."""
        steps, attribute = paths.parse(path)
        node = paths.find(element, steps)
        return None if node is None else self.type.decode(node, attribute)

    def fallback(self, element: ET.Element) -> object:
        """What libvirt means where the XML says nothing."""
        if self.like is not None:
            return self.value_at(element, self.like)
        return self.default(element) if callable(self.default) else self.default

    def value(self, element: ET.Element) -> object:
        """The value that the definition has, or amounts to."""
        value = self.value_at(element, self.path)
        return self.fallback(element) if value is None else value

    def knows(self, element: ET.Element) -> bool:
        return self.type.knows(self.value(element))

    def is_default(self, element: ET.Element) -> bool:
        value = self.value_at(element, self.path)
        return value is not None and not self.filled and value == self.fallback(element)

    def strip(self, element: ET.Element, scope: Scope) -> None:
        if self.type.knows(self.value_at(element, self.path)):
            self.drop(element, scope, "", [])

    def read(self, element: ET.Element, out: Item) -> None:
        value = self.value(element)
        if not self.type.knows(value):
            return
        is_explicit = self.new is not UNSET and (value is not None or not self.filled or self.vacant)
        if value != self.fallback(element) or is_explicit:
            out[self.name] = value

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        have, want = self.value(element), item[self.name]
        path = paths.parse(self.path)
        if want is None:
            default = self.fallback(element)
            if have == default:
                return
            if self.filled and default is None:
                if not self.fixed:
                    scope.note_left_as_is(join(where, self.name))
                return
        elif self.type.same(have, want, scope.host):
            if self.must and self.value_at(element, self.path) is None:
                self.type.encode(paths.ensure(element, path.steps), path.attribute, want)
            return
        here = join(where, self.name)
        if isinstance(want, DoubtfulValue) and not scope.lenient:
            raise Invalid(here, want.problem)
        if self.fixed and have is not None:
            raise Invalid(here, f"is {self.plainly(have)} and cannot be changed to {self.plainly(want)}")
        changes.append(Change(here, self.shown(have), self.shown(want), self.live))
        if want is None or (self.type.presence and want is False):
            self.clear(element, path)
        else:
            node = paths.ensure(element, path.steps)
            self.type.encode(node, path.attribute, self.type.resolve(want, scope.host))
        if self.follower is not None and self.value_at(element, self.follower) == have:
            follower = paths.parse(self.follower)
            paths.remove(element, follower)
            while want is None and paths.find(element, follower.steps) is not None:
                # Where it is a list, the second of it would take the place of the first.
                paths.delete(element, follower.steps)

    def clear(self, element: ET.Element, path: paths.Path) -> None:
        """Take the value out, so that libvirt's default holds."""
        node = paths.find(element, path.steps)
        if self.type.presence:
            paths.delete(element, path.steps)
        elif path.attribute is None and self.default is not None:
            # The element may hold other options in its attributes, and cannot be without its text.
            self.type.encode(paths.ensure(element, path.steps), None, self.default)
        elif self.bare and node is not None:
            node.attrib.pop(path.attribute or "unit", None)
            node.text = node.text if path.attribute else None
        else:
            self.type.forget(node)
            paths.remove(element, path)

    @functools.cached_property
    def loose(self) -> Field:
        """The same row without what keeps its value from being taken out."""
        return dataclasses.replace(self, filled=False, fixed=False, default=None, like=None)

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        self.loose.edit(element, {self.name: None}, scope, where, changes)

    def show(self, item: Item, out: Item) -> None:
        if self.name in item:
            out[self.name] = self.shown(item[self.name])

    def plainly(self, value: object) -> str:
        """The value in a sentence."""
        return label(displayed(self.shown(value), self.name))

    def shown(self, value: object) -> object:
        """The value for people."""
        if value is None:
            return None
        return SECRET if self.secret else self.type.show(value)

    def document(self) -> dict[str, object]:
        options: dict[str, object] = {"description": self.doc, "type": self.type.kind}
        if self.filled and self.default is None and self.like is None and not self.fixed:
            options["description"] = [self.doc, "libvirt fills it in by itself, so V(null) leaves it as it is."]
        if self.type.choices:
            options["choices"] = list(self.type.choices)
        return {self.name: options}


class Property(Field):
    """A value that libvirt keeps beside the definition, such as autostart.

    It is observed and set by a call of its own; its path names nothing in the XML.
    """

    outside = True
    is_property = True

    def read(self, element: ET.Element, out: Item) -> None:
        """The definition does not hold it."""

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        """The definition does not hold it."""

    def strip(self, element: ET.Element, scope: Scope) -> None:
        """The definition does not hold it."""
