# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of OpenPGP that are made for a test, and what is signed with them, by the real gpg."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

THEN = "20200101T000000"
"""When the key is made that has expired since."""


class Keys:
    """Keys in a folder of their own, by the names of their owners."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def gpg(self, *words: str, given: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self.folder), "--batch", "--quiet", "--no-tty", "--passphrase", ""]
        done = subprocess.run([*command, *words], input=given, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(self, name: str, *more: str, expires: str = "never") -> str:
        """Make a key; its fingerprint."""
        self.gpg(*more, "--quick-generate-key", f"{name}@example.com", "ed25519", "sign", expires)
        lines = self.gpg("--with-colons", "--list-keys", f"{name}@example.com").decode().splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr:"))

    def revoke(self, fingerprint: str) -> None:
        """Revoke a key by the certificate that gpg made with it."""
        text = (self.folder / f"openpgp-revocs.d/{fingerprint}.rev").read_text().replace(":-----", "-----")
        self.gpg("--import", given=text.encode())

    def keyring(self, *names: str) -> bytes:
        """A keyring with some of the keys."""
        return self.gpg("--export", *(f"{name}@example.com" for name in names))

    def around(self, content: bytes, *names: str) -> bytes:
        """A text with its signatures around it."""
        return self.gpg(*self.of(names), "--clearsign", given=content)

    def beside(self, content: bytes, *names: str, then: str | None = None) -> bytes:
        """Signatures of some content, in a file of their own."""
        when = () if then is None else ("--faked-system-time", then)
        return self.gpg(*when, *self.of(names), "--detach-sign", given=content)

    @staticmethod
    def of(names: tuple[str, ...]) -> list[str]:
        return [word for name in names for word in ("--local-user", f"{name}@example.com")]


@contextlib.contextmanager
def made_keys() -> Iterator[Keys]:
    """Keys, gone at the end. Skips the test where there is no gpg."""
    for program in ("gpg", "gpgv"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing here")
    # The path of the agent's socket must not be long.
    with tempfile.TemporaryDirectory(prefix="gpg.") as folder:
        try:
            yield Keys(Path(folder))
        finally:
            subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False, capture_output=True)
