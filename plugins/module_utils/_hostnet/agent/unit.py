# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit that tries a change, and the one that looks whether somebody has frozen it."""

from __future__ import annotations

import os

from . import files, journal

WATCHDOG = 10
"""Seconds without a sign of life after which systemd kills the unit's program and starts it again."""
THAW = "virtfleet-links-thaw"
"""The name of the units that look after it."""

SERVICE = """\
# Made by the Ansible collection virtfleet.kvm. It goes by itself when the change of links is over.
[Unit]
Description=Trial of a change to the network
RefuseManualStop=yes
IgnoreOnIsolate=yes
StartLimitIntervalSec=0
Wants={thaw}.timer
# Where both copies of its program are gone it ends, and the next change begins with new ones.
ConditionPathExists=|{base}/agent/guard.py
ConditionPathExists=|{disk}/agent/guard.py

[Service]
Type=exec
# Not in /run/virtfleet: somebody may remove that.
WorkingDirectory=/
ExecStart=+{python} -B -c 'import sys; sys.path[:0] = ["{base}", "{disk}"]; from agent.guard import main; main([])'
# A soft-reboot starts it again. Not there while it works: systemd would know the unit longer than there is one.
ExecStopPost=+/bin/sh -c '[ ! -d {trial} ] || {{ mkdir -p {wants}; ln -sfn {unit} {wanted}; }}'
Restart=on-failure
RestartForceExitStatus=SIGTERM SIGHUP SIGINT SIGPIPE
RestartSec=200ms
WatchdogSec={watchdog}
WatchdogSignal=SIGKILL
KillSignal=SIGKILL
TimeoutStopSec=5
OOMScoreAdjust=-900
StandardOutput=null
StandardError=null
"""

THAW_TIMER = f"""\
# Made by the Ansible collection virtfleet.kvm. It goes by itself when the change of links is over.
[Unit]
Description=Looks whether the trial of a change to the network is frozen
StopWhenUnneeded=yes
IgnoreOnIsolate=yes
DefaultDependencies=no

[Timer]
OnActiveSec={WATCHDOG}
OnUnitInactiveSec={WATCHDOG}
AccuracySec=1
"""

THAW_SERVICE = """\
# Made by the Ansible collection virtfleet.kvm. It goes by itself when the change of links is over.
[Unit]
Description=Kills the trial of a change to the network where it is frozen
DefaultDependencies=no

[Service]
Type=oneshot
Slice=-.slice
# The watchdog of a frozen unit does not fire. Nothing is decided here: systemd starts the unit again, and that decides.
ExecStart=+/bin/sh -c 'case $(systemctl show --property=FreezerState {service}) in *=fr*) \\
    systemctl thaw {service}; systemctl kill -s KILL {service};; esac'
TimeoutStartSec=20
StandardOutput=null
StandardError=null
"""


def texts(python: str) -> dict[str, str]:
    """The files of the units, each with its text; the service that does the work is the last.

    :param python: the interpreter that the module runs with
    """
    folder, service = os.path.split(files.UNIT)
    where = {"base": files.BASE, "disk": journal.DISK, "trial": files.TRIAL, "wants": files.WANTS}
    where.update(unit=files.UNIT, wanted=files.WANTED, python=python, thaw=THAW, watchdog=str(WATCHDOG))
    return {
        os.path.join(folder, f"{THAW}.service"): THAW_SERVICE.format(service=service),
        os.path.join(folder, f"{THAW}.timer"): THAW_TIMER,
        files.UNIT: SERVICE.format(**where),
    }


def write(python: str) -> None:
    """Write the units. Raises OSError.

    :param python: the interpreter that the module runs with
    """
    files.make_folder(os.path.dirname(files.UNIT))
    for path, text in texts(python).items():
        files.write(path, text, 0o644)


def remove() -> None:
    """Leave nothing of the units. Raises OSError."""
    folder = os.path.dirname(files.UNIT)
    looking = [os.path.join(folder, f"{THAW}.{kind}") for kind in ("service", "timer")]
    for path in (files.WANTED, files.UNIT, *looking):
        files.unlink(path)
    if files.exists(files.WANTS) and not files.listed(files.WANTS):
        os.rmdir(files.WANTS)
