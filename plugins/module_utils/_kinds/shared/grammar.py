# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tells elements of libvirt's definitions apart, where a piece of XML is merged into one."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.xml_merge import Grammar, local
from .namespaces import NAMESPACES

paths.register(NAMESPACES)

IDENTITIES = (
    ("alias@name",),
    ("@type", "@index"),
    ("target@dev",),
    ("mac@address",),
    ("target@dir",),
    ("@name",),
    ("@id",),
    ("@vcpu",),
    ("@iothread",),
    ("@cellid",),
    ("@order",),
)
"""What tells one element from others of its tag, strongest first: all of one line together."""

REPEATED = frozenset(
    (
        *("disk", "interface", "controller", "filesystem", "hostdev", "input", "sound", "audio", "graphics"),
        *("video", "console", "parallel", "serial", "channel", "smartcard", "hub", "redirdev", "rng", "tpm"),
        *("shmem", "memory", "crypto", "watchdog", "panic", "iommu", "lease", "seclabel", "sysinfo", "boot"),
        *("timer", "feature", "cell", "page", "vcpu", "vcpupin", "iothread", "iothreadpin", "vcpusched"),
        *("iothreadsched", "cachetune", "memorytune", "memnode", "device", "host", "listen", "uid", "gid"),
        *("ip", "route", "portForward", "range", "tag", "portgroup", "forwarder", "txt", "srv", "option"),
        *("event", "cipher", "table", "baseBoard", "entry", "usbdev", "throttlegroup", "throttlefilter"),
        *("initarg", "initenv", "hostname", "address", "codec", "sibling", "cache", "latency"),
        *("bandwidth", "cookie", "slice", "certificate", "arg", "env", "add", "del", "property"),
    )
)
"""Tags that may come several times in one parent (domaincommon.rng and network.rng of libvirt)."""

ONCE = frozenset(("bandwidth", "cache", "address", "memory", "boot", "vcpu", "panic", "host"))
"""Of these, tags that other parents have but once."""

ORDERED = frozenset(("commandline",))
"""Elements whose children are one row of words, which only counts as a whole."""

PARENTS = frozenset(
    ("devices", "numa", "interconnects", "distances", "forward", "vcpus", "os", "source", "dns", "dhcp")
)
"""Parents in which the tags of ONCE may come several times."""


def forget_source(target: ET.Element, piece: ET.Element) -> None:
    """Take the source out of a disk that becomes one of another type: that is told by other attributes.

    :param target: the element, changed in place
    :param piece: what is merged into it
    """
    if local(piece.tag) == "disk" and piece.find("source") is not None:
        for old in target.findall("source") if piece.get("type", target.get("type")) != target.get("type") else ():
            target.remove(old)


LIBVIRT = Grammar(IDENTITIES, REPEATED, ONCE, PARENTS, ORDERED, forget_source)
"""That of all kinds of resources."""
