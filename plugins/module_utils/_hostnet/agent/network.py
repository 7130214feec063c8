# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent tells the kernel, systemd-networkd, NetworkManager and netplan, each call with a limit of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time

from . import files
from .shapes import DeviceData, State

LONG = 60.0
"""Seconds that a command may take."""
LINKS = "/run/systemd/netif/links"
"""Where networkd tells of each device, by its index, among others the unit that it goes by."""
OPTIONS = {"mac": ("address", "MAC address"), "mtu": ("mtu", "MTU")}
"""Options of links, each with what ``ip`` calls it, and what people do."""
LAST_WORDS = 2.0
"""Seconds that a command has to be gone once it is killed."""


class NotApplied(Exception):
    """The trial cannot be applied; its text says why."""


def clock() -> float:
    """Seconds that no change of the wall clock touches, and that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def run(command: list[str], seconds: float) -> tuple[int, str, str]:
    """Run a command, all of which is killed after some time. Returns its status, output and errors.

    What cannot be killed, as the kernel does not let go of it, or has left the command's session, is not waited for.

    Raises OSError, and subprocess.TimeoutExpired where it was killed.
    """
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=LAST_WORDS)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        raise
    return process.returncode, output, errors


class TrialNetwork:
    """A host's network, as one trial changes it.

    :param state: what the trial is about
    :ivar log: what went wrong, for people; secrets are left out
    :ivar end: until when, by ``clock``, commands may run; None without such an end
    """

    def __init__(self, state: State, end: float | None = None) -> None:
        self.state, self.end = state, end
        self.log: list[str] = []

    def note(self, text: str) -> None:
        """Add to the log, without the secrets of the host's configuration."""
        for secret in self.state.get("secrets", []):
            text = text.replace(secret, "***").replace(json.dumps(secret)[1:-1], "***")
        if text not in self.log[-1:]:
            self.log.append(text)

    def call(self, command: list[str], seconds: float = LONG) -> bool:
        """Run a command; what goes wrong is written to the log."""
        if self.end is not None:
            seconds = min(seconds, self.end - clock())
            if seconds <= 0:
                self.note("the time was up")
                return False
        words = " ".join(command)
        try:
            status, output, errors = run(command, seconds)
        except subprocess.TimeoutExpired:
            self.note(f"{words}: did not end within {seconds:.0f} s and was killed")
            return False
        except OSError as error:
            self.note(f"{words}: {files.problem(error)}")
            return False
        if status:
            self.note(f"{words}: {on_one_line(errors or output)}")
        return status == 0

    def all_of(self, commands: list[list[str]]) -> bool:
        """Run commands until one fails."""
        return all(self.call(command) for command in commands)

    def switch(self, commands: list[list[str]]) -> bool:
        """Put the files into force, in a second and third attempt if need be.

        networkd can die of a device that goes (systemd 257, an assertion in link_ref); it is started
        again at once, and then reads the files anyway.
        """
        before, self.log = self.log, []
        for _attempt in range(3):
            if self.all_of(commands):
                self.log = before
                return True
            if self.end is not None and clock() > self.end:
                break
            time.sleep(1)
        self.log = [*before, *self.log]
        return False

    def delete_links(self, names: list[str]) -> None:
        """Remove devices that networkd and netplan leave behind.

        Only once networkd no longer has them in its care, or it may die of that (see switch).
        """
        for name in names:
            if os.path.exists(f"/sys/class/net/{name}"):
                self.call(["ip", "link", "delete", "dev", name], 10)

    def devices(self) -> dict[str, DeviceData]:
        """What ``ip`` says of devices and addresses, by device; nothing where it cannot be asked.

        That is never what a host has: every one has the loopback device.
        """
        try:
            status, output, _errors = run(["ip", "-details", "-json", "address", "show"], 10)
            found = json.loads(output or "[]") if status == 0 else []
            return {entry["ifname"]: entry for entry in found if "ifname" in entry}
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return {}

    def apply(self) -> None:
        """Put the trial's files into force, and wait until the links are as they say. Raises Failed."""
        state = self.state
        done = self.switch(state["apply"])
        if done:
            self.delete_links(state["gone"])
            done = (
                self.links_are_there() and self.wait_for_ports() and self.wait_for_settings() and self.wait_for_units()
            )
            if done:
                self.wait_for_network_manager()
                done = self.all_of(state["commands"])
        if not done:
            raise NotApplied("; ".join(self.log) or "the change could not be put into force")

    def links_are_there(self) -> bool:
        """Whether the new links and those made anew are there as they are to be, after some time at most.

        networkd 252 can keep in mind that it has made such a link before; started anew it reads the files.
        """
        again = self.state["again"]
        modes = {**self.state["modes"], **again}
        before, self.log = self.log, []
        for firmly in (False, True):
            if firmly and self.state["network_manager"]:
                break
            if firmly:
                self.delete_links(list(modes))
                self.call(["systemctl", "restart", "systemd-networkd"], 20)
            elif again:
                self.switch(self.state["apply"])
            if self.wait_for_links([*self.state["new"], *again], 15 if firmly else 7) and self.have_modes(modes):
                self.log = before
                return True
        unit = "NetworkManager" if self.state["network_manager"] else "systemd-networkd"
        self.log = [*before, *self.log, f"on the host, `journalctl -u {unit}` says why"]
        return False

    def have_modes(self, wanted: dict[str, str]) -> bool:
        """Whether MacVLAN links have their modes."""
        devices = self.devices()
        wrong = [name for name, mode in wanted.items() if mode_of(devices.get(name, {})) != mode]
        if wrong:
            self.note(f"{', '.join(wrong)} did not get the mode that is declared")
        return not wrong

    def wait_for_links(self, names: list[str], seconds: float = 10) -> bool:
        """Whether all the new devices are there, after some time at most."""
        end = clock() + seconds
        while True:
            missing = [name for name in names if not os.path.exists(f"/sys/class/net/{name}")]
            if not missing:
                return True
            if clock() > end:
                self.note(f"{', '.join(missing)} did not come up")
                return False
            time.sleep(0.1)

    def wait_for_ports(self, seconds: float = 10) -> bool:
        """Whether all ports are part of their bridges, after some time at most.

        networkd 252 can forget one that was just taken from its bridge; then the kernel is told directly.
        """
        started = clock()
        while True:
            devices, ports = self.devices(), self.state["ports"]
            found = {name: each.get("master") for name, each in devices.items()}
            # Where nothing is told, nothing is known of the ports either; one that is not there is no port to wait for.
            there = {port: bridge for port, bridge in ports.items() if port in found or not found}
            missing = {port: bridge for port, bridge in there.items() if found.get(port) != bridge}
            if not missing:
                return True
            passed = clock() - started
            others = {port: self.other_unit(devices.get(port, {}), bridge) for port, bridge in missing.items()}
            if passed > seconds:
                reasons = {port: f": networkd configures it by {unit}" if unit else "" for port, unit in others.items()}
                self.note(
                    "; ".join(f"{port} did not become a port of {missing[port]}{reasons[port]}" for port in missing)
                )
                return False
            if passed > seconds / 3:
                for port in (port for port in missing if not others[port]):
                    self.call(["ip", "link", "set", "dev", port, "master", missing[port], "up"], 10)
            time.sleep(0.2)

    def other_unit(self, device: DeviceData, bridge: str) -> str:
        """The unit by which networkd configures a device, where that does not make it a port; in doubt it does.

        The device would be no port after the next boot, whatever the kernel is told now.
        """
        units = self.units_of(device)
        try:
            texts = [files.read(unit) for unit in units]
        except OSError:
            return ""
        words = {line.strip().replace(" ", "") for text in texts for line in text.splitlines()}
        return units[0] if texts and f"Bridge={bridge}" not in words else ""

    def units_of(self, device: DeviceData) -> list[str]:
        """The unit by which networkd configures a device, then its drop-ins; none where it does not, or cannot be read.

        :param device: what ``ip`` says of it
        """
        try:
            state = files.read(f"{LINKS}/{device.get('ifindex', 0)}").splitlines()
        except OSError:
            return []
        # NETWORK_FILE, and since systemd 251 NETWORK_FILE_DROPINS, with colons between them.
        lines = [line.partition("=")[2].strip('"') for line in sorted(state) if line.startswith("NETWORK_FILE")]
        return [unit for unit in ":".join(lines).split(":") if unit]

    def wait_for_units(self, seconds: float = 5) -> bool:
        """Whether networkd configures links by their own units, after some time at most; in doubt it does.

        The first unit that matches is taken, and by what it matches is not always known beforehand.
        """
        started, wanted = clock(), self.state.get("units", {})
        while True:
            devices = self.devices()
            taken = {name: next(iter(self.units_of(devices.get(name, {}))), "") for name in wanted}
            others = {name: path for name, path in taken.items() if path and os.path.basename(path) != wanted[name]}
            if not others and all(taken.get(name) for name in wanted):
                return True
            if clock() - started > seconds:
                for name, path in others.items():
                    self.note(f"networkd configures {name} by {path}, and not by its own unit {wanted[name]}")
                return not others
            time.sleep(0.2)

    def wait_for_settings(self, seconds: float = 10) -> bool:
        """Whether links have the MAC addresses and MTUs that they are to have, after some time at most."""
        started = clock()
        while True:
            devices, wrong = self.devices(), list[str]()
            for name, wanted in self.state.get("settings", {}).items():
                for option, (key, word) in OPTIONS.items():
                    has, value = devices.get(name, {}).get(key), wanted.get(option)
                    if option in wanted and str(has).lower() != str(value).lower():
                        wrong.append(f"{name} has the {word} {has}, and not {value}")
            if not wrong:
                return True
            if clock() - started > seconds:
                self.note("; ".join(wrong))
                return False
            time.sleep(0.2)

    def wait_for_network_manager(self) -> None:
        """Let NetworkManager, which was just started anew, end what it sets: it sets the same keys as we do."""
        if self.state["network_manager"] and (self.state["commands"] or self.state["undo"]):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                run(["nm-online", "-q", "-s", "-t", "20"], 25)


def subnets_of(device: DeviceData) -> set[str]:
    """A device's addresses with their subnets."""
    return {f"{entry['local']}/{entry['prefixlen']}" for entry in device.get("addr_info", []) if "local" in entry}


def on_one_line(text: str) -> str:
    """What a program printed, as one line; of a traceback only how it ends."""
    lines = [line for line in text.splitlines() if line.strip()]
    if any(line.startswith("Traceback (") for line in lines):
        lines = lines[-1:]
    return " ".join(" ".join(lines).split())[-600:]


def mode_of(device: DeviceData) -> str:
    """The mode of a MacVLAN or MacVTap link, empty for others."""
    return str(((device.get("linkinfo") or {}).get("info_data") or {}).get("mode", ""))


def kind_of(device: DeviceData) -> str:
    """The kernel's kind of a device, empty for hardware."""
    return str((device.get("linkinfo") or {}).get("info_kind", ""))
