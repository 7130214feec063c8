# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pools and volumes of a host the collection made. libvirt has no place in them to say so.

One small file on the host, written whole under another name and then renamed, so that it is either
the old or the new one. What it does not name is somebody else's and is never removed; nor is what has
the name but is another thing than the one that was noted (see purge).
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import typing as t

from .._errors import VirtfleetError

FOLDER = "/var/lib/virtfleet"
NAME = "storage.json"
PASSING = ("test:",)
"""Where nothing is noted: what libvirt's test driver made is gone with the connection."""

Entries = dict[str, dict[str, t.Any]]


class Manifest:
    """What the collection made with one libvirt.

    :param uri: the connection's URI
    :param folder: where the file is
    """

    def __init__(self, uri: str, folder: str | None = None) -> None:
        self.uri = uri
        self.folder = folder or default_folder()
        self.kept = not uri.startswith(PASSING)

    @property
    def path(self) -> str:
        return os.path.join(self.folder, NAME)

    def entries(self, kind: str) -> Entries:
        """What was made of one kind, ``pools`` or ``volumes``, by identity."""
        return t.cast(Entries, self.read().get(self.uri, {}).get(kind, {}))

    def read(self) -> dict[str, t.Any]:
        """The whole file. Raises VirtfleetError where it is damaged, rather than forget what is ours."""
        try:
            with open(self.path, encoding="utf-8") as file:
                content = json.load(file)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise VirtfleetError(
                f"the list of what this collection made, {self.path}, cannot be read: {error};"
                " put back a good copy, or remove it: then nothing that is there counts as made by it"
            ) from None
        if not isinstance(content, dict):
            raise VirtfleetError(f"the list of what this collection made, {self.path}, is damaged; remove it")
        return content

    def put(self, kind: str, name: str, **facts: t.Any) -> None:
        """Note a resource as made, or change what is noted of it."""
        with self.changing() as content:
            content.setdefault(self.uri, {}).setdefault(kind, {})[name] = facts

    def drop(self, kind: str, name: str) -> None:
        """Forget a resource."""
        if self.kept and name in self.entries(kind):
            with self.changing() as content:
                content.get(self.uri, {}).get(kind, {}).pop(name, None)

    @contextlib.contextmanager
    def changing(self) -> t.Iterator[dict[str, t.Any]]:
        """The content to be changed, by one process at a time."""
        if not self.kept:
            yield {}
            return
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        handle = os.open(os.path.join(self.folder, ".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with open(handle, "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content = self.read()
            yield content
            temporary = f"{self.path}.new"
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=1, sort_keys=True)
                file.write("\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)


def default_folder() -> str:
    """The host's folder; for a user who is not root, one of the user's own."""
    if os.geteuid() == 0:
        return FOLDER
    return os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "virtfleet")
