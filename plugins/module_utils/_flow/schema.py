# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's own validation of a definition, before anything is touched.

libvirt has no call that validates without defining. Its test driver, which runs inside the
library in this very process, does: what is defined there is in memory only, and gone with the
connection. It takes the same schema as the real drivers. Its host ``test:///default`` is one for all
of a process, and may be the very one that is declared for; one that is read from a file is not.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from .._engine.plan import Plan
from .._engine.rows.model import Item
from .._errors import refuse_input
from .._libvirt.connection import LibvirtError, lacks, libvirt, message_of
from .._libvirt.objects import Connection
from .._storage.users import is_local
from .._xml_outline import without_values_of
from .blame import Blame
from .blame_xml import XmlBlame
from .kind import Kind

NODE = b"<node><pool type='dir'><name>p</name><target><path>/p</path></target></pool></node>"
"""A host with a pool, for volumes."""


@contextlib.contextmanager
def empty_host() -> t.Iterator[Connection]:
    """A connection to a host in memory that nobody else has. Raises LibvirtError where there is no test driver."""
    with open(os.memfd_create("node"), "wb") as file:
        file.write(NODE)
        file.flush()
        connection = libvirt.open(f"test:///proc/self/fd/{file.fileno()}")
    try:
        yield connection
    finally:
        with contextlib.suppress(LibvirtError):
            connection.close()


INVALID = "VIR_ERR_XML_INVALID_SCHEMA"
"""The schema does not take a definition."""

READ = ("VIR_ERR_XML_ERROR", "VIR_ERR_XML_DETAIL", "VIR_ERR_CONFIG_UNSUPPORTED")
"""A definition is refused as it is read: by what libvirt's code asks of it, beyond the schema."""

WRONG = (
    "libvirt's schema does not take it here: correct the value, or leave it out, or give the other options that go with"
    " it"
)
"""What is said of options to which the schema objects."""

WRONG_XML = "libvirt's schema does not take it here: correct it, or leave it out"
"""What is said of XML to which the schema objects."""

SCHEMA = re.compile(r"(?i)failed to validate against schema")
"""What libvirt says where its schema does not take a definition."""


FREE = re.compile(
    r"""
    (<metadata>) .*? (?=</metadata>)                     # what others keep there, of no schema
    | (<(?:name|uuid|title|description|kernel|initrd|cmdline|nvram)\b[^>]*>/?) [^<]*
    | (<serial>) [A-Za-z0-9_.+-]* (?=<)
    | (<(?:source|mac|target|alias|log)\b[^>]*?\s(?:file|path|dir|dev|volume|network|bridge|address|name)="/?) [^"]*
    | ([">]) (?:0x[0-9a-f]+|[0-9]+) (?=["<])             # numbers
    """,
    re.VERBOSE | re.DOTALL,
)
"""Values of which the schema says little: that a path begins with a slash, which is left."""


def shape(document: str) -> str:
    """The document without its free values."""
    return FREE.sub(lambda found: t.cast(str, found[found.lastindex or 0]), document)


def problem(kind: Kind, text: str) -> str | None:
    """What libvirt's schema has against a definition; None where it has nothing, or cannot be asked."""
    if libvirt is None:
        return None
    with contextlib.ExitStack() as opened:
        try:
            connection = opened.enter_context(empty_host())
        except LibvirtError:
            return None  # This libvirt was built without the test driver: the define itself will tell.
        try:
            kind.validate(connection, text)
        except LibvirtError as error:
            # Other errors may be the test driver's own: it knows fewer machines than the real one.
            return message_of(error) if lacks(error, *(READ if kind.read_alike else ()), INVALID) else None
    return None


def validate(kind: Kind, plans: t.Iterable[Plan], wants: t.Iterable[Item], uri: str) -> None:
    """Hold what plans define against libvirt's schema, as libvirt does where the run defines it.

    What is wrong with an option is the obstacle of its resource; misspelt XML is wrong input, and refuses all of it. Of
    another host, and of volumes, only XML is looked at: its libvirt may have another schema, and of volumes none is
    asked as they are made.

    :param uri: the connection that is declared for

    Raises VirtfleetError, with nothing changed, naming each resource and what is wrong.
    """
    lines = []
    right: set[str] = set()  # what one document of a shape is told is true of all
    for plan, want in zip(plans, wants, strict=True):
        by_hand = want.get("xml")
        if by_hand is None and (not kind.asks_schema or not is_local(uri) or plan.obstacle or plan.problem):
            continue
        for text in documents(plan):
            form = text if kind.read_alike else shape(text)
            refusal = None if form in right else problem(kind, text)
            if refusal is None:
                right.add(form)
                continue
            blamed = Blame(kind.table, want, text, lambda changed: problem(kind, changed) is None).found()
            if by_hand is not None and not blamed:
                lines.append(f"{kind.name} {plan.name}: xml: {of_xml(kind, text, by_hand, refusal)}")
            elif plan.obstacle is None:
                why = WRONG if SCHEMA.search(refusal) else f"libvirt refuses this: {refusal}"
                plan.obstacle = f"{', '.join(blamed)}: {why}" if blamed else f"define: {refusal}"
    refuse_input(lines)


def of_xml(kind: Kind, text: str, by_hand: str, refusal: str) -> str:
    """What is wrong with XML by hand, for people.

    :param text: the definition that it is in
    :param refusal: what libvirt says of that
    """
    message, row = without_values_of(refusal, by_hand), kind.table.fragment
    if row is None:
        return message
    part = XmlBlame(text, row.piece(by_hand), lambda changed: problem(kind, changed) is None).found()
    if part is None:
        return message
    return f"{part}: {WRONG_XML if SCHEMA.search(refusal) else f'libvirt refuses this: {message}'}"


def documents(plan: Plan) -> t.Iterator[str]:
    """What a plan defines."""
    for step in plan.steps:
        if step.action == "define":
            yield step.value if isinstance(step.value, str) else step.value.xml
