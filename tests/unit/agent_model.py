# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# ruff: noqa: SIM115 # Files stay open from one order to another.
"""A model of the QEMU guest agent (qemu-ga-ref(7)), on a Unix socket. The guest is this machine: it runs real commands.

Tests let it go wrong: they change what it does after a command, or answer in its place (``instead``).
"""

from __future__ import annotations

import base64
import json
import os
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

LARGEST = 212_992
"""Bytes of an order that libvirt gets through to QEMU."""

Answer = Callable[[dict[str, Any]], Any]


class Gone(Exception):
    """The agent closes the connection instead of answering."""


class Refused(Exception):
    """The agent answers with an error."""


class AgentModel:
    """An agent. To be used as a context.

    :param path: where its socket is
    :ivar calls: the commands that came, in their order
    :ivar longest: the length of the longest order
    :ivar files: the files that are open
    :ivar blocked: the commands that it does not allow
    :ivar missing: the commands that it does not know
    :ivar instead: functions that answer in place of commands
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.calls: list[str] = []
        self.longest = 0
        self.files: dict[int, IO[bytes]] = {}
        self.processes: dict[int, tuple[subprocess.Popen[bytes], IO[bytes], IO[bytes]]] = {}
        self.blocked: set[str] = set()
        self.missing: set[str] = set()
        self.instead: dict[str, Answer] = {}
        self.handle = 1000

    def __enter__(self) -> AgentModel:
        model = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                for line in self.rfile:
                    model.longest = max(model.longest, len(line))
                    try:
                        self.wfile.write(model.answer(json.loads(line)))
                    except Gone:
                        return

        class Server(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True

        self.server = Server(str(self.path), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.die()
        self.wait()

    def wait(self) -> None:
        """Wait until all commands have ended."""
        for process, *_files in self.processes.values():
            process.wait(timeout=10)

    def die(self) -> None:
        """The agent is gone, and all that it had open."""
        if self.path.exists():
            self.path.unlink()
            self.server.shutdown()
            self.server.server_close()
        for file in self.files.values():
            file.close()
        self.files.clear()

    def answer(self, order: dict[str, Any]) -> bytes:
        """The answer to an order, as it goes over the socket."""
        name, arguments = order["execute"], order.get("arguments", {})
        self.calls.append(name)
        if name in self.missing:
            return said(error={"class": "CommandNotFound", "desc": f"The command {name} has not been found"})
        if name in self.blocked:
            return said(error={"class": "CommandNotFound", "desc": f"Command {name} has been disabled"})
        try:
            found = self.instead.get(name, getattr(self, name.replace("-", "_")))(arguments)
        except (Refused, OSError) as problem:
            return said(error={"class": "GenericError", "desc": str(problem)})
        return found if isinstance(found, bytes) else said(**{"return": found})

    def guest_ping(self, arguments: dict[str, Any]) -> Any:
        return {}

    def guest_info(self, arguments: dict[str, Any]) -> Any:
        names = [name.replace("_", "-") for name in dir(self) if name.startswith("guest_")]
        return {
            "version": "10.0.0",
            "supported_commands": [
                {"name": name, "enabled": name not in self.blocked, "success-response": True}
                for name in names
                if name not in self.missing
            ],
        }

    def guest_file_open(self, arguments: dict[str, Any]) -> Any:
        self.handle += 1
        is_new = not os.path.exists(arguments["path"])
        self.files[self.handle] = open(arguments["path"], arguments["mode"] + "b")
        if is_new:
            os.chmod(arguments["path"], 0o666)  # As agents do.
        return self.handle

    def file(self, arguments: dict[str, Any]) -> IO[bytes]:
        if arguments["handle"] not in self.files:
            raise Refused(f"handle '{arguments['handle']}' has not been found")
        return self.files[arguments["handle"]]

    def guest_file_write(self, arguments: dict[str, Any]) -> Any:
        return {"count": self.file(arguments).write(base64.b64decode(arguments["buf-b64"])), "eof": False}

    def guest_file_read(self, arguments: dict[str, Any]) -> Any:
        piece = self.file(arguments).read(arguments["count"])
        return {
            "count": len(piece),
            "buf-b64": base64.b64encode(piece).decode(),
            "eof": len(piece) < arguments["count"],
        }

    def guest_file_flush(self, arguments: dict[str, Any]) -> Any:
        self.file(arguments).flush()
        return {}

    def guest_file_close(self, arguments: dict[str, Any]) -> Any:
        self.file(arguments).close()
        del self.files[arguments["handle"]]
        return {}

    def guest_exec(self, arguments: dict[str, Any]) -> Any:
        given = base64.b64decode(arguments.get("input-data", ""))
        files = tempfile.TemporaryFile(), tempfile.TemporaryFile(), tempfile.TemporaryFile()
        files[0].write(given)
        files[0].seek(0)
        environment = {"PATH": os.environ["PATH"]}  # A service has no HOME.
        command = [arguments["path"], *arguments["arg"]]
        process = subprocess.Popen(command, stdin=files[0], stdout=files[1], stderr=files[2], env=environment, cwd="/")
        self.processes[process.pid] = (process, files[1], files[2])
        return {"pid": process.pid}

    def guest_exec_status(self, arguments: dict[str, Any]) -> Any:
        if arguments["pid"] not in self.processes:
            raise Refused("Invalid parameter 'pid'")
        process, out, err = self.processes[arguments["pid"]]
        code = process.poll()
        if code is None:
            return {"exited": False}
        del self.processes[arguments["pid"]]
        status: dict[str, Any] = {"exited": True}
        status["signal" if code < 0 else "exitcode"] = abs(code)
        for name, file in (("out-data", out), ("err-data", err)):
            file.seek(0)
            text = file.read()
            if text:
                status[name] = base64.b64encode(text).decode()
        return status


def said(**answer: Any) -> bytes:
    """An answer as it goes over the socket."""
    return json.dumps(answer).encode() + b"\n"


def stall(arguments: dict[str, Any]) -> Any:
    """Answers much later than anybody waits for it."""
    time.sleep(5)
    raise Gone


def garbage(arguments: dict[str, Any]) -> Any:
    """Answers something else."""
    return b"\xff\x00 is this JSON?\n"
