# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest, network or pool is its UUID, whatever somebody calls it; on libvirt's test driver."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.modules import domains, networks, pools
from ansible_collections.virtfleet.kvm.tests.unit.removal_world import (
    GONE,
    OLD,
    URI,
    VOLUME,
    is_there,
    paths,
    stays,
)

Run = Callable[..., dict[str, Any]]


def rename(connection: Any) -> None:
    """What ``virsh domrename old by-hand`` does; the test driver has no such call."""
    domain = connection.lookupByName("old")
    xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    domain.undefine()
    connection.defineXML(xml.replace("<name>old<", "<name>by-hand<"))


@pytest.mark.parametrize("purge", [False, True])
def test_a_guest_that_was_renamed_by_hand_is_no_new_one(
    connection: Any, run_main: Run, folder: Path, purge: bool
) -> None:
    rename(connection)
    other = {"name": "other", "memory": "64MiB"}
    for check in (True, False):
        result = run_main(
            domains.main, config=[OLD, other], uri=URI, purge=purge, remove_storage=True, check=check, fails=True
        )
        assert result["msg"].startswith(
            "1 of 2 domains failed:\ndomain old: define: its UUID is that of the guest by-hand"
        )
        assert "nothing was changed" not in result["msg"]
        assert {change["resource"] for change in result["changes"]} == {"domain other"}
    assert sorted(domain.name() for domain in connection.listAllDomains()) == ["by-hand", "other", "test"]
    assert is_there(connection)


def test_a_guest_that_was_renamed_by_hand_keeps_its_disks(connection: Any, declare: Run, folder: Path) -> None:
    rename(connection)
    stays(connection, declare(domains, GONE, remove_storage=True), "is used by guest by-hand")
    assert paths(declare(domains, purge=True, remove_storage=True)) == ["state", VOLUME]


@pytest.mark.parametrize("purge", [False, True])
def test_a_guest_does_not_go_under_its_new_name_while_it_is_declared_under_its_old_one(
    connection: Any, run_main: Run, folder: Path, purge: bool
) -> None:
    rename(connection)
    config = [OLD, {"name": "by-hand", "state": "absent"}]
    options = {"uri": URI, "purge": purge, "remove_storage": True, "fails": True}
    for check in (True, False):
        result = run_main(domains.main, config=config, check=check, **options)
        assert "domain by-hand: state: it is the guest old under another name, which is declared" in result["msg"]
        assert result["changes"] == []
    assert "by-hand" in [domain.name() for domain in connection.listAllDomains()]
    assert is_there(connection)


def uuid_of(connection: Any) -> str:
    return str(connection.lookupByName("old").UUIDString())


def test_a_guest_whose_uuid_is_declared_is_renamed_as_the_guide_says(
    connection: Any, run_main: Run, declare: Run, folder: Path
) -> None:
    """roles/guests/README.md, Rename a guest."""
    cards = {**OLD, "interfaces": [{"network": "default"}]}
    declare(domains, cards)
    mac = re.findall(r"<mac address='(.*)'/>", connection.lookupByName("old").XMLDesc())
    kept = {
        **cards,
        "uuid": uuid_of(connection),
        "interfaces": [{"network": "default", "mac": mac[0]}],
        "disks": [{"size": "1MiB", "pool": "p", "volume": "old-vda.qcow2"}],
    }
    assert declare(domains, kept)["changed"] is False
    new = {**kept, "name": "by-hand"}
    purge = {"purge": True, "remove_storage": True}
    for check in (True, False):
        result = run_main(domains.main, config=[new], uri=URI, check=check, fails=True, **purge)
        assert "domain by-hand: define: its UUID is that of the guest old" in result["msg"]
        assert "run virsh domrename old by-hand;" in result["msg"]
        assert result["changes"] == []
    assert is_there(connection)
    rename(connection)
    assert declare(domains, new, **purge)["changed"] is False
    assert paths(declare(domains, {**new, "state": "running"}, **purge)) == ["state"]
    declare(domains, {**new, "state": "stopped"}, force_shutdown=True, **purge)
    assert re.findall(r"<mac address='(.*)'/>", connection.lookupByName("by-hand").XMLDesc()) == mac != []
    assert is_there(connection)
    assert declare(domains, {"name": "by-hand", "state": "absent"}, remove_storage=True)["changed"] is True
    assert not is_there(connection)


def test_a_guest_whose_name_alone_is_changed_is_a_new_one_and_loses_its_disk(
    connection: Any, declare: Run, folder: Path
) -> None:
    """roles/guests/README.md, Rename a guest."""
    own = uuid_of(connection)
    result = declare(domains, {**OLD, "name": "new"}, purge=True, remove_storage=True)
    assert VOLUME in paths(result)
    assert not is_there(connection)
    assert connection.lookupByName("new").UUIDString() != own


def test_a_clone_is_another_guest(connection: Any, declare: Run, folder: Path) -> None:
    xml = connection.lookupByName("old").XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
    own = connection.lookupByName("old").UUIDString()
    connection.defineXML(xml.replace("<name>old<", "<name>clone<").replace(f"<uuid>{own}", f"<uuid>{uuid.uuid4()}"))
    stays(connection, declare(domains, purge=True, remove_storage=True), "is used by guest clone")
    assert sorted(domain.name() for domain in connection.listAllDomains()) == ["clone", "test"]


@pytest.mark.parametrize("purge", [False, True])
@pytest.mark.parametrize(
    ("module", "config", "make"),
    [
        (networks, {"name": "n1"}, lambda c, xml: c.networkDefineXML(xml)),
        (pools, {"name": "n1", "target": "/srv/n1"}, lambda c, xml: c.storagePoolDefineXML(xml)),
    ],
)
def test_a_network_or_pool_that_was_renamed_by_hand_is_no_new_one(
    connection: Any,
    run_main: Run,
    noted: Any,
    module: Any,
    config: dict[str, Any],
    make: Callable[[Any, str], Any],
    purge: bool,
) -> None:
    off = {**config, "state": "inactive"}
    run_main(module.main, config=[off], uri=URI)
    find = connection.networkLookupByName if module is networks else connection.storagePoolLookupByName
    xml = find("n1").XMLDesc(0)
    find("n1").undefine()
    make(connection, xml.replace("<name>n1<", "<name>by-hand<"))
    for check in (True, False):
        result = run_main(module.main, config=[off], uri=URI, purge=purge, check=check, fails=True)
        assert "n1: define: its UUID is that of the" in result["msg"]
        assert "by-hand" in result["msg"]
        assert result["changes"] == []
    find("by-hand").undefine()


def test_a_guest_that_was_renamed_by_hand_goes_with_its_disk_also_beside_its_old_name(
    connection: Any, declare: Run, folder: Path
) -> None:
    rename(connection)
    result = declare(domains, GONE, {"name": "by-hand", "state": "absent"}, remove_storage=True)
    assert paths(result) == ["state", VOLUME]
    assert result["warnings"] == []
