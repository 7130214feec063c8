# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the host pulls its declaration by itself (the role pull), beside a run that reaches it from elsewhere."""

from __future__ import annotations

import os
import platform
from pathlib import Path

SERVICE = "virtfleet-pull.service"
"""The unit of the role that does the work."""

TIMER = "/etc/systemd/system/timers.target.wants/virtfleet-pull.timer"
"""What systemctl makes where the timer is enabled."""

AT_WORK = f"/sys/fs/cgroup/system.slice/{SERVICE}"
"""The control group of the service, which is there as long as it works."""

OWN = "/proc/self/cgroup"
"""The control groups of this process (cgroups(7))."""

COLLIDES = (
    f"pull mode is at work on the host at the same time ({SERVICE}), and each carries out its own plan: wait for its"
    " end, and run this again"
)

SET_BACK = (
    "the host is in pull mode, and its next run makes it again what its git repository declares: make the same change"
    " there, or end pull mode (pull_state: absent)"
)


def warning(changed: bool, failed: bool) -> str | None:
    """What to say of a run that is not pull mode's own; None where pull mode has no part in it.

    :param changed: whether the run has changed something
    :param failed: whether it has failed, be it because of what pull mode did
    """
    at_work = (changed or failed) and os.path.exists(AT_WORK)
    if not at_work and not (changed and os.path.lexists(TIMER)):
        return None
    try:
        own = Path(OWN).read_text(encoding="utf-8", errors="replace")
    except OSError:
        own = ""
    if f"/{SERVICE}" in own:
        return None
    # Ansible does not say which host a warning is of.
    return f"{platform.node()}: {COLLIDES if at_work else SET_BACK}"
