# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit of the time that something on a host may take."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure


class TookTooLong(AnsibleConnectionFailure):
    """The time was over."""


@contextlib.contextmanager
def limited(seconds: float) -> t.Iterator[None]:
    """Break off what takes longer, as a connection that failed. Without effect outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        raise TookTooLong(f"no answer within {seconds:.0f} s")

    handler = signal.signal(signal.SIGALRM, stop)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    started = time.monotonic()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            # The task's own time limit goes on.
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 0.01), interval)
