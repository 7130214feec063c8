# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses which storage of a host: guests, volumes, the host itself, and what is declared in the same run.

What a thing is decides, never how it is spelled (see _host/places). What cannot be looked at is a
doubt, and in doubt all storage stays.
"""

from __future__ import annotations

import errno
import os
import typing as t
import urllib.parse
from xml.etree import ElementTree as ET

from .._host.places import BackingChain, Places, Signs, network
from .._printing import spelled_out
from .guest_places import GuestPlace, guest_places

NO_CHAIN = BackingChain((), frozenset(), ())


class Use(t.NamedTuple):
    """One use of a thing.

    :param who: the user in words, such as ``guest web01``
    :param guest: the guest, where it is one
    :param place: what the user names: the thing itself, or an image that is laid over it
    """

    who: str
    guest: str | None
    place: str


class Pool(t.NamedTuple):
    """What has to be known of a pool to tell what its volumes are.

    :param target: the folder of its volumes, or None
    :param source: the name of what it is on the network, such as RBD's pool, or None
    :param paths: the paths of its volumes by name, as far as libvirt tells
    :param kind: its type, such as ``dir``; empty where that is not known
    """

    target: str | None
    source: str | None
    paths: dict[str, str]
    kind: str = ""


class StorageUsers:
    """Who uses which storage.

    :param places: tells what paths are
    :ivar found: the uses of each sign (see _host/places)
    :ivar paths: the uses of each path as it is named, and of what it is laid over
    :ivar volumes: the uses of volumes that are named as POOL/VOLUME
    :ivar pools: the pools of the host by name
    :ivar doubts: what could not be looked at: while there is one, all storage stays
    :ivar raw: what guests have as raw, or was made as raw, whose headers guests may have written themselves
    :ivar formatted: what guests have in a format that can be laid over others
    :ivar closing: the signs of what guests have open now, and would have let go of by now (see Forecast)
    :ivar here: whether the paths are those of the host that this runs on
    :ivar own: whether all guests run as the user who asks, and use nothing that this user may not look at
    """

    def __init__(self, places: Places | None = None) -> None:
        self.places = places or Places()
        self.found: dict[str, dict[Use, None]] = {}
        self.paths: dict[str, dict[Use, None]] = {}
        self.volumes: dict[str, dict[Use, None]] = {}
        self.pools: dict[str, Pool] = {}
        self.index: dict[str, str] = {}
        self.doubts: list[str] = []
        self.raw: set[str] = set()
        self.formatted: set[str] = set()
        self.closing: set[str] = set()
        self.own = False
        self.here = True

    # --- asking ---

    def of(self, key: str, path: str | None) -> list[str]:
        """Who uses a volume, in words; the same one only once. A doubt counts as a user."""
        return list(dict.fromkeys([use.who for use in self.uses(key, path)] + self.doubts))

    def uses(self, key: str, path: str | None) -> list[Use]:
        """All uses of a volume.

        :param key: its identity, POOL/VOLUME
        :param path: where it is, or None
        """
        return self.uses_of(self.goes(key, path))

    def uses_of(self, signs: Signs) -> list[Use]:
        """All uses of what has one of these signs."""
        return list(dict.fromkeys(use for sign in signs for use in self.found.get(sign, ())))

    def goes(self, key: str, path: str | None) -> Signs:
        """What goes with a volume."""
        signs = {f"volume {key}"}
        for place in {path, self.path(key)} - {None, ""}:
            signs |= self.thing(t.cast(str, place))
        self.unseen()
        return frozenset(signs)

    def thing(self, place: str) -> Signs:
        """What a path is, or what libvirt gives as the path of a volume that is on the network."""
        if place.startswith("/"):
            return self.places.goes(place)
        scheme, colon, rest = place.partition(":")
        return frozenset((network(scheme, rest) if colon and rest.startswith("//") else f"network {place}",))

    def path(self, key: str) -> str | None:
        """Where a volume is: as libvirt tells, else by its name in the pool's folder."""
        name, _slash, volume = key.partition("/")
        pool = self.pools.get(name)
        if pool is None:
            return None
        listed_path = pool.paths.get(volume)
        if listed_path:
            return listed_path
        if pool.target is not None:
            return f"{pool.target.rstrip('/')}/{volume}"
        return None if pool.source is None else f"{pool.source}/{volume}"

    def key_at(self, place: str) -> str | None:
        """The volume of an active pool that a path is, by the very name first; None where none is."""
        if not place.startswith("/"):
            return None
        if not self.index:
            for pool, facts in sorted(self.pools.items()):
                for volume, path in facts.paths.items():
                    for sign in self.places.signs(path) if path.startswith("/") else ():
                        self.index.setdefault(sign, f"{pool}/{volume}")
        return next((self.index[sign] for sign in sorted(self.entry(place)) if sign in self.index), None)

    def entry(self, place: str) -> Signs:
        """Where a path is: its folder and name, or its device; not the file, which hard links share."""
        return frozenset(sign for sign in self.signs(place) if not sign.startswith("file "))

    def signs(self, place: str) -> Signs:
        """What somebody names by a place."""
        return self.places.signs(place) if place.startswith("/") else frozenset((place, f"volume {place}"))

    # --- telling ---

    def note(self, signs: t.Iterable[str], use: Use) -> None:
        """Note a use of all these."""
        for sign in signs:
            if sign != "network ":
                self.found.setdefault(sign, {})[use] = None

    def add(self, guest: str, place: str) -> None:
        """Note that a guest has a path, or POOL/VOLUME, as a disk."""
        kind = "path" if place.startswith("/") else "volume"
        self.add_places(f"guest {guest}", guest, [GuestPlace(kind, place)])

    def add_document(self, who: str, guest: str | None, root: ET.Element) -> None:
        """Note all that the definition of a guest, or of its snapshot, names."""
        self.add_places(who, guest, guest_places(root))
        for part in root.iter("slice"):
            if part.get("offset", "0").strip() != "0":
                self.doubt(
                    f"{who}: it has a disk inside of another file (slice), so nobody can tell what that is laid over"
                )

    def add_places(self, who: str, guest: str | None, places: t.Iterable[GuestPlace]) -> None:
        """Note places and what these are laid over."""
        given = list(dict.fromkeys(places))
        raw = {place.value for place in given if place.raw} - {place.value for place in given if place.image}
        for place in given:
            self.add_place(who, guest, place._replace(raw=place.value in raw))

    def add_place(self, who: str, guest: str | None, place: GuestPlace) -> None:
        """Note one place."""
        use = Use(who, guest, place.value)
        path: str | None = place.value
        if place.kind == "network":
            self.note((place.value,), use)
            return
        if place.kind == "scsi":
            device = self.places.devices.scsi(place.value)
            self.note(() if device is None else self.places.made_of(device), use)
            return
        if place.kind == "volume":
            self.note((f"volume {place.value}",), use)
            self.volumes.setdefault(place.value, {})[use] = None
            path = self.path(place.value)
            if path is None:
                return
            use = use._replace(place=path)
        if path is None or not path.startswith("/"):
            self.note(self.thing(str(path)), use)
            return
        if place.kind == "folder":
            self.note(self.places.folder(path), use)
        self.note(self.places.uses(path), use)
        self.add_chain(use, path, place.image, place.raw)

    def add_chain(self, use: Use, path: str, image: bool, raw: bool = False) -> None:
        """Note what an image is laid over. One that is away may be laid over anything.

        What a guest has as raw is laid over nothing. It can write a header into it: a name in there is
        taken for a use, but one that cannot be understood keeps nobody else's storage.
        """
        chain = self.places.chain(path)
        files = self.files_at(path)
        if image or raw:
            (self.formatted if image else self.raw).update(files)
        self.note(chain.signs, use)
        for link in (path, *chain.paths):
            self.paths.setdefault(link, {})[use] = None
        for doubt in () if not image and self.known_raw(files) else chain.doubts:
            self.doubt(f"{use.who}: {doubt}")
        for link in (*((path,) if image else ()), *chain.paths):
            if self.places.away(link):
                self.doubt(f"{use.who}: {link} is not there, nor its folder, so nobody can tell what it is laid over")

    def doubt(self, text: str) -> None:
        """Note that something could not be looked at."""
        text = spelled_out(text)
        if text not in self.doubts:
            self.doubts.append(text)

    def lay_over(self, who: str, path: str, base: str | None = None) -> None:
        """Note that a volume or file is laid over others: by its header, and a base that libvirt tells."""
        use = Use(who, None, path)
        chain = self.places.chain(path) if path.startswith("/") else NO_CHAIN
        own = self.places.signs(path) if path.startswith("/") else frozenset()
        self.note(chain.signs, use)
        for doubt in () if self.known_raw(self.files_at(path)) else chain.doubts:
            self.doubt(f"{who}: {doubt}")
        if base:
            below = self.places.chain(base) if base.startswith("/") else NO_CHAIN
            self.note((self.places.uses(base) if base.startswith("/") else self.thing(base)) - own, use)
            self.note(below.signs - own, use)

    def files_at(self, path: str) -> set[str]:
        """What is at a path, apart from how it is called: the file or the device."""
        signs = self.signs(path) if path.startswith("/") else frozenset()
        return {sign for sign in signs if sign.startswith(("file ", "block "))}

    def known_raw(self, files: set[str]) -> bool:
        """Whether this is raw: guests have it so, or it was made so, and no guest has it in another format."""
        return bool(files & self.raw) and not files & self.formatted

    def unseen(self) -> None:
        """Take the paths that could not be looked at for doubts."""
        for path, reason in self.places.doubts.items():
            if self.own and reason == os.strerror(errno.EACCES):
                continue
            self.doubt(f"{path} cannot be looked at ({reason})")


def is_local(uri: str) -> bool:
    """Whether a connection is to the host that this runs on (https://libvirt.org/uri.html)."""
    try:
        return not urllib.parse.urlsplit(uri).netloc
    except ValueError:
        return False
