# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of XML that somebody wrote by hand libvirt's schema does not take.

The schema itself names an element around it at best, such as ``devices``. So parts are taken out of the definition to
come, one after the other: that one is to blame without which it is right.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from .._engine import paths
from .._printing import named

TakesXml = t.Callable[[str], bool]

MOST = 100
"""How often the schema is asked about one definition; each time takes some 25 ms."""


class XmlBlame:
    """Looks for the part of XML by hand that is to blame.

    :param text: the definition to come, which has that part
    :param by_hand: the XML, below an element of the definition's own tag (see Fragment.piece)
    :param right: tells whether the schema takes a definition
    """

    def __init__(self, text: str, by_hand: ET.Element, right: TakesXml) -> None:
        self.root, self.by_hand, self.right = ET.fromstring(text), by_hand, right
        self.left = MOST

    def found(self) -> str | None:
        """The smallest such part, for people; None where it cannot be told."""
        return self.within(self.by_hand, self.root)

    def within(self, given: ET.Element, there: ET.Element) -> str | None:
        """The part to blame of what is inside an element.

        :param given: the element as it was written
        :param there: the same in the definition
        """
        for child in given:
            for match in there.findall(child.tag):
                if not child.attrib.items() <= match.attrib.items():
                    continue
                place = list(there).index(match)
                there.remove(match)
                mends = self.is_right()
                there.insert(place, match)
                smaller = self.within(child, match) or self.of_itself(child, match)
                if mends or smaller:
                    inside = f" in <{tag(given)}>" if given is not self.by_hand else ""
                    return smaller or f"<{tag(child)}>{inside}"
        return None

    def of_itself(self, given: ET.Element, there: ET.Element) -> str | None:
        """The attribute, or the text, of an element that is to blame."""
        for name in given.attrib:
            value = there.attrib.pop(name)
            mends = self.is_right()
            there.set(name, value)
            if mends:
                return f"{named(name)} of <{tag(given)}>"
        if (given.text or "").strip() and len(given):
            text, there.text = there.text, None
            mends = self.is_right()
            there.text = text
            if mends:
                return f"the text in <{tag(given)}>"
        return None

    def is_right(self) -> bool:
        """Whether the definition is right as it is now."""
        self.left -= 1
        return self.left >= 0 and self.right(paths.text(self.root))


def tag(element: ET.Element) -> str:
    """The name of an element, without its namespace."""
    return named(str(element.tag).rpartition("}")[2])
