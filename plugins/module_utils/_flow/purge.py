# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection made and nobody declares any more.

It is turned into items with ``state: absent``, which then go the way of all items: one plan, one
report. What is still used is held back, and fails by name. Nothing here changes anything.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._engine.rows.model import Item
from .._libvirt.objects import Connection
from .._storage.forecast import Forecast
from .._storage.removal import because, listed
from .kind import Kind
from .options import KindOptions


class Asked(t.NamedTuple):
    """What was asked for.

    :param wants: the declared items
    :param names: their identities
    :param options: what the user says about how
    """

    wants: t.Sequence[Item]
    names: set[str]
    options: KindOptions

    @property
    def owner(self) -> str:
        """The label of what may go."""
        return str(self.options.owner)

    @property
    def forecast(self) -> Forecast:
        """What would have changed by now."""
        return t.cast(Forecast, self.options.forecast)

    @property
    def declared_uses(self) -> t.Mapping[str, t.Mapping[str, t.Sequence[str]]]:
        """What all that is declared for the host uses, by the user in words."""
        return t.cast("t.Mapping[str, t.Mapping[str, t.Sequence[str]]]", self.options.declared_uses)

    @property
    def elsewhere(self) -> t.Collection[str]:
        """The guests that are declared for other hosts."""
        return t.cast("t.Collection[str]", self.options.elsewhere)


@dataclasses.dataclass
class Leftovers:
    """What is left over of earlier declarations.

    :param items: what goes, in the order in which it can
    :param staying: why others stay, by name
    :param warnings: what cannot be known
    """

    items: list[Item] = dataclasses.field(default_factory=list)
    staying: dict[str, str] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)

    def mine(self, kind: str, name: str, label: str | None, owner: str) -> bool:
        """Whether a resource has the owner's label. One that was made without any stays, and is told of.

        :param label: the label that it has; None where the collection did not make it
        """
        if label == "" and owner:
            self.warnings.append(
                f"{kind} {name}: is no longer declared, but was made without a label, so it stays; a task"
                f" with this module and 'owner: ''' purges it (the label of this one is {owner})"
            )
        return label == owner

    def decide(self, name: str, users: list[str], doubts: t.Sequence[str] = ()) -> None:
        """Let a resource go, or hold it back for those who use it, and for what could not be looked at."""
        if users or doubts:
            self.keep(name, users, doubts)
        else:
            self.items.append({"name": name, "state": "absent"})

    def keep(self, name: str, users: list[str], doubts: t.Sequence[str]) -> None:
        """Hold a resource back."""
        if users:
            self.staying[name] = (
                f"is no longer declared, but used by {listed(sorted(users))}, so it stays;"
                " stop using it there, or declare it as long as it is used"
            )
        else:
            self.staying[name] = f"is no longer declared, but {because((), doubts)}, so it stays"


def leftovers(connection: Connection, kind: Kind, wants: t.Sequence[Item], options: object) -> Leftovers:
    """What the collection made of one kind for an owner and is not among the declared items.

    A guest also stays where something would be lost with it that may not go (see undefine). The
    connection is None for a host without libvirt: nothing is there. Raises VirtfleetError where it
    cannot be told what the collection made.
    """
    if connection is None:
        return Leftovers()
    return kind.leftovers(connection, asked(kind, wants, options))


def asked(kind: Kind, wants: t.Sequence[Item], options: object) -> Asked:
    """What was asked for of one kind."""
    return Asked(wants, {str(kind.table.identity(want)) for want in wants}, options)
