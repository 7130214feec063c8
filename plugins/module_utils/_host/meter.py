# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far long work has come, for the control node to look at while the module runs.

A module cannot print before its end. So it writes what it is at into a small file, and the control node reads that
every few seconds (``plugin_utils/_progress.py``). The control node chooses the name of the file. Where it asks for
none, nothing is written. There is a file only while long work is done, and what goes wrong with it stops no work.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import time
import typing as t

from .._printing import label, masked_url

FOLDER = "/run/virtfleet/progress"
"""The folder of root's files; a path in two more places, see ``places``."""

TOKEN = re.compile(r"[0-9a-f]{32}")
"""The name of a file, which nobody can guess."""

PERIOD = 0.25
"""Seconds between two notes on the same work."""

STALE = 24 * 3600
"""Seconds after which the file of a run that was killed is taken away."""

NAMED = 5
"""How many of those that are waited for are named."""

Status = dict[str, object]


class Meter:
    """What this process is at.

    :param path: the file that tells it; None for none
    :param hush: makes a text readable, and takes what is secret out of it
    :ivar subject: what the work is for, such as ``volume default/web.qcow2``
    :ivar status: what the file has now; None where there is none
    """

    def __init__(self, path: str | None = None, hush: t.Callable[[str], str] = str) -> None:
        self.path, self.hush = path, functools.cache(hush)
        self.subject = ""
        self.status: Status | None = None
        self.begun = self.noted = 0.0

    def begin(self, doing: str, total: int | None = None, **more: object) -> None:
        """Tell of work that begins."""
        if self.path is None:
            return
        self.begun = time.monotonic()
        self.status = {"subject": self.subject, "doing": doing, "done": None, "total": total, **more}
        self.write()

    def change(self, **facts: object) -> None:
        """Tell how far the work is by now. Costs next to nothing where nothing was written, or a moment ago."""
        if self.status is None:
            return
        self.status.update(facts)
        if time.monotonic() - self.noted >= PERIOD:
            self.write()

    def end(self) -> None:
        """Tell that the work is over."""
        if self.path is not None and self.status is not None:
            self.status = None
            with contextlib.suppress(OSError):
                os.unlink(self.path)

    def write(self) -> None:
        """Write the file anew. Nobody else can read it, and nobody sees half of it."""
        if self.path is None or self.status is None:
            return
        self.noted = time.monotonic()
        words = {part: self.hush(self.status[part]) for part in ("subject", "doing")}
        new = f"{self.path}.new"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with open(os.open(new, flags, 0o600), "w", encoding="utf-8") as file:
                json.dump({**self.status, **words, "seconds": round(self.noted - self.begun, 1)}, file)
            os.replace(new, self.path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(new)


current = Meter()
"""What this process is at; it tells nobody unless ``told`` says so."""


@contextlib.contextmanager
def reporting(token: str | None, hush: t.Callable[[str], str]) -> t.Iterator[None]:
    """Tell the control node of long work.

    :param token: the name of the file that it looks at; None where it does not look
    :param hush: makes a text readable, and takes what is secret out of it
    """
    global current
    if token is None or not TOKEN.fullmatch(token):
        yield
        return
    before, current = current, Meter(place(token), hush)
    try:
        yield
    finally:
        current.end()
        current = before


def places(token: str) -> list[str]:
    """Where the file of a token may be, as a shell can read it: root's, that of another user, that of one without
    a folder of its own."""
    return [f"{FOLDER}/{token}", f"/run/user/$(id -u)/virtfleet-{token}", f"/tmp/virtfleet-{token}"]


def place(token: str) -> str | None:
    """The path of the file in this process; None where it can have none."""
    user = os.geteuid()
    if user == 0:
        try:
            os.makedirs(FOLDER, mode=0o700, exist_ok=True)
            clear()
        except OSError:
            return None
        return os.path.join(FOLDER, token)
    own = f"/run/user/{user}"
    folder = own if os.access(own, os.W_OK) else "/tmp"
    return os.path.join(folder, f"virtfleet-{token}")


def clear() -> None:
    """Take away the files of runs that were killed."""
    for entry in os.scandir(FOLDER):
        with contextlib.suppress(OSError):
            if time.time() - entry.stat(follow_symlinks=False).st_mtime > STALE:
                os.unlink(entry.path)


@contextlib.contextmanager
def subject(what: str) -> t.Iterator[None]:
    """The work within is for this, such as ``volume default/web.qcow2``."""
    meter = current
    before, meter.subject = meter.subject, what
    try:
        yield
    finally:
        meter.subject = before


@contextlib.contextmanager
def work(doing: str, total: int | None = None) -> t.Iterator[None]:
    """Do what may take long.

    :param doing: such as ``fetching debian-13.qcow2``
    :param total: the bytes that it is about; None where they are not known
    """
    meter = current
    meter.begin(doing, total)
    try:
        yield
    finally:
        meter.end()


def expect(total: int | None) -> None:
    """The bytes that the work is about are known by now."""
    current.change(total=total)


def came(done: int | None) -> None:
    """So many bytes are done by now; None where that is not known, and stays as it is."""
    if done is not None:
        current.change(done=done)


def waits(doing: str, seconds: float, limit: float | None = None) -> None:
    """Something is waited for, in all for so many seconds by now.

    :param limit: the seconds after which it is given up; None where there are none
    """
    meter = current
    if meter.path is None:
        return
    if meter.status is None:
        meter.begin(doing, limit=limit)
        meter.begun = time.monotonic() - seconds
    meter.change(subject="", doing=doing, limit=limit)


def over() -> None:
    """What was waited for is there."""
    current.end()


def first_few(names: t.Sequence[str]) -> str:
    """Names for a line: the first ones, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(map(label, names[:NAMED]))}{more}"


def file_name(place: str) -> str:
    """The name of a file in its path or URL, without what may be secret there."""
    shown = masked_url(place)
    path = re.split("[?#]", shown)[0].partition("://")[2].partition("/")[2] if "://" in shown else shown
    return label(path.rpartition("/")[2] or "the image")
