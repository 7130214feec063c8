# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for libvirt's binding, with guests whose agents are models (agent_model.py) behind Unix sockets.

The file that VIRTFLEET_AGENT_MODEL names has the guests: name, UUID, state and socket.
"""

from __future__ import annotations

import json
import os
import socket
import typing as t

VIR_ERR_INTERNAL_ERROR, VIR_ERR_NO_CONNECT, VIR_ERR_NO_DOMAIN = 1, 5, 42
VIR_ERR_OPERATION_INVALID, VIR_ERR_AGENT_UNRESPONSIVE = 55, 86
VIR_DOMAIN_RUNNING, VIR_DOMAIN_PAUSED, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_PMSUSPENDED = 1, 3, 5, 7


class libvirtError(Exception):  # noqa: N801 # libvirt's own name
    """What libvirt raises."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code

    def get_error_code(self) -> int:
        return self.code

    def get_error_message(self) -> str:
        return str(self)


def registerErrorHandler(handler: t.Any, context: t.Any) -> None:  # noqa: N802
    """Errors are printed by nobody here."""


def open(uri: str) -> Connection:  # noqa: A001
    """A connection; only to qemu:///system."""
    if uri.partition("?")[0] != "qemu:///system":
        raise libvirtError(f"no connection driver available for {uri}", VIR_ERR_NO_CONNECT)
    return Connection()


class Connection:
    """A host with the guests of the file."""

    def __init__(self) -> None:
        with __builtins__["open"](os.environ["VIRTFLEET_AGENT_MODEL"]) as file:  # type: ignore[index]
            self.guests = json.load(file)

    def isAlive(self) -> int:  # noqa: N802
        return 1

    def lookupByName(self, name: str) -> Domain:  # noqa: N802
        if name not in self.guests:
            raise libvirtError(f"Domain not found: no domain with matching name '{name}'", VIR_ERR_NO_DOMAIN)
        return Domain(name, self.guests[name])

    def lookupByUUIDString(self, uuid: str) -> Domain:  # noqa: N802
        for name, guest in self.guests.items():
            if guest["uuid"] == uuid:
                return Domain(name, guest)
        raise libvirtError("invalid argument", VIR_ERR_NO_DOMAIN)


class Domain:
    """A guest."""

    def __init__(self, name: str, guest: dict[str, t.Any]) -> None:
        self.called, self.guest = name, guest

    def name(self) -> str:
        return self.called

    def UUIDString(self) -> str:  # noqa: N802
        return str(self.guest["uuid"])

    def isActive(self) -> int:  # noqa: N802
        return int(self.guest["state"] != VIR_DOMAIN_SHUTOFF)

    def state(self) -> list[int]:
        return [self.guest["state"], 0]

    def XMLDesc(self, flags: int) -> str:  # noqa: N802
        if "socket" not in self.guest:
            return "<domain><devices/></domain>"
        try:
            self.connect(1).close()
            state = "connected"
        except OSError:
            state = "disconnected"
        return (
            "<domain><devices><channel type='unix'>"
            f"<target type='virtio' name='org.qemu.guest_agent.0' state='{state}'/></channel></devices></domain>"
        )

    def connect(self, timeout: float) -> socket.socket:
        """A connection to the agent."""
        found = socket.socket(socket.AF_UNIX)
        found.settimeout(timeout)
        found.connect(self.guest["socket"])
        return found

    def command(self, order: str, timeout: int) -> str:
        """What the agent answers."""
        try:
            with self.connect(timeout) as agent:
                agent.sendall(order.encode() + b"\n")
                with agent.makefile("r") as answers:
                    said = answers.readline()
        except TimeoutError:
            raise libvirtError("Guest agent is not responding: no answer in time", VIR_ERR_AGENT_UNRESPONSIVE) from None
        except OSError:
            raise libvirtError("Guest agent is not responding: not connected", VIR_ERR_AGENT_UNRESPONSIVE) from None
        if not said:
            raise libvirtError("Guest agent is not responding: it has gone", VIR_ERR_AGENT_UNRESPONSIVE)
        try:
            problem = json.loads(said).get("error")
        except (ValueError, AttributeError):
            return said
        if problem and problem.get("class") == "NotConnected":
            # libvirt's words before it knows that the guest has closed the channel.
            said = "Guest agent is not responding: QEMU guest agent is not connected"
            raise libvirtError(said, VIR_ERR_AGENT_UNRESPONSIVE)
        if problem:
            name = json.loads(order)["execute"]
            text = f"internal error: unable to execute QEMU agent command '{name}': {problem['desc']}"
            raise libvirtError(text, VIR_ERR_INTERNAL_ERROR)
        return said
