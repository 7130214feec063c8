# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest writes the header of a LUKS container into its raw disk: that is as large as its file, whatever it says."""

from __future__ import annotations

import stat
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.plan import Plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import plan as guest_plan
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.guest_options import GuestOptions
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import facts, volume_fill, volume_size
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import plan as plan_of_volumes
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.volume_formats import Formats, all_volumes
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.manifest import Manifest
from ansible_collections.virtfleet.kvm.tests.unit.hostile_images import qcow2
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._kinds.domain.disks.formats_host import (
    URI,
    Connection,
    Guest,
    Pool,
    Volume,
    new_host,
)
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._kinds.domain.disks.test_disk_formats import (
    disk,
    guest,
    planned_all,
)
from ansible_collections.virtfleet.kvm.tests.unit.support import KVM_HOST, observed

SIZE = 1 << 20
OFFSETS = {"honest": 0x800, "hostile": 0x7FFFFFFF}
LUKS = "<encryption type='luks'><secret type='passphrase' usage='x'/></encryption>"


class Sealed(Volume):
    """A volume with such a header, as libvirt tells it: less the payload's offset, in 64 bits (virStorageVolDef)."""

    def xml(self, flags: int = 0) -> str:
        offset = int.from_bytes(self.place.read_bytes()[104:108], "big") * 512
        return (
            f"<volume type='file'><name>{self.name()}</name><capacity>{abs(self.place.stat().st_size - offset)}"
            f"</capacity><target><path>{self.place}</path><format type='{self.told}'/>"
            "<encryption format='luks'/></target></volume>"
        )

    def info(self) -> tuple[int, int, int]:
        """What libvirt tells beside the XML: file, capacity and allocation."""
        return 0, int(ET.fromstring(self.xml()).findtext("capacity") or ""), 4096


class Sealing(Guest):
    """A guest whose disk the host encrypts."""

    def xml(self, flags: int) -> str:
        return super().xml(flags).replace("<target", f"{LUKS}<target")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Connection:
    monkeypatch.setattr(plan_of_volumes.readiness, "check_volumes", lambda *given: None)
    monkeypatch.setattr(guest_plan, "refuse_taken", lambda *given: None)
    return new_host(tmp_path, monkeypatch)


def add(host: Connection, offset: int, noted: str | None = "raw") -> Volume:
    """A raw volume into which a guest wrote a header."""
    header = b"LUKS\xba\xbe" + struct.pack(">H", 1)
    content = header.ljust(104, b"\0") + struct.pack(">I", offset)
    host.add("d.raw", content.ljust(SIZE, b"\0"), "raw", noted)
    host.volumes["d.raw"] = Sealed(host.volumes["d.raw"].place, "raw")
    return host.volumes["d.raw"]


def plans(host: Connection, *config: dict[str, Any]) -> list[Plan]:
    """The plans of volumes."""
    have = {f"default/{name}": observed(one.xml(), state="present") for name, one in host.volumes.items()}
    return plan_of_volumes.plan_volumes(host, have, VOLUME.parse(list(config)), KVM_HOST, GuestOptions())


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("known", ["note", "guest", "nobody"])
def test_a_raw_volume_is_as_large_as_its_file(host: Connection, offset: str, known: str) -> None:
    there = add(host, OFFSETS[offset], "raw" if known == "note" else None)
    host.guests = [Guest((there.path(), "raw"))] if known == "guest" else []
    for size in (SIZE, SIZE - 1024):
        same, new = plans(host, {"name": "d.raw", "capacity": SIZE}, {"name": "n", "capacity": size})
        assert (same.obstacle, same.steps, same.changes) == (None, [], [])
        assert [step.action for step in new.steps] == ["define"]
    found = all_volumes(host, {"default/d.raw"})["default/d.raw"].definition
    assert (found.findtext("capacity"), found.find("target/encryption")) == (str(SIZE), None)
    assert facts.volume_facts(host, {"default/d.raw"})["default/d.raw"]["capacity"] == SIZE


@pytest.mark.parametrize("offset", OFFSETS)
def test_it_grows_and_that_is_all(host: Connection, offset: str) -> None:
    there = add(host, OFFSETS[offset])
    (plan,) = plans(host, {"name": "d.raw", "capacity": 2 * SIZE})
    assert [(change.path, change.before, change.after) for change in plan.changes] == [("capacity", "1MiB", "2MiB")]
    volume_fill.enlarge(host, Pool(host.volumes), there, 2 * SIZE)
    assert there.place.stat().st_size == 2 * SIZE
    (plan,) = plans(host, {"name": "d.raw", "capacity": 2 * SIZE})
    assert (plan.obstacle, plan.steps) == (None, [])


@pytest.mark.parametrize("offset", OFFSETS)
def test_the_disk_of_a_guest_is_as_large_as_its_file(host: Connection, offset: str) -> None:
    there = add(host, OFFSETS[offset])
    have = guest(disk(f"<source file='{there.path()}'/>", "raw"))
    config = [
        {"name": "web01", "memory": "64MiB", "disks": [{"target": "vda", "size": "1MiB", "format": "raw"}]},
        {"name": "other", "memory": "64MiB", "disks": [{"size": "1MiB"}]},
    ]
    same, other = planned_all(host, config, have)
    assert (same.obstacle, same.changes) == (None, [])
    assert "make_volume" in [step.action for step in other.steps]


def test_a_disk_that_cannot_shrink_stops_no_other_guest(host: Connection) -> None:
    there = add(host, 0x800)
    have = guest(disk(f"<source file='{there.path()}'/>", "raw"))
    config = [
        {"name": "web01", "memory": "64MiB", "disks": [{"target": "vda", "size": "1KiB", "format": "raw"}]},
        {"name": "other", "memory": "64MiB", "disks": [{"size": "1MiB"}]},
    ]
    small, other = planned_all(host, config, have)
    assert str(small.obstacle).startswith("disks[0].size: is 1MiB and cannot shrink to 1KiB")
    assert (other.obstacle, other.steps != []) == (None, True)


@pytest.mark.parametrize("known", ["note", "guest", "user"])
def test_what_the_host_encrypts_is_as_its_header_says(host: Connection, known: str) -> None:
    """No guest can write to that: QEMU writes what a guest writes behind it."""
    there = add(host, 0x400, None)
    if known == "note":
        Manifest(URI).put("volumes", "default/d.raw", format="raw", encryption="luks")
    host.guests = [Sealing((there.path(), "raw"))] if known == "guest" else []
    item = {"name": "d.raw", "capacity": SIZE // 2}
    (plan,) = plans(host, {**item, "encryption": {"format": "luks"}} if known == "user" else item)
    assert (plan.obstacle, plan.steps) == (None, [])


def test_a_header_of_another_format_is_none_of_what_the_host_encrypts(host: Connection) -> None:
    """The user says that it is encrypted; a guest wrote a qcow2 header."""
    host.add("d.raw", qcow2(size=1 << 40).ljust(SIZE, b"\0"), "qcow2", "raw")
    (plan,) = plans(host, {"name": "d.raw", "capacity": SIZE, "format": "raw", "encryption": {"format": "luks"}})
    assert "encryption" in str(plan.obstacle)
    (plan,) = plans(host, {"name": "d.raw", "capacity": SIZE, "format": "raw"})
    assert (plan.obstacle, plan.steps) == (None, [])


def test_one_guest_that_can_write_the_header_is_enough(host: Connection) -> None:
    there = add(host, 0x400, "raw")
    host.guests = [Sealing((there.path(), "raw"), name="a"), Guest((there.path(), "raw"), name="b")]
    assert not Formats(host).encrypted("default/d.raw", ET.fromstring(there.xml()))


def test_a_device_is_as_large_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    have = observed(
        f"<volume type='block'><capacity>5</capacity><target><path>{tmp_path / 'd'}</path></target></volume>",
        state="present",
    )
    (tmp_path / "d").write_bytes(b"x" * 7)
    assert volume_size.as_device(have) is have
    monkeypatch.setattr(volume_size.stat, "S_ISBLK", stat.S_ISREG)
    assert volume_size.as_device(have).definition.findtext("capacity") == "7"


def test_only_a_block_device_has_the_size_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"x" * 1000)
    for path in (tmp_path / "file", tmp_path / "nowhere", tmp_path, "/dev/null", "a\0b"):
        assert volume_size.device_size(str(path)) is None
    monkeypatch.setattr(volume_size.stat, "S_ISBLK", lambda _mode: True)
    assert volume_size.device_size(str(tmp_path / "file")) == 1000
