# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converters of values that only storage has: sizes of disks, modes, owners, images."""

from __future__ import annotations

import re
import typing as t
import urllib.parse

from ..._engine.converters import Converter, Name, Size, digits
from ..._printing import UNSURE, printable, unshown


class Capacity(Size):
    """The size of a disk. Zero is allowed, some pools report it; a few bytes are a forgotten unit.

    libvirt keeps bytes where a disk is a raw file, and formats round up, to KiB at most: one that exists equals
    a size that comes to the same when it is rounded up.
    """

    least = 4096
    most = 2**63 - 1
    step = 1024

    def parse(self, value: object) -> int:
        amount = super().parse(value)
        if digits(value).isdigit() and amount > 0 and int(digits(value)) < self.least:
            raise ValueError(f"{printable(value)} is a size in bytes; write a unit, like 512MiB or 20GiB")
        if amount > self.most:
            raise ValueError(f"{printable(value)} is more than a disk can have: {self.most} bytes, nearly 8192PiB")
        return amount

    def same(self, have: int | None, want: int, host: object) -> bool:
        return have is not None and -(-have // self.step) == -(-want // self.step)


class Mode(Converter):
    """The permissions of a file in octal digits, as libvirt writes them: four of them.

    libvirt takes nothing beyond 0777 (virStorageDefParsePerms in src/conf/storage_conf.c).
    """

    def from_text(self, text: str) -> str:
        return f"{int(text, 8):04o}"

    def parse(self, value: object) -> str:
        # YAML reads a bare 0755 as the number 493, and a bare 755 as itself: only text is clear.
        if not isinstance(value, str) or not re.fullmatch(r"0?[0-7]{3}", value.strip()):
            raise ValueError(f"{printable(value)} is not a mode up to '0777'; write it in quotes, like '0711'")
        return self.from_text(value.strip())


class OwnerId(Converter):
    """A numeric user or group id; -1 is libvirt's own choice.

    The highest number of 32 bits is none: the kernel and libvirt take it for -1 (chown(2)).
    """

    kind = "int"
    most = 0xFFFFFFFE

    def from_text(self, text: str) -> int:
        number = int(text)
        return -1 if number == 0xFFFFFFFF else number

    def parse(self, value: object) -> int:
        if not re.fullmatch(r"-1|[0-9]{1,10}", digits(value)):
            raise ValueError(f"{printable(value)} is not a numeric id; ask the host with 'id -u NAME' or 'id -g NAME'")
        number = int(digits(value))
        if number > self.most:
            raise ValueError(
                f"{printable(value)} is not an id; they go from 0 to {self.most}, and -1 leaves it to libvirt"
            )
        return number

    def same(self, have: object, want: object, host: object) -> bool:
        # Whatever libvirt has chosen is what was asked for.
        return have == want or (want == -1 and have is not None)


class VolumeName(Converter):
    """A volume by its name in the same pool, or as POOL/VOLUME."""

    def parse(self, value: object) -> str:
        if isinstance(value, dict):
            raise ValueError("takes the name of the volume itself, or POOL/VOLUME, and no options")
        text = str(super().parse(value))
        parts = text.split("/")
        if len(parts) > 2:
            raise ValueError(f"{printable(text)} is not the name of a volume, nor POOL/VOLUME")
        for part in parts:
            Name().parse(part)
        return text


class ImageValue(Converter):
    """What fills a disk: an URL, a file of the host, or a volume.

    What cannot be fetched is refused here, by the rules of the download (see _host.download.request), so that check
    mode refuses what the run would. Of a refused value that may hold a secret nothing is shown.
    """

    schemes = ("http", "https", "file")
    query = re.compile(r"[?#]|%3f|[;&][^;&=]*=", re.IGNORECASE)
    login = re.compile(r"[^/]*:[^/]*@|//")

    def parse(self, value: object) -> str:
        if isinstance(value, str) and UNSURE.search(value):
            with unshown():
                return self.checked(value)
        return self.checked(value)

    def checked(self, value: object) -> str:
        """The value. Raises ValueError with the rule that it breaks."""
        text = str(super().parse(value))
        scheme, colon, _rest = text.partition("://")
        if colon and scheme not in self.schemes:
            raise ValueError(f"{printable(text)} is not an URL that starts with {', '.join(self.schemes)}")
        if colon:
            self.check_url(scheme, text)
        elif self.query.search(text) or self.login.match(text) or re.search(r"[\x00-\x1f\x7f-\x9f]", text):
            raise ValueError(
                f"{printable(text)} is neither an URL that starts with {', '.join(self.schemes)} and ://, nor the"
                " path of a file on the host, nor the name of a volume: these begin without //, and have no control"
                " character, query, fragment, or user and password"
            )
        elif not text.startswith("/"):
            VolumeName().parse(text)
        return text

    def check_url(self, scheme: str, text: str) -> None:
        """Raise ValueError for an URL that cannot be fetched."""
        if not re.fullmatch(r"[!-~]+", text) and scheme != "file":
            raise ValueError(
                f"{printable(text)} has a space, a control character or a letter beyond ASCII, which an URL cannot;"
                " write that percent-encoded"
            )
        try:
            parts = urllib.parse.urlsplit(text)
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise ValueError(f"{printable(text)} has a host or port that is impossible") from None
        if scheme == "file" and (not text.startswith("file:///") or re.search(r"[\x00-\x1f\x7f-\x9f]", text)):
            raise ValueError(f"{printable(text)} is not the URL of a file on the host, such as file:///srv/x.qcow2")
        if scheme != "file" and not host:
            raise ValueError(f"{printable(text)} has no host")


class Checksum(Converter):
    """A checksum with its algorithm, such as ``sha256:9f86d0...``, or the URL of a list that has it."""

    lengths: t.ClassVar[dict[str, int]] = {"sha256": 64, "sha384": 96, "sha512": 128}

    def parse(self, value: object) -> str:
        text = str(super().parse(value)).strip()
        scheme = text.partition("://")[0].lower()
        if scheme in ("http", "https") and "://" in text:
            return IMAGE.parse(f"{scheme}{text[len(scheme) :]}")
        text = text.lower()
        algorithm, _colon, digest = text.partition(":")
        if not re.fullmatch(r"[0-9a-f]+", digest) or self.lengths.get(algorithm) != len(digest):
            known = " or ".join(f"{name}: and {length} hex digits" for name, length in self.lengths.items())
            raise ValueError(
                f"{printable(value, bool(UNSURE.search(text)))} is not a checksum; write {known}, or the http:// or"
                " https:// URL of a list of checksums, such as SHA256SUMS"
            )
        return text


DEBIAN_NAMES = {11: "bullseye", 12: "bookworm", 13: "trixie", 14: "forky"}
"""The releases of Debian, by which its folders are called."""

UBUNTU_NAMES = {
    "bionic": "18.04",
    "focal": "20.04",
    "jammy": "22.04",
    "noble": "24.04",
    "oracular": "24.10",
    "plucky": "25.04",
    "questing": "25.10",
    "resolute": "26.04",
}
"""The releases of Ubuntu by the first words of their names."""


class DebianRelease(Converter):
    """A release of Debian, by its number or its name."""

    def parse(self, value: object) -> int:
        text = digits(value).strip().lower()
        by_name = {name: number for number, name in DEBIAN_NAMES.items()}
        if text in by_name:
            return by_name[text]
        if not re.fullmatch("[0-9]{1,4}", text):
            known = ", ".join(f"{number} ({name})" for number, name in DEBIAN_NAMES.items())
            raise ValueError(f"{printable(value)} is not a release of Debian; write its number or its name: {known}")
        return int(text)


class UbuntuRelease(Converter):
    """A release of Ubuntu, such as ``24.04``, or by the first word of its name.

    YAML makes a number of a release that has lost a zero, as of 24.10.
    """

    rule: t.ClassVar[str] = r"[0-9]{2}\.(?:04|10)"

    def parse(self, value: object) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            raise ValueError(f"{printable(value)} is a number to YAML: write the release in quotes, such as '24.04'")
        text = str(super().parse(value)).strip()
        name = text.lower()
        if name in UBUNTU_NAMES:
            return UBUNTU_NAMES[name]
        if not re.fullmatch(self.rule, text):
            raise ValueError(
                f"{printable(text)} is not a release of Ubuntu; write it like '24.04', or by its name:"
                f" {', '.join(UBUNTU_NAMES)}"
            )
        return text


CAPACITY = Capacity(minimum=0)
ALLOCATION = Size(minimum=0)
CLUSTER = Size(minimum=512)
MODE = Mode()
OWNER = OwnerId()
PLACE = VolumeName()
IMAGE = ImageValue()
CHECKSUM = Checksum()
UBUNTU = UbuntuRelease()
DEBIAN = DebianRelease()
