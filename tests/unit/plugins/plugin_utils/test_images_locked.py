# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock file of what hosts found out: of all images, of some, of some hosts, of several architectures."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.declared import declared
from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _images_lock
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images_locked import images_locked, names_in

NOBLE: dict[str, Any] = {"name": "noble", "ubuntu": "24.04"}
TRIXIE: dict[str, Any] = {"name": "trixie", "debian": 13}
PLAIN: dict[str, Any] = {"name": "plain", "url": "https://h/x.img", "checksum": "https://h/SUMS"}
FIXED: dict[str, Any] = {"name": "fixed", "url": "https://h/y.img", "checksum": f"sha256:{'f' * 64}"}
BARE: dict[str, Any] = {"name": "bare", "url": "https://h/z.img"}
PATH = "/inv/.kvm_images.lock.yml"


def answer(image: dict[str, Any], arch: str | None = "amd64", serial: str | None = "20250805", **more: Any) -> Any:
    """What images_info tells of an image."""
    told = {
        "name": image["name"],
        "declared": dict(declared([image])[image["name"]].declaration),
        "arch": arch,
        "serial": serial,
        "url": f"https://m/{image['name']}-{arch}-{serial}.img",
        "checksum": f"sha256:{(serial or '0')[-1] * 64}",
        "signer": None,
        "unverified": None,
        "problem": None,
    }
    return {**told, **more}


def host(*images: dict[str, Any], found: Any = None, **more: Any) -> dict[str, Any]:
    variables = {"inventory_dir": "/inv", "kvm_images": list(images), **more}
    return variables if found is None else {**variables, "images_lock_found": {"images": found}}


class Locking:
    """Lock files that are kept in memory."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: dict[str, Any] = {}
        monkeypatch.setattr(_images_lock, "read", self.files.get)

    def __call__(self, only: object = None, **hosts: dict[str, Any]) -> tuple[list[str], list[str]]:
        """What is told, and what is wrong; the files are written as the playbook does it."""
        made: Any = images_locked(list(hosts), hosts, only)
        for file in made["files"] if not made["problems"] else ():
            content = yaml.safe_load(file["content"])["images"]
            self.files[file["path"]] = _images_lock.parsed(content)
        return made["told"], made["problems"]

    @property
    def entries(self) -> dict[str, list[tuple[Any, Any]]]:
        """Architecture and serial of each entry of the usual file."""
        return {name: [(one.arch, one.serial) for one in entries] for name, entries in self.files[PATH].items()}


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> Locking:
    return Locking(monkeypatch)


def test_each_architecture_gets_its_entry(lock: Locking) -> None:
    plain = answer(PLAIN, None, None, url="https://h/x.img")
    a = host(NOBLE, PLAIN, FIXED, BARE, found=[answer(NOBLE), plain])
    b = host(NOBLE, PLAIN, found=[answer(NOBLE, "arm64"), plain])
    told, problems = lock(a=a, b=b)
    assert problems == []
    assert lock.entries == {"noble": [("amd64", "20250805"), ("arm64", "20250805")], "plain": [(None, None)]}
    assert told == [
        f"{PATH}: noble (amd64): new, 20250805",
        f"{PATH}: noble (arm64): new, 20250805",
        f"{PATH}: plain: new, sha256:000000000000...",
        f"{PATH}: bare: cannot be locked, as it has no checksum",
    ]
    assert lock(a=host(NOBLE, found=[answer(NOBLE)]), b=b)[0][0].endswith("noble") is False


def test_written_anew_it_is_the_same_text(lock: Locking) -> None:
    hosts = {"a": host(NOBLE, TRIXIE, found=[answer(NOBLE), answer(TRIXIE)])}
    first: Any = images_locked(["a"], hosts)
    lock(**hosts)
    again: Any = images_locked(["a"], hosts)
    assert again["files"] == first["files"]
    assert again["told"] == ["nothing changes"]
    back = {"a": host(TRIXIE, NOBLE, found=[answer(TRIXIE), answer(NOBLE)])}
    assert images_locked(["a"], back)["files"] == first["files"]


def test_only_some_are_locked_anew(lock: Locking) -> None:
    lock(a=host(NOBLE, TRIXIE, found=[answer(NOBLE), answer(TRIXIE)]))
    told, _problems = lock(only="noble", a=host(NOBLE, TRIXIE, found=[answer(NOBLE, serial="20250901")]))
    assert lock.entries == {"noble": [("amd64", "20250901")], "trixie": [("amd64", "20250805")]}
    assert told == [f"{PATH}: noble (amd64): 20250805 -> 20250901"]
    # Of others, it keeps what is declared no more.
    lock(only=["noble"], a=host(NOBLE, found=[answer(NOBLE, serial="20251001")]))
    assert lock.entries == {"noble": [("amd64", "20251001")], "trixie": [("amd64", "20250805")]}
    told, problems = lock(only="noble, trixei", a=host(NOBLE, TRIXIE, found=[]))
    assert problems == ["images_lock_only: trixei is no image in kvm_images of any host that can be locked"]


def test_hosts_that_were_not_asked_keep_what_they_have(lock: Locking) -> None:
    both = {"a": host(NOBLE, found=[answer(NOBLE)]), "b": host(NOBLE, found=[answer(NOBLE, "arm64")])}
    lock(**both)
    limited = {"a": host(NOBLE, found=[answer(NOBLE, serial="20250901")]), "b": host(NOBLE)}
    lock(**limited)
    assert lock.entries == {"noble": [("amd64", "20250901"), ("arm64", "20250805")]}
    # Nobody was asked for trixie, and nobody declares it any more on a host that was.
    lock(a=host(NOBLE, TRIXIE, found=[answer(NOBLE), answer(TRIXIE)]))
    lock(a=host(NOBLE, found=[answer(NOBLE)]), b=host(TRIXIE))
    assert set(lock.entries) == {"noble", "trixie"}
    told, _problems = lock(a=host(NOBLE, found=[answer(NOBLE)]))
    assert told == [f"{PATH}: trixie (amd64): is locked no more"]
    assert set(lock.entries) == {"noble"}


def test_an_image_that_is_declared_otherwise_is_locked_anew(lock: Locking) -> None:
    lock(a=host(NOBLE, found=[answer(NOBLE)]))
    other = {**NOBLE, "ubuntu": "26.04"}
    told, problems = lock(only="noble", a=host(other, found=[answer(other, serial="20260423")]))
    assert problems == []
    assert lock.entries == {"noble": [("amd64", "20260423")]}
    assert told == [f"{PATH}: noble (amd64): is locked no more", f"{PATH}: noble (amd64): new, 20260423"]
    # Two hosts may declare it as two images.
    lock(a=host(NOBLE, found=[answer(NOBLE)]), b=host(other, found=[answer(other, serial="20260423")]))
    assert lock.entries == {"noble": [("amd64", "20250805"), ("amd64", "20260423")]}


def test_an_image_that_cannot_be_found_out_is_told_and_nothing_written(lock: Locking) -> None:
    failed = {"serial": None, "url": None, "checksum": None, "problem": "the server answers 404"}
    a, b = host(NOBLE, found=[answer(NOBLE, **failed)]), host(NOBLE, found=[answer(NOBLE, "arm64")])
    assert lock(a=a, b=b)[1] == ["image noble: a: the server answers 404"]
    assert lock.files == {}
    # One of several that reach the server is enough.
    _told, problems = lock(a=a, b=host(NOBLE, found=[answer(NOBLE)]))
    assert problems == []
    assert lock.entries == {"noble": [("amd64", "20250805")]}


def test_two_hosts_that_found_different_versions(lock: Locking) -> None:
    """A new one came between the two."""
    one, two = answer(NOBLE, serial="20250131.9"), answer(NOBLE, serial="20250131.10")
    for first, second in ((one, two), (two, one)):
        lock(a=host(NOBLE, found=[first]), b=host(NOBLE, found=[second]))
        assert lock.entries == {"noble": [("amd64", "20250131.10")]}
    one, two = answer(PLAIN, None, None), answer(PLAIN, None, None, checksum=f"sha256:{'1' * 64}")
    _told, problems = lock(a=host(PLAIN, found=[one]), b=host(PLAIN, found=[two]))
    assert problems == [
        "image plain: a and b found different checksums of it: run again, as the server may just have changed it, or"
        " see whether both reach the same server"
    ]


def test_each_file_has_the_images_of_its_hosts(lock: Locking) -> None:
    a = host(NOBLE, found=[answer(NOBLE)])
    b = host(TRIXIE, found=[answer(TRIXIE)], inventory_dir="/other")
    c = host(PLAIN, found=[answer(PLAIN, None, None)], kvm_images_lock="locks/c.yml")
    lock(a=a, b=b, c=c)
    names = {path: set(locks) for path, locks in lock.files.items()}
    assert names == {PATH: {"noble"}, "/other/.kvm_images.lock.yml": {"trixie"}, "/inv/locks/c.yml": {"plain"}}
    _told, problems = lock(a=host(NOBLE, found=[answer(NOBLE)], inventory_dir=None))
    assert problems == ["host a: its inventory is in no folder: name the lock file in kvm_images_lock"]
    assert lock(a=host(inventory_dir=None)) == (["nothing changes"], [])


def test_without_images_no_file_is_made(lock: Locking) -> None:
    assert images_locked(["a"], {"a": host(FIXED, found=[])})["files"] == []
    lock(a=host(NOBLE, found=[answer(NOBLE)]))
    lock(a=host(FIXED, found=[]))
    assert lock.files[PATH] == {}


def test_a_damaged_file_is_not_overwritten(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / ".kvm_images.lock.yml").write_text("images: [")
    made: Any = images_locked(["a"], {"a": host(NOBLE, found=[answer(NOBLE)], inventory_dir=str(tmp_path))})
    assert made["files"] == []
    assert "is no YAML" in made["problems"][0]


@pytest.mark.parametrize(
    ("only", "names"),
    [(None, None), ("", None), ([], None), ("a", {"a"}), ("a, b", {"a", "b"}), (["a", "b"], {"a", "b"})],
)
def test_the_images_to_lock_anew(only: object, names: set[str] | None) -> None:
    assert names_in(only) == names


def test_who_has_signed_is_locked_and_what_was_not_verified_told(lock: Locking) -> None:
    signer = "A" * 40
    why = "the host has no keyring"
    without = host(NOBLE, found=[answer(NOBLE, unverified=why)])
    told, _problems = lock(a=without)
    assert told == [f"{PATH}: noble (amd64): new, 20250805", f"{PATH}: noble: no signature was verified: {why}"]
    # One host with the keyring is enough.
    signed = host(NOBLE, found=[answer(NOBLE, signer=signer)])
    told, _problems = lock(a=without, b=signed)
    assert told == [f"{PATH}: noble (amd64): 20250805 -> 20250805, signed with {signer[-16:]}"]
    assert [one.signer for one in lock.files[PATH]["noble"]] == [signer]
    assert lock(b=signed, a=without)[0] == ["nothing changes"]
