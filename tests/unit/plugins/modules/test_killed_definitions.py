# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that makes a pool, network or secret is killed before and after each effect. The next one ends the making."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.observed import Observed
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import creation_notes
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.private_file import PrivateFile
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.kind import POOLS
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as connecting
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import process
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.modules import networks, pools, secrets
from ansible_collections.virtfleet.kvm.tests.unit.secret_host import Secret, SecretHost

URI = "test:///default"
DEAD = "process 1 2 another-boot"
Run = Callable[..., dict[str, Any]]
EFFECTS: tuple[tuple[Any, str], ...] = (
    (PrivateFile, "put"),
    (libvirt.virConnect, "storagePoolDefineXML"),
    (libvirt.virConnect, "networkDefineXMLFlags"),
    (SecretHost, "secretDefineXML"),
    (libvirt.virStoragePool, "setAutostart"),
    (libvirt.virNetwork, "setAutostart"),
    (Secret, "setValue"),
    (libvirt.virStoragePool, "create"),
    (libvirt.virNetwork, "create"),
)
"""Calls that change something."""


class Killed(BaseException):
    """A run that ends without another word."""


class Trap:
    """Kills a run at its N-th effect, or right after it."""

    def __init__(self, number: int, before: bool) -> None:
        self.number, self.before, self.count = number, before, 0

    @contextmanager
    def set(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(creation_notes, "own_process", lambda: DEAD)
            for holder, name in EFFECTS:
                patch.setattr(holder, name, self.wrapped(getattr(holder, name)))
            yield

    def wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def call(*words: Any, **options: Any) -> Any:
            self.count += 1
            if self.count == self.number and self.before:
                raise Killed
            found = real(*words, **options)
            if self.count == self.number:
                raise Killed
            return found

        return call


class Pools:
    """How pools are declared, and looked at."""

    module, noted, making = pools, "pools", "storagePoolDefineXML"

    def item(self, name: str) -> dict[str, Any]:
        return {"name": name, "target": f"/srv/{name}"}

    def check(self, connection: Any, name: str) -> None:
        found = connection.storagePoolLookupByName(name)
        assert (found.isActive(), found.autostart()) == (1, 1)

    def names(self, connection: Any) -> list[str]:
        return [found.name() for found in connection.listAllStoragePools()]


class Networks(Pools):
    """How networks are declared, and looked at."""

    module, noted, making = networks, "networks", "networkDefineXMLFlags"

    def item(self, name: str) -> dict[str, Any]:
        return {"name": name, "ips": [{"address": f"10.9.{name[1:]}.1/24"}]}

    def check(self, connection: Any, name: str) -> None:
        found = connection.networkLookupByName(name)
        assert (found.isActive(), found.autostart()) == (1, 1)

    def names(self, connection: Any) -> list[str]:
        return [found.name() for found in connection.listAllNetworks()]


class Secrets(Pools):
    """How secrets are declared, and looked at."""

    module, noted, making = secrets, "secrets", "secretDefineXML"

    def item(self, name: str) -> dict[str, Any]:
        return {"name": name, "usage": "tls", "private": True, "value": "sup3r-s3cret"}

    def check(self, connection: Any, name: str) -> None:
        assert connection.named(name).kept == b"sup3r-s3cret"

    def names(self, connection: Any) -> list[str]:
        return [found.usageID() for found in connection.secrets.values()]


@pytest.fixture
def host(connection: Any, noted: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A host that has secrets, too."""
    made = SecretHost(connection)
    opened = libvirt.open
    monkeypatch.setattr(connecting.libvirt, "open", lambda uri: made if uri == URI else opened(uri))
    return made


def killed(run_main: Run, way: Pools, name: str, trap: Trap) -> bool:
    """Declare one, and kill that. Returns whether it was killed."""
    with trap.set():
        try:
            run_main(way.module.main, config=[way.item(name)], uri=URI, owner="us")
        except Killed:
            return True
    return False


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("way", [Pools(), Networks(), Secrets()], ids=lambda way: way.noted)
def test_the_next_run_ends_the_making(
    host: Any, run_main: Run, noted: manifest.Manifest, way: Pools, before: bool
) -> None:
    there, number, config = set(way.names(host)), 1, []
    while killed(run_main, way, f"k{number}", Trap(number, before)):
        config = [way.item(f"k{number}")]
        said = run_main(way.module.main, config=config, uri=URI, owner="us", check=True)
        done = run_main(way.module.main, config=config, uri=URI, owner="us")
        assert (said["changes"], said["warnings"]) == (done["changes"], done["warnings"]), number
        way.check(host, f"k{number}")
        facts = noted.entries(way.noted).get(f"k{number}")
        if way.noted == "networks":
            assert facts is None, number
        else:
            assert facts is not None
            assert facts.keys() == {"uuid", "owner"}, number
        assert run_main(way.module.main, config=config, uri=URI, owner="us")["changed"] is False, number
        number += 1
    assert number > 4
    assert set(way.names(host)) == {*there, *(f"k{index}" for index in range(1, number + 1))}
    run_main(way.module.main, config=[], purge=True, uri=URI, owner="us")
    assert set(way.names(host)) == there
    assert noted.entries(way.noted) == {}


@pytest.mark.parametrize("way", [Pools(), Networks(), Secrets()], ids=lambda way: way.noted)
def test_what_a_killed_run_made_is_purged(host: Any, run_main: Run, noted: manifest.Manifest, way: Pools) -> None:
    """Also where nobody has declared it since."""
    there, number = set(way.names(host)), 1
    while killed(run_main, way, f"k{number}", Trap(number, before=False)):
        number += 1
    run_main(way.module.main, config=[], purge=True, uri=URI, owner="us")
    assert set(way.names(host)) == there
    assert [name for name, facts in noted.entries(way.noted).items() if facts["making"] != DEAD] == []


@pytest.mark.parametrize("way", [Pools(), Networks()], ids=lambda way: way.noted)
def test_what_a_user_turned_off_stays_off(host: Any, run_main: Run, noted: manifest.Manifest, way: Pools) -> None:
    run_main(way.module.main, config=[way.item("k1")], uri=URI)
    found = next(one for one in (*host.listAllStoragePools(), *host.listAllNetworks()) if one.name() == "k1")
    found.setAutostart(0)
    assert run_main(way.module.main, config=[way.item("k1")], uri=URI)["changed"] is False
    assert found.autostart() == 0


def test_one_of_somebody_else_is_none_of_a_killed_run(host: Any, run_main: Run, noted: manifest.Manifest) -> None:
    """It has the name, and another UUID."""
    noted.put("pools", "k1", uuid="11111111-2222-3333-4444-555555555555", making=DEAD)
    host.storagePoolDefineXML("<pool type='dir'><name>k1</name><target><path>/srv/k1</path></target></pool>", 0)
    done = run_main(pools.main, config=[{"name": "k1", "target": "/srv/k1"}], uri=URI)
    assert [change["path"] for change in done["changes"]] == ["state"]
    run_main(pools.main, config=[], purge=True, uri=URI)
    assert host.storagePoolLookupByName("k1")


def test_another_run_is_left_to_end_its_making(
    host: Any, run_main: Run, noted: manifest.Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Trap(0, before=True).set():
        run_main(pools.main, config=[{"name": "k1", "target": "/srv/k1"}], uri=URI)
    facts = noted.entries("pools")["k1"]
    noted.put("pools", "k1", **{**facts, "making": f"process 1 {process.started(1)} {process.boot()}"})
    host.storagePoolLookupByName("k1").setAutostart(0)
    assert run_main(pools.main, config=[{"name": "k1", "target": "/srv/k1"}], uri=URI)["changed"] is False
    assert run_main(pools.main, config=[], purge=True, uri=URI)["changed"] is False


@pytest.mark.parametrize("way", [Pools(), Networks(), Secrets()], ids=lambda way: way.noted)
def test_what_libvirt_refuses_leaves_no_note(
    host: Any, run_main: Run, noted: manifest.Manifest, way: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*words: Any, **options: Any) -> Any:
        raise libvirt.libvirtError("no")

    holder = SecretHost if way.noted == "secrets" else libvirt.virConnect
    monkeypatch.setattr(holder, way.making, refused)
    result = run_main(way.module.main, config=[way.item("k1")], uri=URI, fails=True)
    assert "define: no" in result["msg"]
    assert noted.entries(way.noted) == {}


@pytest.mark.parametrize("way", [Pools(), Networks()], ids=lambda way: way.noted)
def test_a_start_that_fails_leaves_no_note(
    host: Any, run_main: Run, noted: manifest.Manifest, way: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*words: Any, **options: Any) -> Any:
        raise libvirt.libvirtError("no")

    for holder in (libvirt.virStoragePool, libvirt.virNetwork):
        monkeypatch.setattr(holder, "create", refused)
    there = way.names(host)
    run_main(way.module.main, config=[way.item("k1")], uri=URI, fails=True)
    assert (noted.entries(way.noted), way.names(host)) == ({}, there)


@pytest.mark.parametrize("way", [Pools(), Networks()], ids=lambda way: way.noted)
def test_a_note_that_cannot_be_ended_takes_it_back(
    host: Any, run_main: Run, noted: manifest.Manifest, way: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = PrivateFile.put, []

    def put(self: PrivateFile, *words: Any, **options: Any) -> None:
        calls.append(words)
        if len(calls) == 3:  # The first one is a trial.
            raise self.unwritable(OSError(28, "No space left on device"))
        real(self, *words, **options)

    monkeypatch.setattr(PrivateFile, "put", put)
    there = way.names(host)
    result = run_main(way.module.main, config=[way.item("k1")], uri=URI, fails=True)
    assert "No space left" in result["msg"]
    assert (noted.entries(way.noted), way.names(host), result["changed"]) == ({}, there, False)


def test_a_pool_without_a_uuid_gets_one_before_it_is_defined(
    host: Any, run_main: Run, noted: manifest.Manifest
) -> None:
    run_main(pools.main, config=[{"name": "k1", "target": "/srv/k1", "uuid": None}], uri=URI)
    assert noted.entries("pools") == {"k1": {"uuid": host.storagePoolLookupByName("k1").UUIDString()}}


@pytest.mark.parametrize("item", [{}, {"uuid": None}], ids=["derived", "none"])
def test_a_pool_that_came_about_though_its_step_failed_is_told(
    host: Any, run_main: Run, noted: manifest.Manifest, monkeypatch: pytest.MonkeyPatch, item: dict[str, Any]
) -> None:
    real = libvirt.virConnect.storagePoolDefineXML

    def define(self: Any, *words: Any) -> None:
        real(self, *words)
        raise libvirt.libvirtError("the answer got lost")

    monkeypatch.setattr(libvirt.virConnect, "storagePoolDefineXML", define)
    result = run_main(pools.main, config=[{"name": "k1", "target": "/srv/k1", **item}], uri=URI, fails=True)
    assert host.storagePoolLookupByName("k1").UUIDString()
    assert "definition" in [change["path"] for change in result["changes"]]


@pytest.mark.parametrize(
    ("actions", "order"),
    [
        ("define set_autostart start", "define set_autostart finish start"),
        ("define start", "define finish start"),
        ("start", "finish start"),
        ("stop undefine", "stop undefine finish"),
    ],
)
def test_the_making_ends_before_a_start(actions: str, order: str) -> None:
    entry = Plan("pool", "k1")
    for action in actions.split():
        place = StepPlace.DEFINITION if action == "define" else StepPlace.STATE
        entry.steps.add(StepPlace.BESIDE if action.startswith("set_") else place, Step(action))
    have = {"k1": Observed(ET.Element("pool"), None, "inactive", {}, unfinished=True)}
    creation_notes.plan_finish(POOLS, [entry], have)
    assert [step.action for step in entry.steps] == order.split()
