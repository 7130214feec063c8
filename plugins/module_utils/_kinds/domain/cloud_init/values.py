# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that only cloud-init has: host names, hashes of passwords, and data of its own."""

from __future__ import annotations

import math
import re
import typing as t

from ...._engine.converters import PATH, Choice, Converter
from ...._printing import printable

LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
LONGEST = 64
"""Characters that the name of a host may have in Linux (gethostname(2))."""

KEY = 1000
"""Characters that the name of an entry may have: YAML takes no more than 1024 (section 7.4.2)."""

HASHING = "make one with 'openssl passwd -6', which asks for the password"


class HostName(Converter):
    """A name of a host, with or without its domain (RFC 1123, section 2.1)."""

    def parse(self, value: object) -> str:
        text = str(super().parse(value))
        if not re.fullmatch(rf"{LABEL}(?:\.{LABEL})*", text) or len(text) > LONGEST:
            raise ValueError(
                f"{printable(value)} is not the name of a host: at most {LONGEST} letters, digits, '-' and '.',"
                " and no '-' at the ends"
            )
        return text


class CryptHash(Converter):
    """The hash of a password, as crypt(5) has it.

    :param kinds: the hashes that are taken, by what they begin with
    :param locked: whether an account that no password opens may be told, as passwd(5) does it
    """

    def __init__(self, kinds: t.Sequence[str], locked: bool = False) -> None:
        self.kinds, self.locked = tuple(kinds), locked

    def parse(self, value: object) -> str:
        text = str(super().parse(value))
        known = "|".join(map(re.escape, self.kinds))
        if self.locked and text in ("*", "!", "!!"):
            return text
        if not re.fullmatch(rf"\$(?:{known})\$[!-9;-~]+", text) or text.count("$") < 3:
            begins = ", ".join(f"${kind}$" for kind in self.kinds)
            raise ValueError(f"is not a password hash, which begins with one of {begins}; {HASHING}")
        return text


class Clean(Converter):
    """Text on one line."""

    def parse(self, value: object) -> str:
        text = str(super().parse(value)).strip()
        if not text or re.search(r"[\x00-\x1f\x7f-\x9f]", text):
            raise ValueError(f"{printable(value)} is not a text on one line")
        return text


AUTHORIZED = r"(?:.*[ \t])?[a-z][A-Za-z0-9@.-]*[ \t]+AAAA[A-Za-z0-9+/]*={0,3}(?:[ \t].*)?"
"""A line of authorized_keys (sshd(8)): options, the kind of the key, the key in base64, a comment."""


class PublicKey(Clean):
    """A public SSH key, as a line of authorized_keys. It is not shown: somebody may have taken the private one."""

    def parse(self, value: object) -> str:
        if isinstance(value, str) and "PRIVATE KEY" in value:
            raise ValueError("is a private key; write the public one, from the file whose name ends with .pub")
        text = super().parse(value)
        if re.fullmatch(AUTHORIZED, text):
            return text
        if re.fullmatch(r"[~/.][^ ]*|[^ ]*\.pub", text):
            raise ValueError(f"""is a file, not a key; write "{{{{ lookup('file', '{WHERE}') }}}}" to read one""")
        raise ValueError(
            "is not a public SSH key; write the whole line, like 'ssh-ed25519 AAAAC3Nz... kim@example.com'"
        )


WHERE = "~/.ssh/id_ed25519.pub"
"""Where a public key may be."""


class Permissions(Converter):
    """The permissions of a file in octal digits, those for special bits among them."""

    def parse(self, value: object) -> str:
        # YAML reads a bare 0644 as the number 420.
        if not isinstance(value, str) or not re.fullmatch(r"0?[0-7]{3,4}", value.strip()):
            raise ValueError(f"{printable(value)} is not a mode; write it in quotes, like '0644'")
        return value.strip()


WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/][^\x00-\x1f\x7f]*")
"""A path from the root of a drive."""


class FileContent(Converter):
    """The content of a file: an empty one is a content, too, and the ends of lines are those of Windows or others."""

    whole = True


class GuestPath(Converter):
    """The path of a file in a guest, from the root, or from that of a drive."""

    def parse(self, value: object) -> str:
        text = value if isinstance(value, str) else ""
        return str(text) if WINDOWS_PATH.fullmatch(text) else str(PATH.parse(value))


class Data(Converter):
    """Data as cloud-init takes it: what JSON can hold.

    :param kinds: what it may be as a whole: ``dict``, ``list``, ``str``
    """

    kind = "raw"
    names: t.ClassVar[dict[str, str]] = {"dict": "a dictionary", "list": "a list", "str": "a text", "bool": "false"}

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def parse(self, value: object) -> object:
        kind = "list" if isinstance(value, tuple) else type(value).__name__
        kind = next((one.__name__ for one in (str, dict, list) if isinstance(value, one)), kind)
        if kind not in self.kinds:
            kinds = " or ".join(self.names[one] for one in self.kinds)
            raise ValueError(f"{printable(value, hidden=True)} is not {kinds}")
        if isinstance(value, str):
            return self.text(value)
        return self.checked(value)

    def text(self, value: str) -> str:
        """A text as a whole."""
        return str(self.checked(value))

    def checked(self, value: object) -> object:
        """Data with plain types all through. Raises ValueError for what no JSON holds."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            if re.search("[\ud800-\udfff\x00]", value):
                raise ValueError("has a character in it that no text can hold")
            return str(value)
        if isinstance(value, int):
            if value.bit_length() > 64:
                raise ValueError("has a number in it that is too large; write it in quotes")
            return int(value)
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError("has a number in it that is none; write it in quotes")
            return float(value)
        if isinstance(value, (list, tuple)):
            return [self.checked(one) for one in value]
        if isinstance(value, dict):
            return {self.key(name): self.checked(inner) for name, inner in value.items()}
        raise ValueError("has a date in it, or another value that is no text and no number; write it in quotes")

    def key(self, name: object) -> str:
        """The name of an entry."""
        if not isinstance(name, str) or len(name) > KEY:
            raise ValueError(f"has an entry in it whose name is no text of at most {KEY} characters")
        return str(self.checked(name))


AS_DICTIONARY = "YAML reads the ': ' in it as a dictionary: put the command into quotes"


class Commands(Data):
    """Commands: each a line for the shell, or a list of words."""

    def __init__(self) -> None:
        super().__init__("list")

    def parse(self, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("a string is not a list; write '- ' before each of its commands")
        for index, command in enumerate(t.cast("list[object]", super().parse(value))):
            if isinstance(command, dict):
                raise ValueError(f"its item [{index}] is no command: {AS_DICTIONARY}")
            words = command if isinstance(command, list) else [command]
            if not words or any(isinstance(word, (dict, list, bool)) or word is None for word in words):
                raise ValueError("has a command in it that is neither a text nor a list of texts")
        return super().parse(value)


HEADS = (
    "#cloud-config",
    "#!",
    "#include",
    "#cloud-boothook",
    "#part-handler",
    "## template:",
    "content-type: multipart/",
    "mime-version:",
)
"""What user data begins with that cloud-init knows, in lower case (its page on formats of user data)."""


def is_known(text: str) -> bool:
    """Whether cloud-init knows a text by its beginning. It leaves out blank lines, but not before a message."""
    return text.lower().startswith(HEADS) or text.lstrip().lower().startswith(HEADS[:-2])


WINDOWS_HEADS = (
    r"#(?:ps1|ps1_sysnative|ps1_x86)\s|rem\s+cmd\s|<(?:script|powershell)>|#cloud-config\s|#!|## template:jinja\s"
    r"|-----BEGIN CERTIFICATE-----|Content-Type: multipart|MIME-Version:"
)
"""What user data begins with that cloudbase-init knows (its plugins/common/userdatautils.py and userdata.py)."""


class UserData(Data):
    """User data: entries of a cloud-config, or a text that cloud-init knows by its first line."""

    def __init__(self) -> None:
        super().__init__("dict", "str")

    def text(self, value: str) -> str:
        text = super().text(value)
        if not is_known(text) and not re.match(WINDOWS_HEADS, text):
            raise ValueError(
                "is a text that cloud-init would not know: it begins with a line such as '#cloud-config' or '#!/bin/sh'"
            )
        return text


class NetworkData(Data):
    """The network of a guest: a word, or network-config of version 2."""

    words = ("auto", "none")

    def __init__(self) -> None:
        super().__init__("dict", "str")

    def text(self, value: str) -> str:
        return str(Choice(*self.words).parse(value))

    def parse(self, value: object) -> object:
        parsed = super().parse(value)
        if isinstance(parsed, dict):
            inner = parsed.get("network") if parsed.keys() == {"network"} else parsed
            if not isinstance(inner, dict) or inner.get("version") != 2:
                raise ValueError("is not network-config of version 2; write 'version: 2' and 'ethernets' in it")
            return inner
        return parsed


class Sudo(Data):
    """A rule of sudo, or false for none."""

    def __init__(self) -> None:
        super().__init__("str", "bool")

    def parse(self, value: object) -> object:
        if value is True:
            raise ValueError("true is no rule of sudo; write one, such as 'ALL=(ALL) NOPASSWD:ALL', or false")
        return super().parse(value)


HOST_NAME = HostName()
CLEAN = Clean()
PUBLIC_KEY = PublicKey()
PERMISSIONS = Permissions()
COMMANDS = Commands()
USER_DATA = UserData()
META_DATA = Data("dict")
GUEST_PATH = GuestPath()
CONTENT = FileContent()
NETWORK_DATA = NetworkData()
SUDO = Sudo()
KNOWN_HASH = CryptHash(("2a", "2y", "5", "6"))
"""Hashes that every cloud-init knows as such; any other it would take for the password itself."""
ANY_HASH = CryptHash(("2a", "2b", "2y", "5", "6", "7", "y", "gy"), locked=True)
