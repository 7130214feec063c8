# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits for a restart is seen without -v: in warnings, in the diff, and at the end of the site."""

from __future__ import annotations

from typing import Any

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine import pending, report
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.site_parts import declared_results
from ansible_collections.virtfleet.kvm.plugins.module_utils._role_words import for_role
from ansible_collections.virtfleet.kvm.tests.unit.support import observed, plan_one

RUNNING = (
    "<domain type='kvm'><name>web01</name><memory>1048576</memory><vcpu>1</vcpu>"
    "<os><type arch='x86_64' machine='q35'>hvm</type></os><devices/></domain>"
)


def planned(have: Any = None, **options: Any) -> dict[str, Any]:
    have = have or observed(RUNNING, state="running")
    return report.result([plan_one(DOMAIN, have, {"name": "web01", "state": "running", **options})])


def test_a_warning_for_each_guest_with_fields_and_reasons() -> None:
    (warning,) = planned(memory="2GiB", vcpus=4)["warnings"]
    assert warning.startswith("domain web01: still runs with the old memory")
    assert "vcpus" in warning


def test_the_diff_marks_what_waits_and_nothing_else() -> None:
    (diff,) = planned(memory="2GiB", description="new")["diff"]
    assert diff["after"].splitlines() == ["description: new", f"memory: 2GiB{pending.MARK}"]
    assert pending.MARK not in diff["before"]


def test_a_change_of_what_does_not_run_waits_for_nothing() -> None:
    result = planned(observed(RUNNING, state="stopped"), memory="2GiB", state="stopped")
    assert result["changed"]
    assert "warnings" not in result
    assert pending.MARK not in str(result["diff"])


def test_what_waits_from_before_is_a_warning_without_a_change() -> None:
    defined = observed(RUNNING.replace("1048576", "2097152"), state="running", live=RUNNING)
    result = planned(defined, memory="2GiB")
    assert (result["changed"], len(result["warnings"])) == (False, 1)


def test_what_is_removed_and_still_runs_has_a_line() -> None:
    assert pending.marked("watchdogs[0]", [], {"watchdogs[0]": "x"}) == [f"watchdogs[0]: (removed){pending.MARK}"]
    assert pending.marked("watchdogs[0]", [], {}) == []


def test_the_end_of_the_site_tells_of_all_hosts() -> None:
    waits = {"pending_restart": [{"domain": "web01", "paths": ["memory"], "reasons": {"memory": "why"}}]}
    net = {"pending_restart": [{"network": "lan", "paths": ["mtu", "bridge"], "reasons": {"mtu": "a", "bridge": "a"}}]}
    variables: dict[str, Any] = {
        "kvm01": {"guests_declared": waits, "networks_declared": net},
        "kvm02": {"guests_declared": {"failed": True, "msg": "no"}, "storage_declared": {"skipped": True}},
        "kvm03": {},
    }
    assert pending.of_hosts(variables, variables, declared_results(), for_role) == [
        "kvm01: network lan: still runs with the old mtu, bridge (a); stop it and start it again",
        "kvm01: guest web01: still runs with the old memory (why); shut it down and start it again (a reboot is"
        " not enough), or set guests_on_restart_needed: restart",
    ]
