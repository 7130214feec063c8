# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories with the plugin for guests, and hosts of libvirt's test driver that it asks."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.inventory.data import InventoryData
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader

from .inventories import write

PLUGIN = "virtfleet.kvm.guests"
STATES = {"running": 1, "paused": 3, "stopped": 5}
MAC = "52:54:00:aa:00:01"
NAT = "<forward mode='nat'/>"


def network(name: str, third: int = 122, forward: str = NAT) -> str:
    """A network with DHCP; the test driver makes an address in it for each guest that runs on it."""
    return (
        f"<network><name>{name}</name>{forward}<bridge name='virbr{third}'/>"
        f"<ip address='192.168.{third}.1' netmask='255.255.255.0'>"
        f"<dhcp><range start='192.168.{third}.10' end='192.168.{third}.200'/></dhcp></ip></network>"
    )


def guest(
    name: str, mac: str = "", on: str = "default", state: str = "running", inner: str = "", memory: int = 512
) -> str:
    """A guest with a card on a network.

    :param memory: MiB
    """
    card = f"<interface type='network'><mac address='{mac}'/><source network='{on}'/></interface>" if mac else ""
    return (
        f"<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>{name}</name>"
        f"<memory unit='MiB'>{memory}</memory><os><type>hvm</type></os>{inner}"
        f"<devices>{card}</devices><test:runstate>{STATES[state]}</test:runstate></domain>"
    )


def host(path: Path, *parts: str) -> str:
    """Make a host of libvirt's test driver; returns its URI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"<node>{''.join(parts)}</node>", encoding="utf-8")
    return f"test://{path}"


def hosts_of(uris: dict[str, str], **variables: Any) -> dict[str, Any]:
    """The content of an inventory file with virtualization hosts."""
    hosts = {name: {"kvm_inventory_uri": uri} if uri else {} for name, uri in uris.items()}
    return {"kvm_hosts": {"hosts": hosts, "vars": variables}}


def parsed(folder: Path, hosts: Any, files: dict[str, Any], /, refresh: bool = False, **settings: Any) -> InventoryData:
    """The inventory after the plugin has read its file, all of it in one folder.

    :param hosts: the inventory file before it
    :param files: such as ``group_vars/all.yml``
    :param refresh: whether the inventory is refreshed, for which Ansible forbids to read the cache
    :param settings: what is in the plugin's file
    """
    config = {"plugin": PLUGIN, **settings}
    first = write(folder, {**files, "zz-guests.kvm.yml": config}, hosts)
    loader = DataLoader()
    manager = InventoryManager(loader=loader, sources=[str(first)])
    plugin = inventory_loader.get(PLUGIN)
    plugin.parse(manager._inventory, loader, str(folder / "zz-guests.kvm.yml"), cache=not refresh)
    with contextlib.suppress(AttributeError):
        plugin.update_cache_if_changed()
    manager._inventory.reconcile_inventory()
    return manager._inventory


def members(inventory: InventoryData, group: str) -> list[str]:
    """The hosts in a group."""
    return sorted(found.name for found in inventory.groups[group].get_hosts())


def facts(inventory: InventoryData, name: str) -> dict[str, Any]:
    """The variable kvm_guest of a guest."""
    return inventory.hosts[name].vars["kvm_guest"]


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """A libvirt daemon that takes connections and never says a word; gives its URI."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    taken.append(server.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        yield f"test+tcp://127.0.0.1:{server.getsockname()[1]}/default"
        server.shutdown(socket.SHUT_RDWR)
    for connection in taken:
        connection.close()


def declared(*guests: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Files with a fleet's guests."""
    return {"group_vars/all.yml": {"kvm_guests": list(guests), **more}}


WEB01 = {"name": "web01", "host": "kvm01", "memory": "1GiB", "interfaces": [{"network": "default", "mac": MAC}]}

DB01 = {"name": "db01", "host": "kvm01"}
