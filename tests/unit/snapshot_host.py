# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in memory with a guest whose image QEMU's own tools made, for the tests of snapshots."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.virtfleet.kvm.plugins.modules import snapshots

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
BACK = {"name": "s1", "domain": "g", "state": "reverted"}


def tool(*command: str) -> None:
    """Run a tool of QEMU."""
    subprocess.run(command, check=True, capture_output=True)


class Host:
    """A host with the guest ``g``, which is off, and its image."""

    def __init__(self, connection: Any, folder: Path, plain: Path) -> None:
        self.connection, self.folder, self.image = connection, folder, folder / "g.qcow2"
        shutil.copy(plain, self.image)
        self.define("g", self.disk("vda", self.image))

    def disk(self, target: str, path: Path, form: str = "qcow2", more: str = "", kind: str = "disk") -> str:
        """A disk in a definition."""
        return (
            f"<disk type='file' device='{kind}'{more}><driver name='qemu' type='{form}'/><source file='{path}'/>"
            f"<target dev='{target}'/></disk>"
        )

    def define(self, name: str, *devices: str, os: str = "") -> Any:
        """Define a guest."""
        return self.connection.defineXML(
            f"<domain type='test'><name>{name}</name><memory>65536</memory><os><type>hvm</type>{os}</os>"
            f"<devices>{''.join(devices)}</devices></domain>"
        )

    @property
    def guest(self) -> Any:
        """The guest."""
        return self.connection.lookupByName("g")

    def write(self) -> None:
        """Write to the disk of the guest."""
        tool("qemu-io", "-c", "write 0 64k", str(self.image))

    def qemu(self, option: str, name: str) -> None:
        """Do to the image what the test driver does not do."""
        tool("qemu-img", "snapshot", option, name, str(self.image))


def problem(run_main: Run, item: dict[str, Any]) -> str:
    """Why an item is refused, in check mode and in a run that changes nothing."""
    told = []
    for check in (True, False):
        result = run_main(snapshots.main, check=check, fails=True, config=[item], uri=URI)
        assert result["changes"] == []
        told.append(result["failures"][0]["problem"])
    assert told[0] == told[1]
    return str(told[0])


def changes(result: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What changed: the path, before and after."""
    return [(change["path"], change["before"], change["after"]) for change in result["changes"]]
