# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find an image in the index of a mirror that is made as simplestreams: the image's URL, its digest and its serial.

An index (``streams/v1/index.json``) names files of products, and a product has versions, each with files (items) whose
paths are from the mirror's root. The form is that of the project simplestreams (index:1.0, products:1.0). What a server
sends may be anything, so nothing of it is taken as it comes. Each of these files is there a second time with a
signature around it (``.sjson``), or has one beside it (``.json.gpg``).
"""

from __future__ import annotations

import contextlib
import json
import re
import typing as t
import urllib.parse

from .._errors import VirtfleetError
from .._printing import masked_url, printable
from . import meter, signatures
from .download import download
from .image_format import Unfit
from .signatures import Keyring, SignedBy

INDEX = "streams/v1/index.json"
LARGEST = 32 * 1024**2
"""Bytes that an index, or a file of products, may have."""
SECONDS = 180.0
"""Seconds that each of the two may take to come."""

DATATYPE = "image-downloads"
PATH = re.compile(r"[A-Za-z0-9_~+:@=-][A-Za-z0-9._~+:@=-]*(?:/[A-Za-z0-9_~+:@=-][A-Za-z0-9._~+:@=-]*)*")
"""A path below the root of a mirror, without steps upwards, that needs no encoding."""
SERIAL = re.compile(r"[0-9]{8}(?:[.-][0-9]{1,6})?")
DIGEST = re.compile(r"[0-9a-fA-F]{64}")
MANY = 5
"""How many serials are named in a message."""


class ProductFile(t.NamedTuple):
    """A file of a product.

    :param url: where it is
    :param checksum: its digest, as ALGORITHM:DIGEST
    :param serial: the version of the product
    :param verdict: who has signed what tells this
    """

    url: str
    checksum: str
    serial: str
    verdict: SignedBy = SignedBy()


class MirrorFiles:
    """The files of a mirror, each verified where there is a keyring.

    :param keyring: None where nothing is verified
    :param verdict: what is said then
    :ivar url: that of the file which is looked at
    """

    def __init__(self, seconds: float | None, keyring: Keyring | None, verdict: SignedBy) -> None:
        self.seconds, self.keyring, self.verdict = seconds, keyring, verdict
        self.url = ""

    def read(self, url: str) -> dict[str, object]:
        """What a file holds. Raises Unfit where it cannot be had, or is not signed as it should be."""
        self.url = url
        if self.keyring is None:
            return parsed(came(url, self.seconds))
        stem = url.removesuffix(".sjson").removesuffix(".json")
        content = self.there(f"{stem}.sjson")
        if content is not None:
            self.url = f"{stem}.sjson"
            text, signer = signatures.signed_text(content, self.keyring)
            self.verdict = SignedBy(signer)
            return parsed(text)
        self.url = f"{stem}.json"
        content = came(self.url, self.seconds)
        signature = self.there(f"{self.url}.gpg", signatures.LARGEST)
        if signature is not None:
            self.verdict = SignedBy(signatures.signer_of_file(content, signature, self.keyring))
        elif self.keyring.strict or self.verdict.signer is not None:
            raise Unfit("is not signed: neither its .sjson nor its .json.gpg can be fetched")
        else:
            self.keyring, self.verdict = None, SignedBy(None, "the mirror has no signature")
        return parsed(content)

    def there(self, url: str, largest: int | None = None) -> bytes | None:
        """A file; None where it cannot be fetched."""
        with contextlib.suppress(Unfit):
            return came(url, self.seconds, largest)
        return None


def find(
    root: str,
    product: str,
    item: str,
    serial: str | None = None,
    seconds: float | None = None,
    keyring: Keyring | None = None,
) -> ProductFile:
    """A file of a product: that of the newest version which has it, or of the one that is asked for.

    :param root: the URL of the mirror
    :param product: the name of the product, such as ``com.ubuntu.cloud:server:24.04:amd64``
    :param item: the name of the file in a version, such as ``disk1.img``
    :param serial: the version; None for the newest
    :param seconds: that each file may take to come, where the user says so
    :param keyring: the keys that the files have to be signed with; None where nobody knows any

    Raises VirtfleetError where it cannot be found, with the URL of what does not have it.
    """
    root = root.rstrip("/") + "/"
    documents = MirrorFiles(seconds, *signatures.usable(keyring, "no keyring is known for it"))
    try:
        path = path_of_products(documents.read(root + INDEX), product)
        found = found_in(root, documents.read(root + path), product, item, serial)
    except Unfit as error:
        raise VirtfleetError(f"the index {masked_url(documents.url)} {error}") from None
    return found._replace(verdict=documents.verdict)


def fetched(url: str, seconds: float | None) -> dict[str, object]:
    """What a JSON file at an URL holds. Raises Unfit where it cannot be had, or is no dictionary."""
    return parsed(came(url, seconds))


def came(url: str, seconds: float | None, largest: int | None = None) -> bytes:
    """A file at an URL. Raises Unfit where it cannot be had.

    :param largest: the bytes that it may have; None for those of an index
    """
    content = bytearray()
    most = LARGEST if largest is None else largest

    def take(chunk: bytes) -> None:
        content.extend(chunk)
        if len(content) > most:
            raise Unfit(f"has more than {most // 1024} KiB")

    with meter.work(f"fetching {meter.file_name(url)}"):
        download(url, take, False, SECONDS if seconds is None else min(seconds, SECONDS))
    return bytes(content)


def parsed(content: bytes) -> dict[str, object]:
    """What a JSON file holds. Raises Unfit where that is no dictionary."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        page = b"<html" in content[:500].lower()
        raise Unfit(f"is no JSON{', but a web page' if page else ''}: is it the right mirror?") from None
    return mapping(found, "it")


def mapping(value: object, what: str) -> dict[str, t.Any]:
    """A dictionary. Raises Unfit for anything else."""
    if not isinstance(value, dict):
        raise Unfit(f"is none of simplestreams: {what} is no dictionary")
    return value


def path_of_products(index: dict[str, object], product: str) -> str:
    """The path of the file with a product. Raises Unfit where there is none."""
    known: set[str] = set()
    for entry in mapping(index.get("index"), "'index'").values():
        products = entry.get("products") if isinstance(entry, dict) else None
        if not isinstance(products, list) or entry.get("datatype") != DATATYPE:
            continue
        if product in products:
            return checked_path(entry.get("path"))
        known.update(name for name in products if isinstance(name, str))
    raise Unfit(f"does not have the product {product}{close_products(product, known)}")


def close_products(product: str, known: t.Iterable[str]) -> str:
    """The products that differ in one part only, such as the release or the architecture, in words."""
    mine = product.split(":")
    named = [(name, name.split(":")) for name in sorted(known)]
    like = [
        name
        for name, parts in named
        if len(parts) == len(mine) and sum(one != other for one, other in zip(mine, parts, strict=True)) == 1
    ]
    return f"; it has {', '.join(map(printable, like[-MANY:]))}" if like else ""


def checked_path(path: object) -> str:
    """A path below the root of the mirror. Raises Unfit for anything else."""
    if not isinstance(path, str) or len(path) > 1000 or not PATH.fullmatch(path):
        raise Unfit(f"has the path {printable(path)}, which is none below the mirror")
    return path


def found_in(root: str, products: dict[str, object], product: str, item: str, serial: str | None) -> ProductFile:
    """A file of a product in a file of products. Raises Unfit where it is not there."""
    entry = mapping(products.get("products"), "'products'").get(product)
    versions = mapping(mapping(entry, f"the product {product}").get("versions"), f"'versions' of {product}")
    having = {
        name: version["items"][item]
        for name, version in versions.items()
        if SERIAL.fullmatch(name)
        and isinstance(version, dict)
        and isinstance(version.get("items"), dict)
        and isinstance(version["items"].get(item), dict)
    }
    if serial is not None and serial not in having:
        newest = ", ".join(sorted(having, key=age)[-MANY:])
        raise Unfit(f"does not have {item} of {product} with the serial {serial}; the newest are {newest or 'none'}")
    if not having:
        raise Unfit(f"has no version of {product} with {item}")
    chosen = max(having, key=age) if serial is None else serial
    file = having[chosen]
    digest = file.get("sha256")
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise Unfit(f"has no sha256 of {item} of {product} {chosen}")
    path = urllib.parse.quote(checked_path(file.get("path")), safe="/~+:@=")
    return ProductFile(root + path, f"sha256:{digest.lower()}", chosen)


def age(serial: str) -> tuple[int, ...]:
    """What serials are sorted by: a date, and a number within it."""
    return tuple(int(part) for part in re.split("[.-]", serial))
