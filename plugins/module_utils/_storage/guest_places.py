# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every place on the host that the XML of a guest, of its snapshot or checkpoint, or a declared item names.

Not by a list of elements that name files, which would miss the next one: each path from the root
counts, wherever it stands, but for what is known to be the guest's own or only text.
"""

from __future__ import annotations

import json
import re
import typing as t
from xml.etree import ElementTree as ET

from .._engine.rows.model import Item
from .._host.places import network

OWN = frozenset(("metadata", "name", "title", "description", "cmdline", "target", "seclabel", "address", "partition"))
"""Elements whose text and attributes are no paths of the host: what the guest sees, and what is for people."""

TEXTS = frozenset(("name", "title", "description", "metadata", "cmdline", "bootloader_args", "cloud_init", "seed"))
"""Options of a guest that are only text, or name places in the guest."""

START = re.compile(r"(?<![^=,:\"'(\[{\s])/")
"""Where a path may begin in an argument of QEMU."""


SeenList = t.Tuple[int, str, str]  # noqa: UP006 - older Pythons evaluate it
"""A list or dictionary by its identity, the option that has it, and the pool that its volumes are in."""


class GuestPlace(t.NamedTuple):
    """A place that a guest names.

    :param kind: ``path``; ``folder`` with all that is in it; ``volume``, as POOL/VOLUME; ``network``, a
        sign of an image on a server; ``scsi``, as HOST:BUS:TARGET:UNIT
    :param value: the path, and so on
    :param image: whether it is an image of a format that can be laid over others
    :param raw: whether it is known to be a disk that is read as raw
    """

    kind: str
    value: str
    image: bool = False
    raw: bool = False


def guest_places(root: ET.Element) -> t.Iterator[GuestPlace]:
    """The places in a document."""
    for element in root:
        tag = element.tag
        if tag in OWN:
            continue
        if tag in ("disk", "mirror", "backingStore"):
            yield from disk_places(element)
        elif tag == "hostdev":
            yield from scsi_places(element)
        elif tag == "source":
            yield from source_places(element)
        given = [*element.attrib.values(), element.text or ""]
        if tag.startswith("{"):  # arguments of QEMU itself
            for text in given:
                yield from (GuestPlace("folder", path) for path in embedded(text))
        else:
            for text in given:
                text = text.strip()
                if text.startswith("/"):
                    yield GuestPlace("path", text)
        yield from guest_places(element)


def disk_places(disk: ET.Element) -> t.Iterator[GuestPlace]:
    """What the source of a disk alone tells: that it is an image, and a path that is not from the root.

    Such a path is from the folder that the daemon runs in, which is the root. What is read as raw names
    nothing; libvirt reads a disk without a format as raw, and guesses that of a base.
    """
    driver = disk.find("driver") if disk.tag == "disk" else disk.find("format")
    form = "raw" if disk.tag == "disk" else ""
    if driver is not None:
        form = driver.get("type") or form
    source = disk.find("source")
    if source is None:
        return
    place = source.get("file") or source.get("dev") or ""
    if source.get("volume") is not None:
        yield GuestPlace("volume", f"{source.get('pool')}/{source.get('volume')}", form != "raw", form == "raw")
    elif place:
        yield GuestPlace("path", place if place.startswith("/") else f"/{place}", form != "raw", form == "raw")


def source_places(source: ET.Element) -> t.Iterator[GuestPlace]:
    """What only a source can be: a volume, an image on the network, a folder."""
    if source.get("volume") is not None:
        yield GuestPlace("volume", f"{source.get('pool')}/{source.get('volume')}")
    if source.get("protocol") is not None and source.get("name"):
        yield GuestPlace("network", network(str(source.get("protocol")), str(source.get("name"))))
    for folder in (source.get("dir"), source.get("path") if source.get("type") == "dir" else None):
        if folder is not None and folder.startswith("/"):
            yield GuestPlace("folder", folder)


def scsi_places(hostdev: ET.Element) -> t.Iterator[GuestPlace]:
    """A SCSI disk of the host that is handed to the guest."""
    adapter, address = hostdev.find("source/adapter"), hostdev.find("source/address")
    name = "" if adapter is None else str(adapter.get("name"))
    if address is not None and name.startswith("scsi_host"):
        rest = ":".join(str(address.get(part, "0")) for part in ("bus", "target", "unit"))
        yield GuestPlace("scsi", f"{name.removeprefix('scsi_host')}:{rest}")


def embedded(text: str) -> t.Iterator[str]:
    """The paths in an argument of QEMU, such as ``file=/a,if=none``, where ``,,`` is a comma of the name.

    It may have JSON in it, where a slash has other spellings. A path that is not from the root is from
    the folder that the daemon runs in, which is the root.
    """
    for word in words_of(text):
        yield from embedded(word)
    for piece in re.split(r"(?<!,),(?!,)", text):
        value = piece.rpartition("=")[2].replace(",,", ",")
        if "/" in value and not value.startswith("/"):
            yield f"/{value.removeprefix('file:').lstrip('/')}"
    for found in START.finditer(text):
        rest = text[found.start() :]
        whole = re.match(r"(?:[^,]|,,)*", rest)
        spellings = [rest, rest.partition(",")[0], rest.partition('"')[0], rest.partition("'")[0]]
        if whole is not None:
            spellings.append(whole[0].replace(",,", ","))
        yield from dict.fromkeys(spellings)


def words_of(text: str) -> t.Iterator[str]:
    """All texts of the first JSON object in an argument of QEMU."""
    start = text.find("{")
    if start < 0:
        return
    try:
        left = [json.JSONDecoder().raw_decode(text[start:])[0]]
    except (ValueError, RecursionError):
        return
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += value.values()
        elif isinstance(value, list):
            left += value
        elif isinstance(value, str):
            yield value


def item_places(item: Item, pool: str = "default", seen: set[SeenList] | None = None) -> t.Iterator[GuestPlace]:
    """The places that a declared guest or volume names, wherever: paths, volumes by name, and what is in its XML.

    :param seen: what was looked at: by anchors of YAML, one list can stand in a declaration a billion times
    """
    where = item.get("pool") or pool
    seen = set() if seen is None else seen
    for option, value in item.items():
        if option in TEXTS:
            continue
        if option in ("volume", "clone_from") and isinstance(value, str):
            yield GuestPlace("volume", value if "/" in value else f"{where}/{value}")
        elif option in ("backing", "image") and isinstance(value, str) and "://" not in value:
            if not value.startswith("/"):
                yield GuestPlace("volume", value if "/" in value else f"{where}/{value}")
            else:
                yield GuestPlace("path", value)
        elif isinstance(value, str):
            text = value.removeprefix("file://")
            if text.startswith("/"):
                yield GuestPlace("folder" if option == "dir" else "path", text)
            elif option == "xml":
                yield from fragment_places(text)
        elif isinstance(value, (dict, list, tuple)) and (id(value), option, str(where)) not in seen:
            seen.add((id(value), option, str(where)))
            for inner in [value] if isinstance(value, dict) else value:
                yield from item_places(inner if isinstance(inner, dict) else {option: inner}, where, seen)


def fragment_places(text: str) -> t.Iterator[GuestPlace]:
    """The places in XML that is merged into a definition."""
    try:
        root = ET.fromstring(text)
    except ET.ParseError:
        yield from (GuestPlace("path", path) for path in re.findall(r"[\"'>]\s*(/[^\"'<>]+)", text))
        return
    holder = ET.Element("fragment")
    holder.append(root)
    yield from guest_places(holder)
