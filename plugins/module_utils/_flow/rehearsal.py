# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt would not keep of a definition, said before anything is touched.

libvirt drops some values without a word as it reads a definition: a number that is 0, an option of another model. The
run would find that out only once it has defined the resource. Its test driver, in memory, reads and writes definitions
with the same code as the real drivers: so what comes back from there is what will be kept.
"""

from __future__ import annotations

import collections
import contextlib
import re
import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._engine.plan import Plan, lacking
from .._engine.report import name_of
from .._engine.rows.model import Change, Host, Item, Scope
from .._errors import VirtfleetError
from .._libvirt.connection import LibvirtError, lacks, libvirt, message_of
from .._libvirt.objects import Connection, Error
from .._printing import printable, secret_name
from .._storage.users import is_local
from .blame import Blame
from .kind import Kind
from .schema import READ, documents, empty_host

FREE = re.compile(
    r"""
    (<metadata>) .*? (?=</metadata>)
    | (<(?:name|uuid|description|kernel|initrd|cmdline|nvram)\b[^>]*>/?) [^<]*
    | (<title>) [^<\n]*
    | (<(?:source|log)\b[^>]*?\s(?:file|path|dir|dev|volume)="/?) [^"]*
    | (<mac\ address=") (?!00:00:00:00:00:00) [^"]*
    """,
    re.VERBOSE | re.DOTALL,
)
"""Values that libvirt keeps in any case: names, places and addresses, but not numbers."""


def rehearse(kind: Kind, plans: t.Iterable[Plan], wants: t.Iterable[Item], uri: str) -> None:
    """Make what libvirt would not keep, or not read, the obstacle of its resource.

    :param uri: the connection that is declared for; another host's libvirt may be of another version
    """
    if kind.keeps is None or libvirt is None or not is_local(uri):
        return
    todo = [(plan, want, list(documents(plan))) for plan, want in zip(plans, wants, strict=True)]
    todo = [(plan, want, texts) for plan, want, texts in todo if texts and not (plan.obstacle or plan.problem)]
    if not todo:
        return
    with contextlib.ExitStack() as opened:
        try:
            stage = Stage(kind, opened.enter_context(empty_host()))
        except LibvirtError:
            return  # This libvirt was built without the test driver: the run itself will tell.
        for plan, want, texts in todo:
            plan.obstacle = next(filter(None, (stage.problem(want, text) for text in texts)), None)


class Stage:
    """A host in memory, for definitions of one kind.

    :param kind: theirs
    :param connection: to that host
    """

    def __init__(self, kind: Kind, connection: Connection) -> None:
        self.kind, self.connection = kind, connection
        self.right: set[tuple[frozenset[str], str]] = set()

    def problem(self, want: Item, text: str) -> str | None:
        """What is wrong with a definition; None for nothing, or where it cannot be told.

        :param want: what is declared
        """
        nothing = frozenset(empty(want, ""))
        form = nothing, FREE.sub(lambda found: str(found[found.lastindex or 0]), text)
        if form in self.right:
            return None
        root = ET.fromstring(text)
        try:
            kept = self.kept(root)
        except LibvirtError as error:
            return self.refused(want, root, error)
        if kept is not None and (nothing or traits(root) - traits(kept)):
            with contextlib.suppress(VirtfleetError):
                scope = Scope(self.kind.table.kind, str(want["name"]), Host(), item=want)
                before, after = (
                    {change.path: change for change in lacking(self.kind.table, want, scope, found)}
                    for found in (root, kept)
                )
                lost = [change for path, change in after.items() if path not in before]
                if lost:
                    return "; ".join(map(sentence, lost))
        self.right.add(form)
        return None

    def kept(self, root: ET.Element) -> ET.Element | None:
        """What libvirt would keep of a definition; None where it cannot be told."""
        return None if self.kind.keeps is None else self.kind.keeps(self.connection, paths.clone(root))

    def takes(self, root: ET.Element) -> bool:
        """Whether libvirt would read a definition."""
        try:
            self.kept(root)
        except LibvirtError:
            return False
        return True

    def refused(self, want: Item, root: ET.Element, error: Error) -> str | None:
        """What libvirt has against a definition, where that is about parts which nobody else has been asked about."""
        if self.kind.unasked is None or not lacks(error, *READ):
            return None
        if not self.takes(self.kind.unasked(root)):
            return None
        blamed = Blame(self.kind.table, want, paths.text(root), lambda text: self.takes(ET.fromstring(text))).found()
        return (
            f"{', '.join(blamed)}: libvirt refuses this: {message_of(error)}"
            if blamed
            else f"define: {message_of(error)}"
        )


def empty(value: object, where: str) -> t.Iterator[str]:
    """The paths of declared values that need not show in a definition: what is off, and lists without items."""
    if value is False or value == []:
        yield where
    elif isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from empty(inner, f"{where}.{key}")


def traits(root: ET.Element) -> collections.Counter[tuple[str, str, str]]:
    """All that a definition says, piece by piece: where in it, by which name, and what."""
    found: collections.Counter[tuple[str, str, str]] = collections.Counter()

    def walk(node: ET.Element, where: str) -> None:
        here = f"{where}/{node.tag}"
        found[here, "", (node.text or "").strip()] += 1
        for name, value in node.attrib.items():
            found[here, name, value] += 1
        for child in node:
            walk(child, here)

    walk(root, "")
    return found


def sentence(change: Change) -> str:
    """What becomes of a declared value, and what to do about it."""
    hidden = secret_name(name_of(change.path))
    before, after = (printable(value, hidden) for value in (change.before, change.after))
    if change.after is None and isinstance(change.before, dict):
        return f"{change.path}: libvirt adds it by itself: declare it, too, or leave its list out"
    if change.after is None:
        return f"{change.path}: null leaves {before}, which other options ask for: give null to those, or leave it out"
    if isinstance(change.after, (dict, list)) or isinstance(change.before, (dict, list)) or before == after:
        return f"{change.path}: libvirt does not keep it as declared: change its values, or leave it out"
    if change.before is None or change.path.endswith("mac"):
        # Of an address that is none, libvirt makes another one each time.
        return f"{change.path}: libvirt keeps nothing of {after} here: leave it out, or write another value"
    return f"{change.path}: libvirt makes {before} of {after}: write that, or leave it out"
