# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is on a network that goes or stops is told, before and after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libvirt
import pytest

Run = Callable[..., dict[str, Any]]
CUT = "will be cut off, also once the network is active again: until the next start of the guest"


@pytest.mark.parametrize("state", ["absent", "inactive"])
@pytest.mark.parametrize("guests", ["running", "off", "none"])
def test_the_guests_on_a_network_are_told_of(
    connection: Any, run_networks: Run, run_domains: Run, state: str, guests: str
) -> None:
    run_networks({"name": "lan", "bridge": "virbr-lan"})
    if guests != "none":
        power = "running" if guests == "running" else "stopped"
        run_domains({"name": "g", "memory": "64MiB", "interfaces": [{"network": "lan"}], "state": power})
    said = [run_networks({"name": "lan", "state": state}, check=check)["warnings"] for check in (True, False)]
    assert said[0] == said[1]
    wanted = {
        "running": [f"network lan: guest g runs on it, and {CUT}"],
        "off": ["network lan: guest g is on it, and does not start without it"],
        "none": [],
    }
    assert said[0] == wanted[guests]
    assert run_networks({"name": "lan", "state": state})["warnings"] == []


def test_a_guest_that_was_saved_on_a_network_is_told_of(
    connection: Any, run_networks: Run, run_domains: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is defined on another one by now; libvirt's test driver does not tell what it saves."""
    run_networks({"name": "lan", "bridge": "virbr-lan"})
    item = {"name": "g", "memory": "64MiB", "interfaces": [{"network": "lan"}], "state": "running"}
    run_domains(item)
    domain = connection.lookupByName("g")
    text = domain.XMLDesc(0)
    monkeypatch.setattr(libvirt.virDomain, "managedSaveGetXMLDesc", lambda self, flags=0: text)
    domain.managedSave(0)
    run_domains({**item, "interfaces": [{"network": "default"}], "state": "stopped"})
    for check in (True, False):
        told = run_networks({"name": "lan", "state": "absent"}, check=check)["warnings"]
        assert told == ["network lan: guest g is on it, and does not start without it"]
    result = run_domains({**item, "interfaces": [{"network": "default"}]}, fails=True)
    assert (
        "its saved state, which virsh managedsave-remove g discards: there is no network lan on this" in result["msg"]
    )


def test_who_is_cut_off_is_told_by_what_runs(connection: Any, run_networks: Run, run_domains: Run) -> None:
    """The definition of a guest names another network by now, until the next start."""
    run_networks({"name": "lan", "bridge": "virbr-lan"}, {"name": "next", "bridge": "virbr-next"})
    run_domains({"name": "g", "memory": "64MiB", "interfaces": [{"network": "lan"}], "state": "running"})
    text = connection.lookupByName("g").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    connection.defineXML(text.replace("network='lan'", "network='next'"))
    for check in (True, False):
        told = run_networks({"name": "next", "state": "inactive"}, {"name": "lan", "state": "inactive"}, check=check)
        assert told["warnings"] == [
            "network next: guest g is on it, and does not start without it",
            f"network lan: guest g runs on it, and {CUT}",
        ]
    # It has been cut off by now.
    assert run_networks({"name": "lan", "state": "absent"})["warnings"] == [
        "network lan: guest g is on it, and does not start without it"
    ]


def test_a_bridge_of_the_host_cuts_nobody_off(connection: Any, run_networks: Run, run_domains: Run) -> None:
    run_networks({"name": "hb", "forward": {"mode": "bridge"}, "bridge": "br0"})
    run_domains({"name": "g", "memory": "64MiB", "interfaces": [{"network": "hb"}], "state": "running"})
    for check in (True, False):
        told = run_networks({"name": "hb", "state": "inactive"}, check=check)["warnings"]
        assert told == ["network hb: guest g is on it, and does not start without it"]
