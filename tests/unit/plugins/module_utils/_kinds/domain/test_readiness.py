# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which guests are refused before anything is done, each for itself, and what libvirt is asked of the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import readiness
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.verdict import Complaint
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.readiness import Doubt
from ansible_collections.virtfleet.kvm.tests.unit.support import plan_of

EARLY = ("block_jobs", "growths")
"""What is looked at of each guest, even one that does not change."""
OF_CHANGES = ("makings",)
OF_ROOT = ("needs", "needs_again", "unreadable", "without_source", "modes_of_files", "two_boot_orders", "unkept")


class Host:
    """What the host lacks for guests, and what it is asked."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        problems: dict[str, dict[str, list[str]]] | None = None,
        complaints: dict[str, Complaint] | None = None,
        rootless: tuple[str, ...] = (),
        local: bool = True,
    ) -> None:
        """
        :param problems: what each guest has, by what is looked at
        :param complaints: what libvirt has against definitions
        :param rootless: guests without a definition
        """
        self.asked, self.disks, self.warned = list[str](), list[tuple[str, bool, Any, Any]](), list[list[str]]()
        self.saved_looked_at, self.problems, self.complaints = 0, problems or {}, complaints or {}
        self.site = SimpleNamespace(new_volumes={"p/old"}, local=local, once=lambda _name, find: find)
        self.volumes_seen: dict[str, set[str]] = {}

        def definition(entry: Plan, _have: Any) -> str | None:
            return None if entry.name in rootless else entry.name

        def saved(_connection: Any) -> dict[str, str]:
            self.saved_looked_at += 1
            return {"web": "saved"}

        def of(root: str) -> Complaint | None:
            self.asked.append(root)
            return self.complaints.get(root)

        def disks(_site: Any, entry: Plan, changes: bool, _have: Any, root: Any, was_saved: Any) -> str:
            self.disks.append((entry.name, changes, root, was_saved))
            return entry.name

        def needs(_site: Any, entry: Plan, *_more: Any) -> tuple[list[str], list[str]]:
            self.volumes_seen[entry.name] = set(self.site.new_volumes)
            return self.of("needs", entry.name), self.of("doubts", entry.name)

        verdict = SimpleNamespace(of=of, sentence=lambda complaint, *_more: complaint.reason)
        patch = monkeypatch.setattr
        patch(readiness, "Site", lambda *_more: self.site)
        patch(readiness.verdict, "Verdict", lambda *_more: verdict)
        patch(readiness.saved_states, "saved_definitions", saved)
        patch(readiness, "definition", definition)
        patch(readiness.shared_disks.DisksOfGuest, "of", disks)
        patch(readiness, "needs", needs)
        for name in (*EARLY, *OF_CHANGES, "needs_again", "unreadable"):
            patch(readiness, name, lambda _site, entry, *_more, name=name: self.of(name, entry.name))
        for name in ("without_source", "modes_of_files", "two_boot_orders"):
            patch(readiness, name, lambda root, *_more, name=name: self.of(name, root))
        patch(readiness.security_labels, "unkept", lambda root, _ask: self.of("unkept", root))
        patch(readiness, "check_disks", lambda *_more: None)
        patch(readiness, "key_of", lambda step: step.value if step.action == "make_volume" else "")
        patch(readiness.memory_overcommit, "warn", lambda *given: self.warned.append(list(given[-1])))

    def of(self, what: str, guest: str) -> list[str]:
        return self.problems.get(guest, {}).get(what, [])

    def check(self, *plans: Plan, absent: tuple[str, ...] = ()) -> None:
        options: Any = SimpleNamespace(forecast=SimpleNamespace(secrets=()), images=None)
        wants = [{"name": entry.name, "state": "absent" if entry.name in absent else "running"} for entry in plans]
        connection: Any = SimpleNamespace()
        readiness.check_guests(connection, plans, wants, {}, options)


def guest(name: str, *actions: str) -> Plan:
    return plan_of("domain", name, *(Step(action, f"p/{name}") for action in actions))


@pytest.mark.parametrize(
    ("action", "changes"),
    [("define", True), ("make_volume", True), ("start", True), ("start_paused", True), ("stop", False),
     ("undefine", False), (None, False)],
)  # fmt: skip
def test_only_guests_that_change_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, action: str | None, changes: bool
) -> None:
    host = Host(monkeypatch, {"web": {"makings": ["bad"]}})
    web = guest("web", *([] if action is None else [action]))
    host.check(web)
    assert host.disks == ([("web", True, "web", "saved")] if changes else [])
    assert (web.obstacle, host.saved_looked_at) == (("bad", 1) if changes else (None, 0))
    # Of the others nothing but their disks, and those only beside one that changes.
    other = guest("db", *([] if action is None else [action]))
    host = Host(monkeypatch, {"db": {"makings": ["bad"]}})
    host.check(guest("web", "define"), other)
    assert host.disks == [("web", True, "web", "saved"), ("db", changes, "db", None)]
    assert other.obstacle == ("bad" if changes else None)
    assert host.asked == ["web"]


@pytest.mark.parametrize("what", [*EARLY, *OF_CHANGES, *OF_ROOT])
def test_each_problem_refuses_its_guest_alone(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    host = Host(monkeypatch, {"bad": {what: ["one", "two", "one"]}})
    bad, good = guest("bad", "define"), guest("good", "define")
    host.check(bad, good)
    assert (bad.obstacle, good.obstacle) == ("one; two", None)
    # What is refused already, libvirt is not asked about.
    assert host.asked == ["good"]


@pytest.mark.parametrize("what", EARLY)
def test_a_disk_that_cannot_grow_refuses_a_guest_that_does_not_change(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    bad = guest("bad", "grow_volume")
    host = Host(monkeypatch, {"bad": {what: ["busy"]}})
    host.check(bad)
    assert (bad.obstacle, host.asked) == ("busy", [])


def test_what_an_earlier_task_may_solve_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch, {"web": {"makings": [Doubt("unsure")], "doubts": ["doubtful"]}})
    web = guest("web", "define")
    host.check(web)
    assert (web.obstacle, host.asked) == (None, ["web"])
    assert web.warnings == ["doubtful", "unsure"]


@pytest.mark.parametrize(
    ("defining", "starts", "obstacle", "warnings"),
    [
        (True, True, "no", []),
        (True, False, "no", []),
        (False, True, "no", []),
        (False, False, None, ["it could not start as it is: no"]),
    ],
)
def test_what_libvirt_has_against_a_guest(
    monkeypatch: pytest.MonkeyPatch, defining: bool, starts: bool, obstacle: str | None, warnings: list[str]
) -> None:
    web = guest("web", "define", *(["start"] if starts else []))
    Host(monkeypatch, complaints={"web": Complaint("no", defining)}).check(web)
    assert (web.obstacle, web.warnings) == (obstacle, warnings)


@pytest.mark.parametrize("problem", [None, "bad"])
def test_a_guest_without_a_definition_is_not_asked_about(monkeypatch: pytest.MonkeyPatch, problem: str | None) -> None:
    host = Host(monkeypatch, {"web": {"makings": [problem] if problem else [], "needs": ["none"]}}, rootless=("web",))
    web = guest("web", "make_volume")
    host.check(web)
    assert (web.obstacle, host.asked, host.warned) == (problem, [], [])
    host = Host(monkeypatch, {"db": {"makings": [problem] if problem else [], "needs": ["none"]}})
    gone = guest("db", "make_volume")
    host.check(gone, absent=("db",))
    assert (gone.obstacle, host.asked, host.warned) == (problem, [], [])


def test_volumes_of_a_guest_that_is_refused_are_none_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host(monkeypatch, {"bad": {"needs": ["bad"]}})
    host.check(guest("good", "define", "make_volume"), guest("bad", "make_volume"), guest("last", "define"))
    assert host.volumes_seen == {
        "good": {"p/old", "p/good"},
        "bad": {"p/old", "p/good", "p/bad"},
        "last": {"p/old", "p/good"},
    }


@pytest.mark.parametrize(("local", "warned"), [(True, [["web", "db"]]), (False, [])])
def test_the_memory_of_all_guests_is_that_of_this_host(
    monkeypatch: pytest.MonkeyPatch, local: bool, warned: list[list[str]]
) -> None:
    host = Host(monkeypatch, {"db": {"needs": ["bad"]}}, local=local)
    host.check(guest("web", "define"), guest("still"), guest("db", "start"))
    assert host.warned == warned
