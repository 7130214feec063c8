# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filling a volume that is no file of ours, and what is left of one that fails."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_fill
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_image import Source
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.new_volumes import Making


class Host:
    """A pool in which a volume comes out with a size, and what is done with it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, size: int, fails: Exception | None = None) -> None:
        self.done: list[Any] = []

        def resize(capacity: int, flags: int) -> None:
            self.done.append(("resize", capacity, flags))
            if fails is not None:
                raise fails

        def poured(*_args: Any) -> Any:
            self.done.append("pour")
            return self.volume

        self.volume = SimpleNamespace(info=lambda: [0, size, 77], resize=resize)
        new = SimpleNamespace(note=lambda volume: volume, take_away=lambda: self.done.append("take_away"))
        monkeypatch.setattr(volume_fill, "NewVolume", lambda _connection, _key: new)
        monkeypatch.setattr(volume_fill, "pour", poured)

    def copied(self, _text: str, _source: Any, _flags: int) -> Any:
        self.done.append("copy")
        return self.volume

    def fill(self, source: Any, capacity: int | None) -> list[Any]:
        item = {"name": "a", "pool": "p", **({} if capacity is None else {"capacity": capacity})}
        pool: Any = SimpleNamespace(createXMLFrom=self.copied)
        nothing: Any = None
        volume_fill.fill(nothing, pool, Making(item, "<volume/>"), ET.fromstring("<volume/>"), source)
        return self.done


@pytest.mark.parametrize(
    ("capacity", "size", "grows"), [(None, 8, False), (9, 8, True), (8, 8, False), (7, 8, False), (0, 8, False)]
)
@pytest.mark.parametrize(("source", "way"), [(Source("/i"), "pour"), (SimpleNamespace(), "copy")])
def test_a_volume_that_comes_out_smaller_than_declared_is_made_larger(
    monkeypatch: pytest.MonkeyPatch, capacity: int | None, size: int, grows: bool, source: Any, way: str
) -> None:
    assert Host(monkeypatch, size).fill(source, capacity) == [way, *([("resize", capacity, 0)] if grows else [])]


@pytest.mark.parametrize("error", [libvirt.libvirtError("no"), KeyboardInterrupt()])
def test_one_that_fails_is_taken_away(monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    host = Host(monkeypatch, 8, error)
    with pytest.raises(type(error)):
        host.fill(Source("/i"), 9)
    assert host.done == ["pour", ("resize", 9, 0), "take_away"]


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        (errno.EFBIG, VirtfleetError, "grow: the file system of /v holds no file of 9 bytes"),
        (errno.ENOSPC, OSError, "full"),
    ],
)
def test_a_file_that_its_file_system_cannot_hold_is_said(
    monkeypatch: pytest.MonkeyPatch, code: int, kind: Any, said: str
) -> None:
    def truncated(_descriptor: int, _size: int) -> None:
        raise OSError(code, "full")

    monkeypatch.setattr(os, "ftruncate", truncated)
    with pytest.raises(kind, match=said):
        volume_fill.extend(-1, "/v", 9)


@pytest.mark.parametrize(
    ("form", "error", "made", "said"),
    [
        ("<target><format type='iso'/></target>", None, "raw", None),
        ("<target><format type='qcow2'/></target>", None, "qcow2", None),
        ("", None, None, None),
        ("", "cannot write: No space left on device", None, "there is no space left in /d: cannot write"),
        ("", "insufficient free space in the group", None, "there is no space left in /d: insufficient"),
        ("", f"qemu-img: {volume_fill.TOO_LARGE[0]}", None, "its size"),
        ("", "another", None, "another"),
    ],
)
def test_what_libvirt_says_of_a_volume_that_it_cannot_make(
    form: str, error: str | None, made: str | None, said: str | None
) -> None:
    def create(text: str, _flags: int) -> Any:
        if error is not None:
            raise libvirt.libvirtError(error)
        node = ET.fromstring(text).find("target/format")
        return None if node is None else node.get("type")

    pool: Any = SimpleNamespace(createXML=create, XMLDesc=lambda _f: "<pool><target><path>/d</path></target></pool>")
    root = ET.fromstring(f"<volume>{form}</volume>")
    if said is None:
        assert volume_fill.create(pool, root) == made
        return
    with pytest.raises(libvirt.libvirtError if error == "another" else VirtfleetError) as told:
        volume_fill.create(pool, root)
    assert str(told.value).startswith(said)
