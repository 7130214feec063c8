# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a config drive: the files of OpenStack that cloudbase-init reads in Windows. Pure functions.

What it reads was taken from its source (metadata/services/baseopenstackservice.py, plugins/common/userdata.py).
"""

from __future__ import annotations

import ipaddress
import typing as t

from ...._engine.rows.model import Item
from . import nocloud
from .nocloud import DRIVE_NAMES, SeedFiles, config, merged, without_nulls, written

CONFIG = ("users", "runcmd", "write_files", "timezone")
"""Options that are parts of the cloud-config."""


def files(item: Item, guest: str, instance: str, macs: t.Sequence[str]) -> SeedFiles:
    """The files of a config drive.

    :param item: the options of ``cloud_init``
    :param instance: the identity of the instance, where meta_data has none
    :param macs: the MAC addresses of the guest's interfaces

    Raises Invalid where they are too large.
    """
    meta: Item = {DRIVE_NAMES.instance: instance, "hostname": item.get("hostname") or guest}
    keys = item.get("ssh_authorized_keys")
    if keys:
        meta["public_keys"] = {f"key{index}": key for index, key in enumerate(keys)}
    seed: SeedFiles = {DRIVE_NAMES.meta: written({**meta, **(item.get("meta_data") or {})})}
    user = user_data(item)
    if user:
        seed[DRIVE_NAMES.user] = config(user)
    network = network_data(item, macs)
    if network is not None:
        seed[DRIVE_NAMES.network] = written(network)
    return nocloud.bearable(seed)


def user_data(item: Item) -> object:
    """The user data: entries, or a text; an empty one for none."""
    more = item.get("user_data")
    if isinstance(more, str):
        return more
    entries = {name: item[name] for name in CONFIG if item.get(name) is not None}
    if "users" in entries:
        entries["users"] = [nocloud.user(one) for one in entries["users"]]
    if "write_files" in entries:
        entries["write_files"] = [without_nulls(one) for one in entries["write_files"]]
    return merged(entries, more or {})


def network_data(item: Item, macs: t.Sequence[str]) -> Item | None:
    """The interfaces that have addresses of their own; None where there are none, for Windows uses DHCP by itself."""
    links: list[Item] = []
    networks: list[Item] = []
    for index, mac in enumerate(macs):
        own = [one for one in item.get("addresses") or [] if one["mac"] == mac]
        if own:
            links.append({"id": f"eth{index}", "type": "phy", "ethernet_mac_address": mac})
            networks += [network(one, f"eth{index}", f"network{len(networks) + at}") for at, one in enumerate(own)]
    if not links or item.get("network") == "none":
        return None
    return {"links": links, "networks": networks, "services": []}


def network(own: Item, link: str, name: str) -> Item:
    """An address of an interface.

    :param link: the id of the interface
    :param name: the id of the address
    """
    card = ipaddress.ip_interface(own["address"])
    settings: Item = {
        "id": name,
        "link": link,
        "type": f"ipv{card.version}",
        "ip_address": str(card.ip),
        "netmask": str(card.netmask),
        "routes": [],
        "services": [{"type": "dns", "address": server} for server in own.get("nameservers") or []],
    }
    gateway = own.get("gateway")
    if gateway is not None:
        anywhere = "0.0.0.0" if ipaddress.ip_address(gateway).version == 4 else "::"
        settings["routes"] = [{"network": anywhere, "netmask": anywhere, "gateway": gateway}]
    return settings
