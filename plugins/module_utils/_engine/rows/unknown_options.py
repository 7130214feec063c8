# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that no row has: what is said of them, with the place that they belong to where another one knows them."""

from __future__ import annotations

import re
import typing as t

from ..._errors import Invalid
from ..._printing import NAME, named, secret_name
from ..close_names import near, surely, words_of
from .model import Item, Problems

MANY = 20
"""How many options are listed in a message; of more, the manual tells."""

WAYS = 4
"""How many places are named to which an option may belong."""

EVERYWHERE = ("name",)
"""Options that say nothing of where they belong."""


class OptionPlaces(t.Protocol):
    """What has to be known of a body of options."""

    @property
    def names(self) -> t.Mapping[str, int]:
        """Its options."""

    @property
    def inside(self) -> t.Mapping[str, list[str]]:
        """The options of what is right inside it, each with the words for where."""


class Stranger(Invalid):
    """An option that no row has.

    :param at: the path of the options that it stands among
    :param name: its name as the user wrote it
    :ivar sure: whether it is said what is meant, for sure
    :ivar hinted: whether it is said what may be meant
    :ivar many: how many options there are, where they are not listed
    """

    def __init__(self, at: str, name: object, shown: bool, problem: str) -> None:
        called = named(name) if shown else "(not shown)"
        super().__init__(f"{at}.{called}" if at else called, f"no such option; {problem}")
        self.at, self.name = at, name
        self.sure = False
        self.hinted = False
        self.many = 0


def stranger(known: OptionPlaces, name: t.Any, at: str, direct: bool, holds: bool) -> Stranger:
    """The problem of an option that no row has.

    Where a secret belongs, one may have been written in the place of a name: only a name that is like one that is
    known, or is made of their words, or in other places looks like a word, is shown.

    :param direct: whether a secret is among the options
    :param holds: whether one may be in what they hold
    """
    options = list(known.names)
    text = isinstance(name, str) and len(name) <= NAME
    meant = surely(name, options) if text else []
    ways = known.inside.get(name, []) if text and not meant and name not in EVERYWHERE else []
    close = meant or (near(name, options) if text and not ways else [])
    odd = not isinstance(name, str) or len(name) > 20 or any(one.isdigit() for one in name)
    ours = bool(close or ways) or (text and is_made_of(name, options))
    shown = ours or not (direct or (at and holds and odd)) or secret_name(name)
    found = Stranger(at, name, shown, suggestion(options, close, ways))
    found.sure, found.hinted = bool(meant), bool(close or ways)
    found.many = len(options) if len(options) > MANY and not found.hinted else 0
    return found


def is_made_of(name: str, options: t.Collection[str]) -> bool:
    """Whether a name has only words that the names of options have, too: it tells nobody anything new."""
    words = words_of(name)
    return bool(words) and words <= set().union(*map(words_of, options))


def suggestion(options: list[str], close: list[str], ways: list[str]) -> str:
    """What may be meant by a name that is none, or what there is."""
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    if ways:
        return f"it belongs into {listed(ways)}"
    if len(options) > MANY:
        return f"it is like none of the {len(options)} that there are"
    return f"it can be: {', '.join(sorted(options))}"


def listed(ways: list[str]) -> str:
    """The places to which an option may belong."""
    return " or ".join(ways) if len(ways) <= WAYS else f"{', '.join(ways[: WAYS - 1])} or others"


def settle(known: OptionPlaces, item: Item, where: str, problems: Problems, start: int) -> None:
    """Say of options that no row inside has where they belong, as these options around them know it.

    :param item: the options around, as the user wrote them
    :param where: their path
    :param start: the first of the problems that are of what is inside
    """
    for number, problem in enumerate(problems[start:], start):
        if not isinstance(problem, Stranger) or problem.sure or problem.at == where or problem.name in EVERYWHERE:
            continue
        name = problem.name if isinstance(problem.name, str) else ""
        ways = known.inside.get(name, ())
        if name in known.names:
            outer = re.split(r"[.\[]", problem.at[len(where) :].lstrip("."))[0]
            hint = f"it belongs beside '{outer}', not in it: indent it less"
            inner = item.get(outer)
            if isinstance(inner, dict) and all(one in known.names for one in inner):
                hint += f", and remove '{outer}:', in which nothing is left"
        elif ways and len(ways) <= WAYS and not problem.hinted:
            hint = f"it belongs into {listed(list(ways))}"
        else:
            continue
        found = Stranger(problem.at, name, True, hint)
        found.sure = found.hinted = True
        problems[number] = found


def with_manual(problems: Problems, manual: str) -> None:
    """Name the manual where there are too many options to list."""
    for number, problem in enumerate(problems):
        if isinstance(problem, Stranger) and problem.many:
            problems[number] = Invalid(problem.where, f"{problem.problem}; {manual}")
