# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The label of a fleet: the same for all who work on it, another for another fleet."""

from __future__ import annotations

import configparser
import os
import re

INVENTORIES = ("inventory", "inventories")
"""Names of folders that say nothing of what the fleet is called."""

LONGEST = 64
"""How many characters a label has at most."""


def fleet_owner(folder: str) -> str:
    """The label of the fleet whose inventory is in a folder.

    In a git repository with a remote ``origin``, its last two names: ``ops/fleet`` of
    ``git@git.example.com:ops/fleet.git``. Else the name of the repository's folder, or of the folder with the
    inventory.

    :param folder: the folder of the inventory
    """
    if not folder:
        return ""
    place = os.path.realpath(folder)
    parts = place.strip(os.sep).split(os.sep)
    for length in range(len(parts), 0, -1):
        root = os.sep + os.path.join(*parts[:length])
        if os.path.exists(os.path.join(root, ".git")):
            return label(origin(root) or os.path.basename(root))
    named = [part for part in parts if part not in INVENTORIES]
    return label(named[-1] if named else "")


def label(text: str) -> str:
    """A text in the letters that a label has."""
    return re.sub(r"[^A-Za-z0-9._/-]+", "-", text).strip("-/")[-LONGEST:]


def origin(root: str) -> str:
    """The last two names of the remote ``origin`` of a repository (git-config(1)); empty without one."""
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        with open(os.path.join(common(root), "config"), encoding="utf-8", errors="replace") as file:
            parser.read_string("\n".join(line.strip() for line in file))
        url = parser.get('remote "origin"', "url", fallback="") or ""
    except (OSError, configparser.Error):
        return ""
    names = [name for name in re.split(r"[/:\\]+", url.rstrip("/").removesuffix(".git")) if name]
    return "/".join(names[-2:])


def common(root: str) -> str:
    """The folder in which a repository keeps its configuration. A worktree has it elsewhere."""
    path = os.path.join(root, ".git")
    if os.path.isdir(path):
        return path
    with open(path, encoding="utf-8", errors="replace") as file:
        path = os.path.join(root, file.read().removeprefix("gitdir:").strip())
    try:
        with open(os.path.join(path, "commondir"), encoding="utf-8", errors="replace") as file:
            return os.path.join(path, file.read().strip())
    except OSError:
        return path
