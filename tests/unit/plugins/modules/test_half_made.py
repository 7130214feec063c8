# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a killed run left is known by what it is; all else of its name stays. On libvirt's test driver."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import image_locks
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.files import birth
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.part_files import part_name
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_actions
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.half_made import NewVolume, second_name
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import process
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.opened import held
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

URI = "test:///default"
Run = Callable[..., dict[str, Any]]
KEY = "p/x.raw"
DEAD = "process 1 2 another-boot"


@pytest.fixture
def file(connection: Any, run_main: Run, noted: manifest.Manifest, tmp_path: Path) -> Path:
    """A file that is a volume, of which nothing is noted."""
    (tmp_path / "pool").mkdir()
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path / "pool")}], uri=URI)
    pool = connection.storagePoolLookupByName("p")
    pool.createXML("<volume><name>x.raw</name><capacity>1048576</capacity></volume>")
    made = tmp_path / "pool" / "x.raw"
    made.touch()
    return made


WANT = {"name": "x.raw", "pool": "p", "capacity": "1MiB"}


def declare(run_main: Run, **args: Any) -> dict[str, Any]:
    """Declare the volume in check mode and for real; both say the same."""
    said = run_main(volumes.main, config=[WANT], uri=URI, check=True, **args)
    done = run_main(volumes.main, config=[WANT], uri=URI, **args)
    assert (said["changes"], said["warnings"]) == (done["changes"], done["warnings"])
    return done


def sign(file: Path) -> str:
    found = birth(str(file))
    assert found is not None
    return found


def use(connection: Any, file: Path) -> None:
    """A guest that has the file, by another name."""
    os.link(file, file.with_name("hard"))
    connection.defineXML(
        "<domain type='test'><name>theirs</name><memory>65536</memory><os><type>hvm</type></os><devices>"
        f"<disk type='file'><source file='{file.with_name('hard')}'/><target dev='vdb' bus='virtio'/></disk>"
        "</devices></domain>"
    )


def began(file: Path, shift: int = -1000) -> str:
    """A time in relation to the birth of the file."""
    return str(int(float(sign(file).partition(" ")[2]) * 10**9) + shift)


def test_the_half_made_one_is_made_anew(run_main: Run, noted: manifest.Manifest, file: Path) -> None:
    noted.put("volumes", KEY, making=DEAD, identity=sign(file))
    result = declare(run_main)
    assert [change["path"] for change in result["changes"]] == ["definition"]
    facts = noted.entries("volumes")[KEY]
    assert (facts["format"], facts["identity"], "making" in facts) == ("raw", sign(file), False)
    assert declare(run_main)["changed"] is False


@pytest.mark.parametrize("gone", [True, False])
def test_libvirt_looks_for_what_somebody_deleted_before_it_makes_a_volume_of_that_name(
    connection: Any, noted: manifest.Manifest, file: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    """It makes none of a name that it still knows, though the file is gone, until it has looked through the pool."""
    looked: list[str] = []
    monkeypatch.setattr(libvirt.virStoragePool, "refresh", lambda pool, flags=0: looked.append(pool.name()))
    if gone:
        file.unlink()
    making = SimpleNamespace(key=KEY, name="x.raw", pool="p")
    pool = connection.storagePoolLookupByName("p")
    volume_actions.clear_away(connection, pool, making, noted)  # type: ignore[arg-type]
    assert looked == (["p"] if gone else [])
    assert [volume.name() for volume in pool.listAllVolumes()] == ["x.raw"]


STAYS: dict[str, tuple[Callable[[Any, Path], dict[str, str]], str]] = {
    "nothing but a name": (lambda c, f: {}, "nothing tells whether what is there now is that one"),
    "made anew": (lambda c, f: {"identity": "1 2.000000000"}, "what is there now is another one"),
    "used by a guest": (lambda c, f: use(c, f) or {"identity": sign(f)}, "it is used by guest theirs"),
    "used by a guest, just made": (lambda c, f: use(c, f) or {"began": began(f)}, "nothing tells"),
    "put there by hand right after": (lambda c, f: {"began": began(f)}, "nothing tells"),
    "made before": (lambda c, f: {"began": began(f, 10**9)}, "nothing tells"),
    "made long after": (lambda c, f: {"began": began(f, -(10**10))}, "nothing tells"),
    "written to since": (lambda c, f: os.utime(f, (0, time.time() + 60)) or {"began": began(f)}, "nothing tells"),
    "a time that is none": (lambda c, f: {"began": "yesterday"}, "nothing tells"),
}


@pytest.mark.parametrize("name", STAYS)
def test_what_may_be_another_one_stays(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path, name: str
) -> None:
    facts, word = STAYS[name]
    noted.put("volumes", KEY, making=DEAD, **facts(connection, file))
    result = declare(run_main)
    assert result["changes"] == []
    (warning,) = result["warnings"]
    assert word in warning
    assert "it stays" in warning
    assert connection.storagePoolLookupByName("p").storageVolLookupByName("x.raw")
    assert KEY not in noted.entries("volumes")
    assert declare(run_main)["warnings"] == []
    assert run_main(volumes.main, config=[], purge=True, uri=URI)["changed"] is False


def others(**facts: str) -> dict[str, str]:
    """What is noted of a volume that another process of this host is making."""
    maker = os.getppid()
    began = "1764211450" + "0" * 9
    return {"making": f"process {maker} {process.started(maker)} {process.boot()}", "began": began, **facts}


GUEST = {"name": "g", "memory": "64MiB", "disks": [{"size": "1MiB", "volume": "x.raw", "pool": "p", "format": "raw"}]}
MAKING = "is making the volume p/x.raw since 2025-11-27 02:44:10 UTC; wait until it ends, or end process"
ASKED: dict[str, tuple[Any, dict[str, Any], dict[str, str], str]] = {
    "declared": (volumes, {"config": [WANT]}, {}, "volume p/x.raw"),
    "absent": (volumes, {"config": [{"name": "x.raw", "pool": "p", "state": "absent"}]}, {}, "volume p/x.raw"),
    "purged": (volumes, {"config": [], "purge": True}, {}, "volume p/x.raw"),
    "of a guest": (domains, {"config": [GUEST]}, {"guest": "g"}, "domain g"),
    "of a guest that goes": (domains, {"config": [{"name": "g", "state": "absent"}]}, {"guest": "g"}, "domain g"),
    "of a guest that is purged": (domains, {"config": [], "purge": True}, {"guest": "g"}, "domain g"),
}


@pytest.mark.parametrize("is_there", [True, False], ids=["there", "not yet there"])
@pytest.mark.parametrize("name", ASKED)
def test_one_that_another_run_makes_is_left_to_it(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path, name: str, is_there: bool
) -> None:
    """Also one that is to go: it would come after this run. Check mode says the same."""
    module, args, facts, who = ASKED[name]
    if not is_there:
        connection.storagePoolLookupByName("p").storageVolLookupByName("x.raw").delete()
    noted.put("volumes", KEY, **others(**facts))
    for check in (True, False):
        result = run_main(module.main, uri=URI, fails=True, check=check, **args)
        assert result["msg"].startswith(f"1 of 1 {who.split()[0]}s failed:\n{who}: "), result["msg"]
        assert f"another run (process {os.getppid()} on this host) {MAKING} {os.getppid()}" in result["msg"]
        assert result["changed"] is False
    there = connection.storagePoolLookupByName("p").listAllVolumes()
    assert [volume.name() for volume in there] == (["x.raw"] if is_there else [])
    assert noted.entries("volumes") == {KEY: others(**facts)}


@pytest.mark.parametrize(("args", "facts"), [({}, {"owner": "theirs"}), ({"owner": "ours"}, {})])
def test_what_another_owner_makes_is_not_purged(
    run_main: Run, noted: manifest.Manifest, file: Path, args: dict[str, str], facts: dict[str, str]
) -> None:
    noted.put("volumes", KEY, **others(**facts))
    assert run_main(volumes.main, config=[], purge=True, uri=URI, **args)["changed"] is False
    noted.put("volumes", KEY, **others(guest="g", **facts))
    assert run_main(domains.main, config=[], purge=True, uri=URI, **args)["changed"] is False


def test_a_disk_of_a_guest_that_was_half_made(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path
) -> None:
    noted.put("volumes", KEY, making=DEAD)
    guest = {
        "name": "g",
        "memory": "64MiB",
        "disks": [{"size": "1MiB", "volume": "x.raw", "pool": "p", "format": "raw"}],
    }
    result = run_main(domains.main, config=[guest], uri=URI)
    assert any("nothing tells" in warning for warning in result["warnings"])
    assert KEY not in noted.entries("volumes")
    gone = run_main(domains.main, config=[{"name": "g", "state": "absent"}], remove_storage=True, uri=URI)
    assert [change["path"] for change in gone["changes"]] == ["state"]


def test_a_guest_that_is_refused_for_what_a_killed_run_left_says_so(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path
) -> None:
    noted.put("volumes", KEY, making=DEAD)
    disk = {"size": "1KiB", "volume": "x.raw", "pool": "p", "format": "raw"}
    guest = {"name": "g", "memory": "64MiB", "disks": [disk]}
    for check in (True, False):
        said = run_main(domains.main, config=[guest], uri=URI, fails=True, check=check)["msg"]
        assert "domain g: disks[0].size: is 1MiB and cannot shrink" in said
        assert f"; a run that was killed was making the volume {KEY}, but nothing tells" in said
        assert "if it holds nothing, delete it with state: absent of the module virtfleet.kvm.volumes" in said


USED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "a volume": (volumes, WANT, "volume p/x.raw: "),
    "a disk of a guest": (domains, GUEST, "domain g: disks[0]: "),
}


@pytest.mark.parametrize("name", USED)
def test_a_half_that_a_program_has_open_is_refused_before_anything_is_done(
    run_main: Run, noted: manifest.Manifest, file: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check mode says what the run does: it was silent, and the run failed where it deleted the half."""
    monkeypatch.setattr(image_locks, "PATIENCE", 0.1)
    module, want, who = USED[name]
    noted.put("volumes", KEY, making=DEAD, identity=sign(file))
    with held(file, "rb") as number:
        for check in (True, False):
            result = run_main(module.main, config=[want], uri=URI, fails=True, check=check)
            assert f"{who}a run that was killed was making the volume {KEY}, and it is used by " in result["msg"]
            assert f"(process {number}), which has it open: end that, and run again" in result["msg"]
            assert (result["changed"], result["changes"]) == (False, [])
    assert noted.entries("volumes") == {KEY: {"making": DEAD, "identity": sign(file)}}
    assert run_main(module.main, config=[want], uri=URI)["changed"] is True
    assert run_main(module.main, config=[want], uri=URI)["changed"] is False


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("name", USED)
def test_a_temporary_file_that_a_guest_has_is_refused_before_anything_is_done(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path, name: str, there: bool
) -> None:
    module, want, who = USED[name]
    part = file.with_name(part_name("x.raw"))
    part.touch()
    use(connection, part)
    noted.put("volumes", KEY, making=DEAD, part=part.name, identity=sign(file))
    if not there:
        connection.storagePoolLookupByName("p").storageVolLookupByName("x.raw").delete()
        file.unlink(missing_ok=True)
    for check in (True, False):
        result = run_main(module.main, config=[want], uri=URI, fails=True, check=check)
        assert f"{who}{part} is what a killed run left, and is used by guest theirs: stop" in result["msg"]
        assert (result["changed"], result["changes"]) == (False, [])
    assert part.exists()


def test_an_image_that_is_refused_is_told_with_its_disk(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path
) -> None:
    page = file.parent.parent / "page.html"
    page.write_text("<!DOCTYPE html><html><body>Please log in</body></html>")
    disks = [{"size": "1MiB", "pool": "p", "format": "raw"}, {"image": str(page), "pool": "p", "format": "qcow2"}]
    said = run_main(domains.main, config=[{"name": "g", "memory": "64MiB", "disks": disks}], uri=URI, fails=True)["msg"]
    assert f"domain g: disks[1]: the image {page} is a web page, perhaps an error or a login in place" in said


# --- temporary files ---


def another(run_main: Run, **args: Any) -> dict[str, Any]:
    """Declare another volume."""
    return run_main(volumes.main, config=[{**WANT, "name": "y.raw"}], uri=URI, **args)


def test_the_temporary_name_is_the_noted_one(connection: Any, noted: manifest.Manifest) -> None:
    noted.begin("p/y.raw", part=".virtfleet-y.raw.0123456789abcdef.part")
    assert NewVolume(connection, "p/y.raw").part == ".virtfleet-y.raw.0123456789abcdef.part"
    assert NewVolume(connection, "p/z.raw").part != NewVolume(connection, "p/z.raw").part


def test_the_part_file_of_a_killed_run_goes(run_main: Run, noted: manifest.Manifest, file: Path) -> None:
    part, other = (file.with_name(part_name("y.raw")) for _number in range(2))
    for left in (part, other, Path(noted.folder, second_name(part.name)), file.with_name(".virtfleet-y.raw.part")):
        left.write_bytes(b"half")
    noted.put("volumes", "p/y.raw", making=DEAD, part=part.name)
    another(run_main)
    assert {left.name for left in file.parent.iterdir()} == {"x.raw", other.name, ".virtfleet-y.raw.part"}
    assert not Path(noted.folder, second_name(part.name)).exists()
    assert "part" not in noted.entries("volumes")["p/y.raw"]


def test_a_part_file_that_a_guest_uses_stays(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path
) -> None:
    part = file.with_name(part_name("y.raw"))
    part.write_bytes(b"half")
    connection.defineXML(
        "<domain type='test'><name>theirs</name><memory>65536</memory><os><type>hvm</type></os><devices>"
        f"<disk type='file'><source file='{part}'/><target dev='vdb' bus='virtio'/></disk></devices></domain>"
    )
    noted.put("volumes", "p/y.raw", making=DEAD, part=part.name)
    assert "is used by guest theirs: stop using it there" in another(run_main, fails=True)["msg"]
    assert part.read_bytes() == b"half"


@pytest.mark.parametrize("part", ["../image", ".virtfleet-y.raw.part", "x.raw"])
def test_a_noted_part_that_no_run_makes_is_left(run_main: Run, noted: manifest.Manifest, file: Path, part: str) -> None:
    file.with_name(".virtfleet-y.raw.part").touch()
    noted.put("volumes", "p/y.raw", making=DEAD, part=part)
    another(run_main)
    assert file.exists()
    assert file.with_name(".virtfleet-y.raw.part").exists()


# --- noting what was made ---


def test_nothing_is_made_where_it_cannot_be_noted(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path
) -> None:
    Path(noted.folder, "storage.json").unlink()
    Path(noted.folder, ".lock").unlink()
    Path(noted.folder).rmdir()
    Path(noted.folder).symlink_to(file.parent)
    guest = {"name": "g", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p"}]}
    new = {"name": "new", "pool": "p", "capacity": "1MiB"}
    for module, config in ((volumes, new), (domains, guest), (pools, {"name": "q", "target": "/srv/q"})):
        for check in (True, False):
            result = run_main(module.main, config=[config], uri=URI, check=check, fails=True)
            assert f"{noted.folder}, is a symbolic link" in result["msg"]
            assert result.get("changed", False) is False
    assert [volume.name() for volume in connection.storagePoolLookupByName("p").listAllVolumes()] == ["x.raw"]
    assert [domain.name() for domain in connection.listAllDomains()] == ["test"]
    assert sorted(pool.name() for pool in connection.listAllStoragePools()) == ["default-pool", "p"]
    # What notes nothing goes on.
    run_main(domains.main, config=[{"name": "plain", "memory": "64MiB"}], uri=URI)


def test_a_volume_that_cannot_be_noted_is_taken_away_again(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = manifest.Manifest.put

    def full(self: manifest.Manifest, kind: str, name: str, **facts: str) -> None:
        if name == "p/b":
            raise VirtfleetError(
                "the list of what this collection made, /x, cannot be written: No space left on device"
            )
        real(self, kind, name, **facts)

    monkeypatch.setattr(manifest.Manifest, "put", full)
    config = [{"name": name, "pool": "p", "capacity": "1MiB"} for name in "abc"]
    result = run_main(volumes.main, config=config, uri=URI, fails=True)
    assert result["msg"].startswith("1 of 3 volumes failed:\nvolume p/b: the list of what this collection made")
    assert {change["resource"] for change in result["changes"]} == {"volume p/a", "volume p/c"}
    names = {volume.name() for volume in connection.storagePoolLookupByName("p").listAllVolumes()}
    assert names == {"a", "c", "x.raw"}
    assert sorted(noted.entries("volumes")) == ["p/a", "p/c"]


def test_a_pool_that_cannot_be_noted_is_taken_away_again(
    connection: Any, run_main: Run, noted: manifest.Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: manifest.Manifest, kind: str, name: str, **facts: str) -> None:
        raise VirtfleetError("the list of what this collection made, /x, cannot be written: No space left on device")

    monkeypatch.setattr(manifest.Manifest, "put", full)
    result = run_main(pools.main, config=[{"name": "q", "target": "/srv/q"}], uri=URI, fails=True)
    assert "pool q: the list of what this collection made" in result["msg"]
    assert result["changes"] == []
    assert [pool.name() for pool in connection.listAllStoragePools()] == ["default-pool"]


def test_what_somebody_made_meanwhile_is_not_taken_away(
    connection: Any, run_main: Run, noted: manifest.Manifest, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the plan and the making."""
    pool = connection.storagePoolLookupByName("p")
    real = volume_actions.volume_define

    def late(*args: Any) -> None:
        pool.createXML("<volume><name>new</name><capacity>1</capacity></volume>")
        real(*args)

    monkeypatch.setitem(KINDS["volume"].actions, "define", late)
    config = {"name": "new", "pool": "p", "capacity": "1MiB", "clone_from": "x.raw"}
    result = run_main(volumes.main, config=[config], uri=URI, fails=True)
    assert "somebody made a volume p/new meanwhile" in result["msg"]
    assert pool.storageVolLookupByName("new")
    assert noted.entries("volumes") == {}
