# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a value lives in an XML document: paths such as ``os/type@machine``, and editing by them.

A path is elements separated by slashes, then an optional ``@attribute``. A dot, or nothing before
the ``@``, is the element itself. ``source[mode=bind]`` is the element of that tag whose attribute
has that value. ``prefix:tag`` is an element of one of NAMESPACES. Nodes are compared with None only:
an element without children is false in ElementTree.
"""

from __future__ import annotations

import copy
import functools
import re
import typing as t
from xml.etree import ElementTree as ET

NAMESPACES: dict[str, str] = {}
"""Namespaces by the prefix that paths and documents use. The kinds of resources tell theirs (see register)."""


def register(namespaces: t.Mapping[str, str]) -> None:
    """Make prefixes known to paths, and write documents with them.

    :param namespaces: the namespaces by prefix
    """
    for prefix, uri in namespaces.items():
        NAMESPACES[prefix] = uri
        ET.register_namespace(prefix, uri)


STEP = re.compile(r"([^\[\]]+)\[([^=\]]+)=([^\]]*)\]")
"""A step with a condition: tag, attribute and value."""

FOUND = re.compile(r"([^\[\]]+)\[@([^=\]]+)='([^']*)'\]")
"""The same as ElementTree writes it."""


PREFIX = re.compile(r"""\sxmlns:([A-Za-z_][\w.-]*)=["']([^"']+)["']""")
"""The declaration of a namespace's prefix."""


class Path(t.NamedTuple):
    """A parsed path: the elements to go through, and the attribute or None for the text."""

    steps: tuple[str, ...]
    attribute: str | None


@functools.cache
def parse(path: str) -> Path:
    """Split ``a/b@c`` into its steps, as ElementTree finds them, and the attribute."""
    elements, at, attribute = path.partition("@")
    steps = tuple(step_of(step) for step in elements.split("/") if step and step != ".")
    return Path(steps, attribute if at else None)


def step_of(text: str) -> str:
    """One step as ElementTree finds it: namespaces and conditions written out."""
    condition = STEP.fullmatch(text)
    if condition is not None:
        return f"{condition[1]}[@{condition[2]}='{condition[3]}']"
    prefix, colon, tag = text.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{tag}" if colon else text


def make(step: str) -> ET.Element:
    """A new element that the step finds."""
    condition = FOUND.fullmatch(step)
    return ET.Element(step) if condition is None else ET.Element(condition[1], {condition[2]: condition[3]})


def tag_of(step: str) -> str:
    """The tag of the elements that a step finds."""
    return step if step.startswith("{") else step.partition("[")[0]


def is_bare(node: ET.Element, step: str) -> bool:
    """Whether nothing is in an element but what the step to it says."""
    if len(node) or (node.text or "").strip():
        return False
    condition = FOUND.fullmatch(step)
    return not node.attrib or (condition is not None and list(node.attrib) == [condition[2]])


def find(element: ET.Element, steps: t.Iterable[str]) -> ET.Element | None:
    """The element at the end of the steps, or None."""
    node: ET.Element | None = element
    for step in steps:
        if node is None:
            return None
        node = node.find(step)
    return node


def ensure(element: ET.Element, steps: t.Iterable[str]) -> ET.Element:
    """The element at the end of the steps, made (with its parents) where it is missing."""
    for step in steps:
        child = element.find(step)
        if child is None:
            child = make(step)
            element.append(child)
        element = child
    return element


def join(element: ET.Element, tags: t.Collection[str]) -> None:
    """Make one element of those of a tag that stand beside each other, as libvirt reads them: by paths through all.

    :param tags: those of which libvirt keeps one, such as ``devices``
    """
    first: dict[str, ET.Element] = {}
    for child in list(element):
        kept = first.setdefault(child.tag, child)
        if kept is not child and child.tag in tags:
            kept.extend(list(child))
            element.remove(child)


def prune(element: ET.Element, steps: tuple[str, ...]) -> None:
    """Remove the element at the end of the steps where nothing is left in it, then such parents."""
    while steps:
        parent = find(element, steps[:-1])
        child = None if parent is None else parent.find(steps[-1])
        if parent is not None and child is not None:
            if not is_bare(child, steps[-1]):
                return
            parent.remove(child)
        steps = steps[:-1]


def remove(element: ET.Element, path: Path) -> None:
    """Remove what the path names: the attribute, or the text; and what is empty after that.

    The text takes its unit along, which means nothing alone.
    """
    node = find(element, path.steps)
    if node is None:
        return
    if path.attribute is None:
        node.text = None
        node.attrib.pop("unit", None)
    else:
        node.attrib.pop(path.attribute, None)
    prune(element, path.steps)


def delete(element: ET.Element, steps: tuple[str, ...]) -> None:
    """Remove the whole element at the end of the steps, then parents left empty by that."""
    parent = find(element, steps[:-1])
    node = find(element, steps)
    if parent is not None and node is not None:
        parent.remove(node)
        prune(element, steps[:-1])


def append(parent: ET.Element, tag: str) -> ET.Element:
    """A new child behind the last one of its kind, so that devices keep their order."""
    index = len(parent)
    for position, child in enumerate(parent):
        if child.tag == tag_of(tag):
            index = position + 1
    node = make(tag)
    parent.insert(index, node)
    return node


def arrange(parent: ET.Element, known: t.Collection[ET.Element], order: t.Sequence[str]) -> None:
    """Move new children to where their order has them. A validator may not look for them behind others.

    :param known: the children that were there before, which stay where they are
    :param order: the tags; new children of others stay, too
    """
    before = {id(child) for child in known}
    ranks = {tag: rank for rank, tag in enumerate(order)}
    for child in [child for child in parent if id(child) not in before and child.tag in ranks]:
        parent.remove(child)
        spots = (spot for spot, other in enumerate(parent) if ranks.get(other.tag, len(order)) > ranks[child.tag])
        parent.insert(next(spots, len(parent)), child)


def clone(element: ET.Element) -> ET.Element:
    """A copy with all that is in it."""
    for node in element.iter():
        # The parser keeps a text as a list until it is first read, and Python copies lists far more slowly.
        _read = node.text, node.tail
    return copy.deepcopy(element)


def document(text: str) -> ET.Element:
    """Parse a document that libvirt wrote. Its prefixes are kept for when it is written again."""
    keep_prefixes(text)
    return ET.fromstring(text)


def keep_prefixes(text: str) -> None:
    """Write the namespaces of a document with the prefixes that it has, but for those of NAMESPACES."""
    for prefix, uri in set(PREFIX.findall(text)):
        known = uri in NAMESPACES.values() or prefix in NAMESPACES
        if not known and not re.fullmatch(r"ns[0-9]+|xml.*", prefix, re.IGNORECASE):
            ET.register_namespace(prefix, uri)


def text(element: ET.Element) -> str:
    """The document as text for libvirt."""
    return ET.tostring(element, encoding="unicode")
