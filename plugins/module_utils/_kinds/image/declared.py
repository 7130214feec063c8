# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The images that are declared, and the disks and volumes that name one."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import typing as t
import urllib.parse

from ..._engine.close_names import near
from ..._engine.rows.model import Item
from ..._errors import VirtfleetError
from ..._flow.images_by_control import FromControl
from ..._flow.options import Options
from ..._printing import masked_url, printable
from . import products
from .lock import Declaration, Locked, Locks, chosen, parsed
from .products import MIRRORS, VARIANTS, Product, Version, arch_of, keyring_of
from .table import IMAGES

MARK = "from_image"
"""In a disk or volume, in place of what a user writes as ``image``: the image that is declared."""

ROUNDS = 200_000
"""How often a digest is made of what is not shown of an URL."""

HOLDS = ("image", "clone_from", "backing")
"""What a volume can be filled from; with an image that is declared, it is one of the latter two."""


@dataclasses.dataclass(frozen=True)
class DeclaredImage:
    """An image that is declared.

    :param place: the URL or path that it comes from; empty for a product
    :param checksum: what it must have, as ALGORITHM:DIGEST, or the URL of a list that tells
    :param form: the format that the host keeps it in
    :param pool: the pool that the host keeps it in
    :param mode: ``copy`` or ``overlay``, what a new disk is
    :param seconds: that it may take to come, where the user says so
    :param locked: what the lock file has of it
    :param keyring: the keyring that the user names
    :param via: who asks servers, ``host`` or ``control``
    :param brought: what the control node has found out of images that it asks for
    """

    name: str
    place: str
    checksum: str | None = None
    form: str = "qcow2"
    pool: str = "default"
    mode: str = "copy"
    seconds: int | None = None
    product: Product | None = None
    locked: tuple[Locked, ...] = ()
    keyring: str | None = None
    via: str = "host"
    brought: FromControl = dataclasses.field(default_factory=FromControl, compare=False)

    @classmethod
    def of(
        cls, item: Item, locks: Locks | None = None, via: str = "host", brought: FromControl | None = None
    ) -> DeclaredImage:
        """An image by its options in normal form.

        :param locks: what the lock file has
        :param via: who fetches it where it does not say so
        :param brought: what the control node has brought
        """
        return cls(
            item["name"],
            item.get("url") or item.get("path") or "",
            item.get("checksum"),
            item.get("format") or "qcow2",
            item.get("pool") or "default",
            item.get("mode") or "copy",
            item.get("image_timeout"),
            product_of(item),
            (locks or {}).get(item["name"], ()),
            item.get("keyring"),
            item.get("via") or via,
            brought or FromControl(),
        )

    @property
    def overlaid(self) -> bool:
        """Whether new disks are laid over it."""
        return self.mode == "overlay"

    @property
    def is_sent(self) -> bool:
        """Whether the control node fetches it and sends it to the host."""
        return self.via == "control" and not self.place.startswith("/")

    @property
    def asks(self) -> bool:
        """Whether a server has to be asked which version it is."""
        return self.product is not None or "://" in (self.checksum or "")

    @property
    def declaration(self) -> Declaration:
        """What tells which image it is, if a server decides what that means; else nothing, as it needs no lock."""
        if self.product is not None:
            system, release, variant, mirror, arch, serial, _keyring = dataclasses.astuple(self.product)
            options = {
                system: release,
                "variant": variant,
                "arch": arch,
                "mirror": masked_url(mirror),
                "serial": serial,
            }
            options["query"] = fingerprint(veiled(mirror))
        elif self.checksum is None or "://" not in self.checksum:
            return ()
        else:
            kind = "url" if "://" in self.place else "path"
            options = {kind: masked_url(self.place), "checksum": masked_url(self.checksum)}
            options["query"] = fingerprint(veiled(self.place), veiled(self.checksum))
        return tuple((name, str(value)) for name, value in options.items() if value is not None)

    def version_now(self, host: str, lasting: bool = False) -> Version:
        """The version that there is now. Raises VirtfleetError where that cannot be found out.

        :param host: the architecture of the host, as libvirt calls it
        :param lasting: whether its URL has to stay the same image
        """
        if self.via == "control" and self.asks:
            return Version(**self.brought.version(self.name, host, lasting))
        return self.looked_up(host, lasting)

    def looked_up(self, host: str, lasting: bool = False) -> Version:
        """The same, where this machine asks the server."""
        if self.product is None:
            return self.version_of_list()
        find = products.newest_lasting if lasting else products.newest
        return find(self.product, host, self.seconds)

    def version_of_list(self) -> Version:
        """The version that its list of checksums has, if it has one. Raises VirtfleetError where that does not tell."""
        from ..._host import checksum_list

        keyring = keyring_of(self.keyring, self.checksum or "")
        checksum, verdict = checksum_list.verified(self.place, self.checksum, self.seconds, keyring)
        return Version(self.place, checksum, None, False, *verdict)

    def locked_version(self, host: str) -> Version | None:
        """The version that new disks get by the lock file; None where that does not have the image.

        :param host: the architecture of the host, as libvirt calls it

        Raises VirtfleetError where the file has it for other hosts, as another image, or unsigned.
        """
        if not self.locked:
            return None
        arch = None if self.product is None else arch_of(self.product, host)
        mirror = None if self.product is None else self.product.mirror
        return chosen(self.name, self.declaration, self.locked, arch, self.place, mirror, self.keyring is not None)


def veiled(url: str) -> str:
    """An URL without user and fragment, if something else of it is not shown, which tells the server what is meant."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return ""
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    return "" if masked_url(bare) == bare else bare


@functools.lru_cache(maxsize=256)
def fingerprint(*hidden: str) -> str | None:
    """A text by which what is not shown can be compared; None where there is nothing.

    It is slow to make, so that nobody finds out a short secret by trying.
    """
    if not any(hidden):
        return None
    return hashlib.pbkdf2_hmac("sha256", json.dumps(hidden).encode(), b"virtfleet.kvm.images_lock", ROUNDS).hex()[:16]


def product_of(item: Item) -> Product | None:
    """The product of a distribution that an image is; None for one with a place of its own."""
    system = next((name for name in VARIANTS if item.get(name) is not None), None)
    if system is None:
        return None
    mirror = (item.get("mirror") or MIRRORS[system]).rstrip("/")
    variant = item.get("variant") or VARIANTS[system][0]
    return Product(
        system, str(item[system]), variant, mirror, item.get("arch"), item.get("serial"), item.get("keyring")
    )


def declared_images(options: Options) -> dict[str, DeclaredImage]:
    """The images that the options of a module declare. Raises VirtfleetError with all that is wrong with them."""
    return declared(options.images, options.images_lock, options.images_via, options.brought)


def declared(
    raw: object, locked: object = None, via: str = "host", brought: FromControl | None = None
) -> dict[str, DeclaredImage]:
    """The declared images by name. Raises VirtfleetError with all that is wrong with them.

    :param raw: the parameter ``images`` of a module, as the user wrote it
    :param locked: the parameter ``images_lock`` of a module
    :param via: the parameter ``images_via`` of a module
    :param brought: what the control node has brought
    """
    items = IMAGES.parse(raw or [], where="images")
    try:
        locks = parsed(locked)
    except VirtfleetError as error:
        raise VirtfleetError(f"images_lock (kvm_images_lock of the role): {error}") from None
    return {item["name"]: DeclaredImage.of(item, locks, via, brought) for item in items}


def is_name(image: object) -> bool:
    """Whether what a disk or volume has as ``image`` may be the name of a declared one: no URL, path or POOL/VOLUME."""
    return isinstance(image, str) and bool(image) and "/" not in image


def marked(item: Item, images: t.Mapping[str, DeclaredImage]) -> Item:
    """A disk or volume, with the declared image that it names, if it names one."""
    image = item.get("image")
    found = images.get(image) if is_name(image) and image is not None else None
    return item if found is None else {**item, MARK: found}


def marked_disks(wants: t.Sequence[Item], images: t.Mapping[str, DeclaredImage]) -> list[Item]:
    """Guests, with the declared images that their disks name."""
    if not images:
        return list(wants)
    return [
        {**want, "disks": [marked(disk, images) for disk in want["disks"]]}
        if want["state"] != "absent" and want.get("disks")
        else want
        for want in wants
    ]


def filled_from(volume: Item, base: str) -> Item:
    """A new volume with the base image that it is a copy of, or laid over, in place of the declared image.

    :param volume: has MARK
    :param base: the volume that is the base image, as POOL/VOLUME
    """
    rest = {name: value for name, value in volume.items() if name not in (MARK, "image", "verbatim")}
    return {**rest, "backing": {"volume": base}} if volume[MARK].overlaid else {**rest, "clone_from": base}


def refuse_undeclared(image: str, images: t.Collection[str]) -> None:
    """Raise VirtfleetError for a volume of an image that is not declared.

    :param images: the names of those that are
    """
    if image in images:
        return
    like = near(image, list(images))
    hint = f"did you mean {printable(like[0])}?" if like else "a volume is named in clone_from"
    raise VirtfleetError(
        f"{printable(image)} is not among the images (kvm_images of the role), and no URL or path from the root; {hint}"
    )
