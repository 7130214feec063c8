# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that two declared guests would write to, whatever the spelling: path or volume, link or mount."""

from __future__ import annotations

import copy
import dataclasses
import os
import stat
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.observed import Observed
from ...._engine.plan import Plan
from ...._host.block_devices import BlockDevices
from ...._shell_words import ShellWord
from ...._storage.guest_places import item_places
from ...._storage.new_volumes import Making
from ...shared.lacking import Site, plain
from ...volume.volume_places import by_folder
from ..normal_form.running_disks import below_the_overlay

STARTS = frozenset(("start", "start_paused"))
"""Steps after which a guest runs."""

SHARED = "is also a disk of guest {0}: give each its own, or shareable: true to both (the disk has to be raw)"
BELOW = "is also a disk of guest {0}: give each its own, or transient.share_backing: true to both"
RUNS = (
    "is a disk of guest {0}, which runs with it: run again once {0} is without it, or first stop {0} in a run of its"
    " own, with the disks that it has (state: stopped)"
)
SAVED = (
    "is a disk that guest {0} was saved with, and comes back with: start {0} and shut it down, or discard its saved"
    " state (virsh managedsave-remove {0:sh}) first"
)
REFUSED = "stays a disk of guest {0}, which is refused: correct that one first"

DEVICES = BlockDevices()
DEVICE = "device "
"""Before the number of a block device."""

BASE = "base of "
"""Before what an image is, where guests share it below transient disks, and none of them writes to it."""

Owners = dict[str, list[tuple[str, str]]]
"""By what disks are: the guests that have it, each with what is said to another that gets it, with {0} for its name."""


def starts(plan: Plan) -> bool:
    """Whether a guest starts, or starts anew, in this run."""
    return any(step.action in STARTS for step in plan.steps)


def own_disks(site: Site, root: ET.Element) -> t.Iterator[tuple[int, str, str]]:
    """The disks of a definition that are for one guest only: place in the list, path or volume, and what it is."""
    for index, disk in enumerate(root.findall("devices/disk")):
        source = disk.find("source")
        if source is None or disk.get("device") in ("cdrom", "floppy"):
            continue
        if disk.find("readonly") is not None or disk.find("shareable") is not None:
            continue
        transient = disk.find("transient")
        if transient is not None:
            disk = copy.deepcopy(disk)
            below_the_overlay(disk)
            source = disk.find("source")
        if source is None:
            continue
        place = place_of(site, source)
        if place:
            base = transient is not None and transient.get("shareBacking") == "yes"
            yield index, place, f"{BASE if base else ''}{sign_of(site, place)}"


def place_of(site: Site, source: ET.Element) -> str:
    """The path of a disk's source, or POOL/VOLUME where no path is known; empty for what is on no host."""
    if source.get("volume") is None:
        return source.get("file") or source.get("dev") or ""
    return path_of(site, f"{source.get('pool')}/{source.get('volume')}")


def path_of(site: Site, volume: str) -> str:
    """The path of a volume, given as POOL/VOLUME; as it is where that is not known."""
    pool, _slash, name = volume.partition("/")
    found = site.pools.get(pool)
    return volume if found is None or found.target is None else os.path.join(found.target, name)


def sign_of(site: Site, place: str) -> str:
    """What a place is."""
    return what(place) if site.local else named_place(place)


def what(place: str) -> str:
    """What a place is, on this host: the file or device itself, or for what is not there yet its name."""
    if place.startswith("/"):
        try:
            found = os.stat(place)
        except (OSError, ValueError):
            return by_folder(os.path.realpath(place))
        if stat.S_ISBLK(found.st_mode):
            return device(f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}")
        return f"file {found.st_dev}:{found.st_ino}"
    return named_place(place)


def device(number: str) -> str:
    """What a block device is: the file behind a loop device that has all of it, else the device itself."""
    file = DEVICES.whole_file(number)
    return f"{DEVICE}{number}" if file is None or not os.path.exists(file) else what(file)


def rivals(sign: str) -> list[str]:
    """What nobody else may have beside a disk: the same, unless it is shared below; and the image below or above.

    Of a device, also what it is made of, and what is made of it: a disk and its partitions, a volume and its disks.
    """
    if sign.startswith(BASE):
        return [sign[len(BASE) :]]
    number = sign.removeprefix(DEVICE) if sign.startswith(DEVICE) else None
    parts = sorted(DEVICES.above(number) | DEVICES.below(number)) if number is not None else []
    return list(dict.fromkeys((sign, f"{BASE}{sign}", *map(device, parts))))


def named_place(place: str) -> str:
    """A place by its name."""
    return plain(place) if place.startswith("/") else place


@dataclasses.dataclass
class DisksOfGuest:
    """A declared guest with its disks, by what they are.

    :param changes: whether anything is to be done that concerns its disks
    :param now: those that it has, in its definition and as it runs
    :param live: those that it has as it runs
    :param new: those that it will have: place in the list, path or volume, and what it is
    :param bases: what the volumes are that its new ones are made from or laid over
    :param root: the definition that it will have, None for one that goes
    :param have: what there is of it
    :param saved: what it comes back as, None for one that is not saved
    :param of_saved: the disks that it comes back with
    :param again: those that it has several times by now
    """

    plan: Plan
    changes: bool
    now: set[str]
    live: set[str]
    new: list[tuple[int, str, str]]
    bases: set[str]
    root: ET.Element | None
    have: Observed | None
    saved: ET.Element | None
    of_saved: set[str]
    again: set[str]

    @classmethod
    def of(
        cls,
        site: Site,
        plan: Plan,
        changes: bool,
        have: Observed | None,
        root: ET.Element | None,
        saved: ET.Element | None,
    ) -> DisksOfGuest:
        """A guest, of its plan, what there is of it, the definition that it will have, and what it was saved as."""
        live = set() if have is None or have.live is None else signs(site, have.live)
        now = live if have is None else live | signs(site, have.definition)
        new = [] if root is None else list(own_disks(site, root))
        of_saved = set() if saved is None else signs(site, saved)
        signs_before = [] if have is None else [sign for _index, _place, sign in own_disks(site, have.definition)]
        again = {sign for sign in signs_before if signs_before.count(sign) > 1}
        return cls(plan, changes, now, live, new, bases(site, plan), root, have, saved, of_saved, again)

    @property
    def goes(self) -> bool:
        """Whether it goes in this run: who gets its disks waits for that (see apply)."""
        return "undefine" in self.plan.ahead

    @property
    def gets(self) -> bool:
        """Whether it gets a disk that it does not have now."""
        return any(sign not in self.now for _index, _place, sign in self.new)

    def target(self, index: int) -> str:
        """The name of a disk in the guest that it will be, by its place in the list."""
        node = None if self.root is None else self.root.findall("devices/disk")[index].find("target")
        return "" if node is None else node.get("dev", "")

    @property
    def refused(self) -> bool:
        return self.plan.problem is not None or self.plan.obstacle is not None


def signs(site: Site, root: ET.Element) -> set[str]:
    """What the disks of a definition are."""
    return {sign for _index, _place, sign in own_disks(site, root)}


def bases(site: Site, plan: Plan) -> set[str]:
    """What the images and volumes are that new volumes of a plan are made from or laid over."""
    places = [place for step in plan.steps if isinstance(step.value, Making) for place in item_places(step.value.item)]
    found = set()
    for place in places:
        found.add(sign_of(site, path_of(site, place.value) if place.kind == "volume" else place.value))
    return found


def refuse_shared(guests: t.Sequence[DisksOfGuest]) -> None:
    """Refuse guests that newly get a disk of another declared one, each for itself.

    A guest still has the disks that it has now where it runs with them, or is refused itself: libvirt guards none of
    them in the definition. So this is looked at again once another one is refused. One that gets a disk is used only
    after the other has given it up (see apply).
    """
    before = [guest.plan.obstacle for guest in guests]
    while True:
        refused = [guest.refused for guest in guests]
        owners = owners_now(guests)
        add_claims(owners, guests)
        for guest, obstacle in zip(guests, before, strict=True):
            lines = taken(guest, owners) if guest.changes else []
            if lines:
                guest.plan.obstacle = "; ".join([*([] if obstacle is None else [obstacle]), *lines])
        if refused == [guest.refused for guest in guests]:
            break
    givers: dict[str, list[DisksOfGuest]] = {}
    for guest in guests:
        for sign in guest.now if guest.changes or guest.goes else ():
            givers.setdefault(sign, []).append(guest)
    for guest in guests:
        if guest.changes:
            wait_for(guest, givers)


def wait_for(guest: DisksOfGuest, givers: t.Mapping[str, t.Sequence[DisksOfGuest]]) -> None:
    """Have a guest that changes wait for others that give up what it gets, or what its new volumes are made of.

    :param givers: the guests that change or go, by what they have
    """
    for index, place, sign in guest.new:
        having = [giver for rival in rivals(sign) for giver in givers.get(rival, ())] if sign not in guest.now else []
        for giver in having:
            if giver is guest:
                continue
            guest.plan.after.append(giver.plan)
            if not giver.goes:
                guest.plan.warnings.append(
                    f"disks[{index}]: {place} is the disk of guest {giver.plan.name} until that is changed in this run:"
                    " if that fails, both have it; then start only one of them"
                )
    for sign in sorted(guest.bases):
        guest.plan.after += [giver.plan for giver in givers.get(sign, ()) if giver.goes and giver is not guest]


def owners_now(guests: t.Iterable[DisksOfGuest]) -> Owners:
    """The guests that have disks before any gets another, each with what to say of it."""
    owners: Owners = {}
    for guest in guests:
        name = guest.plan.name
        kept = {sign for _index, _place, sign in guest.new}
        for sign in guest.now | guest.of_saved:
            if sign in kept:
                owners.setdefault(sign, []).append((name, SHARED))
            elif sign in guest.live and not guest.goes:
                owners.setdefault(sign, []).append((name, RUNS))
            elif sign in guest.of_saved and not guest.goes:
                owners.setdefault(sign, []).append((name, SAVED))
            elif guest.refused:
                owners.setdefault(sign, []).append((name, REFUSED))
    return owners


def add_claims(owners: Owners, guests: t.Iterable[DisksOfGuest]) -> None:
    """Count the guests that newly get a disk among those that have it: of several, none gets it."""
    for guest in guests:
        for sign in {sign for _index, _place, sign in guest.new} - guest.now if guest.changes else ():
            owners.setdefault(sign, []).append((guest.plan.name, SHARED))


def taken(guest: DisksOfGuest, owners: Owners) -> list[str]:
    """A sentence for each disk that a guest newly gets, and that another declared guest has or gets as well.

    Or it has that itself: QEMU starts no guest that would write to one image by two disks.
    """
    lines = []
    name = guest.plan.name
    seen: dict[str, int] = {}
    for index, place, sign in guest.new:
        first = next((seen[rival] for rival in rivals(sign) if rival in seen), None)
        if first is not None and sign not in guest.again:
            lines.append(f"disks[{index}]: {place} is disks[{first}] as well: name each disk once")
        seen.setdefault(sign, index)
        found = [(rival, *owner) for rival in rivals(sign) for owner in owners.get(rival, ()) if owner[0] != name]
        if found and sign not in guest.now:
            rival, other, words = found[0]
            words = BELOW if BASE in (rival[: len(BASE)], sign[: len(BASE)]) and words == SHARED else words
            lines.append(f"disks[{index}]: {place} {words.format(ShellWord(other))}")
    return lines
