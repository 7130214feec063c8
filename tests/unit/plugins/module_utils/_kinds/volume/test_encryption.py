# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an encrypted volume can have, and how one is told from a guest's disk that only looks like it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import encryption
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import ObservedPool

LUKS: dict[str, Any] = {"format": "luks", "secret": {"usage": "a"}}
SECRET = "encryption.secret: give either its uuid or its usage, which libvirt needs to make an encrypted volume"
ENGINE = "encryption.engine: 'librbd' is only for volumes of Ceph: leave it out"
LACKS = "encryption.secret: there is no secret {} for volume"


@pytest.mark.parametrize(
    ("given", "form", "kind", "told"),
    [
        (None, "raw", "dir", []),
        ({}, "raw", "dir", []),
        ({"format": "other"}, "vmdk", None, []),
        ({"format": "other"}, "vmdk", "rbd", []),
        (LUKS, "raw", "dir", []),
        (LUKS, None, "logical", []),
        (LUKS, "iso", "dir", []),
        (LUKS, "qcow2", "dir", []),
        ({**LUKS, "engine": "qemu"}, "raw", "dir", []),
        ({**LUKS, "secret": {"uuid": "a", "usage": None}}, "raw", "dir", []),
        ({**LUKS, "engine": "librbd"}, "raw", "dir", [ENGINE]),
        (
            {**LUKS, "format": "luks2"},
            "raw",
            "dir",
            ["encryption.format: only luks is made by libvirt, and not 'luks2'"],
        ),
        (LUKS, "vmdk", "dir", ["encryption: libvirt makes no 'vmdk' that is encrypted: take raw or qcow2"]),
        ({"format": "luks"}, "raw", "dir", [SECRET]),
        ({**LUKS, "secret": {"uuid": "a", "usage": "a"}}, "raw", "dir", [SECRET]),
        ({**LUKS, "secret": {"usage": "x"}}, "raw", "dir", [LACKS.format("x")]),
        ({**LUKS, "secret": {"uuid": "y"}}, "raw", "dir", [LACKS.format("y")]),
        ({**LUKS, "engine": "librbd", "secret": {"usage": "x"}}, "raw", "dir", [ENGINE, LACKS.format("x")]),
    ],
)
def test_what_is_made_encrypted(
    monkeypatch: pytest.MonkeyPatch, given: Any, form: str | None, kind: str | None, told: list[str]
) -> None:
    monkeypatch.setattr(
        encryption,
        "missing",
        lambda _site, name, usage: None if name == "a" else f"there is no secret {name} for {usage}",
    )
    site: Any = SimpleNamespace(pools={} if kind is None else {"p": ObservedPool(kind, None, True)})
    volume: Any = SimpleNamespace(pool="p", item={"encryption": given, "format": form})
    assert list(encryption.makings(site, volume)) == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, []),
        ({"cipher": None, "ivgen": None}, []),
        ({"cipher": {"name": "aes", "size": 256, "mode": "xts", "hash": "sha256"}, "ivgen": {"name": "plain64"}}, []),
        ({"cipher": {"name": "cast5", "size": 128}}, []),
        ({"cipher": {"name": "cast5", "size": 256}}, ["cipher: QEMU has no 'cast5' with a key of 256 bits"]),
        ({"cipher": {"name": "aes"}}, ["cipher: QEMU has no 'aes' without size"]),
        ({"cipher": {"name": "des", "size": 128}}, ["cipher: QEMU has no 'des' with a key of 128 bits"]),
        ({"cipher": {"size": 5}}, []),
        ({"cipher": {"mode": "gcm"}}, ["cipher.mode: QEMU has no 'gcm'"]),
        ({"cipher": {"hash": "crc"}}, ["cipher.hash: QEMU has no 'crc'"]),
        ({"ivgen": {"name": "x", "hash": "crc"}}, ["ivgen.name: QEMU has no 'x'", "ivgen.hash: QEMU has no 'crc'"]),
    ],
)
def test_what_no_qemu_has(given: dict[str, Any], told: list[str]) -> None:
    assert [line.partition(": it has ")[0] for line in encryption.unknown(given)] == [
        f"encryption.{words}" for words in told
    ]


@pytest.mark.parametrize(
    ("sealed", "runs", "refused"), [(True, None, True), (True, "guest", False), (False, None, False)]
)
def test_an_encrypted_volume_grows_with_its_guest_alone(
    monkeypatch: pytest.MonkeyPatch, sealed: bool, runs: str | None, refused: bool
) -> None:
    asked: list[str] = []

    def runs_with(_connection: Any, _key: str, path: str) -> str | None:
        asked.append(path)
        return runs

    monkeypatch.setattr(encryption, "is_encrypted", lambda *_args: sealed)
    monkeypatch.setattr(encryption, "runs_with", runs_with)
    nothing: Any = None
    for text in ("<volume/>", "<volume><target><path>/v</path></target></volume>"):
        said = encryption.growth_problem(nothing, "p/v", ET.fromstring(text))
        assert (said is not None and said.startswith("it is encrypted")) is refused
    assert asked == (["p/v", "/v"] if sealed else [])


WITH = "<encryption format='luks'><secret type='passphrase' usage='a'/></encryption>"
WITHOUT = "<encryption format='luks'/>"


@pytest.mark.parametrize(
    ("form", "inside", "facts", "other", "of_formats", "expected"),
    [
        ("raw", WITH, {}, False, False, True),
        ("raw", WITHOUT, {}, False, False, False),
        ("raw", WITHOUT, {}, False, True, True),
        ("raw", "", {}, False, True, True),
        (None, "", {}, False, True, False),
        (None, WITHOUT, {}, False, False, True),
        ("qcow2", WITHOUT, {}, False, False, True),
        ("qcow2", "", {}, False, True, False),
        ("raw", "", {"secret": "usage a"}, False, False, True),
        ("raw", "", {"secret": "usage a"}, True, False, False),
        ("raw", "", {"secret": ""}, False, False, False),
        ("raw", "", {"identity": "1"}, False, False, False),
    ],
)
def test_a_header_that_a_guest_can_write_makes_no_encrypted_volume(
    monkeypatch: pytest.MonkeyPatch,
    form: str | None,
    inside: str,
    facts: dict[str, str],
    other: bool,
    of_formats: bool,
    expected: bool,
) -> None:
    noted = SimpleNamespace(entries=lambda _kind: {"p/v": facts, "p/w": {"secret": "usage a"}})
    monkeypatch.setattr(encryption, "Manifest", lambda _uri: noted)
    monkeypatch.setattr(encryption, "another", lambda _facts, _root: other)
    monkeypatch.setattr(
        encryption, "Formats", lambda _connection: SimpleNamespace(encrypted=lambda _key, _root: of_formats)
    )
    node = "" if form is None else f"<format type='{form}'/>"
    root = ET.fromstring(f"<volume><target>{node}{inside}</target></volume>")
    connection: Any = SimpleNamespace(getURI=lambda: "qemu:///system")
    assert encryption.is_encrypted(connection, "p/v", root) is expected
