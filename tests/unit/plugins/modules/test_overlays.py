# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest on an overlay that leads to the declared disk, as after a snapshot, stays on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import URI

Run = Callable[..., dict[str, Any]]
BASE = "g-vda.qcow2"
OVER = "g-vda.s1"
UUID = "3f3b6c3a-8c4e-4a57-9d0c-0d5a3a3a5f11"
VOLUME = "<volume><name>{}</name><capacity>1048576</capacity><target><format type='qcow2'/></target></volume>"


@pytest.fixture
def here(connection: Any, run_main: Run, noted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pool of this machine, with an image that another is laid over, by way of a third."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / BASE).write_bytes(qcow2())
    (folder / "g-vda.s0").write_bytes(qcow2(names=BASE))
    (folder / OVER).write_bytes(qcow2(names=f"{folder}/g-vda.s0"))
    (folder / "link.qcow2").symlink_to(BASE)
    run_main(pools.main, config=[{"name": "p", "target": str(folder)}], uri=URI)
    for name in (BASE, OVER):
        connection.storagePoolLookupByName("p").createXML(VOLUME.format(name))
    return folder


def defined(connection: Any, folder: Path, *names: str, running: bool = False, form: str = "qcow2") -> None:
    """The guest ``g`` on images, as libvirt has it after a snapshot."""
    listed = "".join(
        f"<disk type='file' device='disk'><driver name='qemu' type='{form}'/><source file='{folder / name}'/>"
        f"<target dev='vd{'abc'[index]}' bus='virtio'/></disk>"
        for index, name in enumerate(names)
    )
    guest = connection.defineXML(
        f"<domain type='test'><name>g</name><uuid>{UUID}</uuid><memory>65536</memory><os><type>hvm</type></os>"
        f"<devices>{listed}</devices></domain>"
    )
    if running:
        guest.create()


def on(connection: Any) -> list[str]:
    from xml.etree import ElementTree as ET

    root = ET.fromstring(connection.lookupByName("g").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    return [Path(source.get("file", "")).name for source in root.findall("devices/disk/source")]


def guest(*disks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "g", "memory": "64MiB", "disks": list(disks), **more}


SAYS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "file": lambda folder: {"file": f"{folder}/{BASE}"},
    "as adopted": lambda folder: {"file": f"{folder}/{BASE}", "format": "qcow2", "target": "vda"},
    "another name": lambda folder: {"file": f"{folder}/link.qcow2", "driver": {"cache": "none"}},
    "volume": lambda folder: {"pool": "p", "volume": BASE, "format": "qcow2"},
    "volume and size": lambda folder: {"pool": "p", "volume": BASE, "size": "1MiB"},
    "size": lambda folder: {"pool": "p", "size": "1MiB"},
    "chain": lambda folder: {"file": f"{folder}/{BASE}", "backing_chain": [], "source": {"startup_policy": "optional"}},
}


@pytest.mark.parametrize("how", SAYS)
@pytest.mark.parametrize("running", [True, False])
def test_a_disk_stays_on_what_is_laid_over_what_is_declared(
    connection: Any, declare: Run, here: Path, how: str, running: bool
) -> None:
    defined(connection, here, OVER, running=running)
    done = declare(domains, guest(SAYS[how](here), state="running"), on_restart_needed="restart")
    assert on(connection) == [OVER]
    assert not [change for change in done["changes"] if change["path"].endswith(("file", "volume", "format"))]
    (line,) = [line for line in done["warnings"] if "stays on" in line]
    assert line.endswith(f"disks[0]: stays on {here}/{OVER}, which is laid over {told(how, here)}")


def told(how: str, folder: Path) -> str:
    name = "link.qcow2" if how == "another name" else BASE
    return f"p/{name}" if "volume" in how or how == "size" else f"{folder}/{name}"


def test_each_disk_finds_its_own_overlay(connection: Any, declare: Run, here: Path) -> None:
    (here / "data.qcow2").write_bytes(qcow2())
    (here / "data.s1").write_bytes(qcow2(names="data.qcow2"))
    defined(connection, here, OVER, "data.s1")
    done = declare(domains, guest({"file": f"{here}/data.qcow2"}, {"file": f"{here}/{BASE}"}, state="running"))
    assert [change["path"] for change in done["changes"]] == ["state"]
    assert on(connection) == [OVER, "data.s1"]


def test_a_raw_image_below_keeps_the_format_above(connection: Any, declare: Run, here: Path) -> None:
    (here / "g.raw").write_bytes(bytes(4096))
    (here / "g.s1").write_bytes(qcow2(names="g.raw"))
    defined(connection, here, "g.s1")
    declare(domains, guest({"file": f"{here}/g.raw", "format": "raw"}, state="running"))
    assert on(connection) == ["g.s1"]
    assert "type='qcow2'" in connection.lookupByName("g").XMLDesc()


def test_a_disk_moves_to_what_it_is_not_laid_over(connection: Any, declare: Run, here: Path) -> None:
    (here / "other.qcow2").write_bytes(qcow2())
    defined(connection, here, OVER)
    declare(domains, guest({"file": f"{here}/other.qcow2"}))
    assert on(connection) == ["other.qcow2"]


def test_an_overlay_that_is_gone_holds_nobody_back(connection: Any, declare: Run, here: Path) -> None:
    defined(connection, here, OVER)
    (here / OVER).unlink()
    declare(domains, guest({"file": f"{here}/{BASE}"}))
    assert on(connection) == [BASE]


BROKEN: dict[str, bytes] = {
    "header": qcow2(backing_offset=1 << 40, backing_length=8),
    "far": qcow2(names="/nowhere/at/all/g-vda.qcow2"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_where_it_cannot_be_told_the_disk_is_not_moved(connection: Any, declare: Run, here: Path, how: str) -> None:
    (here / OVER).write_bytes(BROKEN[how])
    defined(connection, here, OVER)
    said = declare(domains, guest({"file": f"{here}/{BASE}"}, state="running"), fails=True)["msg"]
    assert f"disks[0]: is on {here}/{OVER}, and whether that is laid over {here}/{BASE} cannot be told" in said
    assert "virsh blockcommit g vda --active --pivot" in said
    assert "virsh detach-disk g vda --config" in said
    assert on(connection) == [OVER]
    defined(connection, here)
    assert declare(domains, guest({"file": f"{here}/{BASE}"}))["changed"]


OTHERWISE: dict[str, Callable[[Path], dict[str, Any]]] = {
    "another target": lambda folder: guest({"file": f"{folder}/{BASE}", "target": "vdb"}),
    "xml": lambda folder: {
        "name": "g",
        "memory": "64MiB",
        "xml": f"<devices><disk type='file'><driver name='qemu' type='qcow2'/><source file='{folder}/{BASE}'/>"
        "<target dev='vda'/></disk></devices>",
    },
    "two overlays": lambda folder: guest({"file": f"{folder}/{BASE}"}),
}


@pytest.mark.parametrize("how", OTHERWISE)
def test_a_guest_is_not_put_on_what_its_own_is_laid_over(connection: Any, declare: Run, here: Path, how: str) -> None:
    (here / "second").write_bytes(qcow2(names=BASE))
    defined(connection, here, *([OVER, "second"] if how == "two overlays" else [OVER]))
    before = on(connection)
    said = declare(domains, OTHERWISE[how](here), fails=True)["msg"]
    assert f"disks[0]: {here}/{BASE} is what {here}/{OVER} of guest g is laid over" in said
    assert "virsh snapshot-delete g SNAPSHOT" in said
    assert "virsh blockcommit g vd" in said
    assert on(connection) == before


def test_an_overlay_that_was_made_as_a_volume_is_told_of(connection: Any, declare: Run, here: Path) -> None:
    from ansible_collections.virtfleet.kvm.plugins.modules import volumes

    declare(volumes, {"name": "made.qcow2", "pool": "p", "capacity": "1MiB", "backing": {"volume": BASE}})
    (here / "made.qcow2").write_bytes(qcow2(names=BASE))
    defined(connection, here, "made.qcow2")
    said = declare(domains, guest({"file": f"{here}/{BASE}"}), fails=True)["msg"]
    assert "made.qcow2 of guest g is laid over" in said


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_guest_that_runs_on_an_overlay_is_not_started_on_the_image_below(
    connection: Any, declare: Run, here: Path, state: str
) -> None:
    defined(connection, here, OVER, running=True)
    defined(connection, here, BASE)
    stops = state == "stopped"
    done = declare(domains, guest({"file": f"{here}/{BASE}"}, state=state), fails=stops, on_restart_needed="restart")
    (line,) = done["msg"].splitlines()[1:] if stops else done["warnings"]
    assert f"disks[0]: runs on {here}/{OVER}, which is laid over {here}/{BASE}" in line
    assert "virsh blockcommit g vda --active --pivot" in line
    assert connection.lookupByName("g").isActive()


def test_a_guest_is_not_put_on_what_its_snapshot_is_laid_over(connection: Any, declare: Run, here: Path) -> None:
    defined(connection, here, BASE)
    domain = connection.lookupByName("g")
    domain.snapshotCreateXML(
        "<domainsnapshot><name>s1</name><state>shutoff</state><creationTime>1</creationTime>"
        f"<disks><disk name='vda' snapshot='external' type='file'><source file='{here / OVER}'/></disk></disks>"
        f"{domain.XMLDesc()}</domainsnapshot>",
        libvirt.VIR_DOMAIN_SNAPSHOT_CREATE_REDEFINE,
    )
    (here / "other.qcow2").write_bytes(qcow2())
    defined(connection, here, "other.qcow2")
    said = declare(domains, guest({"file": f"{here}/{BASE}"}), fails=True)["msg"]
    assert f"{here}/{BASE} is what {here}/{OVER} of guest g (snapshot s1) is laid over" in said
    assert on(connection) == ["other.qcow2"]


def test_what_stays_as_it_is_needs_no_look_at_images(
    connection: Any, declare: Run, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import overlays

    def looked_at(*args: Any) -> Any:
        raise AssertionError("nothing is to be looked at")

    defined(connection, here, BASE, "second", running=True)
    (here / "second").write_bytes(qcow2())
    monkeypatch.setattr(overlays.Overlays, "signs", looked_at)
    disks = [{"pool": "p", "volume": BASE}, {"file": f"{here}/second"}]
    declare(domains, guest({"file": f"{here}/{BASE}"}, disks[1], title="x", state="running"))


@pytest.mark.parametrize("written", [True, False])
def test_a_guest_gets_no_overlay_of_its_disk_that_was_written_to_since(
    connection: Any, declare: Run, here: Path, written: bool
) -> None:
    """A merged snapshot is left behind, and was declared when the host was adopted."""
    defined(connection, here, BASE)
    os.utime(here / OVER, (2000, 2000))
    os.utime(here / BASE, (3000, 3000) if written else (1000, 1000))
    done = declare(domains, guest({"file": f"{here}/{OVER}", "format": "qcow2"}), fails=written)
    assert on(connection) == [BASE if written else OVER]
    if written:
        assert f"disks[0]: {here}/{OVER} is laid over {here}/{BASE}, which this guest has now" in done["msg"]
        assert f"declare {here}/{BASE} in its place" in done["msg"]
