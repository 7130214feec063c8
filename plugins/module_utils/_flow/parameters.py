# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a declaring module takes, for all who run its flow: the module itself, and the look at a whole host."""

from __future__ import annotations

import typing as t

from .kind import Kind
from .options import Options

GivenParameters = t.Mapping[str, t.Any]
"""Parameters as Ansible checked them."""


def nothing_wrong(given: GivenParameters) -> str | None:
    """Ansible has checked them all."""
    return None


class Parameters(t.NamedTuple):
    """The parameters of a declaring module.

    :param kind: what it declares
    :param spec: the parameters, as Ansible takes them
    :param options: the Options that they are
    :param wrong: what Ansible cannot know to be wrong with them, a sentence; None where nothing is
    """

    kind: Kind
    spec: dict[str, dict[str, object]]
    options: t.Callable[[GivenParameters], Options]
    wrong: t.Callable[[GivenParameters], str | None] = nothing_wrong


def options_of(*names: str) -> t.Callable[[GivenParameters], Options]:
    """Makes Options of the parameters of the same names."""
    return lambda given: Options(**{name: given[name] for name in names})
