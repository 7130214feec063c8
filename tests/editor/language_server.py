# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks with yaml-language-server as an editor does: JSON-RPC on standard input and output.

https://microsoft.github.io/language-server-protocol
"""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

PATIENCE = 60
"""Seconds that an answer may take on a machine that is busy."""

SETTINGS = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        "customTags": ["!vault scalar", "!unsafe scalar"],
        "schemaStore": {"enable": False},
    }
}
"""What a user sets in the editor. No schema is fetched from anywhere."""

CAPABILITIES = {
    "textDocument": {
        "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
        "hover": {"contentFormat": ["markdown"]},
        "publishDiagnostics": {},
    },
    "workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}},
}


class LanguageServer:
    """A language server that runs.

    :param modules: the folder ``node_modules`` that it is in
    """

    def __init__(self, modules: Path) -> None:
        node = shutil.which("node")
        if node is None:
            raise FileNotFoundError("node is not there; the language server needs Node.js: install nodejs and npm")
        program = modules / "yaml-language-server" / "bin" / "yaml-language-server"
        self.process = subprocess.Popen(
            [node, str(program), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.number = 0
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.found: dict[str, list[dict[str, Any]]] = {}
        threading.Thread(target=self.listen, daemon=True).start()
        self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": CAPABILITIES})
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def stop(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.wait()

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.process.stdin.flush()

    def tell(self, method: str, params: Any) -> None:
        """Send what has no answer."""
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> Any:
        """Send what has an answer, and return it."""
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.answers.get(timeout=PATIENCE)
            if message.get("id") == self.number and "method" not in message:
                assert "error" not in message, message["error"]
                return message.get("result")

    def listen(self) -> None:
        """Read all that the server says, and answer what it asks."""
        stream = self.process.stdout
        assert stream is not None
        while line := stream.readline():
            length = 0
            while line.strip():
                name, _colon, value = line.decode().partition(":")
                length = int(value) if name.lower() == "content-length" else length
                line = stream.readline()
            message = json.loads(stream.read(length))
            if message.get("method") == "workspace/configuration":
                items = message["params"]["items"]
                self.send({"id": message["id"], "result": [SETTINGS.get(item.get("section")) for item in items]})
            elif "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})
            else:
                self.answers.put(message)

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Open a document, and return what is wrong with it."""
        path.write_text(text, encoding="utf-8")
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self.answers.get(timeout=PATIENCE)
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == path.as_uri():
                return list(message["params"]["diagnostics"])

    def at(self, method: str, path: Path, line: int, column: int) -> Any:
        """Ask about a place in a document that is open; lines and columns count from 0."""
        place = {"textDocument": {"uri": path.as_uri()}, "position": {"line": line, "character": column}}
        return self.ask(f"textDocument/{method}", place)
