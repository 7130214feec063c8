# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a host's links: the files that change, and what else a change of them asks for."""

from __future__ import annotations

import dataclasses
import typing as t

from .._engine.rows.model import Change
from .agent.shapes import Expected, Settings
from .netplan_split import NOTHING


class Foretold(t.TypedDict):
    """What becomes of the addresses of a link, with a note for people.

    :ivar after: None where a DHCP server decides
    """

    link: str
    before: list[str]
    after: list[str] | None
    note: str


@dataclasses.dataclass(frozen=True)
class ChangedFile:
    """A file that changes.

    :param path: where it is kept
    :param trial: where it is tried, which goes with a reboot; empty for what has effect at boot only
    :param before: its text, None where it is not there
    :param after: its text, None where it goes
    :param mode: its rights where it is new: one that is there keeps its own, and its owner
    :param origin: where the text before is, if not at ``path``
    :param below: what is read in its place where it goes
    """

    path: str
    trial: str
    before: str | None
    after: str | None
    mode: int = 0o644
    origin: str = ""
    below: str | None = None

    @property
    def tried(self) -> str | None:
        """Its text during the trial, None where it is hidden: netplan reads one that goes as one that says nothing."""
        return self.after if self.after is not None or "/netplan/" not in self.trial else self.below or NOTHING


@dataclasses.dataclass
class LinksPlan:
    """What is to be done, and what that changes.

    :param items: the changes of each link
    :param new: devices that a rollback has to remove
    :param gone: devices that go
    :param again: those of them that are made anew, with the mode that each then has
    :param modes: the modes of new MacVLAN links
    :param settings: the MAC address and the MTU that links must have afterwards, where networkd sets them
    :param commands: what the kernel is told besides, after the files are in force
    :param undo: what a rollback tells the kernel
    :param refresh: devices that networkd must look at again, though their files are as they were
    :param reconfigure: devices that a rollback has networkd configure anew
    :param ports: the bridge that each port must be part of afterwards
    :param units: the name of the unit that networkd is to configure each changed link by
    :param backend: who makes the files true: ``networkd`` or ``NetworkManager``, and netplan or not
    :param forecast: what becomes of the host's addresses
    :param addresses: where the host may be reached after the change
    :param by_hand: the addresses of devices that no file has
    :param static: the words of routes that no file has though their origin is that of files
    :param rules_of_files: whether files may have policy rules: one with their origin may be theirs then
    :param configured: the devices that lose what no file has, each with the link that is the reason
    :param given_addresses: the addresses that files, servers and routers give devices: any of them may lose its own in
        a trial
    :param expected: the addresses and routes that the host must have afterwards (see expected)
    """

    items: list[tuple[str, list[Change]]] = dataclasses.field(default_factory=list)
    files: list[ChangedFile] = dataclasses.field(default_factory=list)
    new: list[str] = dataclasses.field(default_factory=list)
    gone: list[str] = dataclasses.field(default_factory=list)
    again: dict[str, str] = dataclasses.field(default_factory=dict)
    modes: dict[str, str] = dataclasses.field(default_factory=dict)
    settings: dict[str, Settings] = dataclasses.field(default_factory=dict)
    commands: list[list[str]] = dataclasses.field(default_factory=list)
    undo: list[list[str]] = dataclasses.field(default_factory=list)
    refresh: list[str] = dataclasses.field(default_factory=list)
    reconfigure: list[str] = dataclasses.field(default_factory=list)
    ports: dict[str, str] = dataclasses.field(default_factory=dict)
    units: dict[str, str] = dataclasses.field(default_factory=dict)
    netplan: bool = False
    network_manager: bool = False
    documents: dict[str, str] = dataclasses.field(default_factory=dict)
    forecast: list[Foretold] = dataclasses.field(default_factory=list)
    addresses: list[str] = dataclasses.field(default_factory=list)
    by_hand: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    static: list[list[str]] = dataclasses.field(default_factory=list)
    rules_of_files: bool = True
    configured: dict[str, str] = dataclasses.field(default_factory=dict)
    given_addresses: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    expected: list[Expected] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)

    @property
    def changes(self) -> list[tuple[str, Change]]:
        """Every change with the name of its link."""
        return [(name, change) for name, changes in self.items for change in changes]
