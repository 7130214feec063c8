# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a file that tells of images was signed by who should have: OpenPGP signatures, verified by gpgv(1), or, where
only that is there, by sqv(1) (see sqv).

gpgv is the distribution's. It knows the keys of one keyring and no others, asks nobody, and keeps nothing. It reads
what a server sends, so it runs without any right (see sandbox), on files in memory. What it says counts by its status
lines (doc/DETAILS of GnuPG), of which each is about one signature: a file may have several, such as by an old and a
new key.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import typing as t

from .._errors import VirtfleetError
from .._printing import label, printable
from . import sandbox, sqv
from .image_format import Unfit

PROGRAM = "gpgv"

LARGEST = 256 * 1024
"""Bytes that a signature may have that is a file of its own."""

LARGEST_KEYRING = 4 * 1024**2
"""Bytes that a keyring may have."""

SECONDS = 60
"""Seconds that gpgv may take."""

CLEAR = b"-----BEGIN PGP SIGNED MESSAGE-----"
"""How a text begins that has its signature around it."""

ARMOR = b"-----BEGIN PGP"
"""How a keyring begins that is written as text, which gpgv does not read."""

WEAK = {"1": "MD5", "2": "SHA-1", "3": "RIPEMD-160"}
"""Digests that a signature must not be made with, by their numbers in OpenPGP (RFC 4880, section 9.4)."""

REASONS = {
    "BADSIG": "has a signature that does not fit: it was changed, or it is damaged",
    "REVKEYSIG": "is signed with a key that was revoked",
    "EXPKEYSIG": "is signed with a key that has expired",
    "EXPSIG": "has a signature that has expired",
    "NO_PUBKEY": "is signed with a key that is not in the keyring {keyring}",
}
"""What is wrong with a signature, by the word of gpgv, the worst first."""

VERDICTS = ("GOODSIG", "BADSIG", "ERRSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG")
"""The words of gpgv that tell of a signature whether it is good. Lines with its notations may come after."""


machine = "the host"
"""What this machine is called in messages."""


@contextlib.contextmanager
def named_machine(name: str) -> t.Iterator[None]:
    """Call this machine by another name within, such as ``the control node``."""
    global machine
    before, machine = machine, name
    try:
        yield
    finally:
        machine = before


class Keyring(t.NamedTuple):
    """The keys that a file has to be signed with.

    :param path: the keyring on this machine
    :param strict: whether what is not signed is refused; else it is only told
    :param package: the package that brings it; None for one that the user names
    """

    path: str
    strict: bool
    package: str | None = None

    @property
    def missing(self) -> str | None:
        """Why nothing can be verified on this host; None where it can be."""
        if not os.path.isfile(self.path):
            brings = f" (package {self.package})" if self.package else ""
            return f"{machine} has no keyring {printable(self.path)}{brings}"
        if not is_there(PROGRAM) and not is_there(sqv.PROGRAM):
            return f"{machine} has neither {PROGRAM} nor {sqv.PROGRAM} (packages of these names)"
        return None


def is_there(program: str) -> bool:
    """Whether this machine has a program."""
    return shutil.which(program, path=sandbox.ENVIRONMENT["PATH"]) is not None


class SignedBy(t.NamedTuple):
    """Who has signed a file.

    :param signer: the fingerprint of the key; None where that was not verified
    :param unverified: why it was not; None where it was, or where nobody asked
    """

    signer: str | None = None
    unverified: str | None = None


def usable(keyring: Keyring | None, otherwise: str) -> tuple[Keyring | None, SignedBy]:
    """A keyring, if files can be verified by it, and else what is to be said.

    :param otherwise: what is said where there is no keyring

    Raises VirtfleetError where the user names it, and it cannot be used.
    """
    if keyring is None:
        return None, SignedBy(None, otherwise)
    missing = keyring.missing
    if missing is None:
        return keyring, SignedBy()
    if keyring.package is None:
        raise VirtfleetError(f"keyring: {missing}")
    return None, SignedBy(None, missing)


def signed_text(content: bytes, keyring: Keyring) -> tuple[bytes, str]:
    """The text that has a signature around it, and the fingerprint of the key. Raises Unfit where it is not good."""
    if not content.lstrip().startswith(CLEAR) or content.count(CLEAR) != 1:
        raise Unfit("is no text with one signature around it")
    if not is_there(PROGRAM):
        signed, plain, signature = sqv.parts(content)
        return plain, sqv.signer(keys_of(keyring), signed, signature, printable(keyring.path))
    statuses, text = verify(keyring, content, with_text=True)
    if any(words[0] == "ERROR" for words in statuses):
        raise Unfit("has more in it than the text that is signed")
    return text, signer_of(statuses, keyring)


def signer_of_file(content: bytes, signature: bytes, keyring: Keyring) -> str:
    """The fingerprint of the key that made the signature of a file. Raises Unfit where that is not good."""
    if not is_there(PROGRAM):
        return sqv.signer(keys_of(keyring), content, signature, printable(keyring.path))
    statuses, _text = verify(keyring, signature, content)
    if any(words[0] == "PLAINTEXT" for words in statuses):
        raise Unfit("has a signature beside it that is of something else")
    return signer_of(statuses, keyring)


def signer_of(statuses: t.Sequence[t.Sequence[str]], keyring: Keyring) -> str:
    """The fingerprint of the key that has made a good signature. Raises Unfit where there is none, or a bad one.

    :param statuses: the status lines of gpgv, in words
    """
    words = {line[0] for line in statuses}
    valid = [
        line
        for lines in by_signature(statuses)
        if [word for word, *_rest in lines if word in VERDICTS] == ["GOODSIG"]
        for line in lines
        if line[0] == "VALIDSIG" and len(line) > 10
    ]
    good = [line[10] for line in valid if line[8] not in WEAK]
    weak = {WEAK[line[8]] for line in valid if line[8] in WEAK}
    if good and "BADSIG" not in words:
        return good[0]
    for word, reason in REASONS.items():
        if word in words:
            raise Unfit(reason.format(keyring=printable(keyring.path)))
    if weak:
        raise Unfit(f"is signed with {', '.join(sorted(weak))}, which can be forged")
    raise Unfit("has no signature that can be read")


def by_signature(statuses: t.Sequence[t.Sequence[str]]) -> list[list[t.Sequence[str]]]:
    """The status lines of each signature: NEWSIG begins one, and each has one verdict, before or among the others."""
    found: list[list[t.Sequence[str]]] = [[]]
    for line in statuses:
        second = line[0] in VERDICTS and any(before[0] in VERDICTS for before in found[-1])
        if line[0] == "NEWSIG" or second:
            found.append([])
        found[-1].append(line)
    return found


def verify(
    keyring: Keyring, signed: bytes, content: bytes | None = None, with_text: bool = False
) -> tuple[list[list[str]], bytes]:
    """What gpgv says of a signature: its status lines in words, and the text that is signed.

    :param signed: the signature, or the text with the signature around it
    :param content: what the signature is of; None where that is in it
    """
    keys = keys_of(keyring)
    output = bytearray()
    with contextlib.ExitStack() as stack:
        names = [stack.enter_context(sandbox.in_memory(part)) for part in (keys, signed, b"", content or b"")]
        paths = [f"/proc/self/fd/{name}" for name in names]
        command = [PROGRAM, "--homedir", "/nonexistent", "--status-fd", "1", "--keyring", paths[0]]
        command += ["--output", paths[2], paths[1]] if with_text else [paths[1], paths[3]]
        try:
            sandbox.run(command, sandbox.Limits(SECONDS, max(len(signed), 4096)), names, take=output.extend)
        except sandbox.ToolFailed as error:
            if not output:
                raise Unfit(f"cannot be verified: {error}") from None
        lines = bytes(output).decode("utf-8", "replace").splitlines()
        statuses = [line.split(" ")[1:] for line in lines if re.match(r"\[GNUPG:\] [A-Z]", line)]
        return statuses, os.pread(names[2], len(signed), 0)


def keys_of(keyring: Keyring) -> bytes:
    """What is in a keyring. Raises VirtfleetError where that is none that gpgv reads."""
    try:
        with open(keyring.path, "rb") as file:
            keys = file.read(LARGEST_KEYRING + 1)
    except OSError as error:
        raise VirtfleetError(f"the keyring {printable(keyring.path)}: {error.strerror}") from None
    problem = None
    if keys.lstrip().startswith(ARMOR):
        problem = f"is written as text, which gpgv does not read: gpg --dearmor {label(keyring.path)} makes one of it"
    elif not keys or len(keys) > LARGEST_KEYRING:
        problem = "is empty" if not keys else f"has more than {LARGEST_KEYRING // 1024**2} MiB"
    if problem is not None:
        raise VirtfleetError(f"the keyring {printable(keyring.path)} {problem}")
    return keys
