# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules as Ansible runs them, against libvirt's test driver in this process."""

from __future__ import annotations

import gc
import json
import os
import shutil
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

URI = "test:///default"
Run = Callable[..., dict[str, Any]]
OPEN: weakref.WeakSet[Any] = weakref.WeakSet()  # the connections that are not closed yet


@pytest.fixture(scope="session", autouse=True)
def known_connections() -> Iterator[None]:
    """Every connection is put into OPEN: to look for garbage in each test takes longer than all the tests."""
    init = libvirt.virConnect.__init__

    def opened(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        OPEN.add(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(libvirt.virConnect, "__init__", opened)
        yield


@pytest.fixture
def connection() -> Iterator[Any]:
    """A host to itself: the driver's state lives from the first connection to the last."""
    if OPEN:
        gc.collect()  # A connection that an exception of an earlier test holds keeps that test's state.
    libvirt.registerErrorHandler(lambda context, error: None, None)
    opened = libvirt.open(URI)
    assert [domain.name() for domain in opened.listAllDomains()] == ["test"]
    assert [network.name() for network in opened.listAllNetworks()] == ["default"]
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test driver's guests need no waiting for."""
    # Imported here, for pytest loads this file before there is a loader of collections.
    from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply
    from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import interpreter

    monkeypatch.setattr(apply, "POLL", 0.001)
    # This machine is no host of the tests: what its libvirt may have is not theirs.
    monkeypatch.setattr(interpreter, "DEFINITIONS", ())


@pytest.fixture
def run_main(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a module's main(), and return its result, which has to be a good one unless ``fails``."""
    warnings: list[str] = []
    # In a process that is a controller as well, warnings go to its display, each but once.
    monkeypatch.setattr(AnsibleModule, "warn", lambda self, warning, **how: warnings.append(warning))

    def run(main: Callable[[], None], check: bool = False, fails: bool = False, **args: Any) -> dict[str, Any]:
        warnings.clear()
        capsys.readouterr()
        with (
            patch_module_args({"_ansible_diff": True, **args, "_ansible_check_mode": check}),
            pytest.raises(SystemExit) as caught,
        ):
            main()
        code = caught.value.code
        del caught  # with the module's frames, and with them its connection
        result = json.loads(capsys.readouterr().out)
        assert (result.get("failed", False), code) == (fails, int(fails)), result.get("msg")
        return {**result, "warnings": list(warnings)}

    return run


@pytest.fixture
def run_domains(run_main: Run) -> Run:
    """Declare guests."""
    from ansible_collections.virtfleet.kvm.plugins.modules import domains

    return lambda *config, **args: run_main(domains.main, config=list(config), **{"uri": URI, **args})


@pytest.fixture
def run_networks(run_main: Run) -> Run:
    """Declare networks."""
    from ansible_collections.virtfleet.kvm.plugins.modules import networks

    return lambda *config, **args: run_main(networks.main, config=list(config), **{"uri": URI, **args})


def whole_state(connection: Any) -> dict[str, Any]:
    """Everything that libvirt can tell of its domains and networks."""
    state: dict[str, Any] = {}
    for domain in connection.listAllDomains():
        xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
        state["domain", domain.name()] = (xml, domain.state(), domain.autostart(), domain.isPersistent())
    for network in connection.listAllNetworks():
        state["network", network.name()] = (network.XMLDesc(), network.isActive(), network.autostart())
    return state


@pytest.fixture
def snapshot(connection: Any) -> Callable[[], dict[str, Any]]:
    """The host's whole state, to compare."""
    return lambda: whole_state(connection)


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is noted of the test driver."""
    from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import manifest

    folder = str(tmp_path / "noted")
    monkeypatch.setattr(manifest, "default_folder", lambda: folder)
    monkeypatch.setattr(manifest, "PASSING", ())
    return manifest.Manifest(URI)


@pytest.fixture
def declare(run_main: Run, connection: Any, noted: Any) -> Run:
    """Declare in check mode and for real, which say the same; and once more, which has nothing to do."""
    from ansible_collections.virtfleet.kvm.tests.unit.support import certain

    def call(module: Any, *config: dict[str, Any], fails: bool = False, **args: Any) -> dict[str, Any]:
        options = {"config": list(config), "fails": fails, "uri": URI, **args}
        said = run_main(module.main, check=True, **options)
        done = run_main(module.main, **options)
        for part in ("changed", "changes", "failures", "msg", "warnings"):
            assert certain(said.get(part)) == done.get(part), part
        assert run_main(module.main, **options)["changed"] is False
        return done

    return call


@pytest.fixture
def folder(connection: Any, declare: Run, tmp_path: Path) -> Path:
    """A pool with the disk of the guest ``old``, which this collection made."""
    from ansible_collections.virtfleet.kvm.plugins.modules import domains, pools

    made = tmp_path / "pool"
    made.mkdir()
    declare(pools, {"name": "p", "target": str(made)})
    (made / "old-vda.qcow2").touch()
    declare(domains, {"name": "old", "memory": "64MiB", "disks": [{"size": "1MiB", "pool": "p"}]})
    return made


@pytest.fixture
def host(connection: Any, run_main: Run) -> Any:
    """A host with a network and a pool that are not active."""
    from ansible_collections.virtfleet.kvm.tests.unit.readiness import call

    call(run_main, "networks", {"name": "off", "state": "inactive"})
    call(run_main, "pools", {"name": "off", "target": "/off", "state": "inactive"})
    return connection


@pytest.fixture
def secret_host(connection: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A host that can have secrets, which the test driver cannot."""
    from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import connection as connecting
    from ansible_collections.virtfleet.kvm.tests.unit.secret_host import SecretHost

    made = SecretHost(connection)
    opened = libvirt.open
    monkeypatch.setattr(connecting.libvirt, "open", lambda uri: made if uri == URI else opened(uri))
    return made


@pytest.fixture
def here(host: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The host is this machine, with the network devices of a folder."""
    from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking

    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    # The folder of the test driver's own pool is on no host.
    monkeypatch.setattr(
        lacking, "may_exist", lambda path, real=lacking.may_exist: path == "/default-pool" or real(path)
    )
    monkeypatch.setattr(lacking, "SYS", str(tmp_path / "sys"))
    (tmp_path / "sys/class/net/ovsbr0").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def seed_folder(connection: Any, run_main: Any, noted: Any, tmp_path: Path, monkeypatch: Any) -> Path:
    """The folder of a pool, of which the test driver lists the files as a host does."""
    from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import (
        seed_fill,
        seed_restarts,
        seeds,
    )
    from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import (
        volume_actions,
        volume_renamed,
    )
    from ansible_collections.virtfleet.kvm.plugins.modules import pools

    made = tmp_path / "pool"
    made.mkdir()
    run_main(pools.main, config=[{"name": "p", "target": str(made)}], uri=URI)

    def refresh(pool: Any, patience: float = 0) -> bool:
        there = {volume.name() for volume in pool.listAllVolumes()}
        for name in set(os.listdir(made)) - there:
            pool.createXML(f"<volume><name>{name}</name><capacity>1048576</capacity></volume>")
        return True

    for module in (volume_actions, seed_fill):
        monkeypatch.setattr(module, "refresh", refresh)
    monkeypatch.setattr(seeds, "FOREIGN", ())
    monkeypatch.setattr(volume_actions, "blank", lambda *_words: None)  # Disks are left to the test driver.
    monkeypatch.setattr(volume_renamed, "can_rename", lambda pool: False)
    monkeypatch.setattr(seed_restarts, "is_older", lambda path: False)
    return made


@pytest.fixture
def declared(run_main: Any, seed_folder: Path) -> Callable[..., dict[str, Any]]:
    """Declare in check mode, for real, and once more: both say the same, and then nothing is left to do."""

    from ansible_collections.virtfleet.kvm.plugins.modules import domains
    from ansible_collections.virtfleet.kvm.tests.unit.seed_world import SECRETS

    def call(config: dict[str, Any], **args: Any) -> dict[str, Any]:
        said = run_main(domains.main, config=[config], uri=URI, check=True, **args)
        done = run_main(domains.main, config=[config], uri=URI, **args)
        assert [said[part] for part in ("changes", "warnings")] == [done[part] for part in ("changes", "warnings")]
        again = run_main(domains.main, config=[config], uri=URI, **args)
        assert again["changes"] == []
        for told in (said, done, again):
            assert not [secret for secret in SECRETS if secret in json.dumps(told)]
        return done

    return call


@pytest.fixture(scope="session")
def snapshot_images(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An image, and the same with the snapshot ``s1``: each is made but once."""
    from ansible_collections.virtfleet.kvm.tests.unit.snapshot_host import tool

    folder = tmp_path_factory.mktemp("images")
    plain, kept = folder / "plain", folder / "kept"
    tool("qemu-img", "create", "-q", "-f", "qcow2", str(plain), "1M")
    shutil.copy(plain, kept)
    tool("qemu-img", "snapshot", "-c", "s1", str(kept))
    return plain, kept


@pytest.fixture
def guest_host(connection: Any, tmp_path: Path, snapshot_images: tuple[Path, Path]) -> Any:
    """A host with a guest that has an image."""
    from ansible_collections.virtfleet.kvm.tests.unit.snapshot_host import Host

    return Host(connection, tmp_path, snapshot_images[0])


@pytest.fixture
def taken(guest_host: Any, run_main: Run, snapshot_images: tuple[Path, Path]) -> Any:
    """A host whose guest has the snapshot ``s1``, also in its image."""
    from ansible_collections.virtfleet.kvm.plugins.modules import snapshots

    run_main(snapshots.main, config=[{"name": "s1", "domain": "g"}], uri=URI)
    shutil.copy(snapshot_images[1], guest_host.image)
    return guest_host
