# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converters of words and numbers (see convert)."""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree as ET

from ..._printing import BITS, Showing, printable
from ..close_names import near

if t.TYPE_CHECKING:
    from ..rows.model import Host

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What an XML 1.0 document cannot hold (https://www.w3.org/TR/xml/#charsets)."""

TRUE = frozenset(("yes", "on", "true", "1"))
FALSE = frozenset(("no", "off", "false", "0"))


NormalValue = t.Any
"""A value in normal form: a converter decides of which type that is."""


class Doubtful(ValueError):
    """Raised for what libvirt may hold, though nobody should write it anew.

    :param value: its normal form
    """

    def __init__(self, problem: str, value: str) -> None:
        super().__init__(problem)
        self.value = value


class DoubtfulValue(str):
    """A doubtful value. It is declared with right where libvirt holds it already, and refused elsewhere.

    :ivar problem: what speaks against it
    """

    problem: str

    def __new__(cls, doubt: Doubtful) -> DoubtfulValue:
        text = super().__new__(cls, doubt.value)
        text.problem = str(doubt)
        return text


MOST = 2**64 - 1
"""The largest number that libvirt keeps, an unsigned long long."""
LEAST = -(2**63)
"""The smallest, a long long."""


def is_unshown(value: object) -> bool:
    """Whether a value may be a secret, so that ``printable`` says only its type, which tells nobody what is wrong."""
    return Showing.hidden > 0 and isinstance(value, (str, int, float))


def digits(value: object) -> str:
    """A text or a number as text, without space around it; nothing for all else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    if isinstance(value, int) and value.bit_length() > BITS:
        return ("-" if value < 0 else "") + "9" * 40  # Python refuses to write out more than 4,300 digits.
    return str(value).strip()


def whole(text: str, base: int = 10) -> int:
    """A number from its digits. Python reads no more than some 4,300 of them; so many are too many anyway."""
    return int(text[:60], base)


def in_any_base(text: str, base: int = 0) -> int:
    """A number as C reads it (strtoul): with base 0, ``0x`` leads in base 16 and ``0`` base 8. Raises ValueError.

    :param base: 0, or that of numbers with nothing before them
    """
    found = re.fullmatch(r"([+-]?)(0x)?([0-9a-f]+)", text.strip().lower())
    if found is None:
        raise ValueError(f"{printable(text)} is not a number")
    if found[2]:
        base = 16
    elif not base:
        base = 8 if found[3].startswith("0") else 10
    return whole(f"{found[1]}{found[3]}", base)


class Converter:
    """A plain string. The others say only what they do differently.

    ``kind`` is Ansible's name of the type, ``choices`` what may be written, or None. ``whole`` says that no XML will
    hold it, so that its spaces and ends of lines stay as they are.
    """

    kind = "str"
    choices: tuple[str, ...] | None = None
    presence = False
    whole = False

    def parse(self, value: object) -> NormalValue:
        """The user's value in normal form. Raises ValueError with what to write instead."""
        if isinstance(value, bool):
            raise ValueError(
                f"{printable(value)} is not a string; YAML reads no, off, yes and on so: put it into quotes"
            )
        if not isinstance(value, (str, int, float)):
            raise ValueError(f"{printable(value)} is not a string")
        if isinstance(value, int) and value.bit_length() > BITS:
            raise ValueError(f"{printable(value)} is longer than any definition holds")
        odd = NOT_XML.search(str(value))
        if odd is not None:
            sign = f"U+{ord(odd[0]):04X}"
            raise ValueError(
                f"has the character {sign} at place {odd.start() + 1}, which no definition can hold; leave it out"
            )
        return self.from_text(str(value))

    def from_text(self, text: str) -> NormalValue:
        """libvirt's text in normal form."""
        return text

    def to_text(self, value: NormalValue) -> str:
        """The normal form as libvirt writes it."""
        return str(value)

    def decode(self, node: ET.Element, attribute: str | None) -> NormalValue:
        """Read from a node's attribute, or its text. None where there is none."""
        text = (node.text or "").strip() if attribute is None else node.get(attribute)
        if text is None or (attribute is None and not text):
            return None
        try:
            return self.from_text(text)
        except ValueError:
            return text

    def encode(self, node: ET.Element, attribute: str | None, value: NormalValue) -> None:
        """Write to a node's attribute, or its text."""
        if attribute is None:
            node.text = self.to_text(value)
        else:
            node.set(attribute, self.to_text(value))

    def forget(self, node: ET.Element | None) -> None:
        """Take from a node what was written there beside the attribute, or the text, itself."""

    def knows(self, value: object) -> bool:
        """Whether a value that a definition has could be declared, too."""
        return True

    def resolve(self, value: NormalValue, host: Host) -> object:
        """The value to write on that host, where the user's stands for another."""
        return value

    def same(self, have: NormalValue, want: NormalValue, host: Host) -> bool:
        """Whether two values in normal form mean the same on that host."""
        return have == self.resolve(want, host)

    def show(self, value: NormalValue) -> NormalValue:
        """The value for people: in changes and diffs."""
        return value


class Verbatim(Converter):
    """Free text, of which space at the ends is a part too."""

    def decode(self, node: ET.Element, attribute: str | None) -> str | None:
        if attribute is not None:
            return node.get(attribute)
        return node.text if node.text and node.text.strip() else None


class Integer(Converter):
    """A whole number within bounds."""

    kind = "int"

    def __init__(self, minimum: int | None = None, maximum: int | None = None) -> None:
        self.minimum, self.maximum = minimum, maximum

    def parse(self, value: object) -> int:
        if not re.fullmatch(r"-?[0-9]+", digits(value)):
            raise ValueError(f"{printable(value)} is not a whole number")
        number = whole(digits(value))
        if self.minimum is not None and number < self.minimum:
            raise ValueError(f"{printable(number)} is less than {self.minimum}")
        if number > (MOST if self.maximum is None else self.maximum):
            raise ValueError(f"{printable(number)} is more than {MOST if self.maximum is None else self.maximum}")
        if number < LEAST:
            raise ValueError(f"{printable(number)} is less than {LEAST}")
        return number

    def from_text(self, text: str) -> int:
        return in_any_base(text, 10)


class Power(Integer):
    """A power of two."""

    def parse(self, value: object) -> int:
        number = super().parse(value)
        if number < 1 or number & (number - 1):
            raise ValueError(f"{printable(number)} is not a power of two, such as 256 or 1024")
        return number


class Number(Integer):
    """A whole number that may be written in any base, such as ``0x1f``; definitions have this one in base 16.

    :param width: digits that are written at least
    :param base: that of a number in a definition with nothing before it; 0 is as C has it (see in_any_base)
    """

    def __init__(self, width: int = 1, base: int = 0) -> None:
        super().__init__(0)
        self.width, self.base = width, base

    def parse(self, value: object) -> int:
        text = digits(value).lower()
        if re.fullmatch("0x[0-9a-f]+", text):
            return super().parse(whole(text, 16))
        return super().parse(value)

    def from_text(self, text: str) -> int:
        return in_any_base(text, self.base)

    def to_text(self, value: int) -> str:
        return f"0x{value:0{self.width}x}"


class AnyBase(Number):
    """A whole number that may be written in any base; definitions have this one in base 10."""

    def to_text(self, value: int) -> str:
        return str(value)


class Identifier(Number):
    """A number in base 16 that means nothing as a number, such as ``0x046d``. A user may leave ``0x`` out.

    In a definition a number without it is one of base 10, or 8 after a zero (see in_any_base).

    :param anything: whether -1 stands for any
    """

    kind = "str"

    def __init__(self, width: int = 1, anything: bool = False) -> None:
        super().__init__(width)
        self.anything = anything

    def parse(self, value: object) -> NormalValue:
        text = digits(value).lower()
        if self.anything and text == "-1":
            return text
        if isinstance(value, int) and not isinstance(value, bool) and value <= MOST:
            if value < 0:
                raise ValueError(f"{printable(value)} is not a number in base 16; write it like {self.to_text(1)}")
            return self.to_text(value)  # YAML reads 0x046d as a number.
        if not re.fullmatch("(0x)?[0-9a-f]{1,16}", text):
            raise ValueError(f"{printable(value)} is not a number in base 16; write it like {self.to_text(1)}")
        return self.to_text(int(text, 16))

    def from_text(self, text: str) -> NormalValue:
        return self.to_text(in_any_base(text)) if text.strip() != "-1" else "-1"

    def decode(self, node: ET.Element, attribute: str | None) -> NormalValue:
        return Converter.decode(self, node, attribute)

    def encode(self, node: ET.Element, attribute: str | None, value: NormalValue) -> None:
        node.set(t.cast(str, attribute), value)


class Boolean(Converter):
    """True or false, written by libvirt as one of two words."""

    kind = "bool"

    def __init__(self, true: str = "yes", false: str = "no") -> None:
        self.words = {True: true, False: false}

    def parse(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        text = digits(value)
        if text.lower() in TRUE or text.lower() in FALSE:
            return self.from_text(text)
        raise ValueError(
            "must be true or false" if is_unshown(value) else f"{printable(value)} is neither true nor false"
        )

    def from_text(self, text: str) -> bool:
        if text.lower() in TRUE:
            return True
        if text.lower() in FALSE:
            return False
        raise ValueError(f"{printable(text)} is neither true nor false")

    def to_text(self, value: bool) -> str:
        return self.words[value]


class Presence(Boolean):
    """True where the element is there at all, such as ``<acpi/>``."""

    presence = True

    def decode(self, node: ET.Element, attribute: str | None) -> bool:
        return True

    def encode(self, node: ET.Element, attribute: str | None, value: bool) -> None:
        """The element itself is the value."""


class Choice(Converter):
    """One of a few words.

    :param meant: what to say of other words that people may write, as they know them of other tools. ``on`` and ``off``
        stand for true and false, too, which is what YAML makes of them
    """

    def __init__(self, *choices: str, meant: t.Mapping[str, str] | None = None) -> None:
        self.choices = self.words = choices
        self.meant = meant or {}

    def parse(self, value: object) -> str:
        if isinstance(value, bool) and {"on", "off"} & set(self.words):
            value = "on" if value else "off"  # YAML reads the bare words as true and false.
        if not isinstance(value, str) or value not in self.words:
            beginning = "must be one of" if is_unshown(value) else f"{printable(value)} is not one of"
            raise ValueError(f"{beginning} {', '.join(self.words)}{self.hint(value)}")
        return str(value)

    def hint(self, value: object) -> str:
        """What may be meant by a value that is refused."""
        if isinstance(value, bool):
            yaml_reading = "; YAML makes true of on and yes" if value else "; YAML makes false of off and no"
            word = "on" if value else "off"
        elif isinstance(value, (int, float)) and digits(value) in self.words:
            return f"; YAML reads it as a number: put it into quotes, '{digits(value)}'"
        else:
            yaml_reading, word = "", value.strip().lower() if isinstance(value, str) else ""
        if word in self.meant:
            return f"{yaml_reading}; {self.meant[word]}"
        like = [] if yaml_reading else near(word, self.words)
        return f"; did you mean '{like[0]}'?" if like else yaml_reading

    def knows(self, value: object) -> bool:
        """A later libvirt may have more words."""
        return value is None or value in self.words


class CpuSet(Converter):
    """A set of numbers such as ``0-3,8``, in libvirt's own spelling; ``^2`` takes one out, as libvirt reads it."""

    def from_text(self, text: str) -> str:
        numbers: set[int] = set()
        work = 0
        for part in text.replace(" ", "").split(","):
            match = re.fullmatch(r"(\^?)([0-9]{1,9})(?:-([0-9]{1,9}))?", part)
            if (
                match is None
                or (match[1] and match[3])
                or int(match[3] or match[2]) - int(match[2]) not in range(65536)
            ):
                raise ValueError(f"{printable(text)} is not a set of numbers; write it like 0-3,8")
            work += int(match[3] or match[2]) - int(match[2]) + 1
            if work > 2**20:
                raise ValueError(f"{printable(text)} names more CPUs than any host has")
            if match[1]:
                numbers.discard(int(match[2]))
            else:
                numbers.update(range(int(match[2]), int(match[3] or match[2]) + 1))
        parts: list[list[int]] = []
        for number in sorted(numbers):
            if parts and parts[-1][1] == number - 1:
                parts[-1][1] = number
            else:
                parts.append([number, number])
        return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in parts)


TEXT = Converter()
