# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far cloud-init is in a guest, by the files that it writes there, which the guest agent reads.

``/run/cloud-init/status.json`` has the errors of each stage, and ``result.json`` is written at the end of all. To ask
``cloud-init status`` would start Python in the guest at each look. Its exit code follows from the same files: 1 for
errors, 2 for recoverable ones.
"""

from __future__ import annotations

import base64
import json
import re
import time
import typing as t

from ..._engine.rows.model import ReadOnlyItem
from ..._libvirt.connection import LibvirtError, libvirt_qemu, message_of
from ..._libvirt.objects import Resource
from ..._printing import printable, shortened

FOLDER = "/run/cloud-init"
SCRIPT = f"cd {FOLDER} 2>/dev/null || exit 0; echo *; cat status.json 2>/dev/null; true"
"""Prints the names of the files on the first line, however many they are, and then the status."""

ANSWER = 5
"""Seconds that the agent has for one command."""

PATIENCE = 10.0
"""Seconds that the script has: in a guest that boots under emulation, a shell takes its time."""

PAUSE = 0.1
LONGEST = 300
"""How many letters of an error a message shows."""

MOST = 3
"""How many errors a message shows."""


REFUSED = re.compile(r"has been disabled|is disabled|not allowed|has not been found|Failed to execute child process")
"""What libvirt says of an agent that runs no commands, has no such command, or finds no shell (qga/commands.c)."""


class CloudStatus(t.NamedTuple):
    """How far cloud-init is.

    :param done: whether it has ended
    :param errors: what it gave up at
    :param recoverable: what went wrong that it went on in spite of
    :param disabled: whether it does nothing at all
    :param refused: why the agent does not tell
    :param silent: whether the agent does not answer
    """

    done: bool = False
    errors: tuple[str, ...] = ()
    recoverable: tuple[str, ...] = ()
    disabled: bool = False
    refused: str | None = None
    silent: bool = False

    @property
    def problem(self) -> str | None:
        """Why the guest will not be of use; None where it is, or may be."""
        if self.refused is not None:
            return f"its agent does not tell how far cloud-init is: {self.refused}"
        if self.disabled:
            return "cloud-init is disabled in it, so it does nothing: wait for agent or address"
        if self.done and self.errors:
            few = first_errors(self.errors)
            return f"cloud-init has failed (exit code 1): {few}; look at /var/log/cloud-init.log in it"
        return None

    @property
    def warning(self) -> str | None:
        """What went wrong in a guest that is of use all the same; None where nothing did."""
        if not self.done or self.errors or not self.recoverable:
            return None
        return (
            "cloud-init has ended with errors that it went on in spite of (exit code 2):"
            f" {first_errors(self.recoverable)}; look at /var/log/cloud-init.log in it"
        )


def first_errors(texts: t.Sequence[str]) -> str:
    """Some of the errors, in words."""
    more = f" and {len(texts) - MOST} more" if len(texts) > MOST else ""
    return ", ".join(printable(shortened(text, LONGEST)) for text in texts[:MOST]) + more


def status(domain: Resource, answer: float = ANSWER) -> CloudStatus:
    """How far cloud-init is in a guest whose agent is connected.

    :param answer: seconds that the agent has for its first answer
    """
    try:
        program = {"path": "/bin/sh", "arg": ["-c", SCRIPT], "capture-output": True}
        started = command(domain, "guest-exec", program, answer)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = command(domain, "guest-exec-status", {"pid": started["pid"]})
            if found.get("exited"):
                return parsed(base64.b64decode(found.get("out-data") or "").decode("utf-8", "replace"))
            time.sleep(PAUSE)
    except LibvirtError as error:
        message = message_of(error)
        # An agent that does not answer may be one that is not there yet.
        return CloudStatus(refused=message) if REFUSED.search(message) else CloudStatus(silent=True)
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError):
        return CloudStatus()  # A guest may tell anything.
    return CloudStatus()


def command(domain: Resource, execute: str, arguments: dict[str, object], answer: float = ANSWER) -> ReadOnlyItem:
    """What a command of the agent returns."""
    order = json.dumps({"execute": execute, "arguments": arguments})
    return dict(json.loads(libvirt_qemu.qemuAgentCommand(domain, order, answer, 0))["return"])


def parsed(output: str) -> CloudStatus:
    """What the script has printed."""
    names, _line, text = output.partition("\n")
    files = names.split()
    try:
        stages = json.loads(text)["v1"] if text.strip() else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        stages = {}
    errors: list[str] = []
    recoverable: list[str] = []
    for stage in stages.values() if isinstance(stages, dict) else ():
        if isinstance(stage, dict):
            errors += texts(stage.get("errors"))
            levels = stage.get("recoverable_errors")
            for messages in levels.values() if isinstance(levels, dict) else ():
                recoverable += texts(messages)
    return CloudStatus("result.json" in files, tuple(errors), tuple(recoverable), "disabled" in files)


def texts(listed: object) -> list[str]:
    """The texts of a list that a guest tells."""
    return [str(one) for one in listed] if isinstance(listed, list) else []
