# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disturbs the programs of a trial of links at their N-th step; every Python of a test host loads it.

It is put among the host's packages, with a ``.pth`` file that imports it (site, in Python's documentation),
and does nothing where there is no plan. A step is an effect: a file that is opened for writing, renamed, linked
or removed, a program that is started. What only looks is none, for nothing is different before and after it.
Effects are told by audit events, which come before them (sys.addaudithook, PEP 578).

Steps are counted by what the trial is at: ``begin`` (the module's first run), ``settle`` (its others), the state of
the agent (docs/host-networking.md), ``ending`` once it is over, or ``boot`` for what a boot runs.

``/run/disturb/plan.json``  a list of strikes: ``at``, ``steps``, ``action`` (``stop``, ``kill`` or ``wait``)
``/run/disturb/AT.steps``   the steps of all processes, one a line
``/run/disturb/struck``     one line of JSON for each strike: its number in the plan, at, step and process
``/run/disturb/go-N``       lets a process go on that waits at strike N
``/run/disturb/clock``      seconds that the programs' clock is wrong by
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import typing as t

HOME = next((path for path in ("/run/disturb", "/var/lib/disturb") if os.path.exists(path)), "")
"""The second is for what runs while a host boots."""
TRIAL = "/run/virtfleet/links/trial"
PATIENCE = 90.0
"""Seconds after which a process that waits goes on, as nobody cares for it any more."""
EFFECTS = (
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate",
    "os.kill", "os.posix_spawn", "os.system", "shutil.rmtree", "subprocess.Popen", "open",
)  # fmt: skip
READS = ("show", "-json", "list", "is-active")
OWN = ("/tmp/", "/proc/", "/sys/", "/dev/", "/run/disturb", "/var/lib/disturb", "/root/.ansible")


def role(words: list[str]) -> str:
    """Which of the trial's programs a command line is; empty for another program.

    Ansible pipes a module into a Python without arguments. The first one of a round begins the trial.
    """
    if len(words) == 1 or any("AnsiballZ" in word for word in words):
        try:
            os.close(os.open(f"{HOME}/begun", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return "settle"
        return "begin"
    if not any("agent.guard" in word for word in words):
        return ""
    return "boot" if "boot" in words else "agent"


def phase(name: str) -> str:
    """What a program is at: the agent's steps are counted by the state that the trial is in."""
    if name != "agent":
        return name
    try:
        states = [entry[3:] for entry in os.listdir(TRIAL) if entry.startswith("at.")]
    except OSError:
        states = []
    return states[0] if states else "ending"


def effect(event: str, arguments: tuple[t.Any, ...]) -> str:
    """What an audit event is about, empty where it is no effect."""
    if event not in EFFECTS:
        return ""
    if event in ("subprocess.Popen", "os.posix_spawn"):
        words = [str(word) for word in arguments[1] or ()]
        return "" if any(word in READS for word in words) else " ".join(words)
    if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        return ""
    path = os.fsdecode(arguments[0]) if isinstance(arguments[0], (str, bytes)) else ""
    if not path.startswith("/"):
        # A file that is open already, or one in a folder that is: shutil.rmtree of a temporary one.
        return event if event in ("os.kill", "os.system") else ""
    if path.startswith(OWN) or "__pycache__" in path:
        return ""
    return " ".join(os.fsdecode(each) for each in arguments[:2] if isinstance(each, (str, bytes)))


class Steps:
    """Counts the steps of this process's role, and strikes.

    :param name: the role
    :param plan: the strikes of all roles
    """

    def __init__(self, name: str, plan: list[dict[str, t.Any]]) -> None:
        self.name, self.plan, self.busy = name, plan, False

    def hook(self, event: str, arguments: tuple[t.Any, ...]) -> None:
        """For sys.addaudithook. Raises nothing."""
        if self.busy:
            return
        self.busy = True
        try:
            what = effect(event, arguments)
            if what:
                self.step(event, what)
        except OSError:
            pass
        finally:
            self.busy = False

    def step(self, event: str, what: str) -> None:
        """Count a step, and do what is planned for it."""
        at = phase(self.name)
        with open(f"{HOME}/{at}.steps", "a+", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {event} {what[:200]!r}\n")
            file.flush()
            file.seek(0)
            number = len(file.readlines())
        for place, strike in enumerate(self.plan):
            if strike["at"] == at and number in strike["steps"]:
                told = {"strike": place, "at": at, "step": number, "pid": os.getpid(), "what": f"{event} {what[:200]}"}
                self.strike(told, strike["action"])

    def strike(self, told: dict[str, t.Any], action: str) -> None:
        """Tell of it, then stop, end, or wait."""
        with open(f"{HOME}/struck", "a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
        if action == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        elif action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            end = time.monotonic() + PATIENCE
            while not os.path.exists(f"{HOME}/go-{told['strike']}") and time.monotonic() < end:
                time.sleep(0.02)


def shift(read: t.Callable[[], float]) -> t.Callable[[], float]:
    """A clock that is wrong by what the file says. The real one is the whole machine's, and stays as it is."""

    def now() -> float:
        try:
            with open(f"{HOME}/clock", encoding="utf-8") as file:
                return read() + float(file.read())
        except (OSError, ValueError):
            return read()

    return now


def load() -> None:
    """Begin, where there is a plan and this is one of the programs that it is about."""
    try:
        with open(f"{HOME}/plan.json", encoding="utf-8") as file:
            plan = json.load(file)
        with open("/proc/self/cmdline", encoding="utf-8", errors="replace") as file:
            name = role(file.read().rstrip("\0").split("\0"))
    except (OSError, ValueError):
        return
    if name:
        time.time = shift(time.time)
        sys.addaudithook(Steps(name, plan).hook)


if HOME:
    load()
