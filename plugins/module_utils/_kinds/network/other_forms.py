# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How addresses and ranges of a network are written, which other tools have as a text."""

from __future__ import annotations

import ipaddress
import re

from ..._engine.rows.model import OptionValue
from ..._engine.rows.other_forms import OtherForm, always, is_plain

ADDRESS = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]+"
RANGE = re.compile(rf"\s*({ADDRESS})\s*(?:-|,|\.\.+|\s)\s*({ADDRESS})\s*")
"""Two addresses as they are written for a range: with a hyphen, as dnsmasq has them, and so on."""


IN_ADDRESS = "the prefix belongs into address, such as 192.168.122.1/24"


def range_of(value: object) -> str | None:
    """How to write a text of two addresses, without the list that it is in."""
    found = RANGE.fullmatch(value) if isinstance(value, str) and len(value) <= 100 else None
    return None if found is None else f"{{start: {found[1]}, end: {found[2]}}}"


def of_two(value: object) -> str | None:
    """How to write a list of two addresses as a range."""
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        return None
    return range_of(" ".join(str(address) for address in value if is_plain(address)))


def ranges(value: OptionValue, network: OptionValue, listed: bool) -> str | None:
    """What to write in place of a range, or of a list of them."""
    one = range_of(value) or of_two(value)
    return None if one is None else f"write {one}" if listed else f"write [{one}]"


def dhcp(value: OptionValue, network: OptionValue, listed: bool) -> str | None:
    """What to write in place of the DHCP of a network."""
    if value is True:
        return "write {ranges: [{start: ADDRESS, end: ADDRESS}]}, the addresses that it gives away"
    if value is False:
        return "leave it out, or write null, for none"
    whole = of_two(value) or range_of(value)
    found = [range_of(one) for one in value] if isinstance(value, (list, tuple)) and whole is None else [whole]
    known = [one for one in found if one is not None]
    return f"write {{ranges: [{', '.join(known)}]}}" if known and len(known) == len(found) <= 3 else None


def reserved(value: OptionValue, network: OptionValue, listed: bool) -> str | None:
    """What to write in place of a host with an address of its own."""
    if not is_plain(value) or not listed:
        return None
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f"write {{name: {value}, ip: ADDRESS}}"
    return f"write {{mac: MAC, ip: {value}}}"


def addresses(value: OptionValue, network: OptionValue, listed: bool) -> str | None:
    """What to write in place of a list of addresses."""
    return f"write [{{address: {value}}}]" if is_plain(value) and "/" in value and not listed else None


def domain(value: OptionValue, network: OptionValue, listed: bool) -> str | None:
    """What to write in place of the options of a domain, as libvirt's XML has them."""
    return "write domain: NAME, and beside it domain_local_only: true" if isinstance(value, dict) else None


FORMS: dict[str, OtherForm] = {
    "domain": domain,
    "localOnly": always("did you mean 'domain_local_only'?"),
    "local_only": always("did you mean 'domain_local_only'?"),
    "forward.type": always("did you mean 'mode'?"),
    "dns.forwarders.ip": always("did you mean 'addr'?"),
    "dns.forwarders.address": always("did you mean 'addr'?"),
    "ips.netmask": always(IN_ADDRESS),
    "ips.prefix": always(IN_ADDRESS),
    "ips": addresses,
    "ips.dhcp": dhcp,
    "ips.dhcp.ranges": ranges,
    "ips.dhcp.hosts": reserved,
}
"""By the path of an option, what tells how to write it."""
