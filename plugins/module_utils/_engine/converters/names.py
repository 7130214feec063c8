# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converters of names and paths (see convert)."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from ..._printing import printable
from .basic import Converter, Doubtful

UNSAFE = re.compile(r"[/\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What no name has: a slash, what a terminal acts on, and what changes the direction of writing (UAX 9)."""


class Name(Converter):
    """The name of a libvirt object. It becomes part of file names, logs and command lines."""

    def from_text(self, text: str) -> str:
        return text

    def decode(self, node: ET.Element, attribute: str | None) -> object:
        """As it is: to libvirt, space at the ends of a name is a part of it."""
        return node.text if attribute is None and (node.text or "").strip() else super().decode(node, attribute)

    def parse(self, value: object) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            raise ValueError(
                f"{printable(value)} is what YAML makes of a name that looks like a number, such as 007 or 1_0: write"
                " the name in quotes"
            )
        name = super().parse(value)
        if not name or len(name.encode()) > 200:
            raise ValueError(f"{printable(name)} is not a name of 1 to 200 bytes")
        if name != name.strip() or name[0] in "-." or UNSAFE.search(name):
            raise ValueError(
                f"{printable(name)} is not a safe name: it may not start with '-' or '.', have space at its"
                " ends, or hold '/' or control characters"
            )
        return name


class Device(Converter):
    """The name of a network device (Linux: 1 to 15 bytes, dev_valid_name).

    :param lenient: whether another one that libvirt holds already is taken
    """

    def __init__(self, lenient: bool = False) -> None:
        self.lenient = lenient

    def parse(self, value: object) -> str:
        name = super().parse(value)
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,14}", name):
            problem = f"{printable(name)} is not a name of a network device: 1 to 15 letters, digits, '_', '.', '-'"
            raise Doubtful(problem, name) if self.lenient else ValueError(problem)
        return name


class AbsolutePath(Converter):
    """A path on the host, from the root.

    :param lenient: whether another one that libvirt holds already is taken
    """

    kind = "str"

    def __init__(self, lenient: bool = False) -> None:
        self.lenient = lenient

    def parse(self, value: object) -> str:
        path = super().parse(value)
        if not path.startswith("/") or "\n" in path:
            problem = f"{printable(path)} is not a path from the root, such as /var/lib/x"
            raise Doubtful(problem, path) if self.lenient else ValueError(problem)
        return path
