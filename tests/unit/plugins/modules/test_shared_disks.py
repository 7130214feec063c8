# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No two declared guests get one disk, whatever the spelling."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step, StepPlace
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._flow import apply
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.block_devices import BlockDevices
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import define_batch
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.disks import shared_disks
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS, plan_of

Run = Callable[..., dict[str, Any]]
GUEST: dict[str, Any] = {"memory": "64MiB"}
URI = "test:///default"
SPELLINGS = ["//disk", "disk", "./disk", "sub/../disk", "symbolic", "through/disk", "hard"]


@pytest.fixture
def images(connection: Any, run_main: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pool of this machine with a disk under several names."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    (tmp_path / "sub").mkdir()
    (tmp_path / "disk").write_bytes(b"data")
    (tmp_path / "symbolic").symlink_to("disk")
    (tmp_path / "through").symlink_to(".")
    os.link(tmp_path / "disk", tmp_path / "hard")
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path)}], uri="test:///default")
    return tmp_path


def guests(images: Path, *disks: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**GUEST, "name": f"g{index}", "disks": [disk]} for index, disk in enumerate(disks)]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_file_for_two_guests(images: Path, run_domains: Run, spelling: str) -> None:
    config = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/{spelling}"})
    for check in (True, False):
        result = run_domains(*config, check=check, fails=True)
        assert [failure["domain"] for failure in result["failures"]] == ["g0", "g1"]
        for other in ("g0", "g1"):
            assert f"is also a disk of guest {other}: give each its own, or shareable: true to both" in result["msg"]
        assert all(failure["problem"].startswith("disks[0]: ") for failure in result["failures"])
        assert result["changes"] == []


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_file_twice_for_a_guest(images: Path, run_domains: Run, spelling: str, there: bool) -> None:
    twice = [{"file": f"{images}/disk"}, {"file": f"{images}/{spelling}"}]
    if there:
        run_domains({**GUEST, "name": "g", "disks": twice[:1]})
    for check in (True, False):
        result = run_domains({**GUEST, "name": "g", "disks": twice}, check=check, fails=True)
        assert f"domain g: disks[1]: {images}/{spelling} is disks[0] as well: name each disk once" in result["msg"]
        assert result["changes"] == []
    for option in ({"shareable": True, "format": "raw"}, {"readonly": True}, {"device": "cdrom"}):
        run_domains({**GUEST, "name": "g", "disks": [{**disk, **option} for disk in twice]}, check=True)


def test_a_guest_that_has_one_file_twice_is_left_as_it_is(connection: Any, images: Path, run_domains: Run) -> None:
    disks = "".join(
        f"<disk type='file' device='disk'><source file='{images}/disk'/><target dev='{name}'/></disk>"
        for name in ("vda", "vdb")
    )
    connection.defineXML(
        "<domain type='test'><name>g</name><memory>65536</memory><os><type>hvm</type></os>"
        f"<devices>{disks}</devices></domain>"
    )
    run_domains({"name": "g", "memory": "128MiB", "disks": [{"target": "vda"}, {"target": "vdb"}]})


@pytest.fixture
def devices(images: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Block devices: a disk with two partitions, a volume of LVM on one of them, and loop devices over files."""
    sys = images / "sys"
    made = {
        "sdzy": "8:16",
        "sdzy/sdzy1": "8:17",
        "sdzy/sdzy2": "8:18",
        "dm-900": "253:0",
        "loop900": "7:0",
        "loop901": "7:1",
    }
    (sys / "dev/block").mkdir(parents=True)
    for name, number in made.items():
        home = sys / "devices" / name
        home.mkdir(parents=True)
        (home / "dev").write_text(f"{number}\n")
        (sys / "dev/block" / number).symlink_to(home)
        if "/" in name:
            (home / "partition").write_text("1\n")
    for name, offset in (("loop900", 0), ("loop901", 512)):
        (sys / f"devices/{name}/loop").mkdir()
        (sys / f"devices/{name}/loop/backing_file").write_text(f"{images}/disk\n")
        (sys / f"devices/{name}/loop/offset").write_text(f"{offset}\n")
    (sys / "devices/dm-900/slaves").mkdir()
    (sys / "devices/dm-900/slaves/sdzy2").symlink_to(sys / "devices/sdzy/sdzy2")
    (sys / "devices/sdzy/sdzy2/holders").mkdir()
    (sys / "devices/sdzy/sdzy2/holders/dm-900").symlink_to(sys / "devices/dm-900")
    monkeypatch.setattr(shared_disks, "DEVICES", BlockDevices(str(sys)))
    found = {f"/dev/{name.rpartition('/')[2]}": number for name, number in made.items()}
    what = shared_disks.what
    monkeypatch.setattr(
        shared_disks, "what", lambda place: shared_disks.device(found[place]) if place in found else what(place)
    )
    return found


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("/dev/sdzy", "/dev/sdzy1", True),
        ("/dev/sdzy", "/dev/dm-900", True),
        ("/dev/sdzy2", "/dev/dm-900", True),
        ("/dev/sdzy1", "/dev/sdzy2", False),
        ("/dev/sdzy1", "/dev/dm-900", False),
        ("/dev/loop900", "FILE", True),
        ("/dev/loop901", "/dev/loop900", False),
    ],
)
def test_a_device_and_what_it_is_made_of(
    images: Path, devices: dict[str, str], run_domains: Run, one: str, other: str, same: bool, turned: bool
) -> None:
    disks = [{"file": f"{images}/hard"} if place == "FILE" else {"block": place} for place in (one, other)]
    config = guests(images, *(reversed(disks) if turned else disks))
    for check in (True, False):
        result = run_domains(*config, check=check, fails=same)
        told = [failure["problem"] for failure in result.get("failures", ())]
        assert [line.partition(" is ")[2].partition(":")[0] for line in told] == [
            f"also a disk of guest {name}" for name in ("g1", "g0") if same
        ]
    if same:
        run_domains(config[0])
        (failure,) = run_domains(*config, fails=True)["failures"]
        assert failure["domain"] == "g1"


def test_a_guest_that_is_there_has_its_disk(images: Path, run_domains: Run) -> None:
    old, new = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains(old)
    result = run_domains(new, old, fails=True)  # In whatever order.
    assert [failure["domain"] for failure in result["failures"]] == ["g1"]
    assert run_domains({**old, "state": "absent"}, new)["changed"]


BELOW = {"transient": {"share_backing": True}}


@pytest.mark.parametrize("more", [{"shareable": True}, {"readonly": True}, {"device": "cdrom"}, BELOW])
def test_what_guests_may_share(images: Path, run_domains: Run, more: dict[str, Any]) -> None:
    config = guests(images, {"file": f"{images}/disk", **more}, {"file": f"{images}/hard", **more})
    assert run_domains(*config)["changed"]


@pytest.mark.parametrize(("first", "second"), [({}, BELOW), (BELOW, {}), ({"transient": {}}, BELOW)])
def test_an_image_that_guests_share_below_is_nobodys_disk(
    images: Path, run_domains: Run, first: dict[str, Any], second: dict[str, Any]
) -> None:
    """What one writes, the other would read in the midst of it; also where the first is there, and has it alone."""
    config = guests(images, {"file": f"{images}/disk", **first}, {"file": f"{images}/hard", **second})
    said = "is also a disk of guest g0: give each its own, or transient.share_backing: true to both"
    for check in (True, False):
        assert said in refused(run_domains(*config, check=check, fails=True))["g1"]
    run_domains({**config[0], "state": "stopped"})
    assert said in refused(run_domains(*config, fails=True))["g1"]
    assert run_domains({**config[0], "disks": []}, config[1])["changed"]


def test_one_that_would_write_to_what_it_shared(images: Path, run_domains: Run) -> None:
    disk = {"file": f"{images}/disk"}
    first, second = guests(images, {**disk, **BELOW}, {**disk, **BELOW})
    run_domains({**first, "state": "running"}, second)
    told = refused(run_domains({**first, "disks": [{**disk, "transient": None}]}, second, fails=True))
    assert list(told) == ["g0"]
    assert "is also a disk of guest g1" in told["g0"]


def test_a_disk_that_is_handed_over_in_one_run(images: Path, run_domains: Run) -> None:
    old, new = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains(old)
    assert run_domains({**old, "disks": []}, new)["changed"]


def test_guests_that_share_already_are_left_alone(images: Path, run_domains: Run) -> None:
    old, new = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains(old)
    run_domains(new)
    assert run_domains(old, {**new, "title": "shared"})["changed"]


def test_guests_that_exchange_disks_and_grow_others(
    connection: Any, images: Path, run_domains: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each gives up what the other gets, and neither waits for that before it has given up its own."""
    grown: list[str] = []
    monkeypatch.setitem(KINDS["domain"].actions, "grow_volume", lambda c, name, step, o: grown.append(name))
    first, second = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/other"})
    for guest in (first, second):
        guest["disks"] = [{"size": "1MiB", "pool": "p", "target": "vda"}, {**guest["disks"][0], "target": "vdb"}]
    run_domains(first, second)
    first["disks"][1], second["disks"][1] = second["disks"][1], first["disks"][1]
    for guest in (first, second):
        guest["disks"][0] = {**guest["disks"][0], "size": "2MiB"}
    run_domains(first, second, fails=True)  # The test driver cannot let a volume grow.
    assert grown == ["g0", "g1"]
    disks = [ET.fromstring(connection.lookupByName(name).XMLDesc()).findall("devices/disk/source") for name in grown]
    assert [each[1].get("file") for each in disks] == [f"{images}/other", f"{images}/disk"]


@pytest.mark.parametrize("places", list(itertools.permutations(range(3))))
def test_a_disk_that_two_guests_give_up(
    images: Path, run_domains: Run, connection: Any, monkeypatch: pytest.MonkeyPatch, places: tuple[int, ...]
) -> None:
    """The one that gets it waits for both, in whatever order they are declared."""
    first, second, third = guests(images, *({"file": f"{images}/disk"} for _index in range(3)))
    run_domains({**first, "state": "running"})
    run_domains(second)
    monkeypatch.setitem(KINDS["domain"].actions, "shutdown", fails)
    config = [{"name": "g0", "state": "absent"}, {"name": "g1", "state": "absent"}, {**third, "state": "running"}]
    told = refused(run_domains(*(config[place] for place in places), fails=True))
    assert sorted(told) == ["g0", "g2"]
    assert [one.name() for one in connection.listAllDomains() if one.name() != "test"] == ["g0"]


def test_plans_that_wait_for_each_other_fail() -> None:
    one, other = plan_of("domain", "one", Step("start")), plan_of("domain", "other", Step("start"))
    one.after, other.after = [other], [one]
    for plan in (one, other):
        plan.steps.add(StepPlace.STATE, Step("define"))
    waiting = [apply.handed_over(plan, ("define",)) for plan in (one, other)]
    next(waiting[0])
    with pytest.raises(VirtfleetError, match="it and guest one wait for each other's disks"):
        next(waiting[1])


@pytest.mark.parametrize("option", ["image", "backing"])
def test_a_volume_that_is_made_of_a_disk_of_one_that_goes(
    images: Path, run_main: Run, run_domains: Run, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """It is made once the other one is gone, and does not write to it any more."""
    run_main(volumes.main, config=[{"name": "x", "pool": "p", "capacity": "1MiB", "format": "raw"}], uri=URI)
    (images / "x").touch()
    (old,) = guests(images, {"file": f"{images}/x"})
    run_domains({**old, "state": "running"})
    order: list[str] = []
    for name in ("undefine", "make_volume"):
        monkeypatch.setitem(KINDS["domain"].actions, name, lambda c, n, step, o: order.append(step.action))
    made = {**GUEST, "name": "g1", "disks": [{"size": "1MiB", "pool": "p", option: "x"}]}
    run_domains(made, {"name": "g0", "state": "absent"}, fails=True)
    assert order == ["undefine", "make_volume"]


NOWHERE = {"interfaces": [{"network": "nope"}]}


def refused(result: dict[str, Any]) -> dict[str, str]:
    return {failure["domain"]: failure["problem"] for failure in result["failures"]}


@pytest.mark.parametrize("giver_first", [True, False])
def test_a_disk_stays_with_a_guest_that_is_refused(images: Path, run_domains: Run, giver_first: bool) -> None:
    giver, taker = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    third = {**GUEST, "name": "g2", "disks": [{"file": f"{images}/other"}]}
    taker["state"] = "running"
    run_domains(giver, third)
    more = {**giver, "disks": [], "state": "running", **NOWHERE}
    config = [more, taker, third] if giver_first else [taker, third, more]
    for check in (True, False):
        told = refused(run_domains(*config, check=check, fails=True))
        assert sorted(told) == ["g0", "g1"]
        assert "stays a disk of guest g0, which is refused" in told["g1"]


def test_one_that_is_refused_for_a_disk_keeps_its_own(images: Path, run_domains: Run) -> None:
    first, second, third = guests(images, *({"file": f"{images}/{name}"} for name in ("disk", "x", "y")))
    run_domains(first, second, third)
    first.update(disks=[{"file": f"{images}/new"}], state="running", **NOWHERE)
    second["disks"], third["disks"] = [{"file": f"{images}/hard"}], [{"file": f"{images}/x"}]
    told = refused(run_domains(third, second, first, fails=True))
    assert "guest g0, which is refused" in told["g1"]
    assert "guest g1, which is refused" in told["g2"]


@pytest.mark.parametrize(
    "change",
    [
        {"disks": [{"target": "vda", "file": "y"}], "state": "running"},
        {"disks": [{"target": "vda", "file": "y"}], "state": "stopped"},
    ],
)
def test_a_disk_stays_with_a_guest_that_runs(images: Path, run_domains: Run, change: dict[str, Any]) -> None:
    giver, taker = guests(images, {"file": f"{images}/disk", "target": "vda"}, {"file": f"{images}/hard"})
    run_domains({**giver, "state": "running"})
    (images / "y").touch()
    change = {**change, "disks": [{"target": "vda", "file": f"{images}/y"}]}
    for config in ([{**giver, **change}, taker], [taker, {**giver, **change}]):
        told = refused(run_domains(*config, check=True, fails=True))
        assert list(told) == ["g1"]
        assert "is a disk of guest g0, which runs with it: run again once g0 is without it" in told["g1"]
    run_domains({**giver, "state": "stopped"}, force_shutdown=True)
    assert run_domains({**giver, **change}, taker)["changed"]


def test_one_that_gives_its_disk_away_is_told_of(images: Path, run_domains: Run) -> None:
    first, second = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/other"})
    run_domains(first, second)
    first["disks"], second["disks"] = second["disks"], first["disks"]
    result = run_domains(first, second)
    lines = [line for line in result["warnings"] if "until that is changed in this run" in line]
    assert len(lines) == 2
    assert "is the disk of guest g1" in lines[0]


def test_a_newcomer_does_not_get_the_disk_of_one_that_changes(images: Path, run_domains: Run) -> None:
    old, new = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains(old)
    assert list(refused(run_domains(new, {**old, "title": "changed"}, fails=True))) == ["g1"]


@pytest.mark.parametrize("taker_first", [True, False])
def test_one_that_goes_hands_its_disk_over(images: Path, run_domains: Run, connection: Any, taker_first: bool) -> None:
    giver, taker = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains({**giver, "state": "running"})
    config = [{**taker, "state": "running"}, {"name": "g0", "state": "absent"}]
    said, done = (run_domains(*(config if taker_first else config[::-1]), check=check) for check in (True, False))
    assert said["changes"] == done["changes"]
    assert [(one.name(), one.isActive()) for one in connection.listAllDomains() if one.name() != "test"] == [("g1", 1)]


def fails(connection: Any, name: str, step: Any, options: Any) -> None:
    if name == "g0":
        raise VirtfleetError("it does not go")


@pytest.mark.parametrize(
    ("change", "action"),
    [({"state": "absent"}, "undefine"), ({"disks": []}, "define"), ({"state": "absent"}, "shutdown")],
)
def test_nobody_starts_on_a_disk_that_was_not_given_up(
    images: Path, run_domains: Run, connection: Any, monkeypatch: pytest.MonkeyPatch, change: Any, action: str
) -> None:
    giver, taker = guests(images, {"file": f"{images}/disk"}, {"file": f"{images}/hard"})
    run_domains({**giver, "state": "running" if action == "shutdown" else "stopped"})
    if action == "define":
        real = define_batch.Definitions.define

        def define(self: Any, connection: Any, name: str, step: Any, options: Any) -> Any:
            fails(connection, name, step, options)
            return real(self, connection, name, step, options)

        monkeypatch.setattr(define_batch.Definitions, "define", define)
    else:
        monkeypatch.setitem(KINDS["domain"].actions, action, fails)
    told = refused(run_domains({**taker, "state": "running"}, {"name": "g0", **change}, fails=True))
    assert sorted(told) == ["g0", "g1"]
    assert "guest g0 failed, so it may still have a disk of this one" in told["g1"]
    assert [one.name() for one in connection.listAllDomains() if one.name() != "test"] == ["g0"]
