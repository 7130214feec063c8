# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Block devices are known by their numbers: names, partitions, what LVM makes, files behind loop devices."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.block_devices import BlockDevices
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.places import Places
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.survey_users import add_host
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.users import StorageUsers


class Devices:
    """A tree of sysfs and /dev as a host has them, of which each device node is a file with its number."""

    def __init__(self, root: Path) -> None:
        self.root, self.sys, self.dev, self.proc = root, root / "sys", root / "dev", root / "proc"
        for folder in ("sys/dev/block", "sys/block", "dev", "proc/self"):
            (root / folder).mkdir(parents=True)
        self.places = Places(BlockDevices(str(self.sys), str(self.proc)), self.look)

    def look(self, path: str) -> os.stat_result:
        """What is there; a file below /dev is a block device."""
        found = os.stat(path)
        real = os.path.realpath(path)
        if not real.startswith(f"{self.dev}/") or os.path.isdir(real):
            return found
        major, minor = map(int, Path(real).read_text(encoding="utf-8").split(":"))
        return os.stat_result((0o060600, *found[1:10]), {"st_rdev": os.makedev(major, minor)})

    def add(self, name: str, number: str, parent: str = "", **files: str) -> str:
        """A device."""
        home = self.sys / "devices" / parent / name
        home.mkdir(parents=True)
        for file, text in {"dev": number, **files}.items():
            path = home / file.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text}\n", encoding="utf-8")
        (self.sys / "dev/block" / number).symlink_to(home)
        if not parent:
            (self.sys / "block" / name).symlink_to(home)
        (self.dev / name).write_text(number, encoding="utf-8")
        return str(self.dev / name)

    def over(self, upper: str, lower: str) -> None:
        """Say that one device is made of another."""
        homes = {path.name: path.resolve() for path in (self.sys / "dev/block").iterdir()}
        up, low = (homes[(self.dev / name).read_text(encoding="utf-8")] for name in (upper, lower))
        for home, kind, other in ((up, "slaves", low), (low, "holders", up)):
            (home / kind).mkdir(exist_ok=True)
            (home / kind / other.name).symlink_to(other)


@pytest.fixture
def devices(tmp_path: Path) -> Devices:
    made = Devices(tmp_path)
    made.add("sdb", "8:16")
    made.add("sdb1", "8:17", "sdb", partition="1")
    made.add("sdb2", "8:18", "sdb", partition="2")
    made.add("sdc", "8:32")
    made.add("dm-0", "253:0", dm__uuid="LVM-aaaabbbb")
    made.over("dm-0", "sdb2")
    made.add("dm-1", "253:1", dm__uuid="LVM-ccccdddd")
    made.over("dm-1", "sdb2")
    for folder in ("vg0", "mapper", "disk"):
        (made.dev / folder).mkdir()
    (made.dev / "vg0/lv").symlink_to("../dm-0")
    (made.dev / "mapper/vg0-lv").symlink_to("../dm-0")
    (made.dev / "disk/by-id").symlink_to(".")
    (made.dev / "disk/dm-uuid").symlink_to("../dm-0")
    return made


def test_names_of_a_logical_volume(devices: Devices) -> None:
    for name in ("vg0/lv", "mapper/vg0-lv", "dm-0", "disk/dm-uuid", "disk/by-id/dm-uuid"):
        users = StorageUsers(devices.places)
        guest_with(users, f"<disk type='block'><source dev='{devices.dev}/{name}'/></disk>")
        assert users.of("vg0/lv", f"{devices.dev}/vg0/lv") == ["guest web"], name
        assert users.of("vg0/other", f"{devices.dev}/dm-1") == [], name


def guest_with(users: StorageUsers, inner: str) -> None:
    users.add_document("guest web", "web", ET.fromstring(f"<domain><devices>{inner}</devices></domain>"))


@pytest.mark.parametrize(
    ("used", "held"),
    [
        ("sdb", {"sdb", "sdb1", "sdb2", "dm-0", "dm-1"}),
        ("sdb1", {"sdb", "sdb1"}),
        ("sdb2", {"sdb", "sdb2", "dm-0", "dm-1"}),
        ("dm-0", {"sdb", "sdb2", "dm-0"}),
        ("sdc", {"sdc"}),
    ],
)
def test_disks_partitions_and_what_is_made_of_them(devices: Devices, used: str, held: set[str]) -> None:
    users = StorageUsers(devices.places)
    guest_with(users, f"<disk type='block'><source dev='{devices.dev}/{used}'/></disk>")
    names = ("sdb", "sdb1", "sdb2", "sdc", "dm-0", "dm-1")
    assert {name for name in names if users.of(f"x/{name}", f"{devices.dev}/{name}")} == held


def test_a_snapshot_of_lvm_holds_its_origin_and_not_the_other_way_round(devices: Devices) -> None:
    devices.add("dm-2", "253:2", dm__uuid="LVM-aaaabbbb-real")
    devices.add("dm-3", "253:3", dm__uuid="LVM-eeeeffff-cow")
    devices.add("dm-4", "253:4", dm__uuid="LVM-eeeeffff")
    devices.over("dm-0", "dm-2")
    devices.over("dm-4", "dm-2")
    devices.over("dm-4", "dm-3")
    for used, goes, held in (("dm-4", "dm-0", True), ("dm-0", "dm-4", False)):
        users = StorageUsers(devices.places)
        guest_with(users, f"<disk type='block'><source dev='{devices.dev}/{used}'/></disk>")
        assert bool(users.of("vg0/x", f"{devices.dev}/{goes}")) == held


def test_a_disk_that_is_handed_on_by_its_scsi_address(devices: Devices) -> None:
    home = devices.sys / "bus/scsi/devices/2:0:1:3/block"
    home.mkdir(parents=True)
    (home / "sdb").symlink_to(devices.sys / "devices/sdb")
    users = StorageUsers(devices.places)
    guest_with(
        users,
        "<hostdev mode='subsystem' type='scsi'><source><adapter name='scsi_host2'/>"
        "<address bus='0' target='1' unit='3'/></source></hostdev>",
    )
    assert users.of("x/sdb1", f"{devices.dev}/sdb1") == ["guest web"]
    assert users.of("x/sdc", f"{devices.dev}/sdc") == []


def test_the_file_behind_a_loop_device(devices: Devices, tmp_path: Path) -> None:
    file = tmp_path / "disk.raw"
    file.touch()
    devices.add("loop7", "7:7", loop__backing_file=f"{tmp_path}/./disk.raw")
    devices.add("loop7p1", "259:1", "loop7", partition="1")
    assert devices.places.devices.loops() == {"loop7": f"{tmp_path}/./disk.raw"}
    for used in ("loop7", "loop7p1"):
        users = StorageUsers(devices.places)
        guest_with(users, f"<disk type='block'><source dev='{devices.dev}/{used}'/></disk>")
        assert users.of("p/disk.raw", str(file)) == ["guest web"], used


@pytest.mark.parametrize(
    "told", ["target/core/fileio_0/backup/udev_path", "nvmet/subsystems/nqn.x/namespaces/1/device_path"]
)
def test_what_the_kernel_serves_to_other_hosts(devices: Devices, tmp_path: Path, told: str) -> None:
    """It has them open, and no process does."""
    file, place = tmp_path / "disk.raw", devices.sys / "kernel/config" / told
    file.touch()
    place.parent.mkdir(parents=True)
    place.write_text(f"{file}\n", encoding="utf-8")
    users = StorageUsers(devices.places)
    add_host(users)
    assert users.of("p/disk.raw", str(file)) == [f"the host (served to other hosts, {Path(told).parent})"]


def test_a_file_that_a_container_was_given(devices: Devices, tmp_path: Path) -> None:
    """Nobody has it open, and what is mounted elsewhere is not to be seen here; a folder alone says nothing."""
    images = tmp_path / "images"
    images.mkdir()
    for name in ("given.raw", "here.raw", "free.raw", "own view.raw"):
        (images / name).touch()
    spaces = {
        "self": ["1 0 8:17 / / rw - ext4 x rw", f"2 1 8:17 {images}/here.raw /srv/app.img rw - ext4 x rw"],
        "9": [f"3 0 8:17 {images}/free.raw /twin rw - ext4 x rw"],  # A twin of the space of "self" is not read again.
        "77": [
            "4 0 0:50 / / rw - overlay overlay rw",
            f"5 4 8:17 {images}/given.raw /data/disk.raw rw - ext4 x rw",
            f"6 4 8:17 {images} /data/all rw - ext4 x rw",
            f"7 4 8:99 {images}/free.raw /data/other rw - ext4 y rw",
            f"8 4 8:17 {images}/own\\040view.raw /data/d rw - ext4 x rw",
            f"9 4 8:17 {images}/gone.raw//deleted /data/gone rw - ext4 x rw",
            "10 4 0:4 net:[4026531840] /run/netns/x rw - nsfs nsfs rw",
        ],
    }
    for process, lines in spaces.items():
        (devices.proc / process / "ns").mkdir(parents=True)
        (devices.proc / process / "ns/mnt").symlink_to(f"mnt:[{'self' if process == '9' else process}]")
        (devices.proc / process / "mountinfo").write_text("\n".join(lines) + "\n", encoding="utf-8")
    users = StorageUsers(devices.places)
    add_host(users)
    told = {path.name: users.of(f"p/{path.name}", str(path)) for path in images.iterdir()}
    assert {name: found for name, found in told.items() if found} == {
        "given.raw": ["the host (mounted at /data/disk.raw, for the process 77)"],
        "here.raw": ["the host (mounted at /srv/app.img)"],
        "own view.raw": ["the host (mounted at /data/d, for the process 77)"],
    }
