# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run did on all hosts, out of what its tasks have left."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.plugin_utils import _fleet_changes
from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT

HANGS = ": it is off or hangs, or its libvirt does (systemctl restart libvirtd)"


def change(resource: str, path: str, before: Any, after: Any) -> dict[str, Any]:
    return {"resource": resource, "path": path, "before": before, "after": after, "live": None}


MADE = change("domain web01", "definition", None, {"name": "web01", "memory": "1GiB", "vcpus": 2})
STARTED = change("domain web01", "state", "stopped", "running")
COMES_UP = change("domain web01", "autostart", False, True)
GROWN = change("domain db01", "memory", 1, 2)
GONE = change("network old", "state", "active", "absent")
PURGED = [
    change("domain old", "state", "running", "absent"),
    change("domain old", "nvram", "/var/lib/nvram", "absent"),
    change("domain old", "volume fast/old-vda.qcow2", "present", "absent"),
]
NEW_DISK = change("domain db01", "disks[1].volume", None, {"name": "db01-vdb.qcow2", "capacity": "1GiB"})
WAITS = {"domain": "db01", "paths": ["memory"], "reasons": {"memory": "why"}}

FLEET: dict[str, dict[str, Any]] = {
    "quiet": {"host_found": {"changed": False}, "guests_declared": {"changes": []}},
    "busy": {
        "host_installed": {"changed": True, "stdout": "Inst mtools (4.0)\nInst qemu-utils (1:7.2)\nConf mtools\n"},
        "host_services": {"skipped": True, "changed": False},
        "guests_declared": {"changes": [MADE, COMES_UP, STARTED, GROWN, NEW_DISK, *PURGED], "pending_restart": [WAITS]},
        "networks_purged": {"changes": [GONE]},
    },
    "wrong": {
        "networks_declared": {"changes": [GROWN], "failed": True, "msg": "network lan: is no network\n\nnetwork b: no"},
    },
    "away": {"host_found": {"unreachable": True, "failed": True, "msg": "no route"}},
    "bare": {},
}


def found() -> dict[str, Any]:
    return _fleet_changes.of_hosts(FLEET, FLEET)


def test_each_host_has_an_outcome() -> None:
    assert {name: host["outcome"] for name, host in found()["hosts"].items()} == {
        "quiet": "unchanged",
        "busy": "changed",
        "wrong": "failed",
        "away": "unreachable",
        "bare": "not asked",
    }


def test_what_is_made_changed_and_removed_is_sorted_out() -> None:
    host = found()["hosts"]["busy"]
    assert host["made"] == ["domain web01", "volume default/db01-vdb.qcow2"]
    assert host["changed"] == ["setting packages of the host", "domain db01"]
    assert host["removed"] == ["domain old", "volume fast/old-vda.qcow2", "network old"]
    assert host["waiting"] == ["domain db01"]


def test_the_summary_fits_a_screen_and_names_what_is_wrong() -> None:
    assert _fleet_changes.lines(found()) == [
        "5 hosts: 1 changed, 1 failed, 1 not asked, 1 unchanged, 1 unreachable",
        "made: 1 guest, 1 volume",
        "changed: 2 guests, packages of the host",
        "removed: 1 guest, 1 network, 1 volume",
        "waits for a restart: 1 guest",
        "wrong: network lan: is no network",
        "wrong: network b: no",
        "away: unreachable",
        "busy: guest db01: still runs with the old memory (why); shut it down and start it again (a reboot is not"
        " enough), or set guests_on_restart_needed: restart",
    ]


def test_what_guests_leave_behind_is_in_the_summary() -> None:
    left = ["guest old: its disk default/old.qcow2 stays: it is used by guest web", "guest a: b"]
    values = {"kvm01": {"guests_declared": {"changed": True, "changes": PURGED, "left": left}}}
    for detailed in (False, True):
        told = _fleet_changes.lines(_fleet_changes.of_hosts(values, values), detailed)
        assert [line for line in told if line in [f"kvm01: {one}" for one in left]] == [f"kvm01: {one}" for one in left]


def test_the_details_name_each_field() -> None:
    assert _fleet_changes.details(found()) == [
        "busy: guest web01: made",
        "busy: guest web01: memory: 1GiB",
        "busy: guest web01: vcpus: 2",
        "busy: guest web01: autostart: true",
        "busy: guest web01: state: running",
        "busy: volume default/db01-vdb.qcow2: made",
        "busy: volume default/db01-vdb.qcow2: capacity: 1GiB",
        "busy: packages of the host: mtools, qemu-utils",
        "busy: guest db01: memory: 1 -> 2",
        'busy: guest db01: disks[1].volume: null -> {"name": "db01-vdb.qcow2", "capacity": "1GiB"}',
        "busy: guest old: removed",
        "busy: volume fast/old-vda.qcow2: removed",
        "busy: network old: removed",
        "wrong: guest db01: memory: 1 -> 2",
        "busy: guest db01: still runs with the old memory (why); shut it down and start it again (a reboot is not"
        " enough), or set guests_on_restart_needed: restart",
    ]


@pytest.mark.parametrize(
    ("value", "said"), [(None, "null"), ("a", "a"), (["x", 1], '["x", 1]'), ("a" * 300, "a" * 160)]
)
def test_a_value_is_one_short_line(value: Any, said: str) -> None:
    assert _fleet_changes.shown(value).removesuffix("...") == said


def test_what_was_done_counts_and_not_what_had_been_planned() -> None:
    planned, done = change("link br0", "ports", [], ["a"]), change("link br0", "ports", [], ["b"])
    values = {"links_plan": {"changes": [planned]}, "links_declared": {"changes": [done]}}
    assert _fleet_changes.of_host(values)["changes"] == [done]
    skipped = {"links_plan": {"changes": [planned]}, "links_declared": {"skipped": True}}
    assert _fleet_changes.of_host(skipped)["changes"] == [planned]


def test_what_cannot_be_written_out_is_no_hang() -> None:
    value: Any = ["x"]
    for _level in range(60):
        value = [value, value]
    values = {"guests_declared": {"changes": [change(value, value, value, value)], "failed": True, "msg": value}}
    found = _fleet_changes.of_hosts(["kvm01"], {"kvm01": values})
    assert found["hosts"]["kvm01"]["changed"] == ["a list"]
    assert "kvm01: a list" in _fleet_changes.lines(found)
    assert _fleet_changes.shown(value) == "a list"


def test_results_of_other_shapes_are_no_traceback() -> None:
    assert _fleet_changes.of_host({"guests_declared": "set by somebody"})["outcome"] == "not asked"
    assert _fleet_changes.of_host({"guests_declared": {"changes": None, "failed": True}})["problems"] == ["failed"]


SERVICE = {"failed": True, "msg": "One or more items failed", "results": [
    {"item": "libvirtd.socket", "changed": False},
    {"item": "libvirtd.service", "failed": True, "msg": "could not be started"},
]}  # fmt: skip


@pytest.mark.parametrize(
    ("results", "outcome", "problem"),
    [
        ({"host_refused": {"failed": True, "msg": "libvirt does not answer"}}, "failed", "libvirt does not answer"),
        ({"host_after_starting": {"failed": True, "msg": "no module"}}, "failed", "no module"),
        ({"host_services": SERVICE}, "failed", "libvirtd.service: could not be started"),
        ({}, "stopped", "stopped before the run was done here; the errors above say why"),
        *(
            ({"host_found": {"failed": True, "msg": words}}, "unreachable", f"did not answer within 120 s{HANGS}")
            for words in (
                "Task failed: Timed out after 120 second(s).",
                "The host_info action failed to execute in the expected time frame (120) and was terminated",
            )
        ),
    ],
)
def test_a_host_that_a_task_failed_on_is_not_unchanged(results: dict[str, Any], outcome: str, problem: str) -> None:
    fleet = {"kvm01": {"host_found": {"changed": False}, **results}, "kvm02": {"host_found": {"changed": False}}}
    told = _fleet_changes.of_hosts(fleet, fleet, ["kvm02"])
    assert [told["hosts"][host]["outcome"] for host in fleet] == [outcome, "unchanged"]
    counts = ", ".join(f"1 {name}" for name in sorted((outcome, "unchanged")))
    assert _fleet_changes.lines(told) == [f"2 hosts: {counts}", f"kvm01: {problem}"]


def test_every_task_of_the_roles_that_may_fail_leaves_its_result() -> None:
    """One without would leave its host as unchanged, or only say that it was stopped."""
    # The role pull is no part of the site.
    files = [path for path in (ROOT / "roles").glob("*/tasks/*.yml") if path.parts[-3] != "pull"]
    assert files
    for path in files:
        for task in yaml.safe_load(path.read_text(encoding="utf-8")):
            if not {"ansible.builtin.import_tasks", "ansible.builtin.set_fact"} & task.keys():
                assert task["register"] in (*_fleet_changes.RESULTS, "host_missing"), f"{path}: {task['name']}"


def test_what_is_no_longer_declared_and_stays_is_a_line_of_its_host() -> None:
    left = {"guests_declared": {"undeclared": ["br01", "br02"]}, "networks_declared": {"undeclared": ["old"]}}
    told = _fleet_changes.of_hosts(["kvm02"], {"kvm02": left})
    assert told["hosts"]["kvm02"]["undeclared"] == ["guest br01", "guest br02", "network old"]
    assert _fleet_changes.lines(told) == [
        "1 host: 1 unchanged",
        "kvm02: guests br01, br02 are no longer declared, and left alone; guests_purge: true removes what was taken out"
        " of kvm_guests",
        "kvm02: network old is no longer declared, and left alone; networks_purge: true removes what was taken out of"
        " kvm_networks",
    ]


def test_the_seed_of_a_new_guest_counts_as_a_volume() -> None:
    seed = change("domain web01", "cloud_init.volume", None, {"name": "web01-seed.img", "pool": "default"})
    host = _fleet_changes.of_host({"guests_declared": {"changes": [MADE, seed]}})
    assert host["made"] == ["domain web01", "volume default/web01-seed.img"]


def test_a_line_of_a_megabyte_is_looked_at_once() -> None:
    """Were a timeout looked for from each place of the line on, this took hours."""
    line = "{" * 1_000_000
    assert _fleet_changes.problems_of({"failed": True, "msg": line}) == [line]


@pytest.mark.parametrize(
    "line",
    [
        "Task failed: Timed out after 30 second(s).",
        "The virtfleet.kvm.domains action failed to execute in the expected time frame (30) and was terminated",
    ],
)
def test_a_timeout_is_said_in_short(line: str) -> None:
    assert _fleet_changes.problems_of({"failed": True, "msg": f"first\n{line}"}) == [
        "first",
        f"did not answer within 30 s{HANGS}",
    ]


@pytest.mark.parametrize("msg", ["MODULE FAILURE", "Module result deserialization failed: No start of json char found"])
def test_what_the_host_said_of_a_module_that_did_not_start_is_told(msg: str) -> None:
    result = {"failed": True, "msg": msg, "module_stderr": "Shared connection closed.\n/bin/sh: 1: sudo: not found\n\n"}
    assert _fleet_changes.problems_of(result) == [f"{msg} (/bin/sh: 1: sudo: not found)"]
    assert _fleet_changes.problems_of({**result, "msg": "no"}) == ["no"]


def test_a_host_that_is_unreachable_at_the_look() -> None:
    """No role has run there."""
    lost = {"site_looked": {"unreachable": True, "msg": "no route"}}
    assert _fleet_changes.of_host(lost, goes_on=False)["outcome"] == "unreachable"
    assert _fleet_changes.of_host({"site_looked": {"unchanged": False}}, goes_on=False)["outcome"] == "stopped"


def test_all_keys_are_documented() -> None:
    """The file that the playbook plan writes has them, too."""
    described = yaml.safe_load((ROOT / "plugins/filter/fleet_changes.yml").read_text())["RETURN"]["_value"]["contains"]
    text = " ".join(described["hosts"]["description"])
    assert [key for key in found()["hosts"]["busy"] if f"C({key})" not in text] == []
    text = " ".join(described["totals"]["description"])
    assert [key for key in found()["totals"] if f"C({key})" not in text] == []
