# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several links, or a link and a guest, claim of a host's cards of which each has but one. Pure.

The fleet's check asks it of what is written, the plan of a host's links of what is parsed.
"""

from __future__ import annotations

import typing as t

PORTS_OF = ("bridge", "bond")
"""The types of links that have ports, for themselves alone."""

WrittenLink = t.Mapping[str, object]


def owners(links: t.Iterable[WrittenLink]) -> dict[str, list[tuple[str, str]]]:
    """The bridges and bonds that are to have a device as their port, each as type and name, by the device.

    :param links: items as they were written, or parsed; what is no text is refused elsewhere
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for link in links:
        kind, name, ports = link.get("type"), link.get("name"), link.get("ports")
        # A value that is not defined cannot be compared.
        absent = is_text(link.get("state")) and link["state"] == "absent"
        if absent or not is_text(kind) or kind not in PORTS_OF or not isinstance(name, str):
            continue
        for port in dict.fromkeys(filter(is_text, ports if isinstance(ports, (list, tuple)) else ())):
            if (kind, name) not in found.setdefault(port, []):
                found[port].append((str(kind), name))
    return found


def is_text(value: object) -> bool:
    return isinstance(value, str)


def of_several(port: str, having: t.Sequence[tuple[str, str]]) -> str | None:
    """What is wrong with a port that several links are to have; None where one has it."""
    if len({name for _kind, name in having}) < 2:
        return None
    named = " and of ".join(f"the {kind} {name}" for kind, name in having)
    return f"{port} is to be a port of {named}, and can be one of either only: take it out of the ports of the others"
