# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is killed at each step of making an empty volume. The next one makes it, whatever was left.

libvirt's test driver has no files. So it is told here what libvirt sees when it looks through a pool.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import part_files, qemu_img
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.files import birth
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import (
    half_made,
    volume_actions,
    volume_blank,
    volume_renamed,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.modules import pools, volumes

URI = "test:///default"
Run = Callable[..., dict[str, Any]]
OWNED = {"owner": 1 if os.geteuid() == 0 else os.geteuid()}
VOLUMES: dict[str, dict[str, Any]] = {
    "raw": {"name": "v", "pool": "p", "capacity": "1MiB", "format": "raw", "permissions": OWNED},
    "qcow2": {"name": "v", "pool": "p", "capacity": "1MiB", "format": "qcow2"},
}

BY_LIBVIRT = {"name": "v", "pool": "p", "capacity": "1MiB", "format": "vdi", "permissions": OWNED}


@pytest.fixture
def folder(connection: Any, run_main: Run, noted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a pool in which files are made and deleted as on a real host."""
    made = tmp_path / "pool"
    made.mkdir()
    run_main(pools.main, config=[{"name": "p", "target": str(made)}], uri=URI)
    real = libvirt.virStorageVol.delete

    def delete(volume: Any, flags: int = 0) -> int:
        os.unlink(volume.path())
        return int(real(volume, flags))

    monkeypatch.setattr(libvirt.virStorageVol, "delete", delete)
    monkeypatch.setattr(volume_blank, "within_reach", lambda pool, made: True)
    monkeypatch.setattr(volume_actions, "refresh", look_through)
    monkeypatch.setattr(volume_renamed, "can_rename", lambda pool: True)
    create = volume_renamed.create

    def make_file(pool: Any, root: ET.Element) -> None:
        (made / str(root.findtext("name"))).write_bytes(b"<<< Oracle VM VirtualBox Disk Image >>>\n")
        real(create(pool, root), 0)  # Once the file has another name, libvirt forgets this one.

    monkeypatch.setattr(volume_renamed, "create", make_file)
    return made


def look_through(pool: Any) -> bool:
    """Tell libvirt of the volume, as it would see it itself."""
    path = Path(ET.fromstring(pool.XMLDesc(0)).findtext("target/path") or "", "v")
    if path.exists() and "v" not in [volume.name() for volume in pool.listAllVolumes()]:
        form = {b"QFI": "qcow2", b"<<<": "vdi"}.get(path.read_bytes()[:3], "raw")
        target = f"<target><format type='{form}'/></target>"
        pool.createXML(f"<volume><name>v</name><capacity>1048576</capacity>{target}</volume>")
    return True


def killed(run_main: Run, config: dict[str, Any], holder: Any, name: str, before: bool) -> None:
    """Run the module in a process that ends without another word at a call.

    :param holder: what has the function that is called
    :param before: whether it ends before that is done, or right after it
    """
    pid = os.fork()
    if pid:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 77, f"{name} was not called"
        return
    try:
        real = getattr(holder, name)

        def call(*words: Any, **options: Any) -> Any:
            if not before:
                real(*words, **options)
            os._exit(77)

        setattr(holder, name, call)
        run_main(volumes.main, config=[config], uri=URI)
    finally:
        os._exit(78)


STEPS: dict[str, tuple[Any, str, bool]] = {
    "the name is noted": (manifest.Manifest, "begin", False),
    "the file is there": (half_made.NewVolume, "note_file", True),
    "what it is was noted": (half_made.NewVolume, "note_file", False),
    "it is filled": (volume_blank, "fill", False),
    "it has its permissions": (part_files, "settle", True),
    "it has its name": (part_files, "settle", False),
    "it is about to be noted as made": (manifest.Manifest, "put", True),
    "it is noted as made": (manifest.Manifest, "put", False),
}


@pytest.mark.parametrize("form", VOLUMES)
@pytest.mark.parametrize("step", STEPS)
def test_the_next_run_makes_it(
    connection: Any, run_main: Run, noted: manifest.Manifest, folder: Path, step: str, form: str
) -> None:
    holder, name, before = STEPS[step]
    killed(run_main, VOLUMES[form], holder, name, before)
    whole = "making" not in noted.entries("volumes")["p/v"]
    assert whole == (step == "it is noted as made")
    converges(connection, run_main, noted, folder, VOLUMES[form])


BY_LIBVIRTS_STEPS = {**STEPS, "it is filled": (volume_renamed, "create", False)}


@pytest.mark.parametrize("step", BY_LIBVIRTS_STEPS)
def test_the_next_run_makes_what_only_libvirt_makes(
    connection: Any, run_main: Run, noted: manifest.Manifest, folder: Path, step: str
) -> None:
    holder, name, before = BY_LIBVIRTS_STEPS[step]
    killed(run_main, BY_LIBVIRT, holder, name, before)
    converges(connection, run_main, noted, folder, BY_LIBVIRT)


def converges(connection: Any, run_main: Run, noted: manifest.Manifest, folder: Path, config: dict[str, Any]) -> None:
    """The next run makes the volume, check mode says so, and nothing else is left."""
    whole, form = "making" not in noted.entries("volumes")["p/v"], config["format"]
    look_through(connection.storagePoolLookupByName("p"))
    said = run_main(volumes.main, config=[config], uri=URI, check=True)
    done = run_main(volumes.main, config=[config], uri=URI)
    assert (said["changes"], said["warnings"]) == (done["changes"], done["warnings"])
    assert (done["changed"], done["warnings"]) == (not whole, [])
    assert [path.name for path in folder.iterdir()] == ["v"]
    facts = noted.entries("volumes")["p/v"]
    assert (facts["identity"], facts["format"], "making" in facts) == (birth(str(folder / "v")), form, False)


def test_the_file_of_somebody_else_stays(
    connection: Any, run_main: Run, noted: manifest.Manifest, folder: Path
) -> None:
    """It comes by the name after the kill: that is no proof."""
    killed(run_main, VOLUMES["raw"], volume_blank, "fill", False)
    (folder / "v").write_bytes(b"theirs")
    look_through(connection.storagePoolLookupByName("p"))
    (warning,) = run_main(volumes.main, config=[VOLUMES["raw"]], uri=URI)["warnings"]
    assert "what is there now is another one: it stays" in warning
    assert [(path.name, path.read_bytes()) for path in folder.iterdir()] == [("v", b"theirs")]


def test_a_qemu_img_that_is_killed_leaves_nothing(
    connection: Any, run_main: Run, noted: manifest.Manifest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*words: Any, **options: Any) -> str:
        raise qemu_img.ToolFailed("qemu-img was ended by signal 9")

    monkeypatch.setattr(qemu_img, "run", ended)
    result = run_main(volumes.main, config=[VOLUMES["qcow2"]], uri=URI, fails=True)
    assert "volume p/v: it cannot be made: qemu-img was ended by signal 9" in result["msg"]
    assert not list(folder.iterdir())
    assert noted.entries("volumes") == {}
