# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a guest's options its clone does not get, as only one guest can have it. Pure functions."""

from __future__ import annotations

import copy
import uuid

from ..._engine.rows.model import Item
from ..shared.derived_values import NAMESPACE
from .clone_places import take_out_shared

OF_ONE = ("name", "uuid", "state", "autostart", "cloud_init")
"""Options that a guest has for itself. Its disks are seen to elsewhere (see clone_disks)."""

LEFT = {
    "hostdevs": "are devices of the host, which one guest can have at a time: declare hostdevs if this one gets some",
    "leases": "are for one guest at a time: declare leases if this one gets some",
}
"""Lists of devices that only one guest can use at a time, and what is said of them."""

PLACES: tuple[tuple[str, ...], ...] = (
    ("os", "nvram", "path"),
    ("os", "nvram", "file"),
    ("os", "nvram", "source"),
    ("interfaces", "mac"),
    ("interfaces", "target"),
    ("interfaces", "virtualport", "interfaceid"),
    ("interfaces", "virtualport", "instanceid"),
    ("tpms", "backend", "source"),
    ("tpms", "backend", "source_type"),
    ("graphics", "port"),
    ("graphics", "tls_port"),
    ("graphics", "websocket"),
    ("sysinfo", "system", "uuid"),
    ("pstore", "path"),
    ("vsock", "cid"),
)
"""Options by which a guest is known on its host or in its network, or that name files of its own."""

FOLLOWERS = {
    "memory": ("current_memory", "max_memory"),
    "vcpus": ("current_vcpus", "vcpu_list"),
}
"""Options of the original that go where the clone declares another amount."""


def own_parts(config: Item, want: Item) -> tuple[Item, dict[str, str]]:
    """The options of the original that its clone gets, and what it does not get, each with the reason.

    Raises Invalid where the two would write to the same, and it cannot be left out.

    :param config: the options of the original
    :param want: what is declared of the clone
    """
    whole = {name: value for name, value in copy.deepcopy(config).items() if name not in OF_ONE}
    left = {name: why for name, why in LEFT.items() if whole.pop(name, None) and name not in want}
    for place in PLACES:
        drop(whole, place)
    for display in whole.get("graphics") or ():
        if display.get("autoport") is False:
            display["autoport"] = True
    for channel in whole.get("channels") or ():
        if channel.get("type") == "unix" and channel.get("mode") != "connect":
            channel.pop("path", None)
    left.update(take_out_shared(whole, want))
    if "vsock" in whole:
        whole["vsock"] = {**(whole["vsock"] or {}), "cid": {"auto": True}}
    if whole.get("genid") is not None:
        whole["genid"] = str(uuid.uuid5(NAMESPACE, f"genid {want['name']}"))
    for amount, others in FOLLOWERS.items():
        for name in others if amount in want else ():
            whole.pop(name, None)
    if "vcpus" in want and isinstance(whole.get("cpu"), dict):
        whole["cpu"].pop("topology", None)
    return whole, left


def drop(part: object, place: tuple[str, ...]) -> None:
    """Take an option out, in each item of the lists on the way. A dictionary that is empty then goes with it."""
    for one in part if isinstance(part, list) else [part]:
        if not isinstance(one, dict) or place[0] not in one:
            continue
        if len(place) == 1:
            del one[place[0]]
            continue
        drop(one[place[0]], place[1:])
        if one[place[0]] == {}:
            del one[place[0]]
