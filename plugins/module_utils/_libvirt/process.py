# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that a module is: what it spares itself, and whether the one that began something is still at it."""

from __future__ import annotations

import contextlib
import gc
import os
import time
import typing as t
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")


@contextlib.contextmanager
def uncollected() -> t.Iterator[None]:
    """Without the search for garbage that refers to itself. Also to be used as a decorator.

    Hardly any is made here, and to look for it again and again among all of a host's definitions
    takes a third of the time, and more than twice as much for twice as many.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def started(pid: int) -> str | None:
    """When a process started, in ticks since boot (proc(5), stat, field 22); None where there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]


def boot() -> str:
    """The identity of this boot of the host."""
    try:
        return BOOT.read_text(encoding="utf-8").strip()
    except OSError:
        return "unknown"


def own_process() -> str:
    """This process, so that no other can be taken for it."""
    return f"process {os.getpid()} {started(os.getpid())} {boot()}"


def alive(text: str) -> bool:
    """Whether the process of a mark still runs."""
    words = text.split()
    if len(words) != 4 or not words[1].isdigit():
        return False
    return words[3] == boot() and started(int(words[1])) == words[2]


def made_by_another(key: str, facts: t.Mapping[str, str | None]) -> str | None:
    """Why to leave a volume to another run, which is making it in this moment; None where none is.

    :param key: the volume, as POOL/VOLUME
    :param facts: what is noted of it (see manifest.FACTS)
    """
    maker = facts.get("making") or facts.get("copying")
    if maker is None or maker == own_process() or not alive(maker):
        return None
    began = str(facts.get("began", ""))
    since = ""
    if began.isascii() and began.isdigit() and len(began) < 20:
        since = time.strftime(" since %Y-%m-%d %H:%M:%S UTC", time.gmtime(int(began) // 10**9))
    number = maker.split()[1]
    return (
        f"another run (process {number} on this host) is making the volume {key}{since}; wait until it ends, or end"
        f" process {number}; if that is a run that you interrupted (Ctrl-C), it ends by itself: run again in a minute"
    )
