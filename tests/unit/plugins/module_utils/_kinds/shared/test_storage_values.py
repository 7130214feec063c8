# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is taken as a checksum, a size, a mode, an owner or the name of a volume."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import storage_values

LIST = "http://example.org/SUMS"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((f"{name}:{'0a' * (size // 2)}", f"{name}:{'0a' * (size // 2)}") for name, size in
          (("sha256", 64), ("sha384", 96), ("sha512", 128))),
        (f" SHA256:{'AB' * 32}\n", f"sha256:{'ab' * 32}"),
        (LIST, LIST),
        (f" {LIST} ", LIST),
        (LIST.replace("http", "HTTP"), LIST),
        (LIST.replace("http", "https"), LIST.replace("http", "https")),
    ],
)  # fmt: skip
def test_a_checksum(value: str, expected: str) -> None:
    assert storage_values.CHECKSUM.parse(value) == expected


WANTED = "write sha256: and 64 hex digits or sha384: and 96 hex digits or sha512: and 128 hex digits, or the http://"


@pytest.mark.parametrize(
    "value",
    [
        *(f"{name}:{'a' * size}" for name, right in (("sha256", 64), ("sha384", 96), ("sha512", 128))
          for size in (right - 1, right + 1)),
        f"sha512:{'a' * 64}",
        f"sha256:{'g' * 64}",
        f"sha256: {'a' * 63}",
        f"sha1:{'a' * 40}",
        f"md5:{'a' * 32}",
        "a" * 64,
        "sha256:",
        "sha256",
        "",
        "file:///srv/SUMS",
        "http:/example.org",
        "http",
    ],
)  # fmt: skip
def test_what_is_no_checksum_is_told_with_those_that_are(value: str) -> None:
    with pytest.raises(ValueError, match="is not a checksum") as told:
        storage_values.CHECKSUM.parse(value)
    assert WANTED in str(told.value)


def refused(converter: Any, value: object) -> str | None:
    """Why a value is not taken; None where it is."""
    try:
        converter.parse(value)
    except ValueError as error:
        return str(error)
    return None


MOST = 2**63 - 1


@pytest.mark.parametrize(
    ("converter", "value", "expected"),
    [
        (storage_values.CAPACITY, 0, 0),
        (storage_values.CAPACITY, 4096, 4096),
        (storage_values.CAPACITY, "4096", 4096),
        (storage_values.CAPACITY, "1KiB", 1024),
        (storage_values.CAPACITY, MOST, MOST),
        (storage_values.MODE, "755", "0755"),
        (storage_values.MODE, " 0711 ", "0711"),
        (storage_values.MODE, "000", "0000"),
        (storage_values.OWNER, -1, -1),
        (storage_values.OWNER, "0", 0),
        (storage_values.OWNER, 0xFFFFFFFE, 0xFFFFFFFE),
        (storage_values.PLACE, "a", "a"),
        (storage_values.PLACE, "p/a", "p/a"),
    ],
)
def test_a_value_that_is_taken(converter: Any, value: object, expected: object) -> None:
    assert converter.parse(value) == expected


@pytest.mark.parametrize(
    ("converter", "value", "said"),
    [
        (storage_values.CAPACITY, 1, "is a size in bytes; write a unit, like 512MiB or 20GiB"),
        (storage_values.CAPACITY, "4095", "is a size in bytes; write a unit, like 512MiB or 20GiB"),
        (storage_values.CAPACITY, MOST + 1, "is more than a disk can have"),
        (storage_values.MODE, 493, "is not a mode up to '0777'"),
        (storage_values.MODE, "1777", "is not a mode up to '0777'"),
        (storage_values.MODE, "0778", "is not a mode up to '0777'"),
        (storage_values.MODE, "77", "is not a mode up to '0777'"),
        (storage_values.OWNER, -2, "is not a numeric id"),
        (storage_values.OWNER, "root", "is not a numeric id"),
        (storage_values.OWNER, 0xFFFFFFFF, "is not an id; they go from 0 to 4294967294"),
        (storage_values.PLACE, "a/b/c", "is not the name of a volume, nor POOL/VOLUME"),
        (storage_values.PLACE, {"name": "a"}, "takes the name of the volume itself, or POOL/VOLUME, and no options"),
    ],
)
def test_a_value_that_is_not(converter: Any, value: object, said: str) -> None:
    assert said in (refused(converter, value) or "")


@pytest.mark.parametrize(
    ("converter", "have", "want", "same"),
    [
        (storage_values.CAPACITY, 1024, 1023, True),
        (storage_values.CAPACITY, 1024, 1, True),
        (storage_values.CAPACITY, 1024, 1025, False),
        (storage_values.CAPACITY, 2048, 1024, False),
        (storage_values.CAPACITY, None, 0, False),
        (storage_values.OWNER, 7, 7, True),
        (storage_values.OWNER, 7, 8, False),
        (storage_values.OWNER, 7, -1, True),
        (storage_values.OWNER, -1, 7, False),
        (storage_values.OWNER, None, -1, False),
    ],
)
def test_what_counts_as_the_same(converter: Any, have: object, want: object, same: bool) -> None:
    assert converter.same(have, want, None) is same


def test_forms_of_libvirts() -> None:
    assert storage_values.MODE.from_text("711") == "0711"
    assert [storage_values.OWNER.from_text(text) for text in ("4294967295", "4294967294", "0")] == [-1, 0xFFFFFFFE, 0]
