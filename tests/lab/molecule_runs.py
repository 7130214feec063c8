# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of molecule in a checkout, wherever that is."""

from __future__ import annotations

import abc
import subprocess
import time
import typing as t


class MoleculeRuns(abc.ABC):
    """Runs molecule, as ``command`` starts it."""

    @abc.abstractmethod
    def command(self, *words: str) -> list[str]:
        """A command of molecule, as this machine starts it."""

    @property
    def options(self) -> dict[str, t.Any]:
        """What the process gets besides its words, such as the folder that it begins in."""
        return {}

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of molecule as a group of processes of its own, as a terminal does."""
        nothing = subprocess.DEVNULL
        return subprocess.Popen(
            self.command(*words), stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True, **self.options
        )

    def run(self, *words: str, timeout: float = 2400) -> tuple[int, str]:
        """The exit code of a command of molecule, and what it printed."""
        done = subprocess.run(
            self.command(*words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
            **self.options,
        )
        return done.returncode, done.stdout

    def done(self, *words: str) -> str:
        """What a command of molecule prints that has to succeed."""
        started = time.monotonic()
        code, said = self.run(*words)
        print(f"{said}\nmolecule {' '.join(words)}: {time.monotonic() - started:.0f} s")
        assert code == 0, said
        return said
