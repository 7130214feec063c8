# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only one guest or host of a fleet may have: names, addresses, disks.

A guest that is to be absent has nothing of it. Two that are in scopes of their own do not meet: an address in the user
network of a guest, or behind a network that does not leave its host, is another one than that elsewhere.
"""

from __future__ import annotations

import ipaddress
import posixpath
import re
import typing as t

from .._engine.converters import MAC, NATURAL, UUID, YES_NO, Converter, digits
from .._engine.rows.model import Item
from .._kinds.network.table import NETWORK
from .._kinds.volume.storage_rules import IMAGES, MADE_DIRECTORIES
from .._printing import label

SHARED = ("netfs", "gluster", "vstorage")
"""Types of pools whose volumes are files on a server that several hosts reach."""

ISOLATED = ""
"""The forward mode of a network without a way out (formatnetwork.html, Connectivity)."""

NotReached = t.Mapping[str, str]
"""The forward modes of a host's networks that guests elsewhere do not reach by their address, by name."""


def problems(
    guests: t.Sequence[Item],
    hosts: t.Sequence[str],
    variables: t.Mapping[str, t.Mapping[str, object]],
    repeated: t.Container[tuple[str, str]] = (),
) -> list[str]:
    """What several guests or hosts have of which each needs its own, a sentence each.

    :param guests: the guests of all hosts, each with its host
    :param variables: the variables of each host
    :param repeated: name and host of guests of which it was said that they are declared more than once
    """
    here = [guest for guest in guests if word(guest, "state") != "absent"]
    shared = {host: shared_folders(variables[host].get("kvm_pools")) for host in hosts}
    folders = {host: folders_of(variables[host].get("kvm_pools")) for host in hosts}
    inside = {host: inside_networks(variables[host].get("kvm_networks")) for host in hosts}

    def disks_of(guest: Item, together: bool) -> list[str]:
        host = word(guest, "host")
        return disks(guest, shared.get(host, []), folders.get(host, {}), together)

    lines = names_twice(guests, here, repeated)
    lines += twice(here, "uuid", lambda guest: [normal(UUID, guest.get("uuid"))])
    lines += twice(here, "mac", macs)
    lines += twice(here, "vsock.cid", context_ids)
    lines += twice(here, "address", lambda guest: addresses(guest, inside.get(word(guest, "host"), {})))
    owned = twice(here, "disk", lambda guest: disks_of(guest, False), lambda guest: disks_of(guest, True))
    lines += [f"{line}, or shareable: true where they share it (it has to be raw)" for line in owned]
    return lines + link_addresses({host: variables[host].get("kvm_links") for host in hosts})


def entries(item: t.Mapping[str, object], name: str) -> list[Item]:
    """The dictionaries of a list option, or of a variable of a host."""
    return listed(item.get(name))


def listed(items: object) -> list[Item]:
    """The dictionaries of a list; what is none is refused elsewhere."""
    return [entry for entry in items if isinstance(entry, dict)] if isinstance(items, (list, tuple)) else []


def names_twice(guests: t.Iterable[Item], here: list[Item], repeated: t.Container[tuple[str, str]] = ()) -> list[str]:
    """A sentence for each name of several guests: of those that stay, or in the list of one host.

    A guest that has moved is absent where it was. Of one without a host, that is said, and nothing else.

    :param repeated: name and host of guests of which it was said
    """
    found: dict[str, dict[int, Item]] = {}
    several: dict[tuple[str, str], list[Item]] = {}
    for guest in guests:
        several.setdefault((word(guest, "name"), word(guest, "host")), []).append(guest)
    staying: dict[str, list[Item]] = {}
    for guest in here:
        staying.setdefault(word(guest, "name"), []).append(guest)
    for having in (*several.values(), *staying.values()):
        is_known = all((word(one, "name"), word(one, "host")) in repeated for one in having)
        if len(having) > 1 and word(having[0], "host") and not is_known:
            found.setdefault(word(having[0], "name"), {}).update({id(guest): guest for guest in having})
    meant = {place for having in found.values() for place in having}
    return twice([guest for guest in guests if id(guest) in meant], "name", lambda guest: [word(guest, "name")])


def macs(guest: Item) -> list[object]:
    """The MAC addresses that a guest's declaration names."""
    found = []
    for entry in entries(guest, "interfaces"):
        mac = normal(MAC, entry.get("mac"))
        if mac is not None:
            found.append(f"{mac} in the user network of {named_on(guest)}" if of_its_own(entry) else mac)
    return found


def context_ids(guest: Item) -> list[object]:
    """The context id of a guest on its host, unless libvirt picks one."""
    vsock = guest.get("vsock")
    cid = vsock.get("cid") if isinstance(vsock, dict) else None
    number = normal(NATURAL, cid.get("address")) if isinstance(cid, dict) and not allowed(cid, "auto") else None
    return [] if number is None else [f"{number} of {word(guest, 'host')}"]


def of_its_own(interface: Item) -> bool:
    """Whether an interface is in a network of its guest alone (formatdomain.html, Userspace connection)."""
    return word(interface, "type") == "user"


def addresses(guest: Item, inside: NotReached) -> list[object]:
    """The IP addresses that a guest's declaration gives it, with the network where that is of its host alone.

    :param inside: the networks of its host that others do not reach
    """
    found: list[object] = []
    for entry in entries(guest, "interfaces"):
        if of_its_own(entry):
            continue
        mode = inside.get(word(entry, "network"))
        for ip in (*entries(entry, "ips"), {"address": entry.get("ip")}):
            address = host_part(ip.get("address"))
            # libvirt translates the addresses of IPv4 alone, unless it is told otherwise.
            if address is not None and mode is not None and (mode == ISOLATED or ":" not in address):
                address = f"{address} in network {word(entry, 'network')} of {word(guest, 'host')}"
            found.append(address)
    return found


def inside_networks(networks: object) -> dict[str, str]:
    """The networks of a host, as far as they are declared, that are isolated or hide what is in them."""
    found = {}
    for network in listed(networks):
        forward = NETWORK.written_out({"forward": network.get("forward")})["forward"]
        mode = (word(forward, "mode") or "nat") if isinstance(forward, dict) else ISOLATED
        if mode in ("nat", ISOLATED) and (forward is None or isinstance(forward, dict)):
            found[word(network, "name")] = mode
    return found


def shared_folders(pools: object) -> list[str]:
    """The directories of a host that a server gives to several, as far as pools tell."""
    found = listed(pools)
    shared = [pool for pool in found if word(pool, "type") in SHARED]
    return [word(pool, "target") for pool in shared if word(pool, "target")]


def folders_of(pools: object) -> dict[str, str]:
    """The directories of a host's pools by name, as far as they are declared; and of the one that it has anyway."""
    found = {"default": IMAGES}
    for pool in listed(pools):
        found.pop(word(pool, "name"), None)
        if (word(pool, "type") or "dir") in MADE_DIRECTORIES and word(pool, "target").startswith("/"):
            found[word(pool, "name")] = word(pool, "target")
    return found


def plain(path: str) -> str:
    """A path without doubled slashes and dots. At its beginning, two slashes are one, as Linux takes them."""
    path = posixpath.normpath(path)
    return f"/{path.lstrip('/')}" if path.startswith("/") else path


def disks(guest: Item, shared: t.Sequence[str], folders: t.Mapping[str, str], together: bool = False) -> list[str]:
    """The disks that only one guest can write to.

    Files, devices and volumes have the same names on every host, so they are a host's; what is on a
    server, or in a directory of one, is the fleet's.

    :param shared: directories of the guest's host that other hosts have, too
    :param folders: directories of its pools, by name: a volume in one is a file there
    :param together: of all these disks, those below which guests share an image that none of them writes to; False
        for the others
    """
    found: list[str] = []
    for disk in entries(guest, "disks"):
        if word(disk, "device") in ("cdrom", "floppy") or allowed(disk, "readonly") or allowed(disk, "shareable"):
            continue
        transient = disk.get("transient")
        if (isinstance(transient, dict) and allowed(transient, "share_backing")) != together:
            continue
        source = disk.get("source")
        path = plain(word(disk, "file") or word(disk, "block"))
        pool = word(disk, "pool") or "default"
        if word(disk, "volume") and pool in folders:
            path = plain(posixpath.join(folders[pool], word(disk, "volume")))
        if path.startswith("/"):
            of_all = any(path.startswith(f"{plain(folder)}/") for folder in shared)
            found.append(path if of_all else f"{path} of {word(guest, 'host')}")
        elif word(disk, "volume"):
            found.append(f"{pool}/{word(disk, 'volume')} of {word(guest, 'host')}")
        elif word(disk, "protocol") and isinstance(source, dict) and word(source, "name"):
            servers = [f"{word(host, 'name')}:{word(host, 'port')}" for host in entries(source, "hosts")]
            # White space would hide from the mask where the URL ends.
            place = re.sub(r"\s", "%20", f"{','.join(sorted(servers))}/{word(source, 'name')}")
            found.append(f"{word(disk, 'protocol')}://{place}")
    return found


def word(item: Item, name: str) -> str:
    """The text of an option; nothing for what is no text or number: that is refused elsewhere."""
    value = item.get(name)
    return digits(value) if isinstance(value, (str, int)) else ""


def allowed(item: Item, name: str) -> bool:
    """Whether a switch is on, by any of its spellings."""
    return normal(YES_NO, item.get(name)) is True


def link_addresses(links: t.Mapping[str, object]) -> list[str]:
    """A sentence for each static address that several hosts are to have."""
    owners: dict[str, list[str]] = {}
    for host, items in links.items():
        for link in listed(items):
            values = link.get("addresses")
            for address in values if isinstance(values, (list, tuple)) else []:
                known = host_part(address)
                if known is not None and word(link, "type") == "bridge" and link.get("ports") == []:
                    known = f"{known} of {host}"  # A bridge without ports is a network of its host alone.
                if known is not None and word(link, "state") != "absent":
                    owners.setdefault(known, []).append(f"link {label(word(link, 'name'))} of {host}")
    return [
        f"address {label(address)}: is declared more than once: {', '.join(found)}; each host needs its own"
        for address, found in owners.items()
        if len(found) > 1
    ]


def host_part(address: object) -> str | None:
    """An address without its subnet, in normal form; None for what is none."""
    try:
        return str(ipaddress.ip_address(digits(address).partition("/")[0]))
    except ValueError:
        return None


def normal(converter: Converter, value: object) -> object:
    """A value in normal form, so that two spellings are one; None where there is none, or it is refused anyway."""
    try:
        return None if value is None else converter.parse(value)
    except ValueError:
        return None


def named_on(guest: Item) -> str:
    """A guest with its host, and the file that it stands in."""
    place = getattr(guest, "place", "")
    return f"{label(word(guest, 'name'))} on {label(word(guest, 'host'))}{f' ({place})' if place else ''}"


ValuesOf = t.Callable[[Item], t.Sequence[object]]


def twice(guests: t.Iterable[Item], what: str, values: ValuesOf, together: ValuesOf | None = None) -> list[str]:
    """A sentence for each value that more than one guest has, naming the guests and hosts.

    Of guests with one name alone, it is the name that is said.

    :param values: what a guest has for itself
    :param together: what it has together with all others that have it so, but with nobody who has it for itself
    """
    owners: dict[str, list[Item]] = {}
    alone: set[str] = set()
    for guest in guests:
        own, common = list(values(guest)), [] if together is None else list(together(guest))
        alone.update(value for value in own if isinstance(value, str))
        for value in (*own, *common):
            if isinstance(value, str) and value:
                owners.setdefault(value, []).append(guest)
    several = {
        value: ", ".join(map(named_on, found))
        for value, found in owners.items()
        if len(found) > 1 and value in alone and (what == "name" or not is_one_name(found))
    }
    return [
        f"{what} {label(value)}: is declared more than once: {having}; each guest needs its own"
        for value, having in several.items()
    ]


def is_one_name(guests: t.Sequence[Item]) -> bool:
    """Whether several guests have one name, which names_twice says."""
    return len({id(guest) for guest in guests}) > 1 and len({word(guest, "name") for guest in guests}) == 1
