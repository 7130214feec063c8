# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of one image with its list of checksums, and the image as it is declared."""

from __future__ import annotations

import contextlib
import hashlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD, Server, body

DIGEST = hashlib.sha256(GOOD).hexdigest()
BASE = f"debian-{DIGEST[:12]}.raw"
"""The volume that a host keeps the image in."""


class ImageServer(Server):
    """The server. The image and the list can change."""

    image = GOOD
    listed: bytes | None = None

    def content(self, path: str) -> bytes | Callable[[socket.socket], None]:
        if path == "debian.img":
            return body(self.image)
        if path == "SHA256SUMS":
            line = f"{hashlib.sha256(self.image).hexdigest()} *debian.img\n".encode()
            return body(line if self.listed is None else self.listed)
        return super().content(path)


@contextlib.contextmanager
def serving() -> Iterator[ImageServer]:
    made = ImageServer()
    made.start()
    try:
        yield made
    finally:
        made.listener.close()


def image_of(server: Server) -> dict[str, Any]:
    """The image as it is declared. The test driver has no tool that makes a qcow2 of it."""
    url = f"{server.url}/debian.img"
    return {"name": "debian", "url": url, "checksum": f"sha256:{DIGEST}", "format": "raw", "pool": "p"}
