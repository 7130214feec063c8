# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what modules return into their RETURN, from returns.yml.

RETURN must be static text, and what several modules return is described once. Run this after a change to returns.yml; a
unit test fails while the two differ.
"""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(__file__).with_suffix(".yml")
BLOCK = re.compile(r'^RETURN = r"""\n.*?^"""\n', re.MULTILINE | re.DOTALL)
"""The part of a module's file that is written here."""

HEAD = "# Written by tests/tools/returns.py, from returns.yml beside it.\n"


def source() -> dict[str, Any]:
    """What returns.yml says."""
    told: dict[str, Any] = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return told


MODULES = tuple(source()["modules"])
"""The modules whose RETURN is written here."""


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """A dictionary laid over another one, key by key; None takes a key away."""
    found = dict(under)
    for name, value in over.items():
        if isinstance(value, dict) and isinstance(found.get(name), dict):
            found[name] = merged(found[name], value)
        elif value is None:
            del found[name]
        else:
            found[name] = value
    return found


def worded(value: Any, words: dict[str, str]) -> Any:
    """A value with words in place of their names. Raises KeyError for a word that there is not."""
    if isinstance(value, str):
        return string.Template(value).substitute(words)
    if isinstance(value, list):
        return [worded(inner, words) for inner in value]
    if isinstance(value, dict):
        return {worded(name, words): worded(inner, words) for name, inner in value.items()}
    return value


def entries(module: str) -> dict[str, Any]:
    """What a module returns, as Ansible describes it."""
    told = source()
    known = told["modules"][module]
    noun = known["words"]["noun"]
    words = {"nouns": f"{noun}s", "Nouns": f"{noun.capitalize()}s", **known["words"]}
    first, last = ([told["shared"][name] for name in known.get(part, ())] for part in ("shared", "last"))
    found: dict[str, Any] = {}
    for part in (*first, known.get("own", {}), *last):
        found = merged(found, worded(part, words))
    return found


def path(module: str) -> Path:
    """The file of a module."""
    return ROOT / "plugins" / "modules" / f"{module}.py"


def written(module: str) -> str:
    """The text of a module's file, with what it returns. Raises ValueError where the file has no RETURN."""
    text = path(module).read_text(encoding="utf-8")
    body = yaml.safe_dump(entries(module), sort_keys=False, width=100, allow_unicode=True)
    block = f'RETURN = r"""\n{HEAD}{body}"""\n'
    found, count = BLOCK.subn(lambda _match: block, text)
    if count != 1:
        raise ValueError(f'{path(module)}: has {count} RETURN = r""", and must have one')
    return found


if __name__ == "__main__":
    for each in MODULES:
        path(each).write_text(written(each), encoding="utf-8")
