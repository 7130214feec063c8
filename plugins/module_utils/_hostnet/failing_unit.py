# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A unit that fails at once whenever systemd starts it, so that a trial is never prepared: why that is, and its end."""

from __future__ import annotations

import contextlib
import os
import subprocess

from .agent import files, network, unit

OFTEN = 3
"""Starts after which a unit is no longer taken for one that somebody has killed."""
PATIENCE = 20.0
"""Seconds that systemd has to answer."""
UNIT = os.path.basename(files.UNIT)


def reason() -> str:
    """Why the unit never comes to work, for people; empty where it may only be slow."""
    words = ["systemctl", "show", "--property=NRestarts,DropInPaths", UNIT]
    try:
        _status, output, _errors = network.run(words, PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    properties = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    count = properties.get("NRestarts", "0")
    if not count.isdigit() or int(count) < OFTEN:
        return ""
    added = properties.get("DropInPaths", "")
    hint = f"{added} adds settings to it: have {UNIT} left out there; " if added else ""
    return f"{UNIT} ended {count} times as soon as it was started; {hint}journalctl -u {UNIT} says more"


def stop() -> None:
    """End the unit for good, and have systemd forget it: one that has failed cannot be loaded anew. Raises OSError.

    It refuses to be stopped as long as systemd knows its file.
    """
    unit.remove()
    for words in (["daemon-reload"], ["stop", UNIT], ["reset-failed", UNIT]):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            network.run(["systemctl", *words], PATIENCE)
