# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The field tables of all resources and what they are made of, for the tools that generate files from them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "plugins"))

from module_utils._engine import converters, paths, rows  # noqa: E402
from module_utils._engine.converters import addresses, basic, names, servers, sizes  # noqa: E402
from module_utils._engine.rows import variant  # noqa: E402
from module_utils._engine.table import Table  # noqa: E402
from module_utils._fleet import layers  # noqa: E402
from module_utils._hostnet import table as links  # noqa: E402
from module_utils._hostnet.table import LINK  # noqa: E402
from module_utils._kinds import site_parts  # noqa: E402
from module_utils._kinds.domain import converters as domain_values  # noqa: E402
from module_utils._kinds.domain.cloud_init import values as cloud_init  # noqa: E402
from module_utils._kinds.network import rules  # noqa: E402
from module_utils._kinds.secret import values as secret_values  # noqa: E402
from module_utils._kinds.shared import storage_values  # noqa: E402
from module_utils._kinds.snapshot import table as snapshots  # noqa: E402
from module_utils._kinds.volume import storage_rules  # noqa: E402

__all__ = [
    "LINK",
    "PARTS",
    "ROOT",
    "TABLES",
    "Table",
    "addresses",
    "as_markdown",
    "as_text",
    "basic",
    "cloud_init",
    "converters",
    "described",
    "domain_values",
    "layers",
    "links",
    "names",
    "paths",
    "rows",
    "rules",
    "secret_values",
    "servers",
    "site_parts",
    "sizes",
    "snapshots",
    "storage_rules",
    "storage_values",
    "variant",
]

PARTS = {part.kind: part for part in sorted(site_parts.site_parts(), key=lambda part: part.kind)}
"""What the site knows of each kind of resource, by its name."""

TABLES: dict[str, Table] = {"link": LINK, **{kind: part.table for kind, part in PARTS.items()}}
"""The tables of all resources, by the name of the kind."""

MARKUP = re.compile(r"\b([VOCMPIBE])\(((?:[^()\\]|\\.|\([^()]*\))*)\)")
"""Ansible's markup of documentation, such as ``V(2GiB)`` and ``O(config[].disks)``."""


def words_of(match: re.Match[str]) -> list[str]:
    """What one piece of markup says: an option by its path from the item on, and its module if that is named."""
    said = re.sub(r"\\(.)", r"\1", match[2])
    plugin, _hash, option = said.partition("#module:")
    if match[1] == "O" and option and option != "config":
        return [option.removeprefix("config[]."), plugin]
    return [said.partition("#")[0] if match[1] in "MP" else (option or said).removeprefix("config[].")]


def described(option: dict[str, Any]) -> str:
    """The description of an option in Ansible's markup, as one text."""
    said = option["description"]
    return said if isinstance(said, str) else " ".join(said)


def as_text(description: str) -> str:
    """A description without markup."""
    return MARKUP.sub(lambda match: " of ".join(words_of(match)), description)


def as_markdown(description: str) -> str:
    """A description in Markdown: what has markup stands as code."""
    parts, end = [], 0
    for match in MARKUP.finditer(description):
        parts += [escaped(description[end : match.start()]), " of ".join(f"`{word}`" for word in words_of(match))]
        end = match.end()
    return "".join([*parts, escaped(description[end:])])


def escaped(text: str) -> str:
    """Plain text so that Markdown takes none of it for markup of its own."""
    return re.sub(r"([\\`*_<>|#])", r"\\\1", text)
