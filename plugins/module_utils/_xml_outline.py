# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML for people: the names of elements and attributes, and none of their values.

XML that a user writes for what no option covers may hold a secret anywhere: as an argument of QEMU, in the
environment, in data for the firmware. So only its names are shown.
"""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree as ET

HIDDEN = "(hidden)"
"""What stands in the place of a value."""

TAG = re.compile(r"<[A-Za-z_/!?][^<>]{0,5000}(?:>|$)")
CDATA = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|$)", re.DOTALL)
ATTRIBUTE = re.compile(r"""(=\s{0,9})("[^"]*(?:"|$)|'[^']*(?:'|$))""")
INNER = re.compile(r"(<[A-Za-z_][^<>]{0,5000}(?<!/)>)([^<>]+)(?=</|$)")
GRAMMAR = frozenset(("type", "model", "mode", "bus", "isolated", "managed", "access", "driver"))
"""Attributes of which libvirt knows all values."""

KEYWORD = re.compile(r"[a-z][a-z-]{1,15}")
"""What such a value looks like."""

VALUE = re.compile(r"""=\s{0,9}(?:"([^"]*)"|'([^']*)')|<!\[CDATA\[(.*?)\]\]>|>([^<>]+)<""", re.DOTALL)
WORD = re.compile(r"[a-z]{1,8}")
"""A value that is an everyday word, as many of libvirt's are."""

NAMED = re.compile(r"\s+(?:sub-?)?(?:element|tag|attribute|option|setting|section|device)s?\b")
"""What follows an element in a sentence that only names it."""

OWN_WORDS = frozenset(
    (
        *("secret", "secrets", "password", "passwords", "passwd", "passphrase", "credential", "cookie", "option"),
        *("options", "string", "number", "boolean", "dictionary", "default", "domain", "network", "machine", "memory"),
        *("volume", "device", "declared", "evaluated", "changed", "nothing"),
    )
)
"""Words of the collection's own messages that somebody may have for a password.

They are not masked: in ``may quote a (secret)``, what is left out would tell what the password is.
"""

PLACED = frozenset(("source", "mirror", "backingStore"))
"""Elements that say where a disk is."""
PLACES = ("file", "dev", "path", "pool", "volume")
"""Attributes of these with the place."""
PLACE = re.compile(r"[\w./:+, -]+")
"""A place that is nothing but that: no part of a URL, and no words of a program."""


IMAGE = re.compile(
    r"/var/lib/libvirt/(?:images|boot|qemu)(?:/[\w.+-]+)+|/(?:[\w.+-]+/)+[\w.+-]+\.(?:qcow2|qed|raw|img|iso|vmdk|vdi|vpc|fd)"
)
"""The path of an image, wherever it stands: a message that names a disk would say nothing without it."""


def outline(node: ET.Element) -> str:
    """An element with the names of all that is in it.

    >>> outline(ET.fromstring("<env name='TOKEN' value='x'/>"))
    '<env name="(hidden)" value="(hidden)"/>'
    """
    tag = local(node.tag)
    start = "".join([tag, *(f' {local(name)}="{HIDDEN}"' for name in node.attrib)])
    inner = [HIDDEN] if (node.text or "").strip() else []
    for child in node:
        inner.append(outline(child))
        inner += [HIDDEN] if (child.tail or "").strip() else []
    return f"<{start}>{''.join(inner)}</{tag}>" if inner else f"<{start}/>"


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def outlined(value: object) -> str | None:
    """A value of a piece of XML: elements as an outline, anything else hidden; None for None."""
    if value is None:
        return None
    try:
        root = ET.fromstring(f"<a>{value}</a>")
    except (ET.ParseError, ValueError):
        return HIDDEN
    if len(root) and not (root.text or "").strip():
        return "".join(outline(child) for child in root)
    return HIDDEN


def pair(before: object, after: object) -> tuple[str | None, str | None]:
    """Two values that differ, as they are shown: that they differ is seen all the same."""
    old, new = outlined(before), outlined(after)
    return (old, f"{new} (changed)") if old == new else (old, new)


def without_values(text: str) -> str:
    """A text of others in which XML is quoted, without the values in it."""
    if "<" not in text:
        return text
    text = CDATA.sub(HIDDEN, text)
    text = TAG.sub(lambda tag: ATTRIBUTE.sub(without_value, tag[0]), text)
    return INNER.sub(lambda found: found[1] + (found[2] if is_prose(found) else HIDDEN), text)


def without_value(found: re.Match[str]) -> str:
    """An attribute without its value. A word of libvirt's grammar stays, such as ``virtio``: it says what to write.

    :param found: the equals sign and the value, in the tag
    """
    name = re.search(r"[\w:-]+\s*$", found.string[: found.start()])
    plain = name is not None and name[0].strip() in GRAMMAR and KEYWORD.fullmatch(found[2][1:-1])
    return found[0] if plain else f"{found[1]}'{HIDDEN}'"


def is_prose(found: re.Match[str]) -> bool:
    """Whether what follows a tag is none of its content: space, or the rest of a sentence that only names elements.

    :param found: the tag, and what follows it
    """
    if not found[2].strip() or NAMED.match(found[2]):
        return True
    names = re.search(
        r"(?:^|\s)(?:in|of|for|the|an?|no|and|or|element|invalid|missing)\s$", found.string[: found.start()]
    )
    return names is not None and re.search(r"</|/>|=|<[?!]", found.string) is None


def values_of(text: str) -> set[str]:
    """All values in XML that a user has written, also where it is not well-formed, but for everyday words."""
    found: set[str] = set()
    for match in VALUE.finditer(text):
        whole = next(part for part in match.groups() if part is not None)
        for value in (whole, html.unescape(whole)):
            found.add(value.strip())
            # QEMU takes JSON, and options with commas.
            found.update(part for part in re.split(r"[\s\"'{}:,=]+", value) if not re.fullmatch(r"[a-z_.-]*", part))
    return {value for value in found if value and not WORD.fullmatch(value)}


def secrets_of(text: str) -> set[str]:
    """What may be a secret in XML that a user has written: all values in it, but for the places of disks.

    A place that stands somewhere else in it as well, such as in a password, may be one.
    """
    found = values_of(text)
    try:
        root = ET.fromstring(f"<a>{text}</a>")
    except (ET.ParseError, ValueError):
        return found
    places: set[str] = set()
    for node in root.iter():
        for name in PLACES if local(node.tag) in PLACED else ():
            if PLACE.fullmatch(node.get(name, "")):
                places.add(node.attrib.pop(name))
    shown = set().union(*(values_of(f"<a b='{place}'/>") for place in places))
    left = (found - shown) | values_of(ET.tostring(root, encoding="unicode"))
    return {value for value in left if not IMAGE.fullmatch(value)}


def without_values_of(message: str, xml: str) -> str:
    """What libvirt says of XML, without the values in it. Names of elements and attributes stay.

    :param xml: what the user has written
    """
    names = set(re.findall(r"[<\s/]([A-Za-z_][\w.:-]*)(?=[\s/>=])", re.sub(r"\"[^\"]*\"|'[^']*'", "''", xml)))
    values = {next(part for part in match.groups() if part is not None).strip() for match in VALUE.finditer(xml)}
    for value in sorted({*values_of(xml), *values} - names, key=len, reverse=True):
        if value:
            message = re.sub(
                rf"(?<!\w){re.escape(value)}(?!\w)" if len(value) > 2 else rf"(?<=['\"]){re.escape(value)}(?=['\"])",
                HIDDEN,
                message,
            )
    return message
