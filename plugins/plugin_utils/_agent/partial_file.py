# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of the control node that comes in pieces."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import typing as t

from ansible.errors import AnsibleError

from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable


class PartialFile:
    """A file here that is there once all of it has come. To be used as a context.

    It comes beside the one that is there, which stays if not all of it comes. What is no file, such as a device or a
    link, is written to itself; so is a file in a folder that the user cannot write to.
    """

    def __init__(self, path: str) -> None:
        self.path = self.place = path
        self.file: t.IO[bytes] | None = None

    def open(self) -> t.IO[bytes]:
        """The file that is written to. A new one has the permissions of the one in whose place it comes."""
        mode = None
        with contextlib.suppress(FileNotFoundError):
            mode = os.lstat(self.path).st_mode
        if mode is not None and not stat.S_ISREG(mode):
            return open(self.path, "wb")
        self.place = os.path.join(os.path.dirname(self.path), f".virtfleet-{secrets.token_hex(8)}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            file = open(os.open(self.place, flags, 0o666), "wb")  # noqa: SIM115
        except PermissionError:
            # The user may write to the file, and not to its folder.
            self.place = self.path
            return open(self.path, "wb")
        if mode is not None:
            os.fchmod(file.fileno(), stat.S_IMODE(mode))
        return file

    def __enter__(self) -> PartialFile:
        return self

    def write(self, piece: bytes) -> None:
        """Write a piece. Raises AnsibleError."""
        try:
            if self.file is None:
                self.file = self.open()
            self.file.write(piece)
        except OSError as error:
            raise AnsibleError(f"the file {printable(self.path)} cannot be written: {error.strerror}") from None

    def __exit__(self, kind: type[BaseException] | None, *problem: object) -> None:
        if self.file is None:
            return
        try:
            self.file.close()
        except OSError as error:
            self.remove()
            raise AnsibleError(f"the file {printable(self.path)} cannot be written: {error.strerror}") from None
        if kind is not None:
            self.remove()
        elif self.place != self.path:
            self.put_in_place()

    def put_in_place(self) -> None:
        """Have the file in place of the one that was there. Raises AnsibleError."""
        try:
            os.replace(self.place, self.path)
        except OSError as error:
            self.remove()
            raise AnsibleError(f"the file {printable(self.path)} cannot be written: {error.strerror}") from None

    def remove(self) -> None:
        """Remove what has come."""
        if self.place != self.path:
            with contextlib.suppress(OSError):
                os.unlink(self.place)
