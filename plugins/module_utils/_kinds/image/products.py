# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of a distribution by release: where a mirror has them, and by what they are checked.

Ubuntu has an index in the form of simplestreams, with digests. Debian has a folder for each serial, and ``latest``,
each with a SHA512SUMS.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import typing as t
import urllib.parse

from ..._errors import VirtfleetError
from ..._host.signatures import Keyring
from ..shared.storage_values import DEBIAN_NAMES

MIRRORS = {"debian": "https://cloud.debian.org/images/cloud", "ubuntu": "https://cloud-images.ubuntu.com"}
"""The servers of the distributions."""

VARIANTS = {"debian": ("genericcloud", "generic", "nocloud"), "ubuntu": ("server", "minimal")}
"""The variants of images, the usual one first."""

SERIAL = re.compile(r"[0-9]{8}(?:[.-][0-9]{1,6})?")
"""What a version is called: a date, and a number within it."""

ARCHES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv7l": "armhf",
    "ppc64le": "ppc64el",
    "riscv64": "riscv64",
    "s390x": "s390x",
}
"""How distributions call the architectures, by the name that libvirt has for them."""


@dataclasses.dataclass(frozen=True)
class Product:
    """An image of a distribution.

    :param system: ``debian`` or ``ubuntu``
    :param release: such as ``13`` or ``24.04``
    :param arch: as the distribution calls it; None for that of the host
    :param serial: the version; None for the newest
    :param keyring: the keyring on the host that the user names
    """

    system: str
    release: str
    variant: str
    mirror: str
    arch: str | None = None
    serial: str | None = None
    keyring: str | None = None


class Version(t.NamedTuple):
    """A version of an image.

    :param place: its URL or path
    :param checksum: what it must have, as ALGORITHM:DIGEST; None where nobody says
    :param serial: what its distribution calls it, if that is known
    :param locked: whether a lock file tells it
    :param signer: the fingerprint of the key that has signed what tells this; None where that was not verified
    :param unverified: why it was not; None where it was, or where there is nothing to verify
    """

    place: str
    checksum: str | None
    serial: str | None = None
    locked: bool = False
    signer: str | None = None
    unverified: str | None = None

    @property
    def content(self) -> str:
        """What tells it from other versions: its checksum, or where it comes from."""
        if self.checksum is not None:
            return self.checksum
        return f"place:{hashlib.sha256(self.place.encode('utf-8', 'surrogateescape')).hexdigest()}"

    @property
    def origin(self) -> str:
        """What messages say after the place that it comes from: that it is locked, or who has signed it."""
        if self.locked:
            return ", as it is locked"
        if self.signer is not None:
            return f", signed with {self.signer[-16:]}"
        return "" if self.unverified is None else ", with no signature verified"


UBUNTU_KEYRING = "/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg"
"""The keys that Ubuntu signs its images with, on Ubuntu and Debian."""

UBUNTU_PACKAGE = "ubuntu-cloudimage-keyring"
"""The package that brings them."""

NOT_SIGNED = "Debian signs no list of the checksums of these images"


def keyring_of(named: str | None, place: str) -> Keyring | None:
    """The keys that what tells of an image has to be signed with; None where nobody knows any.

    :param named: the keyring that the user names
    :param place: the mirror or list; of Ubuntu's own server, all has to be signed
    """
    if named is not None:
        return Keyring(named, True)
    official = server_of(MIRRORS["ubuntu"])
    return Keyring(UBUNTU_KEYRING, True, UBUNTU_PACKAGE) if server_of(place) == official else None


def server_of(url: str) -> str:
    """The name of the server in an URL, in the one form that all ways to write it have in common; else empty.

    >>> server_of("http://user:pw@H%6Fst.Example.com.:8080/x")
    'host.example.com'
    """
    try:
        written = urllib.parse.unquote(urllib.parse.urlsplit(url).hostname or "")
        name = written.encode("idna").decode("ascii")
    except ValueError:
        return ""
    return name.lower().rstrip(".")


def arch_of(product: Product, host: str) -> str:
    """The architecture of an image. Raises VirtfleetError where the host has one that no distribution's is known for.

    :param host: the architecture of the host, as libvirt calls it
    """
    found = product.arch or ARCHES.get(host)
    if found is None:
        raise VirtfleetError(f"the architecture of this host, {host}, has no known name there: write arch in the image")
    return found


def newest(product: Product, host: str, seconds: float | None = None) -> Version:
    """The version of an image that its distribution has now, or the one that is asked for.

    :param host: the architecture of the host, as libvirt calls it
    :param seconds: that the image may take to come, where the user says so

    Raises VirtfleetError where it cannot be found.
    """
    arch = arch_of(product, host)
    if product.system == "ubuntu":
        return of_ubuntu(product, arch, seconds)
    return of_debian(product, arch, seconds)


def newest_lasting(product: Product, host: str, seconds: float | None = None) -> Version:
    """The same as ``newest``, with an URL that has these very bytes as long as the server keeps them.

    Debian's ``latest`` is another image tomorrow, so it is asked which serial it is now.
    """
    if product.system == "debian" and product.serial is None:
        from ..._host import debian_builds

        arch = arch_of(product, host)
        folder = f"{product.mirror}/{DEBIAN_NAMES[int(product.release)]}/latest"
        url = f"{folder}/debian-{product.release}-{product.variant}-{arch}.json"
        product = dataclasses.replace(product, serial=debian_builds.serial_of(url, product.variant, arch, seconds))
    return newest(product, host, seconds)


def of_ubuntu(product: Product, arch: str, seconds: float | None) -> Version:
    """An image of Ubuntu by the index of a mirror."""
    from ..._host import simplestreams

    minimal = product.variant == "minimal"
    root = f"{product.mirror}/{'minimal/' if minimal else ''}releases"
    name = f"com.ubuntu.cloud{'.minimal' if minimal else ''}:server:{product.release}:{arch}"
    keyring = keyring_of(product.keyring, product.mirror) or Keyring(UBUNTU_KEYRING, False, UBUNTU_PACKAGE)
    found = simplestreams.find(root, name, "disk1.img", product.serial, seconds, keyring)
    return Version(found.url, found.checksum, found.serial, False, *found.verdict)


def of_debian(product: Product, arch: str, seconds: float | None) -> Version:
    """An image of Debian by the list of checksums beside it."""
    from ..._host import checksum_list

    serial = product.serial
    folder = f"{product.mirror}/{DEBIAN_NAMES[int(product.release)]}/{serial or 'latest'}"
    end = "" if serial is None else f"-{serial}"
    place = f"{folder}/debian-{product.release}-{product.variant}-{arch}{end}.qcow2"
    keyring = keyring_of(product.keyring, "")
    checksum, verdict = checksum_list.verified(place, f"{folder}/SHA512SUMS", seconds, keyring, NOT_SIGNED)
    return Version(place, checksum, serial, False, *verdict)
