# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a guest needs starts with the host, by what is known of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import autostarts


class Host:
    """A host on which the network and the pool "on" start with it, "off" does not, and others are not there."""

    def __init__(self) -> None:
        self.networkLookupByName = lambda name: self.look(f"network {name}")
        self.storagePoolLookupByName = lambda name: self.look(f"pool {name}")

    @staticmethod
    def look(what: str) -> Any:
        found = {"network on": 1, "network off": 0, "pool on": 1, "pool off": 0, "pool mine": 0}
        if what not in found:
            raise libvirt.libvirtError("not there")
        return SimpleNamespace(autostart=lambda: found[what])


NO_HOST, HOST = None, Host()


@pytest.mark.parametrize(
    ("host", "kind", "name", "foreseen", "lasts"),
    [
        # What an earlier task does counts, with a host and without.
        (HOST, "network", "on", {"on": {"autostart": False}}, False),
        (HOST, "network", "off", {"off": {"autostart": True}}, True),
        (HOST, "pool", "off", {"off": {"autostart": True}}, True),
        (NO_HOST, "network", "default", {"default": {"autostart": True}}, True),
        (NO_HOST, "network", "a", {"a": {"autostart": False}}, False),
        # Without libvirt: what its packages bring is there, unless it is to go.
        (NO_HOST, "network", "default", {}, False),
        (NO_HOST, "network", "default", {"default": {}}, False),
        (NO_HOST, "network", "default", {"default": None}, True),
        (NO_HOST, "network", "other", {}, True),
        (NO_HOST, "pool", "default", {}, True),
        (NO_HOST, "pool", "other", {}, True),
        # Else the host is asked, and what is not there is told of elsewhere.
        (HOST, "network", "on", {}, True),
        (HOST, "network", "off", {}, False),
        (HOST, "pool", "on", {}, True),
        (HOST, "pool", "off", {"off": {"active": True}}, False),
        (HOST, "network", "mine", {}, True),
        (HOST, "pool", "mine", {}, False),
        (HOST, "network", "new", {"new": {"active": True}}, False),
        (HOST, "network", "new", {"new": None}, True),
        (HOST, "network", "new", {"other": {"active": True}}, True),
    ],
)
def test_whether_it_starts_with_the_host(
    host: Any, kind: str, name: str, foreseen: dict[str, Any], lasts: bool
) -> None:
    mine, others = foreseen, {name: {"autostart": not lasts}}
    known = (mine, others) if kind == "network" else (others, mine)
    forecast: Any = SimpleNamespace(networks=known[0], pools=known[1])
    assert autostarts.lasts(host, kind, name, forecast) is lasts


THERE: Any = {
    "starts": SimpleNamespace(properties={"autostart": True}),
    "does not": SimpleNamespace(properties={"autostart": False}),
    "untold": SimpleNamespace(properties={}),
}


@pytest.mark.parametrize(
    ("want", "starts"),
    [
        ({"name": "new"}, False),
        ({"name": "new", "autostart": True}, True),
        ({"name": "starts"}, True),
        ({"name": "starts", "autostart": None}, False),
        ({"name": "starts", "autostart": False}, False),
        ({"name": "starts", "state": "absent"}, False),
        ({"name": "new", "autostart": True, "state": "absent"}, False),
        ({"name": "does not"}, False),
        ({"name": "does not", "autostart": True}, True),
        ({"name": "untold"}, False),
    ],
)
def test_whether_a_guest_is_to_start_with_the_host(want: dict[str, Any], starts: bool) -> None:
    entry: Any = SimpleNamespace(name=want["name"])
    assert autostarts.starts_with_host(entry, {"state": "running", **want}, THERE) is starts
