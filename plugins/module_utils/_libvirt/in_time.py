# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask libvirt for a limited time: a daemon that hangs never answers, and no call of libvirt can be broken off."""

from __future__ import annotations

import threading
import typing as t

from .._errors import VirtfleetError
from . import connection, interpreter

T = t.TypeVar("T")

PATIENCE = 10.0
"""Seconds that libvirt has to answer. One that is only slow is asked by the roles, which wait longer."""


class Silent(VirtfleetError):
    """Libvirt did not answer in time."""


def in_time(call: t.Callable[[], T], seconds: float = PATIENCE) -> T:
    """What a call returns that asks libvirt; what it raises is raised. Raises Silent where it takes too long.

    Then the call goes on in a thread that ends with the process, so nothing of libvirt may be asked any more.

    :param call: what asks; it may not change anything
    :param seconds: how long it may take
    """
    if connection.libvirt is None:
        interpreter.respawn()  # Which ends the process, and has to be done by its main thread.
    found: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            found.append(call())
        except BaseException as error:  # It is raised where the result is waited for.
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not found:
        raise Silent(f"libvirt has not answered within {seconds:.0f} s")
    return found[0]
