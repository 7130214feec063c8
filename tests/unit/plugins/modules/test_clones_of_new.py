# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones of a guest that the same run makes: they are made from the same images, and what that cannot be is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import clones
from ansible_collections.virtfleet.kvm.plugins.modules import domains
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD
from ansible_collections.virtfleet.kvm.tests.unit.support import certain

Run = Callable[..., dict[str, Any]]
URI = "test:///default"


@pytest.fixture
def image(seed_folder: Path, tmp_path: Path) -> str:
    """An image that is in no pool."""
    path = tmp_path / "image.raw"
    path.write_bytes(GOOD)
    return str(path)


def gold(image: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "gold",
        "memory": "128MiB",
        "title": "golden",
        "disks": [{"size": "1MiB", "image": image, "pool": "p", "format": "raw"}],
        "interfaces": [{"network": "default", "mac": "52:54:00:aa:00:01"}],
        "state": "stopped",
        **more,
    }


def declare(run_main: Run, *config: dict[str, Any], fails: bool = False) -> dict[str, Any]:
    """Declare in check mode and for real, which say the same."""
    said = run_main(domains.main, config=list(config), uri=URI, check=True, fails=fails)
    done = run_main(domains.main, config=list(config), uri=URI, fails=fails)
    for part in ("changes", "failures", "warnings"):
        assert certain(said.get(part)) == done.get(part), part
    return done


def root_of(connection: Any, name: str) -> ET.Element:
    return ET.fromstring(connection.lookupByName(name).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


@pytest.mark.parametrize("first", ["gold", "web"])
def test_it_has_what_the_original_is_made_from(
    connection: Any, run_main: Run, seed_folder: Path, image: str, first: str
) -> None:
    """In whatever order they stand: it waits for nobody."""
    wanted = [gold(image), {"name": "web", "clone_of": "gold", "vcpus": 2}]
    result = declare(run_main, *(wanted if first == "gold" else reversed(wanted)))
    root = root_of(connection, "web")
    assert (root.findtext("memory"), root.findtext("vcpu"), root.findtext("title")) == ("131072", "2", "golden")
    assert root.find("devices/interface/mac[@address='52:54:00:aa:00:01']") is None
    assert root.find("devices/interface/source[@network='default']") is not None
    assert root.findtext("uuid") != root_of(connection, "gold").findtext("uuid")
    assert root.find(f"devices/disk/source[@file='{seed_folder}/web-vda.raw']") is not None
    for name in ("gold", "web"):
        content = (seed_folder / f"{name}-vda.raw").read_bytes()
        assert (content[: len(GOOD)], len(content)) == (GOOD, 1024**2)
    assert any("begins as guest gold is declared, which is made in the same run" in line for line in result["warnings"])
    assert not declare(run_main, *wanted)["changed"]


def test_its_disks_by_target_and_place(connection: Any, run_main: Run, seed_folder: Path, image: str) -> None:
    disks = [
        {"size": "1MiB", "image": image, "pool": "p", "format": "raw", "target": "vdb"},
        {"size": "1MiB", "pool": "p"},
    ]
    wanted = {"name": "web", "clone_of": "gold", "disks": [{"target": "vdb", "size": "1MiB"}]}
    declare(run_main, gold(image, disks=disks), wanted)
    content = (seed_folder / "web-vdb.raw").read_bytes()
    assert (content[: len(GOOD)], len(content)) == (GOOD, 1024**2)
    assert sorted(path.name for path in seed_folder.iterdir() if path.name.startswith("web")) == ["web-vdb.raw"]


def test_a_volume_that_is_there_is_copied(connection: Any, run_main: Run, seed_folder: Path, image: str) -> None:
    (seed_folder / "data.raw").write_bytes(GOOD)
    connection.storagePoolLookupByName("p").createXML(
        f"<volume><name>data.raw</name><capacity>{len(GOOD)}</capacity></volume>"
    )
    declare(
        run_main,
        gold(image, disks=[{"volume": "data.raw", "pool": "p", "format": "raw"}]),
        {"name": "web", "clone_of": "gold"},
    )
    assert (seed_folder / "web-vda.raw").read_bytes() == GOOD


@pytest.mark.parametrize(
    ("original", "want", "why"),
    [
        ({"disks": [{"size": "1MiB", "pool": "p"}]}, {}, "nothing is on its disks until something is installed"),
        ({"disks": []}, {}, "nothing is on its disks until something is installed"),
        ({"state": "running"}, {}, "guest gold is made in the same run, and is to start"),
        ({}, {"clone_mode": "overlay"}, "disks[0]: clone_mode: guest gold is made in the same run, so nothing can be"),
    ],
)
def test_what_cannot_be_made_is_refused_and_no_other_guest(
    connection: Any, run_main: Run, image: str, original: dict[str, Any], want: dict[str, Any], why: str
) -> None:
    wanted = [{**gold(image), **original}, {"name": "web", "clone_of": "gold", **want}]
    result = declare(run_main, *wanted, fails=True)
    assert [failure["domain"] for failure in result["failures"]] == ["web"]
    assert why in result["msg"]
    names = [found.name() for found in connection.listAllDomains()]
    assert "gold" in names
    assert "web" not in names


def test_a_clone_of_a_clone_waits(connection: Any, run_main: Run, image: str) -> None:
    wanted = [gold(image), {"name": "mid", "clone_of": "gold"}, {"name": "web", "clone_of": "mid"}]
    result = declare(run_main, *wanted, fails=True)
    assert "domain web: clone_of: guest mid is made in the same run, and is itself a clone" in result["msg"]
    assert not {"gold", "mid"} - {found.name() for found in connection.listAllDomains()}
    assert [change["resource"] for change in declare(run_main, *wanted)["changes"]][:1] == ["domain web"]


def test_what_is_left_at_the_place_of_a_disk(
    connection: Any, run_main: Run, seed_folder: Path, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clones, "is_here", lambda connection: True)
    (seed_folder / "web-vda.raw").write_bytes(b"FOREIGN")
    result = declare(run_main, gold(image), {"name": "web", "clone_of": "gold"}, fails=True)
    assert "web-vda.raw is there already, and is no copy of what guest gold has" in result["msg"]
    assert (seed_folder / "web-vda.raw").read_bytes() == b"FOREIGN"


def test_addresses_of_the_original_are_its_own(connection: Any, run_main: Run, image: str) -> None:
    card = {"network": "default", "ips": [{"address": "192.168.122.7"}], "mac": "52:54:00:aa:00:01"}
    original = gold(image, interfaces=[card], cloud_init={"hostname": "gold"})
    result = run_main(domains.main, config=[original, {"name": "web", "clone_of": "gold"}], uri=URI, check=True)
    assert any(
        "guest gold has a seed of cloud-init, which its clones do not get" in line for line in result["warnings"]
    )
    (whole,) = (
        change["after"]
        for change in result["changes"]
        if change["resource"] == "domain web" and change["path"] == "definition"
    )
    assert "192.168.122.7" not in str(whole)
    assert "52:54:00:aa:00:01" not in str(whole)


@pytest.mark.parametrize("is_clone", [False, True])
def test_an_earlier_task_makes_a_guest_that_a_later_one_starts(
    connection: Any, run_main: Run, seed_folder: Path, image: str, is_clone: bool
) -> None:
    """Check mode says what the run does: the guest is there by then."""

    def check(told: Any, **wanted: Any) -> Any:
        return run_main(domains.main, config=[wanted], uri=URI, check=True, _forecast={"domains": told})

    told = run_main(domains.main, config=[gold(image)], uri=URI, check=True, _forecast={})["_forecast"]
    name = "web" if is_clone else "gold"
    if is_clone:
        told.update(check(told, name="web", clone_of="gold", state="stopped")["_forecast"])
    said = check(told, name=name, state="running")
    assert [(one["path"], one["before"], one["after"]) for one in said["changes"]] == [("state", "stopped", "running")]
    assert said["changed"]
    assert said["warnings"] == []
    again = check(said["_forecast"], name=name, state="running")
    assert not again["changed"]
    assert not check(again["_forecast"], name=name, state="present")["changed"]
    run_main(domains.main, config=[gold(image)], uri=URI)
    if is_clone:
        run_main(domains.main, config=[{"name": "web", "clone_of": "gold", "state": "stopped"}], uri=URI)
    done = run_main(domains.main, config=[{"name": name, "state": "running"}], uri=URI)
    assert [(one["path"], one["before"], one["after"]) for one in done["changes"]] == [("state", "stopped", "running")]


def test_more_of_a_guest_that_an_earlier_task_makes_is_not_known(
    connection: Any, run_main: Run, seed_folder: Path, image: str
) -> None:
    first = run_main(domains.main, config=[gold(image)], uri=URI, check=True, _forecast={})
    wanted = [{"name": "gold", "vcpus": 2}, {"name": "other", "memory": "1GiB"}]
    forecast = {"domains": first["_forecast"]}
    said = run_main(domains.main, config=wanted, uri=URI, check=True, _forecast=forecast)
    assert {one["resource"] for one in said["changes"]} == {"domain other"}
    assert said["warnings"] == [
        "domain gold: an earlier task of the run makes it: what this task changes in it is only known then, so check"
        " mode tells no more than its state"
    ]
    lone = run_main(domains.main, config=wanted[:1], uri=URI, check=True, fails=True, _forecast={})
    assert "domain gold: memory: a new domain needs it" in lone["msg"]


@pytest.mark.parametrize("memory", [None, "2GiB"])
def test_an_earlier_task_makes_the_original(
    connection: Any, run_main: Run, seed_folder: Path, image: str, memory: str | None
) -> None:
    """Check mode says that the clone is made, and that it does not know what it gets."""
    first = run_main(domains.main, config=[gold(image)], uri=URI, check=True, _forecast={})
    wanted = {"name": "web", "clone_of": "gold", "state": "running", **({"memory": memory} if memory else {})}
    said = run_main(domains.main, config=[wanted], uri=URI, check=True, _forecast={"domains": first["_forecast"]})
    known = {"name": "web", **({"memory": memory} if memory else {})}
    assert [(change["path"], change["after"]) for change in said["changes"]] == [
        ("definition", known),
        ("state", "running"),
    ]
    assert said["warnings"] == [
        "domain web: begins as guest gold, which an earlier task of the run makes: what it gets of that one, and what"
        " may be in the way, is only known then, so check mode tells no more than that it is made"
    ]
    assert said["_forecast"]["web"]["disks"] == ""
    run_main(domains.main, config=[gold(image)], uri=URI)
    done = run_main(domains.main, config=[wanted], uri=URI)
    assert [change["path"] for change in done["changes"]] == ["disks[0].volume", "definition", "state"]
    assert connection.lookupByName("web").isActive()


def test_an_earlier_task_starts_the_original(connection: Any, run_main: Run, seed_folder: Path, image: str) -> None:
    """Both refuse it in the same words."""
    original = gold(image, state="running")
    first = run_main(domains.main, config=[original], uri=URI, check=True, _forecast={})
    wanted = {"name": "web", "clone_of": "gold"}
    forecast = {"domains": first["_forecast"]}
    said = run_main(domains.main, config=[wanted], uri=URI, check=True, fails=True, _forecast=forecast)
    run_main(domains.main, config=[original], uri=URI)
    done = run_main(domains.main, config=[wanted], uri=URI, fails=True)
    assert said["failures"] == done["failures"]
    assert "guest gold runs: stop it first" in done["msg"]


def test_an_original_that_an_earlier_task_removes(
    connection: Any, run_main: Run, seed_folder: Path, image: str
) -> None:
    run_main(domains.main, config=[gold(image)], uri=URI)
    gone = {"name": "gold", "state": "absent"}
    first = run_main(domains.main, config=[gone], uri=URI, check=True, _forecast={})
    wanted = {"name": "web", "clone_of": "gold"}
    forecast = {"domains": first["_forecast"]}
    said = run_main(domains.main, config=[wanted], uri=URI, check=True, fails=True, _forecast=forecast)
    assert "clone_of: the host has no guest 'gold'" in said["msg"]
