# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures verified by sqv(1), which apt brings where it does not need gpgv any more (Debian 13).

It has no lines for programs: what counts is its exit status, and the fingerprints that it prints. It writes the text of
a signed text only into a new file. So the signature is taken out of the text here, and verified as if it stood beside
what it is of (RFC 9580, section 7): what is parsed is what sqv was given.
"""

from __future__ import annotations

import contextlib
import re

from . import sandbox
from .image_format import Unfit

PROGRAM = "sqv"

BEGIN, END = b"-----BEGIN PGP SIGNATURE-----", b"-----END PGP SIGNATURE-----"

SECONDS = 60
"""Seconds that it may take."""

BAD = "manipulated"
"""What it says of a signature that does not fit."""

REASONS = {
    BAD: "has a signature that does not fit: it was changed, or it is damaged",
    "revoked": "is signed with a key that was revoked",
    "expired": "is signed with a key that has expired",
    "not considered secure": "is signed in a way that can be forged",
    "Missing key": "is signed with a key that is not in the keyring {keyring}",
}
"""What is wrong with a signature, by what it says, the worst first."""

FINGERPRINT = re.compile("(?m)^[0-9A-F]{40,64}$")


def parts(content: bytes) -> tuple[bytes, bytes, bytes]:
    """A text with its signature around it: what is signed, the same as a text, and the signature. Raises Unfit.

    Spaces at the ends of lines are not signed, so they are left out.
    """
    lines = content.lstrip().replace(b"\r\n", b"\n").split(b"\n")
    try:
        begin, middle, end = lines.index(b"") + 1, lines.index(BEGIN), lines.index(END)
    except ValueError:
        raise Unfit("is no text with one signature around it") from None
    heads = lines[1 : begin - 1]
    body = [line.rstrip(b" \t\r") for line in lines[begin:middle]]
    odd = any(line.startswith(b"-") and not line.startswith(b"- ") for line in body)
    if not begin <= middle < end or odd or not all(re.fullmatch(rb"[A-Za-z]+: [ -~]*", head) for head in heads):
        raise Unfit("is no text with one signature around it")
    plain = [line.removeprefix(b"- ") for line in body]
    return b"\r\n".join(plain), b"\n".join(plain) + b"\n", b"\n".join(lines[middle : end + 1]) + b"\n"


def signer(keys: bytes, content: bytes, signature: bytes, keyring: str) -> str:
    """The fingerprint of the key that has signed something. Raises Unfit where the signature is not good.

    :param keys: the keys that may have
    :param keyring: where they are from, in words
    """
    output = bytearray()
    with contextlib.ExitStack() as stack:
        names = [stack.enter_context(sandbox.in_memory(part)) for part in (keys, signature, content)]
        ring, signature_path, data = (f"/proc/self/fd/{name}" for name in names)
        # What it says is asked for with what it has found: a bad signature is bad beside a good one, too.
        words = ["sh", "-c", 'exec "$0" "$@" 2>&1', PROGRAM]
        words += ["--keyring", ring, f"--signature-file={signature_path}", data]
        try:
            sandbox.run(words, sandbox.Limits(SECONDS, 4096), names, take=output.extend)
            good = True
        except sandbox.ToolFailed as error:
            if not output:
                raise Unfit(f"cannot be verified: {error}") from None
            good = False
    text = bytes(output).decode("utf-8", "replace")
    found = FINGERPRINT.search(text)
    if good and found is not None and BAD not in text:
        return found[0]
    for word, reason in REASONS.items():
        if word in text:
            raise Unfit(reason.format(keyring=keyring))
    raise Unfit("has no signature that can be read")
