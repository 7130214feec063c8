# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the dictionaries of JSON have that the agent reads: what ``ip`` tells, and what is noted of a trial.

No key has to be there: iproute2 tells what a device, an address or a route has, and an earlier release noted less.
"""

from __future__ import annotations

import typing as t


class AddressData(t.TypedDict, total=False):
    """One address of a device, as ``ip -json address`` tells of it."""

    local: str
    prefixlen: int
    address: str
    broadcast: str
    label: str
    scope: str
    metric: int
    protocol: str
    dynamic: bool
    deprecated: bool
    valid_life_time: int
    preferred_life_time: int


class Vlan(t.TypedDict, total=False):
    """A VLAN of a bridge's port, or the first of some, as ``bridge -json vlan`` tells of it."""

    vlan: int
    vlanEnd: int
    flags: list[str]


class PortVlans(t.TypedDict, total=False):
    """The VLANs of a port."""

    ifname: str
    vlans: list[Vlan]


class LinkData(t.TypedDict, total=False):
    """Some of what a bridge or a MacVLAN link is set to. ``ip`` tells more of it, and other keys of other kinds."""

    mode: str
    stp_state: int
    forward_delay: int
    vlan_filtering: int
    root_port: int
    root_path_cost: int


class LinkInfo(t.TypedDict, total=False):
    """What ``ip -details`` tells of the kind of a device, and of the bridge that it is a port of."""

    info_kind: str
    info_data: LinkData
    info_slave_kind: str
    info_slave_data: dict[str, object]


class DeviceData(t.TypedDict, total=False):
    """A device, as ``ip -details -json address`` tells of it."""

    ifname: str
    ifindex: int
    address: str
    permaddr: str
    altnames: list[str]
    flags: list[str]
    link: str
    link_index: int
    link_netnsid: int
    link_type: str
    linkinfo: LinkInfo
    master: str
    mtu: int
    operstate: str
    addr_info: list[AddressData]


class RouteData(t.TypedDict, total=False):
    """A route, one of its hops, a next hop with an id, or a neighbour, as ``ip -json`` tells of it.

    ``locked`` is added: which of its numbers are.
    """

    type: str
    dst: str
    gateway: str
    via: dict[str, str]
    dev: str
    flags: list[str]
    protocol: str
    metric: int
    table: str
    flow: dict[str, str]
    expires: int
    encap: str
    weight: int
    metrics: list[dict[str, object]]
    nexthops: list[RouteData]
    nhid: int
    id: int
    group: list[RouteData]
    blackhole: None
    lladdr: str
    locked: list[str]


class FileData(t.TypedDict):
    """A file that is kept: its text, None for one that goes, and its mode where it is new."""

    path: str
    text: str | None
    mode: int


class Expected(t.TypedDict):
    """What a host must have once a change is in force.

    :ivar devices: those of which one must have it all
    :ivar addresses: None for any of IPv4
    :ivar late: the addresses that routers announce
    :ivar routes: the default routes, each with its network and its gateway
    :ivar leased: whether a DHCP server gave the addresses
    :ivar carrier: whether there was something at the other end
    """

    devices: list[str]
    addresses: list[str] | None
    late: list[str]
    routes: list[list[str]]
    leased: bool
    carrier: bool


class Settings(t.TypedDict, total=False):
    """What a link is to have, whatever else it is: its MAC address and its MTU."""

    mac: str
    mtu: int


class State(t.TypedDict, total=False):
    """All that the unit has to know of a trial (``state.json``). ``Plan`` of ``planner`` says what most of it is."""

    id: str
    python: str
    seconds: int
    deadline: float
    trial: dict[str, str | None]
    keep: list[FileData]
    generate: list[list[str]]
    apply: list[list[str]]
    commands: list[list[str]]
    undo: list[list[str]]
    new: list[str]
    gone: list[str]
    again: dict[str, str]
    modes: dict[str, str]
    settings: dict[str, Settings]
    reconfigure: list[str]
    ports: dict[str, str]
    units: dict[str, str]
    netplan: bool
    network_manager: bool
    masters: dict[str, str]
    addresses: dict[str, list[str]]
    touched: list[str]
    expected: list[Expected]
    dns: dict[str, list[str]]
    by_hand: dict[str, list[str]]
    configured: list[str]
    static: list[list[str]]
    rules_of_files: bool
    routes: list[list[str]]
    probes: list[str]
    secrets: list[str]


class JournalEntry(t.TypedDict):
    """A file of the journal: the names of the new and the old one beside it, and what tells whether it was changed.

    :ivar new: None for a file that goes
    :ivar old: None for a file that was not there
    :ivar stamp: what changes when somebody edits the old one
    :ivar digest: that of the new text; not there in the journal of an earlier release
    """

    path: str
    new: str | None
    old: str | None
    stamp: list[int] | None
    digest: str | None


class Journal(t.TypedDict):
    """What the disk notes of the files that change together; ``folders`` are those that were made for them."""

    id: str
    files: list[JournalEntry]
    folders: list[str]
    netplan: bool


class SetByOthers(t.TypedDict):
    """What others had set once a trial was in force, or when it was decided that it is taken back."""

    words: list[list[str]]
    addresses: dict[str, list[str]]


class Outcome(t.TypedDict, total=False):
    """How a trial ended (``outcome.json``); ``outcome`` is None while it has not."""

    id: str
    outcome: str | None
    reason: str
    restored: bool
    lost: t.Sequence[str]
    missing: t.Sequence[str]
    log: list[str]
