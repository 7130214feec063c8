# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts have, as files of the inventory that a person could have written."""

from __future__ import annotations

import math
import re
import textwrap
import typing as t

import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import brief as engine
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network.table import NETWORK
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import VariableValue
from ansible_collections.virtfleet.kvm.plugins.module_utils._xml_conversion import MACHINES

from ._endless import refuse_endless

TABLES: dict[str, Table] = {table.kind: table for table in (DOMAIN, NETWORK, POOL)}

WIDTH = 80
"""Columns of a line, as yamllint and ansible-lint want it; a word that is longer has a line of its own."""

LINE = re.compile(
    r"""(?P<before>\ *(?:-\ )*)
    (?P<name>(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s'"!][^\s]*?):\ )?
    (?P<tag>!unsafe\ )?
    (?P<scalar>.+)""",
    re.VERBOSE,
)
"""A line of YAML with a text: its indent and the signs of items, the name before the text, its tag, the text."""

FOLDED = re.compile(r"[!-~]+(?: [!-~]+)*")
"""Texts that can be broken at their spaces, and read as they were."""

PIECE = re.compile(r"\\(?:x..|u....|U........|.)|.", re.DOTALL)
"""What must stay together in a quoted text."""

MAIN = "virtfleet.yml"
"""The file in a host's folder that holds the lists."""

GUESTS = ("kvm_guests", "adopted_guests")
"""The lists of guests; the second one is that of a host which has such a list already."""

AdoptedFiles = list[dict[str, str]]
"""Files by ``name``, below the folder of the host's variables, and ``content``."""


def brief(config: object, kind: str) -> object:
    """A config without what a new resource gets anyway, and without what libvirt allots.

    :param config: the options, as the info module of the kind tells them
    :param kind: ``domain``, ``network`` or ``pool``
    """
    if not isinstance(kind, str) or kind not in TABLES:
        raise VirtfleetError(f"brief: {printable(kind)} is no kind; it can be: {', '.join(TABLES)}")
    if not isinstance(config, dict):
        raise VirtfleetError(f"brief: {printable(config, hidden=True)} is not a dictionary of options")
    refuse_endless(config, "brief")
    return engine.brief(TABLES[kind], plain(config), Host(virt="kvm", machines=MACHINES))


def adopted_files(lists: t.Mapping[str, object], each: bool = False) -> AdoptedFiles:
    """The files that declare what a host has.

    A list without items is left out: where what is not declared is purged, an empty one means that everything goes.

    :param lists: the lists, by the names of their variables
    :param each: whether each guest has a file of its own, which the list of guests names
    """
    if not isinstance(lists, dict) or not all(map(is_list_of_items, lists.values())):
        raise VirtfleetError("adopted_files: give a dictionary with a list of items for each variable")
    for items in lists.values():
        for item in items:
            refuse_endless(item, "adopted_files")
    written: dict[str, VariableValue] = {
        name: [named_first(item) for item in items] for name, items in lists.items() if items
    }
    files: AdoptedFiles = []
    for listed in GUESTS if each else ():
        taken = {*GUESTS}
        guests = [(variable_of(guest, taken), guest) for guest in written.get(listed, ())]
        if not guests:
            continue
        written[listed] = [Template(f"{{{{ {variable} }}}}") for variable, _guest in guests]
        files += [
            {"name": f"guests/{variable.partition('_')[2]}.yml", "content": text({variable: guest})}
            for variable, guest in guests
        ]
    return [{"name": MAIN, "content": text(written)}, *files]


def is_list_of_items(value: object) -> bool:
    """Whether a value is a list of dictionaries."""
    return isinstance(value, (list, tuple)) and all(isinstance(item, dict) for item in value)


def named_first(item: t.Mapping[str, object]) -> dict[str, object]:
    """An item that begins with what it is, and where."""
    return {**{name: item[name] for name in ("name", "host", "defaults") if name in item}, **item}


def variable_of(guest: t.Mapping[str, object], taken: set[str]) -> str:
    """The name of a guest's variable, which no other guest of the host has.

    :param taken: the names that are given already; this one is added
    """
    named = guest.get("name")
    base = "adopted_" + re.sub(r"[^A-Za-z0-9_]", "_", named if isinstance(named, str) else printable(named))
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name.lower())
    return name


class Template(str):
    """A text that Ansible is to evaluate."""


class Dumper(yaml.SafeDumper):
    """Writes YAML as yamllint and ansible-lint want it: the items of lists are indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """As PyYAML does it, but never without an indent."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        """Nobody writes anchors for what is there twice."""
        return True


def text_node(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """A text on one line; one that Ansible would take for a template is marked as none."""
    evaluated = any(sign in value for sign in ("{{", "{%", "{#"))
    tag = "!unsafe" if evaluated and not isinstance(value, Template) else "tag:yaml.org,2002:str"
    odd = evaluated or not value.isprintable()
    return dumper.represent_scalar(tag, str(value), style='"' if odd else None)


Dumper.add_representer(str, text_node)
Dumper.add_representer(Template, text_node)


def plain(value: object) -> VariableValue:
    """A value of YAML's own types: Ansible's know where they come from."""
    if isinstance(value, dict):
        return {plain(name) if isinstance(name, str) else name: plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, str) and not isinstance(value, Template):
        return str.__str__(value)
    return value


def text(variables: t.Mapping[str, object]) -> str:
    """Variables as the text of a file. Raises VirtfleetError for a value that YAML has no way to write."""
    try:
        body = yaml.dump(
            plain(variables),
            Dumper=Dumper,
            sort_keys=False,
            default_flow_style=False,
            allow_unicode=True,
            width=math.inf,
        )
    except yaml.representer.RepresenterError as error:
        odd = type(error.args[-1]).__name__
        raise VirtfleetError(
            f"adopted_files: holds a value of type {odd}, which no file can hold: is a variable undefined?"
        ) from None
    lines = [part for line in body.split("\n") for part in (broken(line) if len(line) > WIDTH else [line])]
    return "\n".join(["---", *lines])


def broken(line: str) -> list[str]:
    """A line that is too long, as several. It holds one text, which has all of the line behind its name."""
    found = LINE.match(line)
    if found is None:
        return [line]
    before, name, tag, scalar = found["before"], found["name"] or "", found["tag"] or "", found["scalar"]
    value = str(yaml.safe_load(scalar))
    indent = " " * (len(before) + (2 if name else 0))
    if FOLDED.fullmatch(value):
        return [f"{before}{name}{tag}>-", *textwrap.wrap(value, WIDTH, initial_indent=indent, subsequent_indent=indent,
                break_long_words=False, break_on_hyphens=False)]  # fmt: skip
    size = WIDTH - len(indent) - 2
    pieces = PIECE.findall(yaml.dump(value, default_style='"', width=math.inf, allow_unicode=True).strip()[1:-1])
    lines = [f'{before}{name}{tag}"\\']
    part = ""
    for piece in pieces:
        if len(part) + len(piece) > size:
            lines.append(f"{indent}{part}\\")
            part = ""
        part += "\\ " if piece == " " and not part else piece
    return [*lines, f'{indent}{part}"']
