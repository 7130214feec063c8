# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine outside: answers every HTTP GET with the address the caller came from.

Called as `outside.py ADDRESS LOG_FILE`.
"""

from __future__ import annotations

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Answers with the peer's address and writes it down."""

    log_file = ""

    def do_GET(self) -> None:
        """Answer with the peer's address as the only line."""
        peer = self.client_address[0]
        body = f"{peer}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        with open(self.log_file, "a") as log:
            log.write(f"{time.time():.3f} {peer} {self.path}\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet: the log of who came is written above."""


if __name__ == "__main__":
    Handler.log_file = sys.argv[2]
    ThreadingHTTPServer((sys.argv[1], 80), Handler).serve_forever()
