# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier tasks of the same run would have made by now. In check mode they make nothing.

The control node collects it (plugin_utils/_forecast), and hands it to the next module in check mode.
"""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from .._engine.rows.model import ReadOnlyItem
from .forecast_lists import list_of
from .guest_places import GuestPlace
from .storage_observe import ObservedPool

Entries = t.Mapping[str, t.Optional[ReadOnlyItem]]  # noqa: UP045 - sanity tests import it with older Pythons


@dataclasses.dataclass(frozen=True)
class ToCome:
    """What a guest will have.

    :param uuid: that of the guest; None for a new one
    :param gone: whether it will be gone
    :param places: the storage that it will name
    :param interfaces: the network and the bridge or card of each of its interfaces; None for what it does not name
    :param secrets: the secrets that it will refer to, each as ``uuid`` or ``usage``, and that
    :param disks: of a new one, a definition with nothing but its disks; empty where nobody can tell
    :param runs: whether a new one will run
    """

    uuid: str | None = None
    gone: bool = False
    places: tuple[GuestPlace, ...] = ()
    interfaces: tuple[tuple[str | None, str | None], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    disks: str = ""
    runs: bool = False

    @classmethod
    def of(cls, facts: ReadOnlyItem) -> ToCome:
        """The same from JSON."""
        return cls(
            facts.get("uuid"),
            bool(facts.get("gone")),
            tuple(GuestPlace(*place) for place in facts.get("places") or ()),
            tuple((network, bridge) for network, bridge in facts.get("interfaces") or ()),
            tuple((by, secret) for by, secret in facts.get("secrets") or ()),
            str(facts.get("disks") or ""),
            bool(facts.get("runs")),
        )

    @property
    def tree(self) -> ET.Element:
        """A definition with nothing but the interfaces."""
        root = ET.Element("domain")
        devices = ET.SubElement(root, "devices")
        for network, bridge in self.interfaces:
            source = ET.SubElement(ET.SubElement(devices, "interface"), "source")
            source.attrib.update({"network": network} if network else {})
            source.attrib.update({"bridge": bridge} if bridge else {})
        return root


@dataclasses.dataclass(frozen=True)
class Forecast:
    """What would be there, by name, with what is known of it; None for what would be gone.

    Only check mode may believe it.

    :param networks: with ``state``, ``bridge`` and ``forward``, as far as they change
    :param pools: with ``state``, ``type`` and ``target``
    :param volumes: by identity, POOL/VOLUME
    :param secrets: nothing is known of them but that they are there
    :param snapshots: by identity, GUEST/SNAPSHOT
    :param links: network devices of the host
    :param packages: whether packages would be installed, by the variable of the role that says so
    :param domains: guests that would be changed, with what they would have then (see guests_to_come)
    :param others: the same of other kinds, by the names of their modules: only the kind itself asks for it
    """

    networks: Entries = dataclasses.field(default_factory=dict)
    pools: Entries = dataclasses.field(default_factory=dict)
    volumes: Entries = dataclasses.field(default_factory=dict)
    secrets: Entries = dataclasses.field(default_factory=dict)
    snapshots: Entries = dataclasses.field(default_factory=dict)
    links: Entries = dataclasses.field(default_factory=dict)
    packages: Entries = dataclasses.field(default_factory=dict)
    domains: Entries = dataclasses.field(default_factory=dict)
    others: t.Mapping[str, Entries] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, given: object) -> Forecast:
        """The forecast that the control node handed over; an empty one for anything else."""
        if not isinstance(given, dict):
            return cls()
        lists = {name: entries for name, entries in given.items() if isinstance(entries, dict)}
        own = {field.name: lists.pop(field.name) for field in dataclasses.fields(cls) if field.name in lists}
        own.pop("others", None)
        return cls(**own, others={name: entries for name, entries in lists.items() if isinstance(name, str)})

    def entries(self, kind: str) -> Entries:
        """What would be there of a kind, or be gone; nothing of those that are foretold otherwise."""
        name = list_of(kind)
        found: Entries = {} if name is None else vars(self).get(name, self.others.get(name, {}))
        return found

    def gone(self, kind: str) -> set[str]:
        """The identities of what would be gone of a kind."""
        return {name for name, facts in self.entries(kind).items() if facts is None}

    def made(self, kind: str) -> set[str]:
        """The identities of what would be there of a kind."""
        return {name for name, facts in self.entries(kind).items() if facts is not None}

    @property
    def is_sure(self) -> bool:
        """Whether the host has by now what guests need. What guests themselves are like changes nothing of that, nor do
        their snapshots, and packages bring only drivers."""
        return dataclasses.replace(self, domains={}, packages={}, snapshots={}) == Forecast()

    def guest(self, name: str, uuid: str) -> ToCome | None:
        """What a guest of the host would have by now; None where it would be as it is."""
        coming = self.guests.get(name)
        return coming if coming is not None and coming.uuid == uuid else None

    @property
    def guests(self) -> dict[str, ToCome]:
        """What guests would have by now that are changed or new, by name."""
        return {name: ToCome.of(facts) for name, facts in self.domains.items() if facts is not None}

    def with_pools(self, there: t.Mapping[str, ObservedPool]) -> dict[str, ObservedPool]:
        """The pools of the host as they would be."""
        found = dict(there)
        for name, facts in self.pools.items():
            if facts is None:
                found.pop(name, None)
                continue
            old = found.get(name, ObservedPool("dir", None, False))
            state = facts.get("state")
            found[name] = ObservedPool(
                str(facts.get("type") or old.type),
                facts.get("target") or old.target,
                old.active if state is None else state == "active",
            )
        return found
