# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the file of the inventory plugin says. Ansible takes any name without a word, so slips are refused here."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import near
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import ReadOnlyItem
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import named, printable

LISTS = {"groups_by": "groups", "address_sources": "sources of addresses", "families": "address families"}
"""Options that are a list of words out of few."""

POSITIVE = ("timeout", "forks")
"""Options that are a number above zero."""


Option = ReadOnlyItem
"""An option, as the documentation of the plugin says what it takes."""


def problems(config: object, options: t.Mapping[str, Option]) -> list[str]:
    """What is wrong with the content of the file, a sentence each.

    :param config: what is in it
    :param options: the plugin's options, as they are documented
    """
    if not isinstance(config, dict):
        return [f"the file holds {printable(config)}, not options; the first one is 'plugin: virtfleet.kvm.guests'"]
    found = []
    for name, value in config.items():
        if name == "plugin":  # Ansible itself sees to it.
            continue
        if name not in options:
            found.append(unknown(name, list(options)))
        elif options[name].get("suboptions") and isinstance(value, list):
            for place, item in enumerate(value):
                inner = options[name]["suboptions"]
                wrong = [key for key in item if key not in inner] if isinstance(item, dict) else []
                found += [f"{name}[{place}].{unknown(key, list(inner))}" for key in wrong]
        else:
            problem = problem_of(name, value, options[name])
            found += [f"{name}: {problem}"] if problem else []
    return found


def unknown(name: object, known: t.Sequence[str]) -> str:
    """That there is no such option, with the one that may be meant."""
    like = near(name, [one for one in known if not one.startswith("_")])
    return f"{named(name)}: no such option{f'; did you mean {printable(like[0])}?' if like else ''}"


def problem_of(name: str, value: object, option: Option) -> str | None:
    """What is wrong with one value; None where nothing is, or Ansible says so itself."""
    choices = option.get("choices") or []
    if name in LISTS:
        words = value if isinstance(value, list) else [value]
        wrong = [word for word in words if word not in choices]
        return f"{printable(wrong[0])} is none of the {LISTS[name]}: {', '.join(choices)}" if wrong else None
    if choices and value not in choices:
        return f"{printable(value)} is not one of {', '.join(choices)}"
    if name in POSITIVE and not (isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0):
        return f"{printable(value)} is not possible here; write a number above 0"
    if option.get("type") == "bool" and not isinstance(value, bool):
        return f"{printable(value)} is not possible here; write true or false"
    if option.get("type") == "dict" and not isinstance(value, dict):
        return f"{printable(value)} is not possible here; write names with an expression each"
    return None
