# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image that QEMU would not open for two guests at a time: refused before, by check mode as by the run."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared import lacking
from ansible_collections.virtfleet.kvm.plugins.modules import pools, volumes
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2

Run = Callable[..., dict[str, Any]]
GUEST: dict[str, Any] = {"memory": "64MiB", "state": "running"}
URI = "test:///default"

MODES: dict[str, dict[str, Any]] = {
    "writes": {},
    "shares": {"shareable": True},
    "reads": {"readonly": True},
    "looks on": {"readonly": True, "shareable": True},
    "cdrom": {"device": "cdrom"},
    "floppy": {"device": "floppy"},
}
TOGETHER = {
    frozenset(pair)
    for pair in (
        ("shares",),
        ("reads",),
        ("looks on",),
        ("writes", "looks on"),
        ("shares", "looks on"),
        ("reads", "looks on"),
        ("cdrom",),
        ("cdrom", "reads"),
        ("cdrom", "looks on"),
        ("floppy", "looks on"),
    )
}
"""What QEMU opens for two guests at a time; the lab holds this against a real one (tests/lab/test_disk_locks.py)."""
VOLUME = "<volume><name>disk.raw</name><capacity>1048576</capacity><target><format type='raw'/></target></volume>"
PAIRS = list(itertools.product(MODES, MODES))


@pytest.fixture
def images(connection: Any, run_main: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pool of this machine with a disk."""
    monkeypatch.setattr(lacking, "is_local", lambda uri: True)
    monkeypatch.setattr(lacking, "FOREIGN", ())
    (tmp_path / "disk.raw").write_bytes(bytes(1024**2))
    (tmp_path / "symbolic").symlink_to("disk.raw")
    run_main(pools.main, config=[{"name": "p", "target": str(tmp_path)}], uri=URI)
    connection.storagePoolLookupByName("p").createXML(VOLUME)
    return tmp_path


def guest(images: Path, name: str, mode: str, **more: Any) -> dict[str, Any]:
    spelling = "disk.raw" if name == "one" else "symbolic"
    disk = {"file": f"{images}/{spelling}", "format": "raw", **MODES[mode]}
    return {**GUEST, "name": name, "disks": [disk], **more}


def problems(result: dict[str, Any]) -> dict[str, str]:
    return {failure["domain"]: failure["problem"] for failure in result["failures"]}


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("declared", ["running", "new", "not declared"])
def test_two_guests_run_together_where_qemu_lets_them(
    images: Path, run_domains: Run, first: str, second: str, declared: str
) -> None:
    good = frozenset((first, second)) in TOGETHER
    one, two = guest(images, "one", first), guest(images, "two", second)
    if declared != "new":
        run_domains(one)
    config = [two] if declared == "not declared" else [one, two]
    for check in (True, False):
        result = run_domains(*config, check=check, fails=not good)
        if good:
            continue
        told = problems(result)
        assert "two" in told or (first, second) == ("writes", "writes")
        assert all(problem.startswith("disks[0]: ") and "guest " in problem for problem in told.values())
        if frozenset((first, second)) != frozenset(("writes",)):
            assert list(told) == ["two"]
            assert "shareable: true" in told["two"]
    again = run_domains(*config, check=True, fails=not good)
    assert again["changed"] is False


def test_a_stopped_one_is_no_hindrance(images: Path, run_domains: Run) -> None:
    run_domains(guest(images, "one", "shares", state="stopped"))
    assert run_domains(guest(images, "two", "reads"))["changed"]


def test_one_that_runs_gets_no_disk_that_qemu_would_not_open(images: Path, run_domains: Run) -> None:
    run_domains(guest(images, "one", "shares"), {**GUEST, "name": "two"})
    for check in (True, False):
        result = run_domains(guest(images, "two", "reads"), check=check, fails=True)
        assert "also a disk of guest one, which runs with it" in problems(result)["two"]


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_that_start_the_one_that_had_it_starts(images: Path, run_domains: Run, order: int) -> None:
    one, two = guest(images, "one", "writes"), guest(images, "two", "reads")
    run_domains({**one, "state": "stopped"})
    for check in (True, False):
        result = run_domains(*[one, two][::order], check=check, fails=True)
        assert list(problems(result)) == ["two"]
        assert (
            "which starts with it, and one of the two writes to it: give shareable: true to this disk" in result["msg"]
        )
    assert run_domains(one)["changed"] is False


def over(images: Path) -> dict[str, Any]:
    disk = {"size": "1MiB", "pool": "p", "backing": "disk.raw"}
    return {**GUEST, "name": "two", "disks": [disk]}


def test_nothing_is_laid_over_the_disk_of_one_that_runs(images: Path, run_domains: Run) -> None:
    run_domains(guest(images, "one", "writes"))
    for check in (True, False):
        told = problems(run_domains(over(images), check=check, fails=True))
        assert told["two"].startswith(f"disks[0].backing: {images}/disk.raw is a disk of guest one, which runs with it")
    # It may be made while neither starts.
    assert run_domains({**over(images), "state": "stopped"})["changed"]


@pytest.mark.parametrize("order", [1, -1])
def test_one_that_stops_in_the_same_run_is_waited_for(
    images: Path, run_domains: Run, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = guest(images, "one", "writes"), over(images)
    run_domains(one)
    config = [{**one, "state": "stopped"}, two][::order]
    assert run_domains(*config, check=True)["changed"]
    result = run_domains(*config)
    states = [change["resource"] for change in result["changes"] if change["path"] == "state"]
    assert sorted(states) == ["domain one", "domain two"]


@pytest.fixture
def overlay(images: Path, run_domains: Run) -> list[dict[str, Any]]:
    """Two guests that are off: the disk of the second is laid over that of the first, as only its header says."""
    (images / "over.qcow2").write_bytes(qcow2(names=f"{images}/disk.raw"))
    second = {**GUEST, "name": "two", "disks": [{"file": f"{images}/over.qcow2", "format": "qcow2"}]}
    config = [guest(images, "one", "writes"), second]
    run_domains(*({**item, "state": "stopped"} for item in config))
    return config


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("running", [False, True])
def test_an_overlay_and_its_base_do_not_both_start(
    connection: Any, overlay: list[dict[str, Any]], run_domains: Run, turned: bool, running: bool
) -> None:
    config = overlay[::-1] if turned else overlay
    if running:
        connection.lookupByName(config[0]["name"]).create()
    said, done = (run_domains(*config, check=check, fails=True) for check in (True, False))
    assert said["msg"] == done["msg"]
    assert problems(said) == problems(done)
    ((name, problem),) = problems(done).items()
    if running and not turned:
        assert (name, "guest one, which runs with it" in problem) == ("two", True)
    else:
        assert (name, "has guest two laid over it" in problem) == ("one", True)


def test_who_would_start_below_the_disk_of_another_is_refused(
    connection: Any, overlay: list[dict[str, Any]], run_domains: Run
) -> None:
    for check in (True, False):
        problem = run_domains(overlay[0], check=check, fails=True)["msg"]
        assert "disk.raw has guest two laid over it, which breaks once this guest writes to it" in problem
    assert not connection.lookupByName("one").isActive()


@pytest.mark.parametrize("whose", ["two", "one"])
def test_a_shared_folder_is_not_laid_over_the_disks_in_it(images: Path, run_domains: Run, whose: str) -> None:
    shared = [{"source": str(images), "target": "srv"}]
    run_domains({"name": whose, "memory": "64MiB", "filesystems": shared, "state": "stopped"})
    for check in (True, False):
        result = run_domains(guest(images, "one", "writes"), check=check)
        assert not [line for line in result["warnings"] if "laid over" in line]


@pytest.mark.parametrize("running", [False, True])
def test_what_is_laid_over_the_disk_of_a_guest_is_told(
    connection: Any, images: Path, run_main: Run, run_domains: Run, running: bool
) -> None:
    run_domains(guest(images, "one", "writes", state="running" if running else "stopped"))
    told = f"{images}/disk.raw is a disk of guest one: what is laid over it is lost once one writes to it"
    disk = {"size": "1MiB", "pool": "p", "backing": "disk.raw", "format": "qcow2"}
    new = {"name": "two", "memory": "64MiB", "disks": [disk], "state": "stopped"}
    over = {"name": "over.qcow2", "pool": "p", "capacity": "1MiB", "format": "qcow2", "backing": {"volume": "disk.raw"}}
    for check in (True, False):
        assert [line for line in run_domains(new, check=check)["warnings"] if f"disks[0].backing: {told}" in line]
        result = run_main(volumes.main, config=[over], uri=URI, check=check)
        assert [line for line in result["warnings"] if f"volume p/over.qcow2: backing: {told}" in line]
