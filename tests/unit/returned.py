# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of results, and those that a module's RETURN documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

ANSIBLES = {"changed", "diff", "failed", "invocation", "msg", "warnings"}
"""What every module may return, and Ansible documents (common return values)."""


def documented(module: Any) -> set[str]:
    """The keys that a module documents, each by its path, such as ``changes.path``."""
    return set(described(yaml.safe_load(module.RETURN)))


def described(entries: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """The paths of documented entries."""
    for name, entry in entries.items():
        yield f"{where}{name}"
        yield from described(entry.get("contains") or {}, f"{where}{name}.")


def returned(module: Any, *results: Mapping[str, Any]) -> set[str]:
    """The keys that results of a module have, each by its path.

    What an entry holds is looked at where the module documents a part of it: a dictionary by names of the user, or that
    of a declared item, has no keys of its own.
    """
    told = yaml.safe_load(module.RETURN)
    return {path for result in results for path in paths(result, told) if path not in ANSIBLES}


def paths(value: Mapping[str, Any], entries: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """The paths of what a dictionary holds."""
    for name, inner in value.items():
        yield f"{where}{name}"
        inside = entries.get(name, {}).get("contains")
        for one in inner if isinstance(inner, list) else [inner]:
            if inside and isinstance(one, dict):
                yield from paths(one, inside, f"{where}{name}.")
