# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a virtualization host."""

from __future__ import annotations

import os
import platform
import typing as t
from xml.etree import ElementTree as ET

from .._errors import VirtfleetError
from .._host import daemons, packages, setup
from .._host.virtualization import Virtualization
from .connection import connect, libvirt, user
from .host_model import offered
from .objects import Connection


def facts(uri: str) -> dict[str, t.Any]:
    """What host_info returns. A libvirt that is not there is a fact, too, not an error."""
    asked: dict[str, object] = {"libvirt": None, "hypervisor": None, "problem": None}
    types: list[str] | None = None
    try:
        with connect(uri) as connection:
            asked["libvirt"] = version(connection.getLibVersion())
            asked["hypervisor"] = hypervisor(connection)
            types, _machines = offered(ET.fromstring(connection.getCapabilities()), platform.machine())
    except VirtfleetError as error:
        asked["problem"] = str(error)
    services = daemons.of_this_host()
    virtualization = Virtualization.of_this_host(None if types is None else "kvm" in types)
    return {
        **asked,
        "virtualization": {
            "kind": virtualization.kind,
            "missing": virtualization.missing,
            "checks": [
                {"check": check.name, "ok": check.ok, "detail": check.detail} for check in virtualization.checks
            ],
        },
        "cpus": os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "arch": platform.machine(),
        "daemon": {**services._asdict(), "blocking": setup.blocking(services)},
        "stack": packages.stack(),
        "user": {"name": user(), "root": os.geteuid() == 0},
    }


def version(number: int) -> str:
    """libvirt counts 1,000,000 for a major, 1,000 for a minor version (virGetVersion)."""
    return f"{number // 1000000}.{number // 1000 % 1000}.{number % 1000}"


def hypervisor(connection: Connection) -> dict[str, str | None]:
    """Name and version of what runs the guests; the version is None where its binary is missing."""
    try:
        return {"name": connection.getType(), "version": version(connection.getVersion())}
    except libvirt.libvirtError:
        return {"name": connection.getType(), "version": None}
