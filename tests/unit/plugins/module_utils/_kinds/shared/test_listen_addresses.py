# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest whose display listens at an address that its host does not have would not start."""

from __future__ import annotations

from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking, listen_addresses
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.readiness import Doubt
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.references import references
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.forecast import Forecast
from ansible_collections.virtfleet.kvm.tests.unit.support import defined, plan_one


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "0.0.0.0", "kvm01.example.com", "no address"])
def test_what_is_there_or_cannot_be_told(address: str) -> None:
    assert listen_addresses.is_here(address)


@pytest.mark.parametrize("address", ["192.0.2.77", "203.0.113.9"])
def test_what_no_interface_has(address: str) -> None:
    assert not listen_addresses.is_here(address)


HERE = "192.0.2.77"
"""An address of documentation (RFC 5737), which no host has."""


class Host:
    """A connection to this very machine."""

    def getURI(self) -> str:  # noqa: N802 - libvirt's name
        return "qemu:///system"


def displays(*listens: str) -> ET.Element:
    found = "".join(f"<graphics>{each}</graphics>" for each in listens)
    return ET.fromstring(f"<domain><devices>{found}</devices></domain>")


def test_displays() -> None:
    root = displays("<listen type='address' address='192.0.2.77'/>", "<listen type='network' network='default'/>", "")
    (found,) = references(root)
    assert (found.where({}), found.kind, found.value) == ("graphics[0].listen", "address", "192.0.2.77")
    told = lacking.Site(cast(Any, Host()), Forecast()).problem(found)
    assert told == (
        "the host has no address 192.0.2.77 to listen at: name one of its own, or 127.0.0.1, or 0.0.0.0 for all"
    )
    assert not isinstance(told, Doubt)
    doubtful = lacking.Site(cast(Any, Host()), Forecast(links={"br0": {}})).problem(found)
    assert isinstance(doubtful, Doubt)


@pytest.mark.parametrize(
    ("option", "written"),
    [
        ("graphics[0].listen", {"graphics": [{"type": "vnc", "listen": "192.0.2.77"}]}),
        (
            "graphics[0].listen",
            {"graphics": [{"type": "spice", "listens": [{"type": "address", "address": HERE}]}]},
        ),
        ("graphics[0].listen", {"xml": "<devices><graphics type='vnc' listen='192.0.2.77'/></devices>"}),
        ("serials[0].host", {"serials": [{"type": "tcp", "mode": "bind", "host": "192.0.2.77", "service": "99"}]}),
        (
            "channels[0].host",
            {"xml": f"<devices><channel type='udp'><source mode='bind' host='{HERE}'/></channel></devices>"},
        ),
    ],
    ids=str,
)
def test_however_it_is_written(option: str, written: dict[str, Any]) -> None:
    made = plan_one(DOMAIN, None, {"name": "web01", "memory": "1GiB", "state": "running", **written})
    found = [one for one in references(ET.fromstring(defined(made))) if one.kind == "address"]
    assert [(one.where({}), one.value) for one in found] == [(option, "192.0.2.77")]


def test_an_address_that_is_called_is_elsewhere() -> None:
    connects = {"serials": [{"type": "tcp", "mode": "connect", "host": "192.0.2.77", "service": "99"}]}
    made = plan_one(DOMAIN, None, {"name": "web01", "memory": "1GiB", "state": "running", **connects})
    assert [one for one in references(ET.fromstring(defined(made))) if one.kind == "address"] == []
