# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change to the host's network as a trial: prepare it, start the unit that tries it, ask that unit to end it."""

from __future__ import annotations

import contextlib
import fcntl
import inspect
import os
import subprocess
import sys
import time
import types
import typing as t
import uuid

from .._errors import VirtfleetError
from . import failing_unit
from .agent import files, guard, journal, network, trial_backup, unit
from .agent.shapes import Outcome, State
from .facts import Facts
from .links_plan import LinksPlan
from .trial import trial_of

if t.TYPE_CHECKING:
    from .probes import ProbeResult

NEW = files.BASE + "/new"
"""A trial that is not laid out completely: nothing was started for it."""
SERVICE = os.path.basename(files.UNIT)
BOOT_ID = "/proc/sys/kernel/random/boot_id"
PREPARED = 30.0
"""Seconds that the unit has to prepare a trial."""
AT_WORK = 3.0
"""Seconds that a trial gets to end by itself while its unit works on it."""
ENDING = 45.0
"""Seconds that a trial which nobody works on any more has to be brought to its end."""
CONFIRMED = 20.0
"""Seconds that a confirmation is waited for."""


@contextlib.contextmanager
def alone(check: bool = False) -> t.Iterator[None]:
    """Hold the host's links for oneself, with nothing left of trials that were broken off.

    :param check: change nothing

    Raises VirtfleetError where another run has them, or its trial is still open.
    """
    if check:
        refuse_open_trial()
        refuse_damaged()
        yield
        return
    try:
        os.makedirs(files.BASE, mode=0o700, exist_ok=True)
        lock = os.open(os.path.join(files.BASE, "lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise VirtfleetError(f"nothing was changed: {files.problem(error)}") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VirtfleetError("nothing was changed: another run is at work on this host's links") from None
        try:
            clear()
        except OSError as error:
            raise VirtfleetError(
                f"nothing was changed: what an earlier run left cannot be cleared away: {files.problem(error)}"
            ) from None
        yield
    finally:
        os.close(lock)


def clear() -> None:
    """Bring to its end what an earlier run left. Raises VirtfleetError while a trial is open, OSError."""
    if os.path.isdir(files.TRIAL):
        if not guard.state_of(files.TRIAL) and not files.exists(os.path.join(files.TRIAL, "outcome.json")):
            # Nothing can be told from it: somebody else was at it. What is on the disk is told by the journal.
            files.remove_folder(files.TRIAL)
        else:
            if not is_running():
                take_up()
            wait_for(lambda: not os.path.isdir(files.TRIAL), AT_WORK if is_running() else ENDING)
            end_stuck()
            refuse_open_trial()
    end_lost()
    if not wait_for(lambda: not is_running(), ENDING):
        raise VirtfleetError(f"nothing was changed: {SERVICE} still works on an earlier change: see systemctl status")
    for name in files.listed(files.BASE):
        if name == "new" or name.startswith("lost-"):
            files.remove_folder(os.path.join(files.BASE, name))
    unit.remove()
    _trial, _verdict, lost = journal.finish()
    if lost:
        raise VirtfleetError(LOST.format(lost=lost))


LOST = (
    "nothing was changed: an earlier change could not be taken back wholly: {lost}. Look whether the host's network is"
    " described as it should be, and run this again"
)


def refuse_damaged() -> None:
    """Raise VirtfleetError where what an earlier run left is damaged, as the next run does that clears it away."""
    for name in ("keep", "trial"):
        try:
            journal.entries(name)
        except journal.OldFileLost as error:
            # The run turns to the former by the name of the latter.
            lost = files.problem(error).replace(journal.path_of(name), journal.path_of("trial"))
            raise VirtfleetError(LOST.format(lost=lost)) from None


def end_lost() -> None:
    """Have a trial brought to its end of which /run tells nothing any more. Raises VirtfleetError, OSError."""
    if os.path.isdir(files.TRIAL):
        return
    if is_running() and failing_unit.reason():
        failing_unit.stop()
    if is_lost():
        if not is_running():
            start()
        wait_for(lambda: not trial_backup.state(), ENDING)


def is_lost() -> bool:
    """Whether the disk tells of a trial of this boot that is open."""
    began = str(trial_backup.state().get("id", "")).partition("-")[2]
    return bool(began) and began == boot_id()


def refuse_open_trial() -> None:
    """Raise VirtfleetError while a trial is open."""
    if not os.path.isdir(files.TRIAL) and not is_lost():
        return
    deadline = files.load(os.path.join(files.TRIAL, "state.json")).get("deadline", 0)
    left = deadline - network.clock()
    if left > 0 and guard.state_of(files.TRIAL) not in ("confirming", "rolling-back"):
        reason = f"another run tries a change of this host's links, and ends in {int(left) + 1} s at the latest"
    elif shown("ActiveState").get("ActiveState") in ("inactive", "failed"):
        reason = (
            f"an earlier change of this host's links has not ended, and {SERVICE}, which is to take it back, does not"
            " run: run this without check mode, which takes it back first. If that fails, too,"
            f" journalctl -u {SERVICE} says why"
        )
    else:
        reason = "another run ends a change of this host's links: try again in a minute"
    raise VirtfleetError(f"nothing was changed: {reason}")


def systemctl(*words: str, seconds: float = 20) -> str:
    """Ask systemd for something; empty where it did so, else what went wrong."""
    try:
        status, output, errors = network.run(["systemctl", *words], seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"systemctl {words[0]}: {files.problem(error)}"
    return "" if status == 0 else f"systemctl {words[0]}: {' '.join((errors or output).split())}"


def shown(properties: str) -> dict[str, str]:
    """What systemd tells of the unit; nothing where it does not answer."""
    try:
        _status, output, _errors = network.run(["systemctl", "show", f"--property={properties}", SERVICE], 20)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)


def is_running() -> bool:
    """Whether the unit works, or is about to be started again."""
    try:
        _status, output, _errors = network.run(["systemctl", "is-active", SERVICE], 20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return output.strip() in ("active", "activating", "deactivating", "reloading")


def agent() -> dict[str, types.ModuleType]:
    """What the unit runs and is copied to the host, by name: its program, and all that this imports of its folder."""
    folder = f"{guard.__package__}."
    return {name[len(folder) :]: module for name, module in list(sys.modules.items()) if name.startswith(folder)}


def start() -> None:
    """Start the unit that does all the rest. Raises VirtfleetError where that cannot be done, OSError."""
    copy = os.path.join(files.BASE, "agent")
    files.make_folder(copy, 0o700)
    files.write(os.path.join(copy, "__init__.py"), "")
    for name, module in agent().items():
        files.write(os.path.join(copy, f"{name}.py"), inspect.getsource(module))
    unit.write(sys.executable)
    known = shown("LoadState,NeedDaemonReload")
    if known.get("LoadState", "loaded") != "loaded" or known.get("NeedDaemonReload") == "yes":
        # Its file was not there when systemd looked last.
        systemctl("daemon-reload")
    failed = systemctl("start", SERVICE)
    if failed:
        raise VirtfleetError(failed)


def take_up() -> None:
    """Start the unit again for a trial that nobody works on, to end it. Raises VirtfleetError, OSError."""
    with contextlib.suppress(OSError):  # Where something else was asked for already, that counts.
        guard.ask(files.TRIAL, "give-up", "the run that began it was broken off")
    try:
        start()
    except VirtfleetError as error:
        raise VirtfleetError(f"nothing was changed: an earlier change cannot be brought to its end: {error}") from None


def wait_for(condition: t.Callable[[], bool], seconds: float) -> bool:
    """Whether something became true, after some time at most."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def boot_id() -> str:
    """What names the time since the host's last boot (proc_sys_kernel(5)); empty where it cannot be read."""
    try:
        return files.read(BOOT_ID).strip().replace("-", "")
    except OSError:
        return ""


class Begun(t.TypedDict):
    """What the controller has to know of a trial: its time, by which addresses the host is reached, and the probes."""

    id: str
    seconds: int
    addresses: list[str]
    probes: list[str]


class Settled(Outcome, total=False):
    """What the controller is told of a trial that it asks for: the probes, and how far it is."""

    probes: list[ProbeResult]
    applied: bool
    asked: bool


def begin(plan: LinksPlan, facts: Facts, seconds: int, probes: t.Sequence[str]) -> Begun:
    """Start a trial; returns what the controller has to know once all of it is prepared on the host.

    Raises VirtfleetError, with nothing changed, where it cannot be prepared.
    """
    state: State = {**trial_of(plan, facts, seconds, probes), "id": f"{uuid.uuid4().hex}-{boot_id()}"}
    try:
        files.remove_folder(NEW)
        guard.lay_out(NEW, state)
        os.rename(NEW, files.TRIAL)
        start()
    except (OSError, VirtfleetError) as error:
        reason = files.problem(error) if isinstance(error, OSError) else str(error)
        if not give_up_start(reason):
            raise VirtfleetError(f"nothing was changed: the change could not be prepared: {reason}") from None
    begun: Begun = {"id": state["id"], "seconds": seconds, "addresses": plan.addresses, "probes": list(probes)}
    try:
        prepared = wait_for(lambda: is_ready(state["id"]), PREPARED)
        ended = outcome(state["id"])
    except OSError:
        # The trial is begun: whoever confirms it learns how it ends.
        return begun
    if ended is not None and ended["outcome"] == "refused":
        raise VirtfleetError(f"nothing was changed: the change could not be prepared: {ended['reason']}")
    if not prepared:
        with contextlib.suppress(OSError):
            guard.ask(files.TRIAL, "give-up", f"it could not be prepared within {PREPARED:.0f} s")
        why = end_stuck()
        reason = f": {why}" if why else ""
        raise VirtfleetError(f"nothing was changed: the change could not be prepared within {PREPARED:.0f} s{reason}")
    return begun


def is_ready(trial: str) -> bool:
    """Whether a trial is prepared, or over. Raises OSError."""
    return guard.state_of(files.TRIAL) in ("armed", "applying", "applied", "rolling-back") or outcome(trial) is not None


def give_up_start(reason: str) -> bool:
    """Leave nothing of a trial whose unit could not be started.

    Returns whether the unit is at work all the same, as systemd is slow at times. Then it takes the trial back.

    :param reason: why it is given up, for people
    """
    with contextlib.suppress(OSError):
        files.remove_folder(NEW)
        if os.path.isdir(files.TRIAL):
            # What is given up before it is applied never is: the unit looks at this first.
            with contextlib.suppress(OSError):  # Where it was asked for already, or /run cannot be changed.
                guard.ask(files.TRIAL, "give-up", reason)
            if guard.state_of(files.TRIAL) in ("applying", "applied", "confirming", "rolling-back"):
                return True
            # In one step: if the unit begins at this very moment after all, it finds nothing.
            os.rename(files.TRIAL, NEW)
            files.remove_folder(NEW)
        failing_unit.stop()
        journal.finish()
    return False


def end_stuck() -> str:
    """Leave nothing of a trial that was not prepared and never is, as its unit fails whenever it is started.

    Returns why it fails, empty where it does not.
    """
    if guard.state_of(files.TRIAL) not in ("", "preparing"):
        return ""
    why = failing_unit.reason()
    if why:
        give_up_start(why)
    return why


def outcome(trial: str) -> Outcome | None:
    """How a trial ended, None while it is open.

    A host that has booted since the trial began knows nothing of it in /run; what was kept is on the disk. One that
    has not booted has forgotten it, as a later trial has ended since: then the outcome is ``unknown``.

    :param trial: its id, which ends with the boot that it began under
    """
    # The last one twice: it may end between two of these looks.
    for folder in (files.TRIAL, files.LAST, "", files.LAST):
        if not folder and (os.path.isdir(files.TRIAL) or trial_backup.state().get("id") == trial):
            return None
        found: Outcome = files.load(os.path.join(folder, "outcome.json")) if folder else {}
        if found.get("id") == trial:
            return found
    verdict, reason = "rolled-back", "the host was started anew"
    began, now = trial.partition("-")[2], boot_id()
    if journal.is_kept(trial):
        verdict = "confirmed"
    elif not began or not now or began == now:
        last = files.exists(os.path.join(files.LAST, "outcome.json"))
        why = "the host has ended another one since" if last else "its note of that in /run/virtfleet was removed"
        verdict, reason = "unknown", f"it is not known how the change ended: {why}"
    return {"id": trial, "outcome": verdict, "reason": reason, "restored": verdict != "unknown", "log": []}


APPLIED = "applied"
"""Follows the id of a trial in the question of a controller that has heard that the trial is in force."""


def settle(trial: str, probe: t.Callable[[t.Sequence[str]], list[ProbeResult]]) -> Settled:
    """Have a trial confirmed if the probes that passed before pass again; else taken back.

    The connection that brings the question may be older than the trial, and then shows nothing. So the first answer
    only tells that the trial is in force; whoever has heard that asks again, over a connection that is newer.

    Returns how it ended, or ``outcome`` None where it is still being applied, kept or taken back; ``applied`` is true
    where it is to be asked again.

    :param trial: its id; followed by APPLIED when the controller has heard that it is in force
    """
    trial, _space, heard = trial.partition(" ")
    found = outcome(trial)
    if found is not None:
        return t.cast(Settled, {**found, "probes": []})
    state = files.load(os.path.join(files.TRIAL, "state.json"))
    if state.get("id") != trial or guard.state_of(files.TRIAL) != "applied":
        return {"outcome": None, "probes": []}
    if heard != APPLIED:
        return {"outcome": None, "probes": [], "applied": True}
    # Before the deadline, so that the answer can still say which probe failed.
    end = state["deadline"] - min(8, state["seconds"] / 2)
    while True:
        results = probe(state["probes"])
        failed = [result for result in results if not result["ok"]]
        if not failed or network.clock() > end or guard.state_of(files.TRIAL) != "applied":
            break
        time.sleep(0.5)
    reason = "; ".join(f"{result['probe']}: {result['said']}" for result in failed)
    try:
        guard.ask(files.TRIAL, "give-up" if failed else "confirm", reason)
    except OSError:
        # It ended this very moment, or was asked already.
        return {"outcome": None, "probes": results}
    if failed:
        # The connection may go with the trial.
        return {"outcome": None, "probes": results, "reason": reason}
    wait_for(lambda: outcome(trial) is not None, CONFIRMED)
    return t.cast(Settled, {**(outcome(trial) or {"outcome": None, "asked": True}), "probes": results})
