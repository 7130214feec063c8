# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands, progress lines and errors: what every other file of the lab stands on."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

APT = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3"]
"""apt, which waits for others that install something, such as the machine's own updates."""

_started = time.monotonic()
_print_lock = threading.Lock()
_quiet = False


class LabError(Exception):
    """A failure that the user can understand: one sentence saying what failed and what to do."""


def be_quiet(quiet: bool) -> None:
    """Turn the progress lines off (True) or on (False)."""
    global _quiet
    _quiet = quiet


def say(text: str) -> None:
    """Print one progress line with the elapsed seconds to stderr."""
    if not _quiet:
        with _print_lock:
            print(f"[{time.monotonic() - _started:6.1f} s] {text}", file=sys.stderr, flush=True)


def run(
    command: Sequence[str], *, check: bool = True, timeout: float | None = None, text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end with its output captured.

    Takes the command, whether a non-zero exit is an error, a limit in seconds, and what to
    give it on stdin. Returns the finished process. Raises LabError naming the command and
    the last lines it printed.
    """
    try:
        done = subprocess.run(list(command), input=text, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError:
        raise LabError(f"The program {command[0]} is missing; `lab check` says what to install.") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"`{' '.join(command)}` did not end within {timeout:.0f} s.") from None
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-12:]
        raise LabError(f"`{' '.join(command)}` failed with exit code {done.returncode}: " + "\n  ".join(said))
    return done


def make_ssh_key(file: Path, comment: str) -> None:
    """Make an SSH key pair without a passphrase: FILE and FILE.pub."""
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(file)])


def wait_until(what: str, condition: Callable[[], bool], timeout: float, interval: float = 0.1) -> None:
    """Wait until condition() is true.

    Raises LabError naming `what` when it is still false after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"Waited {timeout:.0f} s in vain for {what}.")
        time.sleep(interval)


def in_parallel(jobs: Mapping[str, Callable[[], object]]) -> None:
    """Run the named jobs side by side and wait for all of them.

    Raises LabError with every failed job's message once all have ended.
    """
    failed: dict[str, Exception] = {}

    def guarded(name: str, job: Callable[[], object]) -> None:
        try:
            job()
        except Exception as error:  # handed on to the caller below
            failed[name] = error

    threads = [threading.Thread(target=guarded, args=item, daemon=True) for item in jobs.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in failed.values():
        if not isinstance(error, (LabError, OSError)):
            raise error
    if failed:
        raise LabError("; ".join(f"{name}: {error}" for name, error in sorted(failed.items())))
