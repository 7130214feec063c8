# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The devices of other network namespaces that are built on devices of this one, such as a container's MacVLAN link.

``ip`` tells of one namespace only. Such a device goes along when the one below it is deleted, and nobody who looks from
here sees it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import threading
import typing as t

from .facts import Distant
from .reading import text_or_nothing

CLONE_NEWNET = 0x40000000
HEADER = struct.Struct("=IHHII")
"""``struct nlmsghdr`` (netlink(7)): length, type, flags, number, port."""
LINK = struct.Struct("=BxHiII")
"""``struct ifinfomsg`` (rtnetlink(7)): family, type, index, flags, change."""
ATTRIBUTE = struct.Struct("=HH")
REQUEST, DUMP = 1, 0x301
ERROR, DONE, NEW_LINK, GET_LINK, NEW_ID, GET_ID = 2, 3, 16, 18, 88, 90
NAME, BELOW, INFO, BELOW_IN = 3, 5, 18, 37
"""IFLA_IFNAME, IFLA_LINK, IFLA_LINKINFO, IFLA_LINK_NETNSID (linux/if_link.h)."""
KIND = 1
"""IFLA_INFO_KIND."""
ID, BY_FILE = 1, 3
"""NETNSA_NSID, NETNSA_FD (linux/net_namespace.h)."""
PAIRS = ("veth", "netkit", "vxcan")
"""Kinds whose devices come in pairs: the one is not built on the other."""
PATIENCE = 5.0
"""Seconds that the kernel has for an answer."""
ALL = 30.0
"""Seconds for the namespaces of a host together."""


def distant(names: t.Mapping[int, str]) -> tuple[Distant, ...]:
    """The devices of other namespaces that are built on devices of this one; none where that cannot be asked.

    :param names: the devices of this namespace by index
    """
    found: list[Distant] = []
    try:
        here = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ()
    try:
        # A thread enters a namespace alone, and ends there.
        asking = threading.Thread(target=ask_all, args=(here, names, found), daemon=True)
        asking.start()
        asking.join(ALL)
    finally:
        os.close(here)
    return tuple(found)


def ask_all(here: int, names: t.Mapping[int, str], found: list[Distant]) -> None:
    """Ask every namespace but this one.

    :param here: this namespace, as an open file
    :param found: gets what is found
    """
    enter = ctypes.CDLL(None, use_errno=True).setns
    own = os.fstat(here).st_ino
    for number, (path, holder) in namespaces().items():
        if number == own:
            continue
        with contextlib.suppress(OSError, ValueError, struct.error):
            there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                entered = not enter(there, CLONE_NEWNET)
            finally:
                os.close(there)
            if entered:
                found += [Distant(name, kind, names[index], holder) for name, kind, index in ask(here, names)]


def namespaces() -> dict[int, tuple[str, str]]:
    """The network namespaces of this host by inode: a path to each, and whose it is."""
    found: dict[int, tuple[str, str]] = {}
    for line in text_or_nothing("/proc/self/mountinfo").splitlines():
        words = line.split()
        if words[3].startswith("net:["):
            path = words[4].encode().decode("unicode_escape")
            found.setdefault(int(words[3][5:-1]), (path, f"the network namespace {os.path.basename(path)}"))
    for process in filter(str.isdigit, os.listdir("/proc")):
        path = f"/proc/{process}/ns/net"
        try:
            number = int(os.readlink(path)[5:-1])
        except (OSError, ValueError):
            continue  # It has ended.
        if number not in found:
            found[number] = (path, f"the process {process} ({text_or_nothing(f'/proc/{process}/comm').strip()})")
    return found


def ask(here: int, names: t.Container[int]) -> list[tuple[str, str, int]]:
    """The devices of the namespace that this thread is in which are built on devices of another.

    :param here: the other namespace, as an open file
    :param names: the indexes of its devices

    Returns name, kind, and the index of the device below. Raises OSError, struct.error.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(PATIENCE)
        kernel.send(HEADER.pack(HEADER.size + LINK.size, GET_LINK, REQUEST | DUMP, 1, 0) + bytes(LINK.size))
        found = [link for kind, body in answers(kernel) if kind == NEW_LINK for link in built(body)]
        if not found:
            return []
        # Only now: the kernel numbers a namespace once it has to tell of it.
        body = bytes(4) + ATTRIBUTE.pack(8, BY_FILE) + struct.pack("=I", here)
        kernel.send(HEADER.pack(HEADER.size + len(body), GET_ID, REQUEST, 2, 0) + body)
        known_as = [value for kind, answer in answers(kernel) if kind == NEW_ID for value in identity(answer)]
    return [
        (name, kind, index) for name, kind, index, place in found if place in known_as and index in names and place >= 0
    ]


def answers(kernel: socket.socket) -> t.Iterator[tuple[int, bytes]]:
    """The messages of an answer, each as type and body. Raises OSError, struct.error."""
    while True:
        data = kernel.recv(1 << 18)
        while data:
            size, kind, flags, _number, _port = HEADER.unpack_from(data)
            if kind in (DONE, ERROR) or size < HEADER.size:
                return
            yield kind, data[HEADER.size : size]
            if not flags & 2:  # NLM_F_MULTI
                return
            data = data[size + 3 & ~3 :]


def attributes(data: bytes) -> dict[int, bytes]:
    """The attributes of a message by number. Raises struct.error."""
    found = {}
    while len(data) >= ATTRIBUTE.size:
        size, number = ATTRIBUTE.unpack_from(data)
        if size < ATTRIBUTE.size:
            break
        found[number & 0x3FFF] = data[ATTRIBUTE.size : size]
        data = data[size + 3 & ~3 :]
    return found


def built(body: bytes) -> t.Iterator[tuple[str, str, int, int]]:
    """A device that is built on one of another namespace: name, kind, the other's index and its namespace's number."""
    found = attributes(body[LINK.size :])
    kind = text(attributes(found.get(INFO, b"")).get(KIND, b""))
    if BELOW in found and BELOW_IN in found and kind not in PAIRS:
        (index,), (place,) = (struct.unpack("=i", found[key][:4]) for key in (BELOW, BELOW_IN))
        yield text(found.get(NAME, b"")), kind, index, place


def identity(body: bytes) -> t.Iterator[int]:
    """By which number a namespace knows another; negative where it does not."""
    found = attributes(body[4:])
    if ID in found:
        yield struct.unpack("=i", found[ID][:4])[0]


def text(data: bytes) -> str:
    """A text of the kernel's."""
    return data.rstrip(b"\0").decode("utf-8", "replace")
