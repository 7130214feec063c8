# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change to the host's network as a trial: arm the way back, try, then confirm or give up."""

from __future__ import annotations

import contextlib
import fcntl
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
import typing as t
import uuid

from .._errors import VirtfleetError
from . import agent
from .facts import Facts
from .work import Plan

HEADSTART = 0.5
"""Seconds between the answer to the controller and the trial."""


@contextlib.contextmanager
def alone() -> t.Iterator[None]:
    """Hold the host's links for oneself.

    Raises VirtfleetError where another run has them, or its trial is still open.
    """
    os.makedirs(agent.BASE, mode=0o700, exist_ok=True)
    with open(os.path.join(agent.BASE, "lock"), "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VirtfleetError("nothing was changed: another run is at work on this host's links") from None
        refuse_open_trial()
        yield


def refuse_open_trial() -> None:
    """Raise VirtfleetError while a trial is open; close one that nobody will close any more."""
    if not os.path.isdir(agent.TRIAL):
        return
    try:
        deadline = agent.read_state(agent.TRIAL)["deadline"]
    except (OSError, ValueError):
        deadline = os.stat(agent.TRIAL).st_mtime + 60
    left = deadline - time.time()
    if left > -60:
        raise VirtfleetError(
            "nothing was changed: another run tries a change of this host's links, and ends in"
            f" {max(int(left), 0) + 1} s at the latest"
        )
    try:
        trial = agent.read_state(agent.TRIAL)["id"]
        agent.rollback(agent.TRIAL, trial, "found open long after its end")
    except (OSError, ValueError):
        os.rename(agent.TRIAL, tempfile.mkdtemp(prefix="lost-", dir=agent.BASE))


def validate(plan: Plan) -> None:
    """Have netplan read the documents as they will be.

    Raises VirtfleetError with what netplan says is wrong.
    """
    if not plan.netplan or not any("/netplan/" in file.path for file in plan.files):
        return
    with tempfile.TemporaryDirectory(prefix="virtfleet-") as root:
        for name, text in plan.documents.items():
            agent.write(os.path.join(root, "etc/netplan", name), text)
        command = ["netplan", "generate", "--root-dir", root]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(line for line in done.stderr.replace(root, "").splitlines() if "WARNING" not in line)
        raise VirtfleetError(f"nothing was changed, netplan refuses what would come out: {' '.join(said.split())}")


def begin(plan: Plan, facts: Facts, seconds: int, probes: t.Sequence[str]) -> dict[str, t.Any]:
    """Arm the way back and start the trial; returns what the controller has to know.

    Raises VirtfleetError, with nothing changed, where the way back cannot be armed.
    """
    generate = [["netplan", "generate"]] if plan.netplan else []
    switch = [["netplan", "apply"]] if plan.network_manager else [["networkctl", "reload"]]
    if plan.refresh and not plan.network_manager:
        switch.append(["networkctl", "reconfigure", *plan.refresh])
    touched = {*plan.reconfigure, *plan.gone}
    state: dict[str, t.Any] = {
        "id": uuid.uuid4().hex,
        "seconds": seconds,
        "deadline": time.time() + seconds,
        "trial": {file.trial: file.after for file in plan.files if file.trial},
        "keep": [{"path": file.path, "text": file.after, "mode": file.mode} for file in plan.files],
        "generate": generate,
        "apply": switch,
        "commands": plan.commands,
        "undo": plan.undo,
        "new": plan.new,
        "gone": plan.gone,
        "again": plan.again,
        "reconfigure": plan.reconfigure,
        "ports": plan.ports,
        "netplan": plan.netplan,
        "network_manager": plan.network_manager,
        "masters": {name: device.master for name, device in facts.devices.items() if device.master},
        "addresses": {
            name: list(device.addresses)
            for name, device in facts.devices.items()
            if device.addresses and (name in touched or name == facts.login_device)
        },
        "probes": list(probes),
    }
    os.mkdir(agent.TRIAL, mode=0o700)
    try:
        agent.write(os.path.join(agent.TRIAL, "state.json"), json.dumps(state))
        agent.write(os.path.join(agent.TRIAL, "agent.py"), inspect.getsource(agent))
        agent.arm(agent.TRIAL, state["id"])
        transient(
            agent.TIMER,
            ["rollback", agent.TRIAL, state["id"], f"nobody confirmed it within {seconds} s"],
            f"--on-active={seconds}",
            "--timer-property=AccuracySec=1s",
        )
        transient(agent.APPLY, ["apply", agent.TRIAL, str(HEADSTART)])
    except (OSError, subprocess.SubprocessError, VirtfleetError) as error:
        agent.rollback(agent.TRIAL, state["id"], "the way back could not be armed")
        raise VirtfleetError(f"nothing was changed: the way back could not be armed: {error}") from None
    return {"id": state["id"], "seconds": seconds, "addresses": plan.addresses, "probes": list(probes)}


def transient(unit: str, words: list[str], *options: str) -> None:
    """Have systemd run the agent, outside of the session that this call came by."""
    command = ["systemd-run", "--quiet", "--collect", f"--unit={unit}", *options]
    command += [sys.executable, os.path.join(agent.TRIAL, "agent.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VirtfleetError(f"systemd-run: {' '.join(done.stderr.split())}")


def outcome(trial: str) -> dict[str, t.Any] | None:
    """How a trial ended, None while it is open.

    A host that knows nothing of it has been off since: /run is empty after a boot.
    """
    if os.path.isdir(agent.TRIAL):
        return None
    try:
        with open(os.path.join(agent.LAST, "outcome.json"), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        found = {}
    if found.get("id") == trial:
        return found
    return {"id": trial, "outcome": "rolled-back", "reason": "the host was started anew", "restored": True, "log": []}


def settle(trial: str, probe: t.Callable[[t.Sequence[str]], list[dict[str, t.Any]]]) -> dict[str, t.Any]:
    """Confirm a trial if the probes that passed before pass again; else take it back.

    Returns how it ended, or ``outcome`` None where it is still being applied or taken back.
    """
    found = outcome(trial)
    if found is not None:
        return {**found, "probes": []}
    try:
        state = agent.read_state(agent.TRIAL)
    except OSError:
        # It ended this very moment.
        return {"outcome": None, "probes": []}
    armed = f"armed-{trial}"
    if state["id"] != trial or agent.verdict(agent.TRIAL, trial) != armed:
        return {"outcome": None, "probes": []}
    if not os.path.exists(os.path.join(agent.TRIAL, "applied")):
        return {"outcome": None, "probes": []}
    # Before the timer, so that the answer can still say which probe failed.
    end = state["deadline"] - min(8, state["seconds"] / 2)
    while True:
        results = probe(state["probes"])
        failed = [result for result in results if not result["ok"]]
        if not failed:
            agent.confirm(agent.TRIAL, trial)
            return {**(outcome(trial) or {"outcome": None}), "probes": results}
        if time.time() > end or agent.verdict(agent.TRIAL, trial) != armed:
            break
        time.sleep(0.5)
    # Taken back outside of this session: the connection may go with it.
    said = "; ".join(f"{result['probe']}: {result['said']}" for result in failed)
    with contextlib.suppress(VirtfleetError):
        transient(f"{agent.TIMER}-now", ["rollback", agent.TRIAL, trial, said])
    return {"outcome": None, "probes": results, "reason": said}
