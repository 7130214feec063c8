# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab program as the tests call it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Lab:
    """The lab program with one lab's name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.environment = dict(os.environ)

    def command(self, *words: str) -> list[str]:
        """Return the command line that calls the lab."""
        return [str(HERE / "lab"), "--name", self.name, *words]

    def call(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Call the lab to its end; with `check` a failure fails the test with what it said."""
        done = subprocess.run(
            self.command(*words), env=self.environment, capture_output=True, text=True, timeout=900, check=False
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def shell(self, host: str, script: str, check: bool = True) -> str:
        """Run a shell script on a host by SSH; return what it printed."""
        return self.call("shell", host, "--", script, check=check).stdout

    def states(self) -> dict[str, tuple[str, str, str]]:
        """Return suite, state and address by host, as `lab list` tells them."""
        rows = [line.split() for line in self.call("list").stdout.splitlines()[1:]]
        return {host: (suite, state, address) for host, suite, state, address in rows}

    def address(self, host: str) -> str:
        """Return a host's address."""
        return self.states()[host][2]

    def pings(self, place: str, address: str) -> bool:
        """Say whether a place of the lab gets an answer from an address."""
        return self.call("exec", place, "--", "ping", "-c1", "-W2", address, check=False).returncode == 0
