# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills at the n-th effect of a module: the module itself, libvirtd, or the qemu-img that is at work.

An effect is a call that changes something, or starts what does: of ``os``, of ``subprocess``, of libvirt. They are
counted, over all modules of one run, so that a kill comes at any of them, and not where most of the time goes.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
import os
import signal
import struct
import subprocess
import threading
import time
import typing as t
from pathlib import Path

import libvirt

SYSTEM = ("rename", "replace", "link", "unlink", "fsync", "ftruncate", "mkdir", "rmdir", "chmod", "chown")

CALLS: dict[str, tuple[str, ...]] = {
    "virConnect": (
        "defineXML",
        "defineXMLFlags",
        "storagePoolDefineXML",
        "networkDefineXMLFlags",
        "secretDefineXML",
        "newStream",
    ),
    "virDomain": ("undefineFlags", "setAutostart", "create", "createWithFlags", "destroyFlags", "shutdown"),
    "virStoragePool": (
        "createXML",
        "createXMLFrom",
        "refresh",
        "create",
        "build",
        "undefine",
        "destroy",
        "setAutostart",
    ),
    "virNetwork": ("create", "setAutostart", "undefine", "destroy"),
    "virSecret": ("setValue", "undefine"),
    "virStorageVol": ("delete", "resize", "upload"),
}

PATIENCE = 3.0
"""Seconds for which a qemu-img is waited for, to kill it."""


class Trap:
    """Counts effects, and kills once.

    :param victim: ``module``, ``libvirtd``, ``qemu-img``, or an empty text for none
    :param number: of the effect, counted from 0
    :param delay: seconds after the effect has begun; None to kill before it begins
    """

    def __init__(self, victim: str, number: int, delay: float | None) -> None:
        self.victim, self.number, self.delay = victim, number, delay
        # Shared with the processes that the modules are.
        self.shared = mmap.mmap(-1, 16)

    @property
    def count(self) -> int:
        """How many effects there were."""
        return int(struct.unpack_from("Q", self.shared, 0)[0])

    @property
    def sprung(self) -> bool:
        """Whether it has killed, or tried to."""
        return bool(self.shared[8])

    def set(self) -> None:
        """Set the trap in this process."""
        for name in SYSTEM:
            setattr(os, name, self.watched(getattr(os, name)))
        os.open = self.watched(os.open, lambda positional: bool(positional[1] & (os.O_CREAT | os.O_TRUNC)))
        popen: t.Any = subprocess.Popen
        popen.__init__ = self.watched(popen.__init__)
        for kind, names in CALLS.items():
            for name in names:
                holder = getattr(libvirt, kind)
                if hasattr(holder, name):
                    setattr(holder, name, self.watched(getattr(holder, name)))

    def watched(self, call: t.Any, counts: t.Callable[[tuple[t.Any, ...]], bool] | None = None) -> t.Any:
        """A call that is counted, where it counts."""

        @functools.wraps(call)
        def wrapped(*positional: t.Any, **named: t.Any) -> t.Any:
            if counts is None or counts(positional):
                self.effect()
            return call(*positional, **named)

        return wrapped

    def effect(self) -> None:
        """One more."""
        number = self.count
        struct.pack_into("Q", self.shared, 0, number + 1)
        if number != self.number or not self.victim or self.sprung:
            return
        self.shared[8] = 1
        if self.delay is None and self.victim != "qemu-img":
            self.kill()
        else:
            threading.Thread(target=self.later, daemon=True).start()

    def later(self) -> None:
        """Kill after a while."""
        time.sleep(self.delay or 0)
        self.kill()

    def kill(self) -> None:
        """Kill the victim."""
        if self.victim == "module":
            os.kill(os.getpid(), signal.SIGKILL)
        deadline = time.monotonic() + (PATIENCE if self.victim == "qemu-img" else 0)
        while True:
            found = processes(self.victim)
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if found or time.monotonic() >= deadline:
                return


def processes(name: str) -> list[int]:
    """The processes of a program."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                if (folder / "comm").read_text(encoding="utf-8").strip() == name:
                    found.append(int(folder.name))
    return found


def quiet(timeout: float = 20) -> None:
    """Wait until no qemu-img is at work any more: what was killed may have left one. Raises TimeoutError."""
    deadline = time.monotonic() + timeout
    while processes("qemu-img"):
        if time.monotonic() >= deadline:
            raise TimeoutError("a qemu-img of a killed run goes on and on")
        time.sleep(0.1)


def connected(timeout: float = 30) -> t.Any:
    """A connection to libvirt, which systemd starts again. Raises libvirtError where it does not come back."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return libvirt.open("qemu:///system")
        except libvirt.libvirtError:
            if time.monotonic() >= deadline:
                raise
            subprocess.run(["systemctl", "reset-failed", "libvirtd.service"], check=False, capture_output=True)
            time.sleep(0.2)
