# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libvirt services of a host: one daemon, or one for each driver (https://libvirt.org/daemons.html)."""

from __future__ import annotations

import os
import typing as t

UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")

MONOLITHIC = ("libvirtd.socket", "libvirtd.service", "virtlogd.socket")
MODULAR = (
    *[f"virt{driver}d.socket" for driver in ("qemu", "network", "storage", "nodedev", "secret", "interface", "log")],
    *[f"virt{driver}d.service" for driver in ("qemu", "network", "storage")],
)
"""The services besides the sockets are those that start guests, networks and pools with the host."""


class Daemons(t.NamedTuple):
    """How libvirt runs here: ``monolithic``, ``modular`` or None, and the units to enable and start."""

    model: str | None
    units: list[str]


def installed(unit: str) -> bool:
    """Whether systemd has the unit and may start it. A masked one is a link to /dev/null."""
    paths = [os.path.join(folder, unit) for folder in UNIT_FOLDERS]
    found = [path for path in paths if os.path.lexists(path)]
    return bool(found) and os.path.realpath(found[0]) != os.devnull


def enabled(unit: str) -> bool:
    """Whether an administrator or a package enabled the unit."""
    for folder in UNIT_FOLDERS[:2]:
        for target in ("sockets.target.wants", "multi-user.target.wants"):
            if os.path.lexists(os.path.join(folder, target, unit)):
                return True
    return False


def of_this_host() -> Daemons:
    """What the host has. Where both kinds are installed, the enabled one counts, else libvirtd."""
    monolithic, modular = installed("libvirtd.service"), installed("virtqemud.service")
    if monolithic and modular:
        modular = (enabled("virtqemud.socket") or enabled("virtqemud.service")) and not (
            enabled("libvirtd.socket") or enabled("libvirtd.service")
        )
        monolithic = not modular
    if modular:
        return Daemons("modular", [unit for unit in MODULAR if installed(unit)])
    if monolithic:
        return Daemons("monolithic", [unit for unit in MONOLITHIC if installed(unit)])
    return Daemons(None, [])
