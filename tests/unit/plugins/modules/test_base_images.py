# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Base images that somebody changed, deleted or is about to use otherwise: what a new disk is made of is the image."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes, volumes_info
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD
from ansible_collections.virtfleet.kvm.tests.unit.image_server import BASE, ImageServer, image_of, serving

Run = Callable[..., dict[str, Any]]
URI = "test:///default"


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with serving() as made:
        yield made


@pytest.fixture
def image(server: ImageServer) -> dict[str, Any]:
    return image_of(server)


@pytest.fixture
def made(run_main: Run, seed_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """What a module says in check mode and then does, which is the same; what fails leaves the files as they were."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ("no such URI",))

    def call(module: Any, *config: dict[str, Any], images: Any, fails: bool = False) -> dict[str, Any]:
        options: dict[str, Any] = {"config": list(config), "uri": URI, "images": images, "fails": fails}
        before = sorted(entry.name for entry in seed_folder.iterdir())
        said = run_main(module.main, check=True, **options)
        assert sorted(entry.name for entry in seed_folder.iterdir()) == before
        done = run_main(module.main, **options)
        for part in ("changes", "failures", "msg"):
            assert said.get(part) == done.get(part), part
        if fails:
            assert sorted(entry.name for entry in seed_folder.iterdir()) == before
        return done

    return call


def guest(name: str, **disk: Any) -> dict[str, Any]:
    found = {"image": "debian", "pool": "p", **disk}
    return {"name": name, "memory": "64MiB", "disks": [{key: found[key] for key in found if found[key] is not None}]}


def volume(name: str, **options: Any) -> dict[str, Any]:
    return {"name": name, "pool": "p", "image": "debian", **options}


@pytest.mark.parametrize("again", ["content", "time"])
def test_one_that_was_written_to_is_no_more_the_image(
    made: Run, seed_folder: Path, image: dict[str, Any], again: str, noted: Any
) -> None:
    made(domains, guest("a", format="raw"), images=[image])
    path = seed_folder / BASE
    assert noted.entries("volumes")[f"p/{BASE}"]["stamp"] == f"{len(GOOD)} {path.stat().st_mtime_ns}"
    path.chmod(0o644)
    if again == "content":
        path.write_bytes(bytes(len(GOOD)))
    else:
        os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    words = f"the volume p/{BASE} was written to since it was made, so it is no more the image debian: delete it"
    done = made(domains, guest("b", format="raw"), images=[image], fails=True)
    assert f"disks[0].image: {words}" in done["msg"]
    assert f"image: {words}" in made(volumes, volume("v"), images=[image], fails=True)["msg"]
    # What was made of it before stays, and says nothing.
    assert not made(domains, guest("a", format="raw"), images=[image])["changed"]


def test_its_mode_and_owner_may_change(made: Run, seed_folder: Path, image: dict[str, Any]) -> None:
    """libvirt gives it to QEMU when a guest starts whose disk is laid over it."""
    made(domains, guest("a", format="raw"), images=[image])
    (seed_folder / BASE).chmod(0o400)
    made(domains, guest("b", format="raw"), images=[image])


@pytest.mark.parametrize("checked", [True, False])
def test_one_that_is_gone_from_under_disks(
    made: Run, seed_folder: Path, image: dict[str, Any], server: ImageServer, connection: Any, checked: bool
) -> None:
    """With a checksum it is made again. Without, the disks over it might get another image below them."""
    image["mode"] = "overlay"
    if not checked:
        del image["checksum"]
    made(domains, guest("a", size="1MiB"), images=[image])
    (base,) = (entry for entry in seed_folder.iterdir())
    base.unlink()
    connection.storagePoolLookupByName("p").storageVolLookupByName(base.name).delete(0)
    if checked:
        made(domains, guest("b", size="1MiB"), images=[image])
        assert base.read_bytes() == GOOD
        return
    server.image = GOOD + b"\1" * 512
    done = made(domains, guest("b", size="1MiB"), images=[image], fails=True)
    assert f"disks[0].image: the volume p/{base.name} is gone, and volume p/a-vda.qcow2 would be laid" in done["msg"]
    assert server.asked == ["debian.img"]
    # Another name gives another volume, which nothing is laid over.
    made(domains, guest("b", image="new", size="2MiB"), images=[image, {**image, "name": "new"}])


def test_an_overlay_is_not_smaller_than_its_image(
    made: Run, run_main: Run, seed_folder: Path, image: dict[str, Any]
) -> None:
    image["mode"] = "overlay"
    few = f"{len(GOOD) - 512}B"
    # What is still to be fetched has no size yet, so check mode cannot tell.
    done = run_main(domains.main, config=[guest("a", size=few)], images=[image], uri=URI, fails=True)
    words = f"the volume p/{BASE}, which it is laid over, has a disk of"
    assert f"disks[0]: {words}" in done["msg"]
    assert f"disks[0].backing: {words}" in made(domains, guest("a", size=few), images=[image], fails=True)["msg"]
    done = made(volumes, volume("v.qcow2", capacity=few), images=[image], fails=True)
    assert f"backing: {words}" in done["msg"]
    assert "give at least that as capacity (for a guest's disk, size), or leave it out" in done["msg"]
    laid = {"name": "w.qcow2", "pool": "p", "backing": {"volume": BASE}, "capacity": few}
    assert f"backing: {words}" in made(volumes, laid, images=[], fails=True)["msg"]
    assert made(domains, guest("a", size=f"{len(GOOD)}B"), images=[image])["changed"]


@pytest.mark.parametrize(
    ("mode", "form", "words"),
    [
        ("overlay", "raw", "format: only a qcow2 in a pool of files can be laid over an image"),
        ("overlay", "vmdk", "format: only a qcow2 in a pool of files can be laid over an image"),
        ("overlay", "iso", "format: only a qcow2 in a pool of files can be laid over an image"),
        ("copy", "iso", "format: the host keeps the image as qcow2; write format: raw in the image"),
    ],
)
def test_a_volume_of_a_form_that_cannot_be(
    made: Run, image: dict[str, Any], server: ImageServer, mode: str, form: str, words: str
) -> None:
    declared = {**image, "mode": mode, "format": "qcow2"}
    assert words in made(volumes, volume("v", format=form), images=[declared], fails=True)["msg"]
    assert server.asked == []


def test_an_iso_is_kept_as_it_is(made: Run, image: dict[str, Any], server: ImageServer) -> None:
    words = "format: the host keeps the image as qcow2; write format: raw in the image"
    declared = {**image, "format": "qcow2"}
    assert words in made(volumes, volume("tools.iso"), images=[declared], fails=True)["msg"]
    assert server.asked == []
    made(volumes, volume("tools.raw"), images=[image])


def test_a_name_that_leaves_no_room_for_the_version(run_main: Run, seed_folder: Path, image: dict[str, Any]) -> None:
    """Its volume could not be named, so nobody could delete it by that."""
    for name, fails in (("x" * 181, False), ("x" * 182, True), ("ä" * 90, False), ("ä" * 91, True)):
        options: dict[str, Any] = {
            "config": [guest("a", image=name, format="raw")],
            "images": [{**image, "name": name}],
        }
        done = run_main(domains.main, uri=URI, fails=fails, check=True, **options)
        assert ("name: has 182 bytes; at most 181 are possible" in str(done.get("msg"))) is fails


def test_another_new_volume_has_its_name(made: Run, image: dict[str, Any], server: ImageServer) -> None:
    words = f"image: the volume p/{BASE}, which is also to be made, has the name of the base image"
    assert words in made(volumes, volume(BASE), images=[image], fails=True)["msg"]
    done = made(domains, guest("a", format="raw", volume=BASE), images=[image], fails=True)
    assert f"disks[0].{words}" in done["msg"]
    assert server.asked == []


def test_one_of_two_new_volumes_has_its_name(run_main: Run, seed_folder: Path, image: dict[str, Any]) -> None:
    plain = {"name": BASE, "pool": "p", "capacity": "1MiB"}
    disks = [guest("b", format="raw", volume=BASE, image=None, size="1MiB"), guest("a", format="raw")]
    for module, config in ((volumes, [plain, volume("v")]), (domains, disks)):
        done = run_main(module.main, config=config, images=[image], uri=URI, check=True, fails=True)
        (failed,) = done["failures"]
        assert "has the name of the base image" in failed["problem"]


def test_it_is_not_made_larger(made: Run, seed_folder: Path, image: dict[str, Any]) -> None:
    made(domains, guest("a", format="raw"), images=[image])
    wanted = {"name": BASE, "pool": "p", "capacity": "2MiB"}
    done = made(volumes, wanted, images=[image], fails=True)
    assert f"capacity: p/{BASE} is the base image of the image debian, and is only read" in done["msg"]
    assert (seed_folder / BASE).stat().st_size == len(GOOD)


@pytest.mark.parametrize("by", ["volume", "file"])
def test_no_guest_writes_to_it(made: Run, seed_folder: Path, image: dict[str, Any], by: str) -> None:
    made(domains, guest("a", format="raw"), images=[image])
    place = {"volume": BASE, "pool": "p"} if by == "volume" else {"file": str(seed_folder / BASE)}
    wanted = {"name": "w", "memory": "64MiB", "disks": [{**place, "format": "raw"}]}
    done = made(domains, wanted, images=[image], fails=True)
    assert "is the base image of the image debian, and is only read: write image: debian" in done["msg"]
    wanted["disks"][0]["readonly"] = True  # type: ignore[index]
    made(domains, wanted, images=[image])


def test_what_is_wrong_with_the_image_is_said_once(made: Run, image: dict[str, Any], tmp_path: Path) -> None:
    """Not that its volume is not there either, of which the user knows nothing."""
    gone = {"name": "debian", "path": str(tmp_path / "gone"), "pool": "p", "format": "raw"}
    lost = {**image, "pool": "nowhere"}
    for declared, words in ((gone, "there is no file "), (lost, "there is no pool nowhere")):
        pool = "p" if declared is gone else "nowhere"
        guests = [guest(name, format="raw", pool=pool) for name in "ab"]
        done = made(domains, *guests, images=[declared], fails=True)
        assert [one["problem"].partition(words)[0] for one in done["failures"]] == ["disks[0].image: "] * 2
        assert "there is no volume" not in done["msg"]
        assert done["msg"].count(words) == 2
        (one,) = made(volumes, volume("v"), images=[declared], fails=True)["failures"]
        assert one["problem"].startswith(f"image: {words}")
        assert "there is no volume" not in one["problem"]


@pytest.mark.parametrize("path", ["", "images/debian.qcow2", "~/debian.qcow2"])
def test_a_path_that_is_none(run_main: Run, connection: Any, path: str) -> None:
    declared = {"name": "debian", "path": path}
    done = run_main(domains.main, config=[guest("a")], images=[declared], uri=URI, fails=True, check=True)
    assert "image debian: path: " in done["msg"]
    assert "is not a path from the root" in done["msg"]


def test_the_place_of_an_image_is_told_whole(made: Run, image: dict[str, Any]) -> None:
    image["url"] += "?sig=TOKEN"
    done = made(domains, guest("a", format="raw"), images=[image])
    (change,) = (change for change in done["changes"] if change["path"] == "disks[0].volume")
    assert change["after"]["image"] == f"debian from {image['url'].partition('?')[0]}?***"
    assert "TOKEN" not in repr(done)


def test_one_that_is_gone_hides_no_other_volume(
    run_main: Run, connection: Any, seed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libvirt lists a volume that was deleted by hand until it looks through the pool, and can tell nothing of it."""
    pool = connection.storagePoolLookupByName("p")
    for name in ("gone", "there"):
        pool.createXML(f"<volume><name>{name}</name><capacity>1024</capacity></volume>")
    info = libvirt.virStorageVol.info

    def failing(self: Any) -> Any:
        if self.name() == "gone":
            pool.storageVolLookupByName("nothing of this name")  # What libvirt says of one that is gone.
        return info(self)

    monkeypatch.setattr(libvirt.virStorageVol, "info", failing)
    found = {one["name"]: one for one in run_main(volumes_info.main, uri=URI)["volumes"] if one["pool"] == "p"}
    assert found["there"]["capacity"] == 1024
    assert found.get("gone", {}).get("allocation") is None
