# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which devices ifupdown configures, by all the files that it reads (interfaces(5)), also under other names."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
import typing as t

from .._engine.rows.model import Item
from .._errors import Invalid
from .facts import Facts
from .reading import text_or_nothing

SOURCES = ("source", "source-directory", "source-dir")
SOURCED = re.compile(r"[a-zA-Z0-9_-]+")
"""The names of files that are read of a folder; others are left out."""
MEMBERS = ("bridge_ports", "bridge-ports", "bond_slaves", "bond-slaves", "slaves")
"""The options by which a bridge or bond names its ports (bridge-utils-interfaces(5))."""
STARTED = re.compile(r"auto|allow-\S+")


def lines(path: str, folders: t.Iterable[str] = ()) -> t.Iterator[list[str]]:
    """The words of each line of a file and of all that it sources.

    :param folders: whose files are read as well
    """
    paths = [path, *(file for folder in folders for file in sorted(glob.glob(f"{folder}/*")))]
    for each in paths:  # It grows by what these name.
        for words in map(str.split, text_or_nothing(each).replace("\\\n", " ").splitlines()):
            if not words or words[0].startswith("#"):
                continue
            if words[0] in SOURCES:
                found = [place for word in words[1:] for place in glob.glob(os.path.join(os.path.dirname(each), word))]
                if words[0] != "source":
                    inside = [file for place in found for file in glob.glob(os.path.join(glob.escape(place), "*"))]
                    found = [file for file in inside if SOURCED.fullmatch(os.path.basename(file))]
                paths += [file for file in sorted(found) if file not in paths]
            else:
                yield words


def configured(word_lists: t.Iterable[t.Sequence[str]], state: str, devices: t.Collection[str]) -> set[str]:
    """The devices that are configured, or made ports of something.

    :param word_lists: the words of each line
    :param state: what ifupdown notes of those that it has configured, each with the name of what it goes by
    :param devices: those of the host
    """
    described: set[str] = set()
    members: set[str] = set()
    patterns: set[str] = set()
    started = [line.strip() for line in state.splitlines()]
    for words in word_lists:
        if words[0] == "iface" and len(words) > 1:
            # eno1:1 is a second address of eno1.
            described.add(words[1].partition(":")[0])
        elif STARTED.fullmatch(words[0]):
            started += words[1:]
        elif words[0] == "mapping":
            patterns.update(words[1:])
        elif words[0] in MEMBERS:
            members.update(words[1:])
    for word in started:
        name, _sign, logical = word.partition("=")
        if logical in described:
            # '/eno*/1' is the second device of that pattern: which one that is depends on the others.
            patterns.add(name.split("/")[1] if name.startswith("/") else name)
    named = {device for device in devices for pattern in patterns if fnmatch.fnmatchcase(device, pattern)}
    # Those that are described count without being there yet.
    return (described | named | (members & {*devices})) - {"lo"}


def refuse(item: Item, facts: Facts) -> None:
    """Raise Invalid for a link that ifupdown makes itself."""
    name = item["name"]
    if name not in facts.ifupdown or (item["state"] == "absent" and name not in facts.devices):
        return
    why = "is configured by ifupdown, whose configuration is not changed here: take it out of /etc/network/interfaces"
    raise Invalid("state" if item["state"] == "absent" else "name", f"{why} and what that sources (ifdown {name})")
