# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far long work on a host has come, printed every few seconds while its module runs.

The module writes what it is at into a file (``module_utils/_host/meter.py``). A thread beside it reads that, over the
same way to the host, and prints a line. What goes wrong with that ends the lines, and nothing else.
"""

from __future__ import annotations

import contextlib
import contextvars
import copy
import io
import json
import os
import secrets
import signal
import sys
import threading
import time
import typing as t

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.utils.display import Display

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.meter import places
from ansible_collections.virtfleet.kvm.plugins.module_utils._variables import Variables

if t.TYPE_CHECKING:
    from types import FrameType

    from ansible.plugins.action import ActionBase

VARIABLE = "kvm_progress"
"""The variable that says how many seconds lie between two lines, or that there are none."""

SECONDS = 5.0
"""Seconds between two lines, where the user says nothing."""

LEAST = 1.0
"""The fewest seconds between two lines."""

PATIENCE = 10.0
"""Seconds that the result of a module waits for a look that is under way."""

MOMENT = 2.0
"""Seconds that a signal waits until a line is printed."""

FAILURES = 3
"""After so many looks in a row that failed, nobody looks any more."""

CONNECTIONS = ("ansible.plugins.connection.ssh", "ansible.plugins.connection.local")
"""Ways to a host of which it is known that two commands may go over them at once: each is a process of its own."""

DATA = frozenset(("json", "jsonl", "null"))
"""Callbacks whose output is read by programs."""

LONGEST = 300
"""Letters of what a host says of its work."""

LARGEST = 2**80
"""No host has so many bytes, or seconds."""

Args = t.Mapping[str, object]

# What goes into a pipe, as in a pipeline, is held back until there are 8 KiB of it, and Ansible does not hurry it
# (ansible/utils/display.py). The process that prints loads the action plugins before it starts those that run them.
with contextlib.suppress(OSError, ValueError):
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)


class Sample(t.NamedTuple):
    """What was seen of the work on a host.

    :ivar text: what is done, and for what
    :ivar done: bytes that are done; None where that is not told
    :ivar total: bytes that it is about; None where that is not known
    :ivar seconds: that the work had lasted when the host told this
    :ivar limit: seconds after which it is given up; None where there are none
    :ivar at: the time of the look at which this was seen for the first time, in seconds
    """

    text: str
    done: float | None
    total: float | None
    seconds: float
    limit: float | None
    at: float


def sample(content: str, at: float) -> Sample | None:
    """What a host says of its work; None where that is nothing, or nothing that can be.

    :param content: the content of the file
    """
    try:
        status = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(status, dict):
        return None
    text = ": ".join(str(status[part]) for part in ("subject", "doing") if status.get(part))
    text = "".join(letter if letter.isprintable() else "?" for letter in text[:LONGEST])
    done, total, seconds, limit = (number(status.get(name)) for name in ("done", "total", "seconds", "limit"))
    return Sample(text, done, total or None, seconds or 0.0, limit or None, at) if text else None


def number(value: object) -> float | None:
    """A number that can be one of bytes or seconds; None for all else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= LARGEST:
        return None
    return float(value)


def line(host: str, now: Sample, before: Sample | None) -> str:
    """What is printed.

    :param host: the name of the host
    :param before: what was seen at the look before; None where there was none
    """
    if before is not None and before.text != now.text:
        before = None
    if now.done is None:
        seconds = now.seconds
        if before is not None and before.seconds == seconds:  # The host has not said anything since.
            seconds += now.at - before.at
        limit = "" if now.limit is None else f" of {now.limit:.0f} s"
        return f"{host}: {now.text} ({seconds:.0f} s{limit})"
    rate = speed(now, before)
    if now.total is None:
        return f"{host}: {now.text}, {size(now.done)} so far, {size(rate)}/s"
    percent = min(100, int(100 * now.done / now.total))
    left = max(0.0, now.total - now.done)
    rest = f", {duration(left / rate)} left" if rate >= 1 else ""
    return f"{host}: {now.text} {percent} % of {size(now.total)}, {size(rate)}/s{rest}"


def speed(now: Sample, before: Sample | None) -> float:
    """The bytes in a second: since the look before, or since the beginning where there was none."""
    done = now.done or 0.0
    if before is None or before.done is None or done < before.done:
        return done / now.seconds if now.seconds > 0 else 0.0
    passed = now.seconds - before.seconds
    return (done - before.done) / passed if passed > 0 else 0.0


def size(count: float) -> str:
    """Bytes for people, such as ``11.2 MiB``."""
    unit = "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if count < 1024:
            break
        count, unit = count / 1024, larger
    return f"{count:.1f} {unit}" if unit != "B" and count < 100 else f"{count:.0f} {unit}"


def duration(seconds: float) -> str:
    """A time for people, such as ``3 min 20 s``."""
    whole = int(min(seconds, LARGEST)) + (seconds % 1 > 0)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def may_be_long(module: str, args: Args) -> bool:
    """Whether what a task declares may take long: an image, a copy, or guests that are waited for.

    :param module: its name, without that of the collection
    """
    config = args.get("config")
    items = [item for item in config if isinstance(item, dict)] if isinstance(config, list) else []
    if module == "volumes":
        return any(is_filled(item) for item in items)
    if module != "domains":
        return False
    if args.get("purge") or args.get("on_restart_needed") == "restart":
        return True
    return any(item.get("wait_for") or item.get("state") in ("stopped", "absent") or has_filled(item) for item in items)


def is_filled(item: Args) -> bool:
    """Whether a volume, or a disk, is made of what is there already."""
    return bool(item.get("image") or item.get("clone_from"))


def has_filled(guest: Args) -> bool:
    """Whether a guest has such a disk, or is a clone."""
    disks = guest.get("disks")
    filled = isinstance(disks, list) and any(isinstance(disk, dict) and is_filled(disk) for disk in disks)
    return filled or bool(guest.get("image") or guest.get("clone_of"))


def pause(wanted: object) -> float | None:
    """The seconds between two lines; None for no lines. Raises ValueError for what is neither.

    :param wanted: the value of the variable
    """
    if wanted is True:
        return SECONDS
    if isinstance(wanted, (str, int, float)) and not isinstance(wanted, bool):
        with contextlib.suppress(OverflowError, TypeError, ValueError):
            seconds = float(wanted)
            if 0 <= seconds <= LARGEST:
                return max(LEAST, seconds) if seconds else None
    try:
        return SECONDS if boolean(wanted) else None
    except TypeError:
        raise ValueError("it is neither yes or no, nor a number of seconds") from None


class LastWord:
    """Lets a line be printed to its end before a signal ends this process, which is one of those that run tasks.

    A line goes to Ansible's main process through a queue with a lock. If this process ended between the line and the
    release of the lock, the main process would wait for the lock for ever (multiprocessing.SimpleQueue).
    """

    def __init__(self) -> None:
        self.printing = threading.Lock()
        self.before: dict[int, t.Callable[[int, FrameType | None], object] | int | None] = {}

    def __enter__(self) -> LastWord:
        if threading.current_thread() is threading.main_thread():  # Others may set no handler.
            handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
            self.before = {number: one for number, one in handlers.items() if one not in (None, signal.SIG_IGN)}
            for number in self.before:
                signal.signal(number, self.end)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for number, before in self.before.items():
            signal.signal(number, before)

    def end(self, number: int, frame: FrameType | None) -> None:
        """Do what the signal did before, when no line is being printed any more. None is printed from now on."""
        self.printing.acquire(timeout=MOMENT)
        before = self.before[number]
        if callable(before):
            before(number, frame)
        else:
            signal.signal(number, before)
            os.kill(os.getpid(), number)


class Watcher:
    """Looks at the work on a host, and prints what it sees.

    :param action: the action plugin whose module runs
    :param host: the name of the host
    :param seconds: between two lines
    :ivar token: the name of the file that the module writes
    """

    def __init__(self, action: object, host: str, seconds: float) -> None:
        self.action, self.host, self.seconds = action, host, seconds
        self.token = secrets.token_hex(16)
        self.over = threading.Event()
        self.signals = LastWord()
        context = contextvars.copy_context()
        self.thread = threading.Thread(target=context.run, args=(self.follow,), daemon=True)

    def __enter__(self) -> Watcher:
        self.signals.__enter__()
        self.thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.over.set()
        if error is None or isinstance(error, Exception):  # Else the process ends, and the thread with it.
            self.thread.join(PATIENCE)
        self.signals.__exit__(kind, error, trace)

    def follow(self) -> None:
        """Look again and again, until the module has ended."""
        before: Sample | None = None
        failures = 0
        due = time.monotonic() + self.seconds
        while failures < FAILURES and not self.over.wait(max(0.0, due - time.monotonic())):
            due += self.seconds
            try:
                seen = sample(self.look(), time.monotonic())
                failures = 0
            except Exception:  # Whatever a connection may raise: the module's own tells of it.
                seen, failures = None, failures + 1
            if self.over.is_set():
                return
            if due < time.monotonic():  # The look took that long: the next one is not to come at once.
                due = time.monotonic() + self.seconds
            if seen is not None:
                with self.signals.printing:
                    Display().display(line(self.host, seen, before))
            # Time passes also where the host says nothing new: it is counted from the first look at this.
            unchanged = seen is not None and before is not None and seen._replace(at=before.at) == before
            before = before if unchanged else seen

    def look(self) -> str:
        """The content of the file on the host; empty where there is none."""
        files = " ".join(places(self.token))
        result = twin(self.action)._low_level_execute_command(f"cat {files} 2>/dev/null || true")
        return str(result.get("stdout") or "").strip()


def twin(action: ActionBase) -> ActionBase:
    """The same action plugin with a connection of its own, which goes the same way. What it is told stays its own."""
    other, connection = copy.copy(action), copy.copy(action._connection)
    connection.become = copy.copy(connection.become)  # It keeps by what it knows that the command runs.
    for name in ("shm", "sshpass_pipe"):  # What ssh asks for the password by, which it closes after each command.
        if hasattr(connection, name):
            setattr(connection, name, None)
    other._connection = connection
    return other


def watching(action: ActionBase, host: str, task_vars: Variables) -> contextlib.AbstractContextManager[Watcher | None]:
    """Print how far the work of a task has come, within. Gives None where nothing is printed.

    :param action: the action plugin that runs its module
    :param host: the name of the host
    """
    if not may_be_long(action._task.action.rpartition(".")[2], action._task.args):
        return contextlib.nullcontext()
    seconds = seconds_between(action, task_vars)
    return contextlib.nullcontext() if seconds is None else Watcher(action, host, seconds)


def seconds_between(action: ActionBase, task_vars: Variables) -> float | None:
    """The seconds between two lines of a task; None where it prints none."""
    task = action._task
    if task.check_mode or task.async_val or task.no_log:
        return None
    if str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] in DATA:
        return None
    if type(action._connection).__module__ not in CONNECTIONS:
        return None
    return pause_between_lines(action, task_vars or {})


def pause_between_lines(action: ActionBase, variables: Args) -> float | None:
    """The seconds between two lines, as the variable says; None for no lines."""
    if variables.get(VARIABLE) is None:
        return SECONDS
    try:
        return pause(action._templar.template(variables.get(VARIABLE)))
    except Exception:  # A template may hold any lookup.
        Display().warning(f"{VARIABLE} is neither yes or no, nor a number of seconds, so {SECONDS:g} s are taken")
        return SECONDS
