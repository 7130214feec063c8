# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Define domains, having libvirt hold them against its schema where that can tell anything new.

libvirt reads its whole schema anew for every document that it is to check: 25 ms each, ten times
what the definition itself takes. Documents of one shape, equal but for names, places and numbers,
are all right or all wrong by the schema; so of each shape the first that is right answers for the
others. What a document must be beyond that, libvirt checks for each, whatever it is asked.
"""

from __future__ import annotations

import typing as t

from ..._engine.plan import Plan
from ..._engine.step import Step
from ..._flow.schema import shape
from ..._host import waiting_caller
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from .guest_options import GuestOptions

LANES = 4
"""How many definitions libvirt is given at once; of one connection it takes five."""
MANY = 20
"""How many definitions make that worth while."""


class Definitions:
    """The definitions of one run.

    It remembers the shapes that the schema knows to be right, and what came of definitions that were
    made ahead of their turn.
    """

    def __init__(self) -> None:
        self.right: set[str] = set()
        self.results: dict[str, Exception | None] = {}

    def ahead(self, connection: Connection, plans: t.Iterable[Plan]) -> None:
        """Make the definitions that plans begin with, several at once: libvirt waits for the disk with each.

        Nothing is raised; what came of each is said in its turn.
        """
        first = [plan.steps[0].value for plan in plans if plan.kind == "domain" and plan.steps[0].action == "define"]
        if len(first) < MANY:
            return
        from concurrent.futures import ThreadPoolExecutor  # which few runs need

        known = []
        for document in first:
            if shape(document) in self.right:
                known.append(document)
            else:
                self.results[document] = self.attempt(connection, document)
        with waiting_caller.heeded(), ThreadPoolExecutor(LANES) as lanes:
            answers = lanes.map(lambda document: self.attempt(connection, document), known)
            self.results.update(zip(known, answers, strict=True))

    def attempt(self, connection: Connection, document: str) -> Exception | None:
        """Send a document. Returns what libvirt has against it."""
        try:
            waiting_caller.heed()
            self.send(connection, document)
        except Exception as error:  # It is raised in the turn of the guest that it belongs to.
            return error
        return None

    def send(self, connection: Connection, document: str) -> None:
        """Define a document, which is held against the schema where that can tell anything new."""
        form = shape(document)
        connection.defineXMLFlags(document, 0 if form in self.right else libvirt.VIR_DOMAIN_DEFINE_VALIDATE)
        self.right.add(form)

    def define(self, connection: Connection, name: str, step: Step, options: GuestOptions) -> None:
        """Define a domain, or define it anew in place."""
        if step.value not in self.results:
            self.send(connection, step.value)
        error = self.results.pop(step.value, None)
        if error is not None:
            raise error
