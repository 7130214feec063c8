# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find a free port at each address. Run as a program on the KVM host, which prints them as JSON: no other imports."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import typing as t

TRIED = 100
"""How many ports are tried at an address."""


def free_ports(addresses: t.Sequence[str], first: int, tried: int = TRIED) -> dict[str, int]:
    """The first free TCP port at each address; an address where none is free is left out.

    :param first: the lowest port that is tried
    :param tried: how many are tried
    """
    found: dict[str, int] = {}
    with contextlib.ExitStack() as stack:
        for address in addresses:
            for port in range(first, first + tried):
                taken = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                # As QEMU and passt do: what has just ended at the port is not in the way.
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    taken.bind((address, port))
                    taken.listen(1)
                except OSError:
                    continue
                found[address] = port
                break
    return found


if __name__ == "__main__":
    json.dump(free_ports(sys.argv[2:], int(sys.argv[1])), sys.stdout)
