# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Empty volumes: which are made here, and of what; that libvirt makes the same is shown by tests/lab."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import part_files, qemu_img
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.files import backing, birth
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.sandbox import ToolFailed
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_blank
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_blank import Blank

MIB = 1024**2
OLD, NEW = 9_000_000, 10_002_000
PART = ".virtfleet-v.0123456789abcdef.part"
BACKING = "<backingStore><path>/srv/base</path><format type='qcow2'/></backingStore>"


def definition(target: str = "", rest: str = "<capacity unit='bytes'>1048576</capacity>") -> ET.Element:
    return ET.fromstring(f"<volume><name>v</name>{rest}<target>{target}</target></volume>")


def qcow2(more: str = "") -> str:
    return f"<format type='qcow2'/>{more}"


RAW = "<format type='raw'/>"
READ: dict[str, tuple[ET.Element, Blank]] = {
    "raw": (definition(RAW), Blank("raw", MIB, MIB, {})),
    "a CD": (definition("<format type='iso'/>"), Blank("raw", MIB, MIB, {})),
    "sparse": (definition(RAW, "<capacity>9</capacity><allocation>0</allocation>"), Blank("raw", 9, 0, {})),
    "units": (definition(RAW, "<capacity unit='MiB'>1</capacity>"), Blank("raw", MIB, MIB, {})),
    "qcow2": (definition(qcow2()), Blank("qcow2", MIB, 0, {})),
    "all options": (
        definition(
            qcow2("<nocow/><clusterSize unit='KiB'>4</clusterSize><features><lazy_refcounts/><extended_l2/></features>")
        ),
        Blank(
            "qcow2", MIB, 0, {}, ("nocow=on", "cluster_size=4096", "compat=1.1", "lazy_refcounts=on", "extended_l2=on")
        ),
    ),
    "old by name": (definition(qcow2("<compat>0.10</compat>")), Blank("qcow2", MIB, 0, {}, ("compat=0.10",))),
    "over another": (
        definition(qcow2(), BACKING),
        Blank("qcow2", None, 0, {}, ("backing_fmt=qcow2",), "/srv/base"),
    ),
    "permissions": (
        definition(f"{RAW}<permissions><mode>0640</mode><owner>7</owner><group>-1</group></permissions>"),
        Blank("raw", MIB, MIB, {"mode": "0640", "owner": 7, "group": None, "label": None}),
    ),
}


@pytest.mark.parametrize("name", READ)
def test_what_is_made_here(name: str) -> None:
    root, expected = READ[name]
    assert volume_blank.read(root, NEW) == expected


def test_an_older_libvirt_makes_an_older_qcow2() -> None:
    assert volume_blank.read(definition(qcow2()), OLD) == Blank("qcow2", MIB, 0, {}, ("compat=0.10",))
    features = volume_blank.read(definition(qcow2("<features/>")), OLD)
    assert features == Blank("qcow2", MIB, 0, {}, ("compat=1.1",))


LEFT: dict[str, ET.Element] = {
    "another format": definition("<format type='vmdk'/>"),
    "no format": definition(),
    "no size": definition(RAW, ""),
    "no size of a qcow2": definition(qcow2(), ""),
    "encryption": definition(qcow2("<encryption format='luks'/>")),
    "a label": definition(f"{RAW}<permissions><label>x</label></permissions>"),
    "a mode that is none": definition(f"{RAW}<permissions><mode>rw</mode></permissions>"),
    "an element that nobody knows": definition(f"{RAW}<other/>"),
    "an attribute that nobody knows": definition("<format type='raw' other='1'/>"),
    "a path": definition(f"{RAW}<path>/srv/other</path>"),
    "two sizes": definition(RAW, "<capacity>1</capacity><capacity>2</capacity>"),
    "raw over another": definition(RAW, f"<capacity>1</capacity>{BACKING}"),
    "raw with a version": definition(f"{RAW}<compat>1.1</compat>"),
    "raw without copy-on-write": definition(f"{RAW}<nocow/>"),
    "a version that is none": definition(qcow2("<compat>2.0</compat>")),
    "features of another version": definition(qcow2("<compat>0.10</compat><features><lazy_refcounts/></features>")),
    "the same over another": definition(qcow2("<compat>0.10</compat><features><lazy_refcounts/></features>"), BACKING),
    "over what has no format": definition(qcow2(), "<backingStore><path>/srv/base</path></backingStore>"),
    "over another format": definition(qcow2(), BACKING.replace("qcow2", "vmdk")),
    "over a relative path": definition(qcow2(), BACKING.replace("/srv/", "")),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_to_libvirt(name: str) -> None:
    assert volume_blank.blank(FakePool(), LEFT[name]) is None


class FakePool:
    """A pool of a libvirt of this host.

    :param kind: its type
    :param folder: that of its volumes
    :param uri: that of the connection
    """

    def __init__(self, kind: str = "dir", folder: object = "/", uri: str = "qemu:///session") -> None:
        self.kind, self.folder, self.uri = kind, folder, uri

    def connect(self) -> Any:
        return self

    def getURI(self) -> str:  # noqa: N802 - a name of libvirt
        return self.uri

    def getLibVersion(self) -> int:  # noqa: N802 - a name of libvirt
        return NEW

    def XMLDesc(self, flags: int) -> str:  # noqa: N802 - a name of libvirt
        return f"<pool type='{self.kind}'><target><path>{self.folder}</path></target></pool>"


OWNED = definition(f"{RAW}<permissions><owner>7</owner></permissions>")
POOLS: dict[str, tuple[FakePool, ET.Element, bool]] = {
    "a folder": (FakePool(), definition(RAW), True),
    "of a user": (FakePool(), OWNED, True),
    "on a server": (FakePool("netfs"), definition(RAW), True),
    "of a user on a server": (FakePool("netfs"), OWNED, False),
    "devices": (FakePool("logical"), definition(RAW), False),
    "of another host": (FakePool(uri="qemu+ssh://host/session"), definition(RAW), False),
    "of the test driver": (FakePool(uri="test:///default"), definition(RAW), False),
    "a folder that is not there": (FakePool(folder="/no/such/folder"), definition(RAW), False),
}


@pytest.mark.parametrize("name", POOLS)
def test_where_it_is_made_here(name: str) -> None:
    pool, root, here = POOLS[name]
    assert (volume_blank.blank(pool, root) is not None) is here


@pytest.mark.parametrize(("user", "here"), [(0, True), (1000, False)])
def test_what_belongs_to_root_is_made_by_root(monkeypatch: pytest.MonkeyPatch, user: int, here: bool) -> None:
    """A user may ask the libvirt of the system, whose files are root's."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert (volume_blank.blank(FakePool(uri="qemu:///system"), definition(RAW)) is not None) is here


def made(folder: Path, what: Blank) -> Path:
    """The file of an empty volume, of which was noted what it is before it had its name."""
    noted: list[str | None] = []

    def born(path: str) -> None:
        assert path == str(folder / PART)
        assert not (folder / "v").exists()
        noted.append(birth(path))

    volume_blank.make(str(folder / "v"), what, born, PART)
    assert noted == [birth(str(folder / "v"))]
    assert [path.name for path in folder.iterdir()] == ["v"]
    return folder / "v"


@pytest.mark.parametrize("allocation", [0, MIB // 2, MIB])
def test_a_raw_one(tmp_path: Path, allocation: int) -> None:
    state = made(tmp_path, Blank("raw", MIB, allocation, {})).stat()
    assert (state.st_size, state.st_blocks * 512) == (MIB, allocation)
    assert (stat.S_IMODE(state.st_mode), state.st_gid) == (0o600, os.getegid())


def test_a_raw_one_gets_its_permissions(tmp_path: Path) -> None:
    state = made(tmp_path, Blank("raw", MIB, 0, {"mode": "0644", "owner": os.geteuid(), "group": None})).stat()
    assert stat.S_IMODE(state.st_mode) == 0o644


def test_a_qcow2_over_another(tmp_path: Path) -> None:
    folder = tmp_path / "pool"
    folder.mkdir()
    base = made(folder, Blank("qcow2", 5 * MIB + 1, 0, {})).rename(tmp_path / "base")
    header = base.read_bytes()[:32]
    assert (header[:4], int.from_bytes(header[24:32], "big")) == (b"QFI\xfb", 5 * MIB + 1024)
    over = made(folder, Blank("qcow2", None, 0, {}, ("backing_fmt=qcow2",), str(base)))
    assert int.from_bytes(over.read_bytes()[24:32], "big") == 5 * MIB + 1024
    assert backing(str(over)) == str(base)


def test_what_cannot_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = str(tmp_path / "none")
    with pytest.raises(VirtfleetError, match=f"it cannot be made: qemu-img .*{tmp_path}/v.*none"):
        volume_blank.make(str(tmp_path / "v"), Blank("qcow2", None, 0, {}, ("backing_fmt=raw",), base), print, PART)
    with pytest.raises(VirtfleetError, match="larger than the file system"):
        volume_blank.make(str(tmp_path / "v"), Blank("raw", 2**63 - 1, 0, {}), print, PART)

    def full(*words: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(VirtfleetError, match="there is no space left in"):
        volume_blank.make(str(tmp_path / "v"), Blank("raw", MIB, MIB, {}), print, PART)

    def ended(*words: Any, **options: Any) -> str:
        raise ToolFailed("qemu-img was ended by signal 9")

    monkeypatch.setattr(qemu_img, "run", ended)
    with pytest.raises(VirtfleetError, match="it cannot be made: qemu-img was ended by signal 9"):
        volume_blank.make(str(tmp_path / "v"), Blank("qcow2", MIB, 0, {}), print, PART)
    assert not list(tmp_path.iterdir())


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"theirs")
    with pytest.raises(VirtfleetError, match="is there already, and is left as it is"):
        volume_blank.make(str(tmp_path / "v"), Blank("raw", MIB, 0, {}), print, PART)
    assert (tmp_path / "v").read_bytes() == b"theirs"


def test_a_part_that_has_another_owner_by_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run is killed once its file has the declared owner, or once it has both of its names."""
    part = tmp_path / PART
    part.touch()
    identity = birth(str(part))
    os.link(part, tmp_path / "v")
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        for other in (None, "1 2.000000000"):
            with pytest.raises(VirtfleetError, match="is in the way"):
                part_files.clear(folder, PART, str(part), other)
        part_files.clear(folder, PART, str(part), identity)
    finally:
        os.close(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["v"]
