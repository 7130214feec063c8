# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A kind of resource: all that the flow has to know of it. The kinds themselves are in _kinds, a folder for each."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from .._engine.observed import Observed
from .._engine.plan import Plan
from .._engine.rows.model import Host, Item
from .._engine.step import Step, StepValue
from .._engine.table import Table
from .._libvirt.connection import LibvirtError, Session, lacks, message_of
from .._libvirt.objects import Connection, Error, GuestAddress, Resource
from .options import KindOptions

if t.TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from .purge import Asked, Leftovers

Have = t.Mapping[str, Observed]
Wants = t.Sequence[Item]
Work = t.Generator[None, None, None]
Action = t.Callable[[Connection, str, Step, KindOptions], t.Optional[t.Iterator[None]]]  # noqa: UP045 - older Pythons
"""A step: takes the connection, the name of the resource, the Step and the Options. A generator yields to wait."""


class Around(t.NamedTuple):
    """What is around the steps of all plans of a run.

    :param actions: steps that know of it, which take the place of those of the kind
    :param defined_ahead: definitions that were made ahead of their turn
    """

    actions: t.Mapping[str, Action] = {}
    defined_ahead: t.Container[object] = ()


class Record(t.NamedTuple):
    """Where it is noted that a new resource is being made (see creation_notes).

    :param kind: the name of its part of the manifest
    :param lasting: whether the note stays once it is made, and tells that the collection made it
    """

    kind: str
    lasting: bool


class TakeBack(t.NamedTuple):
    """How a step is taken back of a new resource that then fails.

    :param stays: what is said of what cannot be taken back, from the step's value
    :param remove: takes it back: gets the connection, the resource's name, the step's value and the Options. Raises
        VirtfleetError where it has to stay
    """

    stays: t.Callable[[StepValue], str]
    remove: t.Callable[[Connection, str, StepValue, KindOptions], None]


@contextlib.contextmanager
def nothing_around(connection: Connection, plans: t.Sequence[Plan]) -> t.Iterator[Around]:
    """Nothing is around the steps."""
    yield Around()


def reason_of_libvirt(connection: Connection, name: str, error: Error) -> str:
    """What libvirt has against a step, in its own words."""
    return message_of(error)


def active_or_not(found: Resource) -> str:
    """The state of a network or pool."""
    return "active" if found.isActive() else "inactive"


def undefine(connection: Connection, found: Resource) -> None:
    """Take away the definition of a new network or the like."""
    found.undefine()


@dataclasses.dataclass(frozen=True)
class Definition:
    """A kind that libvirt keeps definitions of, each with a UUID; volumes are none.

    :param noun: what people call one, such as ``guest``
    :param lookup: the call of a connection that finds one by its name
    :param listing: the call of a connection that lists all
    :param missing: libvirt's error where there is none of a name
    :param rename: what to do about one that was renamed by hand; with ``{there}`` and ``{name}`` (see ShellWord)
    :param stays_renamed: whether one that is declared to go stays where it is declared under another name, too
    :param in_use: what is said of one that is in use
    :param state: the state of one, as the table names it
    :param kept: the definition that libvirt keeps of one
    :param undefine: takes away a new one, and what is noted of it
    """

    noun: str
    lookup: str
    listing: str
    missing: str
    rename: str
    kept: t.Callable[[Resource], ET.Element]
    stays_renamed: bool = False
    in_use: str = "it is active"
    state: t.Callable[[Resource], str] = active_or_not
    undefine: t.Callable[[Connection, Resource], None] = undefine

    def find(self, connection: Connection, name: str) -> Resource:
        """The one of a name; None where there is none."""
        try:
            return getattr(connection, self.lookup)(name)
        except LibvirtError as error:
            if not lacks(error, self.missing):
                raise
            return None


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of resource.

    :param table: its fields
    :param observe: what is there: takes the connection and the wanted identities, returns what it found by identity
    :param plan: plans all declared items: takes the connection (None for a host without libvirt), what is there, the
        items, the host and the Options. Raises VirtfleetError, before anything is touched, where an item asks for what
        cannot be
    :param steps: gives its steps, by the names that plans use; what they need is loaded with them
    :param leftovers: what the collection made and nobody declares any more: takes the connection and what was asked for
    :param validate: defines a document on a host in memory, so that libvirt holds it against its schema
    :param definition: how libvirt keeps its definitions; None for a kind without any
    :param record: where a new one is noted while it is made; None where nothing is lost if a run is killed meanwhile
    :param noted: the steps after which the list of what was made has to be written (see manifest)
    :param stores: steps that change storage, which does not go with the definition
    :param prepares: steps that use nothing that another resource of the run has to give up first
    :param asks_schema: whether libvirt's schema is asked about all that is defined, and not about ``xml`` alone
    :param keeps: what libvirt keeps of a definition: takes the connection to a host in memory and the definition.
        Raises LibvirtError for what libvirt does not read (see rehearsal)
    :param unasked: a definition without the parts that nobody else asks libvirt about
    :param read_alike: whether the host in memory reads a definition as every host does, so that what it refuses counts
    :param around: what is around the steps of all plans: takes the connection and the plans
    :param take_back: how steps are taken back, by their names
    :param why: what libvirt has against a step, in words
    :param hold: what is to go in a later call: takes the connection, the Leftovers, the items and the Options. Returns
        the other items, and why these stay, by name
    :param moved: sentences about what is here, and declared for other hosts only: takes the connection, the items
        and the Options
    :param left_alone: the names of what the collection made for an owner, nobody declares any more, and no purge
        removes: takes the connection and what was asked for
    :param foretell: in check mode, what later tasks have to know of these plans
    :param wait: waits until what was made is of use: takes the session, the items, what failed by name, and what
        ``before`` has returned. Returns addresses by name, what is missing of which, and warnings
    :param before: what ``wait`` has to know of the time before anything is made: takes the connection and the items
    :param note_refused: notes with what runs, by its name, what the hypervisor would not do to it (see refused_changes)
    """

    table: Table
    observe: t.Callable[[Connection, t.Container[str]], dict[str, Observed]]
    plan: t.Callable[[Connection, Have, Wants, Host, KindOptions], list[Plan]]
    steps: t.Callable[[], dict[str, Action]]
    leftovers: t.Callable[[Connection, Asked], Leftovers]
    validate: t.Callable[[Connection, str], object]
    definition: Definition | None = None
    record: Record | None = None
    noted: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    prepares: frozenset[str] = frozenset(("define",))
    asks_schema: bool = True
    read_alike: bool = False
    keeps: t.Callable[[Connection, ET.Element], ET.Element] | None = None
    unasked: t.Callable[[ET.Element], ET.Element] | None = None
    around: t.Callable[[Connection, t.Sequence[Plan]], t.ContextManager[Around]] = nothing_around
    take_back: t.Mapping[str, TakeBack] = dataclasses.field(default_factory=dict)
    why: t.Callable[[Connection, str, Error], str] = reason_of_libvirt
    hold: t.Callable[[Connection, Leftovers, Wants, KindOptions], tuple[list[Item], dict[str, str]]] | None = None
    moved: t.Callable[[Connection, Wants, KindOptions], list[str]] | None = None
    left_alone: t.Callable[[Connection, Asked], list[str]] | None = None
    foretell: t.Callable[[Connection, t.Sequence[Plan]], dict[str, dict[str, object]]] | None = None
    wait: (
        t.Callable[
            [Session, Wants, t.Container[str], KindOptions],
            tuple[dict[str, list[GuestAddress]], dict[str, str], list[str]],
        ]
        | None
    ) = None
    before: t.Callable[[Connection, Wants], object] | None = None
    note_refused: t.Callable[[Connection, str, t.Mapping[str, str]], None] | None = None

    @property
    def actions(self) -> dict[str, Action]:
        """Its steps, by the names that plans use."""
        return self.steps()

    @property
    def name(self) -> str:
        """libvirt's name of it, such as ``domain``."""
        return self.table.kind
