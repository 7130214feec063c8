# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A bridge's own settings, where ``ip`` shows those of its spanning tree's root."""

from __future__ import annotations

import array
import fcntl
import socket
import struct
import typing as t

if t.TYPE_CHECKING:
    from .agent.shapes import LinkData

SIOCDEVPRIVATE = 0x89F0
"""The ioctl that a bridge answers with what it is set to (linux/sockios.h; br_dev_siocdevprivate in net/bridge)."""
BRCTL_GET_BRIDGE_INFO = 6
OWN_DELAY = 40
"""Where ``struct __bridge_info`` (linux/if_bridge.h) has bridge_forward_delay: behind two ids and six numbers."""
ROOM = 512
"""Bytes for the answer: more than the struct has."""


def settings(name: str, shown: LinkData) -> LinkData:
    """A bridge's own settings.

    A bridge that is not the root of its spanning tree goes by the root's forward delay, and shows that one
    (br_record_config_timeout_values); so does one whose spanning tree was just switched off. What it is set to itself
    then comes from an older call. Where the kernel has not that either, ``forward_delay`` is left out: it is not known.

    :param name: the bridge
    :param shown: what ``ip -details -json link`` tells of it
    """
    found = shown.copy()
    own = forward_delay(name)
    if own is not None:
        found["forward_delay"] = own
    elif found.get("root_path_cost") or found.get("root_port"):
        # Only the root has no way to the root. Its id is no help: iproute2 6.1 shows the bridge's own instead.
        found.pop("forward_delay", None)
    return found


def forward_delay(name: str) -> int | None:
    """The forward delay that a bridge is set to, in hundredths of a second; None where the kernel does not tell."""
    answer = array.array("B", bytes(ROOM))
    arguments = array.array("L", [BRCTL_GET_BRIDGE_INFO, answer.buffer_info()[0], 0, 0])
    try:
        # struct ifreq (netdevice(7)): the name, and the address of the arguments.
        request = struct.pack("16sP16x", name.encode(), arguments.buffer_info()[0])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            fcntl.ioctl(out, SIOCDEVPRIVATE, request)
    except (OSError, ValueError):
        return None
    return int(struct.unpack_from("=I", answer, OWN_DELAY)[0])
