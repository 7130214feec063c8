# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is put on another file, by the module: its format is that of the new one, in check and run alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import domains

Run = Callable[..., dict[str, Any]]
URI = "test:///default"


def guest(name: str, path: str, **options: Any) -> dict[str, Any]:
    """A guest with one disk, which is nowhere: the test driver looks at no file."""
    return {"name": name, "memory": "64MiB", "disks": [{"file": path, **options}], "state": "stopped"}


@pytest.mark.parametrize("removal", [False, True])
@pytest.mark.parametrize(("old", "new"), [("raw", "qcow2"), ("qcow2", "raw")])
def test_a_guest_gets_the_disk_of_another(run_main: Run, connection: Any, old: str, new: str, removal: bool) -> None:
    made = [guest("a", "/nowhere/a", format=old), guest("b", "/nowhere/b", format=new)]
    run_main(domains.main, config=made, uri=URI)
    config = [{"name": "b", "state": "absent"}, guest("a", "/nowhere/b")]
    arguments: dict[str, Any] = {"config": config, "uri": URI, "remove_storage": removal}
    said = run_main(domains.main, check=True, **arguments)
    done = run_main(domains.main, **arguments)
    assert said["changes"] == done["changes"]
    changed = {change["path"]: (change["before"], change["after"]) for change in done["changes"]}
    assert changed["disks[0].format"] == (old, new)
    driver = ET.fromstring(connection.lookupByName("a").XMLDesc()).find("devices/disk/driver")
    assert driver is not None
    assert driver.get("type") == new
    assert not run_main(domains.main, **arguments)["changed"]


@pytest.mark.parametrize("removal", [False, True])
def test_a_format_that_another_guest_contradicts_is_refused(run_main: Run, connection: Any, removal: bool) -> None:
    run_main(domains.main, config=[guest("b", "/nowhere/b.qcow2", format="raw")], uri=URI)
    config = [guest("a", "/nowhere/b.qcow2", format="qcow2")]
    for check in (True, False):
        result = run_main(domains.main, check=check, fails=True, config=config, uri=URI, remove_storage=removal)
        assert "domain a: disks[0].format: '/nowhere/b.qcow2' is raw, as guests have it, and not qcow2" in result["msg"]
