# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agents of guests tell, asked beside the looks at all guests: one that hangs holds nobody else up.

An agent may be connected and answer nothing. A call of libvirt then takes as long as it may take.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import queue
import threading
import time
import typing as t

from ..._errors import VirtfleetError
from ..._libvirt.connection import LibvirtError, connect
from ..._libvirt.objects import Connection, GuestAddress, Resource
from .cloud_status import CloudStatus, status
from .guest_addresses import for_others

ANSWER = 5
"""Seconds that an agent has to answer; libvirt itself waits for ever (virDomainAgentSetResponseTimeout)."""

FIRST = 1
"""Seconds that it has when it is asked for the first time: so those that hang cost the others little."""

AT_ONCE = 4
"""How many agents are asked at once: libvirtd takes five calls of one client (its max_client_requests)."""

MOST = 12
"""How many where that is not enough, each further one by a connection of its own: libvirtd works at twenty calls."""

QUICK = 0.5
"""Seconds that all agents together have to answer in a round; what comes later counts in the next one."""

PAUSE, LONGEST_PAUSE = 5.0, 60.0
"""Seconds until an agent that has not answered is asked again: each time twice as long."""


@dataclasses.dataclass
class Question:
    """What one guest's agent is asked, and what it has told.

    :ivar addresses: the addresses that it told last
    :ivar cloud: how far cloud-init is; None where it was not asked, or has told nothing yet
    :ivar silent: whether it has not answered in its time
    :ivar later: when it may be asked again
    :ivar asked: whether it is being asked, or is to be
    :ivar begun: whether it was ever asked
    :ivar heard: whether it was ever known what it answers, or that it does not in all of its time
    """

    addresses: list[GuestAddress] = dataclasses.field(default_factory=list)
    cloud: CloudStatus | None = None
    silent: bool = False
    later: float = 0.0
    pause: float = 0.0
    answered: threading.Event = dataclasses.field(default_factory=threading.Event)
    asked: bool = False
    begun: bool = False
    heard: bool = False

    @property
    def turn(self) -> int:
        """Who comes first: those that were never asked, then those that answer, last those that do not."""
        return 2 if self.silent else int(self.begun)

    @property
    def hangs(self) -> bool:
        """Whether it was asked and has not answered."""
        return self.silent or (self.begun and not self.heard)

    def ask(self, domain: Resource, cloud: bool, macs: t.Container[str]) -> None:
        """Ask the agent. This may take as long as it has to answer, some times over."""
        answer, self.begun = ANSWER if self.begun else FIRST, True
        try:
            self.hear(domain, cloud, macs, answer)
        finally:
            if answer != ANSWER:
                give_time(domain, ANSWER)
        self.heard = self.heard or not self.silent or answer >= ANSWER

    def hear(self, domain: Resource, cloud: bool, macs: t.Container[str], answer: float) -> None:
        """Ask the agent, which has so many seconds to answer."""
        from .facts import addresses

        begun = time.monotonic()
        give_time(domain, answer)
        reached = status(domain, answer) if cloud else None
        silent = reached is not None and reached.silent
        found = [] if silent else for_others(addresses(domain, "agent"), macs)
        # That it has told no address says nothing, unless all of its time went by.
        silent = silent or (reached is None and not found and time.monotonic() - begun >= answer)
        if silent:
            self.pause = min(max(self.pause * 2, PAUSE), LONGEST_PAUSE)
            self.later = time.monotonic() + self.pause
        else:
            self.addresses, self.cloud, self.pause = found, reached, 0.0
        self.silent = silent


def give_time(domain: Resource, seconds: float) -> None:
    """Tell libvirt how long the agent of a guest may take, where it can be told."""
    with contextlib.suppress(LibvirtError, AttributeError):
        domain.agentSetResponseTimeout(seconds, 0)


class Ask(t.NamedTuple):
    """What a worker has to do.

    :param name: that of the guest
    :param domain: the guest by the connection that the looks at all guests have
    """

    question: Question
    name: str
    domain: Resource
    cloud: bool
    macs: t.Container[str]

    def by(self, connection: Connection | None) -> Resource:
        """The guest by another connection, if there is one, and it is found there."""
        try:
            return self.domain if connection is None else connection.lookupByName(self.name)
        except LibvirtError:
            return self.domain


class AgentAnswers:
    """The agents of several guests.

    :param uri: the libvirt of the guests; empty where nobody but the first workers is to ask
    """

    def __init__(self, uri: str = "") -> None:
        self.uri = uri
        self.questions: dict[str, Question] = {}
        self.waiting: queue.PriorityQueue[tuple[int, int, Ask | None]] = queue.PriorityQueue()
        self.numbers = itertools.count()
        self.workers = 0

    def ask(self, name: str, domain: Resource, cloud: bool, macs: t.Container[str]) -> Question:
        """Ask the agent of a guest, unless it is being asked or left alone. Returns what it has told so far, which
        changes as it answers.

        :param cloud: whether cloud-init is asked about
        :param macs: the MAC addresses of the guest's interfaces
        """
        question = self.questions.setdefault(name, Question())
        if not question.asked and time.monotonic() >= question.later:
            question.asked = True
            question.answered.clear()
            asked = Ask(question, name, domain, cloud, macs)
            self.waiting.put((question.turn, next(self.numbers), asked))
            if self.workers < AT_ONCE:
                self.start(self.work)
        return question

    def settle(self) -> None:
        """Give all that are being asked a moment to answer. Where some could not even be asked, more ask them."""
        until = time.monotonic() + QUICK
        for question in self.questions.values():
            if question.asked:
                question.answered.wait(max(0.0, until - time.monotonic()))
        more = min(self.waiting.qsize(), MOST - self.workers) if self.uri else 0
        for _worker in range(more):
            self.start(self.help)

    def start(self, work: t.Callable[[], None]) -> None:
        """Start one more worker."""
        self.workers += 1
        threading.Thread(target=work, daemon=True).start()

    def close(self) -> None:
        """Ask nobody any more, but for those that are being asked: nobody waits for them."""
        for _worker in range(self.workers):
            self.waiting.put((-1, next(self.numbers), None))

    def help(self) -> None:
        """Ask one agent after the other by a connection of its own."""
        try:
            with connect(self.uri) as connection:
                self.work(connection)
        except VirtfleetError:
            self.uri = ""  # The first workers do it alone.

    def work(self, connection: Connection | None = None) -> None:
        """Ask one agent after the other.

        :param connection: finds the guests; None where they are asked as they were found
        """
        while True:
            asked = self.waiting.get()[2]
            if asked is None:
                return
            question = asked.question
            try:
                question.ask(asked.by(connection), asked.cloud, asked.macs)
            except Exception:  # A guest may tell anything; the next look asks again.
                question.begun = question.heard = True
            question.asked = False
            question.answered.set()
