# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is likely meant by a value that stands in the place of options: how to write it as one of them."""

from __future__ import annotations

import re
import typing as t

from ..._errors import Invalid
from ..._printing import printable
from .model import Item, Problems
from .row import Row
from .unknown_options import MANY

MOST_WAYS = 2
"""Among how many options a word in their place may be meant for one; of more, none is named."""

PLACES = ((r"/dev/[\w./+-]+", "block"), (r"/[\w./+-]+", "file"), (r"https?://[\w./:+-]+", "image"))
"""What a text looks like that says where something is, and the option that takes it, where there is one."""

BITS = 64
"""How long a number may be that is repeated: no option takes a longer one."""

WORD = r"[\w./+-]+"
"""A value that another tool takes behind the name of an option."""

PLAIN = r"(?!(?i:true|false|yes|no|on|off|null)$)(?:[A-Za-z/_]|[1-9][0-9]*[A-Za-z])[\w./:+-]*"
"""A text that YAML reads as one without quotes."""


class NoOptions(Invalid):
    """Something else in the place of options.

    :param value: what the user wrote
    :param hidden: whether that may be a secret
    """

    def __init__(self, where: str, value: object, hidden: bool, problem: str) -> None:
        super().__init__(where, problem)
        self.value, self.hidden = value, hidden


class OptionRows(t.Protocol):
    """What has to be known of a body of options."""

    @property
    def names(self) -> t.Mapping[str, int]:
        """Its options."""

    @property
    def each(self) -> t.Sequence[Row]:
        """Their rows, with those of their variants."""

    @property
    def secret(self) -> bool:
        """Whether a secret may be among them."""


def way(known: OptionRows, value: object) -> str:
    """How to write a text that was given in place of options, where it is likely the value of one: ``nat`` as a mode.

    Where a secret may be among the options, only a word is shown that is one of a few.

    :param known: the options
    :param value: what the user wrote
    """
    if isinstance(value, (bool, int)):
        return switch_on(known, value)
    if not isinstance(value, str) or not can_be_shown(value):
        return switches_of(known, value) or only_list(known, value)
    # An URL is rather that of an image than that of a list of checksums.
    found = (
        (place(known, value) if "://" in value else "")
        or option_for(known, value)
        or pairs(known, value)
        or place(known, value)
        or inner_option_for(known, value)
    )
    found = found or only_list(known, [value])
    return found or (f"{{{value}: true}}" if any(value == row.name and is_switch(row) for row in known.each) else "")


SWITCHES = ("state", "enable", "enabled")
"""Options that say whether there is what their options are about."""


def switch_on(known: OptionRows, value: int) -> str:
    """How to write true, false or a number in the place of options.

    :param known: the options
    :param value: what the user wrote
    """
    switches = [f"{row.name}: true" for row in known.each if row.name in SWITCHES and is_switch(row)]
    if isinstance(value, bool):
        return f"{{{switches[0].replace('true', str(value).lower())}}}" if len(switches) == 1 else ""
    if known.secret or value.bit_length() > BITS:
        return ""
    numbers = [row for row in known.each if is_number(row)]
    if len(numbers) == 1:
        return f"{{{', '.join([*switches, f'{numbers[0].name}: {value}'])}}}"
    listed = [(row, inner) for row in known.each for outer in row.rows for inner in outer.each() if is_number(inner)]
    listed = [(row, inner) for row, inner in listed if row.document()[row.name].get("type") == "list"]
    return f"{{{listed[0][0].name}: [{{{listed[0][1].name}: {value}}}]}}" if len(listed) == 1 and not numbers else ""


def is_number(row: Row) -> bool:
    """Whether an option is a whole number."""
    return bool(row.document()[row.name].get("type") == "int")


def switches_of(known: OptionRows, value: object) -> str:
    """How to write a list of words that are options of true and false: ``[acpi, apic]``.

    :param known: the options
    :param value: what the user wrote
    """
    names = {row.name for row in known.each if is_switch(row)}
    if (
        not isinstance(value, list)
        or not 0 < len(value) <= MANY
        or any(not isinstance(one, str) or one not in names for one in value)
    ):
        return ""
    return f"{{{', '.join(f'{name}: true' for name in value)}}}"


def only_list(known: OptionRows, value: object) -> str:
    """How to write a list in the place of options of which the only one is a list of options.

    :param known: the options
    :param value: what the user wrote
    """
    row = known.each[0] if len(known.each) == 1 and not known.secret else None
    if row is None or not isinstance(value, list) or row.document()[row.name].get("type") != "list":
        return ""
    texts = [one for one in value if isinstance(one, str) and re.fullmatch(WORD, one) and can_be_shown(one)]
    inner = [one for outer in row.rows for one in outer.each() if texts and all(one.takes(text) for text in texts)]
    if texts and len(texts) == len(value) and len(inner) == 1:
        return f"{{{row.name}: [{', '.join(f'{{{inner[0].name}: {flow(text)}}}' for text in texts)}]}}"
    return f"{{{row.name}: [...]}}" if value and all(isinstance(one, dict) for one in value) else ""


def can_be_shown(value: str) -> bool:
    """Whether a text can be repeated as it is: it is short, has nothing that a terminal acts on, and is no secret."""
    return printable(value) == f"'{value}'"


def is_switch(row: Row) -> bool:
    """Whether an option is one of true and false."""
    return bool(row.document()[row.name].get("type") == "bool")


def option_for(known: OptionRows, value: str) -> str:
    """How to write a text as the value of an option that takes it.

    :param known: the options
    :param value: what the user wrote
    """
    rows = [row for row in known.each if row.takes(value) and not row.rows]
    rows = [row for row in rows if value in row.choices] or ([] if known.secret else rows)
    return one_of([f"{{{row.name}: {flow(value)}}}" for row in rows])


def inner_option_for(known: OptionRows, value: str) -> str:
    """How to write a word that is one of a few that an option one level deeper can be: ``virtio`` as a model's type.

    :param known: the options
    :param value: what the user wrote
    """
    ways = [
        f"{{{row.name}: {{{inner.name}: {flow(value)}}}}}"
        for row in known.each
        if row.rows and row.document()[row.name].get("type") == "dict"
        for outer in row.rows
        for inner in outer.each()
        if value in inner.choices
    ]
    return one_of(ways)


def one_of(ways: t.Sequence[str]) -> str:
    """A few ways to write something; nothing where there are too many to guess."""
    ways = list(dict.fromkeys(ways))
    return " or ".join(ways) if 0 < len(ways) <= MOST_WAYS else ""


def pairs(known: OptionRows, value: str) -> str:
    """How to write a text that names options itself, as other tools take them: ``network=default,model=virtio``.

    :param known: the options
    :param value: what the user wrote
    """
    found = [re.fullmatch(rf"(\w+)[=:] ?({WORD})", part) for part in value.split(",")]
    parts = [match.groups() for match in found if match is not None]
    if known.secret or len(parts) < len(found) or any(name not in known.names for name, _text in parts):
        return ""
    return f"{{{', '.join(f'{name}: {flow(text)}' for name, text in parts)}}}" if can_be_shown(value) else ""


def place(known: OptionRows, value: str) -> str:
    """How to write a text that says where something is, as a path does.

    :param known: the options
    :param value: what the user wrote
    """
    for pattern, name in () if known.secret else PLACES:
        if name in known.names and re.fullmatch(pattern, value):
            return f"{{{name}: {flow(value)}}}"
    return ""


def flow(value: str) -> str:
    """A text as YAML takes it: in quotes where it would be read as something else, as 0644 is as a number.

    :param value: a text without quotes in it
    """
    return value if re.fullmatch(PLAIN, value) else f'"{value}"'


def there_are(known: OptionRows) -> str:
    """How to write options: which there are, where they are few enough to be listed.

    :param known: the options
    """
    few = len(known.names) <= MANY
    return f"; its options are: {', '.join(sorted(known.names))}" if few else "; write {OPTION: VALUE}"


def of_kind(known: OptionRows, item: Item, where: str, problems: Problems, start: int) -> None:
    """Say of a text in the place of options how to write it where the item has a kind that is an option, too.

    So a disk with ``type: file, source: /a`` is one with ``file: /a``, and libvirt's XML has it in the other way.

    :param known: the options of the item
    :param item: what the user wrote
    :param where: its path
    :param problems: what is wrong with it, changed in place
    :param start: the first of the problems that are of it
    """
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in known.names or known.secret:
        return
    for number, problem in enumerate(problems[start:], start):
        if not isinstance(problem, NoOptions) or not isinstance(problem.value, str):
            continue
        name = problem.where[len(where) + 1 :] if where else problem.where
        shown = can_be_shown(problem.value) and re.fullmatch(WORD, problem.value) and not problem.hidden
        if name in item:
            text = flow(problem.value) if shown else "VALUE"
            hint = f"is not a dictionary of options; in place of type and {name}, write {kind}: {text}"
            problems[number] = Invalid(problem.where, f"{printable(problem.value, not shown)} {hint}")


def advise_prefixed_names(known: OptionRows, item: Item, where: str, problems: Problems, start: int) -> None:
    """Say of options that are given inside another one how to write them beside it, as their names begin with its own.

    So libvirt's ``<apic eoi="on"/>`` is no ``apic: {eoi: true}``, but has ``apic_eoi: true``.

    :param known: the options of the item
    :param item: what the user wrote
    :param where: its path
    :param problems: what is wrong with it, changed in place
    :param start: the first of the problems that are of it
    """
    for number, problem in enumerate(problems[start:], start):
        name = problem.where[len(where) + 1 :] if where else problem.where
        inner = item.get(name)
        if not isinstance(inner, dict) or not inner or isinstance(problem, NoOptions) or name not in known.names:
            continue
        ways = [f"{name}_{key}" for key in inner]
        if all(way in known.names for way in ways):
            problems[number] = Invalid(problem.where, f"{problem.problem}; write {' and '.join(ways)} beside '{name}'")
