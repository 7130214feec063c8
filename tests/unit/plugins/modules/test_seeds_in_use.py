# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds that a saved state, a snapshot or an image laid over them still needs, on libvirt's test driver."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.seed_world import KEY, URI, guest

pytestmark = pytest.mark.skipif(shutil.which("mcopy") is None, reason="needs mtools")
DRIVER = {"shutdown_timeout": 1, "force_shutdown": True}


def changed(result: dict[str, Any]) -> list[str]:
    return [change["path"] for change in result["changes"]]


@pytest.fixture
def saved(connection: Any, seed_folder: Path, run_main: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A saved guest with a seed. libvirt's test driver does not tell what it saves."""
    run_main(domains.main, config=[guest(state="running")], uri=URI)
    domain = connection.lookupByName("web01")
    text = domain.XMLDesc(0)
    domain.managedSave(0)
    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", lambda self, flags=0: text)
    return domain


def test_the_seed_of_a_saved_guest_goes_once_it_has_started_anew(
    saved: Any, run_main: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for kind, name in ((libvirt.virStorageVol, "delete"), (libvirt.virDomain, "shutdown")):
        real = getattr(kind, name)

        def call(*args: Any, real: Any = real, name: str = name) -> Any:
            done.append(name)
            return real(*args)

        monkeypatch.setattr(kind, name, call)
    arguments = {"config": [guest(None, state="running")], "uri": URI, "on_restart_needed": "restart", **DRIVER}
    said, result = (run_main(domains.main, check=check, **arguments) for check in (True, False))
    assert changed(said) == changed(result)
    assert changed(result)[-2:] == ["restart", f"volume {KEY}"]
    assert done == ["shutdown", "delete"]
    assert run_main(domains.main, **arguments)["changes"] == []


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_the_seed_of_a_saved_guest_stays_until_then(saved: Any, seed_folder: Path, run_main: Any, state: str) -> None:
    # The test driver does not bring a guest back as it was saved, so what it starts is not looked at.
    for check in (True, False) if state == "stopped" else (True,):
        result = run_main(domains.main, config=[guest(None, state=state)], uri=URI, check=check)
        assert f"volume {KEY}" not in changed(result)
        assert (seed_folder / "web01-seed.img").exists()
        told = [line for line in result["warnings"] if "seed" in line]
        stays = f"domain web01: its seed {KEY} stays: it is used by guest web01 (saved)"
        assert told == ([stays] if state == "stopped" else [])


def test_a_seed_that_a_snapshot_has_stays(connection: Any, seed_folder: Path, declared: Any) -> None:
    declared(guest())
    snapshot = "<domainsnapshot><name>s</name></domainsnapshot>"
    connection.lookupByName("web01").snapshotCreateXML(snapshot, 0)
    done = declared(guest(None))
    assert f"volume {KEY}" not in changed(done)
    assert f"domain web01: its seed {KEY} stays: it is used by guest web01 (snapshot s)" in done["warnings"]


def test_a_seed_with_an_image_laid_over_it(connection: Any, seed_folder: Path, declared: Any, run_main: Any) -> None:
    """An external snapshot puts the seed of a guest on an overlay, too."""
    declared(guest())
    seed, over = seed_folder / "web01-seed.img", seed_folder / "web01-seed.snap"
    over.write_bytes(images.qcow2(str(seed)))
    domain = connection.lookupByName("web01")
    connection.defineXML(domain.XMLDesc(2).replace(str(seed), str(over)).replace("type='raw'/>", "type='qcow2'/>"))
    before = seed.read_bytes()
    assert declared(guest())["changes"] == []
    other = {"name": "other", "memory": "64MiB"}
    for check in (True, False):
        config = [guest({"timezone": "UTC"}), other]
        result = run_main(domains.main, config=config, uri=URI, check=check, fails=True)
        assert f"domain web01: cloud_init: the guest has {over} as its seed, which is laid over {KEY}" in result["msg"]
        assert "virsh blockcommit web01 vdz --active --pivot, while web01 runs" in result["msg"]
        assert changed(result) == ["definition"]
    assert seed.read_bytes() == before
    done = declared(guest(None))
    assert f"volume {KEY}" not in changed(done)
    assert any(f"its seed {KEY} stays: it is used by " in line for line in done["warnings"])
