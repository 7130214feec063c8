# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images in an index of simplestreams, on a mirror in the form of Ubuntu's, and on some that send anything else."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import download, simplestreams
from ansible_collections.virtfleet.kvm.tests.unit.mirrors import NEW, NEWER, STREAM, Mirror, streams

NOBLE = "com.ubuntu.cloud:server:24.04:amd64"
INDEX = "streams/v1/index.json"
FILE = "server/releases/noble/release-{}/ubuntu-24.04-server-cloudimg-amd64.img"
ITEM = ("products", NOBLE, "versions", "20250805", "items", "disk1.img")


@pytest.fixture(scope="module")
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.start()
    yield made
    made.listener.close()


@pytest.fixture
def root(mirror: Mirror) -> Iterator[str]:
    whole = dict(mirror.files)
    yield f"{mirror.url}/ubuntu/releases"
    mirror.files = whole


def test_the_newest_version_is_found(root: str) -> None:
    digest = hashlib.sha256(NEWER).hexdigest()
    expected = (f"{root}/{FILE.format('20250805')}", f"sha256:{digest}", "20250805")
    assert simplestreams.find(root, NOBLE, "disk1.img")[:3] == expected
    assert simplestreams.find(f"{root}/", NOBLE, "disk1.img")[:3] == expected


def test_a_version_without_the_file_does_not_count(root: str) -> None:
    assert simplestreams.find(root, NOBLE.replace("24", "22"), "disk1.img").serial == "20250101"


def test_a_serial_is_a_date_and_a_number(root: str) -> None:
    assert simplestreams.find(root, NOBLE, "disk1.img", "20250131.10").checksum.endswith(
        hashlib.sha256(NEW).hexdigest()
    )
    assert sorted(["20250131.10", "20250131.9", "20250131", "20250201"], key=simplestreams.age) == [
        *("20250131", "20250131.9", "20250131.10", "20250201")
    ]


@pytest.mark.parametrize(
    ("product", "item", "serial", "words"),
    [
        (
            "com.ubuntu.cloud:server:24.10:amd64",
            "disk1.img",
            None,
            "it has 'com.ubuntu.cloud:server:22.04:amd64', 'com",
        ),
        (NOBLE.replace("amd64", "s390x"), "disk1.img", None, "it has 'com.ubuntu.cloud:server:24.04:amd64', 'com"),
        ("com.example", "disk1.img", None, "does not have the product com.example"),
        (NOBLE, "disk.vmdk", None, f"has no version of {NOBLE} with disk.vmdk"),
        (NOBLE, "disk1.img", "20240101", "serial 20240101; the newest are 20250115, 20250131.9, 20250131.10, 20250805"),
    ],
)
def test_what_is_not_there_is_told(root: str, product: str, item: str, serial: str | None, words: str) -> None:
    with pytest.raises(VirtfleetError) as caught:
        simplestreams.find(root, product, item, serial)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"the index {root}/streams/v1/")


def changed(content: Any, path: tuple[str, ...], value: Any) -> Any:
    """A file of the index with another value at some place."""
    whole = copy.deepcopy(content)
    inner = whole
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return whole


BROKEN: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "page": (INDEX, lambda was: b"<html>Sign in</html>", "is no JSON, but a web page"),
    "text": (STREAM, lambda was: b"rate limit", "is no JSON: is it the right mirror"),
    "nested": (INDEX, lambda was: b"[" * 100000, "is no JSON"),
    "bytes": (STREAM, lambda was: b"\xff\xfe\x00", "is no JSON"),
    "list": (INDEX, lambda was: [], "it is no dictionary"),
    "index is text": (INDEX, lambda was: changed(was, ("index",), "x"), "'index' is no dictionary"),
    "entries": (INDEX, lambda was: changed(was, ("index",), {"a": 1, "b": {}, "c": None}), "does not have the product"),
    "products are odd": (
        INDEX,
        lambda was: changed(was, ("index", "com.ubuntu.cloud:released:download", "products"), {NOBLE: 1}),
        "does not have the product",
    ),
    "path leads away": (
        INDEX,
        lambda was: changed(was, ("index", "com.ubuntu.cloud:released:download", "path"), "../../etc/passwd"),
        "which is none below the mirror",
    ),
    "path is an URL": (
        INDEX,
        lambda was: changed(was, ("index", "com.ubuntu.cloud:released:download", "path"), "http://evil/x"),
        "which is none below the mirror",
    ),
    "no products": (STREAM, lambda was: changed(was, ("products",), None), "'products' is no dictionary"),
    "product is gone": (STREAM, lambda was: changed(was, ("products",), {}), f"the product {NOBLE} is no dictionary"),
    "versions": (STREAM, lambda was: changed(was, ("products", NOBLE, "versions"), 7), "'versions' of"),
    "odd versions": (
        STREAM,
        lambda was: changed(
            was, ("products", NOBLE, "versions"), {"../x": {}, "20250101": 5, "20250102": {"items": []}}
        ),
        "has no version of",
    ),
    "no digest": (STREAM, lambda was: changed(was, (*ITEM, "sha256"), None), "has no sha256 of"),
    "odd digest": (STREAM, lambda was: changed(was, (*ITEM, "sha256"), "0" * 63), "has no sha256 of"),
    "no path": (STREAM, lambda was: changed(was, (*ITEM, "path"), 5), "which is none below the mirror"),
    "rooted path": (STREAM, lambda was: changed(was, (*ITEM, "path"), "/etc/passwd"), "which is none below the mirror"),
    "dots": (STREAM, lambda was: changed(was, (*ITEM, "path"), "a/../../b"), "which is none below the mirror"),
    "huge": (STREAM, lambda was: b" " * 2000, "has more than 1 KiB"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_index_that_is_garbage_is_refused(
    mirror: Mirror, root: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, change, words = BROKEN[name]
    content = change(streams()[path])
    mirror.files[f"ubuntu/releases/{path}"] = content if isinstance(content, bytes) else json.dumps(content).encode()
    if name == "huge":
        monkeypatch.setattr(simplestreams, "LARGEST", 1900)
        mirror.files[f"ubuntu/releases/{INDEX}"] = json.dumps(streams()[INDEX]).encode()
    with pytest.raises(VirtfleetError) as caught:
        simplestreams.find(root, NOBLE, "disk1.img")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", ["silent", "slow-body", "endless", "breaks-off", "rubbish", "missing"])
def test_a_server_that_misbehaves_is_refused_in_time(
    mirror: Mirror, root: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "WINDOW", 0.4)
    monkeypatch.setattr(simplestreams, "SECONDS", 1.0)
    monkeypatch.setattr(simplestreams, "INDEX", name)
    with pytest.raises(VirtfleetError, match="cannot be fetched"):
        simplestreams.find(f"{mirror.url}", NOBLE, "disk1.img")
