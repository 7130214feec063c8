# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send large files to a host over Ansible's own connection, for one task, and take them away again.

A file goes into a new folder in Ansible's temporary folder of the host (``remote_tmp``), as all that Ansible sends. A
run that is killed cannot take it away. So the control node notes it, in a file that it has locked meanwhile, and the
next run that sends to the host takes it away first.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shlex
import stat
import tempfile
import time
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable, readable

from ._images import cache
from ._progress import Watcher, twin

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase

MEBIBYTE = 1024**2

FOLDER = re.compile(r"(?:/[\w .@+:,=%~-]+)+/ansible-tmp-[0-9.-]+")
"""What Ansible calls its temporary folders on a host (_make_tmp_path). The host tells the path, and may lie."""

FREE = re.compile(r"[0-9]{1,18}")
"""The KiB that df tells."""


def is_temporary(path: object) -> bool:
    """Whether a path is one of a temporary folder of Ansible, which may be deleted with all that is in it."""
    return isinstance(path, str) and FOLDER.fullmatch(path) is not None and os.path.normpath(path) == path


class SendWatcher(Watcher):
    """Looks how much of a file has come to a host.

    :param remote: its path there
    :param name: what it is called in the lines
    :param total: its bytes
    """

    def __init__(self, action: object, host: str, seconds: float, remote: str, name: str, total: int) -> None:
        super().__init__(action, host, seconds)
        self.remote, self.name, self.total = remote, name, total
        self.begun = time.monotonic()

    def look(self) -> str:
        """What has come, in the form in which a host tells of its work."""
        result = twin(self.action)._low_level_execute_command(f"stat -c %s {shlex.quote(self.remote)}", sudoable=False)
        done = int(str(result.get("stdout") or "0").strip() or 0)
        passed = time.monotonic() - self.begun
        return json.dumps({"doing": f"sending {self.name}", "done": done, "total": self.total, "seconds": passed})


class Sending:
    """Sends files for a task. To be used as a context, at the end of which they are taken away.

    :param action: the action plugin
    :param host: the name of the host
    :param seconds: between two lines that say how far it is; None for no lines
    """

    def __init__(self, action: ActionBase, host: str, seconds: float | None) -> None:
        self.action, self.host, self.seconds = action, host, seconds
        self.folders: list[str] = []
        self.note: int | None = None
        self.note_path = ""

    def __enter__(self) -> Sending:
        return self

    def __exit__(self, *problem: object) -> None:
        gone = [self.remove(folder) for folder in self.folders]
        if self.note is not None:
            if all(gone):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self.note_path)
            os.close(self.note)

    def send(self, local: str, name: str) -> str:
        """Send a file; its path on the host. Raises VirtfleetError where that fails.

        :param name: what it is called in lines and messages
        """
        try:
            return self.sent(local, name)
        except AnsibleError as error:
            raise VirtfleetError(
                f"{name} could not be sent to this host: {readable(str(error).strip())}; nothing of it counts"
            ) from None
        except OSError as error:
            place = f": {error.filename}" if error.filename is not None else ""
            raise VirtfleetError(
                f"{name} could not be sent to this host: {error.strerror or readable(str(error))}{place}"
            ) from None

    def sent(self, local: str, name: str) -> str:
        """The same, with Ansible's own errors."""
        if self.note is None:
            self.begin_note()
        folder = str(self.action._make_tmp_path()).rstrip("/")
        self.action._connection._shell.tmpdir = None  # It is taken away here, and not with that of the module.
        if not is_temporary(folder):
            raise VirtfleetError(
                f"{name} could not be sent: the host {readable(self.host)} answered that its temporary folder is"
                f" {printable(folder)}, and Ansible calls none so; nothing was sent"
            )
        self.folders.append(folder)
        self.write_note()
        total = os.stat(local).st_size
        self.refuse_full(folder, total, name)
        remote = str(self.action._connection._shell.join_path(folder, "image"))
        watcher: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
        if self.seconds is not None:
            watcher = SendWatcher(self.action, self.host, self.seconds, remote, name, total)
        with watcher:
            self.action._transfer_file(local, remote)
        self.action._fixup_perms2((folder, remote))
        return remote

    def refuse_full(self, folder: str, total: int, name: str) -> None:
        """Raise VirtfleetError where the host has no room for a file. Where that cannot be told, it may have."""
        result = self.action._low_level_execute_command(f"df -Pk {shlex.quote(folder)}", sudoable=False)
        lines = str(result.get("stdout") or "").strip().splitlines()
        parts = lines[-1].split() if result.get("rc") == 0 and len(lines) > 1 else []
        free = int(parts[3]) * 1024 if len(parts) > 5 and FREE.fullmatch(parts[3]) else None
        if free is not None and free < total:
            raise VirtfleetError(
                f"there is no room for {name} in {os.path.dirname(folder)}, the temporary folder of Ansible on this"
                f" host: {free // MEBIBYTE} MiB are free, and it has {-(-total // MEBIBYTE)} MiB: make room, or name"
                " another folder in ansible_remote_tmp"
            )

    def remove(self, folder: str) -> bool:
        """Take away a folder of the host. Returns whether it is gone. What is no temporary folder is not touched."""
        if not is_temporary(folder):
            return True
        with contextlib.suppress(AnsibleError):  # The host is out of reach: the next run takes it away.
            command = self.action._connection._shell.remove(folder, recurse=True)
            return bool(self.action._low_level_execute_command(command, sudoable=False).get("rc") == 0)
        return False

    def begin_note(self) -> None:
        """Take away what runs left on the host that were killed, and begin to note what this one sends."""
        start = f"sent-{hashlib.sha256(self.host.encode('utf-8', 'surrogateescape')).hexdigest()[:32]}-"
        try:
            home = cache.kept_in()
        except VirtfleetError as error:
            raise VirtfleetError(f"on the control node: {error}") from None
        for name in sorted(os.listdir(home)):
            if name.startswith(start):
                self.clear_left(os.path.join(home, name))
        while True:
            self.note, self.note_path = tempfile.mkstemp(prefix=start, dir=home)
            fcntl.flock(self.note, fcntl.LOCK_EX)
            if cache.is_at(self.note, self.note_path):
                return
            os.close(self.note)  # Another run took it for one that was left, before it was locked.
            self.note = None

    def clear_left(self, path: str) -> None:
        """Take away what a run has left on the host, if it was killed."""
        with contextlib.suppress(FileNotFoundError, BlockingIOError):
            if not stat.S_ISREG(os.lstat(path).st_mode):
                return  # No run has made it.
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                gone = [self.remove(folder) for folder in noted(file.read())]
                if all(gone):
                    os.unlink(path)

    def write_note(self) -> None:
        """Note the folders that are on the host."""
        if self.note is not None:
            content = json.dumps(self.folders).encode()
            if os.pwrite(self.note, content, 0) < len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.note_path)
            os.fsync(self.note)


def noted(content: bytes) -> list[str]:
    """The temporary folders that a note has; none in one that was not written to its end, or by somebody else."""
    try:
        left = json.loads(content.decode())
    except (ValueError, RecursionError):
        return []
    return [folder for folder in left if is_temporary(folder)] if isinstance(left, list) else []
