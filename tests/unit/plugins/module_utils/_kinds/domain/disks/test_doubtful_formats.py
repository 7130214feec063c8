# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats that the bytes of a disk, or the option xml, tell otherwise than a user, a guest or a note."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Refused
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import plan as guest_plan
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._kinds.domain.disks.formats_host import (
    FORGED,
    Connection,
    new_host,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._kinds.domain.disks.test_disk_formats import (
    BYTES,
    changes,
    disk,
    forms_of,
    guest,
    planned,
    planned_all,
)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """Who has a volume already is the matter of test_taken_volumes."""
    monkeypatch.setattr(guest_plan, "refuse_taken", lambda *given: None)
    return new_host(tmp_path, monkeypatch)


@pytest.mark.parametrize("kind", ["file", "volume"])
def test_a_header_that_names_files_is_not_taken_for_granted(host: Connection, kind: str) -> None:
    """A guest that had the disk as raw may have written it."""
    path = host.folder / "up.qcow2"
    host.add("up.qcow2", FORGED, "qcow2")
    given = {"file": str(path)} if kind == "file" else {"volume": "up.qcow2", "pool": "default"}
    told = str(planned(host, given).obstacle)
    assert told.startswith("disks[0].format: is not known: nobody noted that of ")
    assert ": write format: qcow2 if" in told
    assert forms_of(planned(host, {**given, "format": "qcow2"})) == ["qcow2"]
    assert forms_of(planned(host, {**given, "format": "raw"})) == ["raw"]


@pytest.mark.parametrize("content", ["qcow2", "nothing"])
def test_a_disk_that_is_qcow2_does_not_become_raw(host: Connection, content: str) -> None:
    path = host.folder / "own.qcow2"
    path.write_bytes(BYTES[content])
    have = guest(disk(f"<source file='{path}'/>", "qcow2"))
    given = {"file": str(path), "format": "raw", "target": "vda"}
    if content == "qcow2":
        told = str(planned(host, given, have=have).obstacle)
        assert "is qcow2, as the guest has it and by its first bytes, and not raw" in told
    else:
        assert changes(planned(host, given, have=have)) == {"disks[0].format": ("qcow2", "raw")}


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_xml_says_a_format_as_the_option_does(host: Connection, there: bool, whole: bool) -> None:
    path = host.folder / "own.qcow2"
    path.write_bytes(BYTES["qcow2"])
    xml = "<devices><disk type='file'><driver type='raw'/><target dev='vda'/></disk></devices>"
    xml = f"<domain>{xml}</domain>" if whole else xml
    have = guest(disk(f"<source file='{path}'/>", "qcow2")) if there else None
    new = {"size": "8MiB", "volume": "new.qcow2", "target": "vda"}
    given = {"file": str(path), "target": "vda"} if there else new
    config = [{"name": "web01", "memory": "64MiB", "disks": [given], "xml": xml}]
    if there:
        assert "is qcow2, as the guest has it" in str(planned_all(host, config, have)[0].obstacle)
        return
    with pytest.raises(Refused, match=r"xml: says raw of the disk vda, which is made as qcow2"):
        planned_all(host, config, have)
