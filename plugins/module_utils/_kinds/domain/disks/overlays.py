# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are on an image laid over what is declared, as after a snapshot: they are what is declared, and stay.

An external snapshot (virsh snapshot-create-as --disk-only, and with it many a backup) puts a guest on an overlay. What
the guest writes from then on is there and nowhere else. Put back on the image below, the guest loses that, and the
first thing that it writes makes the overlay useless. So a disk stays on an overlay that leads to what is declared. One
that this collection made as a volume is no snapshot: who names another volume then, means it, and is told what that
would break (see taken_volumes).
"""

from __future__ import annotations

import copy
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._engine.rows.model import Item
from ...._errors import VirtfleetError
from ...._host.places import Places, Signs, network
from ...._libvirt.connection import LibvirtError
from ...._printing import spelled_out
from ...._shell_words import ShellWord
from ...._storage.noted_formats import SAME, volume_at
from ...._storage.storage_observe import source_place
from ..normal_form.running_disks import below_the_overlay
from .disk_formats import DiskFormats
from .disk_nodes import OF_DISK, STORAGE, driver_of
from .guest_disks import DISKS, fresh, is_made_or_grown, target_of

OF_IMAGE = (*STORAGE.names, *OF_DISK, "format", "auth")
"""Options of a disk that say of what is declared where and what it is, and nothing of what is laid over it."""

STAYS = "disks[{0}]: stays on {1}, which is laid over {2}"
UNKNOWN = (
    "disks[{0}]: is on {1}, and whether that is laid over {2} cannot be told ({3}): if it is a snapshot, end that first"
    " (virsh blockcommit {4:sh} {5} --active --pivot, while {4} runs); if not, take it out (virsh detach-disk"
    " {4:sh} {5}"
    " --config)"
)
LOST = (
    "disks[{0}]: runs on {1}, which is laid over {2}, and the definition has the latter: once {3} starts anew, what was"
    " written since is lost; end that first (virsh blockcommit {3:sh} {4} --active --pivot)"
)


class Below(t.NamedTuple):
    """What a disk is laid over.

    :param signs: what these images are
    :param doubt: why there may be more; empty where all is known
    """

    signs: Signs = frozenset()
    doubt: str = ""


class Given(t.NamedTuple):
    """A declared disk.

    :param guest: the name of its guest
    :param spot: its place in the list
    :param item: its options
    :param node: the disk that the guest has and that it stands for, by its target, its place or the order
    """

    guest: str
    spot: int
    item: Item
    node: ET.Element | None


class Overlays:
    """The disks of the guests of one call that are on an overlay.

    :param forms: what is known of the host's storage
    :ivar warnings: what is to be said of guests, by name
    :ivar unknown: why nothing is done about guests, by name
    :ivar lost: why guests must not start anew, by name
    """

    def __init__(self, forms: DiskFormats) -> None:
        self.forms, self.places = forms, Places()
        self.paths: dict[str, str | None] = {}
        self.warnings: dict[str, list[str]] = {}
        self.unknown: dict[str, list[str]] = {}
        self.lost: dict[str, list[str]] = {}

    # --- plans ---

    def settle(self, wants: t.Sequence[Item], have: t.Mapping[str, Observed]) -> list[Item]:
        """The declared guests, with disks that stay on what they are on where that is laid over what is declared."""
        return [
            want
            if want["state"] == "absent" or not want.get("disks") or self.forms.connection is None
            else self.guest(want, have.get(want["name"]))
            for want in wants
        ]

    def tell(self, plans: t.Iterable[Plan]) -> None:
        """Put into plans what is to be said of disks, and refuse those that would lose what is in an overlay."""
        for entry in plans:
            entry.warnings += self.warnings.get(entry.name, [])
            lost = self.lost.get(entry.name, [])
            stops = any(step.action == "shutdown" for step in entry.steps)
            problems = [*self.unknown.get(entry.name, []), *(lost if stops else [])]
            entry.warnings += [] if stops else lost
            if problems:
                before = [] if entry.obstacle is None else [entry.obstacle]
                entry.obstacle = "; ".join([*before, *problems])

    def guest(self, want: Item, there: Observed | None) -> Item:
        """One guest."""
        if there is None:
            return want
        nodes = DISKS.nodes(there.definition)
        partners = DISKS.partners(want["disks"], [DISKS.keyed(node) for node in nodes], [])
        given = [
            Given(want["name"], index, disk, None if partner is None else nodes[partner])
            for index, (disk, partner) in enumerate(zip(want["disks"], partners, strict=True))
        ]
        places = [self.place(disk) for disk in given]
        if all(place is None or self.rests(place, disk.node, there) for disk, place in zip(given, places, strict=True)):
            return want
        taken = [node for node in nodes if any(self.signs(place) & self.is_on(node) for place in places if place)]
        disks = []
        for disk, place in zip(given, places, strict=True):
            free = [node for node in nodes if node not in taken]
            node = None if place is None else self.kept(disk, place, free, there)
            disks.append(disk.item if node is None else on(disk.item, node))
        return {**want, "disks": disks}

    def rests(self, place: str, node: ET.Element | None, there: Observed) -> bool:
        """Whether a disk is on what is declared, by its very name, in the definition and as it runs."""
        running = [] if there.live is None else DISKS.nodes(there.live)
        same = [node, *(live for live in running if node is not None and target_of(live) == target_of(node))]
        path = self.forms.path_of(place) or place
        places = [None if one is None else place_of(one) for one in same]
        return all(one is not None and path == (self.forms.path_of(one) or one) for one in places)

    def kept(self, disk: Given, place: str, free: t.Sequence[ET.Element], there: Observed) -> ET.Element | None:
        """The disk of a guest that stays, as it is laid over what is declared, or may be; None for others.

        :param place: what is declared
        :param free: the disks of the guest that are on nothing that is declared
        """
        signs, node = self.signs(place), disk.node
        if node is not None and signs & self.is_on(node):
            return node if self.runs_above(disk, place, node, there) else None
        target = disk.item.get("target")
        over = [
            (found, below)
            for found in free
            for below in (self.below(found),)
            if signs & below.signs and target in (None, target_of(found))
        ]
        if len(over) == 1 and not self.is_ours(over[0][0]):
            sentence = STAYS.format(disk.spot, spelled(over[0][0]), spelled_out(place))
            self.warnings.setdefault(disk.guest, []).append(sentence)
            return over[0][0]
        doubt = self.below(node).doubt if node is not None and not over else ""
        if node is not None and doubt:
            sentence = UNKNOWN.format(
                disk.spot, spelled(node), spelled_out(place), doubt, ShellWord(disk.guest), target_of(node)
            )
            self.unknown.setdefault(disk.guest, []).append(sentence)
            return node
        return None

    def runs_above(self, disk: Given, place: str, node: ET.Element, there: Observed) -> bool:
        """Whether a disk that the definition has as it is declared runs on something that is laid over that."""
        for live in () if there.live is None else DISKS.nodes(there.live):
            running = copy.deepcopy(live)
            below_the_overlay(running)
            signs = self.signs(place)
            if target_of(running) != target_of(node) or signs & self.is_on(running):
                continue
            if signs & self.below(running).signs:
                sentence = LOST.format(
                    disk.spot, spelled(running), spelled_out(place), ShellWord(disk.guest), target_of(node)
                )
                self.lost.setdefault(disk.guest, []).append(sentence)
                return True
        return False

    # --- what is known ---

    def place(self, disk: Given) -> str | None:
        """What a disk is declared to be on: a path, POOL/VOLUME, or an image on a server; None where nobody says."""
        item = disk.item
        if item.get("device") in ("cdrom", "floppy"):
            return None
        named = item.get("file") or item.get("block")
        if named is not None:
            return str(named)
        if item.get("protocol") is not None:
            name = (item.get("source") or {}).get("name")
            return None if name is None else f"{item['protocol']}:{name}"
        if is_made_or_grown(item) and disk.node is not None:
            _made, volume = fresh(disk.guest, {**item, "target": target_of(disk.node)}, self.forms.pools)
            return f"{volume['pool']}/{volume['name']}"
        return None if item.get("volume") is None else f"{item.get('pool') or 'default'}/{item['volume']}"

    def path(self, place: str) -> str | None:
        """The path of a place, given as one or as POOL/VOLUME; asked once."""
        if place not in self.paths:
            self.paths[place] = place if place.startswith("/") else volume_at(self.forms.connection, place)
        return self.paths[place]

    def signs(self, place: str) -> Signs:
        """What a place is."""
        scheme, colon, name = place.partition(":")
        if colon and "/" not in scheme:
            return frozenset((network(scheme, name),))
        path = self.path(place) or self.forms.path_of(place)
        if path is None or not path.startswith("/"):
            return frozenset((f"volume {place}",))
        return self.places.signs(path) if self.forms.local else frozenset((f"path {path}",))

    def is_on(self, disk: ET.Element) -> Signs:
        """What a disk of a definition is on."""
        place = place_of(disk)
        return frozenset() if place is None else self.signs(place)

    def below(self, disk: ET.Element) -> Below:
        """What a disk of a definition is laid over, by the definition and by what the images themselves say."""
        found: set[str] = set()
        for level in disk.iter("backingStore"):
            found |= self.is_on(level)
        place = place_of(disk)
        if place is None or driver_of(disk) in SAME or disk.get("device", "disk") in ("cdrom", "floppy"):
            return Below(frozenset(found))
        path = self.path(place)
        if path is None or not path.startswith("/"):
            return Below(frozenset(found))
        if not self.forms.local:
            return Below(frozenset(found | self.below_elsewhere(path)))
        places, chain = self.places, self.places.chain(path)
        for link in chain.paths:
            found |= places.signs(link)
        away = [f"{link} is not there, nor its folder" for link in (path, *chain.paths) if places.away(link)]
        return Below(frozenset(found | chain.signs), "; ".join(map(spelled_out, [*chain.doubts, *away][:1])))

    def below_elsewhere(self, path: str) -> Signs:
        """What libvirt tells of another host that an image is laid over, to the end."""
        found: dict[str, None] = {}
        while path and path not in found:
            found[path] = None
            try:
                volume = ET.fromstring(self.forms.connection.storageVolLookupByPath(path).XMLDesc())
            except LibvirtError:
                break
            path = volume.findtext("backingStore/path") or ""
        return frozenset(f"path {link}" for link in [*found, path][1:] if link)

    def is_ours(self, disk: ET.Element) -> bool:
        """Whether this collection made as a volume what a disk is on."""
        place = place_of(disk)
        path = None if place is None else self.forms.path_of(place)
        try:
            return path is not None and bool(self.forms.formats.noted.of(path))
        except VirtfleetError:
            return False  # The list of what was made cannot be read.


def on(item: Item, disk: ET.Element) -> Item:
    """A declared disk that stays on what a disk of the guest is on."""
    kept = {name: value for name, value in item.items() if name not in OF_IMAGE}
    return {**kept, "target": target_of(disk)}


def place_of(disk: ET.Element) -> str | None:
    """What a disk, or a level of its chain, is on."""
    source = disk.find("source")
    if source is not None and source.get("protocol") is not None:
        return f"{source.get('protocol')}:{source.get('name')}"
    return source_place(source)


def spelled(disk: ET.Element) -> str:
    """What a disk is on, in a message."""
    return spelled_out(place_of(disk) or "")
