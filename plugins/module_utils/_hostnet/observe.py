# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a host's network: few commands, the rest from files. Nothing is changed here."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import typing as t
from pathlib import Path

from .._errors import VirtfleetError
from . import bridge, dhcp_identity, facts, ifupdown, link_users, namespaces, networkd, profiles
from .agent import network, route_words, set_by_others, shapes
from .facts import Facts, HostDevice, NetplanFile
from .host_routes import routes
from .iproute import ip
from .reading import described, text_or_nothing

NETPLAN_FOLDERS = ("/lib/netplan", "/etc/netplan", "/run/netplan")
"""What netplan reads; a file in a later folder hides its namesakes (netplan-generate(8))."""

PATIENCE = 30
"""Seconds that a command has which only asks the kernel."""

UNIT_FOLDERS = ("/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network")


def host(login: str = "") -> Facts:
    """The facts of this host.

    :param login: the address by which the caller came, as SSH_CONNECTION tells it

    Raises VirtfleetError where the kernel cannot be asked.
    """
    devices = {name: detailed(device) for name, device in facts.devices(ip("-detail", "address", "show")).items()}
    if not devices:
        raise VirtfleetError("ip -json -detail address show: told of no device, and every host has one")
    found = routes(of_all_tables)
    lasting = ("neighbour", "show")
    network_manager = os.path.exists(profiles.STATE)
    devices = profiles.known_to(devices) if network_manager else devices
    nf_call = tuple(each for each in facts.NF_CALLS if text_or_nothing(f"{NF_CALL}{each}").strip() == "1")
    return Facts(
        devices=devices,
        routes=tuple(route for route in found if not route.table),
        other_routes=tuple(route for route in found if route.table),
        netplan=tuple(netplan_files()),
        units=dict(units()),
        guests=tuple(guests()),
        ifupdown=frozenset(by_ifupdown(devices)),
        has_netplan=any(map(os.path.exists, ("/usr/sbin/netplan", "/sbin/netplan", "/usr/bin/netplan"))),
        networkd=os.path.exists("/run/systemd/netif/state"),
        network_manager=network_manager,
        cloud_init=cloud_init_writes(),
        nf_call=nf_call,
        forward_policy="DROP" if "DROP" in map(forward_policy, nf_call) else "ACCEPT" if nf_call else "",
        login=login,
        neighbours=tuple(facts.neighbours([*ip(*lasting, "nud", "permanent"), *ip(*lasting, "proxy")])),
        queues=queues(),
        distant=namespaces.distant({device.index: name for name, device in devices.items()}),
    )


def refuse_masked() -> None:
    """Raise VirtfleetError where systemd-networkd neither runs nor may be started: its state stays in /run."""
    try:
        words = ["systemctl", "show", "--property=LoadState,ActiveState", "systemd-networkd.service"]
        _status, output, _errors = network.run(words, PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return
    state = pairs(output)
    if state.get("LoadState") == "masked" and state.get("ActiveState") in ("inactive", "failed"):
        raise VirtfleetError(
            "nothing was changed: systemd-networkd is masked and does not run on this host:"
            " systemctl unmask --now systemd-networkd"
        )


def refuse_without_bus() -> None:
    """Raise VirtfleetError where D-Bus neither runs nor starts by itself: networkd is told by it to read its files."""
    units = ("dbus.socket", "dbus.service")
    try:
        _status, output, _errors = network.run(["systemctl", "show", "--property=ActiveState", *units], PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return
    states = [line.partition("=")[2] for line in output.splitlines() if line.startswith("ActiveState=")]
    if len(states) == len(units) and all(state in ("inactive", "failed") for state in states):
        raise VirtfleetError(
            "nothing was changed: D-Bus does not run on this host, and the program that configures the network is told"
            " of a change by it: systemctl start dbus.socket"
        )


def login() -> str:
    """The host's own address in the SSH connection that this call came by, nothing without one.

    sudo takes SSH_CONNECTION (ssh(1)) out of the environment; a process before it still has it.
    """
    process = "self"
    for _generation in range(12):
        environment = dict(
            entry.split("=", 1) for entry in text_or_nothing(f"/proc/{process}/environ").split("\0") if "=" in entry
        )
        connection = environment.get("SSH_CONNECTION", "").split()
        if len(connection) == 4:
            return connection[2]
        status = pairs(text_or_nothing(f"/proc/{process}/status").replace(":\t", "="))
        process = status.get("PPid", "0")
        if process in ("0", "1"):
            break
    return ""


def queues() -> dict[str, list[str]]:
    """The kinds of queue of each device; none where tc does not answer."""
    found: dict[str, list[str]] = {}
    try:
        _status, output, _errors = network.run(["tc", "-json", "qdisc", "show"], PATIENCE)
        for entry in json.loads(output or "[]"):
            found.setdefault(entry["dev"], []).append(entry["kind"])
    except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired):
        return {}
    return found


def of_all_tables(family: str) -> list[shapes.RouteData]:
    """What ``ip -json`` says of the routes of all tables, and which of their numbers are locked.

    :param family: ``-4`` or ``-6``
    """
    words = (family, "route", "show", "table", "all")
    found: list[shapes.RouteData] = ip(*words)
    route_words.lock(found, lambda: set_by_others.ip_output(*words))
    return found


def detailed(device: HostDevice) -> HostDevice:
    """A device with what sysfs and networkd know of it."""
    folder = Path("/sys/class/net") / device.name
    state = pairs(text_or_nothing(f"/run/systemd/netif/links/{device.index}"))
    try:
        driver = (folder / "device" / "driver").resolve(strict=True).name
    except OSError:
        driver = ""
    return dataclasses.replace(
        device,
        driver=driver,
        wireless=(folder / "wireless").exists() or (folder / "phy80211").exists(),
        network_file=kept_path(state.get("NETWORK_FILE", "")),
        dns=tuple(state.get("DNS", "").split()),
        client_id=dhcp_identity.client_id(device.name, state),
        accept_ra=text_or_nothing(f"/proc/sys/net/ipv6/conf/{device.name}/accept_ra").strip(),
        ipv6_off=text_or_nothing(f"/proc/sys/net/ipv6/conf/{device.name}/disable_ipv6").strip() == "1",
        settings=bridge.settings(device.name, device.settings) if device.kind == "bridge" else device.settings,
    )


def kept_path(unit: str) -> str:
    """The path of a unit that networkd goes by; it goes on naming that of a trial when only the kept one is left."""
    kept = unit.replace(networkd.TRIAL, networkd.KEPT, 1)
    return kept if unit.startswith(networkd.TRIAL) and not os.path.exists(unit) and os.path.exists(kept) else unit


ONE_BRIDGE = "ip link add name probe type bridge && ip -detail -json link show dev probe"
"""Makes a bridge and tells what it is like; to be run where nobody sees the bridge."""


def filters_vlans(devices: t.Mapping[str, HostDevice]) -> bool | None:
    """Whether the kernel can keep VLANs apart on a bridge; None where that cannot be told.

    Only a kernel with CONFIG_BRIDGE_VLAN_FILTERING tells the protocol of a bridge's VLANs (br_fill_info in its
    net/bridge/br_netlink.c); one without it takes the setting of a new bridge without a word. Where the host has no
    bridge, one is made in a network of its own, which is gone with the command.
    """
    known = [device.settings for device in devices.values() if device.kind == "bridge"]
    known = [settings for settings in known if "vlan_filtering" in settings]
    if not known:
        try:
            status, output, _errors = network.run(["unshare", "--net", "sh", "-c", ONE_BRIDGE], PATIENCE)
            known = [device.settings for device in facts.devices(json.loads(output)).values()] if not status else []
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return None
    return any("vlan_protocol" in settings for settings in known) if known else None


def pairs(text: str) -> dict[str, str]:
    """The lines ``NAME=value`` of one of networkd's state files."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def netplan_files() -> t.Iterator[NetplanFile]:
    """The files that netplan reads, by name; hidden ones left out.

    Each with the text that it has after a reboot: what is only in /run for now is no ground to plan on.
    Raises VirtfleetError for one that is no file: netplan would wait for it, or fail.
    """
    found: dict[str, NetplanFile] = {}
    for folder in NETPLAN_FOLDERS:
        for path in sorted(Path(folder).glob("*.yaml")):
            # Unlike glob(3), by which netplan finds them, pathlib finds hidden ones as well.
            if path.name.startswith("."):
                continue
            text = described(path)
            if text is None:
                continue
            lasting = found.get(path.name)
            if lasting is not None and folder == NETPLAN_FOLDERS[-1]:
                found[path.name] = dataclasses.replace(lasting, hidden=True)
            else:
                found[path.name] = NetplanFile(folder, path.name, text, below=lasting.text if lasting else None)
    for name in sorted(found):
        yield found[name]


def units() -> t.Iterator[tuple[str, str]]:
    """networkd's files with their text; a masked one is empty.

    Raises VirtfleetError for one that is no file.
    """
    for folder in UNIT_FOLDERS:
        for pattern in ("*.network", "*.netdev", "*.network.d/*.conf", "*.netdev.d/*.conf"):
            for path in sorted(Path(folder).glob(pattern)):
                text = described(path, dangling=True)
                if text is not None:
                    yield str(path), text


def guests() -> t.Iterator[facts.RunningGuest]:
    """The guests that run, from the state that libvirt keeps of them.

    libvirt itself is not asked: it may be missing, down or slow, and this must be right all the same.
    """
    for path in sorted(Path("/run/libvirt/qemu").glob("*.xml")):
        found = facts.guest(text_or_nothing(path))
        if found is not None:
            yield found


LIBVIRT_NETWORKS = ("/etc/libvirt/qemu/networks", "/run/libvirt/network")
LIBVIRT_GUESTS = "/etc/libvirt/qemu"


def used_by_libvirt() -> list[link_users.Namer]:
    """The devices that libvirt's networks and guests name by their definitions. libvirt itself is not asked."""
    networks = [
        text for folder in LIBVIRT_NETWORKS for text in map(text_or_nothing, sorted(Path(folder).glob("*.xml")))
    ]
    found = [each for text in networks for each in link_users.network(text)]
    found += [
        each for path in sorted(Path(LIBVIRT_GUESTS).glob("*.xml")) for each in link_users.guest(text_or_nothing(path))
    ]
    return list(dict.fromkeys(found))


def in_rules() -> set[str]:
    """The devices that rules of the host's firewalls name; none where no program tells."""
    found = set[str]()
    for command, names in (
        (["nft", "list", "ruleset"], link_users.in_nftables),
        (["iptables-save"], link_users.in_iptables),
        (["ip6tables-save"], link_users.in_iptables),
    ):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            status, output, _errors = network.run(command, PATIENCE)
            found |= names(output) if status == 0 else set()
    return found


INTERFACES = "/etc/network/interfaces"
IFSTATE = "/run/network/ifstate"
"""Where ifupdown notes what it has configured: each device with the name that it is described by."""


def by_ifupdown(devices: t.Collection[str]) -> set[str]:
    """The devices that ifupdown configures.

    :param devices: those of the host
    """
    if not os.path.exists("/sbin/ifup"):
        return set()
    # Those of interfaces.d are sourced by Debian's own file.
    return ifupdown.configured(ifupdown.lines(INTERFACES, [f"{INTERFACES}.d"]), text_or_nothing(IFSTATE), devices)


def cloud_init_writes() -> bool:
    """Whether cloud-init writes network configuration at every boot."""
    if not os.path.exists("/usr/bin/cloud-init") or os.path.exists("/etc/cloud/cloud-init.disabled"):
        return False
    return facts.cloud_init_writes(map(text_or_nothing, sorted(Path("/etc/cloud/cloud.cfg.d").glob("*.cfg"))))


NF_CALL = "/proc/sys/net/bridge/bridge-nf-call-"


def forward_policy(program: str) -> str:
    """The policy of a program's chain FORWARD, ``ACCEPT`` where it is not there, does not answer or has none.

    :param program: one of NF_CALLS
    """
    try:
        _status, output, _errors = network.run([program, "-S", "FORWARD"], PATIENCE)
    except (OSError, subprocess.TimeoutExpired):
        return "ACCEPT"
    first = output.split("\n", 1)[0].split()
    return first[-1] if first[:2] == ["-P", "FORWARD"] else "ACCEPT"
