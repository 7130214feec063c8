# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image holds all that its header names, in whatever format; what cannot be understood is a doubt."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host.headers import parse
from ansible_collections.virtfleet.kvm.plugins.module_utils._storage.users import Pool
from ansible_collections.virtfleet.kvm.tests.unit import images
from ansible_collections.virtfleet.kvm.tests.unit.storage_world import World, disk, guest


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


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
    "a saved guest": lambda w: images.saved(str(w.old)),
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


@pytest.mark.parametrize("base", ["rbd:ceph/old:id=admin", 'json:{"driver": "rbd", "pool": "ceph", "image": "old"}'])
def test_an_image_over_one_on_the_network(world: World, base: str) -> None:
    world.users.pools["ceph"] = Pool(None, "ceph", {"old": "ceph/old"})
    guest(world, disk(world.image(images.qcow2(base))))
    assert world.users.of("ceph/old", "ceph/old") == ["guest web"]


def test_any_header_is_read_to_an_end(world: World) -> None:
    """Headers with bytes exchanged: names or a doubt, and never another error."""
    chance = random.Random(8)
    headers = [make(world) for make in (*HEADERS.values(), *DOUBTS.values())]
    path = world.other / "fuzzed"
    doubts = names = 0
    for _round in range(1500):
        text = bytearray(chance.choice(headers))
        for _change in range(chance.randint(1, 6)):
            text[chance.randrange(min(len(text), 700))] = chance.choice((0, 1, 4, 0x7F, 0x80, 0xFF, ord("{"), ord(":")))
        told = parse(io.BytesIO(text))
        doubts += told.doubt is not None
        names += bool(told.names)
        if _round % 10 == 0:
            path.write_bytes(text)
            world.users.places.chains.clear()
            world.users.lay_over("volume q/fuzzed", str(path))
    assert doubts > 50
    assert names > 50


@pytest.mark.parametrize("before", [b"version=1\n", b"\n\n version = 2\n", b"\n# Disk DescriptorFile\n"])
def test_a_descriptor_of_vmdk_that_does_not_begin_with_its_title(world: World, before: bytes) -> None:
    guest(world, disk(world.image(before + images.vmdk(str(world.old)).partition(b"\n")[2])))
    assert world.held() == ["guest web"]


def test_many_empty_lines_are_read_to_an_end(world: World) -> None:
    assert parse(io.BytesIO(b"\n" * 100000)).names == ()


@pytest.mark.parametrize("name", DOUBTS)
def test_a_header_that_a_guest_wrote_into_its_raw_disk_keeps_nobody_elses_storage(world: World, name: str) -> None:
    path = world.image(DOUBTS[name](world))
    guest(world, disk(path, "raw"))
    world.users.lay_over("volume q/over", path)
    assert world.held() == []
    guest(world, disk(path, "qcow2"))
    assert world.held() != []


def test_a_disk_inside_of_another_file_is_a_doubt(world: World) -> None:
    inner = f"<source file='{world.other}/x'><slices><slice type='storage' offset='65536' size='1'/></slices></source>"
    guest(world, f"<disk type='file'><driver type='qcow2'/>{inner}<target dev='vda'/></disk>")
    assert "inside of another file (slice)" in world.held()[0]


ARGUMENTS: dict[str, Callable[[str], str]] = {
    "JSON": lambda path: json.dumps({"driver": "file", "filename": path}),
    "slashes escaped": lambda path: json.dumps({"file": [{"filename": path}]}).replace("/", "\\/"),
    "slashes by number": lambda path: json.dumps({"filename": path}).replace("/", "\\u002f"),
    "JSON after a name": lambda path: "x=" + json.dumps({"filename": path}).replace("/", "\\/"),
    "relative": lambda path: f"if=none,file={path[1:]},format=raw",
    "relative in JSON": lambda path: json.dumps({"filename": path[1:]}),
    "relative, with a protocol": lambda path: f"file=file:{path[1:]}",
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_of_qemu(world: World, name: str) -> None:
    text = ARGUMENTS[name](str(world.old)).replace('"', "&quot;")
    guest(world, more=f'<qemu:commandline><qemu:arg value="{text}"/></qemu:commandline>')
    assert world.held() == ["guest web"]


@pytest.mark.parametrize("name", DOUBTS)
def test_an_image_of_which_nobody_says_that_it_is_raw_stays_a_doubt(world: World, name: str) -> None:
    """QEMU's own arguments and declared guests name images without the format."""
    path = world.image(DOUBTS[name](world))
    guest(world, more=f'<qemu:commandline><qemu:arg value="file={path},if=none"/></qemu:commandline>')
    assert world.held() != []


@pytest.mark.parametrize("name", DOUBTS)
def test_a_declared_guest_with_a_disk_that_one_has_as_raw(world: World, name: str) -> None:
    path = world.image(DOUBTS[name](world))
    world.users.add("declared", path)
    assert world.held() != []
    world.users.doubts.clear()
    guest(world, disk(path, "raw"))
    world.users.add("declared", path)
    assert world.held() == []
