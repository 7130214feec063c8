# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign of life that systemd waits for (systemd.service(5), WatchdogSec)."""

from __future__ import annotations

import os
import socket
import threading
import time


def keep_watch() -> None:
    """Tell systemd every other second that this program is not stopped (sd_notify(3))."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    address = "\0" + address[1:] if address.startswith("@") else address

    def tell() -> None:
        while True:
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
                    out.sendto(b"WATCHDOG=1", address)
            except OSError:
                pass
            time.sleep(2)

    threading.Thread(target=tell, daemon=True).start()
