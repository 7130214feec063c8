# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in the form that other tools have for them: how to write them here, which only the kind of resource knows."""

from __future__ import annotations

import re
import typing as t

from ..._errors import Invalid
from .model import OptionValue, Problems
from .suggestions import WORD, can_be_shown

OtherForm = t.Callable[[OptionValue, OptionValue, bool], "str | None"]
"""Tells from a value, from the whole item, and from whether the value is one of a list, what to write; None where the
form is none that is known."""


def always(suggestion: str) -> OtherForm:
    """What to write in place of an option, whatever its value is."""
    return lambda value, item, listed: suggestion


def is_plain(value: object) -> t.TypeGuard[str]:
    """Whether a value is a text that can be repeated as it is."""
    return isinstance(value, str) and re.fullmatch(WORD, value) is not None and can_be_shown(value)


def with_ways(forms: t.Mapping[str, OtherForm], item: object, problems: Problems, start: int) -> None:
    """Say of values that are no options, or no list, how to write them.

    :param forms: by the path of an option, without the numbers of items
    :param item: the whole item, as the user wrote it
    :param problems: what is wrong with it, changed in place
    :param start: the first of the problems that are of it
    """
    for number, problem in enumerate(problems[start:], start):
        form = forms.get(re.sub(r"\[[0-9]+\]", "", problem.where))
        suggestion = None if form is None else form(value_at(item, problem.where), item, problem.where.endswith("]"))
        what, _semicolon, advice = problem.problem.partition("; ")
        if suggestion is not None and not advice.startswith("in place of "):  # It is said already, with its type.
            problems[number] = Invalid(problem.where, f"{what}; {suggestion}")


def value_at(item: OptionValue, where: str) -> object:
    """What an item has at the path of an option; None where that leads nowhere."""
    for name, index in re.findall(r"([^.\[\]]+)|\[([0-9]+)\]", where):
        if name:
            item = item.get(name) if isinstance(item, dict) else None
        else:
            item = item[int(index)] if isinstance(item, (list, tuple)) and int(index) < len(item) else None
    return item
