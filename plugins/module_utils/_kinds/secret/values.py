# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name of a secret, and its value, of which nothing is ever shown."""

from __future__ import annotations

import base64
import re

from ..._engine.converters import Converter
from ..._engine.rows.model import ReadOnlyItem
from ..._printing import printable

LONGEST = 65536
"""Bytes that a value may have (REMOTE_SECRET_VALUE_MAX in libvirt's remote_protocol.x)."""

ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What no name has: what a terminal acts on, and what changes the direction of writing (UAX 9)."""

SHAPE = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
"""What base64 looks like, without space in it."""


class Usage(Converter):
    """What libvirt knows a secret by beside its UUID: a free text, or the path of a volume."""

    def parse(self, value: object) -> str:
        name = str(super().parse(value))
        if not name or len(name.encode()) > 1000:
            raise ValueError(f"{printable(name)} is not a name of 1 to 1000 bytes")
        if name != name.strip() or name[0] in "-." or ODD.search(name):
            raise ValueError(
                f"{printable(name)} is not a safe name: it may not start with '-' or '.', have space at its ends, or"
                " hold control characters"
            )
        return name


class PlainText(Converter):
    """A value as text. No message quotes it."""

    def parse(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError("is not a text; write it in quotes")
        try:
            return fitting(value.encode()).decode()
        except UnicodeEncodeError:
            raise ValueError("is no text that UTF-8 can hold; write it in base64, as value_base64") from None


class Base64(Converter):
    """A value in base64 (RFC 4648, section 4). No message quotes it."""

    def parse(self, value: object) -> str:
        if not isinstance(value, str):
            raise ValueError("is not a text; write it in quotes")
        text = re.sub(r"[ \t\r\n]", "", value)
        if not re.fullmatch(SHAPE, text):
            raise ValueError("is not base64")
        return base64.b64encode(fitting(base64.b64decode(text))).decode()


def fitting(data: bytes) -> bytes:
    """A value that libvirt takes. Raises ValueError for any other."""
    if not data:
        raise ValueError("is empty; leave it out where there is no value")
    if len(data) > LONGEST:
        raise ValueError(f"has {len(data)} bytes, and libvirt takes no more than {LONGEST}")
    return data


class Concealed:
    """A value on its way to libvirt. Nothing of it is in its representation.

    :param data: the bytes
    """

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __repr__(self) -> str:
        return "Concealed()"


def value_of(item: ReadOnlyItem) -> Concealed | None:
    """The value that is declared; None where none is.

    :param item: the options in normal form
    """
    if item.get("value") is not None:
        return Concealed(str(item["value"]).encode())
    if item.get("value_base64") is not None:
        return Concealed(base64.b64decode(item["value_base64"]))
    return None
