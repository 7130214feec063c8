# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merge a fragment of XML into a document, so that a second merge finds it there already.

An element of the fragment is merged into the one of the document that it stands for:

- one with the same identity, where it has one: what a Grammar names in ``identities``;
- for tags of which a document has several, one that holds all of it already;
- for all other tags, the only one of that tag.

Else it is added. Attributes and texts of the fragment win; what it does not name stays.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from xml.etree import ElementTree as ET
from xml.parsers import expat

from .._printing import printable
from . import paths
from .converters.basic import NOT_XML

Edit = tuple[str, t.Optional[str], t.Optional[str]]  # noqa: UP045 - sanity tests import it with older Pythons
"""The path of what has changed, its text before and after."""

DEEPEST = 250
"""How deep elements may be nested; libxml2 takes 256 levels (xmlParserMaxDepth)."""


def element(text: object) -> ET.Element:
    """One element from text. Raises ValueError for what is not XML, and for DTDs and entities.

    Entities can read files and grow without bounds (https://owasp.org, XML external entity); a
    definition needs none, and the five that XML itself has are no declarations.
    """
    if not isinstance(text, str):
        raise ValueError(f"{printable(text, hidden=True)} is not a piece of XML")
    if NOT_XML.search(text):
        raise ValueError("has a character that XML cannot hold")
    if re.search(r"<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", text, re.IGNORECASE):
        raise ValueError("document types and entities are not taken")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        # The text of the error may quote the document: the name of an entity.
        line, column = error.position
        reason = f"{expat.ErrorString(error.code)}: line {line}, column {column}"
        raise ValueError(f"is not well-formed XML: {reason}") from None
    except LookupError:
        raise ValueError("is not well-formed XML: its encoding is not known") from None
    if not shallow(root):
        raise ValueError(f"has elements nested deeper than {DEEPEST}")
    paths.keep_prefixes(text)
    return root


def shallow(root: ET.Element) -> bool:
    """Whether elements are nested no deeper than libvirt's parser takes."""
    level = [root]
    for _depth in range(DEEPEST):
        level = [child for node in level for child in node]
        if not level:
            return True
    return False


def parse(text: object, root: str) -> ET.Element:
    """A fragment: a whole document with that root, or the elements that go below it."""
    if not isinstance(text, str):
        raise ValueError(f"{printable(text, hidden=True)} is not a piece of XML")
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    tree = element(f"<{root}>{body}</{root}>")
    inner = list(tree)
    if len(inner) == 1 and inner[0].tag == root:
        tree = inner[0]
    if (tree.text or "").strip() or any((child.tail or "").strip() for child in tree):
        raise ValueError(f"has text outside of elements; write elements that go into <{root}>")
    return tree


def namespace(node: ET.Element) -> str:
    """The namespace of an element."""
    return node.tag[1:].partition("}")[0] if node.tag.startswith("{") else ""


def canonical(node: ET.Element) -> str:
    """An element as text, the same for all ways of writing it. Text behind it is no part of it."""
    copy = paths.clone(node)
    copy.tail = None
    for inner in copy.iter():
        if len(inner) and not (inner.text or "").strip():
            inner.text = None
        if not (inner.tail or "").strip():
            inner.tail = None
        for name in sorted(inner.keys()):
            inner.set(name, inner.attrib.pop(name))
    return ET.tostring(copy, encoding="unicode")


def essence(node: ET.Element) -> str:
    """What an element says, the same whatever prefixes its namespaces have (https://www.w3.org/TR/xml-c14n2/)."""
    return ET.canonicalize(canonical(node), rewrite_prefixes=True)


def local(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]


def identify(node: ET.Element, wanted: t.Iterable[tuple[str, str]]) -> None:
    """Give an element what tells it from others of its tag.

    :param node: the element, changed in place
    :param wanted: the paths of attributes, and their values
    """
    for path, value in wanted:
        tag, _at, attribute = path.partition("@")
        holder = node if not tag else node.find(tag)
        if holder is None:
            holder = ET.SubElement(node, tag)
        holder.set(attribute, value)


def is_same(node: ET.Element, wanted: tuple[tuple[str, str], ...]) -> bool:
    """Whether an element has an identity."""
    for path, value in wanted:
        tag, _at, attribute = path.partition("@")
        found = node if not tag else node.find(tag)
        if found is None or found.get(attribute) != value:
            return False
    return True


def by_tag(parent: ET.Element) -> dict[str, list[ET.Element]]:
    """The children of an element, by their tags."""
    nodes: dict[str, list[ET.Element]] = {}
    for node in parent:
        nodes.setdefault(node.tag, []).append(node)
    return nodes


@dataclasses.dataclass(frozen=True)
class Grammar:
    """What tells elements apart in the definitions of some kinds.

    :param identities: the attributes and children by which an element is told from others of its tag, strongest first:
        all of one line together
    :param repeated: tags that may come several times in one parent
    :param once: of these, tags that other parents than those of ``parents`` have but once
    :param parents: parents in which the tags of ``once`` may come several times
    :param ordered: elements whose children are one row of words, which only counts as a whole
    :param prepare: readies an element (first) before a piece (second) is merged into it
    """

    identities: tuple[tuple[str, ...], ...] = ()
    repeated: frozenset[str] = frozenset()
    once: frozenset[str] = frozenset()
    parents: frozenset[str] = frozenset()
    ordered: frozenset[str] = frozenset()
    prepare: t.Callable[[ET.Element, ET.Element], None] | None = None

    def several(self, parent: ET.Element, tag: str) -> bool:
        """Whether a parent may have more than one element of a tag."""
        name = local(tag)
        if name not in self.repeated:
            return False
        return name not in self.once or local(parent.tag) in self.parents

    def identity(self, node: ET.Element) -> tuple[tuple[str, str], ...] | None:
        """What tells an element from others of its tag, or None."""
        for line in self.identities:
            values = []
            for path in line:
                tag, _at, attribute = path.partition("@")
                found = node if not tag else node.find(tag)
                value = None if found is None else found.get(attribute)
                if value is not None:
                    values.append((path, value))
            if len(values) == len(line):
                return tuple(values)
        return None

    def contains(self, node: ET.Element, piece: ET.Element) -> bool:
        """Whether an element holds all that a piece says."""
        if any(node.get(name) != value for name, value in piece.items()):
            return False
        if (piece.text or "").strip() and (piece.text or "").strip() != (node.text or "").strip():
            return False
        if local(node.tag) in self.ordered:
            return self.spot(node, piece) is not None
        return all(any(self.contains(child, inner) for child in node.findall(inner.tag)) for inner in piece)

    def spot(self, node: ET.Element, piece: ET.Element) -> int | None:
        """Where the children of a piece stand in an element, one behind the other, or None."""
        want = [canonical(child) for child in piece]
        have = [canonical(child) for child in node]
        return next((at for at in range(len(have) - len(want) + 1) if have[at : at + len(want)] == want), None)

    def partner(self, parent: ET.Element, piece: ET.Element, nodes: t.Sequence[ET.Element]) -> ET.Element | None:
        """The child of an element that a piece of the fragment stands for, or None.

        :param nodes: the parent's children of the piece's tag that no other piece stands for
        """
        if not self.several(parent, piece.tag):
            return nodes[0] if nodes else None
        wanted = self.identity(piece)
        if wanted is not None:
            found = next((node for node in nodes if is_same(node, wanted)), None)
            if found is not None:
                return found
        return next((node for node in nodes if self.contains(node, piece)), None)

    def merge(self, target: ET.Element, piece: ET.Element, where: str = "") -> list[Edit]:
        """Merge a piece into an element. Returns what changed: path, before and after."""
        edits: list[Edit] = []
        if self.prepare is not None:
            self.prepare(target, piece)
        for name, value in piece.items():
            if target.get(name) != value:
                edits.append((f"{where}@{local(name)}", target.get(name), value))
                target.set(name, value)
        text = (piece.text or "").strip()
        if text and text != (target.text or "").strip():
            edits.append((where, (target.text or "").strip() or None, text))
            target.text = piece.text
        if local(piece.tag) in self.ordered:
            if len(piece) and self.spot(target, piece) is None:
                edits.append((where, None, "".join(canonical(child) for child in piece)))
                target.extend(piece)
            return edits
        # No child stands for two: a fragment may have the same piece twice.
        free = by_tag(target)
        for child in piece:
            here = f"{where}/{local(child.tag)}" if where else local(child.tag)
            node = self.partner(target, child, free.get(child.tag, []))
            if node is None:
                target.append(child)
                edits.append((here, None, canonical(child)))
            else:
                free[child.tag].remove(node)
                edits += self.merge(node, child, here)
        return edits

    def rest(self, whole: ET.Element, part: ET.Element) -> ET.Element | None:
        """What a document has and a part of it has not, as a fragment that makes the part whole.

        None where the part has all. The caller merges it and looks whether the whole comes out:
        a part that has what the whole has not can't be mended by adding.
        """
        out = ET.Element(whole.tag)
        needed = False
        for name, value in whole.items():
            if part.get(name) != value:
                out.set(name, value)
                needed = True
        if (whole.text or "").strip() and (whole.text or "").strip() != (part.text or "").strip():
            out.text = whole.text
            needed = True
        if local(whole.tag) in self.ordered:
            if self.spot(part, whole) is None:
                out.extend(whole)
                needed = True
            return out if needed else None
        free = by_tag(part)
        for child in whole:
            candidates = free.get(child.tag, [])
            wanted = self.identity(child) if self.several(whole, child.tag) else None
            if wanted is not None:
                candidates = [node for node in candidates if is_same(node, wanted)]
            if not candidates:
                out.append(child)
                needed = True
                continue
            best = next((node for node in candidates if self.contains(node, child)), candidates[0])
            free[child.tag].remove(best)
            inner = self.rest(child, best)
            if inner is not None:
                identify(inner, wanted or ())
                out.append(inner)
                needed = True
        return out if needed else None


PLAIN = Grammar()
"""That of definitions in which every tag stands but once."""
