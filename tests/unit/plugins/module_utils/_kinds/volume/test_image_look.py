# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at an image of the host says is what the run says, and a good one is not refused."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import part_files, qemu_img
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.places import Places
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.readiness import Doubt
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import encryption, image_look, volume_image
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import COMPRESSIONS, Source
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.connection import LibvirtError
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool, birth
from ansible_collections.virtfleet.kvm.tests.unit import hostile_images


def made(source: Source, folder: Path, form: str | None, capacity: int | None) -> str | None:
    """Why the run refuses an image; None where it takes it."""
    place = folder / "volume"
    place.unlink(missing_ok=True)
    try:
        volume_image.make(str(place), source, form, capacity)
    except VirtfleetError as error:
        return str(error)
    return None


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    folder = tmp_path / "pool"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("form", ["qcow2", None])
def test_what_the_look_refuses_the_run_refuses_in_the_same_words(tmp_path: Path, pool: Path, form: str | None) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    canary = tmp_path / "canary"
    canary.write_bytes(b"x" * 100)
    told = 0
    for name in hostile_images.write(folder, canary):
        source = Source(str(folder / name))
        said = volume_image.problem(source, form, None)
        if said is not None:
            assert said == made(source, pool, form, None), name
            told += 1
        assert sorted(pool.iterdir()) == [], name
    assert told > 60


def test_good_images_pass(tmp_path: Path, pool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_args: object, **_options: object) -> None:
        raise AssertionError("no tool looks at an image before the run")

    monkeypatch.setattr(qemu_img, "run", never, raising=False)
    for name, (content, _form) in hostile_images.good().items():
        (tmp_path / name).write_bytes(content)
        for form in ("qcow2", "raw", None):
            assert volume_image.problem(Source(str(tmp_path / name)), form, None) is None, name


@pytest.mark.parametrize("capacity", [None, 1024, 16 * 1024**2])
@pytest.mark.parametrize("kind", ["qcow2", "raw"])
def test_an_image_larger_than_the_capacity(tmp_path: Path, pool: Path, kind: str, capacity: int | None) -> None:
    content = hostile_images.qcow2() if kind == "qcow2" else hostile_images.mbr()
    (tmp_path / "image").write_bytes(content)
    source = Source(str(tmp_path / "image"))
    said = volume_image.problem(source, "raw", capacity)
    assert said == made(source, pool, "raw", capacity)
    assert (said is not None) == (capacity == 1024)


def test_bytes_that_are_wanted_as_they_are_pass(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("a text\n")
    place = str(tmp_path / "text")
    assert "is a text; give format: raw" in str(volume_image.problem(Source(place), None, None))
    assert volume_image.problem(Source(place, verbatim=True), "raw", None) is None


@pytest.mark.parametrize("kind", COMPRESSIONS)
def test_what_is_compressed_is_left_to_the_run(tmp_path: Path, kind: str) -> None:
    magic = {"gz": b"\x1f\x8b\x08", "xz": b"\xfd7zXZ\0", "zst": b"\x28\xb5\x2f\xfd", "bz2": b"BZh91AY&SY"}[kind]
    (tmp_path / "packed").write_bytes(magic + b"no more than that")
    assert volume_image.problem(Source(str(tmp_path / "packed")), None, 512) is None


class FakeSite:
    """A host with one pool, as the look at its images sees it.

    :param path: where its volume is
    :param noted: what is noted of that
    """

    def __init__(self, path: str = "/nowhere", form: str | None = "raw", local: bool = True, **noted: str) -> None:
        self.path, self.local = path, local
        self.new_volumes: set[str] = set()
        self.forecast = SimpleNamespace(volumes={}, domains={})
        self.pools: dict[str, ObservedPool] = {}
        xml = f"<volume><target><path>{path}</path></target></volume>"
        volume = SimpleNamespace(path=lambda: path, XMLDesc=lambda: xml)

        def lookup(name: str, found: Any) -> Any:
            if name not in ("images", "disk.img"):
                raise LibvirtError("no such thing")
            return found

        pool = SimpleNamespace(storageVolLookupByName=lambda name: lookup(name, volume))
        self.connection = SimpleNamespace(storagePoolLookupByName=lambda name: lookup(name, pool))
        noted_formats = SimpleNamespace(entries={"images/disk.img": noted} if noted else {})
        known = SimpleNamespace(known=lambda key, root: form, noted=noted_formats)
        self.kept = {"formats": known, "places": Places()}

    def once(self, name: str, ask: Any) -> Any:
        return self.kept[name] if name in self.kept else ask()


def site(*args: Any, **options: Any) -> Any:
    return FakeSite(*args, **options)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with one of each: good files, chains of images, and what is no file."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "lost").symlink_to(tmp_path / "nothing")
    (tmp_path / "raw").write_bytes(hostile_images.mbr())
    (tmp_path / "link").symlink_to(tmp_path / "raw")
    for name, below in {"single": "", "over-raw": "raw", "over-pipe": "pipe", "over-nothing": "nothing"}.items():
        (tmp_path / name).write_bytes(hostile_images.qcow2(names=below and str(tmp_path / below)))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
    return tmp_path


NO_FILE = "is neither a file nor a block device"


@pytest.mark.parametrize(
    ("name", "form", "told"),
    [
        ("raw", "raw", None),
        ("nothing", "raw", None),
        ("single", "qcow2", None),
        ("over-raw", "qcow2", None),
        ("over-nothing", "qcow2", None),
        ("over-pipe", "raw", None),  # Nobody reads what is in a raw disk.
        ("over-pipe", "iso", None),
        ("pipe", "raw", "{0}/pipe " + NO_FILE),
        ("pipe", "qcow2", "{0}/pipe " + NO_FILE),
        ("folder", "qcow2", "{0}/folder " + NO_FILE),
        ("over-pipe", "qcow2", "{0}/pipe, which {0}/over-pipe is laid over, " + NO_FILE),
        ("over-pipe", "", "{0}/pipe, which {0}/over-pipe is laid over, " + NO_FILE),
    ],
)
def test_what_no_tool_can_open_is_told_with_what_is_laid_over_it(
    files: Path, name: str, form: str, told: str | None
) -> None:
    expected = None if told is None else told.format(files)
    before = len(os.listdir("/proc/self/fd"))
    assert image_look.no_file(site(), str(files / name), form) == expected
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_place_that_is_no_path_is_not_opened(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(files)
    assert image_look.no_file(site(), "pipe", "raw") is None
    assert image_look.no_file(site(), "nothing", "raw") is None


def test_a_file_that_cannot_be_read_is_told_with_the_reason(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(path: str) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(part_files, "open_to_read", locked)
    assert image_look.no_file(site(), str(files / "raw"), "raw") == (
        f"{files / 'raw'} cannot be read: Operation not permitted"
    )


@pytest.mark.parametrize(
    ("option", "name", "form", "told"),
    [
        ("backing", "single", "qcow2", None),
        ("backing", "raw", "raw", None),
        ("backing", "raw", None, None),
        ("backing", "single", "raw", None),
        ("backing", "nothing", "qcow2", None),
        ("backing", "pipe", "qcow2", "backing: {0}/pipe " + NO_FILE),
        ("backing.path", "pipe", None, "backing.path: {0}/pipe " + NO_FILE),
        ("backing", "raw", "qcow2", "backing: {0}/raw is no qcow2: by its first bytes it is "),
        ("backing.path", "raw", "qcow2", "backing.format: {0}/raw is no qcow2: by its first bytes it is "),
    ],
)
def test_what_a_volume_is_laid_over_has_to_be_of_the_format(
    files: Path, option: str, name: str, form: str | None, told: str | None
) -> None:
    said = image_look.base_file(site(), option, str(files / name), {"format": form})
    if told is None:
        assert said is None
    else:
        assert said is not None
        assert said.startswith(told.format(files))


def growth(found: Any, **options: Any) -> str | None:
    return image_look.growth_problem(found, {"pool": "images", "name": "disk.img", **options})


def test_a_volume_that_can_be_opened_is_made_larger(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "growth_problem", lambda *_args: None)
    pipe = f"{files}/pipe {NO_FILE}"
    for name, form in (("raw", "raw"), ("over-raw", "qcow2"), ("nothing", "raw"), ("single", None)):
        assert growth(site(str(files / name), form)) is None, name
    assert growth(site(str(files / "pipe"))) == f"capacity: {pipe}"
    assert growth(site(str(files / "pipe")), change="disks[0].size") == f"disks[0].size: {pipe}"
    assert growth(site(str(files / "pipe"), local=False)) is None
    monkeypatch.chdir(files)
    assert growth(site("pipe")) is None
    # That it is not there, or its pool, is said of it elsewhere.
    assert growth(site(str(files / "pipe")), name="other.img") is None
    assert growth(site(str(files / "pipe")), pool="other") is None


def test_what_stands_in_the_place_of_a_volume_is_not_made_larger(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "growth_problem", lambda *_args: None)
    raw, link = files / "raw", files / "link"
    own = birth(str(raw))
    assert own is not None
    assert growth(site(str(raw), identity=own)) is None
    said = growth(site(str(link), identity=own), change="size")
    assert said is not None
    assert said.startswith(f"size: {link} is a")
    assert said.endswith("so it is not made larger; do that by hand, or put it back")
    assert growth(site(str(link), identity=own, local=False)) is None


def test_a_base_image_is_never_made_larger(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "growth_problem", lambda *_args: None)
    raw = str(files / "raw")
    own = birth(raw)
    assert own is not None
    for noted in ({"base": "noble"}, {"base": "noble", "identity": own}):
        said = growth(site(raw, **noted))
        assert said is not None
        assert said.startswith("capacity: images/disk.img is the base image of the image noble, and is only read")
    assert growth(site(raw, base="noble", identity="another")) is None


def test_an_encrypted_volume_is_told_before_its_file(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def encrypted(connection: Any, key: str, root: ET.Element) -> str:
        asked.append((key, root.tag))
        return "it is encrypted"

    monkeypatch.setattr(encryption, "growth_problem", encrypted)
    assert growth(site(str(files / "pipe"))) == "capacity: it is encrypted"
    assert asked == [("images/disk.img", "volume")]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("nothing", None),
        ("raw", None),
        ("link", None),
        ("bad\0name", None),
        ("lost", "a symbolic link that leads to nothing"),
        ("pipe", "a named pipe"),
        ("socket", "a socket"),
        ("folder", "a folder"),
    ],
)
def test_what_has_the_name_of_a_new_volume_and_is_none(files: Path, name: str, what: str | None) -> None:
    volume: Any = SimpleNamespace(pool="images", name=name)
    found = site()
    expected = f"volume: {files / name} is {what}: take that away, or give the volume another name"
    found.pools = {"images": ObservedPool("dir", str(files), True)}
    assert image_look.name_problem(found, volume) == (None if what is None else expected)
    for pool in (
        ObservedPool("dir", None, True),
        ObservedPool("logical", str(files), True),
        ObservedPool("dir", str(files), False),
    ):
        found.pools = {"images": pool}
        assert image_look.name_problem(found, volume) is None
    found.pools = {}
    assert image_look.name_problem(found, volume) is None
    found.pools, found.local = {"images": ObservedPool("dir", str(files), True)}, False
    assert image_look.name_problem(found, volume) is None


def test_a_device_has_the_name_of_a_new_volume() -> None:
    found = site()
    found.pools = {"images": ObservedPool("dir", "/dev", True)}
    said = image_look.name_problem(found, SimpleNamespace(pool="images", name="null"))  # type: ignore[arg-type]
    assert said == "volume: /dev/null is a device: take that away, or give the volume another name"


@pytest.mark.parametrize(("kind", "form"), [("dir", "qcow2"), ("logical", "raw"), (None, "raw")])
def test_an_image_is_looked_at_for_the_format_that_its_pool_makes(
    files: Path, monkeypatch: pytest.MonkeyPatch, kind: str | None, form: str
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(volume_image, "problem", lambda *args: asked.append(args))
    monkeypatch.setattr(volume_image, "in_use", lambda _source: "it is in use")
    found, source = site(), Source(str(files / "raw"))
    found.pools = {} if kind is None else {"images": ObservedPool(kind, str(files), True)}
    volume: Any = SimpleNamespace(pool="images", item={"format": "qcow2", "capacity": 5})
    said = image_look.looked_at(found, volume, source)
    assert asked == [(source, form, 5)]
    assert (said, type(said)) == ("it is in use", str)
    # A task before may have stopped the guest.
    found.forecast.domains = {"web": None}
    assert isinstance(image_look.looked_at(found, volume, source), Doubt)
    for away in ("https://example.org/raw", str(files / "nothing")):
        assert image_look.looked_at(found, volume, Source(away)) is None
    assert len(asked) == 2
    monkeypatch.setattr(volume_image, "problem", lambda *_args: "it is broken")
    assert image_look.looked_at(found, volume, source) == "it is broken"
