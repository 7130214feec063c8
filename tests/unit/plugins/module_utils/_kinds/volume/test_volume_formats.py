# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The format of a volume is what was noted or what guests are told, never a header that a guest can write."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_fill, volume_formats
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_formats import Formats
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import Source
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.manifest import Manifest
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.new_volumes import Making
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.removal import Judge
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.survey_users import all_users
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import iso, mbr, qcow2
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._kinds.domain.disks.formats_host import (
    FORGED,
    URI,
    Connection,
    Guest,
    Pool,
    Volume,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import observed


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setattr(manifest, "default_folder", lambda: str(tmp_path / "state"))
    (tmp_path / "pool").mkdir()
    return Connection(tmp_path / "pool")


ALIASES = ["pool over a link to the folder", "pool with a hard link", "pool with a link to the file"]


def alias(host: Connection, kind: str, volume: Volume) -> Volume:
    """The same file as a volume of the pool again; libvirt takes it for a qcow2."""
    folder = host.folder.parent / "again"
    if kind == ALIASES[0]:
        folder.symlink_to(host.folder)
    else:
        folder.mkdir()
        made = folder / volume.name()
        made.hardlink_to(volume.place) if kind == ALIASES[1] else made.symlink_to(volume.place)
    found = Volume(folder / volume.name(), "qcow2")
    host.others["again"] = {found.name(): found}
    return found


def known_as_raw(host: Connection, volume: Volume, known: str) -> None:
    """Let a volume be known as raw: by a note with or without identity, or by a guest."""
    if known == "note of an old version":
        Manifest(URI).put("volumes", f"default/{volume.name()}", format="raw")
    elif known != "note":
        host.guests = [Guest((volume.path() if known == "guest by path" else f"default/{volume.name()}", "raw"))]


def form(host: Connection, name: str, declared: str | None = None) -> str:
    """The format of a volume."""
    return Formats(host).of(f"default/{name}", ET.fromstring(host.volumes[name].xml()), declared)


def test_what_was_noted_counts_before_all_else(host: Connection) -> None:
    volume = host.add("x", FORGED, "qcow2", noted="raw")
    host.guests = [Guest((volume.path(), "qcow2"))]
    assert form(host, "x") == "raw"
    assert host.listed == 0


def test_a_note_of_another_volume_of_that_name_does_not_count(host: Connection) -> None:
    host.add("x", b"old", "raw", noted="raw")
    (host.folder / "x").rename(host.folder / "gone")
    host.add("x", qcow2(), "qcow2")
    assert form(host, "x") == "qcow2"


@pytest.mark.parametrize("spelling", ["path", "volume", "link", "slashes"])
def test_what_guests_are_told_counts_before_the_bytes(host: Connection, spelling: str) -> None:
    volume = host.add("x", FORGED, "qcow2")
    (host.folder / "link").symlink_to(volume.path())
    place = {
        "path": volume.path(),
        "volume": "default/x",
        "link": str(host.folder / "link"),
        "slashes": f"//{volume.path()}",
    }[spelling]
    host.guests = [Guest(("/elsewhere", "qcow2"), (place, "raw"))]
    assert form(host, "x") == "raw"
    host.guests = [Guest((place, None))]
    assert form(host, "x") == "raw"
    host.guests.append(Guest((place, "qcow2")))
    with pytest.raises(VirtfleetError, match="in different formats: qcow2, raw"):
        form(host, "x")


def test_what_the_user_says_counts_where_nothing_is_known(host: Connection) -> None:
    host.add("x", FORGED, "qcow2")
    assert form(host, "x", "raw") == "raw"
    assert form(host, "x", "qcow2") == "qcow2"
    host.add("y", mbr(), "raw", noted="raw")
    with pytest.raises(VirtfleetError, match="default/y is raw, as it was made, and not qcow2"):
        form(host, "y", "qcow2")
    host.add("z", iso(), "iso", noted="raw")
    assert form(host, "z", "iso") == "raw"


def test_bytes_count_last_and_only_where_they_name_nothing(host: Connection) -> None:
    for name, content, told, expected in (
        ("disk", mbr(), "raw", "raw"),
        ("cd", iso(), "iso", "raw"),
        ("blank", bytes(4096), "raw", "raw"),
        ("whole", qcow2(), "qcow2", "qcow2"),
    ):
        host.add(name, content, told)
        assert form(host, name) == expected
    for name, content, word in (
        ("forged", FORGED, "is not whole"),
        ("data", qcow2(((0x44415441, b"/etc/shadow"),), incompatible=4), "is not whole"),
        ("vmdk", b"# Disk DescriptorFile\nversion=1\n", "VMDK"),
    ):
        host.add(name, content, "raw")
        with pytest.raises(VirtfleetError, match=f"format of the volume default/{name}, and by its bytes it .*{word}"):
            form(host, name)


def test_a_volume_is_seen_as_it_was_made(host: Connection) -> None:
    volume = host.add("x", FORGED, "qcow2", noted="raw")
    have = {"default/x": observed(volume.xml(), state="present")}
    root = Formats(host).settle(have)["default/x"].definition
    assert [node.get("type") for node in root.iterfind("target/format")] == ["raw"]
    assert root.findtext("capacity") == str(len(FORGED))
    assert root.find("backingStore") is None
    assert root.find("target/compat") is None
    assert have["default/x"].definition.find("backingStore") is not None


@pytest.mark.parametrize(
    "text",
    [
        "<volume type='block'><target><path>{}</path></target></volume>",
        "<volume type='block'><target><path>{}</path><format type='linux'/></target></volume>",
    ],
)
def test_a_device_is_raw_whatever_a_guest_wrote(host: Connection, text: str) -> None:
    volume = host.add("x", FORGED, "qcow2")
    have = observed(text.format(volume.path()), state="present")
    assert Formats(host).of("vg/x", have.definition) == "raw"
    assert Formats(host).settle({"vg/x": have})["vg/x"] is have
    host.guests = [Guest((volume.path(), "qcow2"))]
    assert Formats(host).of("vg/x", have.definition) == "qcow2"


def test_a_volume_that_is_what_it_says_stays_as_it_is(host: Connection) -> None:
    volume = host.add("x", qcow2(), "qcow2", noted="qcow2")
    have = {"default/x": observed(volume.xml(), state="present")}
    assert Formats(host).settle(have)["default/x"] is have["default/x"]


@pytest.mark.parametrize("known", ["note", "note of an old version", "guest by path", "guest by volume"])
@pytest.mark.parametrize("kind", ALIASES)
def test_a_file_is_raw_under_each_of_its_names(host: Connection, kind: str, known: str) -> None:
    volume = host.add("x", FORGED, "qcow2", noted="raw" if known == "note" else None)
    known_as_raw(host, volume, known)
    other = alias(host, kind, volume)
    assert Formats(host).of("again/x", ET.fromstring(other.xml())) == "raw"
    assert Formats(host).of_path(other.path()) == "raw"
    have = {"again/x": observed(other.xml(), state="present")}
    root = Formats(host).settle(have)["again/x"].definition
    assert [node.get("type") for node in root.iterfind("target/format")] == ["raw"]
    assert root.find("backingStore") is None
    laid = ET.fromstring("<volume/>")
    volume_fill.lay_over(host, making(backing={"volume": "again/x"}), laid)
    assert [node.get("type") for node in laid.iterfind("backingStore/format")] == ["raw"]
    assert volume_fill.filling(host, making(clone_from="again/x")) == Source(
        other.path(), None, "raw", True, what="volume"
    )
    assert volume_fill.filling(host, making(image=other.path())).known == "raw"


@pytest.mark.parametrize("content", [FORGED, qcow2(), mbr(), bytes(4096)])
@pytest.mark.parametrize("declared", [None, "qcow2", "raw"])
@pytest.mark.parametrize("others", [(), ("qcow2",)])
def test_what_was_noted_and_a_guest_has_as_raw_is_in_dispute(
    host: Connection, content: bytes, declared: str | None, others: tuple[str, ...]
) -> None:
    """It may have written into it; that of the user counts, where the first bytes say it as well."""
    volume = host.add("x", content, "qcow2", noted="qcow2")
    host.guests = [Guest((volume.path(), "raw")), *(Guest((volume.path(), one), name="own") for one in others)]
    if (content, declared) in ((qcow2(), "qcow2"), (mbr(), "raw"), (bytes(4096), "raw")):
        assert form(host, "x", declared) == declared
        assert Formats(host).of_path(volume.path(), declared) == declared
        return
    told = "was made as qcow2, and guest other has it as raw: take the disk from other, or correct its format, first"
    with pytest.raises(VirtfleetError, match=told):
        form(host, "x", declared)
    with pytest.raises(VirtfleetError, match=told):
        Formats(host).of_path(volume.path(), declared)


@pytest.mark.parametrize("declared", ["qcow2", "raw"])
def test_what_cannot_be_read_is_in_dispute_whatever_the_user_says(host: Connection, declared: str) -> None:
    volume = host.add("x", qcow2(), "qcow2", noted="qcow2")
    host.guests = [Guest((volume.path(), "raw"))]
    formats = Formats(host)
    volume.place.unlink()
    with pytest.raises(VirtfleetError, match="was made as qcow2, and guest other has it as raw"):
        formats.in_dispute(volume.path(), "qcow2", "other", declared)


def test_a_note_under_its_own_name_counts_before_others(host: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    formats = Formats(host)
    monkeypatch.setattr(formats.noted, "of", lambda _path: {"vmdk", "qed"})
    assert formats.decided(None, "/srv/x", "qcow2") == "qcow2"
    assert formats.decided(None, "/srv/x") == "qed"
    monkeypatch.setattr(formats.noted, "of", lambda _path: {"vmdk", "raw"})
    assert formats.decided(None, "/srv/x", "qcow2") == "raw"


def test_a_volume_that_guests_have_in_different_formats_does_not_stop_others(host: Connection) -> None:
    volume = host.add("x", FORGED, "qcow2")
    host.guests = [Guest((volume.path(), "qcow2")), Guest(("default/x", "raw"))]
    root = Formats(host).settle({"default/x": observed(volume.xml(), state="present")})["default/x"].definition
    assert [node.get("type") for node in root.iterfind("target/format")] == ["raw"]


def test_another_file_of_an_alias_is_not_known(host: Connection) -> None:
    volume = host.add("x", FORGED, "qcow2", noted="raw")
    (host.folder / "copy").write_bytes(volume.place.read_bytes())
    assert Formats(host).of_path(str(host.folder / "copy")) is None


@pytest.mark.parametrize("known", ["note", "note of an old version", "guest by path", "guest by volume"])
def test_a_path_is_laid_over_only_in_the_format_that_it_has(host: Connection, known: str) -> None:
    volume = host.add("x", FORGED, "qcow2", noted="raw" if known == "note" else None)
    known_as_raw(host, volume, known)
    hard = host.folder.parent / "hard.raw"
    hard.hardlink_to(volume.place)
    why = "as it was made" if known.startswith("note") else "as guests have it"
    with pytest.raises(VirtfleetError, match=f"' is raw, {why}, and not qcow2"):
        volume_fill.lay_over(host, making(backing={"path": str(hard), "format": "qcow2"}), ET.fromstring("<volume/>"))
    volume_fill.lay_over(host, making(backing={"path": str(hard), "format": "raw"}), ET.fromstring("<volume/>"))
    (host.folder.parent / "free").write_bytes(qcow2())
    free = {"path": str(host.folder.parent / "free"), "format": "qcow2"}
    volume_fill.lay_over(host, making(backing=free), ET.fromstring("<volume/>"))


BROKEN = qcow2(names="json:{", l1_entries=1)


@pytest.mark.parametrize("noted", ["raw", "qcow2", None])
def test_a_header_in_a_volume_that_was_made_as_raw_is_no_doubt(host: Connection, noted: str | None) -> None:
    host.add("x", BROKEN, "raw", noted=noted)
    doubts = [text for text in all_users(host).doubts if "default/x" in text]
    assert len(doubts) == (0 if noted == "raw" else 1)


def test_a_header_in_a_volume_is_a_doubt_where_nobody_can_tell_how_it_was_made(host: Connection) -> None:
    host.add("x", BROKEN, "raw", noted="raw")
    Path(Manifest(URI).path).write_text("{")
    assert [text for text in all_users(host).doubts if "default/x" in text]


@pytest.mark.parametrize(("name", "shown"), [("a\nb", "a\\nb"), ("a\x1b[31mb", "a\\x1b[31mb"), ("a\udcffb", "a\\xffb")])
def test_the_name_of_a_file_is_one_line_in_a_message(host: Connection, name: str, shown: str) -> None:
    (host.folder / name).write_bytes(BROKEN)
    host.volumes = {"other": Volume(host.folder / "other", "raw")}
    (doubt,) = [text for text in all_users(host).doubts if str(host.folder) in text]
    assert doubt.startswith(f"the file {host.folder}/{shown}: {host.folder}/{shown} ")
    assert doubt.isprintable()


def test_the_name_of_a_volume_is_one_line_in_a_message(host: Connection) -> None:
    host.add("base", bytes(4096), "raw")
    host.add("o\nver", qcow2(names=str(host.folder / "base")), "qcow2")
    users = all_users(host)
    path = str(host.folder / "base")
    assert "volume default/o\\nver" in users.of("default/base", path)
    holders, _after = Judge(users).weigh("default/base", path)
    assert holders
    assert all(holder.isprintable() for holder in holders)


def making(**item: Any) -> Making:
    return Making({"name": "new", "pool": "default", **item}, "<volume/>")


def test_what_is_laid_over_it_is_told_its_format(host: Connection) -> None:
    host.add("x", FORGED, "qcow2", noted="raw")
    root = ET.fromstring("<volume/>")
    volume_fill.lay_over(host, making(backing={"volume": "x"}), root)
    assert [node.get("type") for node in root.iterfind("backingStore/format")] == ["raw"]


def test_what_is_copied_is_its_bytes(host: Connection) -> None:
    volume = host.add("x", FORGED, "qcow2", noted="raw")
    assert volume_fill.filling(host, making(clone_from="x")) == Source(volume.path(), None, "raw", True, what="volume")
    link = host.folder / "link"
    link.symlink_to(volume.path())
    for image in (volume.path(), f"file://{volume.path()}", str(link)):
        assert volume_fill.filling(host, making(image=image)).known == "raw"
    assert volume_fill.filling(host, making(image="/etc/hostname")).known is None
    assert volume_fill.filling(host, making(image="https://host/x")).known is None


@pytest.mark.parametrize(
    "said", ["cannot extend file '/x': File too large", "The image size is too large for file format 'qcow2'"]
)
def test_a_new_volume_that_is_too_large_is_said(said: str) -> None:
    class Refusing(Pool):
        def __getattr__(self, name: str) -> Any:
            return self.refuse if name == "createXML" else super().__getattr__(name)

        def refuse(self, text: str, flags: int) -> None:
            raise volume_formats.LibvirtError(said)

    with pytest.raises(VirtfleetError, match="its size is larger than the file system of /nonexistent"):
        volume_fill.create(Refusing({}), ET.fromstring("<volume/>"))


def test_growing_beyond_what_a_file_can_have_is_said(host: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    volume = host.add("x", mbr(), "raw", noted="raw")

    def refuse(descriptor: int, size: int) -> None:
        raise OSError(errno.EFBIG, "File too large")

    monkeypatch.setattr(os, "ftruncate", refuse)
    with pytest.raises(VirtfleetError, match=f"grow: the file system of {volume.path()} holds no file of {1 << 60}"):
        volume_fill.enlarge(host, Pool(host.volumes), volume, 1 << 60)


def test_what_only_libvirt_can_copy_is_what_libvirt_takes_it_for(host: Connection) -> None:
    host.add("x", FORGED, "qcow2", noted="raw")
    with pytest.raises(VirtfleetError, match="is raw, and libvirt takes it for qcow2"):
        volume_fill.filling(host, making(clone_from="x", encryption={"format": "luks"}))
    same = host.add("y", mbr(), "raw", noted="raw")
    assert volume_fill.filling(host, making(clone_from="y", encryption={"format": "luks"})) is same
    host.add("z", FORGED, "qcow2", noted="qcow2")
    with pytest.raises(VirtfleetError, match="is not whole"):
        volume_fill.filling(host, making(clone_from="z", encryption={"format": "luks"}))
    host.add("v", b"KDMV", "vmdk", noted="vmdk")
    with pytest.raises(VirtfleetError, match="default/v is vmdk; only raw and qcow2"):
        volume_fill.filling(host, making(clone_from="v"))


def test_a_raw_file_grows_by_itself(host: Connection) -> None:
    volume = host.add("x", FORGED, "qcow2", noted="raw")
    volume_fill.enlarge(host, Pool(host.volumes), volume, 1 << 20)
    assert volume.place.stat().st_size == 1 << 20
    assert volume.place.read_bytes()[: len(FORGED)] == FORGED
    assert volume.resized == 0
    with pytest.raises(VirtfleetError, match="not the file that was planned for"):
        volume_fill.enlarge(host, Pool(host.volumes), volume, 1 << 19)
    other = host.add("y", qcow2(), "qcow2", noted="qcow2")
    volume_fill.enlarge(host, Pool(host.volumes), other, 1 << 30)
    assert other.resized == 1 << 30
