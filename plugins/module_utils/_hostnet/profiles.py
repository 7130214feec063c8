# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections of NetworkManager's own, which netplan knows nothing of: by which of them it configures a device."""

from __future__ import annotations

import dataclasses
import posixpath
import typing as t
from pathlib import Path

from .._engine.rows.model import Item
from .._errors import Invalid
from . import networkd
from .facts import Facts, HostDevice
from .precedence import built_on
from .reading import text_or_nothing

FOLDERS = (
    "/etc/NetworkManager/system-connections",
    "/run/NetworkManager/system-connections",
    "/usr/lib/NetworkManager/system-connections",
)
"""Where connections are kept (nm-settings-keyfile(5)), those in memory only as well."""
STATE = "/run/NetworkManager/devices"
"""Where NetworkManager notes of each device, by its index, among others the connection that it has."""
MEMORY = "memory"
"""Stands for the path of a connection that is in no file of the user's."""
EXTERNAL, GENERATED = (".nmmeta", "external"), (".nmmeta", "nm-generated")
"""What a connection says that only tells what others have configured, and one that NetworkManager has made up."""


def known_to(devices: t.Mapping[str, HostDevice]) -> dict[str, HostDevice]:
    """Devices, each with the connection of NetworkManager's own that it has."""
    paths = [str(path) for folder in FOLDERS for path in sorted(Path(folder).glob("*")) if path.is_file()]
    files = {path: text_or_nothing(path) for path in paths}
    return {
        name: dataclasses.replace(device, profile=profile(device, text_or_nothing(f"{STATE}/{device.index}"), files))
        for name, device in devices.items()
    }


def profile(device: HostDevice, state: str, files: t.Mapping[str, str]) -> str:
    """The path of the connection of NetworkManager's own that a device has or gets; MEMORY, and empty without one.

    :param state: what NetworkManager notes of the device
    :param files: its connections, by path
    """
    noted = networkd.parse(state)
    uuid = networkd.setting(noted, "device", "connection-uuid")
    own: list[tuple[str, dict[str, str]]] = []
    netplans: list[tuple[str, dict[str, str]]] = []
    for path, text in files.items():
        sections = networkd.parse(text)
        connection = dict(pair for section, pairs in sections if section == "connection" for pair in pairs)
        if networkd.setting(sections, *EXTERNAL) == "true":
            if uuid is not None and connection.get("uuid") == uuid:
                return ""
        elif posixpath.basename(path).startswith("netplan-") and path.startswith("/run/"):
            netplans.append((path, connection))
        else:
            own.append((MEMORY if networkd.setting(sections, *GENERATED) == "true" else path, connection))
    if uuid is None:
        waiting = [path for path, each in own if each.get("interface-name") == device.name and comes_up(each)]
        return waiting[0] if waiting and networkd.setting(noted, "device", "managed") == "true" else ""
    active = [path for path, each in own if each.get("uuid") == uuid]
    # netplan writes no uuid: NetworkManager makes one up.
    by_netplan = any(
        each.get("uuid", uuid) == uuid and each.get("interface-name", device.name) == device.name
        for _path, each in netplans
    )
    return active[0] if active else "" if by_netplan else MEMORY


def comes_up(connection: t.Mapping[str, str]) -> bool:
    """Whether a connection comes up by itself."""
    return connection.get("autoconnect", "true").lower() not in ("false", "no", "off", "0")


def refuse(item: Item, facts: Facts) -> None:
    """Raise Invalid where a link, a port or the parent of it has a connection that netplan's files know nothing of.

    What that says would not move along, and both would go on configuring the device.
    """
    goes = item["state"] == "absent"
    for where, name in (("state" if goes else "name", item["name"]), *(() if goes else built_on(item))):
        device = facts.devices.get(name)
        if device is None or not device.profile or device.master == item["name"]:
            continue
        if device.profile == MEMORY and not device.addresses:
            continue  # NetworkManager has found it, and has nothing to say of it.
        what = "one that is in no file" if device.profile == MEMORY else device.profile
        remedy = "remove that connection (nmcli connection delete)"
        rest = f"which makes it: {remedy}"
        if not goes:
            rest = f"which netplan does not know: describe {name} in netplan (/etc/netplan), and {remedy}"
        raise Invalid(where, f"{name} is configured by a connection of NetworkManager's own ({what}), {rest}")
