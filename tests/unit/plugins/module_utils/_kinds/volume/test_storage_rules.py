# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of pools and volumes: every option goes to XML and comes back, and bad input is named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows import Fragment, Property
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.create_only import Aside
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import read_rows, show_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.table import Table
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume import storage_rules
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.volume.table import VOLUME
from ansible_collections.virtfleet.kvm.tests.unit.support import canonical, changes, defined, observed, plan_one

SECRET = {"uuid": "2ec115d7-3a88-3ceb-bc12-0ac909a6fd87"}
PERMISSIONS = {"mode": "0711", "owner": 64055, "group": -1, "label": "system_u:object_r:virt_image_t:s0"}

POOLS: list[dict[str, Any]] = [
    {
        "name": "dir",
        "state": "inactive",
        "autostart": False,
        "uuid": "65fcba04-5b13-bd93-cff3-52ce48e11ad8",
        "type": "dir",
        "target": "/srv/dir",
        "permissions": PERMISSIONS,
        "cow": False,
        "build": "never",
        "xml": "<features><cow state='no'/></features>",
    },
    {
        "name": "netfs",
        "type": "netfs",
        "source": {
            "hosts": [{"name": "nas.example.com", "port": 2049}],
            "dir": "/export",
            "format": "nfs",
            "protocol_version": "4.1",
        },
        "target": "/srv/netfs",
        "mount_options": ["sync", "lazytime"],
    },
    {
        "name": "disk",
        "type": "disk",
        "source": {"devices": ["/dev/mapper/mpatha"], "part_separator": False, "format": "gpt"},
    },
    {
        "name": "iscsi",
        "type": "iscsi",
        "source": {
            "hosts": [{"name": "iscsi.example.com"}],
            "devices": ["iqn.2013-06.com.example:pool"],
            "initiator": "iqn.2013-06.com.example:host",
            "auth": {"type": "chap", "username": "user", "secret": SECRET},
            "vendor": "maker",
            "product": "box",
        },
        "target": "/dev/disk/by-path",
    },
    {
        "name": "scsi",
        "type": "scsi",
        "source": {
            "adapter": {
                "type": "scsi_host",
                "parentaddr": {
                    "unique_id": 5,
                    "address": {"domain": "0x0000", "bus": "0x00", "slot": "0x1f", "function": "0x2"},
                },
            }
        },
    },
    {
        "name": "fc",
        "type": "scsi",
        "source": {
            "adapter": {
                "type": "fc_host",
                "name": "scsi_host7",
                "parent": "scsi_host5",
                "managed": True,
                "wwnn": "20000000c9831b4b",
                "wwpn": "10000000c9831b4b",
            }
        },
    },
    {
        "name": "ceph",
        "type": "rbd",
        "source": {
            "name": "rbd",
            "hosts": [{"name": "localhost", "port": 6789}, {"name": "localhost", "port": 6790}],
            "auth": {"type": "ceph", "username": "admin", "secret": {"usage": "ceph"}},
        },
        "refresh_allocation": "capacity",
        "config_options": [{"name": "client_mount_timeout", "value": "45"}],
    },
    {"name": "vg0", "type": "logical", "source": {"name": "vg0", "format": "lvm2"}, "target": "/dev/vg0"},
]

VOLUMES: list[dict[str, Any]] = [
    {
        "name": "all.qcow2",
        "pool": "fast",
        "state": "present",
        "capacity": "20GiB",
        "allocation": "1MiB",
        "format": "qcow2",
        "backing": {"path": "/images/base.raw", "format": "raw", "permissions": PERMISSIONS},
        "permissions": PERMISSIONS,
        "compat": "1.1",
        "nocow": True,
        "cluster_size": "128KiB",
        "lazy_refcounts": True,
        "extended_l2": True,
        "encryption": {
            "format": "luks",
            "engine": "qemu",
            "secret": {"type": "passphrase", **SECRET},
            "cipher": {"name": "serpent", "size": 256, "mode": "cbc", "hash": "sha256"},
            "ivgen": {"name": "plain64", "hash": "sha256"},
        },
        "xml": "<target><features><lazy_refcounts/></features></target>",
    },
    {
        "name": "over",
        "backing": {"volume": "base"},
        "encryption": {"format": "luks", "secret": {"type": "passphrase", "usage": "disk"}},
    },
    {"name": "clone", "clone_from": "fast/base"},
    {"name": "web", "image": "https://example.com/x.qcow2", "checksum": "sha256:" + "0" * 64, "image_timeout": 60},
]

SAMPLES = [
    *(pytest.param(POOL, sample, id=f"pool-{sample['name']}") for sample in POOLS),
    *(pytest.param(VOLUME, sample, id=f"volume-{sample['name']}") for sample in VOLUMES),
]


def options(documented: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every option of a table by its dotted path, with its documentation."""
    for name, option in documented.items():
        yield prefix + name, option
        yield from options(option.get("suboptions", {}), f"{prefix}{name}.")


def used(value: Any, prefix: str = "") -> Iterator[str]:
    """The dotted paths of the options in a declaration."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield prefix + name
            yield from used(inner, f"{prefix}{name}.")
    elif isinstance(value, list):
        for inner in value:
            yield from used(inner, prefix)


def stripped(rows: Any, item: dict[str, Any]) -> dict[str, Any]:
    """An item without what no definition holds."""
    out = {}
    for row in rows:
        if isinstance(row, (Aside, Fragment, Property)) or row.name not in item:
            continue
        value = item[row.name]
        out[row.name] = stripped(row.rows, value) if isinstance(value, dict) and row.rows else value
    return {name: value for name, value in out.items() if value != {}}


@pytest.mark.parametrize(("table", "samples"), [(POOL, POOLS), (VOLUME, VOLUMES)], ids=["pool", "volume"])
def test_every_option_is_in_a_sample_and_documented(table: Table, samples: list[dict[str, Any]]) -> None:
    documented = dict(options(table.document()))
    assert documented.keys() - set(used(samples)) == set()
    for path, option in documented.items():
        said = option["description"]
        sentences = [said] if isinstance(said, str) else said
        assert all(sentence.endswith(".") for sentence in sentences), path
        assert sentences[0][0].isupper(), path


@pytest.mark.parametrize(("table", "sample"), SAMPLES)
def test_a_sample_comes_back_and_makes_the_same_again(table: Table, sample: dict[str, Any]) -> None:
    (item,) = table.parse([sample])
    xml = defined(plan_one(table, None, sample))
    again = read_rows(table.rows, ET.fromstring(xml))
    for name, value in stripped(table.rows, item).items():
        assert again[name] == value
    config = show_rows(table.rows, again)
    assert canonical(defined(plan_one(table, None, config))) == canonical(xml)
    there = observed(xml, state="present" if table is VOLUME else "inactive")
    state = {} if table is VOLUME else {"state": "present"}
    assert changes(plan_one(table, there, {**config, **state})) == {}


def problems(table: Table, **item: Any) -> str:
    """What is wrong with an item, a line each."""
    return "\n".join(str(problem) for problem in table.parse_item({"name": "x", **item})[1])


def test_ids_and_modes_at_their_ends() -> None:
    for owner in (0, 4294967294, -1, None):
        item, problems = VOLUME.parse_item({"name": "x", "permissions": {"owner": owner, "mode": "0777"}})
        assert problems == []
        assert (item["permissions"].get("owner"), item["permissions"]["mode"]) == (owner, "0777")


@pytest.mark.parametrize(
    ("options_", "word"),
    [
        ({"name": "../x"}, "is not a safe name"),
        ({"name": ".."}, "is not a safe name"),
        ({"pool": "a/b"}, "is not a safe name"),
        ({"capacity": 20}, "write a unit"),
        ({"capacity": "20 apples"}, "is not a size"),
        ({"capacity": -1}, "is not a size"),
        ({"capacity": 2**63}, "is more than a disk can have"),
        ({"capacity": "8192PiB"}, "is more than a disk can have"),
        ({"permissions": {"mode": 493}}, "write it in quotes"),
        ({"permissions": {"mode": "0999"}}, "write it in quotes"),
        ({"permissions": {"mode": "7777"}}, "is not a mode up to '0777'"),
        ({"permissions": {"mode": "1777"}}, "is not a mode up to '0777'"),
        ({"permissions": {"owner": "root"}}, "'id -u NAME'"),
        ({"permissions": {"owner": -2}}, "'id -u NAME'"),
        ({"permissions": {"owner": 4294967295}}, "from 0 to 4294967294, and -1"),
        ({"permissions": {"group": 4294967296}}, "from 0 to 4294967294, and -1"),
        ({"backing": {"path": "/a", "format": "raw", "permissions": {"mode": "4755"}}}, "is not a mode up to '0777'"),
        ({"image": "ftp://x/y"}, "http, https, file"),
        ({"image": "pool/debian-12"}, "a volume is named in clone_from"),
        ({"image": "/x", "checksum": "sha256:12"}, "64 hex digits"),
        ({"image": "/x", "checksum": "md5:" + "0" * 32}, "is not a checksum"),
        ({"checksum": "sha256:" + "0" * 64}, "goes with image"),
        ({"image": "/x", "image_timeout": 60}, "image_timeout: goes with an image that is an URL"),
        ({"image": "/x", "clone_from": "y"}, "only one of image, clone_from"),
        ({"clone_from": "a/b/c"}, "POOL/VOLUME"),
        ({"clone_from": "../etc"}, "is not a safe name"),
        ({"backing": {}}, "give volume or path"),
        ({"backing": {"volume": "a", "path": "/a"}}, "only one of volume, path"),
        ({"backing": {"volume": "a"}, "format": "raw"}, "needs format qcow2"),
        ({"image": "/x", "encryption": {"format": "luks"}}, "does not go with image"),
    ],
)
def test_what_is_wrong_with_a_volume_is_said(options_: dict[str, Any], word: str) -> None:
    assert word in problems(VOLUME, **options_)


@pytest.mark.parametrize("size", ["1MiB", "0", 0, 4096, "1.5GiB", "10 GB"])
def test_sizes_that_are_taken(size: Any) -> None:
    assert problems(VOLUME, capacity=size) == ""


def test_one_volume_is_declared_once_in_a_pool() -> None:
    both = [{"name": "x", "capacity": "1MiB"}, {"name": "x", "pool": "fast", "capacity": "1MiB"}]
    assert len(VOLUME.parse(both)) == 2
    with pytest.raises(Exception, match="volume default/x: name: is declared more than once"):
        VOLUME.parse([both[0], {**both[0], "pool": "default"}])


@pytest.mark.parametrize(
    ("pool", "missing"),
    [
        ({"type": "fs", "target": "/srv"}, "source.devices: a new pool of type 'fs' needs it"),
        ({"type": "netfs", "target": "/srv", "source": {"dir": "/x"}}, "source.hosts"),
        ({"type": "rbd", "source": {"hosts": [{"name": "x"}]}}, "source.name"),
        ({}, "target: a new pool of type 'dir' needs it"),
    ],
)
def test_a_new_pool_needs_what_its_type_needs(pool: dict[str, Any], missing: str) -> None:
    with pytest.raises(Exception, match=missing):
        plan_one(POOL, None, {"name": "x", **pool})


def test_the_pool_default_needs_no_more_than_its_name() -> None:
    assert read_rows(POOL.rows, ET.fromstring(defined(plan_one(POOL, None, {"name": "default"}))))["target"] == (
        "/var/lib/libvirt/images"
    )


def test_the_target_of_devices_is_known() -> None:
    root = ET.fromstring(defined(plan_one(POOL, None, POOLS[2])))
    assert root.findtext("target/path") == "/dev"


def test_a_pool_does_not_become_of_another_type() -> None:
    xml = defined(plan_one(POOL, None, POOLS[0]))
    with pytest.raises(Exception, match="type: is dir and cannot be changed to fs"):
        plan_one(POOL, observed(xml, state="inactive"), {"name": "dir", "type": "fs"})


URL, SUM = "https://example.com/x.qcow2", "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        ({"size": 1}, ""),
        ({"size": 0}, "disks[0].size: is 0, which is no size of a disk"),
        ({"image": URL, "checksum": SUM, "image_timeout": 60}, ""),
        ({"image": "/srv/x", "checksum": SUM}, ""),
        ({"image": "debian-13", "checksum": SUM}, "disks[0].checksum: goes with an image that is an URL or a file"),
        ({"checksum": SUM}, "disks[0].checksum: goes with an image that is an URL or a file"),
        ({"image": "/srv/x", "image_timeout": 60}, "disks[0].image_timeout: goes with an image that is an URL"),
        ({"size": 1, "image_timeout": 60}, "disks[0].image_timeout: goes with an image that is an URL"),
        ({"backing": "base", "format": "qcow2"}, ""),
        ({"backing": "base", "format": "raw"}, "disks[0].format: a raw disk cannot be laid over another"),
        ({"size": 1, "format": "raw"}, ""),
        ({"image": "/srv/x", "backing": "base"}, "disks[0]: give only one of image, backing"),
        ({"file": "/srv/x", "size": 1}, "makes a new disk; leave it out to use the existing file"),
        ({"block": "/dev/x", "size": 1}, "makes a new disk; leave it out to use the existing device"),
        ({"file": "/srv/x"}, ""),
        ({"volume": "x", "pool": "p"}, ""),
        ({"volume": "p/x"}, "disks[0].volume: 'p/x' is no name of a volume"),
        ({"volume": ".."}, "disks[0].volume: '..' is no name of a volume"),
        ({"device": "cdrom", "file": "/srv/x.iso"}, ""),
        ({"device": "cdrom", "size": 1}, "makes a disk, and does not go with device 'cdrom'"),
        ({"device": "floppy", "image": "/srv/x"}, "makes a disk, and does not go with device 'floppy'"),
        ({"device": "lun", "size": 1}, ""),
    ],
)
def test_a_disk_that_is_made_is_a_volume_filled_from_one_place(disk: dict[str, Any], words: str) -> None:
    found = [str(each) for each in storage_rules.made_disks({"disks": [disk]})]
    assert words in " ".join(found)
    assert len(found) == bool(words)


@pytest.mark.parametrize(
    ("disk", "form"),
    [
        ({"shareable": True, "file": "/srv/x.raw"}, None),
        ({"shareable": True, "file": "/srv/x.qcow2"}, "qcow2"),
        ({"shareable": True, "file": "/srv/x.qcow2", "format": "raw"}, None),
        ({"shareable": True, "size": 1}, "qcow2"),
        ({"shareable": True, "size": 1, "format": "raw"}, None),
        ({"shareable": True, "size": 1, "pool": "vg0"}, None),
        ({"shareable": True, "size": 1, "pool": "default"}, "qcow2"),
        ({"shareable": True, "size": 1, "volume": "x.raw"}, None),
        ({"shareable": True, "size": 1, "pool": "vg0", "volume": "x.qcow2"}, "qcow2"),
        ({"shareable": True, "backing": "base", "pool": "vg0"}, "qcow2"),
        ({"shareable": True, "size": 1, "readonly": True}, None),
        ({"shareable": True, "file": "/x.qcow2", "device": "cdrom"}, None),
        ({"shareable": True, "file": "/x.qcow2", "device": "floppy"}, None),
        ({"shareable": True, "file": "/x.qcow2", "device": "disk"}, "qcow2"),
        ({"file": "/srv/x.qcow2"}, None),
    ],
)
def test_a_disk_that_several_guests_write_to_is_raw(disk: dict[str, Any], form: str | None) -> None:
    found = [str(each) for each in storage_rules.shared_writers({"disks": [{"size": 1}, disk]})]
    assert len(found) == (form is not None)
    assert all("disks[1].shareable: only a raw disk" in each and f"this one is {form}:" in each for each in found)
