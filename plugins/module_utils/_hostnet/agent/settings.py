# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's settings of bridges, of their ports and of devices: those that a trial takes away are given back.

A port that leaves its bridge loses what was set on it (``ip link set type bridge_slave``, ``bridge vlan``), a link that
goes all of it, its part of ``/proc/sys`` included. networkd knows of none that is in no file.
"""

from __future__ import annotations

import json
import os
import subprocess
import typing as t

from . import files, network
from .shapes import DeviceData, PortVlans, State

NOTED, APPLIED, ENDED = "settings.json", "settings.applied.json", "settings.ended.json"
"""The notes of what there was before the trial, once it is in force, and when it is decided that it is taken back."""
SYSCTLS = "/proc/sys/net/{family}/conf/{name}"
BEFORE_UP = ("addr_gen_mode", "accept_ra", "autoconf", "disable_ipv6")
"""The keys of IPv6 by which a link takes what routers announce, from the moment on that it is up."""
NOT_OURS = ("stable_secret", "mtu", "mc_forwarding")
"""Keys that cannot be written, or follow from something else."""
SWITCHES = (
    "hairpin",
    "guard",
    "root_block",
    "fastleave",
    "learning",
    "flood",
    "proxy_arp",
    "proxy_arp_wifi",
    "mcast_flood",
    "bcast_flood",
    "mcast_to_unicast",
    "neigh_suppress",
    "neigh_vlan_suppress",
    "vlan_tunnel",
    "isolated",
    "locked",
    "mab",
)
"""What can be on or off on a port; ``ip`` tells it by the names that it takes (ip-link(8))."""
NUMBERS = {"priority": "priority", "cost": "cost", "multicast_router": "mcast_router"}
"""The numbers of a port, as ``ip`` tells them and as it takes them."""
OF_BRIDGE = (
    "ageing_time",
    "priority",
    "vlan_default_pvid",
    "vlan_stats_enabled",
    "mcast_snooping",
    "mcast_router",
    "mcast_query_use_ifaddr",
    "mcast_querier",
    "mcast_hash_max",
    "mcast_igmp_version",
    "mcast_mld_version",
    "nf_call_iptables",
    "nf_call_ip6tables",
    "nf_call_arptables",
)
"""The numbers of a bridge that no other bridge has a say in."""
PATIENCE = 5.0

KernelSettings = dict[str, str]
"""Values by what they are of: ``port eno1 cost``, ``bridge br0 ageing_time``, ``vlan eno1 10-20``, a file of
``/proc/sys``."""


def look(devices: t.Mapping[str, DeviceData], names: t.Iterable[str]) -> KernelSettings:
    """The settings that there are now.

    :param devices: what ``ip -details`` tells, by device
    :param names: the devices whose part of /proc/sys is looked at
    """
    found: KernelSettings = {}
    for name, device in devices.items():
        info = device.get("linkinfo") or {}
        if info.get("info_slave_kind") == "bridge":
            found.update(of_port(name, device, info.get("info_slave_data") or {}))
        if info.get("info_kind") == "bridge":
            data: t.Mapping[str, object] = info.get("info_data") or {}
            found.update({f"bridge {name} {key}": str(data[key]) for key in OF_BRIDGE if key in data})
    bridges = [name for name, device in devices.items() if network.kind_of(device) == "bridge"]
    for entry in vlans() if bridges else ():
        name = str(entry.get("ifname"))
        word = "vlan-self" if name in bridges else "vlan"
        for vlan in entry.get("vlans") or ():
            last = f"-{vlan['vlanEnd']}" if "vlanEnd" in vlan else ""
            flags = {"PVID": "pvid", "Egress Untagged": "untagged"}
            flags_set = [flags[each] for each in vlan.get("flags") or () if each in flags]
            found[f"{word} {name} {vlan.get('vlan')}{last}"] = " ".join(flags_set)
    for name in names:
        found.update(sysctls(name))
    return found


def of_port(name: str, device: DeviceData, data: t.Mapping[str, object]) -> KernelSettings:
    """The settings of a bridge's port."""
    found = {f"port {name} {key}": "on" if data[key] else "off" for key in SWITCHES if key in data}
    for key, word in NUMBERS.items():
        # Without a carrier the cost is that of no speed.
        if key in data and (key != "cost" or device.get("operstate") == "UP"):
            found[f"port {name} {word}"] = str(data[key])
    return found


def vlans() -> list[PortVlans]:
    """What ``bridge vlan`` tells; nothing where it cannot be asked."""
    try:
        status, output, _errors = network.run(["bridge", "-json", "-compressvlans", "vlan", "show"], PATIENCE)
        found: list[PortVlans] = json.loads(output or "[]") if status == 0 else []
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return []
    return [entry for entry in found if isinstance(entry, dict)]


def sysctls(name: str) -> KernelSettings:
    """A device's part of /proc/sys."""
    found = {}
    for family in ("ipv4", "ipv6"):
        folder = SYSCTLS.format(family=family, name=name)
        for key in files.listed(folder):
            try:
                found[os.path.join(folder, key)] = files.read(os.path.join(folder, key)).strip()
            except OSError:
                continue
    return {path: value for path, value in found.items() if os.path.basename(path) not in NOT_OURS}


def note(folder: str, name: str, state: State, devices: t.Mapping[str, DeviceData]) -> None:
    """Take note of the settings in the folder of a trial. Raises OSError.

    :param name: the name of the note
    :param state: what the trial is about
    """
    files.write(os.path.join(folder, name), json.dumps(look(devices, concerned(state))))


def concerned(state: State) -> list[str]:
    """The devices that a trial changes."""
    listed = [state.get("gone", []), state.get("reconfigure", []), state.get("configured", [])]
    return sorted({name for names in (*listed, state.get("addresses", {}), state.get("ports", {})) for name in names})


def give_back(folder: str, changes: network.TrialNetwork) -> list[str]:
    """Give back the settings of before, but for those that others have changed themselves meanwhile.

    Returns those that are not as before all the same, for people. Raises OSError.
    """
    before, applied, ended = (files.load(os.path.join(folder, name)) for name in (NOTED, APPLIED, ENDED))

    def wrong() -> list[str]:
        now = look(changes.devices(), concerned(changes.state))
        there = {words.split(" ")[1] for words in now if words.startswith("port ")}
        found = [key for key, value in before.items() if now.get(key) != value and can_be_set(key, now, there)]
        found += [key for key in now if key.startswith("vlan ") and key not in before and is_known(key, before)]
        return [key for key in found if not applied or applied.get(key) == ended.get(key)]

    for key in wrong():
        write_one(key, before.get(key), changes)
    return wrong()


def give_before_up(folder: str, name: str, changes: network.TrialNetwork) -> None:
    """Have a link that was just made take from routers what it took before, and nothing else.

    Until networkd or NetworkManager has it in its care, the kernel would set routes of its own on it, which stay.

    :param folder: that of the trial
    :param name: the link's; it is not up yet
    """
    before = files.load(os.path.join(folder, NOTED))
    for key in BEFORE_UP:
        path = os.path.join(SYSCTLS.format(family="ipv6", name=name), key)
        if path in before:
            write_one(path, str(before[path]), changes)


def can_be_set(key: str, now: t.Container[str], there: t.Container[str]) -> bool:
    """Whether what a setting is of is there.

    :param there: the ports of bridges
    """
    word, _space, rest = key.partition(" ")
    return key in now or word == "vlan-self" or (word == "vlan" and rest.split(" ")[0] in there)


def is_known(key: str, before: t.Iterable[str]) -> bool:
    """Whether the VLANs of a port were known before."""
    name = key.split(" ")[1]
    return any(each.startswith(f"port {name} ") for each in before)


def write_one(key: str, value: str | None, changes: network.TrialNetwork) -> None:
    """Give one setting back; None takes a VLAN away that was not there."""
    if key.startswith("/"):
        try:
            write(key, str(value))
        except OSError as error:
            changes.note(files.problem(error))
        return
    word, name, option = key.split(" ")
    if word in ("port", "bridge"):
        kind = "bridge_slave" if word == "port" else word
        changes.call(["ip", "link", "set", "dev", name, "type", kind, option, str(value)], PATIENCE)
        return
    own = ["self"] if word == "vlan-self" else []
    flags = (value or "").split()
    verb = "del" if value is None else "add"
    changes.call(["bridge", "vlan", verb, "dev", name, "vid", option, *flags, *own], PATIENCE)


def write(path: str, value: str) -> None:
    """Write a setting of the kernel. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        files.put(descriptor, value)
    finally:
        os.close(descriptor)
