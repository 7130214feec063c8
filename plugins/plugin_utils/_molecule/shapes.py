# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the dictionaries have that go between the steps of molecule, as playbooks hand them on."""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item


class GuestForward(t.TypedDict):
    """Where the SSH server of a guest is reached on its host."""

    address: str
    port: int


class GuestInInventory(t.TypedDict):
    """What the inventory tells of every guest."""

    name: str
    domain: str
    user: str
    groups: list[str]
    snapshot: dict[str, str]


class ScenarioGuest(GuestInInventory, total=False):
    """A guest of a scenario: see Scenario.

    ``forward`` is there where it has no address of its own, and ``config`` once it is known what it is to be.
    """

    forward: GuestForward
    config: Item


class ScenarioHost(t.TypedDict):
    """The KVM host of a scenario: see kvm_host."""

    name: str
    remote: bool
    known: bool
    variables: dict[str, object]


class WantedHost(ScenarioHost):
    """The same, with what was asked for."""

    wanted: str


class ScenarioKit(t.TypedDict):
    """What the lookup molecule_scenario returns, as far as the guests' files need it."""

    folder: str
    project: str
    mark: str
    uri: str
    kvm: WantedHost
    guests: list[ScenarioGuest]


class NewHost(t.TypedDict):
    """A guest as a host of Ansible."""

    name: str
    groups: list[str]
    variables: dict[str, object]


KnownAddresses = t.Mapping[str, t.Sequence[object] | None]
"""Of each guest, by its domain, its addresses: as the module domains returns them, or as texts."""
