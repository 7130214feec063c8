# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talks to the agent of one guest, on the guest's host. It is sent there as text, so it imports nothing of ours.

It reads orders from standard input and answers on standard output, each a line of JSON. The order ``open`` comes
first. An answer has the ``id`` of the order, and ``ok``, or ``kind`` (see KINDS) and ``said`` (libvirt's words). While
a command runs in the guest, a line with ``beat`` comes every few seconds.

==========  ===========================================================================
``open``    ``uri``, ``guest``, ``timeout``: connect, and look whether an agent is there
``call``    ``execute``, ``arguments``: one command of the agent, and what it returns
``exec``    ``arguments``: guest-exec, and its status once it has ended
==========  ===========================================================================

When the input ends, files that are open in the guest are closed, and so does this program.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from xml.etree import ElementTree

try:
    import libvirt
    import libvirt_qemu
except ImportError:
    libvirt = None

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypedDict

    Json = Any
    """What a command of the agent takes or returns: any JSON."""

    class GuestDomain(Protocol):
        """What is asked of libvirt's object of the guest (virDomain)."""

        def name(self) -> str: ...
        def UUIDString(self) -> str: ...
        def isActive(self) -> int: ...
        def state(self) -> list[int]: ...
        def XMLDesc(self, flags: int) -> str: ...

    class LibvirtFault(Protocol):
        """What is asked of libvirt's error (libvirtError)."""

        def get_error_code(self) -> int | None: ...
        def get_error_message(self) -> str | None: ...

    class AgentOrder(TypedDict, total=False):
        """A line of the input."""

        id: int
        do: str
        uri: str
        guest: str
        timeout: int
        execute: str
        arguments: dict[str, Json]


CHANNEL = "org.qemu.guest_agent.0"
"""The name of the channel to the agent (formatdomain.html, channel)."""

KINDS = (
    "binding",  # this Python has no libvirt
    "libvirt",  # libvirt does not answer, or refuses
    "undefined",  # there is no such guest
    "stopped",  # it does not run
    "paused",
    "channel",  # it has no channel to an agent
    "unconnected",  # nobody in the guest has the channel open
    "silent",  # the agent does not answer
    "blocked",  # the agent does not allow the command
    "unknown",  # the agent does not know the command
    "refused",  # the agent says that something is wrong
    "lost",  # the agent was started anew while a command ran
    "fault",  # this program failed
)

BEAT = 5.0
"""Seconds between two signs of life."""
SHORTEST, LONGEST = 0.02, 1.0
"""Seconds between two looks at a command that runs. It is an eighth of the time that it has run by then."""
TRIES = 2
"""How often an agent may fail to say in time whether a command has ended."""
SYNC = 5
"""Seconds that libvirt itself gives the agent to show that it is there, before each command."""


class Problem(Exception):
    """What an order failed of.

    :param kind: one of KINDS
    :param message: the words of libvirt or the agent
    """

    def __init__(self, kind: str, message: str = "") -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class Agent:
    """The agent of one guest.

    :param guest: the name or UUID of the guest
    :param timeout: seconds that the agent has for each answer
    """

    def __init__(self, uri: str, guest: str, timeout: int) -> None:
        self.guest, self.timeout = guest, timeout
        self.files: set[int] = set()
        self.over = threading.Event()
        if libvirt is None:
            raise Problem("binding", sys.executable)
        libvirt.registerErrorHandler(lambda context, error: None, None)
        try:
            self.connection = libvirt.open(uri)
            self.domain = self.found()
        except libvirt.libvirtError as error:
            raise self.problem(error) from None

    def found(self) -> GuestDomain:
        """The guest, by its name, else by its UUID."""
        try:
            return self.connection.lookupByName(self.guest)
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise
        try:
            return self.connection.lookupByUUIDString(self.guest)
        except libvirt.libvirtError:
            raise Problem("undefined") from None

    def look(self) -> dict[str, str]:
        """Say what the guest is like. Raises Problem where no agent can answer."""
        try:
            self.refuse_absent()
            return {"name": self.domain.name(), "uuid": self.domain.UUIDString()}
        except libvirt.libvirtError as error:
            raise self.problem(error) from None

    def refuse_absent(self) -> None:
        """Raise Problem where the guest does not run, or has no agent that is connected."""
        if not self.domain.isActive():
            raise Problem("stopped")
        if self.domain.state()[0] in (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PMSUSPENDED):
            raise Problem("paused")
        root = ElementTree.fromstring(self.domain.XMLDesc(0))
        found = [node for node in root.iterfind("devices/channel/target") if node.get("name") == CHANNEL]
        if not found:
            raise Problem("channel")
        if found[0].get("state") == "disconnected":
            raise Problem("unconnected")

    def call(self, execute: str, arguments: dict[str, Json]) -> Json:
        """What a command of the agent returns. Files that it opens are noted."""
        order = json.dumps({"execute": execute, "arguments": arguments})
        try:
            reply = libvirt_qemu.qemuAgentCommand(self.domain, order, self.timeout, 0)
        except libvirt.libvirtError as error:
            raise self.problem(error, execute) from None
        try:
            answer = json.loads(reply)["return"]
        except (ValueError, KeyError, TypeError):
            raise Problem("silent", "its answer cannot be understood") from None
        if execute == "guest-file-open" and isinstance(answer, int):
            self.files.add(answer)
        elif execute == "guest-file-close":
            self.files.discard(arguments.get("handle", -1))
        return answer

    def problem(self, error: LibvirtFault, execute: str = "") -> Problem:
        """What an error of libvirt means."""
        code, message = error.get_error_code(), error.get_error_message() or str(error)
        if code == libvirt.VIR_ERR_NO_DOMAIN:
            return Problem("undefined", message)
        if not execute or not self.connection.isAlive():
            return Problem("libvirt", message)
        try:
            self.refuse_absent()
        except Problem as problem:
            return problem
        except libvirt.libvirtError as other:
            return Problem("libvirt", other.get_error_message() or str(other))
        silent = [
            getattr(libvirt, f"VIR_ERR_AGENT_{word}", None) for word in ("UNRESPONSIVE", "UNSYNCED", "COMMAND_TIMEOUT")
        ]
        if code in silent:
            # So libvirt puts it while it does not yet know that nobody has the channel open.
            return Problem("unconnected" if "is not connected" in message else "silent", message)
        if execute == "guest-info":
            return Problem("refused", message)
        return self.disallowed(execute) or Problem("refused", message)

    def disallowed(self, execute: str) -> Problem | None:
        """Why the agent does not do a command at all; None where it does."""
        try:
            info = self.call("guest-info", {})
            allowed = {one["name"]: one["enabled"] for one in info["supported_commands"]}
        except (Problem, KeyError, TypeError):
            return None
        if execute not in allowed:
            return Problem("unknown")
        return None if allowed[execute] else Problem("blocked")

    def run(self, arguments: dict[str, Json]) -> Json:
        """Run a command in the guest until it has ended; returns its status (guest-exec-status)."""
        process = self.call("guest-exec", arguments)["pid"]
        begun = beaten = time.monotonic()
        failed = 0
        while not self.over.is_set():
            try:
                status = self.call("guest-exec-status", {"pid": process})
                failed = 0
                if status["exited"]:
                    return status
            except Problem as problem:
                failed += 1
                if problem.kind == "refused":
                    raise Problem("lost", problem.message) from None
                if problem.kind != "silent" or failed == TRIES:
                    raise
            now = time.monotonic()
            if now - beaten >= BEAT:
                beaten = now
                tell({"beat": round(now - begun)})
            self.over.wait(min(LONGEST, max(SHORTEST, (now - begun) / 8)))
        return None

    def close(self) -> None:
        """Close the files that are open in the guest."""
        for handle in list(self.files):
            try:
                self.call("guest-file-close", {"handle": handle})
            except Problem:
                pass


def tell(answer: dict[str, object]) -> None:
    """Write an answer."""
    try:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    except OSError:
        os._exit(1)  # Nobody reads it.


def work(orders: queue.SimpleQueue[AgentOrder | None], agents: list[Agent]) -> None:
    """Carry out orders, until None comes.

    :param agents: gets the agent once there is one
    """
    for order in iter(orders.get, None):
        try:
            if order["do"] == "open":
                agents.append(Agent(order["uri"], order["guest"], order["timeout"]))
                answer = agents[0].look()
            elif order["do"] == "call":
                answer = agents[0].call(order["execute"], order["arguments"])
            else:
                answer = agents[0].run(order["arguments"])
            tell({"id": order["id"], "ok": answer})
        except Problem as problem:
            tell({"id": order["id"], "kind": problem.kind, "said": problem.message})
        except Exception as error:
            tell({"id": order["id"], "kind": "fault", "said": f"{type(error).__name__}: {error}"})
    for agent in agents:
        agent.close()


def main() -> None:
    """Carry out what comes in until it ends. Then end, whatever libvirt is still at."""
    orders: queue.SimpleQueue[AgentOrder | None] = queue.SimpleQueue()
    agents: list[Agent] = []
    worker = threading.Thread(target=work, args=(orders, agents), daemon=True)
    worker.start()
    tell({"ready": 1})
    for line in sys.stdin.buffer:
        orders.put(json.loads(line))
    orders.put(None)
    for agent in agents:
        agent.over.set()
    worker.join(2 * (max([agent.timeout for agent in agents], default=0) + SYNC))
    os._exit(0)


if __name__ == "__main__":
    main()
