# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel tells of other network namespaces, in its own words (netlink(7), rtnetlink(7))."""

from __future__ import annotations

import os
import socket
import struct
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import namespaces
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Distant

# linux/netlink.h, linux/rtnetlink.h, linux/if_link.h and linux/net_namespace.h.
NLM_F_REQUEST, NLM_F_MULTI, NLM_F_DUMP = 0x1, 0x2, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_NEWLINK, RTM_GETLINK, RTM_NEWADDR, RTM_NEWNSID, RTM_GETNSID = 16, 18, 20, 88, 90
IFLA_IFNAME, IFLA_LINK, IFLA_LINKINFO, IFLA_LINK_NETNSID, IFLA_INFO_KIND = 3, 5, 18, 37, 1
NETNSA_NSID, NETNSA_FD = 1, 3
NLA_F_NESTED = 0x8000
HERE = 3


def attribute(number: int, data: bytes) -> bytes:
    return struct.pack("=HH", len(data) + 4, number) + data + bytes(-len(data) % 4)


def link(name: str, kind: str, below: int | None = None, place: int | None = None) -> bytes:
    """What stands before and behind the attributes that count is of every length."""
    body = bytes(16) + attribute(13, bytes(4)) + attribute(IFLA_IFNAME, name.encode() + b"\0")
    info = attribute(IFLA_INFO_KIND, kind.encode() + b"\0") + attribute(2, bytes(5))
    body += attribute(IFLA_LINKINFO | NLA_F_NESTED, info)
    for number, value in ((IFLA_LINK, below), (IFLA_LINK_NETNSID, place)):
        body += attribute(number, struct.pack("=i", value)) if value is not None else b""
    return body + attribute(1, bytes(6))


def message(kind: int, body: bytes, flags: int = NLM_F_MULTI) -> bytes:
    return struct.pack("=IHHII", len(body) + 16, kind, flags, 0, 0) + body + bytes(-len(body) % 4)


class Kernel:
    """What answers on a netlink socket, to requests that it knows.

    :ivar parts: what it answers with, as it is received
    """

    def __init__(self, links: list[bytes], number: int) -> None:
        self.links, self.number = links, number
        self.parts: list[bytes] = []
        self.refused: list[bytes] = []

    def __call__(self, *kind: int) -> Kernel:
        assert kind == (socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        return self

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *_error: object) -> None:
        assert not self.parts

    def settimeout(self, seconds: float) -> None:
        assert 0 < seconds < 60

    def send(self, data: bytes) -> None:
        length, kind, flags, _number, port = struct.unpack_from("=IHHII", data)
        body, asked = data[16:], (kind, flags)
        if (length, port) != (len(data), 0):
            self.parts = [message(NLMSG_ERROR, struct.pack("=i", -22) + data[:16], 0)]
        elif asked == (RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP) and body == bytes(16):
            # As many as go into a part, a message of others in between, and the end in one of its own.
            found = [message(RTM_NEWLINK, each) for each in self.links]
            self.parts = [b"".join([*found[:2], message(RTM_NEWADDR, bytes(24))]), *found[2:]]
            self.parts.append(message(NLMSG_DONE, bytes(4)) + message(RTM_NEWLINK, link("late", "macvlan", 4, 0)))
        elif asked == (RTM_GETNSID, NLM_F_REQUEST) and body == bytes(4) + attribute(NETNSA_FD, struct.pack("=I", HERE)):
            known = bytes(4) + attribute(2, bytes(4)) + attribute(NETNSA_NSID, struct.pack("=i", self.number))
            self.parts = [message(RTM_NEWNSID, known, flags=0)]
        else:
            self.refused.append(data)
            self.parts = [message(NLMSG_ERROR, struct.pack("=i", -22) + data[:16], 0)]

    def recv(self, size: int) -> bytes:
        return self.parts.pop(0)[:size]


@pytest.mark.parametrize(
    ("links", "number", "found"),
    [
        ([], 0, []),
        ([link("lo", ""), link("eth1", "macvlan", 4, 0)], 0, [("eth1", "macvlan", 4)]),
        ([link("eth0", "veth", 4, 0)], 0, []),
        ([link("eth0", "netkit", 4, 0), link("can0", "vxcan", 4, 0)], 0, []),
        ([link("eth1", "macvlan", 4, 1)], 0, []),
        ([link("eth1", "macvlan", 9, 0)], 0, []),
        ([link("eth1", "macvlan", 4)], 0, []),
        ([link("eth1", "macvlan", None, 0)], 0, []),
        ([link("eth1", "macvlan", 4, -1)], -1, []),
        (
            [link("eth1.7", "vlan", 4, 2), link("eth2", "ipvlan", 4, 2), link("eth30", "vxlan", 4, 2)],
            2,
            [("eth1.7", "vlan", 4), ("eth2", "ipvlan", 4), ("eth30", "vxlan", 4)],
        ),
        ([link(f"longname{n:05}", "macvlan", 4, 0) for n in range(3)], 0, [
            (f"longname{n:05}", "macvlan", 4) for n in range(3)
        ]),
    ],
    ids=[
        "nothing",
        "macvlan",
        "the other end of a pair",
        "other pairs",
        "of a third one",
        "another device",
        "in its own",
        "on none",
        "not known",
        "several",
        "in several parts",
    ],
)  # fmt: skip
def test_what_another_namespace_has_built_on_this_one(
    links: list[bytes], number: int, found: list[tuple[str, str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(links, number)
    monkeypatch.setattr(socket, "socket", kernel)
    assert namespaces.ask(HERE, {4: "br0"}) == found
    assert kernel.refused == []


@pytest.mark.parametrize(
    "data",
    [message(NLMSG_ERROR, bytes(20), 0), bytes(16), struct.pack("=IHHII", 8, RTM_NEWLINK, NLM_F_MULTI, 0, 0)],
    ids=["an error", "no length", "a length that is too short"],
)
def test_an_answer_ends_where_the_kernel_has_no_more_to_say(data: bytes) -> None:
    answers = [message(RTM_NEWLINK, b"1234567") + data + message(RTM_NEWLINK, b"later")]
    told = types.SimpleNamespace(recv=lambda size: answers.pop(0)[:size])
    assert list(namespaces.answers(told)) == [(RTM_NEWLINK, b"1234567")]


@given(st.dictionaries(st.integers(1, 0x3FFF), st.binary(max_size=9), max_size=5), st.integers(0, 3))
def test_attributes_are_read_whatever_their_length(said: dict[int, bytes], short: int) -> None:
    """An attribute begins at a multiple of four; one that says it is shorter than its own head is the end."""
    data = b"".join(attribute(number, value) for number, value in said.items())
    end = struct.pack("=HH", short, 7) + attribute(8, b"never")
    assert namespaces.attributes(data) == said
    assert namespaces.attributes(data + end) == said
    assert namespaces.attributes(data + end[:short]) == said


# Which namespaces there are


MOUNTS = (
    "22 1 0:4 net:[4026532001] /run/netns/web rw shared:1 - nsfs nsfs rw",
    r"23 1 0:4 net:[4026532002] /run/netns/a\040b rw - nsfs nsfs rw",
    "24 1 0:4 net:[4026532001] /run/netns/again rw - nsfs nsfs rw",
    "25 1 0:4 mnt:[4026532009] /run/mnt/x rw - nsfs nsfs rw",
    "26 1 8:1 / / rw - ext4 /dev/sda1 rw",
)
LINKS = {"7": "net:[4026531840]", "12": "net:[4026532002]", "300": "net:[4026532003]", "301": "net:[4026532003]"}


def test_each_namespace_is_found_once_with_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has a name goes by it (ip-netns(8)), any other by the first process in it; some end meanwhile."""

    def readlink(path: str) -> str:
        process = path.split("/")[2]
        if process == "8":
            raise FileNotFoundError(path)
        return LINKS.get(process, "gone")

    texts = {"/proc/self/mountinfo": "\n".join(MOUNTS), "/proc/300/comm": "haproxy\n", "/proc/7/comm": "init\n"}
    monkeypatch.setattr(namespaces, "text_or_nothing", lambda path: texts.get(str(path), ""))
    folder = ["acpi", "7", "8", "9", "12", "300", "301", "self"]
    fake = types.SimpleNamespace(listdir=lambda _path: folder, readlink=readlink, path=os.path)
    monkeypatch.setattr(namespaces, "os", fake)
    assert namespaces.namespaces() == {
        4026532001: ("/run/netns/web", "the network namespace web"),
        4026532002: ("/run/netns/a b", "the network namespace a b"),
        4026531840: ("/proc/7/ns/net", "the process 7 (init)"),
        4026532003: ("/proc/300/ns/net", "the process 300 (haproxy)"),
    }


def test_every_other_namespace_is_asked_and_none_stands_in_the_way_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, *others = [tmp_path / name for name in ("own", "gone", "closed", "mute", "web", "db")]
    for path in (own, *others[1:]):
        path.touch()
    numbers = {path.name: path.stat().st_ino for path in (own, *others[1:])}
    names = {number: name for name, number in numbers.items()}
    found = {numbers.get(path.name, 1): (str(path), f"holder of {path.name}") for path in (own, *others)}
    entered: list[str] = []

    def setns(descriptor: int, kind: int) -> int:
        assert kind == 0x40000000  # CLONE_NEWNET (linux/sched.h)
        name = names[os.fstat(descriptor).st_ino]
        assert name != "own"
        if name == "closed":
            return -1
        entered.append(name)
        return 0

    def ask(_here: int, devices: Any) -> list[tuple[str, str, int]]:
        if entered[-1] == "mute":
            raise TimeoutError("timed out")
        return [(f"eth-{entered[-1]}", "macvlan", index) for index in devices]

    monkeypatch.setattr(namespaces, "namespaces", lambda: found)
    monkeypatch.setattr(namespaces.ctypes, "CDLL", lambda *_path, **_more: types.SimpleNamespace(setns=setns))
    monkeypatch.setattr(namespaces, "ask", ask)
    told: list[Distant] = []
    before = len(os.listdir("/proc/self/fd"))
    here = os.open(own, os.O_RDONLY)
    try:
        namespaces.ask_all(here, {4: "br0"}, told)
    finally:
        os.close(here)
    assert entered == ["mute", "web", "db"]
    assert told == [Distant(f"eth-{name}", "macvlan", "br0", f"holder of {name}") for name in ("web", "db")]
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_host_that_does_not_tell_its_own_namespace_has_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Distant("eth1", "macvlan", "br0", "the network namespace web")
    monkeypatch.setattr(namespaces, "ask_all", lambda _here, _names, found: found.append(there))
    assert namespaces.distant({4: "br0"}) == (there,)

    def closed(*_words: object) -> int:
        raise PermissionError("no")

    monkeypatch.setattr(namespaces.os, "open", closed)
    assert namespaces.distant({4: "br0"}) == ()
