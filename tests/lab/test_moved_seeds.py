# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds of guests that were renamed, copied, saved, or put on a snapshot; and disks that a process has open."""

from __future__ import annotations

import typing as t

import pytest
from fleet import Fleet
from storage_fleet import HOSTS, IMAGES, declare, disk_guest, failed, hosts_with_storage, paths

pytestmark = pytest.mark.long

CLOUD: dict[str, t.Any] = {"packages": ["nginx"], "hostname": "web"}
HARD = {"force_shutdown": True, "shutdown_timeout": 1}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Fleet]:
    with hosts_with_storage("seeds", tmp_path_factory.mktemp("seeds")) as made:
        yield made


def seeded(name: str, cloud: t.Any, **more: t.Any) -> dict[str, t.Any]:
    return {**disk_guest(name, {"size": "8MiB"}), "cloud_init": cloud, **more}


def everywhere(fleet: Fleet, script: str) -> None:
    for host in HOSTS:
        fleet.sh(host, script)


def test_a_seed_that_was_copied_stays_the_guests(fleet: Fleet) -> None:
    """As the folder of a pool is, or a disk from a backup."""
    declare(fleet, "domains", config=[seeded("moved", CLOUD, state="stopped")])
    seed = f"{IMAGES}/moved-seed.img"
    everywhere(fleet, f"cp -a {seed} {seed}.copy && mv {seed}.copy {seed} && virsh -q pool-refresh default")
    run = declare(fleet, "domains", config=[seeded("moved", CLOUD, state="stopped")])
    assert [paths(run, host) for host in HOSTS] == [[], []]
    run = declare(fleet, "domains", config=[seeded("moved", {**CLOUD, "packages": ["curl"]}, state="stopped")])
    assert [paths(run, host) for host in HOSTS] == [["cloud_init.packages"]] * 2


def test_a_guest_that_was_renamed_keeps_its_seed_and_takes_it_along(fleet: Fleet) -> None:
    everywhere(fleet, "virsh -q domrename moved www")
    renamed = seeded("www", {**CLOUD, "packages": ["curl"]}, state="stopped")
    renamed = {name: value for name, value in renamed.items() if name != "disks"}
    run = declare(fleet, "domains", config=[renamed])
    for host in HOSTS:
        assert not [path for path in paths(run, host) if "volume" in path]
        assert fleet.sh(host, f"ls {IMAGES} | grep seed").split() == ["moved-seed.img"]
    declare(fleet, "domains", config=[{"name": "www", "state": "absent"}], remove_storage=True, **HARD)
    for host in HOSTS:
        assert fleet.sh(host, f"ls {IMAGES} | grep moved || true").strip() == ""


def test_a_saved_guest_gives_up_its_seed_as_it_starts_anew(fleet: Fleet) -> None:
    declare(fleet, "domains", config=[seeded("saved", CLOUD)])
    everywhere(fleet, "virsh -q managedsave saved")
    run = declare(fleet, "domains", config=[seeded("saved", None)], on_restart_needed="restart", **HARD)
    for host in HOSTS:
        assert paths(run, host)[-2:] == ["restart", "volume default/saved-seed.img"]
        assert "seed" not in fleet.sh(host, f"ls {IMAGES}; virsh domblklist saved")


def test_a_seed_stays_below_its_snapshot(fleet: Fleet) -> None:
    declare(fleet, "domains", config=[seeded("snap", CLOUD)])
    everywhere(
        fleet,
        "virsh -q snapshot-create-as snap s1 --disk-only --diskspec vdz,snapshot=external >/dev/null;"
        " virsh -q pool-refresh default",
    )
    assert [paths(declare(fleet, "domains", config=[seeded("snap", CLOUD)]), host) for host in HOSTS] == [[], []]
    other = {**CLOUD, "packages": ["curl"]}
    failed(
        fleet,
        "domains",
        "virsh blockcommit snap vdz --active --pivot, while snap runs",
        config=[seeded("snap", other)],
    )
    gone = [{"name": name, "state": "absent"} for name in ("snap", "saved")]
    run = declare(fleet, "domains", config=gone, remove_storage=True, **HARD)
    for host in HOSTS:
        assert "snapshots" in paths(run, host)


def test_a_disk_that_a_process_has_open_stays(fleet: Fleet) -> None:
    declare(fleet, "domains", config=[seeded("open", CLOUD, state="stopped")])
    everywhere(fleet, f"systemd-run -q --unit holds sh -c 'exec 3<>{IMAGES}/open-vda.qcow2; sleep 900'; sleep 1")
    run = declare(fleet, "domains", config=[{"name": "open", "state": "absent"}], remove_storage=True, **HARD)
    for host in HOSTS:
        assert "volume default/open-vda.qcow2" not in paths(run, host)
        assert "which has it open" in " ".join(run.result(host)["warnings"])
        fleet.sh(host, f"systemctl stop holds; ls {IMAGES}/open-vda.qcow2")
