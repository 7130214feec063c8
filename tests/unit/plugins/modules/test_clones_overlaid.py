# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests whose disks others are laid over, such as the original of clones: they do not start any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import clones
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import overlaid as overlaid_disks
from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD
from ansible_collections.virtfleet.kvm.tests.unit.plugins.modules.test_clones import GOLD, MAC, URI, UUID, made

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def gold(connection: Any, seed_folder: Path) -> Any:
    """The original."""
    return made(connection, seed_folder)


@pytest.fixture
def overlaid(connection: Any, gold: Any, seed_folder: Path) -> str:
    """An overlay over the disk of the original, which another guest has."""
    path = seed_folder / "web-vda.qcow2"
    path.write_bytes(images.qcow2(str(seed_folder / "gold.raw")))
    connection.storagePoolLookupByName("p").createXML(
        f"<volume><name>{path.name}</name><capacity>1048576</capacity><target><format type='qcow2'/></target>"
        f"<backingStore><path>{seed_folder}/gold.raw</path><format type='raw'/></backingStore></volume>"
    )
    text = GOLD.format(uuid=f"{UUID[:-1]}4", mac=f"{MAC[:-1]}2", folder=seed_folder, more="")
    text = text.replace("gold.raw", path.name).replace("<name>gold", "<name>web").replace("type='raw'", "type='qcow2'")
    connection.defineXML(text)
    return str(seed_folder / "gold.raw")


@pytest.mark.parametrize(
    ("want", "how"),
    [
        ({"state": "running"}, "start"),
        ({"autostart": True}, "start with the host"),
        ({"state": "running", "autostart": True}, "start"),
        ({"title": "new", "state": "running"}, "start"),
    ],
)
def test_an_original_that_others_are_laid_over_does_not_start(
    connection: Any, gold: Any, declare: Run, overlaid: str, want: dict[str, Any], how: str
) -> None:
    done = declare(domains, {"name": "gold", **want}, fails=True)
    assert f"disks[0]: {overlaid} has guest web laid over it, which breaks once this guest" in done["msg"]
    assert f"so it does not {how}: give it another disk" in done["msg"]
    assert (gold.isActive(), gold.autostart()) == (0, 0)
    # The one above may start, and the original may be changed as long as it is off.
    declare(domains, {"name": "web", "state": "running"}, {"name": "gold", "title": "new"})
    connection.lookupByName("web").destroy()
    connection.lookupByName("web").undefine()
    declare(domains, {"name": "gold", "state": "running"})


def test_a_volume_made_for_another_guest_counts_and_one_that_nobody_made_does_not(
    connection: Any, gold: Any, declare: Run, overlaid: str, noted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.lookupByName("web").undefine()
    facts: dict[str, Any] = {"p/web-vda.qcow2": {"guest": "web"}}
    real = overlaid_disks.Manifest.entries
    monkeypatch.setattr(
        overlaid_disks.Manifest, "entries", lambda self, kind: {**real(self, kind), **facts}, raising=True
    )
    done = declare(domains, {"name": "gold", "state": "running"}, fails=True)
    assert f"{overlaid} has volume p/web-vda.qcow2 laid over it" in done["msg"]
    facts["p/web-vda.qcow2"] = {"guest": "gold"}
    declare(domains, {"name": "gold", "state": "running"})


def test_no_overlay_is_laid_over_what_starts_with_the_host(connection: Any, gold: Any, run_main: Run) -> None:
    wanted = {"name": "web", "clone_of": "gold", "clone_mode": "overlay"}
    gold.setAutostart(1)
    for others in ([], [{"name": "gold", "autostart": True}]):
        done = run_main(domains.main, config=[wanted, *others], uri=URI, check=True, fails=True)
        assert "clone_of: guest gold starts with the host, and must never start again" in done["msg"]
    run_main(domains.main, config=[wanted, {"name": "gold", "autostart": False}], uri=URI, check=True)
    run_main(domains.main, config=[{"name": "web", "clone_of": "gold"}], uri=URI, check=True)


@pytest.mark.parametrize("header", ["qcow2", "in a raw disk"])
def test_an_overlay_that_its_pool_does_not_know_yet_is_not_copied(
    connection: Any, gold: Any, run_main: Run, seed_folder: Path, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    """As after an external snapshot. What a guest wrote into a raw disk is no header."""
    monkeypatch.setattr(clones, "is_here", lambda connection: True)
    content = images.qcow2(str(seed_folder / "gold.raw"))
    (seed_folder / "gold.e1").write_bytes(content.ljust(len(GOOD), b"\0"))
    text = gold.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE).replace("gold.raw", "gold.e1")
    connection.defineXML(text.replace("type='raw'", "type='qcow2'", 1) if header == "qcow2" else text)
    if header == "qcow2":
        config = [{"name": "web", "clone_of": "gold"}]
        for check in (True, False):
            done = run_main(domains.main, config=config, uri=URI, check=check, fails=True)
            assert (
                f"that of the original is on {seed_folder}/gold.e1, which is not whole: it is laid over" in done["msg"]
            )
            assert "write clone_mode: overlay" in done["msg"]
    else:
        connection.storagePoolLookupByName("p").createXML(
            "<volume><name>gold.e1</name><capacity>1048576</capacity></volume>"
        )
        run_main(domains.main, config=[{"name": "web", "clone_of": "gold"}], uri=URI)
        assert (seed_folder / "web-vda.raw").read_bytes() == (seed_folder / "gold.e1").read_bytes()
