# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes that a run began and did not finish: known by what they are, never by their name alone.

Before a volume is made, the manifest gets its name with the process and the time (``making``,
``began``), and once its file is there, its identity. A run that was killed leaves that. The next one
takes away what is still that volume and nobody uses; all else stays, and counts as somebody else's. A
time tells nothing: what somebody put back by hand right after a kill came to be at that time as well.
"""

from __future__ import annotations

import contextlib
import os
import typing as t
from xml.etree import ElementTree as ET

from ..._engine.observed import Observed
from ..._errors import VirtfleetError
from ..._host.files import birth
from ..._host.open_files import kept_open
from ..._host.part_files import PART, clear, opened_folder, part_name
from ..._libvirt.objects import Connection, StoragePool, Volume
from ..._libvirt.process import made_by_another
from ..._storage.manifest import Manifest
from ..._storage.removal import because
from ..._storage.storage_observe import identity
from ..._storage.survey_users import all_users
from ..._storage.users import StorageUsers
from .copies import is_left


class NewVolume:
    """A volume that libvirt has just made for this process, and that is not filled yet.

    :param key: its identity, POOL/VOLUME, which is noted as begun
    :ivar part: the temporary name of its file, as it is noted
    """

    def __init__(self, connection: Connection, key: str) -> None:
        self.manifest, self.key = Manifest(connection.getURI()), key
        self.volume: Volume | None = None
        self.identity: str | None = None
        noted = self.manifest.entries("volumes").get(key, {})
        self.part = str(noted.get("part") or part_name(key.partition("/")[2]))

    def note(self, volume: Volume) -> Volume:
        """Note what it is, as soon as it is there. Returns the volume."""
        self.volume = volume
        self.identity = identity(ET.fromstring(volume.XMLDesc()))
        if self.identity is not None:
            self.manifest.add("volumes", self.key, identity=self.identity)
        return volume

    def note_file(self, path: str) -> None:
        """Note what the file of a volume is before it gets its name, by which libvirt then finds it."""
        self.identity = birth(path)
        if self.identity is not None:
            self.manifest.add("volumes", self.key, identity=self.identity)

    def take_away(self) -> None:
        """Delete it, where it is still the one that was made: what failed leaves nothing behind."""
        if self.volume is not None and identity(ET.fromstring(self.volume.XMLDesc())) == self.identity:
            self.volume.delete(0)


def second_name(part: str) -> str:
    """The temporary name of a file whose own name is temporary as well, from that one."""
    return f"{part.removesuffix('.part')}.new"


def letter_name(part: str) -> str:
    """The temporary name of a file that libvirt makes.

    It is part of the id that QEMU knows the passphrase by, so it begins with a letter.

    The rule is QEMU's (util/id.c, id_wellformed): letters, digits, ``-``, ``.`` and ``_``.
    """
    return f"virtfleet-{part.split('.')[-2]}.part"


def clear_parts(connection: Connection, pool: StoragePool, facts: t.Mapping[str, str], only_look: bool = False) -> None:
    """Take away the temporary files of a run that was killed.

    :param pool: the pool of the volume that it made
    :param facts: what it noted of that volume
    :param only_look: whether nothing is taken away, as in a plan

    Raises VirtfleetError, with the file left as it is, where a guest uses it, or it is none that a run leaves.
    """
    part = facts.get("part", "")
    target = ET.fromstring(pool.XMLDesc(0)).findtext("target/path")
    if not PART.fullmatch(part):
        return
    for folder in (target, Manifest(connection.getURI()).folder):
        for name in (part, second_name(part), letter_name(part)):
            path = os.path.join(folder or "", name)
            if not path.startswith("/") or not os.path.lexists(path):
                continue
            holders = [use.who for use in all_users(connection).uses(f"{pool.name()}/{name}", path)]
            if holders:
                raise VirtfleetError(
                    f"{path} is what a killed run left, and {because(holders, ())}: stop using it there"
                )
            with opened_folder(os.path.dirname(path)) as descriptor:
                clear(descriptor, name, path, facts.get("identity"), only_look)


BeingMade = tuple[str, t.Mapping[str, str], str]
"""A volume that another run is making: POOL/VOLUME, what is noted of it, and why to leave it to that run."""


def being_made(connection: Connection) -> list[BeingMade]:
    """The volumes that other runs are making. None are known where the list of what was made cannot be read."""
    noted: t.Mapping[str, t.Mapping[str, str]] = {}
    with contextlib.suppress(VirtfleetError):
        noted = Manifest(connection.getURI()).entries("volumes")
    found = [(key, facts, made_by_another(key, facts)) for key, facts in sorted(noted.items())]
    return [(key, facts, why) for key, facts, why in found if why is not None]


class Half(t.NamedTuple):
    """What killed runs left.

    :param ours: volumes that are still half-made, by identity
    :param doubtful: volumes of which that cannot be told, with the reasons
    :param in_use: those of ours that a program has open, so that nobody may take them away, with the reasons
    """

    ours: dict[str, Observed]
    doubtful: dict[str, str]
    in_use: dict[str, str]

    @classmethod
    def nothing(cls) -> Half:
        """Nothing is left."""
        return cls({}, {}, {})


def half_made(
    connection: Connection, volumes: t.Mapping[str, Observed], copies: t.Mapping[str, str] | None = None
) -> Half:
    """Which of these volumes a run began that was killed. Who uses them is only asked where there are any.

    :param copies: those that are asked for as the disks of clones, each with the name of the clone
    """
    noted = Manifest(connection.getURI()).entries("volumes")
    half = Half.nothing()
    users: StorageUsers | None = None
    for key, found in volumes.items():
        facts = noted.get(key, {})
        copy = facts.get("making") is None
        if copy and not is_left(facts, (copies or {}).get(key), found):
            continue
        if made_by_another(key, facts) is not None:
            half.ours[key] = found  # Its process will be waited for, or said.
            continue
        users = users or all_users(connection)
        reason = doubt(key, facts, found, users)
        if reason is None:
            half.ours[key] = found
            who = kept_open(found.definition.findtext("target/path") or "", now=True)
            if who is not None:
                half.in_use[key] = f"{unfinished(key)}, and it is used by {who}: end that, and run again"
        elif not copy:
            half.doubtful[key] = f"{unfinished(key)}, but {reason}: it stays, and counts as somebody else's"
    return half


def unfinished(key: str) -> str:
    """How messages begin about a volume that a killed run was making, by POOL/VOLUME."""
    return f"a run that was killed was making the volume {key}"


def doubt(key: str, facts: t.Mapping[str, str], found: Observed, users: StorageUsers) -> str | None:
    """Why a volume may be another one than the one that was being made; None where it is that one and unused."""
    path = found.definition.findtext("target/path")
    sign = identity(found.definition)
    if facts.get("identity") is not None:
        if facts["identity"] != sign:
            return "what is there now is another one"
    else:
        return "nothing tells whether what is there now is that one"
    holders = users.of(key, path)
    return None if not holders else f"it {because([who for who in holders if who not in users.doubts], users.doubts)}"


def made_in_this_moment(connection: Connection, owner: str) -> list[BeingMade]:
    """The volumes of the owner that another run is making."""
    return [made for made in being_made(connection) if made[1].get("owner", "") == owner]
