# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of a change to its network: tries it, takes it back, or keeps it.

This file is also copied to the host and run there by systemd, so that it works when the connection
by which the change came is gone. It stands alone: the standard library, nothing of the collection.

A trial is a folder in /run, so that a reboot forgets it:

``state.json``   what to try, to keep and to take back
``armed-ID``     whoever renames this file decides: ``confirmed``, or ``rolled-back``; it bears the
                 trial's id, so that a timer that comes late finds nothing of a later trial
``applied``      there once the trial is in force
``outcome.json`` there once all is over
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
import typing as t

BASE = "/run/virtfleet/links"
TRIAL = BASE + "/trial"
LAST = BASE + "/last"
UNITS = "/run/systemd/network"
TIMER = "virtfleet-links-rollback"
APPLY = "virtfleet-links-apply"
SETTLE = 30.0
"""Seconds that a host has to get its addresses back after a rollback."""
MEASURES = ((5.0, ["networkctl", "reconfigure"]), (12.0, ["systemctl", "restart", "systemd-networkd"]))
"""What helps along addresses that are not back by themselves, and after how many seconds."""


def read_state(folder: str) -> dict[str, t.Any]:
    """What the trial is about."""
    with open(os.path.join(folder, "state.json"), encoding="utf-8") as file:
        return json.load(file)


def write(path: str, text: str, mode: int = 0o600) -> None:
    """Write a file whole or not at all, also when the power fails; through a symbolic link, which stays one."""
    if os.path.isfile(path):  # A mask, which is a link to /dev/null, is replaced.
        path = os.path.realpath(path)
    folder, name = os.path.split(path)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    temporary = os.path.join(folder, f".{name}.virtfleet")
    if os.path.lexists(temporary):
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)
    sync(folder)


def remove(path: str) -> None:
    """Remove a file, and its folder where it was a drop-in's and is empty now."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    folder = os.path.dirname(path)
    sync(folder)
    if folder.endswith(".d"):
        try:
            os.rmdir(folder)
        except OSError:
            pass


def sync(folder: str) -> None:
    """Have a folder's names on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def arm(folder: str, trial: str) -> None:
    """Let the trial be decided."""
    write(os.path.join(folder, f"armed-{trial}"), "")


def decide(folder: str, trial: str, verdict: str) -> bool:
    """Whether this verdict is the one that counts. Of two at the same moment exactly one is told so."""
    try:
        os.rename(os.path.join(folder, f"armed-{trial}"), os.path.join(folder, verdict))
    except FileNotFoundError:
        return False
    return True


def verdict(folder: str, trial: str) -> str:
    """``armed-ID``, ``confirmed``, ``rolled-back``, or nothing."""
    for name in (f"armed-{trial}", "confirmed", "rolled-back"):
        if os.path.exists(os.path.join(folder, name)):
            return name
    return ""


class Busy:
    """One at a time works on the host's network; the other waits, but not for ever."""

    def __init__(self, folder: str, seconds: float) -> None:
        self.path, self.seconds = os.path.join(folder, "busy"), seconds

    def __enter__(self) -> None:
        self.file = open(self.path, "w", encoding="utf-8")
        end = time.monotonic() + self.seconds
        while True:
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > end:
                    # A rollback must go on whatever the trial hangs on.
                    return
                time.sleep(0.05)

    def __exit__(self, *error: object) -> None:
        self.file.close()


def call(command: list[str], log: list[str], seconds: float = 60) -> bool:
    """Run a command; what goes wrong is written to the log."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.append(f"{' '.join(command)}: {error}")
        return False
    if done.returncode:
        log.append(f"{' '.join(command)}: {' '.join((done.stderr or done.stdout).split())}")
    return done.returncode == 0


def all_of(commands: list[list[str]], log: list[str]) -> bool:
    """Run commands until one fails."""
    return all(call(command, log) for command in commands)


def switch(commands: list[list[str]], log: list[str]) -> bool:
    """Put the files into force, in a second and third attempt if need be.

    networkd can die of a device that goes (systemd 257, an assertion in link_ref); it is started
    again at once, and then reads the files anyway.
    """
    said: list[str] = []
    for _attempt in range(3):
        if all_of(commands, said):
            return True
        time.sleep(1)
    log += said
    return False


def delete_links(names: list[str], log: list[str]) -> None:
    """Remove devices that networkd and netplan leave behind.

    Only once networkd no longer has them in its care, or it may die of that (see switch).
    """
    for name in names:
        if os.path.exists(f"/sys/class/net/{name}"):
            call(["ip", "link", "delete", "dev", name], log)


def generate(folder: str, commands: list[list[str]], log: list[str]) -> bool:
    """Have netplan write networkd's units; those that come out as they were stay the same files.

    netplan writes them all anew, and networkd would configure every link anew, not just those that
    change: it goes by inode and time (stats_by_path_equal in systemd).
    """
    aside = os.path.join(folder, "units")
    os.makedirs(aside, exist_ok=True)
    names = [name for name in os.listdir(UNITS) if name.startswith("10-netplan-")] if os.path.isdir(UNITS) else []
    old = []
    for name in names:
        path, kept = os.path.join(UNITS, name), os.path.join(aside, name)
        if os.path.isfile(path) and not os.path.islink(path):
            os.link(path, kept)
            old.append((path, kept))
    done = all_of(commands, log)
    for path, kept in old:
        if os.path.isfile(path) and not os.path.samefile(path, kept) and same(path, kept):
            os.rename(kept, path)
        else:
            os.unlink(kept)
    os.rmdir(aside)
    return done


def same(one: str, other: str) -> bool:
    """Whether two files have the same text and rights."""
    first, second = os.stat(one), os.stat(other)
    if (first.st_mode, first.st_uid, first.st_gid) != (second.st_mode, second.st_uid, second.st_gid):
        return False
    with open(one, "rb") as left, open(other, "rb") as right:
        return left.read() == right.read()


def apply(folder: str) -> None:
    """Try it. What fails at once is taken back at once."""
    state, log = read_state(folder), list[str]()
    with Busy(folder, 5):
        if verdict(folder, state["id"]) != f"armed-{state['id']}":
            return
        for path, text in state["trial"].items():
            if text is None:
                remove(path)
                os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
                os.symlink("/dev/null", path)
            else:
                write(path, text, 0o600 if "/netplan/" in path else 0o644)
        done = generate(folder, state["generate"], log) and switch(state["apply"], log)
        if done:
            delete_links(state["gone"], log)
            if state["again"]:
                done = switch(state["apply"], log)
            done = done and all_links([*state["new"], *state["again"]], log) and all_ports(state["ports"], log)
            done = done and all_of(state["commands"], log)
        if done:
            write(os.path.join(folder, "applied"), "")
            return
    rollback(folder, state["id"], "; ".join(log) or "the trial could not be applied")


def all_links(names: list[str], log: list[str], seconds: float = 10) -> bool:
    """Whether all the new devices are there, after some time at most."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        missing = [name for name in names if not os.path.exists(f"/sys/class/net/{name}")]
        if not missing:
            return True
        time.sleep(0.1)
    log.append(f"{', '.join(missing)} did not come up")
    return False


def all_ports(ports: dict[str, str], log: list[str], seconds: float = 10) -> bool:
    """Whether all ports are part of their bridges, after some time at most.

    networkd 252 can forget one that was just taken from its bridge; then the kernel is told directly.
    """
    started = time.monotonic()
    while True:
        found = {device["ifname"]: device.get("master") for device in addresses()}
        missing = {port: bridge for port, bridge in ports.items() if port in found and found[port] != bridge}
        if not missing:
            return True
        passed = time.monotonic() - started
        if passed > seconds:
            log.append("; ".join(f"{port} did not become a port of {bridge}" for port, bridge in missing.items()))
            return False
        if passed > seconds / 3:
            for port, bridge in missing.items():
                call(["ip", "link", "set", "dev", port, "master", bridge, "up"], log)
        time.sleep(0.2)


def rollback(folder: str, trial: str, reason: str) -> bool:
    """Put everything back as it was, unless it is confirmed. Returns whether this did it."""
    if not decide(folder, trial, "rolled-back"):
        if verdict(folder, trial) == "confirmed":
            # Whoever confirmed it may have died before it was done.
            keep(folder, trial)
        return False
    state, log = read_state(folder), list[str]()
    with Busy(folder, 30):
        for path in state["trial"]:
            remove(path)
        generate(folder, state["generate"], log)
        switch(state["apply"], log)
        delete_links(state["new"], log)
        for command in state["undo"]:
            call(command, log)
        if state["gone"]:
            switch(state["apply"], log)
        restored = restore(state, log)
    outcome = {"outcome": "rolled-back", "reason": reason, "restored": restored, "log": log, "at": time.time()}
    finish(folder, outcome)
    return True


def restore(state: dict[str, t.Any], log: list[str]) -> bool:
    """Wait for the addresses of before, and put guests' devices back into their bridges.

    What does not come by itself is helped along, ever more firmly. Not earlier: networkd 252 that is told to
    configure a link anew while it still does can hold a lease and never set its address.
    """
    started = time.monotonic()
    measures = list(MEASURES if not state["network_manager"] else ())
    while True:
        devices = {device["ifname"]: device for device in addresses()}
        for name, master in state["masters"].items():
            if name in devices and master in devices and devices[name].get("master") != master:
                call(["ip", "link", "set", "dev", name, "master", master, "up"], log)
        missing = [
            f"{address} on {name}"
            for name, wanted in state["addresses"].items()
            for address in wanted
            if address not in held(devices.get(name, {}))
        ]
        if not missing:
            return True
        passed = time.monotonic() - started
        if passed > SETTLE:
            log.append(f"not back: {', '.join(missing)}")
            return False
        # What a router announces comes in its own time; to wait for that alone is no reason to begin anew.
        urgent = len(missing) == sum(map(len, state["addresses"].values())) or any(":" not in each for each in missing)
        if urgent and measures and passed > measures[0][0]:
            _after, command = measures.pop(0)
            if command[0] != "networkctl":
                call(command, log)
            elif state["reconfigure"]:
                call([*command, *state["reconfigure"]], log)
        time.sleep(0.2)


def addresses() -> list[dict[str, t.Any]]:
    """What ``ip`` says of devices and addresses."""
    done = subprocess.run(["ip", "-json", "address", "show"], capture_output=True, text=True, check=False)
    return [entry for entry in json.loads(done.stdout or "[]") if "ifname" in entry]


def held(device: dict[str, t.Any]) -> set[str]:
    """A device's addresses with their subnets."""
    return {f"{entry['local']}/{entry['prefixlen']}" for entry in device.get("addr_info", []) if "local" in entry}


def confirm(folder: str, trial: str) -> bool:
    """Keep it, unless it is rolled back. Returns whether this did it."""
    if not decide(folder, trial, "confirmed"):
        return False
    keep(folder, trial)
    return True


def keep(folder: str, trial: str) -> None:
    """Make the trial permanent. Can be done again from any point.

    What has no effect by itself comes first, and each file is replaced whole: the one that makes the
    links is the last, so a power cut in between leaves the old network or the new one.
    """
    with Busy(folder, 30):
        try:
            state = read_state(folder)
        except FileNotFoundError:
            return
        if state["id"] != trial:
            return
        for file in state["keep"]:
            if file["text"] is None:
                remove(file["path"])
            else:
                write(file["path"], file["text"], file["mode"])
        # From here on both folders say the same; what is kept takes over without a change.
        for path in state["trial"]:
            remove(path)
        generate(folder, state["generate"], [])
        subprocess.run(["systemctl", "stop", f"{TIMER}.timer"], capture_output=True, check=False)
        finish(folder, {"outcome": "confirmed", "reason": "", "restored": True, "log": [], "at": time.time()})


def finish(folder: str, outcome: dict[str, t.Any]) -> None:
    """Leave the outcome for whoever asks, and the place for the next trial."""
    state = read_state(folder)
    write(os.path.join(folder, "outcome.json"), json.dumps({"id": state["id"], **outcome}))
    if os.path.isdir(LAST):
        for name in os.listdir(LAST):
            os.unlink(os.path.join(LAST, name))
        os.rmdir(LAST)
    # The state holds whole files, and these can hold passwords.
    os.unlink(os.path.join(folder, "state.json"))
    os.rename(folder, LAST)
    if outcome["outcome"] == "rolled-back":
        subprocess.run(["systemctl", "stop", "--no-block", f"{TIMER}.timer"], capture_output=True, check=False)


def main(arguments: list[str]) -> None:
    """``apply FOLDER SECONDS``, or ``rollback FOLDER ID REASON``."""
    if arguments[0] == "apply":
        # The answer that announces the trial is on its way: let it arrive.
        time.sleep(float(arguments[2]))
        apply(arguments[1])
    elif os.path.isdir(arguments[1]):
        rollback(*arguments[1:4])


if __name__ == "__main__":
    main(sys.argv[1:])
