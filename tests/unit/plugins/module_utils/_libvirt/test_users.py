# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever uses a volume holds it, by whatever name and however far below; and nobody else does."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.block_devices import BlockDevices
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.places import Places
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.declared import add_volumes
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.removal import Judge
from ansible_collections.virtfleet.kvm.plugins.module_utils._libvirt.users import Pool, Users, is_local
from ansible_collections.virtfleet.kvm.tests.unit import images

KEY = "p/old.qcow2"


class World:
    """A folder of a pool with the volume that is to go, and other folders beside it."""

    def __init__(self, root: Path) -> None:
        self.root, self.pool, self.other = root, root / "pool", root / "other"
        self.pool.mkdir()
        self.other.mkdir()
        self.old = self.pool / "old.qcow2"
        self.old.write_bytes(b"data")
        (self.pool / "else.qcow2").write_bytes(b"data")
        (root / "pool2").mkdir()
        (root / "pool2" / "old.qcow2").write_bytes(b"data")
        self.users = Users()
        for name, target in (("p", self.pool), ("again", root / "link-to-pool"), ("off", f"{root}//pool/")):
            self.users.pools[name] = Pool(str(target), None, {})
        self.users.pools["p"].paths["old.qcow2"] = str(self.old)
        (root / "link-to-pool").symlink_to("pool")

    def link(self, name: str, to: str | Path) -> str:
        """A symbolic link."""
        (self.root / name).symlink_to(to)
        return str(self.root / name)

    def image(self, content: bytes, name: str = "other/over.qcow2") -> str:
        """An image beside the pool."""
        (self.root / name).write_bytes(content)
        return str(self.root / name)

    def hard(self) -> str:
        """A hard link."""
        os.link(self.old, self.other / "hard")
        return str(self.other / "hard")

    def held(self) -> list[str]:
        """Who holds the volume."""
        return self.users.of(KEY, str(self.old))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def guest(world: World, *inner: str, os_part: str = "", more: str = "") -> None:
    """A guest with these devices."""
    devices = "".join(inner)
    world.users.add_document(
        "guest web",
        "web",
        ET.fromstring(
            "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>web</name>"
            f"<os>{os_part}</os><devices>{devices}</devices>{more}</domain>"
        ),
    )


def disk(path: str, form: str = "qcow2", inner: str = "") -> str:
    source = f"<driver type='{form}'/><source file='{path}'/>"
    return f"<disk type='file'>{source}{inner}<target dev='vda' bus='virtio'/></disk>"


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


def over_json(world: World, **options: object) -> bytes:
    return images.qcow2("json:" + json.dumps(options))


HEADERS: dict[str, Callable[[World], bytes]] = {
    "qcow2": lambda w: images.qcow2(str(w.old)),
    "qcow2, version 2": lambda w: images.qcow2(str(w.old), version=2),
    "qcow": lambda w: images.qcow2(str(w.old), version=1),
    "relative": lambda w: images.qcow2("../pool/old.qcow2"),
    "file:": lambda w: images.qcow2(f"file:{w.old}"),
    "file://": lambda w: images.qcow2(f"file://{w.old}"),
    "file: and relative": lambda w: images.qcow2("file:../pool/old.qcow2"),
    "host_device:": lambda w: images.qcow2(f"host_device:{w.old}"),
    "fat:": lambda w: images.qcow2(f"fat:rw:{w.old}"),
    "json: with a file": lambda w: over_json(w, driver="qcow2", file={"driver": "file", "filename": str(w.old)}),
    "json: with a dot": lambda w: over_json(w, **{"driver": "qcow2", "file.filename": str(w.old)}),
    "json: relative": lambda w: over_json(w, file={"driver": "file", "filename": "../pool/old.qcow2"}),
    "json: in json:": lambda w: over_json(w, **{"file.filename": "json:" + json.dumps({"filename": str(w.old)})}),
    "json: with a backing": lambda w: over_json(w, driver="qcow2", backing={"file": {"filename": str(w.old)}}),
    "the data in another file": lambda w: images.qcow2(data=str(w.old)),
    "the data in a file beside": lambda w: images.qcow2("/x", data="../pool/old.qcow2"),
    "QED": lambda w: images.qed(str(w.old)),
    "an extent of VMDK": lambda w: images.vmdk(str(w.old)),
    "a parent of VMDK": lambda w: images.vmdk("x", str(w.old)),
    "a sparse VMDK": lambda w: images.vmdk_sparse(images.vmdk("x", "../pool/old.qcow2", "SPARSE")),
    "VHD": lambda w: images.vhd(str(w.old)),
    "VHDX": lambda w: images.vhdx("..\\pool\\old.qcow2"),
}


@pytest.mark.parametrize("form", ["qcow2", "raw"])
@pytest.mark.parametrize("name", HEADERS)
def test_an_image_that_names_it(world: World, name: str, form: str) -> None:
    """Also one that a guest wrote into a raw disk: what is right cannot be told from here."""
    guest(world, disk(world.image(HEADERS[name](world)), form))
    assert world.held() == ["guest web"]


@pytest.mark.parametrize("name", HEADERS)
def test_an_image_that_no_guest_has(world: World, name: str) -> None:
    path = world.image(HEADERS[name](world))
    world.users.lay_over("volume q/over", path)
    assert world.held() == ["volume q/over"]


def test_a_long_chain(world: World) -> None:
    below = str(world.old)
    for number in range(30):
        below = world.image(images.qcow2(below), f"other/{number}")
    guest(world, disk(below))
    assert world.held() == ["guest web"]


def test_a_relative_base_of_an_image_behind_a_link(world: World) -> None:
    """QEMU looks beside the link, other tools beside what it leads to."""
    over = world.image(images.qcow2("old.qcow2"), "other/over.qcow2")
    (world.pool / "linked.qcow2").symlink_to(over)
    guest(world, disk(str(world.pool / "linked.qcow2")))
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


DOUBTS: dict[str, Callable[[World], bytes]] = {
    "a base behind the end": lambda w: images.qcow2(str(w.old))[:110],
    "a name that is too long": lambda w: images.qcow2("x" * 5000),
    "json: that is none": lambda w: images.qcow2("json:{"),
    "json: without an end": lambda w: images.qcow2("json:" + "[" * 500),
    "json: in json: again and again": lambda w: images.qcow2(nested(12)),
    "data in a file without a name": lambda w: images.qcow2(data="x").replace(b"DATA", b"XXXX"),
    "a QED cut off": lambda w: images.qed(str(w.old))[:70],
}


def nested(depth: int) -> str:
    """A name in a name."""
    return "x" if depth == 0 else "json:" + json.dumps({"f": nested(depth - 1)})


@pytest.mark.parametrize("name", DOUBTS)
def test_in_doubt_it_stays_and_the_image_is_named(world: World, name: str) -> None:
    guest(world, disk(world.image(DOUBTS[name](world))))
    (why,) = world.held()
    assert why.startswith("guest web: ")
    assert str(world.other) in why


def test_a_chain_without_an_end_is_a_doubt(world: World) -> None:
    for number in range(300):
        world.image(images.qcow2(f"{number + 1}"), f"other/{number}")
    guest(world, disk(str(world.other / "0")))
    assert "laid over too many" in world.held()[0]


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


@pytest.mark.parametrize("base", ["rbd:ceph/old:id=admin", 'json:{"driver": "rbd", "pool": "ceph", "image": "old"}'])
def test_an_image_over_one_on_the_network(world: World, base: str) -> None:
    world.users.pools["ceph"] = Pool(None, "ceph", {"old": "ceph/old"})
    guest(world, disk(world.image(images.qcow2(base))))
    assert world.users.of("ceph/old", "ceph/old") == ["guest web"]


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


# --- devices ---


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
        users = Users(devices.places)
        guest_with(users, f"<disk type='block'><source dev='{devices.dev}/{name}'/></disk>")
        assert users.of("vg0/lv", f"{devices.dev}/vg0/lv") == ["guest web"], name
        assert users.of("vg0/other", f"{devices.dev}/dm-1") == [], name


def guest_with(users: Users, inner: str) -> None:
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
    users = Users(devices.places)
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
        users = Users(devices.places)
        guest_with(users, f"<disk type='block'><source dev='{devices.dev}/{used}'/></disk>")
        assert bool(users.of("vg0/x", f"{devices.dev}/{goes}")) == held


def test_a_disk_that_is_handed_on_by_its_scsi_address(devices: Devices) -> None:
    home = devices.sys / "bus/scsi/devices/2:0:1:3/block"
    home.mkdir(parents=True)
    (home / "sdb").symlink_to(devices.sys / "devices/sdb")
    users = Users(devices.places)
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
        users = Users(devices.places)
        guest_with(users, f"<disk type='block'><source dev='{devices.dev}/{used}'/></disk>")
        assert users.of("p/disk.raw", str(file)) == ["guest web"], used
