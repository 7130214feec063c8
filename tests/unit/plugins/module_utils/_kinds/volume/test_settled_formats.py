# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume as it is, whatever a header in it says, on this host and on another one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_formats
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_formats import Formats


def formats(local: bool = True, own: str | None = None, known: Any = None, encrypted: bool = False) -> Any:
    """What is known of the one volume."""

    def tells(*_args: Any) -> Any:
        if isinstance(known, Exception):
            raise known
        return known

    made: Any = object.__new__(Formats)
    made.__dict__.update(
        local=local,
        noted=SimpleNamespace(own=lambda _key, _root: own),
        known=tells,
        encrypted=lambda _key, _root: encrypted,
    )
    return made


def volume(form: str | None, kind: str = "file") -> Any:
    node = "" if form is None else f"<format{form and f' type={form!r}'}/>"
    return SimpleNamespace(definition=ET.fromstring(f"<volume type='{kind}'><target>{node}</target></volume>"))


FILE, SAME = "qcow2", "as it is told"


@pytest.mark.parametrize(
    ("found", "local", "form", "header", "sealed", "encrypted", "expected"),
    [
        # Devices, and what has no format, are looked at on this host only.
        (volume(FILE, "block"), True, FILE, False, False, False, "as a device"),
        (volume(FILE, "block"), False, FILE, False, False, False, SAME),
        (volume(None), True, FILE, False, False, False, "as a device"),
        (volume(None), False, FILE, False, False, False, SAME),
        (volume(""), True, FILE, False, False, False, "as a device"),
        (volume(""), False, FILE, False, False, False, SAME),
        # Files.
        (volume(FILE), True, FILE, False, False, False, SAME),
        (volume(FILE), True, FILE, True, False, False, SAME),
        (volume(FILE), True, "raw", True, False, False, "raw True"),
        (volume(FILE), False, "raw", True, False, False, "raw False"),
        (volume(FILE), True, "raw", False, True, True, "raw True"),
        (volume("raw"), True, "raw", False, False, False, SAME),
        (volume("raw"), True, "raw", True, False, False, "raw True"),
        (volume("raw"), True, "raw", True, True, False, SAME),
        (volume("raw"), True, "raw", True, False, True, SAME),
        (volume("raw"), True, FILE, False, True, True, "qcow2 True"),
    ],
)
def test_one_volume_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
    found: Any,
    local: bool,
    form: str,
    header: bool,
    sealed: bool,
    encrypted: bool,
    expected: str,
) -> None:
    monkeypatch.setattr(volume_formats, "as_device", lambda _found: "as a device")
    monkeypatch.setattr(volume_formats, "as_format", lambda _found, form, here: f"{form} {here}")
    monkeypatch.setattr(volume_formats, "has_header", lambda _root: header)
    made = formats(local, encrypted=encrypted)
    made.form = lambda _key, _found, _reported: form
    settled = made.settled("p/v", found, sealed)
    assert settled is found if expected == SAME else settled == expected
    both = made.settle({"p/v": found, "p/w": found}, {"p/v"} if sealed else set())
    assert list(both) == ["p/v", "p/w"]
    assert (both["p/v"] is found) is (expected == SAME)


@pytest.mark.parametrize(
    ("own", "reported", "known", "expected"),
    [
        ("qcow2", "qcow2", "raw", "qcow2"),
        ("raw", "raw", "qcow2", "raw"),
        (None, "raw", "qcow2", "raw"),
        ("qcow2", "raw", "qcow2", "qcow2"),
        (None, "qcow2", "raw", "raw"),
        ("raw", "qcow2", "raw", "raw"),
        (None, "qcow2", None, "qcow2"),
        (None, "qcow2", VirtfleetError("in different formats"), "raw"),
        (None, "vmdk", VirtfleetError("in different formats"), "raw"),
    ],
)
def test_the_format_of_a_file(own: str | None, reported: str, known: Any, expected: str) -> None:
    assert formats(own=own, known=known).form("p/v", volume(reported), reported) == expected


@pytest.mark.parametrize(
    ("found", "here", "known", "declared", "by_bytes", "expected"),
    [
        (volume(None), True, "raw", "raw", "raw", SAME),
        (volume("raw", "block"), True, "qcow2", "qcow2", "qcow2", SAME),
        (volume("raw"), False, "qcow2", "qcow2", "qcow2", SAME),
        (volume("qcow2"), True, "raw", None, "qcow2", "raw True"),
        (volume("qcow2"), True, "qcow2", "raw", "raw", SAME),
        (volume("qcow2"), True, None, "raw", "qcow2", "raw True"),
        (volume("qcow2"), True, None, "qcow2", "raw", SAME),
        (volume("qcow2"), True, None, "vmdk", "raw", SAME),
        (volume("qcow2"), True, None, None, "raw", "raw True"),
        (volume("qcow2"), True, None, None, "qcow2", SAME),
        (volume("iso"), True, None, None, "raw", SAME),
        (volume(""), True, None, None, "raw", SAME),
        (volume(""), True, None, None, "qcow2", "qcow2 True"),
    ],
)
def test_a_volume_of_which_only_the_user_says_the_format(
    monkeypatch: pytest.MonkeyPatch,
    found: Any,
    here: bool,
    known: str | None,
    declared: str | None,
    by_bytes: str,
    expected: str,
) -> None:
    monkeypatch.setattr(volume_formats, "is_here", lambda _root: here)
    monkeypatch.setattr(volume_formats, "as_format", lambda _found, form, here: f"{form} {here}")
    monkeypatch.setattr(volume_formats, "format_by_bytes", lambda _key, _root, _way: by_bytes)
    told = formats(known=known).as_declared("p/v", found, declared)
    assert told is found if expected == SAME else told == expected


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("<volume type='block'><target><format type='raw'/></target></volume>", True),
        ("<volume type='file'><target/></volume>", True),
        ("<volume type='file'><target><format type='raw'/></target></volume>", False),
        ("<volume><target><format/></target></volume>", False),
    ],
)
def test_what_is_a_device(text: str, device: bool) -> None:
    assert volume_formats.is_device(ET.fromstring(text)) is device


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("raw", "raw", True),
        ("raw", "iso", True),
        ("qcow2", "qcow2", True),
        ("raw", "qcow2", False),
        ("qcow2", "iso", False),
    ],
)
def test_formats_of_the_same_bytes(one: str, other: str, same: bool) -> None:
    assert volume_formats.same_format(one, other) is same
