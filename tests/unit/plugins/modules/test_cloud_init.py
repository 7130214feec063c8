# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds of guests: made, compared by what is on them, exchanged, and taken away with the disk."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import seed_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import (
    seed_fill,
    seed_restarts,
    seeds,
)
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.process import boot, started
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool
from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit.seed_world import CLOUD, HASH, KEY, URI, guest

pytestmark = pytest.mark.skipif(shutil.which("mcopy") is None, reason="needs mtools")


@pytest.fixture
def folder(seed_folder: Path) -> Path:
    """The folder of the pool."""
    return seed_folder


def definition(connection: Any) -> ET.Element:
    return ET.fromstring(connection.lookupByName("web01").XMLDesc(2))


def files(folder: Path) -> dict[str, Any]:
    """What is on the seed."""
    image = (folder / "web01-seed.img").read_bytes()
    return {name: content.decode() for name, content in (seed_image.read(image) or {}).items()}


def entries(folder: Path) -> Any:
    """The cloud-config on the seed."""
    head, _line, rest = files(folder)["user-data"].partition("\n")
    assert head == "#cloud-config"
    return json.loads(rest)


def test_a_guest_gets_its_seed(connection: Any, folder: Path, declared: Any, noted: manifest.Manifest) -> None:
    done = declared(guest())
    assert [change["path"] for change in done["changes"]] == ["disks[0].volume", "cloud_init.volume", "definition"]
    root = definition(connection)
    (disk,) = [disk for disk in root.iterfind("devices/disk") if disk.find("readonly") is not None]
    assert disk.find("source").attrib["file"] == str(folder / "web01-seed.img")  # type: ignore[union-attr]
    assert disk.find("target").attrib == {"dev": "vdz", "bus": "virtio"}  # type: ignore[union-attr]
    assert root.findtext("sysinfo/system/entry[@name='serial']") == "ds=nocloud"
    state = (folder / "web01-seed.img").stat()
    assert oct(state.st_mode & 0o7777) == "0o600"
    mac = root.find("devices/interface/mac").attrib["address"]  # type: ignore[union-attr]
    found = files(folder)
    assert json.loads(found["network-config"])["ethernets"]["eth0"] == {"match": {"macaddress": mac}, "dhcp4": True}
    meta = json.loads(found["meta-data"])
    assert meta == {"instance-id": root.findtext("uuid"), "local-hostname": "web01", "tag": "s3cret-meta"}
    assert entries(folder) == {
        "hostname": "web01",
        "password": HASH,
        "packages": ["nginx"],
        "runcmd": CLOUD["runcmd"],
        "write_files": CLOUD["write_files"],
        "chpasswd": {"expire": False},
        "ntp": {"servers": ["s3cret-entry"]},
    }
    assert found["vendor-data"] == CLOUD["vendor_data"]
    assert sorted(os.listdir(folder)) == ["web01-seed.img"]
    assert noted.entries("volumes")[KEY]["guest"] == "web01"


def test_the_seed_is_made_after_the_disks_and_before_the_definition(
    folder: Path, declared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []

    def noting(connection: Any, kind: Any, plans: Any, options: Any) -> dict[str, str]:
        seen.extend((step.action, getattr(step.value, "where", "")) for plan in plans for step in plan.steps)
        return original(connection, kind, plans, options)

    original = apply.apply
    monkeypatch.setattr(apply, "apply", noting)
    declared(guest())
    assert seen[:3] == [("make_volume", "disks[0]"), ("make_volume", "cloud_init"), ("define", "")]


@pytest.mark.parametrize(
    ("change", "paths"),
    [
        ({"packages": ["nginx", "curl"]}, ["cloud_init.packages"]),
        ({"password": None}, ["cloud_init.password"]),
        ({"hostname": "other"}, ["cloud_init.hostname"]),
        ({"user_data": {"ntp": {"enabled": False}}}, ["cloud_init.user_data"]),
        ({"network": "none"}, ["cloud_init.network"]),
        ({"vendor_data": None, "timezone": "UTC"}, ["cloud_init.timezone", "cloud_init.vendor_data"]),
        ({"instance_id": "renew", "packages": []}, ["cloud_init.instance_id", "cloud_init.packages"]),
        ({"meta_data": {"instance-id": "mine"}}, ["cloud_init.instance_id", "cloud_init.meta_data"]),
    ],
)
def test_a_changed_seed_is_told_by_its_parts(
    connection: Any,
    folder: Path,
    declared: Any,
    noted: manifest.Manifest,
    change: dict[str, Any],
    paths: list[str],
) -> None:
    declared(guest())
    before = noted.entries("volumes")[KEY]
    done = declared(guest({**CLOUD, **change}))
    assert [change["path"] for change in done["changes"]] == paths
    words = "does all of it again" if "cloud_init.instance_id" in paths else "will not set up users and packages again"
    assert [words in warning for warning in done["warnings"]] == [True]
    after = noted.entries("volumes")[KEY]
    assert after["identity"] != before["identity"]
    assert after.keys() == before.keys()
    assert not [name for name in os.listdir(folder) if name.endswith(".part")]


def test_an_instance_is_renewed_only_where_something_changes(connection: Any, folder: Path, declared: Any) -> None:
    declared(guest())
    uuid = str(definition(connection).findtext("uuid"))
    assert declared(guest({**CLOUD, "instance_id": "renew"}))["changes"] == []
    for number, package in ((2, "a"), (3, "b")):
        declared(guest({**CLOUD, "instance_id": "renew", "packages": [package]}))
        assert json.loads(files(folder)["meta-data"])["instance-id"] == f"{uuid}+{number}"
    declared(guest({**CLOUD, "instance_id": "keep"}))
    assert json.loads(files(folder)["meta-data"])["instance-id"] == f"{uuid}+3"


def test_a_seed_that_somebody_changed_is_put_right(connection: Any, folder: Path, declared: Any) -> None:
    declared(guest())
    wrong = seed_image.image_of({"meta-data": b"{}\n", "user-data": b"#cloud-config\n{}\n"})
    with (folder / "web01-seed.img").open("r+b") as file:
        file.write(wrong)
    assert "cloud_init.packages" in [change["path"] for change in declared(guest())["changes"]]
    assert entries(folder)["packages"] == ["nginx"]
    with (folder / "web01-seed.img").open("r+b") as file:
        file.write(b"\0" * 4096)
    assert {change["path"].partition(".")[0] for change in declared(guest())["changes"]} == {"cloud_init"}


def test_a_seed_of_nothing_but_the_name(connection: Any, folder: Path, declared: Any) -> None:
    declared(guest({}))
    assert entries(folder) == {"hostname": "web01"}
    declared(guest(None))
    assert len(definition(connection).findall("devices/disk")) == 1


def test_a_running_guest_keeps_its_seed_until_it_starts_anew(connection: Any, folder: Path, declared: Any) -> None:
    declared(guest(state="running"))
    with (folder / "web01-seed.img").open("rb") as running:
        done = declared(guest({**CLOUD, "packages": ["curl"]}, state="running"))
        assert seed_image.read(running.read())["user-data"].count(b"nginx") == 1  # type: ignore[index]
    assert entries(folder)["packages"] == ["curl"]
    (waiting,) = done["pending_restart"]
    assert waiting["paths"] == ["cloud_init.packages"]
    assert "a reboot from inside is not enough" in waiting["reasons"]["cloud_init.packages"]
    done = declared(guest({**CLOUD, "packages": ["jq"]}, state="running"), on_restart_needed="restart")
    assert [change["path"] for change in done["changes"]] == ["cloud_init.packages", "restart"]
    assert done["pending_restart"] == []


def test_what_an_earlier_run_changed_still_waits(
    connection: Any, folder: Path, declared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared(guest(state="running"))
    monkeypatch.setattr(seed_restarts, "is_older", lambda path: path == str(folder / "web01-seed.img"))
    (waiting,) = declared(guest(state="running"))["pending_restart"]
    assert waiting["paths"] == ["cloud_init"]


@pytest.mark.parametrize("listed", [True, False])
def test_null_takes_the_seed_away(
    connection: Any, folder: Path, declared: Any, noted: manifest.Manifest, listed: bool
) -> None:
    declared(guest())
    config = guest(None)
    if not listed:
        del config["disks"]
    done = declared(config)
    assert f"volume {KEY}" in [change["path"] for change in done["changes"]]
    root = definition(connection)
    assert len(root.findall("devices/disk")) == 1
    assert root.find("sysinfo") is None
    assert root.find("os/smbios") is None
    assert KEY not in noted.entries("volumes")


def test_a_running_guest_that_does_not_let_go_of_its_seed(
    connection: Any, folder: Path, declared: Any, noted: manifest.Manifest, run_main: Any
) -> None:
    """The test driver takes no device from a guest that runs."""
    declared(guest(state="running"))
    done = run_main(domains.main, config=[guest(None, state="running")], uri=URI)
    assert f"volume {KEY}" not in [change["path"] for change in done["changes"]]
    assert KEY in noted.entries("volumes")
    # The definition has no seed any more, and check mode said in vain that the volume goes.
    later = [
        run_main(domains.main, config=[guest(None, state="running")], uri=URI, check=check)
        for check in (True, False, True, False)
    ]
    assert [result["changes"] for result in later] == [[]] * 4
    assert [f"volume {KEY}" in entry["paths"] for result in later for entry in result["pending_restart"]] == [True] * 4
    connection.lookupByName("web01").destroy()
    assert [change["path"] for change in declared(guest(None))["changes"]] == [f"volume {KEY}"]
    assert KEY not in noted.entries("volumes")


@pytest.mark.parametrize("listed", [True, False])
def test_a_seed_that_is_left_out_stays(connection: Any, folder: Path, declared: Any, listed: bool) -> None:
    declared(guest())
    config = guest(description="changed")
    del config["cloud_init"]
    if not listed:
        del config["disks"]
    assert [change["path"] for change in declared(config)["changes"]] == ["description"]
    assert len(definition(connection).findall("devices/disk")) == 2


def test_a_guest_that_is_there_gets_one(connection: Any, folder: Path, declared: Any) -> None:
    config = guest()
    del config["cloud_init"]
    declared(config)
    del config["disks"]
    done = declared({**config, "cloud_init": CLOUD})
    assert [change["path"] for change in done["changes"]] == [
        "cloud_init.volume",
        "sysinfo.system.serial",
        "disks[1]",
    ]


def test_new_disks_beside_a_seed(connection: Any, folder: Path, declared: Any, run_main: Any) -> None:
    declared(guest())
    disks = [{"size": "1MiB", "pool": "p"}, {"size": "1MiB", "pool": "p"}]
    done = declared(guest(disks=disks))
    assert [change["path"] for change in done["changes"]] == ["disks[1].volume", "disks[1]"]
    said = run_main(domains.main, config=[guest(disks=[disks[0], {**disks[1], "target": "vdz"}])], uri=URI, fails=True)[
        "msg"
    ]
    assert "domain web01: disks[1].target: vdz is that of the guest's seed (cloud_init): give another one" in said


def test_the_seed_goes_with_the_storage_of_its_guest(
    connection: Any, folder: Path, declared: Any, noted: manifest.Manifest, run_main: Any
) -> None:
    declared(guest())
    gone = {"name": "web01", "state": "absent"}
    done = run_main(domains.main, config=[gone], uri=URI, remove_storage=True)
    assert f"volume {KEY}" in [change["path"] for change in done["changes"]]
    assert KEY not in noted.entries("volumes")


def test_the_seed_of_a_guest_that_comes_back(connection: Any, folder: Path, declared: Any, run_main: Any) -> None:
    declared(guest())
    run_main(domains.main, config=[{"name": "web01", "state": "absent"}], uri=URI)
    assert (folder / "web01-seed.img").exists()
    done = declared(guest({**CLOUD, "timezone": "UTC"}))
    assert [change["path"] for change in done["changes"]] == ["cloud_init.timezone", "definition"]
    assert entries(folder)["timezone"] == "UTC"


def test_somebody_elses_file_is_not_taken_for_a_seed(connection: Any, folder: Path, run_main: Any) -> None:
    pool = connection.storagePoolLookupByName("p")
    (folder / "web01-seed.img").write_bytes(b"theirs")
    pool.createXML("<volume><name>web01-seed.img</name><capacity>1048576</capacity></volume>")
    said = run_main(domains.main, config=[guest()], uri=URI, fails=True)["msg"]
    assert f"domain web01: cloud_init: the volume {KEY} is there already, and was not made for the seed" in said
    assert (folder / "web01-seed.img").read_bytes() == b"theirs"


def test_a_copy_of_a_guest_gets_a_seed_of_its_own(connection: Any, folder: Path, declared: Any) -> None:
    """A program that copies guests gives the copy the same seed, as a disk that is only read."""
    declared(guest())
    root = definition(connection)
    for tag, text in (("name", "copy"), ("uuid", "5f1c1a34-6b6e-4a5e-9a06-52c4a3f1a001")):
        root.find(tag).text = text  # type: ignore[union-attr]
    root.find("devices").remove(root.find("devices/interface"))  # type: ignore[union-attr, arg-type]
    connection.defineXML(ET.tostring(root, encoding="unicode"))
    before = (folder / "web01-seed.img").read_bytes()
    done = declared({"name": "copy", "cloud_init": {"timezone": "UTC"}})
    assert [change["path"] for change in done["changes"]] == ["cloud_init.volume", "disks[1].file"]
    assert (folder / "web01-seed.img").read_bytes() == before
    assert declared(guest())["changes"] == []


def test_a_host_without_the_tools(
    connection: Any, folder: Path, run_main: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(seed_image.ENVIRONMENT, "PATH", "/nowhere")
    said = run_main(domains.main, config=[guest()], uri=URI, fails=True)["msg"]
    assert "domain web01: cloud_init: mtools is missing on this host" in said
    assert "install the package mtools" in said
    assert os.listdir(folder) == []
    warned = run_main(domains.main, config=[guest()], uri=URI, check=True)["warnings"]
    assert any("mtools is missing on this host" in warning for warning in warned)


def test_a_seed_that_was_being_exchanged_when_the_run_was_killed(
    connection: Any, folder: Path, declared: Any, noted: manifest.Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared(guest())
    facts = dict(noted.entries("volumes")[KEY])
    part = folder / ".virtfleet-web01-seed.img.0123456789abcdef.part"
    part.write_bytes(b"half")
    noted.put("volumes", KEY, **{**facts, "identity": "1 2.3", "former": facts["identity"], "part": part.name})
    assert declared(guest())["changes"] == []
    assert noted.entries("volumes")[KEY] == facts
    assert not part.exists()


def test_a_seed_that_another_run_exchanges(
    connection: Any, folder: Path, declared: Any, noted: manifest.Manifest, run_main: Any
) -> None:
    declared(guest())
    facts, other = noted.entries("volumes")[KEY], f"process 1 {started(1)} {boot()}"
    noted.add("volumes", KEY, filling=other)
    for check in (True, False):
        said = run_main(domains.main, config=[guest({**CLOUD, "timezone": "UTC"})], uri=URI, check=check, fails=True)
        assert "domain web01: cloud_init: another run (process 1 on this host) is making the volume" in said["msg"]
    noted.add("volumes", KEY, filling="process 1 2 another-boot")
    declared(guest({**CLOUD, "timezone": "UTC"}))
    assert noted.entries("volumes")[KEY].keys() == facts.keys()


def test_what_cannot_be_written_leaves_the_seed_as_it_was(
    connection: Any, folder: Path, declared: Any, noted: manifest.Manifest, run_main: Any, monkeypatch: Any
) -> None:
    declared(guest())
    facts, before = noted.entries("volumes")[KEY], (folder / "web01-seed.img").read_bytes()

    def full(*args: Any, **how: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(seed_fill, "replace", full)
    said = run_main(domains.main, config=[guest({**CLOUD, "timezone": "UTC"})], uri=URI, fails=True)
    assert "there is no space left in" in said["msg"]
    assert noted.entries("volumes")[KEY] == facts
    assert (folder / "web01-seed.img").read_bytes() == before
    assert sorted(os.listdir(folder)) == ["web01-seed.img"]


def test_the_seed_of_a_guest_that_cannot_be_made_goes_again(
    connection: Any, folder: Path, run_main: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: Any, **how: Any) -> None:
        raise OSError(5, "no")

    monkeypatch.setattr(seed_fill.part_files, "settle", refused)
    said = run_main(domains.main, config=[guest()], uri=URI, fails=True)["msg"]
    assert "cloud_init: " in said
    assert os.listdir(folder) == []
    with pytest.raises(Exception, match="not found"):
        connection.lookupByName("web01")


def test_a_bare_host_in_check_mode(connection: Any, run_main: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages would have been installed by then, and the pool made."""
    monkeypatch.setattr(binding, "libvirt", None)
    monkeypatch.setitem(seed_image.ENVIRONMENT, "PATH", "/nowhere")
    config = guest(disks=[{"size": "1MiB"}])
    said = run_main(domains.main, config=[config], uri=URI, check=True)
    assert [change["path"] for change in said["changes"]] == ["disks[0].volume", "cloud_init.volume", "definition"]
    assert not [warning for warning in said["warnings"] if "mtools" in warning]


@pytest.mark.parametrize(
    ("disks", "pool"),
    [
        ([{"file": "/images/a.qcow2"}], "images"),
        ([{"file": "/elsewhere/a.qcow2"}], "default"),
        ([{"volume": "a", "pool": "vg0"}], "default"),
        ([{"volume": "a", "pool": "images"}, {"volume": "b", "pool": "default"}], "images"),
        ([{"device": "cdrom", "file": "/images/x.iso"}], "default"),
        ([], "default"),
    ],
)
def test_the_place_of_a_seed(disks: list[dict[str, Any]], pool: str) -> None:
    known = {
        "images": ObservedPool("dir", "/images", True),
        "default": ObservedPool("dir", "/var/lib", True),
        "vg0": ObservedPool("logical", "/dev/vg0", True),
    }
    made, (need,) = seeds.resolve({**guest({}, disks=disks), "state": "present"}, None, known, {})
    assert need.key == f"{pool}/web01-seed.img"
    assert made["disks"][-1]["file"] == f"{known[pool].target}/web01-seed.img"
    assert made["disks"][:-1] == disks


def test_a_seed_keeps_clear_of_the_targets_of_disks() -> None:
    taken = [{"target": "vdz", "file": "/a"}, {"target": "vdy", "file": "/b"}]
    made, _needed = seeds.resolve({**guest({}, disks=taken), "state": "present"}, None, {}, {})
    assert made["disks"][-1]["target"] == "vdx"


def test_a_config_drive(connection: Any, folder: Path, declared: Any, run_main: Any) -> None:
    """Made, compared, changed, renewed, and not made into the seed of another reader."""
    meta, user = "openstack/latest/meta_data.json", "openstack/latest/user_data"
    drive = {"datasource": "configdrive", "meta_data": {"admin_pass": "s3cret-meta"}, "instance_id": "renew"}
    done = declared(guest(drive))
    assert [change["path"] for change in done["changes"]] == ["disks[0].volume", "cloud_init.volume", "definition"]
    root = definition(connection)
    (disk,) = [disk for disk in root.iterfind("devices/disk") if disk.find("readonly") is not None]
    assert disk.find("target").attrib["bus"] == "usb"  # type: ignore[union-attr]
    assert root.find("sysinfo") is None
    assert (folder / "web01-seed.img").stat().st_mode & 0o7777 == 0o600
    uuid = root.findtext("uuid")
    assert json.loads(files(folder)[meta]) == {"uuid": uuid, "hostname": "web01", "admin_pass": "s3cret-meta"}
    done = declared(guest({**drive, "timezone": "UTC"}))
    assert [change["path"] for change in done["changes"]] == ["cloud_init.instance_id", "cloud_init.timezone"]
    assert json.loads(files(folder)[meta])["uuid"] == f"{uuid}+2"
    assert files(folder)[user] == '#cloud-config\n{\n "timezone": "UTC"\n}\n'
    for check in (True, False):
        said = run_main(domains.main, config=[guest({})], uri=URI, check=check, fails=True)["msg"]
        assert "cloud_init.datasource: the guest has a seed for configdrive, which cannot become another" in said
