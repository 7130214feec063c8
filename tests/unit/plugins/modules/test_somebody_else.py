# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody else does to a resource between the plan and the second look is not told as done by the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply, converge
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.define_batch import Definitions
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_actions
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.storage_observe import identity
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]
URI = "test:///default"
GUEST = {"name": "g", "memory": "64MiB"}
ON_DISK = {**GUEST, "disks": [{"size": "3MiB", "pool": "p"}]}
VOLUME = "<volume><name>{}</name><capacity>5</capacity><target/></volume>"
DOMAIN = "<domain type='test'><name>g</name><memory>65536</memory><os><type>hvm</type></os></domain>"
NETWORK = "<network><name>n</name><bridge name='virbr-n'/><ip address='192.0.2.1' netmask='255.255.255.0'/></network>"


@pytest.fixture
def pool(connection: Any, run_main: Run, noted: Any, tmp_path: Path) -> Any:
    """A pool of the test driver, whose folder has the files that libvirt's test driver does not make."""
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path)}], uri=URI)
    return connection.storagePoolLookupByName("p")


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Have somebody do something between the plan and the first step."""

    def install(act: Callable[[], Any]) -> None:
        carry_out = apply.apply

        def applied(*args: Any) -> Any:
            act()
            return carry_out(*args)

        monkeypatch.setattr(apply, "apply", applied)

    return install


def told(result: dict[str, Any]) -> list[tuple[str, str, Any]]:
    return [(change["resource"], change["path"], change["after"]) for change in result["changes"]]


def nothing_told(result: dict[str, Any]) -> None:
    assert told(result) == []
    assert result["changed"] is False
    assert not [line for line in result["warnings"] if "though others failed" in line]


# Volumes


def known_late(pool: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> Callable[[], None]:
    """Somebody writes a file; libvirt knows of it once it looks through the pool."""
    folder = Path(str(pool.XMLDesc(0)).partition("<path>")[2].partition("<")[0])
    refresh = libvirt.virStoragePool.refresh

    def refreshed(self: Any, flags: int = 0) -> Any:
        if (folder / name).exists() and name not in pool.listVolumes():
            pool.createXML(VOLUME.format(name))
        return refresh(self, flags)

    monkeypatch.setattr(libvirt.virStoragePool, "refresh", refreshed)
    return lambda: (folder / name).write_text("mine\n") and None


@pytest.mark.parametrize("kind", ["domain", "volume"])
def test_a_file_that_somebody_wrote_meanwhile_is_no_volume_of_the_run(
    run_main: Run, pool: Any, noted: Any, meanwhile: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    name = "g-vda.qcow2" if kind == "domain" else "v.qcow2"
    meanwhile(known_late(pool, monkeypatch, name))
    if kind == "domain":
        result = run_main(domains.main, config=[ON_DISK], uri=URI, fails=True)
    else:
        result = run_main(volumes.main, config=[{"name": name, "pool": "p", "capacity": "3MiB"}], uri=URI, fails=True)
    where = "disks[0]: " if kind == "domain" else ""
    (failure,) = result["failures"]
    assert failure["problem"] == f"{where}somebody made a volume p/{name} meanwhile; run again to look at it"
    nothing_told(result)
    assert noted.entries("volumes") == {}
    assert pool.storageVolLookupByName(name).info()[1] == 5


@pytest.mark.parametrize("kind", ["domain", "volume"])
@pytest.mark.parametrize("known", [False, True])
def test_a_volume_that_comes_at_the_last_moment_is_told_in_the_same_words(
    run_main: Run, pool: Any, noted: Any, monkeypatch: pytest.MonkeyPatch, kind: str, known: bool
) -> None:
    """libvirt refuses to make it; of a file, it knows only then."""
    name = "g-vda.qcow2" if kind == "domain" else "v.qcow2"
    write = known_late(pool, monkeypatch, name)

    def create(holder: Any, root: Any) -> None:
        write()
        if known:
            pool.createXML(VOLUME.format(name))
        raise libvirt.libvirtError(f"volume target path '{name}' already exists")

    monkeypatch.setattr(volume_actions, "create", create)
    module = domains if kind == "domain" else volumes
    item = ON_DISK if kind == "domain" else {"name": name, "pool": "p", "capacity": "3MiB"}
    result = run_main(module.main, config=[item], uri=URI, fails=True)
    assert f"somebody made a volume p/{name} meanwhile; run again to look at it" in result["msg"]
    nothing_told(result)
    assert noted.entries("volumes") == {}


@pytest.mark.parametrize("kind", ["domain", "volume"])
def test_a_volume_that_another_run_made_meanwhile_is_not_told_as_made(
    run_main: Run, pool: Any, noted: Any, meanwhile: Any, tmp_path: Path, kind: str
) -> None:
    """It is the declared one, and it is noted: only the step knows that it was not its own doing."""
    name = "g-vda.qcow2" if kind == "domain" else "v.qcow2"

    def made() -> None:
        text = f"<volume><name>{name}</name><capacity unit='MiB'>3</capacity><target><format type='qcow2'/></target>"
        volume = pool.createXML(f"{text}</volume>")
        (tmp_path / name).touch()
        noted.put("volumes", f"p/{name}", format="qcow2", identity=identity(ET.fromstring(volume.XMLDesc())))

    meanwhile(made)
    module = domains if kind == "domain" else volumes
    item = ON_DISK if kind == "domain" else {"name": name, "pool": "p", "capacity": "3MiB"}
    result = run_main(module.main, config=[item], uri=URI, fails=True)
    assert f"somebody made a volume p/{name} meanwhile; run again to look at it" in result["msg"]
    nothing_told(result)
    assert list(noted.entries("volumes")) == [f"p/{name}"]


@pytest.mark.parametrize("kind", ["domain", "volume"])
def test_a_volume_that_another_run_makes_in_this_moment_is_not_told_as_made(
    run_main: Run, pool: Any, noted: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    """By the second look it is there, and as declared."""
    name = "g-vda.qcow2" if kind == "domain" else "v.qcow2"
    settle = apply.failed_steps.settle

    def settled(*given: Any) -> None:
        text = f"<volume><name>{name}</name><capacity unit='MiB'>3</capacity><target><format type='qcow2'/></target>"
        volume = pool.createXML(f"{text}</volume>")
        (tmp_path / name).touch()
        noted.put("volumes", f"p/{name}", format="qcow2", identity=identity(ET.fromstring(volume.XMLDesc())))
        settle(*given)

    monkeypatch.setattr(apply.failed_steps, "settle", settled)
    monkeypatch.setattr(manifest, "made_by_another", lambda name, facts: "another run is making it")
    module = domains if kind == "domain" else volumes
    item = ON_DISK if kind == "domain" else {"name": name, "pool": "p", "capacity": "3MiB"}
    result = run_main(module.main, config=[item], uri=URI, fails=True)
    assert "another run is making it" in result["msg"]
    nothing_told(result)


def test_what_libvirt_has_against_a_volume_names_the_disk(
    run_main: Run, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(holder: Any, root: Any) -> None:
        raise libvirt.libvirtError("the path /x does not exist")

    monkeypatch.setattr(volume_actions, "create", create)
    result = run_main(domains.main, config=[ON_DISK], uri=URI, fails=True)
    (failure,) = result["failures"]
    assert failure["problem"] == "disks[0]: make_volume: the path /x does not exist"
    nothing_told(result)


def test_a_second_disk_that_somebody_made_is_not_told_with_the_first(
    run_main: Run, pool: Any, meanwhile: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "g-vda.qcow2").touch()
    meanwhile(known_late(pool, monkeypatch, "g-vdb.qcow2"))
    two = {**GUEST, "disks": [{"size": "3MiB", "pool": "p"}, {"size": "3MiB", "pool": "p"}]}
    result = run_main(domains.main, config=[two], uri=URI, fails=True)
    assert "disks[1]: somebody made a volume p/g-vdb.qcow2 meanwhile" in result["msg"]
    nothing_told(result)
    assert pool.listVolumes() == ["g-vdb.qcow2"]


# Definitions


def refusing(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """libvirt refuses a definition whose name another one has, which its test driver does not."""

    def refuse(*args: Any) -> None:
        raise libvirt.libvirtError("operation failed: 'x' already exists with uuid 1")

    if kind == "domain":
        monkeypatch.setattr(Definitions, "send", refuse)
    else:
        monkeypatch.setitem(KINDS[kind].actions, "define", refuse)


@pytest.mark.parametrize("kind", ["domain", "network", "pool"])
def test_a_definition_that_somebody_made_meanwhile_is_not_told_as_made(
    connection: Any, run_main: Run, meanwhile: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    store = f"<pool type='dir'><name>q</name><target><path>{tmp_path}</path></target></pool>"
    module, item, act = {
        "domain": (domains, {**GUEST, "state": "running"}, lambda: connection.defineXML(DOMAIN).create()),
        "network": (
            networks,
            {"name": "n", "bridge": "virbr-n", "autostart": True},
            lambda: connection.networkCreateXML(NETWORK),
        ),
        "pool": (pools, {"name": "q", "target": str(tmp_path)}, lambda: connection.storagePoolCreateXML(store)),
    }[kind]
    meanwhile(act)
    refusing(monkeypatch, kind)
    result = run_main(module.main, config=[item], uri=URI, fails=True)
    assert "already exists with uuid" in result["msg"]
    nothing_told(result)


# States


@pytest.mark.parametrize("kind", ["domain", "network"])
@pytest.mark.parametrize("goal", ["on", "off", "absent"])
def test_a_state_that_somebody_changed_meanwhile_is_not_told_as_changed(
    connection: Any, run_main: Run, meanwhile: Any, monkeypatch: pytest.MonkeyPatch, kind: str, goal: str
) -> None:
    """Another step fails before; what was to be done to the state is done by somebody else, or the contrary."""
    if kind == "domain":
        module, item, state = domains, {"name": "g"}, {"on": "running", "off": "stopped", "absent": "absent"}[goal]
        thing = connection.defineXML(DOMAIN)
    else:
        module, item, state = networks, {"name": "n"}, {"on": "active", "off": "inactive", "absent": "absent"}[goal]
        thing = connection.networkDefineXML(NETWORK)
    if goal == "off":
        thing.create()
    meanwhile(thing.destroy if goal == "off" else thing.create)

    def broken(*args: Any) -> None:
        raise VirtfleetError("no")

    if goal != "absent":
        item["autostart"] = True
        monkeypatch.setitem(KINDS[kind].actions, "set_autostart", broken)
    result = run_main(module.main, config=[{**item, "state": state}], uri=URI, fails=True)
    (failure,) = result["failures"]
    wanted = {"absent": "undefine: somebody started it meanwhile, so it stays; run again"}.get(goal, "no")
    assert failure["problem"] == wanted
    nothing_told(result)
    assert thing.isPersistent()
    assert bool(thing.isActive()) == (goal != "off")


class Refusal(libvirt.libvirtError):
    """What libvirt's driver of QEMU says; that for tests has another code for a guest."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.err = (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_FROM_QEMU, text, 2, None, None, None, -1, -1)


@pytest.mark.parametrize("kind", ["domain", "network"])
def test_what_somebody_started_is_not_told_as_started(
    connection: Any, run_main: Run, meanwhile: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """libvirt refuses to start what runs."""
    start = KINDS[kind].actions["start"]

    def starting(*args: Any) -> None:
        try:
            start(*args)
        except libvirt.libvirtError as error:
            raise Refusal(str(error)) from None

    monkeypatch.setitem(KINDS[kind].actions, "start", starting)
    thing = connection.defineXML(DOMAIN) if kind == "domain" else connection.networkDefineXML(NETWORK)
    item = {"name": "g", "state": "running"} if kind == "domain" else {"name": "n", "state": "active"}
    meanwhile(thing.create)
    result = run_main((domains if kind == "domain" else networks).main, config=[item], uri=URI, fails=True)
    assert "start: " in result["msg"]
    nothing_told(result)


def test_what_somebody_starts_after_the_step_failed_is_not_told_as_started(
    connection: Any, run_main: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = connection.defineXML(DOMAIN)
    survey = converge.survey

    def broken(*args: Any) -> None:
        raise libvirt.libvirtError("no such kernel")

    def looking(*args: Any) -> Any:
        if failed:
            domain.isActive() or domain.create()
        failed.append(None)
        return survey(*args)

    failed: list[None] = []
    monkeypatch.setattr(converge, "survey", looking)
    monkeypatch.setitem(KINDS["domain"].actions, "start", broken)
    result = run_main(domains.main, config=[{"name": "g", "state": "running"}], uri=URI, fails=True)
    assert domain.isActive()
    nothing_told(result)


def test_a_guest_that_waited_in_vain_is_not_told_as_started(
    connection: Any, run_main: Run, pool: Any, meanwhile: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """c gets the disk of a, which goes; somebody starts a, so c never gets its turn, and starts c as well."""
    disk = tmp_path / "a.qcow2"
    source = f"<devices><disk><source file='{disk}'/><target dev='vda'/></disk></devices></domain>"
    a = connection.defineXML(DOMAIN.replace(">g<", ">a<").replace("</domain>", source))
    c = connection.defineXML(DOMAIN.replace(">g<", ">c<"))
    meanwhile(lambda: (a.create(), c.create()))
    goal = [
        {"name": "c", "disks": [{"file": str(disk), "target": "vda"}], "state": "running"},
        {"name": "a", "state": "absent"},
    ]
    result = run_main(domains.main, config=goal, uri=URI, fails=True)
    assert {failure["domain"] for failure in result["failures"]} == {"a", "c"}
    nothing_told(result)
    assert a.isPersistent()


def test_a_guest_that_somebody_paused_after_its_start_is_told_as_started(
    connection: Any, run_main: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = connection.defineXML(DOMAIN)
    start = KINDS["domain"].actions["start"]

    def started(*args: Any) -> None:
        start(*args)
        domain.suspend()

    monkeypatch.setitem(KINDS["domain"].actions, "start", started)
    result = run_main(domains.main, config=[{"name": "g", "state": "running"}], uri=URI, fails=True)
    assert "state is 'paused', not 'running'" in result["msg"]
    assert told(result) == [("domain g", "state", "running")]


STOPPED = [
    ("virDomain", "destroyFlags", domains, {"name": "g", "state": "stopped"}, {"force_shutdown": True}),
    ("virNetwork", "destroy", networks, {"name": "n", "state": "inactive"}, {}),
    ("virStoragePool", "destroy", pools, {"name": "p", "state": "inactive"}, {}),
]


def running(connection: Any, kind: str) -> Any:
    """A thing that runs: a guest that takes no notice of a request to shut down, a network, a pool."""
    if kind == "virDomain":
        domain = connection.defineXML(DOMAIN)
        domain.create()
        return domain
    if kind == "virNetwork":
        network = connection.networkDefineXML(NETWORK)
        network.create()
        return network
    return connection.storagePoolLookupByName("p")


@pytest.mark.parametrize(("kind", "call", "module", "item", "arguments"), STOPPED, ids=[row[0] for row in STOPPED])
@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "goes on"])
def test_what_stops_by_itself_at_the_last_moment_is_stopped(
    connection: Any,
    run_main: Run,
    pool: Any,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    call: str,
    module: Any,
    item: dict[str, Any],
    arguments: dict[str, Any],
    stopped: bool,
) -> None:
    """libvirt refuses to stop what does not run; where it still runs, that it refuses is a failure."""
    found = running(connection, kind)
    end = getattr(getattr(libvirt, kind), call)

    def late(self: Any, *args: Any) -> None:
        if stopped:
            end(self, *args)
        raise Refusal("it is not running")

    monkeypatch.setattr(getattr(libvirt, kind), call, late)
    monkeypatch.setattr(libvirt.virDomain, "shutdown", lambda self: 0)
    timeout = {"shutdown_timeout": 0} if kind == "virDomain" else {}
    result = run_main(module.main, config=[item], uri=URI, fails=not stopped, **arguments, **timeout)
    assert bool(found.isActive()) is not stopped
    if stopped:
        assert [path for _resource, path, _after in told(result)] == ["state"]
    else:
        nothing_told(result)
