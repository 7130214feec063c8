# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors the collection raises itself, each naming the object, what is wrong and what to do."""

from __future__ import annotations


class VirtfleetError(Exception):
    """A foreseen failure; its text is what the user reads."""


class Unreachable(VirtfleetError):
    """No libvirt can be asked on this host: the binding is missing, or nothing is installed."""


class Invalid(VirtfleetError):
    """Input that is refused before anything is touched.

    :param where: path to the value inside the item, such as ``interfaces[0].mac``
    :param problem: what is wrong with it and what to write instead
    :ivar others: what else is wrong with the same item
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}" if where else problem)
        self.where = where
        self.problem = problem
        self.others: tuple[Invalid, ...] = ()


class Unchangeable(Invalid):
    """What is there cannot become what is declared. Only its own item is refused: a guest may have brought it about."""


def refuse(problems: list[Invalid]) -> None:
    """Raise all problems of an item as one, where there are any."""
    if problems:
        problems[0].others = tuple(problems[1:])
        raise problems[0]


class Refused(VirtfleetError):
    """Input that is refused as a whole, before anything is touched.

    :param lines: what is wrong, a line each, which begins with the kind and the name of the item
    """

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(["nothing was changed, the input is refused:", *lines]))
        self.lines = lines


def refuse_input(lines: list[str]) -> None:
    """Raise Refused with a line for all that is wrong, where there is anything; nothing was touched yet."""
    if lines:
        raise Refused(lines)
