# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists as they are written, without evaluating what is in them.

``kvm_guests: "{{ web + db }}"`` joins two lists. Evaluated as a whole, the guests of all hosts are evaluated with the
variables of one. So templates that only name and join lists are read, not evaluated.
"""

from __future__ import annotations

import functools
import typing as t

import ansible.template
import jinja2
from jinja2 import nodes

from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import VariableValue

DEPTH = 16
"""How many names of variables may lead to one another before it is a circle."""


class Unreadable(Exception):
    """A list is made in another way than by naming and joining others."""


class WrittenItem(t.NamedTuple):
    """An item as it is written.

    :param place: where it stands, such as ``web[0]``
    :param raw: the item, its templates not evaluated
    :param file: the file that it stands in, where that is no file of variables
    """

    place: str
    raw: VariableValue
    file: str = ""


class List(t.NamedTuple):
    """A list as it is written.

    :param name: the variable that holds it
    :param items: its items, their templates not evaluated
    """

    name: str
    items: t.Sequence[VariableValue]

    def entry(self, place: int, variables: t.Mapping[str, object]) -> WrittenItem:
        """One item of it.

        :param variables: what a template may name, as it is written
        """
        return WrittenItem(f"{self.name}[{place}]", named_item(self.items[place], variables))


def entries(name: str, raw: object, variables: t.Mapping[str, object]) -> list[WrittenItem] | None:
    """The items of a list; None where it has to be evaluated to know them.

    :param name: the variable that holds it
    :param raw: its value as it is written
    :param variables: what templates may name, as it is written
    """
    found = lists(name, raw, variables)
    if found is None:
        return None
    return [part.entry(place, variables) for part in found for place in range(len(part.items))]


def lists(name: str, raw: object, variables: t.Mapping[str, object]) -> list[List] | None:
    """The lists that a list is made of, one after the other; None where it has to be evaluated to know them.

    For the parameters see ``entries``.
    """
    try:
        return listed(name, raw, variables, depth=0)
    except Unreadable:
        return None


def listed(name: str, raw: object, variables: t.Mapping[str, object], depth: int) -> list[List]:
    """The list itself, or the lists that a template names. Raises Unreadable."""
    if isinstance(raw, (list, tuple)):
        return [List(name, raw)]
    found = expression(raw)
    if found is None or depth > DEPTH:
        raise Unreadable
    return joined(found, variables, depth)


def joined(node: nodes.Node, variables: t.Mapping[str, object], depth: int) -> list[List]:
    """The lists that an expression joins. Raises Unreadable."""
    if isinstance(node, nodes.Name) and node.name in variables:
        return listed(node.name, variables[node.name], variables, depth + 1)
    if isinstance(node, nodes.Add):
        return joined(node.left, variables, depth) + joined(node.right, variables, depth)
    if isinstance(node, nodes.List) and not node.items:
        return []
    if isinstance(node, nodes.Filter) and node.name in ("default", "d") and isinstance(node.node, nodes.Name):
        if node.kwargs or node.dyn_args or not node.args:
            raise Unreadable
        falsy = len(node.args) > 1 and getattr(node.args[1], "value", False) is True
        if node.node.name not in variables or (falsy and not variables[node.node.name]):
            return joined(node.args[0], variables, depth)
        return joined(node.node, variables, depth)
    raise Unreadable


def named_item(raw: object, variables: t.Mapping[str, object]) -> object:
    """The item that a template names, as it is written: for ``{{ web01 }}``, the value of web01."""
    for _step in range(DEPTH):
        node = expression(raw)
        if not isinstance(node, nodes.Name) or not isinstance(variables.get(node.name), (dict, str)):
            return raw
        raw = variables[node.name]
    return raw


def expression(raw: object) -> nodes.Node | None:
    """The expression that a value is a template of, and nothing beside it; None where it is not."""
    return parsed(str(raw)) if isinstance(raw, str) and "{{" in raw and is_template(raw) else None


def is_template(text: str) -> bool:
    """Whether Ansible would evaluate a text: what comes from outside, or is marked ``!unsafe``, stays as it is."""
    trusted = getattr(ansible.template, "is_trusted_as_template", None)  # since ansible-core 2.19
    return bool(trusted(text)) if trusted is not None else not hasattr(text, "__UNSAFE__")


def texts(value: object) -> t.Iterator[str]:
    """The templates in a value."""
    left = [value]
    seen: set[int] = set()
    while left:
        value = left.pop()
        if isinstance(value, (dict, list, tuple)):
            if id(value) in seen:
                continue  # By anchors of YAML, a value may be in many places, even in itself.
            seen.add(id(value))
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, (list, tuple)):
            left += value
        elif isinstance(value, str) and "{" in value:
            yield value


@functools.lru_cache(maxsize=4096)
def parsed(text: str) -> nodes.Node | None:
    """The one expression of a template; None where it has more, or cannot be read."""
    try:
        body = jinja2.Environment().parse(text).body
    except jinja2.TemplateError:
        return None
    if len(body) == 1 and isinstance(body[0], nodes.Output) and len(body[0].nodes) == 1:
        only = body[0].nodes[0]
        return None if isinstance(only, nodes.TemplateData) else only
    return None
