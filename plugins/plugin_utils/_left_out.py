# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What adopting leaves out of what a host has, for people."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label, readable
from ansible_collections.virtfleet.kvm.plugins.module_utils._shell_words import ShellWord
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

NOUNS = {"networks": "network", "pools": "pool", "volumes": "volume", "guests": "guest"}
"""What people call the items of each list."""

COMMANDS = {"networks": ("net-dumpxml", "net-define"), "pools": ("pool-dumpxml", "pool-define")}
"""The commands of virsh that print a definition, and keep it; for guests, they have no prefix."""


def left_out(
    found: t.Mapping[str, t.Sequence[t.Mapping[str, object]]], lists: t.Mapping[str, object] | None = None
) -> list[str]:
    """A sentence for each item of which something cannot be written, or nothing.

    :param found: by the names in NOUNS, what the modules that read have told
    :param lists: by the names of variables, such as ``kvm_guests`` or ``adopted_guests``, what is written: of what the
        inventory declares already, nothing is left out; None where all is written. Those that are transient are in
        them, too, unless they are declared
    """
    if not isinstance(found, dict) or not all(map(is_found, found.values())):
        raise VirtfleetError("left_out: give a dictionary with a list of what was found for each kind")
    lines = []
    for kind, items in found.items():
        for item in items:
            called = f"{NOUNS.get(kind) or label(kind)} {label(item.get('name'))}"
            secrets, uncovered, refused = (item.get(part) or [] for part in ("secrets", "uncovered", "refused"))
            if refused:
                lines.append(f"{called} was not written: {'; '.join(refused)}")
                continue
            if lists is not None and identity(item) not in written(lists, kind):
                continue
            if item.get("persistent") is False:
                lines.append(transient(kind, item))
                continue
            if secrets:
                verb, it = ("is", "it") if len(secrets) == 1 else ("are", "them")
                noun = NOUNS.get(kind) or label(kind)
                lines.append(
                    f"{called}: {', '.join(secrets)} {verb} left out, as secrets are; the {noun} keeps {it}. Write {it}"
                    f" only if the {noun} is to be rebuilt from the inventory"
                )
            if uncovered:
                lines.append(f"{called}: no option holds {', '.join(uncovered)}, which stays on the host as it is")
    return [readable(line) for line in lines]


def transient(kind: str, item: t.Mapping[str, object]) -> str:
    """Why something is not written that is gone once it stops, and how to keep it: site would make it persistent.

    :param kind: a name in NOUNS
    """
    noun = NOUNS.get(kind) or label(kind)
    show, define = COMMANDS.get(kind, ("dumpxml", "define"))
    name = f"{ShellWord(item.get('name')):sh}"
    return (
        f"{noun} {label(item.get('name'))} was not written: it is transient, so it is gone once it stops. To keep it,"
        f" declare it yourself, or make it persistent and adopt again:"
        f" virsh {show} --inactive {name} > {noun}.xml && virsh {define} {noun}.xml"
    )


def written(lists: Variables, kind: str) -> list[tuple[object, object]]:
    """What the items of one kind that are written are known by.

    :param lists: by the names of variables, what is written
    :param kind: a name in NOUNS
    """
    found = [lists.get(f"{prefix}_{kind}") for prefix in ("kvm", "adopted")]
    return [identity(item) for items in found for item in items or [] if isinstance(item, dict)]


def identity(item: t.Mapping[str, object]) -> tuple[object, object]:
    """What an item is known by among those of its kind on a host: its name, and its pool if it is a volume."""
    return item.get("name"), item.get("pool")


def is_found(items: object) -> bool:
    """Whether something is a list of what a module that reads has told of resources."""
    return isinstance(items, (list, tuple)) and all(
        isinstance(item, dict) and all(are_texts(item.get(part)) for part in ("secrets", "uncovered", "refused"))
        for item in items
    )


def are_texts(parts: object) -> bool:
    """Whether something is a list of texts, or left out."""
    return parts is None or (isinstance(parts, (list, tuple)) and all(isinstance(part, str) for part in parts))
