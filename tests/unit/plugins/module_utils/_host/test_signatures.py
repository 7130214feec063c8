# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures of what tells of images, made by the real gpg and verified by the real gpgv."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from openpgp import THEN, Keys, made_keys

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import checksum_list, signatures, simplestreams
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.signatures import Keyring, SignedBy
from ansible_collections.virtfleet.kvm.tests.unit.mirrors import STREAM, Mirror

CONTENT = b'{"a": 1}\n- a dash\n'


class Ring(NamedTuple):
    """Keys, the fingerprints of some, and a keyring in which they are."""

    keys: Keys
    ours: str
    keyring: Keyring


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    with made_keys() as keys:
        ours = keys.make("ours")
        keys.make("foreign")
        keys.make("old", "--faked-system-time", THEN, expires="1d")
        path = tmp_path_factory.mktemp("ring") / "keyring.gpg"
        path.write_bytes(keys.keyring("ours", "old"))
        yield Ring(keys, ours, Keyring(str(path), True))


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    made.start()
    yield made
    made.listener.close()


def test_a_good_signature_tells_who_has_signed(ring: Ring) -> None:
    assert signatures.signed_text(ring.keys.around(CONTENT, "ours"), ring.keyring) == (CONTENT, ring.ours)
    assert signatures.signer_of_file(CONTENT, ring.keys.beside(CONTENT, "ours"), ring.keyring) == ring.ours
    # One known key is enough, as where a new one comes into use.
    assert signatures.signer_of_file(CONTENT, ring.keys.beside(CONTENT, "foreign", "ours"), ring.keyring) == ring.ours


def test_what_is_not_signed_as_it_should_be_is_refused(ring: Ring) -> None:
    def refused(content: bytes, signature: bytes) -> str:
        with pytest.raises(Unfit) as caught:
            signatures.signer_of_file(content, signature, ring.keyring)
        return str(caught.value)

    good = ring.keys.beside(CONTENT, "ours")
    assert refused(CONTENT + b"x", good) == REASON["BADSIG"]
    # A bad signature is bad beside a good one, too.
    assert refused(CONTENT, good + ring.keys.beside(b"x", "ours")) == REASON["BADSIG"]
    foreign = refused(CONTENT, ring.keys.beside(CONTENT, "foreign"))
    assert foreign == f"is signed with a key that is not in the keyring '{ring.keyring.path}'"
    assert refused(CONTENT, ring.keys.beside(CONTENT, "old", then=THEN)) == REASON["EXPKEYSIG"]
    assert refused(CONTENT, b"nonsense") == "has no signature that can be read"
    assert refused(CONTENT, b"") == "has no signature that can be read"
    # What is whole by itself must not be verified in place of the content.
    assert "not a detached signature" in refused(CONTENT, ring.keys.around(b"x", "ours"))
    assert "not a detached signature" in refused(CONTENT, ring.keys.gpg("--sign", *ring.keys.of(("ours",)), given=b"x"))


REASON = signatures.REASONS


def test_a_text_that_was_changed_or_has_more_around_it(ring: Ring) -> None:
    good = ring.keys.around(CONTENT, "ours")

    def refused(content: bytes) -> str:
        with pytest.raises(Unfit) as caught:
            signatures.signed_text(content, ring.keyring)
        return str(caught.value)

    assert refused(good.replace(b'"a": 1', b'"a": 2')) == REASON["BADSIG"]
    assert refused(b"before\n" + good) == "is no text with one signature around it"
    assert refused(good + good) == "is no text with one signature around it"
    assert refused(CONTENT) == "is no text with one signature around it"
    assert "not in the keyring" in refused(ring.keys.around(CONTENT, "foreign"))
    more = ring.keys.gpg("--armor", "--store", given=b"more")
    assert refused(good + more) == "has more in it than the text that is signed"
    # What comes after the signature is not taken for a part of the text.
    assert signatures.signed_text(good + b"after\n", ring.keyring) == (CONTENT, ring.ours)


def test_a_key_that_was_revoked(ring: Ring, tmp_path: Path) -> None:
    fingerprint = ring.keys.make("gone")
    signature = ring.keys.beside(CONTENT, "gone")
    ring.keys.revoke(fingerprint)
    (tmp_path / "k").write_bytes(ring.keys.keyring("gone"))
    with pytest.raises(Unfit, match="is signed with a key that was revoked"):
        signatures.signer_of_file(CONTENT, signature, Keyring(str(tmp_path / "k"), True))


def test_a_signature_that_can_be_forged(ring: Ring) -> None:
    valid = ["VALIDSIG", "A" * 40, "2026-01-01", "1", "0", "4", "0", "1", "2", "00", "A" * 40]
    for number, name in (("1", "MD5"), ("2", "SHA-1")):
        valid[8] = number
        with pytest.raises(Unfit, match=f"is signed with {name}, which can be forged"):
            signatures.signer_of([["GOODSIG", "x"], valid], ring.keyring)
    valid[8] = "10"
    assert signatures.signer_of([["GOODSIG", "x"], valid], ring.keyring) == "A" * 40
    with pytest.raises(Unfit, match="is signed with a key that has expired"):
        signatures.signer_of([["EXPKEYSIG", "x"], valid], ring.keyring)


NOTES = (
    ("--sig-notation", "salt@notations.example.com=abc"),
    ("--sig-policy-url", "https://example.com/policy"),
    ("--sig-notation", "a@example.com=b", "--sig-notation", "c@example.com=d", "--sig-policy-url", "https://h/p"),
)


@pytest.mark.parametrize("notes", NOTES)
def test_a_signature_may_have_notations_and_a_policy(ring: Ring, notes: tuple[str, ...]) -> None:
    def beside(content: bytes, *names: str) -> bytes:
        return ring.keys.gpg(*notes, *ring.keys.of(names), "--detach-sign", given=content)

    assert signatures.signer_of_file(CONTENT, beside(CONTENT, "ours"), ring.keyring) == ring.ours
    assert signatures.signer_of_file(CONTENT, beside(CONTENT, "foreign", "ours"), ring.keyring) == ring.ours
    around = ring.keys.gpg(*notes, *ring.keys.of(("ours",)), "--clearsign", given=CONTENT)
    assert signatures.signed_text(around, ring.keyring) == (CONTENT, ring.ours)
    for content, names, word in ((b"x", ("ours",), "BADSIG"), (CONTENT, ("foreign",), "NO_PUBKEY")):
        with pytest.raises(Unfit) as caught:
            signatures.signer_of_file(CONTENT, beside(content, *names), ring.keyring)
        assert str(caught.value) == REASON[word].format(keyring=f"'{ring.keyring.path}'")


def test_what_is_said_of_one_signature_does_not_count_for_another(ring: Ring) -> None:
    valid = ["VALIDSIG", "A" * 40, "2026-01-01", "1", "0", "4", "0", "1", "10", "00", "A" * 40]
    note = [["NOTATION_NAME", "x"], ["NOTATION_DATA", "y"], ["POLICY_URL", "z"]]
    begin = ["NEWSIG"]
    told = [begin, ["SIG_ID", "x"], ["GOODSIG", "x"], *note, valid]
    expired = [begin, ["EXPKEYSIG", "x"], *note, valid]
    assert signatures.signer_of(told, ring.keyring) == "A" * 40
    assert signatures.signer_of([*expired, *told], ring.keyring) == "A" * 40
    for lines in (
        expired,
        [begin, ["GOODSIG", "x"], *expired],  # The first is not valid, the second not good.
        [["GOODSIG", "x"], *expired[1:]],  # The same without the line that begins one.
        [begin, ["GOODSIG", "x"], begin, ["REVKEYSIG", "x"], valid],
        [begin, ["GOODSIG", "x"], begin, valid],
        [*told, begin, ["BADSIG", "x"]],
    ):
        with pytest.raises(Unfit):
            signatures.signer_of(lines, ring.keyring)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", "is written as text, which gpgv does not read: gpg --dearmor"),
        (b"nonsense", None),
    ],
)
def test_a_keyring_that_is_none(ring: Ring, tmp_path: Path, content: bytes, words: str | None) -> None:
    (tmp_path / "k").write_bytes(content)
    with pytest.raises(VirtfleetError if words else Unfit, match=words):
        signatures.signer_of_file(CONTENT, ring.keys.beside(CONTENT, "ours"), Keyring(str(tmp_path / "k"), True))


def test_where_nothing_can_be_verified_that_is_said(
    ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usable = signatures.usable
    assert usable(None, "why") == (None, SignedBy(None, "why"))
    assert usable(ring.keyring, "why") == (ring.keyring, SignedBy())
    path = str(tmp_path / "none")
    said = f"the host has no keyring '{path}'"
    assert usable(Keyring(path, True, "keys"), "why") == (None, SignedBy(None, f"{said} (package keys)"))
    with pytest.raises(VirtfleetError, match=f"keyring: {said}"):
        usable(Keyring(path, True), "why")
    monkeypatch.setattr(signatures, "PROGRAM", "no-gpgv")
    monkeypatch.setattr(signatures.sqv, "PROGRAM", "no-sqv")
    assert "the host has neither no-gpgv nor no-sqv" in str(usable(ring.keyring._replace(package="x"), "")[1])
    with pytest.raises(VirtfleetError, match="keyring: the host has neither no-gpgv nor no-sqv"):
        usable(ring.keyring, "")


PRODUCT = ("com.ubuntu.cloud:server:24.04:amd64", "disk1.img", None, None)
INDEX = "ubuntu/releases/streams/v1/index"
PRODUCTS = f"ubuntu/releases/{STREAM.removesuffix('.json')}"


def find(mirror: Mirror, keyring: Keyring | None) -> Any:
    return simplestreams.find(f"{mirror.url}/ubuntu/releases", *PRODUCT, keyring)


def test_an_index_with_signatures_around(ring: Ring, mirror: Mirror) -> None:
    for stem in (INDEX, PRODUCTS):
        content = mirror.files[f"{stem}.json"].replace(b"download.json", b"download.sjson")
        mirror.files[f"{stem}.sjson"] = ring.keys.around(content, "ours")
        mirror.files[f"{stem}.json"] = b"changed"
    assert find(mirror, ring.keyring).verdict == SignedBy(ring.ours)
    mirror.files[f"{PRODUCTS}.sjson"] = mirror.files[f"{PRODUCTS}.sjson"].replace(b"20250805", b"20250806")
    with pytest.raises(VirtfleetError) as caught:
        find(mirror, ring.keyring)
    assert f"the index {mirror.url}/{PRODUCTS}.sjson {REASON['BADSIG']}" == str(caught.value)
    # Beside a signature that is good, nothing is taken without one.
    del mirror.files[f"{PRODUCTS}.sjson"]
    with pytest.raises(VirtfleetError, match=r"is not signed: neither its .sjson nor its .json.gpg can be fetched"):
        find(mirror, ring.keyring._replace(strict=False))


def test_an_index_with_signatures_beside(ring: Ring, mirror: Mirror) -> None:
    for stem in (INDEX, PRODUCTS):
        mirror.files[f"{stem}.json.gpg"] = ring.keys.beside(mirror.files[f"{stem}.json"], "ours")
    found = find(mirror, ring.keyring)
    assert (found.serial, found.verdict) == ("20250805", SignedBy(ring.ours))
    index = json.loads(mirror.files[f"{INDEX}.json"])
    mirror.files[f"{INDEX}.json"] = json.dumps({**index, "updated": "now"}).encode()
    with pytest.raises(VirtfleetError, match=r"index.json has a signature that does not fit"):
        find(mirror, ring.keyring)


def test_an_index_without_a_signature(ring: Ring, mirror: Mirror) -> None:
    with pytest.raises(VirtfleetError, match=r"index.json is not signed"):
        find(mirror, ring.keyring)
    # A mirror of the user's that signs nothing, on a host that has Ubuntu's keyring.
    found = find(mirror, ring.keyring._replace(strict=False))
    assert found.verdict == SignedBy(None, "the mirror has no signature")
    asked = len(mirror.asked)
    assert find(mirror, None).verdict == SignedBy(None, "no keyring is known for it")
    assert len(mirror.asked) == asked + 2


def test_a_list_of_checksums(ring: Ring, mirror: Mirror) -> None:
    plain = b"a" * 64 + b"  x.img\n"

    def look(name: str = "SUMS", keyring: Keyring | None = ring.keyring) -> Any:
        return checksum_list.verified("https://h/x.img", f"{mirror.url}/{name}?token=1", 30, keyring)

    mirror.files["SUMS?token=1"] = mirror.files["SUMS"] = plain
    digest = f"sha256:{'a' * 64}"
    assert look(keyring=None) == (digest, SignedBy(None, "no keyring is known for it"))
    with pytest.raises(VirtfleetError, match=r"is not signed: none of SUMS.gpg, SUMS.sign, SUMS.asc, SUMS.sig can be"):
        look()
    for ending in (".sign", ".gpg"):
        mirror.files[f"SUMS{ending}?token=1"] = mirror.files[f"SUMS{ending}"] = ring.keys.beside(plain, "ours")
        assert look() == (digest, SignedBy(ring.ours))
    mirror.files["SUMS.gpg?token=1"] = mirror.files["SUMS.gpg"] = ring.keys.beside(b"x", "ours")
    with pytest.raises(VirtfleetError, match="has a signature that does not fit"):
        look()
    # One with its signature around it counts by what is in there.
    around = ring.keys.around(plain, "ours") + b"b" * 64 + b"  x.img\n"
    mirror.files["IN?token=1"] = mirror.files["IN"] = around
    assert look("IN") == (digest, SignedBy(ring.ours))
