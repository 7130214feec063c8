# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fails leaves nothing behind that was made for it, and stops nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import define_batch, domain_actions
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import volume_fill
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.connection import ConnectionLost
from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]
GOOD = {"name": "good", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p"}], "state": "running"}


@pytest.fixture
def pool(connection: Any, run_main: Run, tmp_path: Path) -> Any:
    """A pool of the test driver, in which a volume is there already."""
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path)}], uri="test:///default")
    found = connection.storagePoolLookupByName("p")
    found.createXML("<volume><name>before</name><capacity>1</capacity><target/></volume>")
    return found


def names(pool: Any) -> set[str]:
    return {volume.name() for volume in pool.listAllVolumes()}


def guests(connection: Any) -> set[str]:
    return {domain.name() for domain in connection.listAllDomains()} - {"test"}


def broken(*args: Any) -> None:
    raise VirtfleetError("no")


def test_a_guest_whose_second_image_fails_leaves_no_first_disk(
    connection: Any, run_domains: Run, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume_fill, "find", broken)
    bad = {**GOOD, "name": "bad", "disks": [{"size": "1MiB", "pool": "p"}, {"backing": "before", "pool": "p"}]}
    result = run_domains(bad, GOOD, fails=True)
    assert [failure["domain"] for failure in result["failures"]] == ["bad"]
    assert (guests(connection), names(pool)) == ({"good"}, {"before", "good-vda.qcow2"})
    assert {change["resource"] for change in result["changes"]} == {"domain good"}


@pytest.mark.parametrize("step", ["define", "start"])
def test_a_new_guest_that_fails_takes_its_volumes_along(
    connection: Any, run_domains: Run, pool: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    send = define_batch.Definitions.send

    def defining(self: Any, link: Any, document: str) -> None:
        if "<name>bad" in document:
            raise libvirt.libvirtError("no")
        send(self, link, document)

    def starting(link: Any, name: str, *more: Any) -> None:
        if name == "bad":
            raise VirtfleetError("no")
        domain_actions.domain_start(link, name, *more)

    if step == "define":
        monkeypatch.setattr(define_batch.Definitions, "send", defining)
    else:
        monkeypatch.setitem(KINDS["domain"].actions, "start", starting)
    disks = [{"size": "1MiB", "pool": "p"}, {"size": "2MiB", "pool": "p"}]
    result = run_domains({**GOOD, "name": "bad", "disks": disks}, GOOD, fails=True)
    assert [failure["domain"] for failure in result["failures"]] == ["bad"]
    assert (guests(connection), names(pool)) == ({"good"}, {"before", "good-vda.qcow2"})
    assert {change["resource"] for change in result["changes"]} == {"domain good"}


@pytest.mark.parametrize("state", ["present", "running"])
def test_a_new_guest_that_libvirt_keeps_otherwise_is_taken_back_before_it_starts(
    connection: Any, run_domains: Run, pool: Any, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    send = define_batch.Definitions.send
    started: list[str] = []

    def defining(self: Any, link: Any, document: str) -> None:
        send(self, link, document.replace("<title>odd</title>", "<title>other</title>"))

    def starting(link: Any, name: str, *more: Any) -> None:
        started.append(name)
        domain_actions.domain_start(link, name, *more)

    monkeypatch.setattr(define_batch.Definitions, "send", defining)
    monkeypatch.setitem(KINDS["domain"].actions, "start", starting)
    result = run_domains({**GOOD, "name": "bad", "title": "odd", "state": state}, GOOD, fails=True)
    assert result["failures"] == [
        {
            "domain": "bad",
            "problem": "libvirt took the definition but did not keep all of it: title is 'other', not 'odd'; so the new"
            " domain was taken back",
        }
    ]
    assert (guests(connection), names(pool)) == ({"good"}, {"before", "good-vda.qcow2"})
    assert (started, {change["resource"] for change in result["changes"]}) == (["good"], {"domain good"})


@pytest.mark.parametrize("kind", ["network", "pool"])
def test_a_new_network_or_pool_that_libvirt_keeps_otherwise_is_taken_back(
    connection: Any, run_main: Run, run_networks: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    before = len(connection.listAllNetworks() + connection.listAllStoragePools())
    define = KINDS[kind].actions["define"]

    def defining(link: Any, name: str, step: Any, *more: Any) -> Any:
        text = step.value.replace("br-odd", "br-kept").replace("/odd", "/kept")
        return define(link, name, dataclasses.replace(step, value=text), *more)

    monkeypatch.setitem(KINDS[kind].actions, "define", defining)
    if kind == "network":
        result = run_networks({"name": "new", "bridge": "br-odd"}, fails=True)
    else:
        item = {"name": "new", "target": f"{tmp_path}/odd"}
        result = run_main(pools.main, config=[item], uri="test:///default", fails=True)
    assert result["msg"].endswith(f"; so the new {kind} was taken back")
    assert len(connection.listAllNetworks() + connection.listAllStoragePools()) == before


def test_a_guest_that_is_there_loses_only_what_was_new(
    connection: Any, run_domains: Run, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_domains({**GOOD, "state": "stopped"})
    monkeypatch.setattr(define_batch.Definitions, "send", broken)
    result = run_domains({**GOOD, "disks": [*GOOD["disks"], {"size": "2MiB", "pool": "p"}]}, fails=True)
    assert (guests(connection), names(pool)) == ({"good"}, {"before", "good-vda.qcow2"})
    assert not result["changed"]


def test_what_runs_stays_with_its_volumes(
    connection: Any, run_domains: Run, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS["domain"].actions, "set_autostart", broken)
    run_domains(GOOD)
    run_domains({**GOOD, "autostart": True}, fails=True)
    assert (guests(connection), names(pool)) == ({"good"}, {"before", "good-vda.qcow2"})


def test_a_volume_that_another_one_needs_stays_and_is_named(
    connection: Any, run_domains: Run, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defining(self: Any, link: Any, document: str) -> None:
        disk = f"<disk><source file='{pool_path}/bad-vda.qcow2'/><target dev='vda'/></disk>"
        head = "<domain type='test'><name>other</name><memory>1024</memory><os><type>hvm</type></os>"
        link.defineXML(f"{head}<devices>{disk}</devices></domain>")
        raise libvirt.libvirtError("no")

    pool_path = str(pool.XMLDesc(0)).partition("<path>")[2].partition("<")[0]
    monkeypatch.setattr(define_batch.Definitions, "send", defining)
    result = run_domains({**GOOD, "name": "bad"}, fails=True)
    assert "; the volume p/bad-vda.qcow2 stays: delete: p/bad-vda.qcow2 is used by guest other" in result["msg"]
    assert (guests(connection), names(pool)) == ({"other"}, {"before", "bad-vda.qcow2"})


@pytest.mark.parametrize("known", [False, True])
def test_only_what_is_known_to_be_the_one_that_was_made_goes(
    connection: Any, run_domains: Run, pool: Any, noted: Any, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    path = Path(str(pool.XMLDesc(0)).partition("<path>")[2].partition("<")[0]) / "bad-vda.qcow2"
    if known:
        path.touch()  # libvirt's test driver makes no files.
    monkeypatch.setattr(define_batch.Definitions, "send", broken)
    result = run_domains({**GOOD, "name": "bad"}, fails=True)
    stays = "; the volume p/bad-vda.qcow2 stays: nothing tells whether it is the one that was made"
    assert (stays in result["msg"]) is not known
    assert names(pool) == ({"before"} if known else {"before", "bad-vda.qcow2"})
    assert ("p/bad-vda.qcow2" in noted.entries("volumes")) is not known


@pytest.mark.parametrize("kind", ["network", "pool"])
def test_a_network_or_pool_that_does_not_start_is_not_left_defined(
    connection: Any, run_main: Run, run_networks: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    before = len(connection.listAllNetworks() + connection.listAllStoragePools())
    monkeypatch.setitem(KINDS[kind].actions, "start", broken)
    if kind == "network":
        run_networks({"name": "new"}, fails=True)
    else:
        pool = {"name": "new", "target": str(tmp_path)}
        run_main(pools.main, config=[pool], uri="test:///default", fails=True)
    assert len(connection.listAllNetworks() + connection.listAllStoragePools()) == before


def test_a_fault_of_the_collection_itself_leaves_nothing_either(
    connection: Any, run_main: Run, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*args: Any) -> None:
        raise KeyError("x")

    monkeypatch.setattr(define_batch.Definitions, "send", faulty)
    result = run_main(domains.main, config=[GOOD], uri="test:///default", fails=True)
    assert "a fault of this collection, please report it: KeyError" in result["msg"]
    assert (guests(connection), names(pool)) == (set(), {"before"})


LISTS = {"domain": "listAllDomains", "network": "listAllNetworks", "pool": "listAllStoragePools"}
THEIRS = {
    "domain": "<domain type='test'><name>new</name>{}<memory>1024</memory><os><type>hvm</type></os></domain>",
    "network": "<network><name>new</name>{}</network>",
    "pool": "<pool type='dir'><name>new</name>{}<target><path>/other</path></target></pool>",
}
UUID = "11111111-2222-3333-4444-555555555555"


def put_theirs(connection: Any, kind: str) -> None:
    """Somebody undefines the new one and defines another one of its name."""
    next(found for found in getattr(connection, LISTS[kind])() if found.name() == "new").undefine()
    define = {"domain": "defineXML", "network": "networkDefineXML", "pool": "storagePoolDefineXML"}[kind]
    getattr(connection, define)(THEIRS[kind].format(f"<uuid>{UUID}</uuid>"))


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("when", ["after define", "in start"])
def test_what_somebody_else_defined_meanwhile_stays(
    connection: Any, run_main: Run, pool: Any, monkeypatch: pytest.MonkeyPatch, kind: str, when: str
) -> None:
    """It is neither undefined nor started; the volumes that were made for the new guest go."""
    key = (kind, "define" if when == "after define" else "start")
    action = KINDS[kind].actions.get(key[1])

    def acting(link: Any, name: str, *more: Any) -> None:
        if key[1] == "define" and action is not None:
            action(link, name, *more)
        put_theirs(connection, kind)
        if key[1] == "start":
            raise VirtfleetError("boom")

    if kind == "domain" and when == "after define":
        send = define_batch.Definitions.send

        def sending(self: Any, link: Any, document: str) -> None:
            send(self, link, document)
            put_theirs(connection, kind)

        monkeypatch.setattr(define_batch.Definitions, "send", sending)
    else:
        monkeypatch.setitem(KINDS[kind].actions, key[1], acting)
    module, item = {
        "domain": (domains, {**GOOD, "name": "new"}),
        "network": (networks, {"name": "new"}),
        "pool": (pools, {"name": "new", "target": "/new"}),
    }[kind]
    result = run_main(module.main, config=[item], uri="test:///default", fails=True)
    there = {found.name(): found for found in getattr(connection, LISTS[kind])()}["new"]
    assert (there.UUIDString(), there.isActive()) == (UUID, 0)
    assert result["msg"].count(f"another one of that name (UUID {UUID}), which stays as it is") == 1
    assert ("boom" in result["msg"]) == (when == "in start")
    assert result["changes"] == []
    assert names(pool) == {"before"}


@pytest.mark.parametrize("kind", LISTS)
def test_what_is_gone_already_needs_no_undoing(
    connection: Any, run_main: Run, pool: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def starting(link: Any, name: str, *more: Any) -> None:
        next(found for found in getattr(connection, LISTS[kind])() if found.name() == "new").undefine()
        raise VirtfleetError("boom")

    monkeypatch.setitem(KINDS[kind].actions, "start", starting)
    module, item = {
        "domain": (domains, {**GOOD, "name": "new"}),
        "network": (networks, {"name": "new"}),
        "pool": (pools, {"name": "new", "target": "/new"}),
    }[kind]
    result = run_main(module.main, config=[item], uri="test:///default", fails=True)
    assert result["msg"].endswith(f"{kind} new: boom")
    assert names(pool) == {"before"}


@pytest.mark.parametrize("then", ["fails", "fails after a good start", "is lost again"])
def test_what_was_made_before_the_connection_was_lost_is_taken_back(
    connection: Any, run_domains: Run, pool: Any, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """The connection is lost while the new guest is started; then it does not start. One that had started stays."""
    starts: list[str] = []

    def starting(link: Any, name: str, *more: Any) -> None:
        starts.append(name)
        if name == "bad" and (len(starts) == 1 or (then == "is lost again" and len(starts) == 2)):
            raise ConnectionLost("start: client socket is closed")
        if name == "bad" and then != "fails after a good start":
            raise VirtfleetError("boom")
        domain_actions.domain_start(link, name, *more)
        if name == "bad":
            raise VirtfleetError("boom")

    monkeypatch.setitem(KINDS["domain"].actions, "start", starting)
    bad = {**GOOD, "name": "bad"}
    result = run_domains(bad, fails=True)
    assert len(starts) == (3 if then == "is lost again" else 2)
    assert "domain bad: boom" in result["msg"]
    stays = then == "fails after a good start"
    assert guests(connection) == ({"bad"} if stays else set())
    assert names(pool) == ({"before", "bad-vda.qcow2"} if stays else {"before"})
    assert ("it runs" in result["msg"]) == stays
    assert bool(result["changes"]) == stays
