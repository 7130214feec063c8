# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot does before the network is configured: it ends what a power cut or a soft-reboot broke off."""

from __future__ import annotations

import json
import os
import subprocess

from . import files, journal, network


def is_at_work() -> bool:
    """Whether systemd has started the unit."""
    try:
        _status, output, _errors = network.run(["systemctl", "is-active", os.path.basename(files.UNIT)], 10)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return output.strip() in ("active", "activating", "deactivating", "reloading")


def boot(state: str) -> None:
    """Bring to its end what a power cut or a soft-reboot broke off, before the network is configured.

    Later in the same boot what stands beside the files goes (see ``journal.arm_boot``). Raises OSError.

    :param state: that of the trial in /run, empty where there is none
    """
    trial_is_open = files.exists(files.TRIAL)
    if trial_is_open and is_at_work():
        return
    if trial_is_open and state == "rolling-back":
        journal.undo()
        return

    def generate() -> None:
        """netplan's generator has run before this; with what is in /run where a trial is open."""
        if not trial_is_open and files.load(journal.path_of("keep")).get("netplan"):
            network.TrialNetwork({}).call(["netplan", "generate"])

    trial, verdict, lost = journal.finish(generate)
    if not verdict or trial_is_open:
        # After a soft-reboot the unit goes on from here, and says how it ended.
        return
    files.make_folder(files.LAST, 0o700)
    outcome = {"id": trial, "outcome": verdict, "reason": "the host was started anew", "restored": not lost}
    log = [lost] if lost else []
    files.write(os.path.join(files.LAST, "outcome.json"), json.dumps({**outcome, "log": log}))
