# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of a change to its network: tries it, and keeps it or takes it back.

systemd runs this as one unit, and starts it again whenever it is killed or does not answer any more; all that it
started is killed with it. So nothing else works on the network at the same time, and no lock is needed. It goes on
from the state, which is the name of one file in the trial's folder; each transition is one rename:

==============  =======================================================  ============================
``preparing``   what is to be kept is written beside its place           refused, or ``armed``
``armed``       all is prepared and on the disk                          ``applying``
``applying``    the trial is put into force                              ``applied``, ``rolling-back``
``applied``     it is in force, and waits for confirmation               ``confirming``, ``rolling-back``
``confirming``  the kept files are put in their places                   confirmed, ``rolling-back``
``rolling-back``  the old network is put back                            rolled back
==============  =======================================================  ============================

Only this program makes them. Others ask: they rename ``ask.none`` to ``ask.confirm`` or ``ask.give-up``.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import typing as t

from . import (
    address_words,
    boot,
    expected,
    files,
    journal,
    network,
    restore_others,
    rollback,
    runtime,
    set_by_others,
    trial_backup,
    unit,
)
from .shapes import DeviceData, Outcome, State
from .watchdog import keep_watch

PATIENCE = 15.0
"""Seconds in which a disk that cannot be written is tried again; then the next run or boot puts the files back."""

MOST = 50
"""How many commands that failed, and how many things that are missing, an outcome lists at most."""
RESERVE = 15.0
"""Seconds of a trial that are left for its confirmation, however late addresses come."""
HEADSTART = 0.5
"""Seconds between the answer to the controller and the trial, so that the answer arrives."""


def state_of(folder: str) -> str:
    """The state of a trial, empty where there is none."""
    found = [name[3:] for name in files.listed(folder) if name.startswith("at.")]
    return found[0] if found else ""


def ask(folder: str, verdict: str, reason: str = "") -> None:
    """Ask the unit to end a trial: ``confirm``, or ``give-up``. Needs no room. Raises OSError.

    :param reason: why it is given up, for people
    """
    if reason:
        files.overwrite(os.path.join(folder, "reason"), reason)
    os.rename(os.path.join(folder, "ask.none"), os.path.join(folder, f"ask.{verdict}"))


def lay_out(folder: str, state: State) -> None:
    """Write the folder of a trial. Raises OSError."""
    os.mkdir(folder, 0o700)
    files.write(os.path.join(folder, "state.json"), json.dumps(state))
    for name in ("reason", "outcome"):
        files.reserve(os.path.join(folder, name))
    for name in ("ask.none", "at.preparing"):
        files.create(os.path.join(folder, name), "")


class Guard:
    """One trial, from whatever state it is in to its end."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.notes = trial_backup.collect(folder)
        if "state.json" not in self.notes:
            self.notes = trial_backup.collect(trial_backup.place())
        self.state: State = json.loads(self.notes.get("state.json", "{}"))
        self.network = network.TrialNetwork(self.state)

    def path(self, name: str) -> str:
        """The path of a file of the trial's."""
        return os.path.join(self.folder, name)

    def move(self, old: str, new: str) -> None:
        """Go to another state. Raises OSError."""
        os.rename(self.path(f"at.{old}"), self.path(f"at.{new}"))

    def asked(self, verdict: str) -> bool:
        """Whether a verdict was asked for."""
        return files.exists(self.path(f"ask.{verdict}"))

    def run(self) -> None:
        """Bring the trial to its end. Raises OSError where even that fails; systemd starts it again then."""
        if files.exists(self.path("outcome.json")):
            self.clear_folder()
            return
        state = state_of(self.folder) or trial_backup.bring_back(self.folder)
        if not state:
            # Nothing tells what it was. What is on the disk is told by the journal.
            files.remove_folder(self.folder)
            self.attempt(journal.finish)
            return
        if state in ("armed", "applied") and not files.exists(journal.path_of("trial")):
            state = self.forget(state)
        if state == "preparing":
            state = self.prepare()
        if state == "armed":
            state = self.start()
        if state == "applying":
            # It was being applied when this program was killed, or the power of its machine was taken away.
            state = self.give_up("applying", "the program that put it into force was killed")
        if state == "applied":
            state = self.wait()
        if state == "confirming":
            state = self.confirm()
        if state == "rolling-back":
            self.roll_back()

    def forget(self, state: str) -> str:
        """End a trial of which the disk knows nothing any more. Returns the next state, empty where it is refused.

        A soft-reboot leaves /run and the boot's id as they are, and yet what is on the disk goes as at a boot.
        """
        reason = "what was prepared on the disk is gone, as after a new start of the host"
        if state == "armed":
            self.refuse(reason)
            return ""
        return self.give_up(state, reason)

    def prepare(self) -> str:
        """Make ready what a rollback and a confirmation need. Returns the next state, empty where it is refused."""
        try:
            journal.prepare(self.state)
            runtime.save(self.folder, self.state["trial"])
            before = self.network.devices()
            files.write(self.path("before.json"), json.dumps(before))
            set_by_others.save(self.folder, self.state)
            self.notes = trial_backup.save(self.folder)
        except (OSError, ValueError) as error:
            self.refuse(files.problem(error))
            return ""
        if not before:
            # A rollback would have nothing to go by.
            self.refuse("ip does not tell which devices the host has")
            return ""
        self.move("preparing", "armed")
        return "armed"

    def refuse(self, reason: str) -> None:
        """End a trial that cannot begin."""
        restored = self.attempt(journal.undo)
        self.end("refused", reason, restored)

    def start(self) -> str:
        """Put the trial into force. What fails at once is taken back at once. Returns the next state."""
        time.sleep(HEADSTART)
        if self.asked("give-up") or self.is_over():
            self.refuse(self.reason() or "the time was up before it began")
            return ""
        self.move("armed", "applying")
        self.network.end = self.state["deadline"]
        try:
            runtime.put(self.state["trial"])
            if self.state["generate"] and not self.network.all_of(self.state["generate"]):
                raise network.NotApplied("; ".join(self.network.log))
            runtime.keep_unchanged(self.folder)
            self.attempt(lambda: set_by_others.save(self.folder, self.state))
            self.attempt(self.save_notes)
            self.network.apply()
            end = self.network.end
            self.attempt(lambda: restore_others.after_trial(self.folder, self.network.devices, self.changed(), end))
            missing = expected.wait(self.network, self.state["deadline"] - min(RESERVE, self.state["seconds"] / 2))
            if missing:
                raise network.NotApplied(missing)
        except network.NotApplied as problem:
            return self.give_up("applying", str(problem))
        except OSError as error:
            return self.give_up("applying", files.problem(error))
        finally:
            self.network.end = None
        self.move("applying", "applied")
        return "applied"

    def changed(self) -> list[str]:
        """The devices that are no longer what they were once the trial is in force, as the plan has told."""
        return [*self.state.get("configured", self.state["ports"]), *self.state["gone"], *self.state["new"]]

    def wait(self) -> str:
        """Wait for somebody to confirm it. Returns the next state."""
        while not self.asked("confirm"):
            if state_of(self.folder) != "applied":
                return self.lay_out_again()
            if not files.exists(files.UNIT):
                self.attempt(self.bring_unit_back)
            if self.asked("give-up"):
                return self.give_up("applied", self.reason() or "it was given up")
            if self.is_over():
                before, now = self.before(), self.network.devices()
                return self.give_up("applied", address_words.unconfirmed(self.state["seconds"], before, now))
            time.sleep(0.1)
        self.move("applied", "confirming")
        return "confirming"

    def bring_unit_back(self) -> None:
        """Have systemd know the unit again, which starts this program anew where it is killed. Raises OSError."""
        unit.write(sys.executable)
        self.network.call(["systemctl", "daemon-reload"], 20)

    def save_notes(self) -> None:
        """Have on the disk what is noted by now. Raises OSError."""
        self.notes = trial_backup.save(self.folder)

    def lay_out_again(self) -> str:
        """Take back a trial whose folder somebody has removed. Returns the next state. Raises OSError."""
        try:
            return trial_backup.lay_out(self.folder, self.notes)
        except OSError:
            self.attempt(self.bring_about)
            raise

    def before(self) -> dict[str, DeviceData]:
        """The devices as they were before the trial, by name."""
        found: dict[str, DeviceData] = json.loads(self.notes.get("before.json", "{}"))
        return files.load(self.path("before.json")) or found

    def is_over(self) -> bool:
        """Whether the deadline has passed."""
        return network.clock() > self.state["deadline"]

    def reason(self) -> str:
        """Why it is taken back, as far as it was noted."""
        try:
            return files.read(self.path("reason")).strip()
        except OSError:
            return ""

    def give_up(self, old: str, reason: str) -> str:
        """Decide that the trial is taken back. Returns that state.

        Raises OSError where nothing can be decided because /run cannot be changed. The host has its addresses then
        all the same; systemd starts this again until it can.
        """
        self.attempt(lambda: files.overwrite(self.path("reason"), reason))
        if old in ("applied", "confirming"):
            self.attempt(lambda: restore_others.note(self.folder, restore_others.ENDED, self.network.devices()))
        try:
            self.move(old, "rolling-back")
        except OSError:
            self.attempt(self.bring_about)
            raise
        return "rolling-back"

    def bring_about(self) -> None:
        """Give the kernel what it had before the trial, whatever the files say."""
        self.way_back().bring_about()

    def way_back(self) -> rollback.WayBack:
        """What takes the network back."""
        return rollback.WayBack(self.network, self.before())

    def confirm(self) -> str:
        """Keep the trial. Returns the next state, empty at the end."""
        devices = self.network.devices()
        found = expected.look(self.state.get("expected", []), devices)
        found.needed.extend(expected.lost_ports(self.state["ports"], devices))
        if found.needed and not journal.is_kept(self.state["id"]):
            return self.give_up("confirming", f"it could not be kept: {'; '.join(found.needed)}")
        try:
            journal.keep(self.state["id"])
        except journal.FilesNotKept as problem:
            return self.give_up("confirming", f"it could not be kept: {problem}")
        # From here on both folders say the same; what is kept takes over without a change.
        self.attempt(lambda: runtime.drop(self.state["trial"]))
        self.attempt(journal.done)
        lost = files.load(self.path(restore_others.APPLIED)).get("lost", [])
        self.end("confirmed", "", True, lost, [*found.needed, *found.wanted])
        return ""

    def roll_back(self) -> None:
        """Put everything back as it was."""
        results = {"files": False, "network": False}
        lost: list[str] = []

        def restore_files(again: bool) -> None:
            results["files"] = self.attempt(lambda: self.restore_files(again))

        self.attempt(lambda: results.update(network=self.way_back().take_back(restore_files)))
        done = self.attempt(lambda: lost.extend(restore_others.after_rollback(self.folder, self.network)))
        self.attempt(lambda: lost.extend(expected.after_rollback(self.network)))
        results["others"] = done and not lost
        for command in lost:
            self.network.note(f"not back: {command}")
        results["disk"] = self.put_back()
        if files.exists(journal.path_of("keep")):
            problem = "cannot be changed: the next start of the host brings the change after all"
            self.network.note(f"{journal.path_of('keep')} {problem}")
        self.end("rolled-back", self.reason(), all(results.values()))

    def put_back(self) -> bool:
        """Put the files of before back on the disk. Where it cannot be written, that may pass: it is tried again."""
        end = network.clock() + PATIENCE
        while not self.attempt(journal.undo):
            left = any(files.exists(journal.path_of(name)) for name in ("keep", "trial"))
            if not left or network.clock() > end:
                return False
            time.sleep(1)
        return True

    def restore_files(self, again: bool) -> None:
        """Put the files of before into /run. Raises OSError.

        Those that were lost meanwhile are made anew where netplan makes them; that they are the same is not claimed.
        """
        try:
            runtime.restore(self.folder, self.state["trial"], again)
        except runtime.SavedFileLost:
            for command in self.state["generate"]:
                self.network.call(command, 20)
            raise

    def attempt(self, step: t.Callable[[], object]) -> bool:
        """Do a step that must not keep the following ones from being done. Returns whether it went well."""
        try:
            step()
        except Exception as error:
            self.network.note(files.problem(error))
            return False
        return True

    def end(
        self, outcome: str, reason: str, restored: bool, lost: t.Sequence[str] = (), missing: t.Sequence[str] = ()
    ) -> None:
        """Leave the outcome for whoever asks. Raises OSError.

        :param lost: the commands for what others had told the kernel and it has not got back
        :param missing: what the host should have and does not have, for people
        """
        record: Outcome = {"id": self.state["id"], "outcome": outcome, "reason": reason, "restored": restored}
        record.update({"lost": lost[:MOST], "missing": missing[:MOST]})
        log = self.network.log
        while len(json.dumps({**record, "log": log})) > files.ROOM and log:
            log = log[1:]
        files.overwrite(self.path("outcome"), json.dumps({**record, "log": log}))
        os.rename(self.path("outcome"), self.path("outcome.json"))
        self.clear_folder()

    def clear_folder(self) -> None:
        """Make the place free for the next trial. Raises OSError."""
        # The state holds whole files, and these can hold passwords.
        for name in files.listed(self.folder):
            if name not in ("outcome.json", "saved"):
                files.unlink(self.path(name))
        files.remove_folder(self.path("saved"))
        files.remove_folder(files.LAST)
        os.rename(self.folder, files.LAST)
        self.attempt(trial_backup.forget)


def main(arguments: list[str]) -> None:
    """Without arguments the unit's program; ``boot`` for the unit that a boot runs."""
    if arguments[:1] == ["boot"]:
        boot.boot(state_of(files.TRIAL))
        return
    # systemd and administrators can give all services another one: networkd must read what is written here.
    os.umask(0o022)
    keep_watch()
    try:
        files.unlink(files.WANTED)
        if os.path.isdir(files.TRIAL) or trial_backup.bring_back(files.TRIAL):
            Guard(files.TRIAL).run()
        else:
            with contextlib.suppress(OSError):  # Then the next run or boot does it.
                journal.finish()
        with contextlib.suppress(OSError):
            trial_backup.forget()
        unit.remove()
    except OSError:
        # systemd starts this again; what stood in the way may have gone by then.
        time.sleep(2)
        raise


if __name__ == "__main__":
    main(sys.argv[1:])
