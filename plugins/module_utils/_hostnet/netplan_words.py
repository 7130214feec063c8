# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What netplan and other tools call what a link has, and the options of a link for it."""

from __future__ import annotations

from .._engine.rows.model import OptionValue
from .._engine.rows.other_forms import OtherForm, is_plain

MEANT = {
    "parent": ("link", "raw_device", "raw-device", "device", "dev", "master", "vlan_parent", "lower"),
    "ports": ("bridge_ports", "slaves", "members", "bond_slaves"),
    "gateway": ("gateway4", "gateway6"),
    "mac": ("macaddress", "hwaddr", "hwaddress"),
    "addresses": ("ip", "ips", "address", "ipaddr", "ipv4", "ipv6"),
    "nameservers": ("dns", "dns_servers", "dns-nameservers"),
    "search": ("dns_search", "dns-search", "domains"),
    "id": ("vlan", "vlan_id", "vid", "tag"),
    "mode": ("bond_mode", "bond-mode"),
    "stp": ("bridge_stp",),
    "forward_delay": ("bridge_fd", "forward-delay"),
}
"""For each option the words of others for it."""

LEFT_TO_HOST = (
    *("optional", "renderer", "critical", "wakeonlan", "match", "set-name", "activation-mode", "ignore-carrier"),
    *("accept-ra", "link-local", "ipv6-privacy", "ipv6-address-generation", "dhcp-identifier", "routing-policy"),
    *("dhcp4-overrides", "dhcp6-overrides", "accept_ra", "link_local"),
)
"""What a link has no option for."""

ELSEWHERE = {
    **{word: f"no such option; write {option}" for option, words in MEANT.items() for word in words},
    **dict.fromkeys(("dhcp4", "dhcp6", "dhcp"), "no such option; write addressing: dhcp, or addressing: none for none"),
    "bootproto": "no such option; write addressing: dhcp or addressing: static",
    "netmask": "no such option; write it behind the address, as in addresses: [192.0.2.2/24]",
    "parameters": "no such option; write stp, forward_delay or mode beside 'ports', without 'parameters:'",
    **dict.fromkeys(
        LEFT_TO_HOST,
        "no such option; leave it out: a link gets what its options say, and for the rest what netplan or networkd"
        " gives it",
    ),
}
"""Words of others, each with what to say of it."""


def addresses(value: OptionValue, link: OptionValue, listed: bool) -> str | None:
    """What to write in place of a list of addresses, or of one."""
    if is_plain(value) and "/" in value and not listed:
        return f"write [{value}]"
    if isinstance(value, dict):
        inner = value.get("address") if "address" in value else next(iter(value), None) if len(value) == 1 else None
        known = is_plain(inner) and "/" in inner
        return f"write {inner if known else 'ADDRESS/PREFIX'} alone, without options of its own"
    return None


def nameservers(value: OptionValue, link: OptionValue, listed: bool) -> str | None:
    """What to write in place of a list of name servers, or of one."""
    if isinstance(value, dict):
        return "write the addresses in 'nameservers', and the domains in 'search' beside it, both as lists"
    return f"write [{value}]" if is_plain(value) and not listed else None


FORMS: dict[str, OtherForm] = {"addresses": addresses, "nameservers": nameservers}
"""By the path of an option, what tells how to write it."""
