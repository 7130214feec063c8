# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that libvirt refuses was never made, and so does not wait for a restart."""

from __future__ import annotations

from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.network import network_actions
from ansible_collections.virtfleet.kvm.tests.unit.readiness import Run, call

LAB = {"name": "lab", "ips": [{"address": "10.60.0.1/24"}]}


def test_what_was_refused_waits_for_nothing(host: Any, run_main: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    call(run_main, "networks", LAB)

    def refuse(*words: Any) -> None:
        raise libvirt.libvirtError("XML error: bad <port> in <nat> in <forward> element of network lab")

    monkeypatch.setitem(network_actions.ACTIONS, "define", refuse)
    result = call(run_main, "networks", {**LAB, "forward": {"nat": {"port": {"start": 1024, "end": 2000}}}}, fails=True)
    assert "bad <port> in <nat> in <forward> element of network lab" in result["msg"]
    assert (result["changed"], result["changes"], result["pending_restart"]) == (False, [], [])
    assert not [line for line in result.get("warnings", []) if "until it is restarted" in line]


@pytest.mark.parametrize("name", ["address", "port"])
@pytest.mark.parametrize("side", ["start", "end"])
def test_half_a_range_is_refused_before(host: Any, run_main: Run, name: str, side: str) -> None:
    span = {"address": "203.0.113.9", "port": 2000}
    forward = {"mode": "nat", "nat": {name: {side: span[name]}}}
    other = "end" if side == "start" else "start"
    for check in (True, False):
        result = call(run_main, "networks", {**LAB, "forward": forward}, check=check, fails=True)
        assert f"forward.nat.{name}.{other}: is missing: libvirt takes start and end together" in result["msg"]
