# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What counts as an address of a guest: its agent tells whatever the guest wants."""

from __future__ import annotations

import ipaddress
import typing as t

from ..._libvirt.objects import GuestAddress

IPAddress = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]  # noqa: UP007 - for older Pythons


def parsed(text: object) -> IPAddress | None:
    """An IP address; None for a text that is none, or that has a zone.

    The zone behind a % may be any text. It means nothing outside the guest, and would end up in settings of ssh.
    """
    try:
        return None if "%" in str(text) else ipaddress.ip_address(str(text))
    except ValueError:
        return None


def reachable(text: object) -> IPAddress | None:
    """An address at which others reach a guest; None for what is none, such as one of the link alone.

    Of IPv6, ::/8 is reserved: in it are forms of IPv4, such as ::ffff:127.0.0.1, by which who connects reaches itself.
    """
    found = parsed(text)
    if found is None or found.is_link_local or found.is_loopback or found.is_multicast:
        return None
    return None if found.is_unspecified or found.is_reserved else found


def for_others(found: t.Iterable[GuestAddress], macs: t.Container[str]) -> list[GuestAddress]:
    """The addresses at which others reach a guest, of its own interfaces.

    :param macs: the MAC addresses of those
    """
    return [one for one in found if reachable(one["address"]) is not None and str(one["mac"]).lower() in macs]
