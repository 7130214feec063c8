# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial's folder in /run notes, once more on the disk: somebody may remove /run/virtfleet while it is open.

A trial whose folder is gone is taken back, unless the journal says that it is kept.
"""

from __future__ import annotations

import errno
import os
import typing as t

from . import files, journal
from .shapes import State

Notes = t.Dict[str, str]  # noqa: UP006 - this runs with the Python of the host
"""Texts by the names of their files."""

OF_RUN = ("saved.json", "made.json", "outcome.json")
"""Notes that say nothing without the rest of the folder."""
REASON = "what this host notes of an open change in /run/virtfleet was removed"


def place() -> str:
    """The folder on the disk. It goes with the trial."""
    return os.path.join(journal.DISK, "open")


def collect(folder: str) -> Notes:
    """The notes in a folder. Raises OSError.

    :param folder: that of a trial, or ``place``
    """
    names = [name for name in files.listed(folder) if name.endswith(".json") and name not in OF_RUN]
    return {name: files.read(os.path.join(folder, name)) for name in names}


def save(folder: str) -> Notes:
    """Have the notes of a trial on the disk, where they are not yet. Returns them. Raises OSError.

    :param folder: that of the trial
    """
    there, known = collect(folder), collect(place())
    files.make_folder(place(), 0o700)
    for name, text in there.items():
        if known.get(name) != text:
            files.write(os.path.join(place(), name), text)
    return there


def state() -> State:
    """What the disk notes of an open trial; empty where there is none, or it has ended."""
    found = files.load(os.path.join(place(), "state.json"))
    ended = files.load(os.path.join(files.LAST, "outcome.json")).get("id")
    return {} if found.get("id") == ended else found


def lay_out(folder: str, notes: Notes) -> str:
    """Make the folder of a trial anew. Returns the state that it is in then. Raises OSError.

    :param folder: that of the trial
    :param notes: what was noted of it
    """
    files.make_folder(folder, 0o700)
    for name in files.listed(folder):
        if name.startswith(("at.", "ask.")):
            files.unlink(os.path.join(folder, name))
    for name, text in notes.items():
        files.write(os.path.join(folder, name), text)
    for name in ("reason", "outcome"):
        files.reserve(os.path.join(folder, name))
    files.overwrite(os.path.join(folder, "reason"), REASON)
    trial = files.load(os.path.join(folder, "state.json")).get("id")
    if not trial:
        raise OSError(errno.ENOENT, "nothing notes any more what the change was", folder)
    verdict = "confirming" if journal.is_kept(trial) else "rolling-back"
    files.create(os.path.join(folder, f"at.{verdict}"), "")
    return verdict


def bring_back(folder: str) -> str:
    """Make the folder of a trial anew from what the disk notes. Returns its state, empty where there is nothing.

    Raises OSError.

    :param folder: that of the trial
    """
    return lay_out(folder, collect(place())) if state() else ""


def forget() -> None:
    """Leave nothing on the disk. Raises OSError."""
    files.remove_folder(place())
