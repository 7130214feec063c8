# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables a template names that are not there.

Ansible does not say it of all: ``{{ web_guests + db_gusts }}`` fails as something that is no list is added to one. Of
what may be a secret, its words are not shown at all. The names are those that the user wrote into the template; no
value of a variable is among them.
"""

from __future__ import annotations

import re
import typing as t

from jinja2 import Environment, TemplateSyntaxError, nodes

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import near

GLOBALS = frozenset(
    (
        *("lookup", "query", "q", "now", "undef", "omit", "vars", "environment", "play_hosts", "role_name"),
        *("range", "dict", "lipsum", "cycler", "joiner", "namespace", "loop", "caller", "varargs", "kwargs", "self"),
    )
)
"""Names that templates have though no variable is called so."""

DEFAULT = frozenset(("default", "d", "ansible.builtin.default"))
DEFINED = frozenset(("defined", "undefined", "ansible.builtin.defined", "ansible.builtin.undefined"))

KEY = re.compile(r"[A-Za-z_][\w.-]{0,99}")
"""A key that is shown."""

DEPTH = 8
"""How many variables are followed, of which each is made of the next."""


class VariableRead(t.NamedTuple):
    """What a template reads.

    :param name: the variable
    :param keys: what it reads of that, as far as it is written there: ``a`` and ``b`` of ``x.a['b']``
    """

    name: str
    keys: tuple[str, ...] = ()


def missing(
    template: object, variables: t.Mapping[str, object], value: t.Callable[[object], object], depth: int = 0
) -> list[str]:
    """A sentence for each variable that a template needs and that is not there, or not what it needs of it.

    :param variables: those that there are, as they are written
    :param value: evaluates one
    """
    if not isinstance(template, str) or depth >= DEPTH:
        return []
    found: list[str] = []
    for named in needed(template):
        found += lacks(named, variables, value, depth)
    return list(dict.fromkeys(found))


def needed(template: str) -> list[VariableRead]:
    """What a template cannot do without; nothing of one that is none."""
    tree = tree_of(template)
    if tree is None:
        return []
    spared = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"} | GLOBALS
    for test in tree.find_all(nodes.Test):
        spared |= names_in(test) if test.name in DEFINED else set()
    for one in tree.find_all(nodes.Filter):
        spared |= names_in(one.node) if one.name in DEFAULT and one.node is not None else set()
    return [named for named in dict.fromkeys(reads(tree)) if named.name not in spared]


def tree_of(template: str) -> nodes.Template | None:
    """What a template is made of; None of one that is none."""
    try:
        return Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(template)
    except (TemplateSyntaxError, RecursionError):
        return None


def identifiers(template: object, variables: t.Mapping[str, object], depth: int = 0) -> set[str]:
    """The variables, filters and tests that a template names, and those of the templates that these variables are.

    What is read of a variable, and what stands in quotes, is none: it may be made of a value.

    :param variables: those that there are, as they are written
    """
    tree = tree_of(template) if isinstance(template, str) and depth < DEPTH else None
    if tree is None:
        return set()
    named = names_in(tree)
    found = named | {node.name for node in tree.find_all((nodes.Filter, nodes.Test))}
    for name in named & variables.keys():
        found |= identifiers(variables[name], variables, depth + 1)
    return found


def names_in(node: nodes.Node) -> set[str]:
    """The variables in a part of a template."""
    return {node.name} if isinstance(node, nodes.Name) else {name.name for name in node.find_all(nodes.Name)}


def reads(node: nodes.Node) -> t.Iterator[VariableRead]:
    """What a part of a template reads."""
    named = chain(node)
    if named is not None:
        yield named
        return
    for child in node.iter_child_nodes():
        yield from reads(child)


def chain(node: nodes.Node) -> VariableRead | None:
    """A variable, or what is read of it by names that are written there; None for all else."""
    if isinstance(node, nodes.Name):
        return VariableRead(node.name)
    if isinstance(node, nodes.Getattr):
        key: object = node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        key = node.arg.value
    else:
        return None
    inner = chain(node.node)
    if inner is None or not isinstance(key, str):
        return None
    return inner._replace(keys=(*inner.keys, key))


def lacks(
    named: VariableRead, variables: t.Mapping[str, object], value: t.Callable[[object], object], depth: int
) -> list[str]:
    """Why something is not there that a template reads; nothing where it is, or nobody can tell."""
    name = named.name
    if name not in variables:
        close = near(name, variables)
        return [f"'{name}' is undefined" + (f"; did you mean '{close[0]}'?" if close else "")]
    thing = variables[name]
    if name != "hostvars":
        try:
            thing = value(thing)
        except Exception:  # A template may hold any filter or lookup.
            return [f"{why} (in {name})" for why in missing(thing, variables, value, depth + 1)]
    for place, key in enumerate(named.keys[:2] if name == "hostvars" else named.keys):
        if not isinstance(thing, t.Mapping) or hasattr(dict, key):
            break
        if key not in thing:
            keys = [name, *named.keys[: place + 1]]
            shown = all(KEY.fullmatch(part) for part in keys)
            return [f"'{'.'.join(keys)}' is undefined" if shown else f"what is read of '{name}' is undefined"]
        thing = thing[key]
    return []
