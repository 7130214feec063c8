# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""purge removes what the collection made and nobody declares, and nothing else; on libvirt's test driver.

What that driver made is gone with the connection, so it is not noted on a host. Here it is.
"""

from __future__ import annotations

import functools
import struct
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_actions
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.removal import Going
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.support import certain

URI = "test:///default"
Run = Callable[..., dict[str, Any]]
WEB = {"name": "web01", "memory": "64MiB"}
NET = {"name": "nat1", "bridge": "virbr5", "forward": {"mode": "nat"}, "ips": [{"address": "10.5.0.1/24"}]}


@pytest.fixture(autouse=True)
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> manifest.Manifest:
    """What is noted of the test driver."""
    folder = str(tmp_path / "noted")
    monkeypatch.setattr(manifest, "default_folder", lambda: folder)
    monkeypatch.setattr(manifest, "PASSING", ())
    return manifest.Manifest(URI)


@pytest.fixture
def run(run_main: Run, connection: Any) -> Run:
    """Declare in check mode, and for real: both say the same, and check mode touches nothing."""

    def declare(module: Any, *config: dict[str, Any], fails: bool = False, **args: Any) -> dict[str, Any]:
        again = functools.partial(run_main, module.main, config=list(config), fails=fails, **{"uri": URI, **args})
        before = names(connection)
        said = again(check=True)
        assert names(connection) == before
        done = again()
        for part in ("changed", "changes", "diff", "failures", "msg", "warnings"):
            assert certain(said.get(part)) == done.get(part), part
        assert again()["changed"] is False
        return done

    return declare


def names(connection: Any) -> dict[str, list[str]]:
    """What there is."""
    there = connection.listAllStoragePools(0)
    return {
        "domains": sorted(found.name() for found in connection.listAllDomains(0)),
        "networks": sorted(found.name() for found in connection.listAllNetworks(0)),
        "pools": sorted(found.name() for found in there),
        "volumes": sorted(
            f"{pool.name()}/{volume.name()}" for pool in there if pool.isActive() for volume in pool.listAllVolumes()
        ),
    }


def told(result: dict[str, Any]) -> list[tuple[str, str, Any, Any]]:
    return [(entry["resource"], entry["path"], entry["before"], entry["after"]) for entry in result["changes"]]


# --- guests ---


def test_a_guest_that_is_no_longer_declared_goes_and_others_stay(connection: Any, run: Run) -> None:
    other = {**WEB, "name": "web02"}
    run(domains, {**WEB, "state": "running"}, other)
    assert run(domains, other)["changed"] is False
    done = run(domains, other, purge=True)
    assert told(done) == [("domain web01", "state", "running", "absent")]
    assert done["diff"][0]["before"] == "state: running\n"
    assert names(connection)["domains"] == ["test", "web02"]
    assert told(run(domains, purge=True)) == [("domain web02", "state", "stopped", "absent")]
    assert names(connection)["domains"] == ["test"]


def test_a_guest_that_was_there_before_it_was_declared_is_never_purged(connection: Any, run: Run) -> None:
    run(domains, {"name": "test", "title": "declared once", "state": "stopped"})
    assert run(domains, purge=True)["changed"] is False
    assert names(connection)["domains"] == ["test"]


def test_a_guest_that_is_saved_stays_and_the_others_go(connection: Any, run_main: Run) -> None:
    """One bad item does not stop the others."""
    declare = functools.partial(run_main, domains.main, uri=URI, config=[])
    declare(config=[{**WEB, "state": "running"}, {**WEB, "name": "web02"}])
    connection.lookupByName("web01").managedSave(0)
    said, done = (declare(purge=True, check=check, fails=True) for check in (True, False))
    assert said["changes"] == done["changes"]
    assert told(done) == [("domain web02", "state", "stopped", "absent")]
    assert [failure["domain"] for failure in done["failures"]] == ["web01"]
    assert "is no longer declared, but stays: the guest is saved (managedsave)" in done["failures"][0]["problem"]
    assert names(connection)["domains"] == ["test", "web01"]
    gone = declare(purge=True, remove_saved_state=True)
    assert ("domain web01", "saved_state", True, None) in told(gone)
    assert names(connection)["domains"] == ["test"]


def test_a_copy_of_a_guest_is_somebody_elses(connection: Any, run: Run) -> None:
    run(domains, WEB)
    xml = connection.lookupByName("web01").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    own = connection.lookupByName("web01").UUIDString()
    connection.defineXML(xml.replace("web01", "copy").replace(f"<uuid>{own}", f"<uuid>{uuid.uuid4()}"))
    assert told(run(domains, purge=True)) == [("domain web01", "state", "stopped", "absent")]
    assert names(connection)["domains"] == ["copy", "test"]


def test_a_guest_that_is_declared_absent_is_not_purged_twice(run: Run) -> None:
    run(domains, WEB)
    assert len(run(domains, {"name": "web01", "state": "absent"}, purge=True)["changes"]) == 1


def test_what_is_purged_makes_room_for_what_is_new(connection: Any, run: Run) -> None:
    """Both want the same bridge."""
    run(networks, NET)
    done = run(networks, {**NET, "name": "nat2"}, purge=True)
    assert [entry[0] for entry in told(done)] == ["network nat1", *["network nat2"] * 3]
    assert names(connection)["networks"] == ["default", "nat2"]


def test_a_bad_guest_stops_neither_the_purge_nor_the_others(connection: Any, run_main: Run, run: Run) -> None:
    run(domains, WEB)
    bad = {**WEB, "name": "bad", "uuid": connection.lookupByName("test").UUIDString()}
    config = [bad, {**WEB, "name": "good"}]
    result = run_main(domains.main, config=config, uri=URI, purge=True, fails=True)
    assert result["msg"].startswith("1 of 3 domains failed:\ndomain bad: define:")
    assert names(connection)["domains"] == ["good", "test"]


def test_refused_input_purges_nothing(connection: Any, run: Run, run_main: Run) -> None:
    run(domains, WEB)
    result = run_main(domains.main, config=[{**WEB, "name": "x", "memroy": 1}], uri=URI, purge=True, fails=True)
    assert result["msg"].startswith("nothing was changed")
    assert "web01" in names(connection)["domains"]


# --- networks ---


def test_a_network_goes_only_if_it_was_made_here(connection: Any, run: Run) -> None:
    run(networks, NET, {"name": "default", "autostart": True})
    assert told(run(networks, purge=True)) == [("network nat1", "state", "active", "absent")]
    assert names(connection)["networks"] == ["default"]


@pytest.mark.parametrize(
    ("module", "config", "remake"),
    [
        (networks, NET, lambda connection, xml: connection.networkDefineXML(xml)),
        (pools, {"name": "fast", "target": "/srv/fast"}, lambda connection, xml: connection.storagePoolDefineXML(xml)),
    ],
)
def test_what_somebody_made_anew_is_not_taken_for_ours(
    connection: Any, run: Run, module: Any, config: Any, remake: Any
) -> None:
    run(module, {**config, "state": "inactive"})
    find = connection.networkLookupByName if module is networks else connection.storagePoolLookupByName
    xml, own = find(config["name"]).XMLDesc(), find(config["name"]).UUIDString()
    find(config["name"]).undefine()
    remake(connection, xml.replace(f"<uuid>{own}", f"<uuid>{uuid.uuid4()}"))
    assert run(module, purge=True)["changed"] is False
    find(config["name"]).undefine()
    remake(connection, xml)  # What was ours is put back, and is ours.
    assert told(run(module, purge=True)) == [
        (f"{'network' if module is networks else 'pool'} {config['name']}", "state", "inactive", "absent")
    ]


@pytest.mark.parametrize("interface", [{"network": "nat1"}, {"bridge": "virbr5"}])
@pytest.mark.parametrize("power", ["stopped", "running"])
def test_a_network_stays_while_a_guest_is_on_it(
    connection: Any, run: Run, interface: dict[str, str], power: str
) -> None:
    run(networks, NET, {**NET, "name": "free", "bridge": "virbr6", "ips": [{"address": "10.6.0.1/24"}]})
    run(domains, {**WEB, "interfaces": [interface], "state": power})
    done = run(networks, purge=True, fails=True)
    assert done["msg"] == (
        "1 of 2 networks failed:\nnetwork nat1: is no longer declared, but used by guest web01, so it stays;"
        " stop using it there, or declare it as long as it is used"
    )
    assert done["failures"][0]["network"] == "nat1"
    assert told(done) == [("network free", "state", "active", "absent")]
    run(domains, purge=True)
    assert told(run(networks, purge=True)) == [("network nat1", "state", "active", "absent")]


def test_a_network_stays_while_a_guest_comes_back_on_it(
    connection: Any, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is defined on another one since it was saved; libvirt's test driver does not tell what it saves."""
    run(networks, NET)
    run(domains, {**WEB, "interfaces": [{"network": "nat1"}], "state": "running"})
    domain = connection.lookupByName("web01")
    text = domain.XMLDesc(0)
    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", lambda self, flags=0: text)
    domain.managedSave(0)
    run(domains, {**WEB, "interfaces": [{"network": "default"}]})
    done = run(networks, purge=True, fails=True)
    assert "network nat1: is no longer declared, but used by guest web01, so it stays" in done["msg"]
    domain.managedSaveRemove(0)
    assert told(run(networks, purge=True)) == [("network nat1", "state", "active", "absent")]


def test_a_network_on_the_hosts_bridge_does_not_hold_that_bridge(connection: Any, run: Run) -> None:
    run(networks, {"name": "lan", "forward": {"mode": "bridge"}, "bridge": "br0"})
    run(domains, {**WEB, "interfaces": [{"bridge": "br0"}]})
    assert told(run(networks, purge=True)) == [("network lan", "state", "active", "absent")]
    run(domains, purge=True)


# --- pools ---


def test_a_pool_stays_while_a_guest_has_a_disk_in_it(connection: Any, run: Run) -> None:
    config = [{"name": name, "target": f"/srv/{name}"} for name in ("free", "file", "volume", "off")]
    config[3]["state"] = "inactive"
    run(pools, *config)
    for pool, disk in (
        ("file", {"file": "/srv/file/x.raw"}),
        ("volume", {"volume": "x.raw", "pool": "volume"}),
        ("off", {"file": "/srv/off/x.iso", "device": "cdrom"}),
    ):
        run(domains, {**WEB, "name": f"with-{pool}", "disks": [disk]})
    done = run(pools, purge=True, fails=True)
    assert {failure["pool"]: failure["problem"].split(",")[1] for failure in done["failures"]} == {
        name: f" but used by guest with-{name}" for name in ("file", "volume", "off")
    }
    assert told(done) == [("pool free", "state", "active", "absent")]
    run(domains, purge=True)
    assert len(run(pools, purge=True)["changes"]) == 3
    assert names(connection)["pools"] == ["default-pool"]


# --- volumes ---


@pytest.fixture
def folder(connection: Any, run: Run, tmp_path: Path) -> Path:
    """The folder of a pool. The test driver makes no files, so those of volumes are made by hand."""
    made = tmp_path / "pool"
    made.mkdir()
    run(pools, {"name": "p", "target": str(made)})
    return made


def volume(folder: Path, name: str, **options: Any) -> dict[str, Any]:
    """A volume, with its file."""
    (folder / name).touch()
    return {"name": name, "pool": "p", "capacity": "1MiB", **options}


def test_a_volume_goes_only_if_it_was_declared_as_one(connection: Any, run: Run, folder: Path) -> None:
    run(volumes, volume(folder, "a"), volume(folder, "b"))
    connection.storagePoolLookupByName("p").createXML("<volume><name>theirs</name><capacity>1</capacity></volume>")
    volume(folder, "theirs")
    run(volumes, {"name": "theirs", "pool": "p"})
    volume(folder, "web01-vda.qcow2")
    run(domains, {**WEB, "disks": [{"size": "1MiB", "pool": "p"}]})
    done = run(volumes, {"name": "b", "pool": "p"}, purge=True)
    assert told(done) == [("volume p/a", "state", "present", "absent")]
    run(domains, purge=True)
    assert told(run(volumes, purge=True)) == [("volume p/b", "state", "present", "absent")]
    assert names(connection)["volumes"] == ["p/theirs", "p/web01-vda.qcow2"]


def test_a_volume_of_a_guest_goes_with_it_only_when_that_is_said(connection: Any, run: Run, folder: Path) -> None:
    volume(folder, "web01-vda.qcow2")
    run(domains, {**WEB, "disks": [{"size": "1MiB", "pool": "p"}]})
    done = run(domains, purge=True, remove_storage=True)
    assert [entry[1] for entry in told(done)] == ["state", "volume p/web01-vda.qcow2"]
    assert names(connection)["volumes"] == []


def test_a_file_that_was_made_anew_is_somebody_elses(connection: Any, run: Run, folder: Path) -> None:
    run(volumes, volume(folder, "a"))
    volume(folder, "web01-vda.qcow2")
    run(domains, {**WEB, "disks": [{"size": "1MiB", "pool": "p"}]})
    for name in ("a", "web01-vda.qcow2"):
        (folder / name).unlink()
        (folder / name).touch()
    done = run(volumes, purge=True)
    assert (done["changed"], done["warnings"]) == (False, [])
    # Nothing is said of its label either, for it has none.
    assert run(volumes, purge=True, owner="team/a")["warnings"] == []
    done = run(domains, purge=True, remove_storage=True)
    assert [entry[1] for entry in told(done)] == ["state"]
    assert names(connection)["volumes"] == ["p/a", "p/web01-vda.qcow2"]


def test_a_volume_that_cannot_be_told_from_another_stays_and_that_is_said(connection: Any, run: Run) -> None:
    run(volumes, {"name": "x", "pool": "default-pool", "capacity": "1MiB"})
    done = run(volumes, purge=True)
    assert done["changed"] is False
    assert "volume default-pool/x: is no longer declared, but nothing tells" in done["warnings"][0]
    run(volumes, {"name": "x", "pool": "default-pool", "state": "absent"}, purge=True)


def test_a_volume_that_is_used_stays(connection: Any, run: Run, folder: Path) -> None:
    run(volumes, *[volume(folder, name) for name in ("free", "disk", "source")])
    run(domains, {**WEB, "disks": [{"file": str(folder / "disk")}]})
    copy = volume(folder, "copy.qcow2", backing={"volume": "source"})
    done = run(volumes, copy, purge=True, fails=True)
    assert {failure["volume"]: failure["problem"].split(",")[1] for failure in done["failures"]} == {
        "p/disk": " but used by guest web01",
        "p/source": " but used by the declared volume p/copy.qcow2",
    }
    assert told(done)[0] == ("volume p/free", "state", "present", "absent")
    run(domains, purge=True)
    run(volumes, purge=True)
    assert names(connection)["volumes"] == []


def test_a_base_of_a_disk_that_is_in_no_pool_stays(connection: Any, run: Run, folder: Path, tmp_path: Path) -> None:
    run(volumes, volume(folder, "base"), volume(folder, "kernel"))
    over, base = tmp_path / "over.qcow2", str(folder / "base").encode()
    over.write_bytes(struct.pack(">4sIQI44x", b"QFI\xfb", 3, 64, len(base)) + base)
    run(domains, {**WEB, "kernel": str(folder / "kernel"), "disks": [{"file": str(over)}]})
    done = run(volumes, purge=True, fails=True)
    assert [failure["volume"] for failure in done["failures"]] == ["p/base", "p/kernel"]
    run(domains, purge=True)
    run(volumes, purge=True)


def test_a_base_of_an_overlay_in_a_folder_below_stays(connection: Any, run: Run, folder: Path) -> None:
    run(volumes, volume(folder, "base"))
    (folder / "snapshots").mkdir()
    base = b"../base"
    over = struct.pack(">4sIQI44x", b"QFI\xfb", 3, 64, len(base)) + base + bytes(512)
    (folder / "snapshots" / "over.qcow2").write_bytes(over)
    for check in (True, False):
        told = run(volumes, purge=True, check=check, fails=True)["msg"]
        assert f"used by the file {folder}/snapshots/over.qcow2" in told
    (folder / "snapshots" / "over.qcow2").unlink()
    run(volumes, purge=True)


def test_overlays_go_before_their_base(connection: Any, run: Run, folder: Path) -> None:
    base = volume(folder, "base.qcow2")
    run(volumes, base, volume(folder, "over.qcow2", backing={"volume": "base.qcow2"}))
    run(domains, {**WEB, "disks": [{"file": str(folder / "over.qcow2")}]})
    done = run(volumes, purge=True, fails=True)
    assert [failure["problem"].split(",")[1] for failure in done["failures"]] == [
        " but used by volume p/over.qcow2",
        " but used by guest web01",
    ]
    run(domains, purge=True)
    assert [entry[0] for entry in told(run(volumes, purge=True))] == ["volume p/over.qcow2", "volume p/base.qcow2"]


def test_a_base_is_not_deleted_after_an_overlay_that_could_not_be(connection: Any, run: Run, folder: Path) -> None:
    run(volumes, volume(folder, "base.qcow2"), volume(folder, "over.qcow2", backing={"volume": "base.qcow2"}))
    step = Step("delete", Going("p/base.qcow2", after=("p/over.qcow2",)))
    with pytest.raises(VirtfleetError, match=r"volume p/over.qcow2 is laid over it, and is still there"):
        volume_actions.volume_delete(connection, "p/base.qcow2", step, None)
    run(volumes, purge=True)


# --- where nothing is known ---


def test_a_damaged_list_of_what_was_made_is_refused(run: Run, run_main: Run, noted: manifest.Manifest) -> None:
    run(pools, {"name": "fast", "target": "/srv/fast"})
    Path(noted.path).write_text("{", encoding="utf-8")
    result = run_main(pools.main, config=[], uri=URI, purge=True, fails=True)
    assert "cannot be read" in result["msg"]
    Path(noted.path).unlink()
    assert run(pools, purge=True)["changed"] is False


def test_a_bare_host_has_nothing_to_purge(run_main: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "libvirt", None)
    for module in (domains, networks, pools, volumes):
        assert run_main(module.main, config=[], uri=URI, purge=True, check=True)["changed"] is False


@pytest.mark.parametrize("storage", [False, True])
def test_a_guest_that_is_declared_for_another_host_is_no_leftover(connection: Any, run: Run, storage: bool) -> None:
    other = {**WEB, "name": "web02"}
    run(domains, {**WEB, "state": "running"}, other)
    done = run(domains, purge=True, elsewhere=["web01", "nobody", "test"], remove_storage=storage, fails=True)
    assert [failure["domain"] for failure in done["failures"]] == ["web01"]
    assert "is declared for another host, and was not moved there: it stays here" in done["msg"]
    assert names(connection)["domains"] == ["test", "web01"]
    assert connection.lookupByName("web01").isActive()


def test_a_guest_that_is_declared_for_another_host_is_told_of_without_purge(run: Run) -> None:
    run(domains, WEB, {**WEB, "name": "web02"})
    done = run(domains, {**WEB, "name": "web02"}, elsewhere=["web01", "web02", "test"])
    assert [line.partition(":")[0] for line in done["warnings"]] == ["guest web01"]
    # Said absent here, it goes.
    gone = run(domains, {"name": "web01", "state": "absent"}, elsewhere=["web01"])
    assert (told(gone), gone["warnings"]) == ([("domain web01", "state", "stopped", "absent")], [])
    # That of other people is theirs.
    assert run(domains, elsewhere=["test"])["warnings"] == []


@pytest.mark.parametrize(("module", "item"), [(domains, WEB), (networks, NET)])
def test_without_a_purge_what_is_no_longer_declared_is_told(run: Run, module: Any, item: dict[str, Any]) -> None:
    """Of the owner's own alone: what is another's, or was there before, is none of this run's."""
    run(module, item, owner="us")
    assert run(module, item, owner="us")["undeclared"] == []
    assert run(module, owner="us")["undeclared"] == [item["name"]]
    assert run(module, owner="them")["undeclared"] == []
    assert run(module)["undeclared"] == []
    assert run(module, {"name": item["name"], "state": "absent"}, owner="us")["undeclared"] == []
