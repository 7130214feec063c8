# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever uses a volume holds it, by whatever name and however far below; and nobody else does."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.file_systems import mount_points
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.declared_uses import add_volumes
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage import survey_users
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.removal import Judge
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.survey_users import files
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.users import Pool, is_local
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.storage_world import KEY, World, disk, guest


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


SPELLINGS: dict[str, Callable[[World], str]] = {
    "as it is": lambda w: str(w.old),
    "two slashes first": lambda w: f"/{w.old}",
    "two slashes within": lambda w: f"{w.pool}//old.qcow2",
    "a dot within": lambda w: f"{w.pool}/./old.qcow2",
    "two dots within": lambda w: f"{w.other}/../pool/old.qcow2",
    "a link to the folder": lambda w: f"{w.link('images', w.pool)}/old.qcow2",
    "a relative link to the folder": lambda w: f"{w.link('images', 'pool')}/old.qcow2",
    "a link to a folder above": lambda w: f"{w.link('up', w.root)}/pool/old.qcow2",
    "two dots behind a link": lambda w: f"{w.link('deep', w.other)}/../pool/old.qcow2",
    "a link to the file": lambda w: w.link("disk", w.old),
    "a relative link to the file": lambda w: w.link("disk", "pool/old.qcow2"),
    "a link to a link": lambda w: w.link("second", w.link("first", w.old)),
    "a hard link": lambda w: w.hard(),
    "a link to a hard link": lambda w: w.link("soft", w.hard()),
    "/proc/self/root": lambda w: f"/proc/self/root{w.old}",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_disk_by_any_spelling(world: World, name: str) -> None:
    guest(world, disk(SPELLINGS[name](world)))
    assert world.held() == ["guest web"]


@pytest.mark.parametrize("name", SPELLINGS)
def test_an_overlay_whose_base_is_in_any_spelling(world: World, name: str) -> None:
    guest(world, disk(world.image(images.qcow2(SPELLINGS[name](world)))))
    assert world.held() == ["guest web"]


@pytest.mark.parametrize("path", ["", "/", "//", "///", "//x", "x", ".", "..", "/..", "//../x//", "/x/./", "a\0b"])
def test_the_folders_of_any_path_come_to_an_end(world: World, path: str) -> None:
    found = list(itertools.islice(world.users.places.folders(path), 100))
    assert len(found) < 100
    assert isinstance(world.users.places.goes(path), frozenset)
    assert isinstance(world.users.places.folder(path), frozenset)


def test_a_path_that_is_not_from_the_root(world: World) -> None:
    guest(world, disk(str(world.old).lstrip("/")))
    assert world.held() == ["guest web"]


USES: dict[str, Callable[[World], None]] = {
    "a volume": lambda w: guest(w, "<disk type='volume'><source pool='p' volume='old.qcow2'/></disk>"),
    "a volume of a pool over a link": lambda w: guest(
        w, "<disk type='volume'><source pool='again' volume='old.qcow2'/></disk>"
    ),
    "a volume of a pool that is off": lambda w: guest(
        w, "<disk type='volume'><source pool='off' volume='old.qcow2'/></disk>"
    ),
    "a file as a device": lambda w: guest(w, f"<disk type='block'><source dev='{w.old}'/></disk>"),
    "a CD-ROM": lambda w: guest(w, f"<disk device='cdrom' type='file'><source file='{w.old}'/><readonly/></disk>"),
    "a floppy": lambda w: guest(w, f"<disk device='floppy' type='file'><source file='{w.old}'/></disk>"),
    "the copy of a disk": lambda w: guest(
        w, disk("/x", inner=f"<mirror type='file' file='{w.old}'><source file='{w.old}'/></mirror>")
    ),
    "a declared base": lambda w: guest(
        w, disk("/x", "raw", f"<backingStore type='file'><source file='{w.old}'/></backingStore>")
    ),
    "a base of a base": lambda w: guest(
        w,
        disk(
            "/x",
            "raw",
            "<backingStore type='file'><format type='raw'/><source file='/y'/>"
            f"<backingStore type='file'><format type='raw'/><source file='{w.old}'/></backingStore></backingStore>",
        ),
    ),
    "the data of a base": lambda w: guest(
        w,
        "<disk type='file'><source file='/x'>"
        f"<dataStore type='file'><source file='{w.old}'/></dataStore></source></disk>",
    ),
    "a folder as a disk": lambda w: guest(w, f"<disk type='dir'><source dir='{w.pool}'/></disk>"),
    "a folder": lambda w: guest(w, f"<filesystem><source dir='{w.pool}/.'/><target dir='x'/></filesystem>"),
    "a folder above": lambda w: guest(
        w, f"<filesystem type='mount'><source dir='{w.root}'/><target dir='x'/></filesystem>"
    ),
    "a link to a folder above": lambda w: guest(
        w, f"<filesystem type='mount'><source dir='{w.link('up', w.root)}'/><target dir='x'/></filesystem>"
    ),
    "a file system in a file": lambda w: guest(w, f"<filesystem type='file'><source file='{w.old}'/></filesystem>"),
    "the kernel": lambda w: guest(w, os_part=f"<kernel>{w.old}</kernel>"),
    "the initial ramdisk": lambda w: guest(w, os_part=f"<initrd>{w.old}</initrd>"),
    "the device tree": lambda w: guest(w, os_part=f"<dtb>{w.old}</dtb>"),
    "the firmware": lambda w: guest(w, os_part=f"<loader readonly='yes' type='pflash'>{w.old}</loader>"),
    "the firmware's variables": lambda w: guest(w, os_part=f"<nvram>{w.old}</nvram>"),
    "variables in a source": lambda w: guest(w, os_part=f"<nvram type='file'><source file='{w.old}'/></nvram>"),
    "the template of variables": lambda w: guest(w, os_part=f"<nvram template='{w.old}'>/x</nvram>"),
    "an ACPI table": lambda w: guest(w, os_part=f"<acpi><table type='slic'>{w.old}</table></acpi>"),
    "fw_cfg": lambda w: guest(w, more=f"<sysinfo type='fwcfg'><entry name='opt/x' file='{w.old}'/></sysinfo>"),
    "a serial port into a file": lambda w: guest(w, f"<serial type='file'><source path='{w.old}'/></serial>"),
    "a log": lambda w: guest(w, f"<console type='pty'><log file='{w.old}' append='on'/></console>"),
    "a source of random numbers": lambda w: guest(w, f"<rng><backend model='random'>{w.old}</backend></rng>"),
    "a TPM's state": lambda w: guest(
        w, f"<tpm><backend type='emulator'><source type='file' path='{w.old}'/></backend></tpm>"
    ),
    "a TPM's folder": lambda w: guest(
        w, f"<tpm><backend type='emulator'><source type='dir' path='{w.pool}'/></backend></tpm>"
    ),
    "persistent memory": lambda w: guest(w, f"<memory model='nvdimm'><source><path>{w.old}</path></source></memory>"),
    "a device's ROM": lambda w: guest(w, f"<interface type='network'><rom file='{w.old}'/></interface>"),
    "a device handed on": lambda w: guest(
        w, f"<hostdev mode='capabilities' type='storage'><source><block>{w.old}</block></source></hostdev>"
    ),
    "what no option covers": lambda w: guest(w, more=f"<new><thing place='{w.old}'/></new>"),
    "an argument of QEMU": lambda w: guest(
        w, more=f"<qemu:commandline><qemu:arg value='file={w.old},if=none'/></qemu:commandline>"
    ),
    "an argument of QEMU in JSON": lambda w: guest(
        w,
        more="<qemu:commandline><qemu:arg value='{&quot;driver&quot;: &quot;file&quot;, &quot;filename&quot;:"
        f" &quot;{w.old}&quot;}}'/></qemu:commandline>",
    ),
    "a folder in an argument of QEMU": lambda w: guest(
        w, more=f"<qemu:commandline><qemu:arg value='local,path={w.pool},id=x'/></qemu:commandline>"
    ),
    "a snapshot's former definition": lambda w: w.users.add_document(
        "guest web",
        "web",
        ET.fromstring(f"<domainsnapshot><domain><devices>{disk(str(w.old))}</devices></domain></domainsnapshot>"),
    ),
    "a snapshot's inactive definition": lambda w: w.users.add_document(
        "guest web",
        "web",
        ET.fromstring(
            f"<domainsnapshot><inactiveDomain><devices>{disk(str(w.old))}</devices></inactiveDomain></domainsnapshot>"
        ),
    ),
    "a snapshot's memory": lambda w: w.users.add_document(
        "guest web", "web", ET.fromstring(f"<domainsnapshot><memory file='{w.old}'/></domainsnapshot>")
    ),
    "a snapshot's file": lambda w: w.users.add_document(
        "guest web",
        "web",
        ET.fromstring(
            f"<domainsnapshot><disks><disk name='vda'><source file='{w.old}'/></disk></disks></domainsnapshot>"
        ),
    ),
}


@pytest.mark.parametrize("name", USES)
def test_a_use_of_any_kind(world: World, name: str) -> None:
    USES[name](world)
    assert world.held() == ["guest web"]


OTHERS: dict[str, Callable[[World], None]] = {
    "another file of the pool": lambda w: guest(w, disk(str(w.pool / "else.qcow2"))),
    "a file of its name elsewhere": lambda w: guest(w, disk(str(w.root / "pool2" / "old.qcow2"))),
    "a name that begins like it": lambda w: guest(w, disk(f"{w.old}.bak")),
    "a folder that begins like it": lambda w: guest(
        w, f"<filesystem><source dir='{w.root}/pool2'/><target dir='/'/></filesystem>"
    ),
    "a folder beside": lambda w: guest(w, f"<filesystem><source dir='{w.other}'/></filesystem>"),
    "a link to another file": lambda w: guest(w, disk(w.link("x", w.pool / "else.qcow2"))),
    "a link to nothing": lambda w: guest(w, disk(w.link("x", w.other / "none"))),
    "a link to itself": lambda w: guest(w, disk(w.link("x", "x"))),
    "a disk that is gone": lambda w: guest(w, disk(str(w.other / "gone.qcow2"))),
    "a volume of its name elsewhere": lambda w: guest(
        w, "<disk type='volume'><source pool='q' volume='old.qcow2'/></disk>"
    ),
    "an overlay over another": lambda w: guest(w, disk(w.image(images.qcow2(str(w.pool / "else.qcow2"))))),
    "a circle": lambda w: guest(w, disk(w.image(images.qcow2("over.qcow2")))),
    "what is for people": lambda w: guest(w, more=f"<description>{w.old}</description>"),
    "what is for the guest": lambda w: guest(w, os_part=f"<cmdline>{w.old}</cmdline>"),
    "metadata": lambda w: guest(w, more=f"<metadata><x>{w.old}</x></metadata>"),
    "the serial number of a disk": lambda w: guest(w, disk("/x", "raw", "<serial>old.qcow2</serial>")),
    "a name with NUL in an image": lambda w: guest(w, disk(w.image(images.qcow2("a\0b")))),
    "an empty image": lambda w: guest(w, disk(w.image(b""))),
    "half a header": lambda w: guest(w, disk(w.image(b"QFI"))),
    "an extent that is the image itself": lambda w: guest(
        w, disk(w.image(images.vmdk_sparse(images.vmdk("over.qcow2"))))
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_another_thing_does_not_hold_it(world: World, name: str) -> None:
    OTHERS[name](world)
    assert world.held() == []


@pytest.mark.parametrize(("form", "stays"), [("qcow2", True), ("raw", False)])
def test_an_image_on_storage_that_is_away_may_be_laid_over_anything(world: World, form: str, stays: bool) -> None:
    guest(world, disk(str(world.root / "unmounted" / "x.qcow2"), form))
    assert bool(world.held()) == stays


def test_what_cannot_be_looked_at_is_a_doubt(world: World) -> None:
    def look(path: str) -> os.stat_result:
        if "stale" in path:
            raise OSError(116, "Stale file handle")
        return os.stat(path)

    world.users.places.look = look
    guest(world, disk("/mnt/stale/x.raw", "raw"))
    assert "/mnt/stale/x.raw cannot be looked at (Stale file handle)" in world.held()


def test_who_may_not_look_at_a_file_does_not_use_it_either(world: World) -> None:
    def look(path: str) -> os.stat_result:
        if "/root" in path:
            raise PermissionError(13, "Permission denied")
        return os.stat(path)

    world.users.places.look = look
    world.users.own = True
    guest(world, disk("/root/x.raw", "raw"))
    assert world.held() == []
    world.users.own = False
    assert "/root/x.raw cannot be looked at (Permission denied)" in world.held()


NETWORK = {
    "rbd": "<disk type='network'><source protocol='rbd' name='ceph/old'><host name='a'/></source></disk>",
    "another server": "<disk type='network'><source protocol='rbd' name='ceph/old'><host name='b'/></source></disk>",
}


@pytest.mark.parametrize("name", NETWORK)
def test_a_volume_on_the_network(world: World, name: str) -> None:
    world.users.pools["ceph"] = Pool(None, "ceph", {"old": "ceph/old", "new": "ceph/new"})
    guest(world, NETWORK[name])
    assert world.users.of("ceph/old", "ceph/old") == ["guest web"]
    assert world.users.of("ceph/new", "ceph/new") == []


def test_a_gluster_volume(world: World) -> None:
    guest(world, "<disk type='network'><source protocol='gluster' name='vol/old'/></disk>")
    assert world.users.of("g/old", "gluster://server/vol/old") == ["guest web"]


@pytest.mark.parametrize(
    "item",
    [
        {"clone_from": "old.qcow2"},
        {"clone_from": "p/old.qcow2"},
        {"backing": {"volume": "old.qcow2"}},
        {"backing": {"path": "{link}/old.qcow2", "format": "qcow2"}},
        {"image": "{link}/old.qcow2"},
        {"image": "file://{link}/old.qcow2"},
        {"pool": "again", "clone_from": "old.qcow2"},
        {"pool": "again", "name": "old.qcow2"},
    ],
)
def test_what_a_declared_volume_is_made_from(world: World, item: dict[str, object]) -> None:
    link = world.link("images", world.pool)
    item = json.loads(json.dumps(item).replace("{link}", link))
    whole = {"name": "new", "pool": "p", "state": "present", **item}
    add_volumes(world.users, [whole])
    assert world.held() == [f"the declared volume {whole['pool']}/{whole['name']}"]
    other = World(Path(str(world.root / "other")))
    add_volumes(other.users, [{**whole, "state": "absent"}])
    assert other.held() == []


def test_the_own_overlay_that_stays_holds_its_base(world: World) -> None:
    """A guest goes; what it has elsewhere stays, and needs what it is laid over."""
    over = world.image(images.qcow2(str(world.old)))
    guest(world, disk(over))
    assert Judge(world.users, ["web"]).weigh(KEY, str(world.old)) == (
        [f"{over}, which stays and is laid over it"],
        (),
    )
    guest(world, disk(str(world.old)))
    assert Judge(world.users, ["other"]).weigh(KEY, str(world.old))[0] == ["guest web"]


def test_connections_to_this_host() -> None:
    local = ("qemu:///system", "qemu:///session", "test:///default", "lxc:///", "qemu+unix:///system?socket=/x")
    remote = ("qemu+ssh://root@host/system", "qemu://host/system", "qemu+tls://host/system", "qemu://[x/")
    assert [is_local(uri) for uri in (*local, *remote)] == [True] * 5 + [False] * 4


@pytest.mark.parametrize(("place", "found"), [("deep", True), ("deep/deeper", True), ("deep/deeper/deepest", False)])
def test_an_overlay_in_a_folder_below_that_of_a_pool(world: World, place: str, found: bool) -> None:
    """libvirt lists none of them."""
    folder = world.pool / place
    folder.mkdir(parents=True)
    (folder / "over.qcow2").write_bytes(images.qcow2(str(world.old)))
    assert [path for path in files(str(world.pool)) if path.endswith("over.qcow2")] == [
        f"{folder}/over.qcow2" for _once in range(found)
    ]


def test_what_is_mounted_below_the_folder_of_a_pool_is_left_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("server", "local"):
        (world.pool / name).mkdir()
        (world.pool / name / "x").touch()
    monkeypatch.setattr(survey_users, "mount_points", lambda: {"/", os.path.realpath(world.pool / "server")})
    assert [path for path in files(str(world.pool)) if path.endswith("/x")] == [f"{world.pool}/local/x"]


def test_no_more_files_below_the_folder_of_a_pool_are_looked_at_than_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey_users, "MOST", 2)
    for folder in ("a", "b", "c"):
        (world.pool / folder).mkdir()
        for name in ("x", "y"):
            (world.pool / folder / name).touch()
    assert len([path for path in files(str(world.pool)) if path.endswith(("/x", "/y"))]) == 2


def test_mount_points_are_as_the_kernel_tells_them(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "mountinfo").write_text(
        "22 1 0:20 / / rw - ext4 /dev/sda1 rw\n30 22 0:31 / /srv/a\\040b rw shared:1 - nfs4 x:/y rw\n\n"
    )
    assert mount_points(str(tmp_path)) == {"/", "/srv/a b"}
    assert mount_points(str(tmp_path / "none")) == set()
