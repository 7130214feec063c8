# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks and volumes of images that are declared once: the host keeps one base image, and makes all of them from it."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import waiting_caller
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image import bases
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_image
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD
from ansible_collections.virtfleet.kvm.tests.unit.image_server import BASE, DIGEST, ImageServer, image_of, serving

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
NEXT = GOOD + b"\x01" * 512
NEXT_DIGEST = hashlib.sha256(NEXT).hexdigest()


@pytest.fixture
def server() -> Iterator[ImageServer]:
    with serving() as made:
        yield made


@pytest.fixture
def image(server: ImageServer) -> dict[str, Any]:
    return image_of(server)


def guest(name: str, **disk: Any) -> dict[str, Any]:
    found = {"image": "debian", "pool": "p", "format": "raw", **disk}
    disks = [{option: value for option, value in found.items() if value is not None}]
    return {"name": name, "memory": "64MiB", "disks": disks}


@pytest.fixture
def declare(run_main: Run, seed_folder: Path) -> Run:
    """Declare in check mode and for real, which say the same; and once more, which has nothing to do."""

    def call(module: Any, *config: dict[str, Any], images: Any = (), **args: Any) -> dict[str, Any]:
        options = {"config": list(config), "uri": URI, "images": list(images), **args}
        before = sorted(entry.name for entry in seed_folder.iterdir())
        said = run_main(module.main, check=True, **options)
        assert sorted(entry.name for entry in seed_folder.iterdir()) == before
        done = run_main(module.main, **options)
        assert [said.get(part) for part in ("changes", "failures", "warnings")] == [
            done.get(part) for part in ("changes", "failures", "warnings")
        ]
        return done

    return call


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def there(connection: Any) -> list[str]:
    """The volumes of the pool."""
    return sorted(volume.name() for volume in connection.storagePoolLookupByName("p").listAllVolumes())


def test_two_guests_have_one_base_image(
    declare: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any], noted: Any
) -> None:
    done = declare(domains, guest("a"), guest("b", size="1MiB"), images=[image])
    assert server.asked == ["debian.img"]
    assert names(seed_folder) == ["a-vda.raw", "b-vda.raw", BASE]
    assert (seed_folder / BASE).read_bytes() == (seed_folder / "a-vda.raw").read_bytes() == GOOD
    assert (seed_folder / "b-vda.raw").stat().st_size == 1024**2
    assert stat.S_IMODE((seed_folder / BASE).stat().st_mode) == 0o444
    facts = noted.entries("volumes")
    assert facts[f"p/{BASE}"]["base"] == "debian"
    assert facts[f"p/{BASE}"]["content"] == f"sha256:{DIGEST}"
    assert "guest" not in facts[f"p/{BASE}"]
    assert facts["p/a-vda.raw"]["guest"] == "a"
    made = {change["resource"]: change["after"] for change in done["changes"] if change["path"] == "disks[0].volume"}
    assert made["domain a"]["clone_from"] == f"p/{BASE}"
    assert made["domain a"]["image"] == f"debian from {image['url']}"
    again = declare(domains, guest("a"), guest("b", size="1MiB"), images=[image])
    assert not again["changed"]
    assert server.asked == ["debian.img"]


def test_a_base_image_that_nobody_waits_for_is_given_up(
    run_main: Run, seed_folder: Path, image: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    fetch = volume_image.make

    def leaving(*args: Any, **options: Any) -> Any:
        os.close(reading)
        waiting_caller.heed()
        return fetch(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(waiting_caller, "OUTPUT", writing)
        patch.setattr(volume_image, "make", leaving)
        done = run_main(domains.main, fails=True, config=[guest("a")], uri=URI, images=[image])
    os.close(writing)
    assert waiting_caller.REASON in done["msg"]
    assert names(seed_folder) == []
    run_main(domains.main, config=[guest("a")], uri=URI, images=[image])
    assert names(seed_folder) == ["a-vda.raw", BASE]


def test_a_volume_names_an_image(declare: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any]) -> None:
    wanted = {"name": "data.raw", "pool": "p", "image": "debian"}
    done = declare(volumes, wanted, images=[image])
    assert names(seed_folder) == ["data.raw", BASE]
    (change,) = done["changes"]
    assert change["resource"] == "volume p/data.raw"
    assert change["after"]["clone_from"] == f"p/{BASE}"
    assert not declare(volumes, wanted, images=[image])["changed"]
    declare(domains, guest("a"), images=[image])
    assert server.asked == ["debian.img"]


def test_a_new_version_is_another_base_image(
    declare: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any]
) -> None:
    """What exists stays; the list is only asked where a disk is made."""
    image["checksum"] = f"{server.url}/SHA256SUMS"
    declare(domains, guest("a"), images=[image])
    asked = len(server.asked)
    server.image = NEXT
    assert not declare(domains, guest("a"), images=[image])["changed"]
    assert len(server.asked) == asked
    declare(domains, guest("a"), guest("b"), images=[image])
    assert names(seed_folder) == ["a-vda.raw", "b-vda.raw", *sorted([BASE, f"debian-{NEXT_DIGEST[:12]}.raw"])]
    assert (seed_folder / "a-vda.raw").read_bytes() == GOOD
    assert (seed_folder / "b-vda.raw").read_bytes() == NEXT


def test_without_a_checksum_the_url_tells_the_version(
    declare: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any]
) -> None:
    del image["checksum"]
    declare(domains, guest("a"), images=[image])
    server.image = NEXT
    declare(domains, guest("b"), images=[image])
    assert server.asked == ["debian.img"]
    assert (seed_folder / "b-vda.raw").read_bytes() == GOOD


def test_a_file_of_the_host(declare: Run, seed_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "debian.img").write_bytes(GOOD)
    image = {"name": "debian", "path": str(tmp_path / "debian.img"), "format": "raw", "pool": "p"}
    declare(domains, guest("a"), images=[image])
    assert (seed_folder / "a-vda.raw").read_bytes() == GOOD


def test_a_guest_that_is_made_anew_keeps_its_disk(
    declare: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any]
) -> None:
    declare(domains, guest("a"), images=[image])
    declare(domains, {"name": "a", "state": "absent"}, images=[image])
    server.image = NEXT
    done = declare(domains, guest("a"), images=[{**image, "checksum": f"sha256:{NEXT_DIGEST}"}])
    assert server.asked == ["debian.img"]
    assert any("is kept with what is on it; image is not used" in line for line in done["warnings"])


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "digest": ({"checksum": f"sha256:{NEXT_DIGEST}"}, "is damaged, or another one; nothing of it was kept"),
    "list": ({"checksum": "LIST"}, "image: the list of checksums .* is no list of checksums"),
    "no list": ({"checksum": "NONE"}, "image: the list of checksums .* answers 404"),
    "gone": ({"url": "NONE"}, "answers 404"),
    "stalls": ({"url": "SILENT", "image_timeout": 1}, "took more than 1 s; allow more with image_timeout"),
    "pool": ({"pool": "nowhere"}, "there is no pool nowhere"),
    "page": ({"url": "PAGE", "checksum": None, "format": "qcow2"}, "is a web page"),
}


@pytest.mark.parametrize("module", [domains, volumes])
@pytest.mark.parametrize("name", WRONG)
def test_what_fails_leaves_nothing(
    run_main: Run,
    seed_folder: Path,
    server: ImageServer,
    image: dict[str, Any],
    name: str,
    module: Any,
    noted: Any,
) -> None:
    server.listed = b"rate limit\n"
    changed, words = WRONG[name]
    places = {"LIST": "SHA256SUMS", "NONE": "none", "SILENT": "silent", "PAGE": "web-page"}
    bad = {option: f"{server.url}/{places[value]}" if value in places else value for option, value in changed.items()}
    bad = {option: value for option, value in {**image, **bad}.items() if value is not None}
    good = {**image, "name": "good"}
    config = (
        [guest("a"), guest("b", image="good"), guest("c")]
        if module is domains
        else [
            {"name": "a", "pool": "p", "image": "debian"},
            {"name": "b", "pool": "p", "image": "good"},
            {"name": "c", "pool": "p", "image": "debian"},
        ]
    )
    done = run_main(module.main, config=config, images=[bad, good], uri=URI, fails=True)
    failed = {next(value for key, value in one.items() if key != "problem"): one["problem"] for one in done["failures"]}
    assert set(failed) == ({"a", "c"} if module is domains else {"p/a", "p/c"})
    for problem in failed.values():
        assert re.search(words, problem), problem
    assert names(seed_folder) == sorted([f"good-{DIGEST[:12]}.raw", "b-vda.raw" if module is domains else "b"])
    assert set(noted.entries("volumes")) == {f"p/{name}" for name in names(seed_folder)}
    assert server.asked.count("none") <= 1
    assert server.asked.count("silent") <= 1


def test_an_overlay_is_laid_over_the_base_image(
    declare: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any], connection: Any, run_main: Run
) -> None:
    image["mode"] = "overlay"
    declare(domains, guest("a", format=None, size="1MiB"), guest("b", format="qcow2", size="4MiB"), images=[image])
    assert server.asked == ["debian.img"]
    assert names(seed_folder) == [BASE]  # The test driver makes no files.
    for name in "ab":
        volume = connection.storagePoolLookupByName("p").storageVolLookupByName(f"{name}-vda.qcow2")
        root = ET.fromstring(volume.XMLDesc())
        assert root.findtext("backingStore/path") == str(seed_folder / BASE)
        assert root.find("backingStore/format").attrib == {"type": "raw"}
    said = run_main(domains.main, config=[guest("c")], images=[image], uri=URI, check=True, fails=True)
    assert "disks[0].format: only a qcow2 in a pool of files can be laid over an image" in said["msg"]
    gone = run_main(
        volumes.main, config=[{"name": BASE, "pool": "p", "state": "absent"}], images=[image], uri=URI, fails=True
    )
    assert "used by" in gone["msg"]
    assert names(seed_folder) == [BASE]


def test_a_purge_leaves_the_last_version_and_what_is_in_use(
    declare: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any], connection: Any
) -> None:
    newest, third = f"debian-{NEXT_DIGEST[:12]}.raw", GOOD + b"\x02" * 512
    declare(domains, guest("a"), guest("o", format=None, image="laid", size="1MiB"), images=[image, laid(image)])
    server.image = NEXT
    declare(domains, guest("b"), images=[{**image, "checksum": f"sha256:{NEXT_DIGEST}"}])
    # The test driver forgets volumes, and leaves the files.
    over = f"laid-{DIGEST[:12]}.raw"
    disks = ["a-vda.raw", "b-vda.raw", "o-vda.qcow2"]
    assert there(connection) == sorted([*disks, BASE, newest, over])
    # What is declared keeps its last version; of what is not, that with a disk over it stays.
    done = declare(volumes, images=[image], purge=True)
    assert [change["resource"] for change in done["changes"]] == [f"volume p/{BASE}"]
    assert there(connection) == sorted([*disks, newest, over])
    assert not declare(volumes, images=[image], purge=True)["changed"]
    done = declare(volumes, purge=True)
    assert [change["resource"] for change in done["changes"]] == [f"volume p/{newest}"]
    assert there(connection) == sorted([*disks, over])
    # It is fetched again when a disk needs it.
    server.image = third
    digest = hashlib.sha256(third).hexdigest()
    declare(domains, guest("c"), images=[{**image, "checksum": f"sha256:{digest}"}])
    assert (seed_folder / f"debian-{digest[:12]}.raw").read_bytes() == third


def laid(image: dict[str, Any]) -> dict[str, Any]:
    """The same image, for overlays."""
    return {**image, "name": "laid", "mode": "overlay"}


def test_a_file_that_has_merely_the_name_is_no_base_image(
    run_main: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any], connection: Any
) -> None:
    (seed_folder / BASE).write_bytes(b"somebody's")
    connection.storagePoolLookupByName("p").createXML(f"<volume><name>{BASE}</name><capacity>10</capacity></volume>")
    for check in (True, False):
        done = run_main(domains.main, config=[guest("a")], images=[image], uri=URI, fails=True, check=check)
        assert f"disks[0].image: the volume p/{BASE} is there, and was not made of the image debian" in done["msg"]
        done = run_main(
            volumes.main,
            config=[{"name": "v", "pool": "p", "image": "debian"}],
            images=[image],
            uri=URI,
            fails=True,
            check=check,
        )
        assert f"image: the volume p/{BASE} is there" in done["msg"]
    assert server.asked == []
    assert (seed_folder / BASE).read_bytes() == b"somebody's"


def test_a_base_image_that_was_deleted_by_hand_is_made_anew(
    declare: Run, seed_folder: Path, server: ImageServer, image: dict[str, Any], connection: Any
) -> None:
    declare(domains, guest("a"), images=[image])
    connection.storagePoolLookupByName("p").storageVolLookupByName(BASE).delete(0)
    (seed_folder / BASE).unlink()
    declare(domains, guest("b"), images=[image])
    assert server.asked == ["debian.img"] * 2
    assert (seed_folder / BASE).read_bytes() == GOOD


def test_another_run_that_makes_it_is_waited_for(
    run_main: Run,
    seed_folder: Path,
    server: ImageServer,
    image: dict[str, Any],
    noted: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[str] = []

    def busy(key: str, facts: Any) -> str | None:
        looks.append(key)
        return "another run is making it" if len(looks) < 4 else None

    monkeypatch.setattr(bases, "made_by_another", busy)
    run_main(domains.main, config=[guest("a")], images=[image], uri=URI)
    assert looks == [f"p/{BASE}"] * 4
    assert names(seed_folder) == ["a-vda.raw", BASE]
    monkeypatch.setattr(bases, "made_by_another", lambda key, facts: "another run is making it")
    image.update(name="other", image_timeout=1)
    done = run_main(domains.main, config=[guest("b", image="other")], images=[image], uri=URI, fails=True)
    assert "another run is making it" in done["msg"]
    assert names(seed_folder) == ["a-vda.raw", BASE]


@pytest.mark.parametrize("module", [domains, volumes])
@pytest.mark.parametrize(
    ("images", "words"),
    [
        ("debian", "images: a string is not a list of images"),
        ({"name": "debian"}, "images: a dictionary is not a list of images"),
        ([5], "images[0]: "),
        ([{"name": "debian"}], "image debian: give one of url, path, debian, ubuntu"),
        ([{"name": "debian", "url": "https://u:TOKEN@h/x y?sig=TOKEN"}], "image debian: url: "),
        ([{"name": "debian", "path": "/x", "checksum": "https://u:TOKEN@h/ä"}], "image debian: checksum: "),
        ([{"name": "debian", "path": "/x", "checksum": "TOKEN=1?"}], "image debian: checksum: "),
    ],
)
def test_wrong_images_are_refused_as_a_whole(
    run_main: Run, connection: Any, module: Any, images: Any, words: str
) -> None:
    config = [guest("a")] if module is domains else [{"name": "v", "image": "debian"}]
    done = run_main(module.main, config=config, images=images, uri=URI, fails=True)
    assert words in done["msg"]
    assert "TOKEN" not in repr(done)
    assert not done.get("changed")


def test_a_volume_of_an_image_that_is_not_declared(run_main: Run, connection: Any) -> None:
    for images, words in (
        ([], "a volume is named in clone_from"),
        ([{"name": "debian", "path": "/x"}], "did you mean"),
    ):
        done = run_main(
            volumes.main,
            config=[{"name": "v", "pool": "default-pool", "image": "debain"}],
            images=images,
            uri=URI,
            fails=True,
            check=True,
        )
        assert "image: 'debain' is not among the images (kvm_images of the role), and no URL" in done["msg"]
        assert words in done["msg"]


def test_the_image_of_a_guest_is_that_of_its_first_disk(declare: Run, seed_folder: Path, image: dict[str, Any]) -> None:
    wanted = {"name": "a", "memory": "64MiB", "image": "debian", "disks": [{"pool": "p", "format": "raw"}]}
    done = declare(domains, wanted, images=[image])
    assert names(seed_folder) == ["a-vda.raw", BASE]
    assert {change["path"] for change in done["changes"]} >= {"disks[0].volume", "definition"}
    (made,) = (change["after"] for change in done["changes"] if change["path"] == "definition")
    assert "image" not in made
    assert not declare(domains, wanted, images=[image])["changed"]
    assert not declare(domains, guest("a"), images=[image])["changed"]


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (["debian"], "there is no image 'debain', and no volume of that name in the pool default-pool; did you mean"),
        (["noble"], "'debain' is not among the images (noble), and there is no volume debain in the pool default-pool"),
        ([], "disks[0].image: there is no volume debain in the pool default-pool: declare it with"),
    ],
)
def test_a_disk_of_an_image_that_is_not_declared(run_main: Run, connection: Any, images: list[str], words: str) -> None:
    for disk in ({"disks": [{"image": "debain", "pool": "default-pool"}]}, {"image": "debain"}):
        wanted = {"name": "a", "memory": "64MiB", "disks": [{"pool": "default-pool"}], **disk}
        declared = [{"name": name, "path": "/x"} for name in images]
        done = run_main(domains.main, config=[wanted], images=declared, uri=URI, fails=True, check=True)
        assert words in done["msg"]
