# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures verified by sqv, where no gpgv is: what it is given, and what of it counts."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpgp import THEN, Keys, made_keys

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import sandbox, signatures, sqv
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.image_format import Unfit
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.signatures import Keyring, SignedBy

CONTENT = b'{"a": 1}\n- a dash\n'
MISSING = "Missing key AAAA, which is needed to verify signature."
KEY = "7BB93A11A2B82D0FA7CF977CF31F36CD7045933D"


@pytest.fixture(scope="module")
def keys() -> Iterator[Keys]:
    with made_keys() as made:
        for name in ("ours", "foreign", "gone"):
            made.make(name)
        made.make("old", "--faked-system-time", THEN, expires="1d")
        yield made


@pytest.fixture
def keyring(tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    """A keyring on a machine without gpgv."""
    monkeypatch.setattr(signatures, "PROGRAM", "no-gpgv")
    path = tmp_path / "keyring.gpg"
    path.write_bytes(keys.keyring("ours", "old"))
    return Keyring(str(path), True)


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have a program stand for sqv that checks what it is given, prints some words and ends so."""
    folder = tmp_path / "bin"
    folder.mkdir()
    tmp_path.chmod(0o755)
    monkeypatch.setitem(sandbox.ENVIRONMENT, "PATH", f"{folder}:{sandbox.ENVIRONMENT['PATH']}")
    monkeypatch.setattr(sandbox, "wrapping", lambda *more: ((), None))

    def make(out: str = "", err: str = "", status: int = 0) -> None:
        program = folder / "sqv"
        program.write_text(
            "#!/bin/sh\n"
            f'[ "$1" = --keyring ] && [ -s "$2" ] && [ -e "${{3#--signature-file=}}" ] && [ -e "$4" ] || exit 9\n'
            f"printf '%s' '{out}'; printf '%s\\n' '{err}' >&2; exit {status}\n"
        )
        program.chmod(0o755)

    return make


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ((KEY + "\n",), KEY),
        ((KEY + "\n", MISSING), KEY),
        ((KEY + "\n", "\n".join([MISSING] * 1000)), KEY),
        ((KEY + "\n", "Verifying signature: Message has been manipulated"), "has a signature that does not fit"),
        (("", "Message has been manipulated", 1), "has a signature that does not fit"),
        (("", 'Signing key on X is bad: Invalid key: "certificate is revoked"', 1), "with a key that was revoked"),
        (("", "The certificate is expired", 1), "is signed with a key that has expired"),
        (("", "SHA1 is not considered secure since 2013-02-01T00:00:00Z", 1), "in a way that can be forged"),
        (("", MISSING, 1), "is signed with a key that is not in the keyring"),
        (("", "Error: Malformed Message", 1), "has no signature that can be read"),
        (("", "", 0), "has no signature that can be read"),
        ((KEY + "\n", "odd", 1), "has no signature that can be read"),
    ],
)
def test_what_it_says_and_what_that_means(
    keyring: Keyring, says: Callable[..., None], told: tuple[Any, ...], found: str
) -> None:
    says(*told)
    if found == KEY:
        assert signatures.signer_of_file(CONTENT, b"x", keyring) == KEY
        return
    with pytest.raises(Unfit, match=found):
        signatures.signer_of_file(CONTENT, b"x", keyring)


def test_it_is_used_only_where_gpgv_is_missing(
    keyring: Keyring, keys: Keys, says: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    says(KEY + "\n")
    assert signatures.usable(keyring, "") == (keyring, SignedBy())
    assert signatures.signed_text(keys.around(CONTENT, "ours"), keyring) == (CONTENT, KEY)
    monkeypatch.setattr(signatures, "PROGRAM", "gpgv")
    assert signatures.signed_text(keys.around(CONTENT, "ours"), keyring)[1] != KEY


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"-----BEGIN PGP SIGNED MESSAGE-----\n",
        b"-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n-----BEGIN PGP SIGNATURE-----\n",
        b"-----BEGIN PGP SIGNED MESSAGE-----\nx\n\nx\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----",
        b"-----BEGIN PGP SIGNED MESSAGE-----\n\n-x\n-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----",
        b"-----BEGIN PGP SIGNED MESSAGE-----\n-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----",
    ],
)
def test_a_text_without_a_signature_around_it(text: bytes) -> None:
    with pytest.raises(Unfit, match="is no text with one signature around it"):
        sqv.parts(text)


def test_what_is_parsed_is_what_is_verified() -> None:
    text = (
        b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\na  \r\n- - b\n\n-----BEGIN PGP SIGNATURE-----\n\nabc\n"
        b"-----END PGP SIGNATURE-----\nmore\n"
    )
    signed, plain, signature = sqv.parts(text)
    assert (signed, plain) == (b"a\r\n- b\r\n", b"a\n- b\n\n")
    assert signature == b"-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"


@pytest.mark.skipif(shutil.which("sqv") is None, reason="sqv is not installed")
def test_the_real_one(keyring: Keyring, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = os.path.dirname(str(shutil.which("sqv")))
    monkeypatch.setitem(sandbox.ENVIRONMENT, "PATH", f"{sandbox.ENVIRONMENT['PATH']}:{folder}")
    good = keys.beside(CONTENT, "ours")
    around = keys.around(CONTENT, "ours")
    signer = signatures.signer_of_file(CONTENT, good, keyring)
    assert len(signer) == 40
    assert signatures.signed_text(around, keyring) == (CONTENT, signer)
    assert signatures.signed_text(around.replace(b"\n", b"\r\n") + b"after\n", keyring) == (CONTENT, signer)
    assert signatures.signer_of_file(CONTENT, keys.beside(CONTENT, "foreign", "ours"), keyring) == signer
    for content, signature, said in (
        (CONTENT + b"x", good, "does not fit"),
        (CONTENT, good + keys.beside(b"x", "ours"), "does not fit"),
        (CONTENT, keys.beside(CONTENT, "foreign"), "is not in the keyring"),
        (CONTENT, b"nonsense", "no signature that can be read"),
        (CONTENT, b"", "no signature that can be read"),
        (CONTENT, keys.around(b"x", "ours"), "does not fit"),
        (CONTENT, keys.gpg("--sign", *keys.of(("ours",)), given=b"x"), "no signature that can be read"),
        (CONTENT, keys.gpg("--digest-algo", "SHA1", "-b", *keys.of(("ours",)), given=CONTENT), "can be forged"),
    ):
        with pytest.raises(Unfit, match=said):
            signatures.signer_of_file(content, signature, keyring)
    with pytest.raises(Unfit, match="does not fit"):
        signatures.signed_text(around.replace(b'"a": 1', b'"a": 2'), keyring)
