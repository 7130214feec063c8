# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secrets that a user declared, and messages without them."""

from __future__ import annotations

import re
import typing as t

from ._printing import ASSIGNED, BITS, HINT, LOGIN, SECRET, URL, UUID, secret_name
from ._xml_outline import OWN_WORDS, secrets_of


def hushed(text: str, secrets: t.Iterable[str]) -> str:
    """A message without secrets that are known, should others have put them there. Words of messages stay."""
    for secret in sorted(set(secrets) - OWN_WORDS, key=len, reverse=True):
        text = text.replace(secret, SECRET)
    return text


def secrets_in(value: object) -> set[str]:
    """The secrets in a declaration: values whose names tell, and parts of URLs. Short ones are left out.

    They are looked for wherever a message is about to be shown that others may have written.
    """
    found: set[str] = set()
    seen: set[tuple[int, bool]] = set()
    left: list[tuple[object, bool]] = [(value, False)]
    while left:
        one, secret = left.pop()
        if isinstance(one, (dict, list, tuple, set, frozenset)):
            if (id(one), secret) in seen:
                continue
            seen.add((id(one), secret))
            pairs = one.items() if isinstance(one, dict) else ((None, inner) for inner in one)
            if isinstance(one, dict) and isinstance(one.get("xml"), str):
                found.update(secrets_of(one["xml"]))
            values = VALUES if isinstance(one, dict) and "usage" in one else ()
            left += [
                (inner, secret or name in values or (secret_name(name) and not refers(inner))) for name, inner in pairs
            ]
        elif isinstance(one, (str, int, float)) and not isinstance(one, bool):
            if isinstance(one, int) and one.bit_length() > BITS:
                continue
            text = str(one)
            found.update([text] if secret and not UUID.fullmatch(text) else secret_parts(text))
    return {secret for secret in found if len(secret) >= SHORT}


REFERENCE = frozenset(("type", "usage", "uuid"))
"""Options that only say which of libvirt's secrets is meant."""


def refers(value: object) -> bool:
    """Whether a value names one of libvirt's secrets, as ``secret`` of ``auth`` does, or several."""
    named = value if isinstance(value, (list, tuple)) else [value]
    return bool(named) and all(isinstance(one, dict) and one and one.keys() <= REFERENCE for one in named)


VALUES = ("value", "value_base64")
"""Options with the value of a secret of libvirt's, beside its usage."""

SHORT = 6
"""Secrets of fewer characters are not looked for in messages: they may be part of any word."""


def secret_parts(text: str) -> t.Iterator[str]:
    """The parts of a text that ``masked`` would leave out."""
    if "@" in text:
        yield from (found[0][:-1].partition(":")[2] for found in LOGIN.finditer(text))
    for found in URL.finditer(text) if "://" in text else ():
        _scheme, user, _place, query, fragment = found.groups()
        if user:
            yield from (user[:-1], user[:-1].partition(":")[2])
        for part in (query, fragment):
            if part:
                yield from (part[1:], *(value for value in re.split("[?#&=;]|%3[fF]", part)))
    if HINT.search(text):
        for pattern in ASSIGNED:
            for match in pattern.finditer(text):
                yield match[2].strip("\"'")
