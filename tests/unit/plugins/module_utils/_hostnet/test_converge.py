# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module asks of a host before a change, and how it shows what changes."""

from __future__ import annotations

import contextlib
import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Change
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import converge
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Facts, HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.link_users import Namer
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.links_plan import ChangedFile, LinksPlan
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

FILES = [
    ChangedFile("/a", "/run/a", None, "x"),
    ChangedFile("/b", "/run/b", "x", None),
    ChangedFile("/c", "", None, ""),
]


@pytest.mark.parametrize("manager", [True, False])
def test_what_networkd_must_be_able_to_do_is_asked_where_it_does_it(
    monkeypatch: pytest.MonkeyPatch, manager: bool
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(converge.observe, "refuse_without_bus", lambda: asked.append("bus"))
    monkeypatch.setattr(converge.observe, "refuse_masked", lambda: asked.append("masked"))
    monkeypatch.setattr(converge.networkd_read_check, "refuse", lambda paths: asked.append(list(paths)))
    monkeypatch.setattr(converge.fixed_files, "refuse", lambda paths: asked.append(tuple(paths)))
    converge.refuse_host(LinksPlan(files=FILES, network_manager=manager))
    of_networkd = [] if manager else ["masked", ["/a", "/run/a", "/c", ""]]
    assert asked == ["bus", *of_networkd, ("/a", "/b", "/c")]


def test_a_result_is_the_plan_with_no_secret() -> None:
    def text(password: str) -> str:
        return f"# top\nnetwork:\n  wifis:\n    w: {{access-points: {{x: {{password: {password}}}}}}}\n"

    files = [
        ChangedFile("/etc/netplan/a.yaml", "/run/netplan/a.yaml", text("hunter22"), text("hunter33"), origin="/lib/a"),
        ChangedFile("/etc/x", "/run/x", None, "[Match]\n"),
        ChangedFile("/etc/netplan/b.yaml", "/run/netplan/b.yaml", "", None),
    ]
    out = LinksPlan(items=[("br0", [Change("mtu", 1500, 1400)])], files=files, warnings=["w"])
    entry: Any = {"link": "br0", "before": ["192.0.2.1/24"], "after": ["192.0.2.1/24", "192.0.2.2/24"], "note": "n"}
    out.forecast = [entry, {**entry, "after": None}]
    found = converge.as_result(out)
    assert found["changes"] == [
        {"resource": "link br0", "path": "mtu", "before": 1500, "after": 1400, "live": True},
    ]
    assert (found["changed"], found["warnings"], found["forecast"]) == (True, ["w"], out.forecast)
    netplan, unit, nothing, addresses = found["diff"]
    assert (netplan["before_header"], netplan["after_header"]) == ("/lib/a", "/etc/netplan/a.yaml")
    assert netplan["before"].startswith("# top\n")
    assert "hunter" not in netplan["before"] + netplan["after"]
    assert (unit["before"], unit["after"], unit["before_header"]) == ("", "[Match]\n", "/etc/x")
    assert (nothing["before"], nothing["after"]) == ("", "")
    assert addresses["before"] == "br0: 192.0.2.1/24\n" * 2
    assert addresses["after"] == "br0: 192.0.2.1/24\nbr0: 192.0.2.2/24\nbr0: # n\nbr0: # n\n"
    nothing_at_all = converge.as_result(LinksPlan())
    assert (nothing_at_all["changed"], nothing_at_all["diff"], nothing_at_all["changes"]) == (False, [], [])


class Module:
    """What the flow has to know of the module."""

    check_mode = True

    def __init__(self, seconds: int) -> None:
        self.params = {"config": [], "rollback_after": seconds}

    @property
    def forecast(self) -> Any:
        raise AssertionError("nothing is asked")


@pytest.mark.parametrize(("seconds", "fine"), [(0, False), (1, True), (3600, True), (3601, False), (-1, False)])
def test_a_change_has_a_time_in_which_it_is_confirmed(
    monkeypatch: pytest.MonkeyPatch, seconds: int, fine: bool
) -> None:
    class BegunError(Exception):
        pass

    def alone(_check: bool) -> None:
        raise BegunError("begun")

    monkeypatch.setattr(converge.transaction, "alone", alone)
    with pytest.raises(BegunError if fine else VirtfleetError, match="begun" if fine else "from 1 to 3600"):
        converge.converge(Module(seconds))


@pytest.mark.parametrize("check", [True, False])
def test_who_else_names_a_card_is_asked_where_a_card_is_concerned(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    (item,) = wants = LINK.parse([{"name": "br0", "type": "bridge", "ports": ["eno1"]}])
    host = Facts(devices={"eno1": HostDevice("eno1")})
    out = LinksPlan(items=[(item["name"], [Change("definition", None, {})])])
    monkeypatch.setattr(converge.observe, "used_by_libvirt", lambda: [Namer("network", "lan", "eno1", "direct")])
    monkeypatch.setattr(converge.observe, "in_rules", lambda: {"eno1"})

    @dataclasses.dataclass
    class ByThen:
        guests: dict[str, Any] = dataclasses.field(default_factory=dict)
        networks: dict[str, Any] = dataclasses.field(default_factory=lambda: {"lan": None})

    found = converge.naming(wants, out, host, ByThen() if check else None)
    assert [word in "".join(found) for word in ("guests of network lan", "rules of the firewall")] == [not check, True]
    monkeypatch.setattr(converge.observe, "used_by_libvirt", lambda: pytest.fail("nothing becomes a port"))
    assert converge.naming(wants, LinksPlan(), host, None) == []


@pytest.mark.parametrize("check", [True, False])
def test_only_check_mode_takes_into_account_what_earlier_tasks_would_have_made(
    monkeypatch: pytest.MonkeyPatch, check: bool
) -> None:
    seen: list[str] = []

    def foreseen(facts: Any, guests: Any) -> Any:
        seen.append(f"foreseen {guests}")
        return facts

    monkeypatch.setattr(converge, "observed", Facts)
    monkeypatch.setattr(converge, "with_kernel", lambda facts, _wants: facts)
    monkeypatch.setattr(converge.transaction, "alone", lambda _check: contextlib.nullcontext())
    monkeypatch.setattr(converge.guests_forecast, "foreseen", foreseen)
    monkeypatch.setattr(converge, "plan", lambda *_args: LinksPlan())
    monkeypatch.setattr(converge.netplan_generate, "validate", lambda _plan: seen.append("validated"))
    monkeypatch.setattr(converge.netplan_generate, "unapplied", lambda _plan, _facts: ["unapplied"])
    monkeypatch.setattr(converge, "naming", lambda _wants, _plan, _facts, forecast: [f"naming {forecast is not None}"])
    module: Any = SimpleNamespace(
        params={"config": [], "rollback_after": 60, "leave_used": False, "bypass_iptables": None},
        check_mode=check,
        forecast=SimpleNamespace(guests="guests"),
    )
    found = converge.converge(module)
    assert seen == [*(["foreseen guests"] if check else []), "validated"]
    assert found["warnings"] == ["unapplied", f"naming {check}"]
    assert (found["changed"], found["postponed"]) == (False, [])


@pytest.mark.parametrize(("seconds", "refused"), [(0, True), (1, False), (converge.LONGEST, False), (99999, True)])
def test_the_time_of_a_trial_has_bounds(monkeypatch: pytest.MonkeyPatch, seconds: int, refused: bool) -> None:
    def begun(_check: bool) -> Any:
        raise VirtfleetError("begun")

    monkeypatch.setattr(converge.transaction, "alone", begun)
    params = {"config": [], "rollback_after": seconds, "leave_used": False, "bypass_iptables": None}
    with pytest.raises(VirtfleetError, match="rollback_after" if refused else "begun"):
        converge.converge(SimpleNamespace(params=params, check_mode=False))  # type: ignore[arg-type]
