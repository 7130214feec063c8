# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clone whose run is killed between its disks and its definition: the next run goes on, and takes nobody else's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import clone_originals, clones
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt import process
from ansible_collections.virtfleet.kvm.plugins.modules import domains, volumes
from ansible_collections.virtfleet.kvm.tests.unit.hostile_server import GOOD
from ansible_collections.virtfleet.kvm.tests.unit.plugins.modules.test_clones import GOLD, MAC, URI, UUID, made
from ansible_collections.virtfleet.kvm.tests.unit.support import KINDS

Run = Callable[..., dict[str, Any]]
WEB = {"name": "web", "clone_of": "gold"}
KEY = "p/web-vda.raw"
DEAD = "process 1 2 another-boot"
NEWER = b"NEWER" + GOOD[5:]


class Killed(BaseException):
    """What ends a run at once, as a signal that nobody can catch."""


@pytest.fixture
def gold(connection: Any, seed_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The original. Its files can be looked at."""
    monkeypatch.setattr(clones, "is_here", lambda connection: True)
    return made(connection, seed_folder)


def break_off(run_main: Run, step: str, *config: dict[str, Any]) -> None:
    """A run that is killed right before a step."""

    def end(*args: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(KINDS["domain"].actions, step, end)
        with pytest.raises(Killed):
            run_main(domains.main, config=list(config), uri=URI)


@pytest.fixture
def left(connection: Any, gold: Any, run_main: Run, seed_folder: Path, noted: Any) -> Path:
    """The copy of a disk that a killed run left."""
    ends: list[object] = []

    def end(*args: Any) -> None:
        # After the last look: all copies are whole.
        ends.append(args)
        if len(ends) == 2:
            raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(KINDS["domain"].actions, clone_originals.CHECK, end)
        with pytest.raises(Killed):
            run_main(domains.main, config=[WEB], uri=URI)
    assert "web" not in names(connection)
    assert process.own_process() == noted.entries("volumes")[KEY]["copying"]
    noted.add("volumes", KEY, copying=DEAD)
    return seed_folder / "web-vda.raw"


def names(connection: Any) -> list[str]:
    return sorted(found.name() for found in connection.listAllDomains())


def declare(run_main: Run, *config: dict[str, Any], fails: bool = False) -> dict[str, Any]:
    """Declare in check mode and for real, which say the same."""
    said = run_main(domains.main, config=list(config), uri=URI, check=True, fails=fails)
    done = run_main(domains.main, config=list(config), uri=URI, fails=fails)
    for part in ("changes", "failures", "warnings"):
        assert said.get(part) == done.get(part), part
    return done


def test_the_next_run_makes_the_copy_anew(
    connection: Any, left: Path, run_main: Run, seed_folder: Path, noted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (seed_folder / "gold.raw").write_bytes(NEWER)
    # The test driver deletes no file.
    deleted = []
    real = type(connection.storagePoolLookupByName("p").storageVolLookupByName("web-vda.raw")).delete

    def delete(volume: Any, flags: int = 0) -> None:
        deleted.append(volume.name())
        os.unlink(volume.path())
        real(volume, flags)

    monkeypatch.setattr("libvirt.virStorageVol.delete", delete)
    declare(run_main, WEB)
    assert deleted == ["web-vda.raw"]
    assert left.read_bytes() == NEWER
    assert "web" in names(connection)
    assert not {"copied", "copying", "making"} & noted.entries("volumes")[KEY].keys()
    assert not declare(run_main, WEB)["changed"]


@pytest.mark.parametrize("touched", ["written", "given away", "another", "note", "used"])
def test_what_may_be_somebody_elses_by_now_stays(
    connection: Any, left: Path, run_main: Run, noted: Any, touched: str
) -> None:
    if touched == "written":
        left.write_bytes(b"MINE" + GOOD[4:])
    elif touched == "given away":
        left.chmod(0o644)
        left.chmod(0o600)
    elif touched == "another":
        content = left.read_bytes()
        left.unlink()
        left.with_name("other").write_bytes(b"")  # Its inode is another one.
        left.write_bytes(content)
    elif touched == "note":
        noted.remove_facts("volumes", [KEY], ["copied"])
    else:
        text = GOLD.format(uuid=f"{UUID[:-1]}4", mac=f"{MAC[:-1]}2", folder=left.parent, more="")
        connection.defineXML(text.replace("gold.raw", left.name).replace("<name>gold", "<name>other"))
    content = left.read_bytes()
    done = declare(run_main, WEB, fails=True)
    why = "is used by guest other" if touched == "used" else "is no copy of what guest gold has"
    assert f"disks[0]: the volume {KEY} is there already, and {why}" in done["msg"]
    assert left.read_bytes() == content
    assert "web" not in names(connection)


def test_a_copy_that_another_run_is_about_to_use_is_left_to_it(
    connection: Any, left: Path, run_main: Run, noted: Any
) -> None:
    noted.add("volumes", KEY, copying=f"process 1 {process.started(1)} {process.boot()}")
    done = declare(run_main, WEB, fails=True)
    assert f"another run (process 1 on this host) is making the volume {KEY}" in done["msg"]
    assert left.read_bytes() == GOOD


@pytest.mark.parametrize("want", ["volume", "guest", "another clone"])
def test_for_anybody_else_it_is_a_volume_like_others(
    connection: Any, left: Path, run_main: Run, noted: Any, want: str
) -> None:
    """A copy that nobody clones any more is not made anew: somebody may have come to want it as it is."""
    if want == "volume":
        config = {"name": left.name, "pool": "p", "capacity": str(len(GOOD))}
        assert not run_main(volumes.main, config=[config], uri=URI)["changed"]
    elif want == "guest":
        declare(run_main, {"name": "web", "memory": "64MiB", "disks": [{"volume": left.name, "pool": "p"}]})
    else:
        disks = [{"volume": left.name, "pool": "p", "size": str(len(GOOD))}]
        done = declare(run_main, {"name": "api", "clone_of": "gold", "disks": disks}, fails=True)
        assert "is there already, and is no copy" in done["msg"]
    assert left.read_bytes() == GOOD


def test_once_it_is_defined_its_disks_are_those_of_any_guest(
    connection: Any, gold: Any, run_main: Run, seed_folder: Path, noted: Any
) -> None:
    break_off(run_main, clone_originals.SETTLE, WEB)
    assert "copied" in noted.entries("volumes")[KEY]
    noted.add("volumes", KEY, copying=DEAD)
    (seed_folder / "web-vda.raw").write_bytes(NEWER)
    assert not declare(run_main, WEB)["changed"]
    connection.lookupByName("web").undefine()
    done = declare(run_main, WEB, fails=True)
    assert "is there already, and is no copy" in done["msg"]
    assert (seed_folder / "web-vda.raw").read_bytes() == NEWER


def test_an_original_that_ran_in_between_is_seen_by_its_disks(
    connection: Any, gold: Any, run_main: Run, seed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = KINDS["domain"].actions["make_volume"]

    def late(*args: Any) -> None:
        real(*args)
        gold.create()
        (seed_folder / "gold.raw").write_bytes(NEWER)
        gold.destroy()

    monkeypatch.setitem(KINDS["domain"].actions, "make_volume", late)
    done = run_main(domains.main, config=[WEB], uri=URI, fails=True)
    assert f"clone_of: {seed_folder}/gold.raw, a disk of guest gold, was written to while it was copied" in done["msg"]
    assert done["changes"] == []
    assert "web" not in names(connection)
    assert sorted(connection.storagePoolLookupByName("p").listVolumes()) == ["gold.raw", "tools.iso"]


def test_the_last_look_comes_before_the_definition(connection: Any, gold: Any, run_main: Run) -> None:
    """A run that is killed in between never leaves a guest of which nobody knows whether its disks are whole."""
    order: list[str] = []

    def note(action: str) -> Callable[..., None]:
        real = KINDS["domain"].actions[action]

        def call(*args: Any) -> None:
            order.append(action)
            real(*args)

        return call

    with pytest.MonkeyPatch.context() as patched:
        for action in (clone_originals.CHECK, "make_volume"):
            patched.setitem(KINDS["domain"].actions, action, note(action))

        def settle(*args: Any) -> None:
            order.append("defined" if "web" in names(connection) else "not defined")

        patched.setitem(KINDS["domain"].actions, clone_originals.SETTLE, settle)
        run_main(domains.main, config=[WEB], uri=URI)
    assert order == [clone_originals.CHECK, "make_volume", clone_originals.CHECK, "defined"]
