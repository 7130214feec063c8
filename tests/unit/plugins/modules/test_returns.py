# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules return is what their RETURN documents, which tests/tools/returns.py writes."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import libvirt
import pytest
import returns

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST, PLANS
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import wait_for
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._forecast import PLANNING, planned_only
from ansible_collections.virtfleet.kvm.plugins.plugin_utils._info_action import InfoAction
from ansible_collections.virtfleet.kvm.tests.unit.returned import documented, returned

URI = "test:///default"
Run = Callable[..., dict[str, Any]]
Results = Callable[..., list[dict[str, Any]]]

ALONE = {"host_info", "images_info", "site_look"}
"""What these return, no other module returns."""

MAC = "52:54:00:aa:00:01"
LEASE = {"iface": "virbr0", "expirytime": 1700000000, "type": 0, "mac": MAC, "iaid": None, "prefix": 24}

NEW = {
    "domains": {
        "name": "web01",
        "memory": "64MiB",
        "interfaces": [{"network": "default"}],
        "state": "running",
        "wait_for": "address",
        "wait_timeout": 5,
    },
    "networks": {"name": "lab", "ips": [{"address": "10.60.0.1/24"}]},
    "pools": {"name": "fast", "target": "/srv/fast"},
    "volumes": {"name": "x", "pool": "default-pool", "capacity": "1MiB"},
    "secrets": {"name": "client.libvirt", "usage": "ceph", "value_base64": "AQIDBP8="},
}
"""Something to make."""

WAITING = {
    "domains": {"name": "test", "memory": "3GiB", "state": "running"},
    "networks": {"name": "default", "mtu": 1400},
    "pools": {"name": "default-pool", "target": "/srv/other"},
}
"""What of the test driver's own gets something by a restart only."""

INFO = {"domains": {"addresses": "lease"}, "networks": {"leases": True}}
"""The options by which a module tells more."""


def module_of(name: str) -> Any:
    return importlib.import_module(f"ansible_collections.virtfleet.kvm.plugins.modules.{name}")


@pytest.mark.parametrize("name", returns.MODULES)
def test_the_returns_of_a_module_are_those_of_the_tool(name: str) -> None:
    """Where this fails: .venv/bin/python tests/tools/returns.py writes the modules."""
    assert returns.path(name).read_text(encoding="utf-8") == returns.written(name)


def test_a_module_returns_what_others_do_or_is_known_to_be_alone() -> None:
    modules = {path.stem for path in (returns.ROOT / "plugins/modules").glob("*.py")} - {"__init__"}
    assert modules == {*returns.MODULES, *ALONE}


@pytest.mark.parametrize("name", returns.MODULES)
def test_nothing_is_shared_that_no_module_has(name: str) -> None:
    told = returns.source()
    used = {part for known in told["modules"].values() for part in (*known["shared"], *known.get("last", ()))}
    assert used == set(told["shared"])
    assert "$" not in str(returns.entries(name))


@pytest.fixture
def results(secret_host: Any, run_main: Run, noted: Any, monkeypatch: pytest.MonkeyPatch) -> Results:
    """The results of a declaring module: planned, made, made and late, failed."""

    def refuse(*_words: Any) -> None:
        raise libvirt.libvirtError("no")

    def call(kind: str) -> list[dict[str, Any]]:
        module = module_of(kind)
        given: dict[str, Any] = {"uri": URI, "owner": "site"}
        config = [NEW[kind], *([WAITING[kind]] if kind in WAITING else [])]
        planning = {**given, "check": True, FORECAST: {PLANS: True}}
        plan = run_main(module.main, config=config, **planning)
        plan.pop(FORECAST, None)  # as the action plugin does
        planned = planned_only(plan, SimpleNamespace(check_mode=True, play=None), {PLANNING: True})
        done = run_main(module.main, config=[NEW[kind]], **given)
        # A guest that has lost its address is waited for, which is no change.
        monkeypatch.setattr(wait_for, "look", lambda connection, name, *more: wait_for.GuestLook([], None))
        late = run_main(module.main, config=[NEW[kind]], **planning)
        monkeypatch.setitem(module.PARAMETERS.kind.actions, "define", refuse)
        # Guests are defined together; this one has the UUID of another.
        taken = {"uuid": secret_host.lookupByName("test").UUIDString()} if kind == "domains" else {}
        failed = run_main(module.main, config=[{**NEW[kind], "name": "bad", **taken}], fails=True, **given)
        return [planned, done, late, failed]

    return call


@pytest.mark.parametrize("kind", NEW)
def test_all_that_a_declaring_module_returns_is_documented(results: Results, kind: str) -> None:
    module = module_of(kind)
    found = returned(module, *results(kind))
    # Every kind can be unfinished, but here only a guest is, which is waited for.
    assert found | {"unfinished"} == documented(module)
    assert ("unfinished" in found) == (kind == "domains")


@pytest.mark.parametrize("kind", NEW)
def test_what_does_not_run_waits_for_no_restart(results: Results, kind: str) -> None:
    told = results(kind)
    assert any(result["pending_restart"] for result in told) == (kind in WAITING)
    live = {change["live"] for result in told for change in result["changes"]}
    assert (live == {None}) == (kind not in WAITING)


@pytest.mark.parametrize("kind", NEW)
def test_all_that_an_info_module_returns_is_documented(
    results: Results, run_main: Run, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    results(kind)
    lease = {**LEASE, "ipaddr": "192.0.2.7", "hostname": "web01", "clientid": None}
    monkeypatch.setattr(libvirt.virNetwork, "DHCPLeases", lambda network: [lease])
    module = module_of(f"{kind}_info")
    told = run_main(module.main, uri=URI, **INFO.get(kind, {}))
    action = InfoAction(MagicMock(args={"query": "[0]"}, async_val=0), *(MagicMock() for _each in range(5)))
    action.kind = kind
    monkeypatch.setattr(action, "_execute_module", lambda **_words: told)
    assert returned(module, action.run(None, {})) == documented(module)
