# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds that were made for a guest on another host, under another name, or before their file was copied.

Nothing that is noted tells of them. What is on a seed does: no files but those that this collection writes, and the
identity of the instance, which follows from the guest's UUID. Such a seed is the guest's, and is noted again.
"""

from __future__ import annotations

import os
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.observed import Observed
from ...._engine.rows.model import Item
from ...._engine.step import Step
from ...._errors import VirtfleetError
from ...._host import seed_image
from ...._host.files import in_place_of_file
from ...._libvirt.objects import Connection
from ...._printing import spelled_out
from ...._storage.manifest import Manifest
from ...._storage.storage_observe import ObservedPool, active_pool, identity, lookup, source_place
from ..guest_options import GuestOptions
from . import nocloud
from .nocloud import SeedFiles
from .seed_files import declared_instance


class AdoptedSeed(t.NamedTuple):
    """A seed that is noted again.

    :param key: its volume, POOL/VOLUME
    :param identity: what tells it from another one in its place
    :param facts: what is noted of it
    """

    key: str
    identity: str | None
    facts: dict[str, str]


def files_on(path: str | None) -> SeedFiles | None:
    """The files on a seed; None where nothing is there that is one, or the host lacks the tools."""
    image = seed_image.content_of(path or "")
    return None if image is None or seed_image.missing() is not None else seed_image.read(image)


def belongs(files: SeedFiles | None, uuid: str | None, item: Item) -> bool:
    """Whether files are those of the seed of a guest, whatever is declared by now.

    :param uuid: that of the guest
    :param item: its options of cloud_init, which may name the instance
    """
    if not files or not uuid or not files.keys() <= set(nocloud.names_of(files).files):
        return False
    instance = nocloud.instance_of(files)
    if instance is None:
        return False
    base, _plus, number = instance.rpartition("+")
    declared = declared_instance(item)
    return instance in (uuid, declared) or (base in (uuid, declared) and number.isdigit())


def is_of_guest(
    want: Item, have: Observed | None, node: ET.Element | None, pools: t.Mapping[str, ObservedPool]
) -> bool:
    """Whether what a guest has as its seed was made for it.

    :param node: the disk that it has as its seed
    """
    place = None if node is None else source_place(node.find("source"))
    if have is None or place is None:
        return False
    return belongs(files_on(path_of(place, pools)), have.definition.findtext("uuid"), want.get("cloud_init") or {})


def path_of(place: str, pools: t.Mapping[str, ObservedPool]) -> str:
    """The path of a place, given as one or as POOL/VOLUME; empty where none is known."""
    pool, _slash, name = place.partition("/")
    if place.startswith("/"):
        return place
    target = pools[pool].target if pool in pools else None
    return "" if target is None else os.path.join(target, name)


def refusal(key: str, path: str, kept: bool) -> str:
    """What is said of a volume that is not known to be the seed of a guest.

    :param kept: whether the guest has it as its seed
    """
    now = in_place_of_file(path)
    if now is not None:
        return f"its volume {key}: {spelled_out(path)} is {now} now: remove that, and the next run makes a new seed"
    if kept:
        return (
            f"the volume {key} is no more the seed that was made for this guest: remove it, and the next run makes a"
            " new one"
        )
    return (
        f"the volume {key} is there already, and was not made for the seed of this guest: give that another name, or"
        " remove it"
    )


def adopt_seed(connection: Connection, name: str, step: Step, options: GuestOptions) -> None:
    """Note a seed again as made for a guest. Raises VirtfleetError where it is another one by now."""
    plan: AdoptedSeed = step.value
    pool_name, _slash, volume_name = plan.key.partition("/")
    volume = lookup(active_pool(connection, pool_name), volume_name)
    if volume is None or identity(ET.fromstring(volume.XMLDesc())) != plan.identity:
        raise VirtfleetError(f"cloud_init: somebody made {plan.key} anew meanwhile, so it stays; run again")
    owner = {"owner": str(options.owner)} if options.owner else {}
    Manifest(connection.getURI()).put("volumes", plan.key, **{**owner, **plan.facts})
