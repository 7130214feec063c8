# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest is declared to use stays, also where it is not defined yet, as one part of the site finds it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.uses import declared_uses
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.arguments import FORECAST
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as connecting
from ansible_collections.virtfleet.kvm.plugins.modules import networks, pools, secrets, volumes
from ansible_collections.virtfleet.kvm.tests.unit.secret_host import SecretHost

URI = "test:///default"
Run = Callable[..., dict[str, Any]]
MODULES: dict[str, Any] = {"networks": networks, "pools": pools, "secrets": secrets, "volumes": volumes}


def uses(**guest: Any) -> dict[str, Any]:
    """What is used where a guest is declared."""
    return declared_uses([{"name": "new", "host": "kvm01", "memory": "64MiB", **guest}], "kvm01")


def same(run_main: Run, module: str, config: list[dict[str, Any]], fails: bool = True, **more: Any) -> dict[str, Any]:
    """A result that check mode and the run have in common."""
    given = {"config": config, "uri": URI, "fails": fails, **more}
    said = run_main(MODULES[module].main, check=True, **given)
    done = run_main(MODULES[module].main, **given)
    for part in ("changed", "changes", "failures", "msg"):
        assert said.get(part) == done.get(part), (part, said, done)
    return done


@pytest.fixture
def folder(run_main: Run, connection: Any, noted: Any, tmp_path: Path) -> Path:
    """A pool with a volume."""
    (tmp_path / "pool").mkdir()
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path / "pool")}], uri=URI)
    (tmp_path / "pool" / "x").write_bytes(b"")
    run_main(volumes.main, config=[{"name": "x", "pool": "p", "capacity": "1MiB"}], uri=URI)
    return tmp_path / "pool"


DISKS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "by volume": lambda folder: {"volume": "x", "pool": "p"},
    "by path": lambda folder: {"file": f"{folder}/./x"},
    "as a base": lambda folder: {"size": "1MiB", "pool": "p", "backing": "x"},
    "as an image": lambda folder: {"size": "1MiB", "pool": "p", "image": f"{folder}/x"},
}


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize("spelling", DISKS)
def test_a_volume_that_a_declared_guest_has_stays(run_main: Run, folder: Path, spelling: str, absent: bool) -> None:
    told = uses(disks=[DISKS[spelling](folder)])
    config = [{"name": "x", "pool": "p", "state": "absent"}] if absent else []
    result = same(run_main, "volumes", config, purge=not absent, declared_uses=told)
    assert "is used by the declared guest new" in result["msg"] or "used by the declared guest new" in result["msg"]
    assert os.path.exists(folder / "x")
    assert not result.get("changed")


@pytest.mark.parametrize("absent", [False, True])
def test_a_pool_in_which_a_declared_guest_has_a_disk_stays(run_main: Run, folder: Path, absent: bool) -> None:
    config = [{"name": "p", "state": "absent"}] if absent else []
    for told in (uses(disks=[{"size": "1MiB", "pool": "p"}]), uses(disks=[{"file": f"{folder}/x"}])):
        result = same(run_main, "pools", config, purge=not absent, declared_uses=told)
        assert "used by the declared guest new" in result["msg"]


def test_a_pool_with_a_declared_volume_stays(run_main: Run, folder: Path) -> None:
    told = declared_uses([], "kvm01", [{"name": "x", "pool": "p"}])
    result = same(run_main, "pools", [], purge=True, declared_uses=told)
    assert "used by the declared volume p/x" in result["msg"]
    same(run_main, "pools", [], fails=False, purge=True, declared_uses=uses())


def test_a_network_that_a_declared_guest_is_to_be_on_is_not_purged(run_main: Run, connection: Any) -> None:
    lan = {"name": "lan", "bridge": "virbr7", "ips": ["10.77.0.1/24"]}
    run_main(networks.main, config=[lan], uri=URI)
    for interface in ({"network": "lan"}, {"bridge": "virbr7"}):
        result = same(run_main, "networks", [], purge=True, declared_uses=uses(interfaces=[interface]))
        assert "used by the declared guest new" in result["msg"]
    gone = [{"name": "lan", "state": "absent"}]
    run_main(networks.main, config=gone, uri=URI, check=True, declared_uses=uses(interfaces=["lan"]))
    result = run_main(networks.main, config=gone, uri=URI, declared_uses=uses(interfaces=["lan"]))
    assert any("the declared guest new is to be on it" in warning for warning in result["warnings"])


@pytest.mark.parametrize("absent", [False, True])
def test_a_secret_that_something_declared_refers_to_stays(
    run_main: Run, connection: Any, noted: Any, monkeypatch: pytest.MonkeyPatch, absent: bool
) -> None:
    host, opened = SecretHost(connection), libvirt.open
    monkeypatch.setattr(connecting.libvirt, "open", lambda uri: host if uri == URI else opened(uri))
    run_main(secrets.main, config=[{"name": "/g/sec", "usage": "volume", "value": "x"}], uri=URI)
    config = [{"name": "/g/sec", "state": "absent"}] if absent else []
    luks = {"format": "luks", "secrets": [{"usage": "/g/sec"}]}
    volume = {"name": "e.raw", "encryption": {"format": "luks", "secret": {"usage": "/g/sec"}}}
    for told, who in (
        (uses(disks=[{"volume": "x", "encryption": luks}]), "the declared guest new"),
        (declared_uses([], "kvm01", [volume]), "the declared volume default/e.raw"),
        (uses(tpms=[{"backend": {"secret": host.named("/g/sec").UUIDString().upper()}}]), "the declared guest new"),
    ):
        result = same(run_main, "secrets", config, purge=not absent, declared_uses=told)
        assert f"used by {who}" in result["msg"]
    same(run_main, "secrets", config, fails=False, purge=not absent, declared_uses=uses())
    assert host.secrets == {}


@pytest.mark.parametrize(
    "odd", [{"guest new": ["x"]}, {"guest new": {"volumes": "x"}}, {"guest new": {"volumes": [1]}}]
)
def test_what_is_not_by_the_filter_is_refused(run_main: Run, connection: Any, odd: Any) -> None:
    result = run_main(volumes.main, config=[], uri=URI, declared_uses=odd, fails=True)
    assert "the parameter declared_uses is not what the filter virtfleet.kvm.declared_uses gives" in result["msg"]


def test_a_guest_that_an_earlier_task_in_check_mode_makes_is_one(run_main: Run, connection: Any) -> None:
    run_main(networks.main, config=[{"name": "lan", "bridge": "virbr7", "ips": ["10.77.0.1/24"]}], uri=URI)
    known = {"domains": {"new": {"interfaces": [["lan", None]]}}}
    given = {"config": [], "uri": URI, "purge": True, "declared_uses": uses(interfaces=["lan"]), "fails": True}
    result = run_main(networks.main, check=True, **given, **{FORECAST: known})
    assert "used by guest new, so it stays" in result["msg"]
