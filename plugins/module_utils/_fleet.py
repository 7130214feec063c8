# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for a whole fleet, before any of its hosts is touched. Runs on the control node."""

from __future__ import annotations

import ipaddress
import posixpath
import typing as t

from ._engine.body import Item
from ._engine.convert import MAC, UUID, Converter
from ._engine.table import Table, held
from ._errors import Invalid
from ._hostnet.table import LINK
from ._tables.domain import DOMAIN
from ._tables.network import NETWORK
from ._tables.pool import POOL
from ._tables.volume import VOLUME

LISTS = {"kvm_links": LINK, "kvm_networks": NETWORK, "kvm_pools": POOL, "kvm_volumes": VOLUME}
"""The variables that hold what else is declared for a host, and their tables."""

SHARED = ("netfs", "gluster", "vstorage")
"""Types of pools whose volumes are files on a server that several hosts reach."""

VARIABLES = ("kvm_guests", *LISTS)
"""All variables that are looked at."""

Problem = tuple[str | None, str]
"""A host, or None for what is no host's, and a sentence about it."""


def guests_on(guests: t.Iterable[Item], host: str, staying: bool = False) -> list[Item]:
    """The guests of one host, as the module domains takes them: without the option ``host``.

    :param staying: whether those that are to be absent are left out
    """
    return [
        {name: value for name, value in guest.items() if name != "host"}
        for guest in guests
        if guest.get("host") == host and not (staying and guest.get("state") == "absent")
    ]


def problems(hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[str]:
    """What is wrong with the declaration of a fleet, a sentence each.

    :param hosts: the virtualization hosts of the inventory
    :param variables: the variables of each, of which kvm_guests and those in LISTS are looked at
    """
    guests = merged([variables[host].get("kvm_guests") for host in hosts])
    if isinstance(guests, str):
        return [guests]
    lines = [line for guest in guests for line in guest_problems(guest, hosts)]
    lines += twice(guests, "name", lambda guest: [guest.get("name")])
    lines += twice(guests, "uuid", lambda guest: [normal(UUID, guest.get("uuid"))])
    lines += twice(guests, "mac", macs)
    lines += twice(guests, "address", addresses)
    shared = {host: shared_folders(variables[host].get("kvm_pools")) for host in hosts}
    owned = twice(guests, "disk", lambda guest: disks(guest, shared.get(str(guest.get("host")), [])))
    lines += [f"{line}, or shareable: true where they share it" for line in owned]
    lines += link_addresses({host: variables[host].get("kvm_links") for host in hosts})
    of_hosts: list[Problem] = []
    for host in hosts:
        for variable, table in LISTS.items():
            items = variables[host].get(variable) or []
            of_hosts += [(host, line) for line in items_problems(table, items, variable)]
    return lines + told_once(of_hosts)


def told_once(found: t.Iterable[Problem]) -> list[str]:
    """Sentences about hosts, each once: a mistake in a list that hosts share is one mistake.

    :param found: the host, or None where a sentence is about none, and the sentence
    """
    hosts: dict[str, list[str]] = {}
    for host, line in found:
        having = hosts.setdefault(line, [])
        if host is not None and host not in having:
            having.append(host)
    return [
        f"{'host' if len(having) == 1 else 'hosts'} {some(having)}: {line}" if having else line
        for line, having in hosts.items()
    ]


def some(names: t.Sequence[str]) -> str:
    """The first few of many names."""
    head = ", ".join(names[:5])
    return head if len(names) <= 5 else f"{head} and {len(names) - 5} more"


def merged(lists: t.Iterable[t.Any]) -> list[Item] | str:
    """The fleet's guests. Hosts share one list, or bring their own; a guest that is in several
    lists in the same words is one guest. Returns a sentence where one is not a list."""
    seen: list[t.Any] = []
    out: list[Item] = []
    for guests in lists:
        if not guests or guests in seen:
            continue
        if not isinstance(guests, (list, tuple)):
            return f"kvm_guests: {guests!r} is not a list of guests"
        others = list(out)
        out += [guest for guest in guests if guest not in others]
        seen.append(guests)
    return out


def guest_problems(guest: t.Any, hosts: t.Sequence[str]) -> list[str]:
    """What is wrong with one guest."""
    if not isinstance(guest, dict):
        return [f"kvm_guests: {guest!r} is not a dictionary of options"]
    label = f"guest {guest.get('name', guest)}"
    lines = []
    host = guest.get("host")
    if host is None:
        lines.append(f"{label}: host: is missing; name the host that it runs on")
    elif host not in hosts:
        lines.append(f"{label}: host: {host!r} is not in the inventory's group kvm_hosts")
    item = {name: value for name, value in guest.items() if name != "host"}
    return lines + [f"{label}: {problem}" for problem in item_problems(DOMAIN, item)]


def item_problems(table: Table, raw: t.Any) -> list[Invalid]:
    """What is wrong with an item, by itself.

    Whether libvirt holds something doubtful already is not known here, so it is refused: a mistake in
    an inventory is far more likely than a definition that libvirt would not take today.
    """
    item, wrong = table.parse_item(raw)
    return [*wrong, *held(item, "")] if wrong else table.doubts(item)


def items_problems(table: Table, items: t.Any, variable: str) -> list[str]:
    """What is wrong with a host's items of one kind."""
    if not isinstance(items, (list, tuple)):
        return [f"{variable}: {items!r} is not a list"]
    lines = []
    for item in items:
        name = table.identity(item) if isinstance(item, dict) else item
        lines += [f"{table.kind} {name}: {problem}" for problem in item_problems(table, item)]
    names = [table.identity(item) for item in items if isinstance(item, dict) and "name" in item]
    return lines + [f"{table.kind} {name}: is declared more than once" for name in repeated(names)]


def entries(item: Item, name: str) -> list[Item]:
    """The dictionaries of a list option; what is none is refused elsewhere."""
    value = item.get(name) or []
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, (list, tuple)) else []


def macs(guest: Item) -> list[t.Any]:
    """The MAC addresses that a guest's declaration names."""
    return [normal(MAC, entry["mac"]) for entry in entries(guest, "interfaces") if entry.get("mac")]


def addresses(guest: Item) -> list[t.Any]:
    """The IP addresses that a guest's declaration gives it."""
    ips = [ip for entry in entries(guest, "interfaces") for ip in entries(entry, "ips")]
    return [host_part(ip.get("address")) for ip in ips if ip.get("address")]


def shared_folders(pools: t.Any) -> list[str]:
    """The directories of a host that a server gives to several, as far as pools tell."""
    found = entries({"pools": pools}, "pools")
    return [str(pool.get("target")) for pool in found if pool.get("type") in SHARED and pool.get("target")]


def disks(guest: Item, shared: t.Sequence[str]) -> list[str]:
    """The disks that only one guest can write to.

    Files, devices and volumes have the same names on every host, so they are a host's; what is on a
    server, or in a directory of one, is the fleet's.

    :param shared: directories of the guest's host that other hosts have, too
    """
    found = []
    for disk in entries(guest, "disks"):
        if disk.get("device") in ("cdrom", "floppy") or disk.get("readonly") or disk.get("shareable"):
            continue
        source = disk.get("source")
        path = posixpath.normpath(str(disk.get("file") or disk.get("block") or ""))
        if path != ".":
            of_all = any(path.startswith(f"{posixpath.normpath(folder)}/") for folder in shared)
            found.append(path if of_all else f"{path} of {guest.get('host')}")
        elif disk.get("volume"):
            found.append(f"{disk.get('pool') or 'default'}/{disk['volume']} of {guest.get('host')}")
        elif disk.get("protocol") and isinstance(source, dict) and source.get("name"):
            servers = [f"{host.get('name')}:{host.get('port') or ''}" for host in entries(source, "hosts")]
            found.append(f"{disk['protocol']}://{','.join(sorted(servers))}/{source['name']}")
    return found


def link_addresses(links: t.Mapping[str, t.Any]) -> list[str]:
    """A sentence for each static address that several hosts are to have."""
    owners: dict[str, list[str]] = {}
    for host, items in links.items():
        for link in entries({"links": items}, "links"):
            values = link.get("addresses") or []
            for address in values if isinstance(values, (list, tuple)) else []:
                if link.get("state") != "absent":
                    owners.setdefault(str(host_part(address)), []).append(f"link {link.get('name')} of {host}")
    return [
        f"address {address}: is declared more than once: {', '.join(found)}; each host needs its own"
        for address, found in owners.items()
        if len(found) > 1
    ]


def host_part(address: t.Any) -> t.Any:
    """An address without its subnet, in normal form; as it is where it is none."""
    try:
        return str(ipaddress.ip_address(str(address).partition("/")[0]))
    except ValueError:
        return address


def normal(converter: Converter, value: t.Any) -> t.Any:
    """A value in normal form, so that two spellings are one; as it is where it is refused anyway."""
    try:
        return converter.parse(value)
    except ValueError:
        return value


def twice(guests: list[Item], what: str, values: t.Callable[[Item], list[t.Any]]) -> list[str]:
    """A sentence for each value that more than one guest has, naming the guests and hosts."""
    owners: dict[str, list[str]] = {}
    for guest in guests:
        if isinstance(guest, dict):
            for value in values(guest):
                if value is not None:
                    owners.setdefault(str(value), []).append(f"{guest.get('name')} on {guest.get('host')}")
    return [
        f"{what} {value}: is declared more than once: {', '.join(found)}; each guest needs its own"
        for value, found in owners.items()
        if len(found) > 1
    ]


def repeated(names: t.Sequence[str | None]) -> list[str]:
    """The names that occur more than once."""
    return sorted({str(name) for name in names if names.count(name) > 1})
