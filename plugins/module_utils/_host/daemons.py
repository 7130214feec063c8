# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The libvirt services of a host: one daemon, or one for each driver (https://libvirt.org/daemons.html)."""

from __future__ import annotations

import os
import typing as t

UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")

DRIVERS = ("qemu", "network", "storage", "nodedev", "nwfilter", "secret", "interface")

MONOLITHIC = ("libvirtd.socket", "libvirtd.service", "virtlogd.socket")
MODULAR = (
    *[f"virt{driver}d.socket" for driver in (*DRIVERS, "proxy", "log")],
    *[f"virt{driver}d.service" for driver in ("qemu", "network", "storage")],
)
"""The services besides the sockets are those that start guests, networks and pools with the host.

virtproxyd answers at libvirtd's own socket, for other hosts and older programs.
"""


class Daemons(t.NamedTuple):
    """How libvirt runs here.

    :param model: ``monolithic``, ``modular``, or None where no libvirt is installed
    :param units: the units to enable
    :param started: those of them to start. The others are services that their sockets start when somebody asks, and
        that end by themselves after two minutes without work (``--timeout 120`` in the distributions' units).
    """

    model: str | None
    units: list[str]
    started: list[str]


def installed(unit: str) -> bool:
    """Whether systemd has the unit and may start it. A masked one is a link to /dev/null."""
    paths = [os.path.join(folder, unit) for folder in UNIT_FOLDERS]
    found = [path for path in paths if os.path.lexists(path)]
    return bool(found) and os.path.realpath(found[0]) != os.devnull


def masked() -> list[str]:
    """The units of the daemon that answers at qemu:///system that are masked, so that systemd starts none of them.

    A host has one daemon, or one for each driver: those count whose service is installed, or masked.
    """
    found = []
    for service in ("libvirtd.service", "virtqemud.service"):
        units = [socket_of(service), service]
        found += [unit for unit in units if is_masked(unit)]
    return found


def is_masked(unit: str) -> bool:
    """Whether an administrator has masked a unit."""
    paths = [os.path.join(folder, unit) for folder in UNIT_FOLDERS[:2]]
    return any(os.path.lexists(path) and os.path.realpath(path) == os.devnull for path in paths)


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
        return daemons("modular", MODULAR)
    if monolithic:
        return daemons("monolithic", MONOLITHIC)
    return Daemons(None, [], [])


def daemons(model: str, units: t.Iterable[str]) -> Daemons:
    """Those of a model's units that the host has."""
    found = [unit for unit in units if installed(unit)]
    sockets = {unit for unit in found if unit.endswith(".socket")}
    return Daemons(model, found, [unit for unit in found if unit in sockets or socket_of(unit) not in sockets])


def socket_of(service: str) -> str:
    """The socket that starts a service."""
    return f"{service.removesuffix('.service')}.socket"
