# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a program can listen at an address of the host."""

from __future__ import annotations

import errno
import ipaddress
import socket
import typing as t

if t.TYPE_CHECKING:
    from .lacking import Site


def is_here(address: str) -> bool:
    """Whether the host has an address, or nobody can tell: the kernel is asked, as QEMU does.

    :param address: an IP address; a name counts as there, since it may be resolved otherwise at the start
    """
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return True
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_STREAM) as asked:
            asked.bind((address, 0))
    except OSError as error:
        return error.errno != errno.EADDRNOTAVAIL
    return True


def problem(site: Site, address: str) -> str | None:
    """What is wrong with an address to listen at; a doubt where links or networks may still bring it.

    :param site: the host
    """
    if not site.local or is_here(address):
        return None
    sentence = f"the host has no address {address} to listen at: name one of its own, or 127.0.0.1, or 0.0.0.0 for all"
    return site.unsure(sentence, "links", "networks")
