# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agents of guests tell, asked beside the looks at all guests: one that hangs holds nobody else up.

An agent may be connected and answer nothing. A call of libvirt then takes as long as it may take.
"""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import threading
import time
import typing as t

from ..._libvirt.connection import LibvirtError
from ..._libvirt.objects import GuestAddress, Resource
from .cloud_status import CloudStatus, status
from .guest_addresses import counted

ANSWER = 5
"""Seconds that an agent has to answer; libvirt itself waits for ever (virDomainAgentSetResponseTimeout)."""

AT_ONCE = 4
"""How many agents are asked at once: libvirtd takes five calls of one client (its max_client_requests)."""

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
    :ivar asked: whether it is being asked
    :ivar heard: whether it was ever known what it answers, or that it does not
    """

    addresses: list[GuestAddress] = dataclasses.field(default_factory=list)
    cloud: CloudStatus | None = None
    silent: bool = False
    later: float = 0.0
    pause: float = 0.0
    told: threading.Event = dataclasses.field(default_factory=threading.Event)
    asked: bool = False
    heard: bool = False

    def ask(self, domain: Resource, cloud: bool, macs: t.Container[str]) -> None:
        """Ask the agent. This may take as long as it has to answer, some times over."""
        from .facts import addresses

        begun = time.monotonic()
        with contextlib.suppress(LibvirtError, AttributeError):
            domain.agentSetResponseTimeout(ANSWER, 0)
        reached = status(domain) if cloud else None
        silent = reached is not None and reached.silent
        found = [] if silent else counted(addresses(domain, "agent"), macs)
        # That it has told no address says nothing, unless all of its time went by.
        self.silent = silent or (reached is None and not found and time.monotonic() - begun >= ANSWER)
        if self.silent:
            self.pause = min(max(self.pause * 2, PAUSE), LONGEST_PAUSE)
            self.later = time.monotonic() + self.pause
        else:
            self.addresses, self.cloud, self.pause = found, reached, 0.0


Ask = t.Tuple[Question, Resource, bool, t.Container[str]]  # noqa: UP006 - for older Pythons
"""What a worker has to do: the arguments of a question."""


class AgentAnswers:
    """The agents of several guests."""

    def __init__(self) -> None:
        self.questions: dict[str, Question] = {}
        self.waiting: queue.SimpleQueue[Ask | None] = queue.SimpleQueue()
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
            question.told.clear()
            self.waiting.put((question, domain, cloud, macs))
            if self.workers < AT_ONCE:
                self.workers += 1
                threading.Thread(target=self.work, daemon=True).start()
        return question

    def settle(self) -> None:
        """Give all that are being asked a moment to answer."""
        until = time.monotonic() + QUICK
        for question in self.questions.values():
            if question.asked:
                question.told.wait(max(0.0, until - time.monotonic()))

    def close(self) -> None:
        """Ask nobody any more, but for those that are being asked: nobody waits for them."""
        for _worker in range(self.workers):
            self.waiting.put(None)

    def work(self) -> None:
        """Ask one agent after the other."""
        while True:
            asked = self.waiting.get()
            if asked is None:
                return
            question, domain, cloud, macs = asked
            with contextlib.suppress(Exception):  # A guest may tell anything; the next look asks again.
                question.ask(domain, cloud, macs)
            question.heard, question.asked = True, False
            question.told.set()
