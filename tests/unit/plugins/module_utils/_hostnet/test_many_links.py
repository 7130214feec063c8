# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan of many links costs: counted in calls, which do not depend on the machine."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice, NetplanFile
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import HOST, NETPLAN, planned


@pytest.mark.parametrize("count", [10, 40])
def test_links_that_do_not_change_copy_nothing(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """A copy of all documents for each link made 150 bridges cost 20 s."""
    links = [
        {"name": f"br{n}", "type": "bridge", "ports": [], "addressing": "static", "addresses": [f"10.0.{n}.1/24"]}
        for n in range(count)
    ]
    first = planned(*links)
    made = [
        NetplanFile(*file.path.rsplit("/", 1), file.after)
        for file in first.files
        if file.path.endswith(".yaml") and file.after
    ]
    devices = {
        link["name"]: HostDevice(link["name"], index=10 + n, kind="bridge", addresses=(link["addresses"][0],))
        for n, link in enumerate(links)
    }
    host = dataclasses.replace(HOST, netplan=(NETPLAN, *made), devices={**HOST.devices, **devices})
    copies = []
    copy = Netplan.copy
    monkeypatch.setattr(Netplan, "copy", lambda net: copies.append(net) or copy(net))
    found = planned(*links, host=host)
    assert found.files == []
    assert len(copies) <= 5
