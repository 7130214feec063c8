# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that a running guest was asked for and has not given is told in each run, not in the first one alone."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import plan as engine
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import report
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.live import ASKED
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.tests.unit.support import EMULATING_HOST, observed, plan_one

GUEST = (
    "<domain type='qemu'><name>g</name><memory unit='KiB'>65536</memory>"
    "<currentMemory unit='KiB'>{}</currentMemory><os><type>hvm</type></os><devices/></domain>"
)


@pytest.mark.parametrize("policy", ["defer", "restart"])
def test_it_is_pending_and_no_restart_is_planned_for_it(policy: str) -> None:
    have = observed(GUEST.format(49152), "running", GUEST.format(65536))
    want = {"name": "g", "state": "running", "current_memory": "48MiB"}
    (plan,) = engine.plan(DOMAIN, {"g": have}, DOMAIN.parse([want]), EMULATING_HOST, policy)
    assert list(plan.steps) == []
    result = report.result([plan])
    assert result["changed"] is False
    assert result["pending_restart"] == [
        {"domain": "g", "paths": ["current_memory"], "reasons": {"current_memory": ASKED}}
    ]
    assert [line for line in result["warnings"] if ASKED in line]


def test_a_guest_that_followed_has_nothing_pending() -> None:
    have = observed(GUEST.format(49152), "running", GUEST.format(49152))
    plan = plan_one(DOMAIN, have, {"name": "g", "state": "running", "current_memory": "48MiB"}, EMULATING_HOST)
    assert report.result([plan])["pending_restart"] == []
