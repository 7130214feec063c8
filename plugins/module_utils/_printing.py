# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as people may read them in a message. Nothing else in the collection puts a user's value into text."""

from __future__ import annotations

import re
import typing as t

LONGEST = 80
"""How many characters of a value a message shows."""

URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)([^\s/?#]*@)?([^\s?#]*)(\?[^\s#]*)?(#\S*)?")
"""A URL with its user info, its place, its query and its fragment (RFC 3986, section 3)."""


def masked_url(text: str) -> str:
    """A text in which every URL has lost what may be secret: user info, query and fragment.

    >>> masked_url("https://user:pw@host/x.qcow2?X-Amz-Signature=abc")
    'https://***@host/x.qcow2?***'
    """

    def mask(found: re.Match[str]) -> str:
        scheme, user, place, query, fragment = found.groups()
        return scheme + ("***@" if user else "") + place + ("?***" if query else "") + ("#***" if fragment else "")

    return URL.sub(mask, text)


def printable(value: t.Any) -> str:
    """A value in words: a plain one in quotes and cut to a bearable length, a container only by its type.

    A container may hold a secret anywhere, so nothing of it is shown.
    """
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a dictionary"
    if isinstance(value, (list, tuple, set, frozenset)):
        return "a list"
    if isinstance(value, (bytes, bytearray)):
        return "bytes"
    text = masked_url(str(value))
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return repr(shown) if isinstance(value, str) else shown
