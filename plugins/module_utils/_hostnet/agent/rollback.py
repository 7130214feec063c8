# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back: the old files in force again, and links, addresses and settings as they were before the trial."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from . import files, settings
from .address_words import options
from .network import LINKS, TrialNetwork, clock, kind_of, mode_of, subnets_of
from .shapes import AddressData, DeviceData

SETTLE = 30.0
"""Seconds that a host has to be as before after a rollback, before that is brought about by hand."""
MEASURES = (5.0, 12.0)
"""After how many seconds what is not back by itself is helped along: configured anew; networkd started anew."""
KEYS = ("metric", "dynamic", "noprefixroute", "label")
"""What of an address must be as before, besides being there."""


class WayBack:
    """Takes back what one trial has done to a host's network.

    :param network: the trial's
    :param before: the devices as ``ip`` told of them before the trial, by name
    """

    def __init__(self, network: TrialNetwork, before: dict[str, DeviceData]) -> None:
        self.network, self.state, self.before = network, network.state, before
        self.tried: dict[str, int] = {}

    def take_back(self, restore_files: t.Callable[[bool], None]) -> bool:
        """Have the old files in force again, and the devices of before. Returns whether all is back.

        :param restore_files: puts the old files back; again where it is told so
        """
        network, state = self.network, self.state
        if state["network_manager"]:
            self.switch_network_manager(restore_files)
        else:
            restore_files(False)
            network.delete_links(self.unmanaged(network.devices()))
            self.reload(state["apply"])
            network.delete_links([*state["new"], *self.other_modes(network.devices())])
        network.wait_for_network_manager()
        undone = True
        for command in state["undo"]:
            # Once more, as what it sets may only just have come back.
            undone = (network.call(command, 10) or network.call(command, 10)) and undone
        if state["again"]:
            # networkd 252 keeps in mind what such a link was.
            network.call(["systemctl", "restart", "systemd-networkd"], 20)
        elif state["gone"] and not state["network_manager"]:
            self.reload(state["apply"])
        back = self.wait_until_back() or self.bring_about()
        if not self.before:
            network.note("what links the host had before is not known any more")
        for name in (along := self.gone_along(network.devices())):
            network.note(f"{name} was on a link that was to go, and is not there any more")
        return back and undone and bool(self.before) and not along

    def reload(self, commands: list[list[str]]) -> None:
        """Have networkd read its files; one that hangs or is dead is started anew."""
        network = self.network
        for _attempt in range(2):
            if all(network.call(command, 8) for command in commands):
                return
            time.sleep(0.5)
        if network.call(["systemctl", "restart", "systemd-networkd"], 20):
            return
        network.call(["systemctl", "kill", "-s", "SIGKILL", "systemd-networkd"], 5)
        network.call(["systemctl", "start", "systemd-networkd"], 20)

    def switch_network_manager(self, restore_files: t.Callable[[bool], None]) -> None:
        """Have NetworkManager go by the old profiles, by netplan where that works, else without it."""
        network, state = self.network, self.state
        restore_files(False)
        if network.call(["netplan", "apply"], 60):
            network.delete_links(state["new"])
            if not state["gone"] or network.call(["netplan", "apply"], 60):
                return
        self.restart_network_manager(restore_files)

    def restart_network_manager(self, restore_files: t.Callable[[bool], None]) -> None:
        """Have NetworkManager begin anew with the old profiles, as ``netplan apply`` does, but without netplan.

        It would make profiles of its own out of addresses that it finds, and go by what it noted of devices.
        """
        network = self.network
        network.call(["systemctl", "stop", "NetworkManager"], 20)
        restore_files(True)
        with contextlib.suppress(OSError):
            files.remove_folder("/run/NetworkManager/devices")
        network.delete_links(self.state["new"])
        touched = [name for name in self.state["addresses"] if name in self.state.get("touched", [name])]
        for name in touched:
            if os.path.exists(f"/sys/class/net/{name}"):
                network.call(["ip", "address", "flush", "dev", name], 10)
        if not network.call(["systemctl", "start", "NetworkManager"], 30):
            network.call(["systemctl", "kill", "-s", "SIGKILL", "NetworkManager"], 5)
            network.call(["systemctl", "start", "NetworkManager"], 30)
        for name in touched:
            network.call(["nmcli", "--wait", "15", "connection", "up", f"netplan-{name}"], 20)

    def wait_until_back(self) -> bool:
        """Wait for links and addresses of before, and put devices back into the bridges that they were part of.

        What does not come by itself is helped along, ever more firmly. Not earlier: networkd 252 that is told to
        configure a link anew while it still does can hold a lease and never set its address.
        """
        started = clock()
        measures = list(MEASURES)
        while True:
            devices = self.network.devices()
            self.set_masters(devices)
            self.set_mtus(devices)
            lost, missing, odd = self.lost(devices), self.missing(devices), self.odd(devices)
            apart = self.apart(devices)
            if not lost and not missing and not odd and not apart:
                return True
            if not lost and not odd and not apart and self.are_by_hand(missing):
                self.add(missing)
                if not self.missing(self.network.devices()):
                    return True
            passed = clock() - started
            if passed > SETTLE or (
                passed > MEASURES[1] and not lost and not odd and not apart and self.is_some(missing)
            ):
                late = [*lost, *(f"{address} on {name}" for name, address in [*missing, *odd])]
                late += [f"{name} in {master}" for name, master in apart]
                self.network.note(f"not back by itself: {', '.join(late)}")
                return False
            if measures and passed > measures[0] and (lost or odd or self.is_urgent(missing)):
                measures.pop(0)
                self.help_along(lost, missing, odd, firmly=not measures)
            time.sleep(0.2)

    def are_by_hand(self, missing: list[tuple[str, str]]) -> bool:
        """Whether nobody gives the kernel these addresses, as no file has them."""
        by_hand = self.state.get("by_hand", {})
        return all(address in by_hand.get(name, ()) for name, address in missing)

    def add(self, missing: list[tuple[str, str]]) -> None:
        """Give the kernel addresses, each as it was."""
        for name, address in missing:
            words = options(self.before.get(name, {}), address)
            self.network.call(["ip", "address", "replace", address, "dev", name, *words], 10)

    def is_urgent(self, missing: list[tuple[str, str]]) -> bool:
        """Whether it is a reason to begin anew that addresses are missing: a router's come in their own time."""
        everything = sum(map(len, self.state["addresses"].values()))
        return bool(missing) and (len(missing) == everything or any(":" not in address for _name, address in missing))

    def is_some(self, missing: list[tuple[str, str]]) -> bool:
        """Whether some addresses of IPv4 are missing, and others are there: these would go where networkd starts anew.

        A DHCP server that is silent would not give them again.
        """
        wanted = [address for each in self.state["addresses"].values() for address in each if ":" not in address]
        return 0 < sum(":" not in address for _name, address in missing) < len(wanted)

    def help_along(
        self, lost: list[str], missing: list[tuple[str, str]], odd: list[tuple[str, str]], firmly: bool
    ) -> None:
        """Have networkd configure anew what is not back; NetworkManager is left to itself."""
        if self.state["network_manager"]:
            return
        for name, address in odd:
            # networkd takes an address that is there for its own, however it came about.
            self.network.call(["ip", "address", "del", address, "dev", name], 10)
        parents = [str(self.before[name]["link"]) for name in lost if self.before[name].get("link")]
        names = [*self.state["reconfigure"], *(name for name, _address in [*odd, *missing]), *parents]
        if firmly:
            self.network.call(["systemctl", "restart", "systemd-networkd"], 20)
        elif names:
            self.network.call(["networkctl", "reconfigure", *dict.fromkeys(names)], 8)

    def set_masters(self, devices: dict[str, DeviceData]) -> None:
        """Put devices back into the bridges that they were part of."""
        for name, master in self.apart(devices):
            self.network.call(["ip", "link", "set", "dev", name, "master", master, "up"], 10)

    def apart(self, devices: dict[str, DeviceData]) -> list[tuple[str, str]]:
        """The devices that are not in the bridge that they were part of, each with that."""
        return [
            (name, master)
            for name, master in self.state["masters"].items()
            if name in devices and master in devices and devices[name].get("master") != master
        ]

    def set_mtus(self, devices: dict[str, DeviceData]) -> None:
        """Give devices their MTU back: networkd leaves one that its units no longer name."""
        for name, device in self.before.items():
            mtu, tried = device.get("mtu"), self.tried.get(name, 0)
            if name in devices and mtu and devices[name].get("mtu") != mtu and tried < 3:
                self.tried[name] = tried + 1
                self.network.call(["ip", "link", "set", "dev", name, "mtu", str(mtu)], 10)

    def other_modes(self, devices: dict[str, DeviceData]) -> list[str]:
        """The links that are there again with another mode than before."""
        return [
            name
            for name in self.state["again"]
            if name in devices and name in self.before and mode_of(devices[name]) != mode_of(self.before[name])
        ]

    def lost(self, devices: dict[str, DeviceData]) -> list[str]:
        """The links that were to go and are not back, or not as they were."""
        gone = [name for name in self.state["gone"] if name in self.before and name not in devices]
        return [*gone, *(name for name in self.other_modes(devices) if name not in gone)]

    def unmanaged(self, devices: dict[str, DeviceData]) -> list[str]:
        """The links on top of others that were to go and are there, but not in networkd's care.

        The program has made them itself, in an earlier life that could not put back the files. networkd 257 cannot
        make a link that is there already, and then gives up the device below it.
        """
        if not os.path.isdir(LINKS):
            return []  # networkd does not run.
        names = [name for name in self.state["gone"] if devices.get(name, {}).get("link")]
        return [name for name in names if not self.network.units_of(devices[name])]

    def gone_along(self, devices: dict[str, DeviceData]) -> list[str]:
        """The devices that others had built on links that were to go, and that the kernel took away with them."""
        going = [*self.state["gone"]]
        for name in going:  # It grows by what was built on these.
            going += [each for each, device in self.before.items() if device.get("link") == name and each not in going]
        return [name for name in going if name not in self.state["gone"] and devices and name not in devices]

    def missing(self, devices: dict[str, DeviceData]) -> list[tuple[str, str]]:
        """The addresses of before that are not there, each with its device."""
        return [
            (name, address)
            for name, wanted in self.state["addresses"].items()
            for address in wanted
            if address not in subnets_of(devices.get(name, {}))
        ]

    def odd(self, devices: dict[str, DeviceData]) -> list[tuple[str, str]]:
        """The IPv4 addresses that are there, but not as they were, each with its device."""
        found = []
        for name in self.state["addresses"]:
            old, new = entries(self.before.get(name, {})), entries(devices.get(name, {}))
            for address, entry in old.items():
                there = new.get(address)
                if there is not None and [entry.get(key) for key in KEYS] != [there.get(key) for key in KEYS]:
                    found.append((name, address))
        return found

    def strays(self, devices: dict[str, DeviceData]) -> list[tuple[str, str]]:
        """The addresses of before that are on another device now, each with that device."""
        wanted = {address for name, each in self.state["addresses"].items() for address in each}
        return [
            (name, address)
            for name, device in devices.items()
            for address in sorted(wanted & subnets_of(device))
            if address not in subnets_of(self.before.get(name, {}))
        ]

    def bring_about(self) -> bool:
        """Give the kernel the links, addresses and routes of before. Returns whether all are there.

        The host must be reached, whatever is broken; who configures the network finds them there later.
        """
        network = self.network
        network.delete_links([*self.state["new"], *self.other_modes(network.devices())])
        for name in dict.fromkeys([*self.lost(network.devices()), *self.state["addresses"]]):
            if name in self.before and not os.path.exists(f"/sys/class/net/{name}"):
                self.add_link(name, self.before[name])
        devices = network.devices()
        self.set_masters(devices)
        self.set_mtus(devices)
        for name, address in [*self.odd(devices), *self.strays(devices)]:
            network.call(["ip", "address", "del", address, "dev", name], 10)
        missing = self.missing(network.devices())
        for name in dict.fromkeys(name for name, _address in missing):
            network.call(["ip", "link", "set", "dev", name, "up"], 10)
        self.add(missing)
        for words in self.state["routes"]:
            if not network.call(["ip", *words], 10) and "src" in words:
                network.call(["ip", *without_source(words)], 10)
        devices = network.devices()
        missing = self.missing(devices)
        for name, address in missing:
            network.note(f"not back: {address} on {name}")
        return not missing and not self.lost(devices) and not self.apart(devices)

    def add_link(self, name: str, device: DeviceData) -> None:
        """Make a link that networkd or NetworkManager does not make."""
        kind, parent, mode = kind_of(device), device.get("link"), mode_of(device)
        if not kind:
            return
        base = ["link", str(parent)] if parent else []
        words = [*base, "name", name, "address", str(device.get("address")), "type", kind]
        self.network.call(["ip", "link", "add", *words, *(["mode", mode] if mode else [])], 10)
        settings.give_before_up(files.TRIAL, name, self.network)
        self.network.call(["ip", "link", "set", "dev", name, "up"], 10)


def without_source(words: t.Sequence[str]) -> list[str]:
    """A route without the address that the host speaks with: the kernel refuses one that it does not have yet."""
    place = words.index("src")
    return [*words[:place], *words[place + 2 :]]


def entries(device: DeviceData) -> dict[str, AddressData]:
    """A device's IPv4 addresses with their subnets, and what ``ip`` says of each."""
    return {
        f"{entry['local']}/{entry['prefixlen']}": entry
        for entry in device.get("addr_info", [])
        if "local" in entry and ":" not in entry["local"]
    }
