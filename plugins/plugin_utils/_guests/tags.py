# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags of a guest, in its metadata.

libvirt keeps elements of other programs in a guest's metadata, each in a namespace of its own. One that is called
``tags`` is taken as words, or as elements with a word each: ``<tags xmlns="https://example.com/tags">web prod</tags>``,
``<t:tags xmlns:t="https://example.com/tags"><t:tag>web</t:tag></t:tags>``.
"""

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree as ET


def of_definition(root: ET.Element) -> list[str]:
    """The tags in a guest's definition."""
    return of_elements(root.iterfind("metadata/*"))


def of_declaration(metadata: object) -> list[str]:
    """The tags in the option ``metadata`` of a guest. What is no XML is refused elsewhere."""
    found = []
    for text in metadata if isinstance(metadata, (list, tuple)) else ():
        try:
            found.append(ET.fromstring(str(text)))
        except (ET.ParseError, ValueError):
            continue
    return of_elements(found)


def of_elements(elements: t.Iterable[ET.Element]) -> list[str]:
    """The words in elements that are called ``tags``, each once."""
    texts = [text for element in elements if element.tag.rpartition("}")[2] == "tags" for text in element.itertext()]
    return list(dict.fromkeys(word for text in texts for word in re.split(r"[\s,]+", text) if word))
