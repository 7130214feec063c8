# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look at a host: nothing to do, or what there is to do, or why that is not sure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from ansible_collections.virtfleet.kvm.plugins.action import site_look as action
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import look as flow
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import daemons
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import converge
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds import site_look as looking
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as binding
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import in_time
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, secrets, site_look, volumes
from ansible_collections.virtfleet.kvm.tests.unit.returned import documented, returned

URI = "test:///default"
Run = Callable[..., dict[str, Any]]
MODULES = {"domains": domains, "networks": networks, "pools": pools, "secrets": secrets, "volumes": volumes}

GUEST = {"name": "web01", "memory": "64MiB", "vcpus": 1}
POOL = {"name": "data", "type": "dir"}


@pytest.fixture
def declared(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """The options of each module, of a host with something of each kind but a secret: the test driver has none."""
    return {
        "networks": {"config": [{"name": "default"}, {"name": "lan", "state": "active"}], "owner": "us"},
        "pools": {"config": [{**POOL, "target": str(tmp_path / "data")}], "owner": "us"},
        "domains": {"config": [GUEST], "owner": "us"},
    }


@pytest.fixture
def look(run_main: Run) -> Run:
    """Look at parts, each given by its module."""

    def run(parts: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
        given = [{"name": name, "module": name, "options": told} for name, told in parts.items()]
        return run_main(site_look.main, check=check, **{"uri": URI, "parts": given, **options})

    return run


@pytest.fixture
def made(connection: Any, noted: Any, run_main: Run, declared: dict[str, Any]) -> dict[str, Any]:
    """All of it is made."""
    for name, options in declared.items():
        run_main(MODULES[name].main, uri=URI, **options)
    return declared


@pytest.mark.parametrize("check", [False, True])
def test_nothing_to_do(made: dict[str, Any], look: Run, snapshot: Any, run_main: Run, check: bool) -> None:
    before = snapshot()
    result = look(made, check)
    assert result["unchanged"], result["why"]
    assert not result["changed"]
    assert result["why"] is None
    assert [part["nothing_to_do"] for part in result["parts"]] == [True, True, True]
    assert snapshot() == before
    # What a part tells is what its module would tell.
    for part in result["parts"]:
        alone = run_main(MODULES[part["name"]].main, check=check, uri=URI, **made[part["name"]])
        assert part["result"] == {name: alone[name] for name in part["result"]}
        assert part["warnings"] == alone["warnings"]


def test_all_that_is_returned_is_documented(made: dict[str, Any], look: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [look(made), look({"networks": {"config": [{"name": "new"}]}})]
    found = returned(site_look, *answers)
    assert found | {"results"} == documented(site_look)
    # The action plugin adds these where it makes up the parts.
    plugin = action.ActionModule(*(MagicMock(args={}) for _each in range(6)))
    monkeypatch.setattr(plugin, "_execute_module", lambda **_words: answers.pop(0))
    results = [plugin.looked([], [], {}) for _answer in [*answers]]
    assert returned(site_look, *results, action.unsure("no")) == documented(site_look)


DRIFTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a field of a guest": ("domains", {"config": [{**GUEST, "memory": "32MiB"}]}, "domains: domain web01 is not as"),
    "a new guest": ("domains", {"config": [GUEST, {**GUEST, "name": "db"}]}, "domain db is not as declared"),
    "a guest that is to run": ("domains", {"config": [{**GUEST, "state": "running"}]}, "domain web01 is not as"),
    "a guest that goes": ("domains", {"config": [{"name": "web01", "state": "absent"}]}, "domain web01 is not as"),
    "a guest to be purged": ("domains", {"config": [], "purge": True, "owner": "us"}, "domain web01 is not as"),
    "a network": ("networks", {"config": [{"name": "lan", "autostart": False}]}, "networks: network lan is not as"),
    "a new network": ("networks", {"config": [{"name": "new"}]}, "networks: network new is not as declared"),
    "a pool": ("pools", {"config": [{**POOL, "autostart": False}]}, "pools: pool data is not as declared"),
    "a volume": (
        "volumes",
        {"config": [{"name": "a", "pool": "data", "capacity": "1MiB"}]},
        "volumes: volume data/a is",
    ),
    "a refused field": (
        "domains",
        {"config": [{**GUEST, "memory": "banana"}]},
        "domains: domain web01: memory: 'banana'",
    ),
    "a refused guest": (
        "domains",
        {"config": [{**GUEST, "name": "db", "state": "running", "interfaces": [{"network": "nowhere"}]}]},
        "domains: domain db: ",
    ),
    "a wrong option": ("domains", {"config": [], "shutdown_timeout": "soon"}, "domains: wrong parameters"),
    "an option out of bounds": ("domains", {"config": [], "shutdown_timeout": -1}, "shutdown_timeout has to be"),
    "an option that is none": (
        "pools",
        {"config": [], "guest_networks": {}},
        "wrong parameters: one of guest_networks",
    ),
    "no list": ("pools", {"config": "all"}, "config: is not a list of dictionaries"),
    "no options": ("pools", None, "options: is not a dictionary"),
    "no module": ("nothing", {}, "no module that declares for a host has this name"),
}


@pytest.mark.parametrize("case", DRIFTS)
@pytest.mark.parametrize("check", [False, True])
def test_something_to_do_or_in_doubt(made: dict[str, Any], look: Run, snapshot: Any, case: str, check: bool) -> None:
    name, options, said = DRIFTS[case]
    before = snapshot()
    result = look({**{part: told for part, told in made.items() if part != name}, name: options}, check)
    assert not result["unchanged"]
    assert not result["changed"]
    assert said in result["why"]
    assert result["warnings"] == []  # The module of the part gives them, to a host that gets all of its tasks.
    assert snapshot() == before


def test_the_look_ends_with_the_first_part_that_has_something_to_do(made: dict[str, Any], look: Run) -> None:
    made["networks"]["config"] = [{"name": "new"}]
    result = look(made)
    assert [part["nothing_to_do"] for part in result["parts"]] == [False, None, None]
    assert result["parts"][2]["why"] == looking.LATER


def test_a_libvirt_that_does_not_answer(look: Run, declared: dict[str, Any]) -> None:
    result = look(declared, uri="test:///no/such/file.xml")
    assert not result["unchanged"]
    assert result["parts"][0]["nothing_to_do"] is None
    assert "libvirt does not answer at test:///no/such/file.xml" in result["why"]


@pytest.mark.parametrize("module", ["host", "domains"])
def test_a_libvirt_that_hangs(look: Run, monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    def silent(call: Any) -> None:
        raise in_time.Silent("libvirt has not answered within 10 s")

    monkeypatch.setattr(looking, "in_time", silent)
    options = {"packages": {}} if module == "host" else {"config": []}
    result = look({module: options})
    assert not result["unchanged"]
    assert result["why"] == f"{module}: libvirt has not answered within 10 s"


@pytest.mark.parametrize("check", [False, True])
def test_a_bare_host(look: Run, declared: dict[str, Any], monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    """In check mode, too: its modules then plan for a host fresh from installation."""
    monkeypatch.setattr(binding, "libvirt", None)
    result = look(declared, check)
    assert not result["unchanged"]
    assert "install python3-libvirt" in result["why"]


def test_an_unforeseen_error_is_a_doubt(made: dict[str, Any], look: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*words: Any) -> None:
        raise RuntimeError("secret words")

    monkeypatch.setattr(looking, "look", broken)
    result = look(made)
    assert not result["unchanged"]
    assert result["parts"][0]["nothing_to_do"] is None


def test_steps_without_a_change_are_something_to_do(
    made: dict[str, Any], look: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as what a killed run has left to be finished."""
    prepare = flow.Run.prepare

    def prepared(self: Any, session: Any) -> None:
        prepare(self, session)
        for entry in self.plans:
            entry.steps.add(StepPlace.AFTER, Step("note"))

    monkeypatch.setattr(flow.Run, "prepare", prepared)
    assert "network default has something left to be done" in look(made)["why"]


def test_a_guest_that_is_not_reached_yet_is_waited_for_by_its_module(
    made: dict[str, Any], look: Run, run_main: Run
) -> None:
    waits = {"config": [{**GUEST, "state": "running", "wait_for": "address"}]}
    run_main(domains.main, uri=URI, config=[{**GUEST, "state": "running"}])
    assert "wait_for: after " in look({"domains": waits})["why"]
    # In check mode, its module does not wait.
    assert look({"domains": waits}, check=True)["unchanged"]


def test_warnings_are_given_where_nothing_is_to_be_done(made: dict[str, Any], look: Run, run_main: Run) -> None:
    odd = {"domains": {"config": [], "owner": "us", "elsewhere": ["web01"]}}
    alone = run_main(domains.main, uri=URI, **odd["domains"])
    assert alone["warnings"]
    result = look(odd)
    assert result["unchanged"]
    assert result["warnings"] == alone["warnings"]


def test_no_secret_is_told(made: dict[str, Any], look: Run) -> None:
    secret = "correct-horse"
    guest = {**GUEST, "graphics": [{"type": "vnc", "password": secret}], "memory": secret}
    result = look({"domains": {"config": [guest]}})
    assert secret not in str(result)
    assert result["invocation"]["module_args"]["parts"] == ["domains"]


FACTS = {
    "problem": None,
    "stack": "base",
    "user": {"name": "root", "root": True},
    "virtualization": {"kind": "hardware"},
}
DOUBTS: dict[str, tuple[dict[str, Any], str]] = {
    "a silent libvirt": ({"problem": "libvirt does not answer"}, "libvirt does not answer"),
    "another user": ({"user": {"name": "me", "root": False}}, "does not work on the host as root"),
    "another hypervisor": ({"stack": "proxmox"}, "not known which packages fit the host"),
    "a bare host": ({"stack": None}, "not known which packages fit the host"),
    "a missing package": ({"packages": ["mtools"]}, "packages to be installed, or for apt to look at: mtools"),
    "an apt that refuses": ({"apt": "python3-apt is missing"}, "apt may have something to say: python3-apt is missing"),
    "a service": ({"units": ["libvirtd.socket"]}, "or for systemd to look at: libvirtd.socket"),
    "no service at all": ({"model": None}, "or for systemd to look at: all"),
    "no hardware": ({"virtualization": {"kind": "emulation"}}, "has no hardware virtualization"),
}


@pytest.mark.parametrize("case", [None, *DOUBTS])
def test_the_role_host(look: Run, monkeypatch: pytest.MonkeyPatch, case: str | None) -> None:
    odd, said = DOUBTS.get(case or "", ({}, ""))
    facts = {**FACTS, **odd}
    model = facts.pop("model", "monolithic")
    packages, units, apt = facts.pop("packages", []), facts.pop("units", []), facts.pop("apt", None)
    monkeypatch.setattr(looking.host, "facts", lambda uri: facts)
    monkeypatch.setattr(
        looking.setup, "doubtful_packages", lambda wanted: packages if list(wanted) == ["mtools"] else 1
    )
    monkeypatch.setattr(looking.setup, "apt_doubt", lambda: apt)
    monkeypatch.setattr(looking.setup, "doubtful_units", lambda found: units)
    monkeypatch.setattr(looking.daemons, "of_this_host", lambda: daemons.Daemons(model, [], []))
    result = look({"host": {"packages": {"base": ["mtools"]}, "require_hardware": True}})
    assert result["unchanged"] is (case is None)
    assert said in str(result["why"])
    if case is None:
        assert result["parts"][0]["result"] == {"changed": False, **FACTS}


LINKS = {"changed": False, "changes": [], "diff": [], "forecast": [], "postponed": [], "warnings": ["odd link"]}


@pytest.mark.parametrize(
    ("odd", "unchanged"),
    [({}, True), ({"changed": True}, False), ({"diff": [{}]}, False), ({"postponed": ["br1"]}, False)],
)
def test_links(look: Run, monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any], unchanged: bool) -> None:
    def planned(module: Any) -> dict[str, Any]:
        assert module.check_mode  # A look begins no trial.
        assert module.params["leave_used"] is True
        return {**LINKS, **odd}

    monkeypatch.setattr(converge, "converge", planned)
    result = look({"links": {"config": [{"name": "br0", "type": "bridge"}], "leave_used": True}})
    assert result["unchanged"] is unchanged
    assert result["warnings"] == (["odd link"] if unchanged else [])


def test_links_that_cannot_be_read_are_a_doubt(look: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(module: Any) -> None:
        raise PermissionError(13, "Permission denied", "/run/virtfleet")

    monkeypatch.setattr(converge, "converge", broken)
    assert "the host's links: Permission denied" in look({"links": {"config": []}})["why"]


@pytest.mark.parametrize("given", [None, "all", [1]])
def test_the_parts_have_to_be_a_list(run_main: Run, given: Any) -> None:
    result = run_main(site_look.main, fails=True, uri=URI, parts=given)
    assert "is not a list of dictionaries" in result["msg"]
