# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage goes only when it is provably nobody else's, through whole modules on libvirt's test driver.

That driver makes no files, so those of volumes are made by hand; and it notes nothing, so here it does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.uses import declared_uses
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_actions
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest, storage_observe, survey_users
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import (
    GONE,
    OLD,
    URI,
    VOLUME,
    define,
    file,
    is_there,
    paths,
    stays,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]


def test_a_disk_that_is_nobody_elses_goes(connection: Any, declare: Run, folder: Path) -> None:
    assert paths(declare(domains, GONE, remove_storage=True)) == ["state", VOLUME]
    assert not is_there(connection)


SPELLED: dict[str, Callable[[Any, Path], None]] = {
    "link to the folder": lambda c, f: (
        f.with_name("images").symlink_to(f),
        define(c, file(f.with_name("images") / "old-vda.qcow2")),
    )[1],
    "slashes and dots": lambda c, f: define(c, file(f"/{f}//./old-vda.qcow2")),
    "link to the file": lambda c, f: (
        f.with_name("x").symlink_to(f / "old-vda.qcow2"),
        define(c, file(f.with_name("x"))),
    )[1],
    "hard link": lambda c, f: (os.link(f / "old-vda.qcow2", f.with_name("x")), define(c, file(f.with_name("x"))))[1],
    "overlay through the link": lambda c, f: (
        f.with_name("images").symlink_to(f),
        f.with_name("over").write_bytes(images.qcow2(f"{f.with_name('images')}/old-vda.qcow2")),
        define(c, file(f.with_name("over"))),
    )[2],
    "volume": lambda c, f: define(c, "<source pool='p' volume='old-vda.qcow2'/>", kind="volume"),
    "device": lambda c, f: define(c, f"<source dev='{f}/old-vda.qcow2'/>", kind="block"),
    "snapshot": lambda c, f: (
        define(c, file(f / "old-vda.qcow2")),
        c.lookupByName("theirs").snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>", 0),
        define_again(c),
    )[2],
}


def define_again(connection: Any) -> None:
    """The guest lets go of the disk; its snapshot does not."""
    domain = connection.lookupByName("theirs")
    xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    connection.defineXML(xml.replace("old-vda.qcow2", "other.qcow2"))


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize("name", SPELLED)
def test_a_disk_of_another_guest_stays(connection: Any, declare: Run, folder: Path, name: str, purge: bool) -> None:
    SPELLED[name](connection, folder)
    config = [] if purge else [GONE]
    stays(connection, declare(domains, *config, purge=purge, remove_storage=True), "is used by guest theirs")


def test_a_volume_of_another_guest_is_not_deleted(connection: Any, run_main: Run, folder: Path, declare: Run) -> None:
    folder.with_name("images").symlink_to(folder)
    declare(domains, GONE)
    define(connection, file(folder.with_name("images") / "old-vda.qcow2"))
    volume = {"name": "old-vda.qcow2", "pool": "p", "state": "absent"}
    for check in (True, False):
        result = run_main(volumes.main, config=[volume], uri=URI, check=check, fails=True)
        assert "volume p/old-vda.qcow2: state: is used by guest theirs" in result["msg"]
    declare(pools, {"name": "again", "target": str(folder.with_name("images"))})
    connection.storagePoolLookupByName("again").createXML(
        "<volume><name>old-vda.qcow2</name><capacity>1</capacity></volume>"
    )
    result = run_main(volumes.main, config=[{**volume, "pool": "again"}], uri=URI, fails=True)
    assert "volume again/old-vda.qcow2: state: is used by guest theirs" in result["msg"]
    assert is_there(connection)


NEW: dict[str, dict[str, Any]] = {
    "file": {"disks": [{"file": "{folder}/old-vda.qcow2"}]},
    "file in another spelling": {"disks": [{"file": "{folder}//./old-vda.qcow2"}]},
    "volume": {"disks": [{"volume": "old-vda.qcow2", "pool": "p"}]},
    "volume by size": {"disks": [{"size": "1MiB", "volume": "old-vda.qcow2", "pool": "p"}]},
    "image": {"disks": [{"image": "old-vda.qcow2", "pool": "p"}]},
    "backing": {"disks": [{"size": "1MiB", "backing": "p/old-vda.qcow2", "pool": "p"}]},
    "kernel": {"kernel": "{folder}/old-vda.qcow2"},
    "initrd": {"initrd": "{folder}/old-vda.qcow2"},
    "xml": {
        "xml": "<devices><rng model='virtio'><backend model='random'>{folder}/old-vda.qcow2</backend></rng></devices>"
    },
    "a folder": {"filesystems": [{"source": "{folder}", "target": "x"}]},
}


@pytest.mark.parametrize("purge", [False, True])
def test_a_disk_that_was_declared_as_a_volume_later_stays(
    connection: Any, declare: Run, folder: Path, noted: manifest.Manifest, purge: bool
) -> None:
    """Its user wants to keep it, or it is another fleet's: a purge of volumes does not take it either."""
    item = {"name": "old-vda.qcow2", "pool": "p"}
    assert declare(volumes, item, owner="team/b")["changed"] is False
    before = noted.entries("volumes")
    assert declare(volumes, item, owner="team/b")["changed"] is False
    assert noted.entries("volumes") == before
    config = [] if purge else [GONE]
    done = declare(domains, *config, purge=purge, remove_storage=True)
    stays(connection, done, "it was declared as a volume of its own, and goes by the module virtfleet.kvm.volumes")
    declare(volumes, purge=True, owner="team/b")
    assert is_there(connection)
    declare(volumes, {**item, "state": "absent"})
    assert not is_there(connection)


@pytest.mark.parametrize("used", [False, True])
def test_a_disk_that_is_declared_as_a_volume_is_not_used_by_itself(
    connection: Any, declare: Run, folder: Path, used: bool
) -> None:
    if used:
        define(connection, file(folder / "old-vda.qcow2"))
    told = declared_uses([], "kvm01", [{"name": "old-vda.qcow2", "pool": "p"}])
    done = declare(domains, GONE, remove_storage=True, declared_uses=told)
    stays(connection, done, f"stays: it is declared as a volume of its own{', and is used by guest theirs' * used}")


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize("name", NEW)
def test_what_is_declared_in_the_same_run_stays(
    connection: Any, run_main: Run, folder: Path, name: str, purge: bool
) -> None:
    """A guest is renamed: the old one goes, the new one has its disk."""
    new = json.loads(json.dumps({"name": "new", "memory": "64MiB", **NEW[name]}).replace("{folder}", str(folder)))
    config = [new] if purge else [GONE, new]
    # What fills a new volume are files, which the test driver has not.
    for check in (True,) if name == "image" else (True, False):
        result = run_main(domains.main, config=config, uri=URI, purge=purge, remove_storage=True, check=check)
        assert VOLUME not in paths(result)
        # The XML was held against the schema by libvirt's test driver, which has the guest since.
        who = "guest new" if name == "xml" else "the declared guest new"
        assert any("is used by" in text and who in text for text in result["warnings"]), result["warnings"]
    assert is_there(connection)


# --- between the plan and the delete ---


def meanwhile(monkeypatch: pytest.MonkeyPatch, what: Callable[[], None]) -> None:
    """Let something happen right before volumes are deleted."""
    real = KINDS["domain"].actions["delete_volume"]

    def first(*args: Any) -> Any:
        what()
        return real(*args)

    monkeypatch.setitem(KINDS["domain"].actions, "delete_volume", first)


def remake(path: Path) -> None:
    """Somebody puts another file in its place."""
    path.unlink()
    path.touch()


BETWEEN: dict[str, tuple[Callable[[Any, Path], None], str]] = {
    "another guest gets it": (lambda c, f: define(c, file(f"{f}//old-vda.qcow2")), "is used by guest theirs"),
    "an overlay is made": (
        lambda c, f: (f / "x.qcow2").write_bytes(images.qcow2("old-vda.qcow2")) and None,
        "is used by the file ",
    ),
    "it is made anew": (lambda c, f: remake(f / "old-vda.qcow2"), "somebody made p/old-vda.qcow2 anew meanwhile"),
    "a guest of its name is made": (lambda c, f: define(c, file("/x"), name="old"), "a guest old is still defined"),
}


@pytest.mark.parametrize("name", BETWEEN)
def test_the_facts_are_read_once_more(
    connection: Any, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    what, word = BETWEEN[name]
    meanwhile(monkeypatch, lambda: what(connection, folder))
    result = run_main(domains.main, config=[GONE], uri=URI, remove_storage=True, fails=True)
    assert word in result["msg"]
    assert paths(result) == ([] if "of its name" in name else ["state"])
    assert is_there(connection)


def test_a_volume_that_libvirt_cannot_describe_is_there(
    connection: Any, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its header is one that libvirt lists and does not understand."""
    real = libvirt.virStorageVol.XMLDesc

    def described(volume: Any, flags: int = 0) -> str:
        if volume.name() == "old-vda.qcow2":
            connection.storagePoolLookupByName("default-pool").storageVolLookupByName("none")
        return str(real(volume, flags))

    def broken(error: Any, *codes: str) -> bool:
        return False

    monkeypatch.setattr(libvirt.virStorageVol, "XMLDesc", described)
    monkeypatch.setattr(storage_observe, "lacks", broken)
    monkeypatch.setattr(survey_users, "lacks", broken)
    volume = {"name": "old-vda.qcow2", "pool": "p"}
    for config in ({**volume, "state": "absent"}, {**volume, "capacity": "1MiB"}):
        for check in (True, False):
            result = run_main(volumes.main, config=[config], uri=URI, check=check, fails=True)
            assert "volume p/old-vda.qcow2: libvirt lists it and cannot describe it (" in result["msg"]
    stays(connection, run_main(domains.main, config=[GONE], uri=URI, remove_storage=True), "cannot describe it")


def test_two_guests_that_share_a_disk_and_both_go(connection: Any, declare: Run, folder: Path) -> None:
    define(connection, file(folder / "old-vda.qcow2"))
    done = declare(domains, GONE, {"name": "theirs", "state": "absent"}, remove_storage=True)
    assert paths(done) == ["state", VOLUME, "state"]
    assert not is_there(connection)


def test_two_guests_that_share_a_disk_by_two_pools_and_both_go(connection: Any, declare: Run, folder: Path) -> None:
    """One file, of which libvirt knows two volumes; it goes once."""
    folder.with_name("images").symlink_to(folder)
    declare(pools, {"name": "again", "target": str(folder.with_name("images"))})
    text = "<volume><name>old-vda.qcow2</name><capacity>1</capacity></volume>"
    connection.storagePoolLookupByName("again").createXML(text)
    define(connection, "<source pool='again' volume='old-vda.qcow2'/>", kind="volume")
    done = declare(domains, {"name": "theirs", "state": "absent"}, GONE, remove_storage=True)
    assert sorted(paths(done)) == ["state", "state", VOLUME]


def test_what_somebody_deleted_meanwhile_is_gone(
    connection: Any, run_main: Run, folder: Path, noted: manifest.Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libvirt has not seen it yet."""
    looked: list[str] = []

    def refresh(pool: Any) -> bool:
        looked.append(pool.name())
        pool.storageVolLookupByName("old-vda.qcow2").delete(0)  # The test driver does not look at files.
        return True

    monkeypatch.setattr(volume_actions, "refresh", refresh)
    meanwhile(monkeypatch, lambda: (folder / "old-vda.qcow2").unlink(missing_ok=True))
    result = run_main(domains.main, config=[GONE], uri=URI, remove_storage=True)
    assert (paths(result), looked) == (["state", VOLUME], ["p"])
    assert noted.entries("volumes") == {}


def test_a_disk_that_is_noted_under_another_pool_of_its_folder(connection: Any, declare: Run, folder: Path) -> None:
    """The pool has been declared anew under another name."""
    connection.storagePoolLookupByName("p").destroy()
    connection.storagePoolLookupByName("p").undefine()
    declare(pools, {"name": "again", "target": f"{folder}"})
    connection.storagePoolLookupByName("again").createXML(
        "<volume><name>old-vda.qcow2</name><capacity>1</capacity></volume>"
    )
    done = declare(domains, GONE, remove_storage=True)
    assert paths(done) == ["state", "volume again/old-vda.qcow2"]


def test_what_the_host_cannot_tell_is_said(
    connection: Any, declare: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_users, "is_local", lambda uri: False)
    stays(connection, declare(domains, GONE, remove_storage=True), "may be used: it is on another host")


def test_a_guest_whose_definition_cannot_be_read_is_a_doubt(
    connection: Any, declare: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    define(connection, file("/x"))
    connection.lookupByName("theirs").managedSave  # noqa: B018 - it is there
    real = libvirt.virDomain.XMLDesc

    def described(domain: Any, flags: int = 0) -> str:
        if domain.name() == "theirs":
            return "<domain"
        return str(real(domain, flags))

    with monkeypatch.context() as context:
        context.setattr(libvirt.virDomain, "XMLDesc", described)
        stays(connection, declare(domains, GONE, remove_storage=True), "guest theirs: the definition cannot be read")


@pytest.mark.parametrize("seen", [True, False])
@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_hard_link_is_another_volume(
    connection: Any, declare: Run, run_main: Run, folder: Path, elsewhere: bool, seen: bool
) -> None:
    """The volume that was declared stays where only a link to it goes, be it known to libvirt or not."""
    pool, name = ("q", "old-vda.qcow2") if elsewhere else ("p", "hand.qcow2")
    where = folder.with_name("elsewhere") if elsewhere else folder
    if elsewhere:
        where.mkdir()
        declare(pools, {"name": "q", "target": str(where)})
    declare(domains, GONE)
    os.link(folder / "old-vda.qcow2", where / name)
    if seen:
        text = f"<volume><name>{name}</name><capacity>1</capacity></volume>"
        connection.storagePoolLookupByName(pool).createXML(text)
    define(connection, file(where / name))
    gone = {"name": "theirs", "state": "absent"}
    result = run_main(domains.main, config=[gone], uri=URI, remove_storage=True)
    assert paths(result) == ["state"]
    assert any("stays: this collection did not make it" in text for text in result["warnings"])
    assert is_there(connection)


def test_a_disk_with_another_name_stays(connection: Any, declare: Run, folder: Path) -> None:
    os.link(folder / "old-vda.qcow2", folder.with_name("kept"))
    stays(connection, declare(domains, GONE, remove_storage=True), "another name of the same file (a hard link)")


def test_a_disk_without_an_identity_stays(
    connection: Any, declare: Run, folder: Path, noted: manifest.Manifest
) -> None:
    """The file system keeps no time of birth."""
    facts = {key: value for key, value in noted.entries("volumes")["p/old-vda.qcow2"].items() if key != "identity"}
    noted.put("volumes", "p/old-vda.qcow2", **facts)
    stays(connection, declare(domains, GONE, remove_storage=True), "nothing tells whether it is still the one")


@pytest.mark.parametrize("folder_name", ["devel", "dev"])
def test_folders_that_are_called_like_those_of_devices(tmp_path: Path, folder_name: str) -> None:
    shared = Path("/dev/shm") / f"test-{os.getpid()}-{folder_name}"
    shared.mkdir()
    try:
        (shared / "x").touch()
        assert list(survey_users.files(str(shared))) == [str(shared / "x")]
    finally:
        (shared / "x").unlink()
        shared.rmdir()
    assert list(survey_users.files("/dev/null")) == []


def test_a_volume_that_is_a_folder_is_refused_by_the_plan(
    connection: Any, run_main: Run, folder: Path, declare: Run
) -> None:
    declare(domains, GONE)
    (folder / "old-vda.qcow2").unlink()
    (folder / "old-vda.qcow2").mkdir()
    for check in (True, False):
        config = [{"name": "old-vda.qcow2", "pool": "p", "state": "absent"}]
        result = run_main(volumes.main, config=config, uri=URI, check=check, fails=True)
        assert "is a folder, which is not deleted" in result["msg"]
    assert is_there(connection)


def test_each_volume_is_looked_at_once_more(
    connection: Any, declare: Run, run_main: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody gets the second one right after the first has gone."""
    more = {"name": "old", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p"}, {"size": "1MiB", "pool": "p"}]}
    declare(domains, more)
    (folder / "old-vdb.qcow2").touch()
    done: list[str] = []
    real = libvirt.virStorageVol.delete

    def delete(volume: Any, flags: int = 0) -> int:
        name = volume.name()
        done.append(name)
        if len(done) == 1:
            other = "old-vdb.qcow2" if name == "old-vda.qcow2" else "old-vda.qcow2"
            define(connection, file(folder / other))
        return int(real(volume, flags))

    monkeypatch.setattr(libvirt.virStorageVol, "delete", delete)
    wanted = [{"name": name, "pool": "p", "state": "absent"} for name in ("old-vda.qcow2", "old-vdb.qcow2")]
    declare(domains, GONE)
    result = run_main(volumes.main, config=wanted, uri=URI, fails=True)
    assert "is used by guest theirs" in result["msg"]
    assert len(done) == 1


@pytest.mark.parametrize("how", ["taken out", "exchanged", "handed over", "kept", "shared"])
def test_a_volume_that_a_guest_gives_up_is_told_of(declare: Run, folder: Path, how: str) -> None:
    """Unless somebody else has it, who is no matter of the call."""
    disk = {"file": f"{folder}/old-vda.qcow2", "format": "qcow2"}
    other = {"file": f"{folder}/other.raw", "format": "raw", "target": "vda"}
    if how == "shared":
        declare(domains, {"name": "another", "memory": "64MiB", "disks": [disk]})
    kept = {"kept": [{"size": "1MiB", "pool": "p"}], "exchanged": [other]}
    disks = kept.get(how, [])
    heir = [{"name": "heir", "memory": "64MiB", "disks": [disk]}] if how == "handed over" else []
    result = declare(domains, {"name": "old", "disks": disks}, *heir)
    told = (
        "domain old: its volume p/old-vda.qcow2 stays: where nothing on it is needed, state: absent among the volumes"
    )
    said = [line for line in result["warnings"] if "stays: where nothing" in line]
    assert [line.startswith(told) for line in said] == ([True] if how in ("taken out", "exchanged") else [])


@pytest.mark.parametrize("still", [True, False])
def test_a_volume_that_was_made_for_another_guest_stays(
    connection: Any, declare: Run, folder: Path, still: bool
) -> None:
    """It was deleted with the guest that had it in the end, without a word."""
    declare(domains, {**OLD, "disks": []} if still else GONE)
    assert is_there(connection)
    heir = {"name": "heir", "memory": "64MiB", "disks": [{"volume": "old-vda.qcow2", "pool": "p", "format": "qcow2"}]}
    declare(domains, heir)
    gone = declare(domains, {"name": "heir", "state": "absent"}, remove_storage=True)
    assert paths(gone) == ["state"]
    assert any("heir: its disk " in line and "stays: it was made for guest old; " in line for line in gone["warnings"])
    assert is_there(connection)
