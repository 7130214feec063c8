# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that is refused is told what a killed run may have left of its volumes; no other is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.half_made import Half


def needed(*keys: str) -> Any:
    return [SimpleNamespace(key=key) for key in keys]


def test_what_a_killed_run_may_have_left_is_told_of_guests_that_are_refused() -> None:
    half = Half({}, {"p/web.qcow2": "p/web.qcow2 may be half-made", "p/db.qcow2": "so may that"}, {})
    resolved = [
        ({"name": "web"}, needed("p/data", "p/web.qcow2")),
        ({"name": "db"}, needed("p/db.qcow2")),
        ({"name": "we"}, needed("p/web.qcow2")),
    ]
    lines = ["domain web: disks[0]: is too small", "domain web2: disks[0]: is too small"]
    told = plan.with_doubts(lines, resolved, half)
    assert told[:2] == lines
    assert [line.partition(";")[0] for line in told[2:]] == ["domain web: p/web.qcow2 may be half-made"]
    assert "state: absent" in told[2]
