# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What declared images are now: which version their servers have, which one is locked, and what of them a host has."""

from __future__ import annotations

import platform
import typing as t

from ..._errors import VirtfleetError
from ..._libvirt import host_model
from ..._libvirt.connection import Session
from ..._libvirt.objects import Connection
from ..._printing import masked_url
from ..._storage import storage_observe
from ..._storage.manifest import Manifest
from .bases import Base, is_base
from .declared import DeclaredImage
from .products import Version, arch_of

ImageFacts = t.Dict[str, object]  # noqa: UP006 - sanity tests import it with older Pythons
"""The facts of an image, as the module images_info documents them."""


class KeptBase(t.NamedTuple):
    """A base image that a host has.

    :param key: the volume, as POOL/VOLUME
    :param facts: what is noted of it
    """

    key: str
    facts: t.Mapping[str, str]


def image_facts(images: t.Iterable[DeclaredImage], session: Session) -> list[ImageFacts]:
    """What images are now. A host without libvirt has none of them, and its kernel tells the architecture."""
    arch, kept = platform.machine(), t.cast("dict[str, list[KeptBase]]", {})
    if session.connection is not None:
        arch, kept = session.read(lambda connection: (host_model.host(connection).arch, kept_on(connection)))
    return [of_image(image, arch, kept.get(image.name, [])) for image in images]


def kept_on(connection: Connection) -> dict[str, list[KeptBase]]:
    """The base images of a host, by the names of the images."""
    noted = {key: facts for key, facts in Manifest(connection.getURI()).entries("volumes").items() if "base" in facts}
    there = storage_observe.volumes(connection, noted.keys()) if noted else {}
    found: dict[str, list[KeptBase]] = {}
    for key, facts in sorted(noted.items()):
        if key in there and is_base(facts, there[key], facts.get("content", "")):
            found.setdefault(facts["base"], []).append(KeptBase(key, facts))
    return found


def of_image(image: DeclaredImage, host: str, kept: t.Iterable[KeptBase]) -> ImageFacts:
    """The facts of one image.

    :param host: the architecture of the host, as libvirt calls it
    :param kept: its base images on the host
    """
    now, problem = attempt(lambda: image.version_now(host, lasting=True))
    locked, lock_problem = attempt(lambda: image.locked_version(host))
    arch, _problem = attempt(lambda: None if image.product is None else arch_of(image.product, host))
    given = locked or (None if lock_problem else now)
    content = None if given is None else Base(image, given).content
    return {
        "name": image.name,
        "declared": dict(image.declaration),
        "arch": arch,
        **version_facts(now),
        "unverified": None if now is None else now.unverified,
        "problem": problem,
        "locked": None if locked is None else version_facts(locked),
        "lock_problem": lock_problem,
        "volumes": [
            {
                "volume": one.key,
                "serial": one.facts.get("serial"),
                "checksum": None if one.facts["content"].startswith("place:") else one.facts["content"],
                "current": one.facts["content"] == content,
            }
            for one in kept
        ],
    }


T = t.TypeVar("T")


def attempt(call: t.Callable[[], T]) -> tuple[T | None, str | None]:
    """What a call gives, or what it says is wrong."""
    try:
        return call(), None
    except VirtfleetError as error:
        return None, str(error)


def version_facts(version: Version | None) -> ImageFacts:
    """A version in words without secrets."""
    if version is None:
        return {"serial": None, "url": None, "checksum": None, "signer": None}
    return {
        "serial": version.serial,
        "url": masked_url(version.place),
        "checksum": version.checksum,
        "signer": version.signer,
    }
