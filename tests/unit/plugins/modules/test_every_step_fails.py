# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whichever step of a run fails: the result tells what is different on the host then, and nothing else.

So it does where nobody waits for the result any more, and nothing further is begun then.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply
from ansible_collections.virtfleet.kvm.plugins.module_utils._host import waiting_caller
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import define_batch
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
Facts = dict[tuple[str, str], Any]
STATES = {libvirt.VIR_DOMAIN_RUNNING: "running", libvirt.VIR_DOMAIN_PAUSED: "paused"}

DISKS = [{"size": "1MiB", "pool": "p"}, {"size": "1MiB", "pool": "p"}]
GUEST = {"name": "g", "memory": "64MiB", "disks": DISKS}
OTHER = {**GUEST, "name": "h"}
NETWORK = {"name": "n", "bridge": "virbr-n", "autostart": True}


def mac(address: str) -> dict[str, Any]:
    return {"interfaces": [{"network": "default", "mac": address}]}


Case = tuple[Any, list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]
CASES: dict[str, Case] = {
    "a running guest goes": (
        domains,
        [{**GUEST, "state": "running"}],
        [{"name": "g", "state": "absent"}],
        {"remove_storage": True},
    ),
    "a paused guest goes": (
        domains,
        [{**GUEST, "state": "paused"}],
        [{"name": "g", "state": "absent"}],
        {"remove_storage": True},
    ),
    "two guests go": (
        domains,
        [{**GUEST, "state": "running"}, OTHER],
        [{"name": "g", "state": "absent"}, {"name": "h", "state": "absent"}],
        {"remove_storage": True},
    ),
    "all guests are purged": (
        domains,
        [{**GUEST, "state": "running"}, OTHER],
        [],
        {"remove_storage": True, "purge": 1},
    ),
    "a guest is new": (domains, [], [{**GUEST, "state": "running", "autostart": True}], {}),
    "two guests are new": (domains, [], [{**GUEST, "state": "running", "autostart": True}, OTHER], {}),
    "a guest gets disks": (
        domains,
        [GUEST],
        [{**GUEST, "title": "new", "disks": [{**DISKS[0], "size": "2MiB"}, *DISKS[1:], *DISKS], "state": "running"}],
        {},
    ),
    "a guest starts anew": (
        domains,
        [{**GUEST, "state": "running", **mac("52:54:00:00:00:01")}],
        [{**GUEST, "state": "running", "autostart": True, **mac("52:54:00:00:00:02")}],
        {"on_restart_needed": "restart"},
    ),
    "a guest stops": (
        domains,
        [{**GUEST, "state": "paused"}],
        [{**GUEST, "title": "new", "autostart": True, "state": "stopped"}],
        {},
    ),
    "networks come": (networks, [], [NETWORK, {"name": "m", "bridge": "virbr-m"}], {}),
    "a network starts anew": (
        networks,
        [NETWORK],
        [{**NETWORK, "bridge": "virbr-o", "autostart": False}],
        {"on_restart_needed": "restart"},
    ),
    "networks go": (networks, [NETWORK], [{"name": "n", "state": "absent"}], {}),
    "pools come": (pools, [], [{"name": "q", "target": "/q"}, {"name": "r", "target": "/r"}], {}),
    "pools go": (pools, [{"name": "q", "target": "/q"}], [{"name": "q", "state": "absent"}], {}),
    "volumes change": (
        volumes,
        [{"name": name, "pool": "p", "capacity": "1MiB"} for name in ("a", "b", "c")],
        [
            {"name": "a", "pool": "p", "capacity": "2MiB"},
            {"name": "b", "pool": "p", "state": "absent"},
            {"name": "c", "pool": "p", "state": "absent"},
            {"name": "d", "pool": "p", "capacity": "1MiB"},
        ],
        {},
    ),
}


def facts(connection: Any) -> Facts:
    """What there is, by the names that changes have for it."""
    found: Facts = {}
    for domain in connection.listAllDomains():
        name = f"domain {domain.name()}"
        root = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        found[name, "state"] = STATES.get(domain.state()[0], "stopped")
        found[name, "autostart"] = bool(domain.autostart())
        found[name, "title"] = root.findtext("title")
        found[name, "restart"] = domain.ID()
        for index, disk in enumerate(root.findall("devices/disk")):
            found[name, f"disks[{index}]"] = ET.tostring(disk)
        for nic in root.findall("devices/interface/mac"):
            found[name, "interfaces[0].mac"] = nic.get("address")
    for kind, things in (("network", connection.listAllNetworks()), ("pool", connection.listAllStoragePools())):
        for thing in things:
            name = f"{kind} {thing.name()}"
            found[name, "state"] = "active" if thing.isActive() else "inactive"
            found[name, "autostart"] = bool(thing.autostart())
            bridge = ET.fromstring(thing.XMLDesc()).find("bridge")
            found[name, "bridge"] = None if bridge is None else bridge.get("name")
    for volume in connection.storagePoolLookupByName("p").listAllVolumes():
        found[f"volume p/{volume.name()}", "state"] = "present"
        found[f"volume p/{volume.name()}", "capacity"] = volume.info()[1]
    return found


def differences(before: Facts, after: Facts) -> set[tuple[str, str, Any]]:
    """What is different: the resource, the path, and of the state what it is now."""
    found = set()
    names = {name for name, _path in (*before, *after)}
    for name in names:
        kind = name.partition(" ")[0]
        old, new = (name, "state") in before, (name, "state") in after
        if not new:
            found.add((name, "state", "absent"))
            continue
        if not old:
            found.add((name, "definition", None))
        first = {"domain": "stopped", "volume": "present"}.get(kind, "inactive")
        for path in {path for other, path in (*before, *after) if other == name}:
            now = after.get((name, path))
            was = before.get((name, path), first if path == "state" else False if path == "autostart" else now)
            if path == "restart" and (-1 in (was, now)):
                continue  # It did not run before or does not now, which is its state.
            if now != was:
                found.add((name, path, now if path == "state" else None))
    return found


def told(result: dict[str, Any]) -> set[tuple[str, str, Any]]:
    """What the result says is different, in the same terms: of a guest's volumes that they are there or not."""
    found = set()
    for change in result.get("changes", []):
        name, path, after = change["resource"], change["path"], change["after"]
        if path.startswith("volume "):
            found.add((path, "state", "absent"))
        elif name.startswith("domain ") and path.endswith("].volume"):
            found.add((f"volume {after['pool']}/{after['name']}", "definition", None))
        elif name.startswith("domain ") and path.endswith("].size"):
            guest = name.partition(" ")[2]
            found.add((f"volume p/{guest}-vd{'abcd'[int(path[6])]}.qcow2", "capacity", None))
        elif path != "restart" or name.startswith("domain "):  # A network does not tell since when it is active.
            found.add((name, path, after if path == "state" else None))
    return found


def failing(monkeypatch: pytest.MonkeyPatch, number: int, after: bool, error: Exception) -> list[str]:
    """Have one step of all fail, instead of being carried out or right after that. Returns the steps that came."""
    steps: list[str] = []

    def wrap(action: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            steps.append(args[-2].action)
            last = len(steps) == number + 1
            if last and not after:
                raise error
            return whole(action(*args), last)

        return call

    def whole(waits: Any, last: bool) -> Iterator[None]:
        if waits is not None:
            yield from waits
        if last:
            raise error

    for kind in KINDS.values():
        for name, action in kind.actions.items():
            monkeypatch.setitem(kind.actions, name, wrap(action))
    monkeypatch.setattr(define_batch.Definitions, "define", wrap_method(define_batch.Definitions.define, wrap))
    return steps


def wrap_method(method: Callable[..., Any], wrap: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *args: Any) -> Any:
        return wrap(lambda *inner: method(self, *inner))(*args)

    return call


def via(item: dict[str, Any]) -> dict[str, Any]:
    """What is to be paused runs first."""
    return {**item, "state": "running"} if item.get("state") == "paused" else item


@pytest.fixture
def world(connection: Any, run_main: Run, noted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pool, in whose folder libvirt's test driver makes no files."""
    made = tmp_path / "pool"
    made.mkdir()
    for guest, letter in itertools.product("gh", "abcd"):
        (made / f"{guest}-vd{letter}.qcow2").touch()
    for name in "abcd":
        (made / name).touch()
    run_main(pools.main, config=[{"name": "p", "target": str(made)}], uri=URI)
    return made


@pytest.mark.parametrize("after", [False, True], ids=["instead", "afterwards"])
@pytest.mark.parametrize("name", CASES)
def test_the_result_tells_what_is_different(
    connection: Any, run_main: Run, world: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: bool
) -> None:
    module, start, goal, options = CASES[name]
    before: Facts = {}
    for number in range(30):
        clear(connection, run_main, module)
        for state in ("running", None):  # libvirt's test driver starts no guest paused.
            run_main(module.main, config=[one if state is None else via(one) for one in start], uri=URI)
        before = facts(connection)
        with monkeypatch.context() as patch:
            error = VirtfleetError("no") if number % 2 else libvirt.libvirtError("no")
            steps = failing(patch, number, after, error)
            fails = True
            try:
                result = run_main(module.main, config=goal, uri=URI, fails=True, **options)
            except AssertionError:
                if len(steps) > number:
                    raise
                fails = False
        if not fails:
            break
        real = differences(before, facts(connection))
        assert told(result) == real, (number, steps)
        assert result["changed"] == bool(real)
        said = [line for line in result["warnings"] if line.startswith("was still removed")]
        gone = {change[0] for change in real if change[1:] == ("state", "absent")}
        assert sorted(gone) == sorted(said[0].partition(": ")[2].split(", ") if said else []), (number, steps)
    assert number >= 1


def closing(monkeypatch: pytest.MonkeyPatch, number: int) -> list[str]:
    """Have the one who reads the output go while a step is carried out. Returns the steps that came."""
    steps: list[str] = []
    reading, writing = os.pipe()
    monkeypatch.setattr(waiting_caller, "OUTPUT", writing)

    def wrap(action: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            steps.append(args[-2].action)
            if len(steps) == number + 1:
                os.close(reading)
            return action(*args)

        return call

    for kind in KINDS.values():
        for name, action in kind.actions.items():
            monkeypatch.setitem(kind.actions, name, wrap(action))
    monkeypatch.setattr(define_batch.Definitions, "define", wrap_method(define_batch.Definitions.define, wrap))
    return steps


def lasting(found: Facts) -> Facts:
    """What two ways to the same end have in common: not how often a guest has started."""
    return {key: value for key, value in found.items() if key[1] != "restart"}


UNABLE = ("a network starts anew",)
"""What libvirt's test driver does not do, whether it is broken off or not: it keeps the old bridge."""

ONE_STOPS = ("networks go", "pools go")
"""One that is stopped is removed as well, so nothing is left to break off."""


@pytest.mark.parametrize("name", [name for name in CASES if name not in UNABLE])
def test_a_run_that_nobody_waits_for_breaks_itself_off(
    connection: Any, run_main: Run, world: Path, noted: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    module, start, goal, options = CASES[name]
    goal = json.loads(json.dumps(goal).replace("2MiB", "1MiB"))  # libvirt's test driver lets no volume grow.
    ends: list[Facts] = []
    broken = 0
    for number in range(30):
        clear(connection, run_main, module)
        for state in ("running", None):  # libvirt's test driver starts no guest paused.
            run_main(module.main, config=[one if state is None else via(one) for one in start], uri=URI)
        before = facts(connection)
        result: dict[str, Any] | None = None
        with monkeypatch.context() as patch:
            steps = closing(patch, number)
            try:
                result = run_main(module.main, config=goal, uri=URI, fails=True, **options)
            except AssertionError:
                assert len(steps) <= number + 1 or apply.ENDS & set(steps), "it went on"
        real = differences(before, facts(connection))
        if result is not None:
            broken += 1
            assert waiting_caller.REASON in result["msg"]
            new = {(name, f"disks[{index}]", None) for name, _path in before for index in (2, 3)}
            assert told(result) - new == real, (number, steps)  # Of a disk that is new, its volume is looked for.
            if not apply.ENDS & set(steps):
                assert len(steps) == number + 1, steps
            if not start and "start" not in steps:
                assert real == set(), "what was begun is taken back"
        assert not any("making" in facts for facts in noted.entries("volumes").values())
        run_main(module.main, config=goal, uri=URI, **options)
        assert run_main(module.main, config=goal, uri=URI, **options)["changed"] is False
        ends.append(lasting(facts(connection)))
        if len(steps) <= number:
            break
    assert bool(broken) == (name not in ONE_STOPS)
    for end in ends:
        assert end == ends[-1]


def clear(connection: Any, run_main: Run, module: Any) -> None:
    """Take away what the tries before left."""
    for domain in connection.listAllDomains():
        if domain.name() != "test":
            if domain.isActive():
                domain.destroy()
            domain.undefineFlags(0)
    for thing in (*connection.listAllNetworks(), *connection.listAllStoragePools()):
        if len(thing.name()) == 1 and thing.name() != "p":
            if thing.isActive():
                thing.destroy()
            thing.undefine()
    for volume in connection.storagePoolLookupByName("p").listAllVolumes():
        volume.delete(0)
