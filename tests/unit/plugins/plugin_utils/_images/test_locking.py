# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock file of what hosts found out: of all images, of some, of some hosts, of several architectures."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.image.declared import declared
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images import lock_file
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._images.locking import images_locked, names_in

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
        "checksum": f"sha256:{str(serial or '0')[-1] * 64}",
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
        monkeypatch.setattr(lock_file, "read", self.files.get)

    def __call__(
        self, only: object = None, more: dict[str, Any] | None = None, **hosts: dict[str, Any]
    ) -> tuple[list[str], list[str]]:
        """What is told, and what is wrong; the files are written as the playbook does it."""
        made: Any = images_locked(list(hosts), hosts, only, **(more or {}))
        for file in made["files"] if not made["problems"] else ():
            content = yaml.safe_load(file["content"])["images"]
            self.files[file["path"]] = lock_file.parsed(content)
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
    assert problems == [
        "images_lock_only: trixei is no image in kvm_images of any host that can be locked; did you mean trixie?"
    ]


def test_hosts_that_were_not_asked_keep_what_they_have(lock: Locking) -> None:
    both = {"a": host(NOBLE, found=[answer(NOBLE)]), "b": host(NOBLE, found=[answer(NOBLE, "arm64")])}
    lock(**both)
    limited = {"a": host(NOBLE, found=[answer(NOBLE, serial="20250901")]), "b": host(NOBLE)}
    lock(**limited)
    assert lock.entries == {"noble": [("amd64", "20250901"), ("arm64", "20250805")]}
    # Nobody was asked for trixie, and nobody declares it any more on a host that was.
    newer = answer(NOBLE, serial="20250901")
    lock(a=host(NOBLE, TRIXIE, found=[newer, answer(TRIXIE)]))
    lock(a=host(NOBLE, found=[newer]), b=host(TRIXIE))
    assert set(lock.entries) == {"noble", "trixie"}


STAYS = "stays, and is not in kvm_images here: -e images_lock_prune=true removes it"


def test_what_is_not_declared_here_stays_until_it_is_pruned(lock: Locking) -> None:
    """Two inventories may share the file."""
    lock(a=host(NOBLE, TRIXIE, found=[answer(NOBLE), answer(TRIXIE)]))
    mine = host(PLAIN, found=[answer(PLAIN, None, None)])
    told, problems = lock(b=mine)
    assert problems == []
    assert told == [
        f"{PATH}: plain: new, sha256:000000000000...",
        f"{PATH}: noble: {STAYS}",
        f"{PATH}: trixie: {STAYS}",
    ]
    assert set(lock.entries) == {"noble", "trixie", "plain"}
    # What is declared, and needs no lock any more, goes.
    told, _problems = lock(b=host({**FIXED, "name": "noble"}, found=[]))
    assert f"{PATH}: noble (amd64): is locked no more" in told
    assert set(lock.entries) == {"trixie", "plain"}
    # With only some, the others stay in any case.
    lock(only="plain", more={"prune": True}, b=mine)
    assert set(lock.entries) == {"trixie", "plain"}
    for no in (False, "no", "false", None):
        lock(more={"prune": no}, b=mine)
    assert set(lock.entries) == {"trixie", "plain"}
    told, _problems = lock(more={"prune": "true"}, b=mine)
    assert told == [f"{PATH}: trixie (amd64): is locked no more"]
    assert set(lock.entries) == {"plain"}
    _told, problems = lock(more={"prune": "perhaps"}, b=mine)
    assert problems == ["images_lock_prune: is neither true nor false"]


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
    lock(more={"prune": True}, a=host(FIXED, found=[]))
    assert lock.files[PATH] == {}


def test_a_damaged_file_is_not_overwritten(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / ".kvm_images.lock.yml").write_text("images: [")
    made: Any = images_locked(["a"], {"a": host(NOBLE, found=[answer(NOBLE)], inventory_dir=str(tmp_path))})
    assert made["files"] == []
    assert "is no YAML" in made["problems"][0]


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (None, set()),
        ("", set()),
        ([], set()),
        ("a", {"a"}),
        ("a, b", {"a", "b"}),
        ("a b", {"a b"}),
        (["a", "b c"], {"a", "b c"}),
        (5, None),
        (True, None),
        ({"a": 1}, None),
        ([["a"], "b"], None),
        ([5], None),
    ],
)
def test_names_of_images(lock: Locking, only: object, names: set[str] | None) -> None:
    problems: list[str] = []
    assert names_in(only, "x", problems) == (names or set())
    wrong = [] if names is not None else ["x: is no list of the names of images"]
    assert problems == wrong
    for more in ("older", "unsigned"):
        _told, problems = lock(more={more: only}, a=host(NOBLE, found=[answer(NOBLE)]))
        unknown = [f"{name} is no image in kvm_images of any host that can be locked" for name in sorted(names or ())]
        said = unknown if names is not None else ["is no list of the names of images"]
        assert problems == [f"images_lock_{more}: {line}" for line in said]


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


SIGNER = "A" * 40


def test_what_is_signed_counts_before_what_is_newer(lock: Locking) -> None:
    signed = host(NOBLE, found=[answer(NOBLE, signer=SIGNER)])
    newer = host(NOBLE, found=[answer(NOBLE, serial="20991231", unverified="no keyring")])
    other = host(NOBLE, found=[answer(NOBLE, checksum=f"sha256:{'f' * 64}")])
    note = "without a signature, which does not count beside one that is signed"
    for hosts in ({"a": signed, "b": newer}, {"b": newer, "a": signed}):
        told, problems = lock(**hosts)
        assert problems == []
        assert told[-1] == f"{PATH}: noble (amd64): b found 20991231 {note}"
        assert [(one.serial, one.signer) for one in lock.files[PATH]["noble"]] == [("20250805", SIGNER)]
    told, problems = lock(a=signed, b=other)
    assert (told, problems) == ([f"{PATH}: noble (amd64): b found 20250805 {note}"], [])
    # Of several that are signed, the newest counts.
    lock(a=signed, b=newer, c=host(NOBLE, found=[answer(NOBLE, serial="20250901", signer=SIGNER)]))
    assert lock.entries == {"noble": [("amd64", "20250901")]}
    # The architectures do not matter to each other.
    _told, problems = lock(a=signed, b=host(NOBLE, found=[answer(NOBLE, "arm64", serial="20991231")]), more=OLDER)
    assert problems == []
    assert lock.entries == {"noble": [("amd64", "20250805"), ("arm64", "20991231")]}


OLDER = {"older": ["noble"]}


@pytest.mark.parametrize("serial", ["20250805", "20250901"])
def test_a_signature_never_goes_silently(lock: Locking, serial: str) -> None:
    lock(a=host(NOBLE, found=[answer(NOBLE, signer=SIGNER)]))
    without = host(NOBLE, found=[answer(NOBLE, serial=serial, unverified="the host has no keyring")])
    told, problems = lock(a=without)
    assert problems == [
        f"image noble (amd64): it is locked as 20250805, signed with {SIGNER[-16:]}, and no signature was verified of"
        f" {serial}, which there is now (the host has no keyring): -e images_lock_unsigned=noble takes it all the same"
    ]
    assert [one.signer for one in lock.files[PATH]["noble"]] == [SIGNER]
    _told, problems = lock(a=host(NOBLE, TRIXIE, found=[*found(without), answer(TRIXIE)]), more={"unsigned": "trixie"})
    assert len(problems) == 1
    told, problems = lock(a=without, more={"unsigned": "noble"})
    assert problems == []
    assert told[0] == f"{PATH}: noble (amd64): 20250805, signed with {SIGNER[-16:]} -> {serial}"
    assert [one.signer for one in lock.files[PATH]["noble"]] == [None]
    # So it is for an image that has no serial, and that an image was signed is said where it is locked no more.
    plain = answer(PLAIN, None, None, signer=SIGNER)
    lock(a=host(PLAIN, found=[plain]))
    _told, problems = lock(a=host(PLAIN, found=[{**plain, "signer": None, "checksum": f"sha256:{'1' * 64}"}]))
    assert len(problems) == 1
    assert "-e images_lock_unsigned=plain takes it all the same" in problems[0]
    told, _problems = lock(a=host({**FIXED, "name": "plain"}, found=[]))
    assert f"{PATH}: plain: sha256:000000000000..., signed with {SIGNER[-16:]}, is locked no more" in told


def found(variables: dict[str, Any]) -> list[Any]:
    return list(variables["images_lock_found"]["images"])


@pytest.mark.parametrize("signer", [None, SIGNER])
def test_an_older_version_is_no_update(lock: Locking, signer: str | None) -> None:
    """As of a server that an attacker stands before, or of a mirror that is not the right one."""
    lock(a=host(NOBLE, found=[answer(NOBLE, serial="20250131.10", signer=signer)]))
    for serial in ("20250131.9", "20250131", "20250101.11"):
        older = host(NOBLE, found=[answer(NOBLE, serial=serial, signer=signer)])
        _told, problems = lock(a=older)
        assert problems == [
            f"image noble (amd64): it is locked as 20250131.10, and the newest that there is now is {serial}, which is"
            " older: see whether the mirror is the right one; -e images_lock_older=noble takes it all the same"
        ]
        assert lock.entries == {"noble": [("amd64", "20250131.10")]}
    told, problems = lock(a=older, more=OLDER)
    assert problems == []
    signed = "" if signer is None else f", signed with {SIGNER[-16:]}"
    assert told == [f"{PATH}: noble (amd64): 20250131.10{signed} -> 20250101.11{signed}"]
    # Another declaration, such as of a serial, is what the user wants.
    fixed = {**NOBLE, "serial": "20240101"}
    _told, problems = lock(a=host(fixed, found=[answer(fixed, serial="20240101", signer=signer)]))
    assert problems == []


def test_the_same_version_with_other_bytes_is_no_update(lock: Locking) -> None:
    lock(a=host(NOBLE, found=[answer(NOBLE)]))
    other = host(NOBLE, found=[answer(NOBLE, checksum=f"sha256:{'f' * 64}")])
    _told, problems = lock(a=other)
    assert problems == [
        "image noble (amd64): it is locked as 20250805 with sha256:555555555555..., and the same version has"
        " sha256:ffffffffffff... now, which is another image: see whether the mirror is the right one;"
        " -e images_lock_older=noble takes it all the same"
    ]
    told, problems = lock(a=other, more=OLDER)
    assert problems == []
    assert told == [f"{PATH}: noble (amd64): 20250805: sha256:555555555555... -> sha256:ffffffffffff..."]
    moved = host(NOBLE, found=[answer(NOBLE, checksum=f"sha256:{'f' * 64}", url="https://n/x.img")])
    told, problems = lock(a=moved)
    assert problems == []
    assert told == [
        f"{PATH}: noble (amd64): 20250805: https://m/noble-amd64-20250805.img -> https://n/x.img",
    ]
    # The newest images of a list have no version, and change with it.
    lock(a=host(PLAIN, found=[answer(PLAIN, None, None)]))
    _told, problems = lock(a=host(PLAIN, found=[answer(PLAIN, None, None, checksum=f"sha256:{'1' * 64}")]))
    assert problems == []


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"images": "x"}, "the images are no list"),
        ({"images": {"noble": 1}}, "the images are no list"),
        ({"images": [5]}, "an image has no name and declaration"),
        ({"images": [{}]}, "an image has no name and declaration"),
        ({"images": [{"name": "noble", "declared": None}]}, "an image has no name and declaration"),
        ({"images": [{"name": 5, "declared": {}}]}, "an image has no name and declaration"),
        ({"images": [answer(NOBLE, serial=5)]}, "the image noble: serial: is no text"),
        ({"images": [answer(NOBLE, problem=["x"])]}, "the image noble: problem: is no text"),
        ({"images": [answer(NOBLE, unverified={})]}, "the image noble: unverified: is no text"),
        ({"images": [answer(NOBLE, serial="new5")]}, "the image noble: serial: 'new5' is no serial"),
        ({"images": [answer(NOBLE, serial=None)]}, "the image noble: serial is missing"),
        ({"images": [answer(NOBLE, checksum="sha256:zz")]}, "the image noble: checksum: 'sha256:zz' is no digest"),
        ({"images": [answer(NOBLE, checksum=None)]}, "the image noble: checksum: null is no digest"),
        ({"images": [answer(NOBLE, signer="me")]}, "the image noble: signer: 'me' is no fingerprint"),
        ({"images": [answer(NOBLE, url="file:///x")]}, "the image noble: url: is no URL"),
        ({"images": [answer(NOBLE, "x86_64")]}, "the image noble: arch: 'x86_64' is none of"),
    ],
)
def test_what_no_host_should_tell_ends_the_run(lock: Locking, result: Any, words: str) -> None:
    bad = {**host(NOBLE), "images_lock_found": result}
    _told, problems = lock(a=bad, b=host(NOBLE, found=[answer(NOBLE)]))
    assert len(problems) == 1
    assert problems[0].startswith(f"host a: it told of its images as images_info does not tell it: {words}")
    assert lock.files == {}


@pytest.mark.parametrize("result", [None, "x", 5, [], {}, {"failed": True, "msg": "x"}, {"images": None}])
def test_a_host_that_was_not_reached_was_not_asked(lock: Locking, result: Any) -> None:
    lock(a=host(NOBLE, found=[answer(NOBLE)]))
    assert lock(a={**host(NOBLE), "images_lock_found": result}) == (["nothing changes"], [])


def test_a_link_is_written_through(tmp_path: Any) -> None:
    """Two names of one file are one file."""
    (tmp_path / "real").mkdir()
    for name in ("a.yml", "b.yml"):
        (tmp_path / name).symlink_to("real/lock.yml")
    (tmp_path / "real/lock.yml").write_text("images: {}\n")
    a = host(NOBLE, found=[answer(NOBLE)], kvm_images_lock=str(tmp_path / "a.yml"))
    b = host(TRIXIE, found=[answer(TRIXIE)], kvm_images_lock=str(tmp_path / "b.yml"))
    made: Any = images_locked(["a", "b"], {"a": a, "b": b})
    (file,) = made["files"]
    assert file["path"] == str(tmp_path / "real/lock.yml")
    assert set(yaml.safe_load(file["content"])["images"]) == {"noble", "trixie"}
