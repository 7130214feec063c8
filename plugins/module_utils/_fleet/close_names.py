# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests, volumes and links name, and is most likely a slip of what their host declares: networks, pools, links,
volumes.

A host may have others that nobody declares, which only the host knows. So a name is told of only where it is close to
a declared one, and as a warning.
"""

from __future__ import annotations

import collections
import re
import typing as t

from .._engine.close_names import near
from .._engine.rows.model import Item
from .._kinds.volume.storage_rules import MADE
from .._printing import label, printable
from . import clones, encrypted, other_kinds
from .layers import CLONE
from .unique import entries, plain, word

DEFAULT = "default"
"""The network and the pool that there are without a word."""

KINDS = {
    "kvm_guests": "guest",
    "kvm_links": "bridge",
    "kvm_networks": "network",
    "kvm_pools": "pool",
    "kvm_volumes": "volume",
}
"""What is called so, by the variable that declares it."""


def of_host(guests: t.Sequence[Item], host: str, variables: t.Mapping[str, object]) -> t.Iterator[str]:
    """A sentence for each name of a guest's or a volume's that its host does not declare, and that is close to one
    that it does.

    :param guests: the guests of the host, their short forms written out
    :param variables: the lists of its declaration, evaluated
    """
    declared = {
        variable: {word(item, "name") for item in entries(variables, variable) if word(item, "state") != "absent"}
        for variable in ("kvm_networks", "kvm_pools", "kvm_volumes", "kvm_images")
    }
    declared["kvm_links"] = bridges(variables)
    kinds = other_kinds.NamesOfHost.of(variables)
    files = [path for path in encrypted.declared_volumes(variables) if path.startswith("/")]
    for guest in guests if any(declared.values()) else ():
        yield from of_guest(guest, host, declared, kinds)
        yield from of_files(guest, host, files)
    yield from of_links(entries(variables, "kvm_links"), host)
    yield from portgroups(guests, entries(variables, "kvm_networks"))
    yield from originals(guests, host)
    yield from clones.of_absent_originals(guests)
    for volume in entries(variables, "kvm_volumes") if declared["kvm_pools"] else ():
        if word(volume, "state") != "absent":
            called = f"volume {label(word(volume, 'name'))}: pool"
            yield from of_name(called, word(volume, "pool"), host, "kvm_pools", declared["kvm_pools"])


def of_files(guest: Item, host: str, files: t.Sequence[str]) -> t.Iterator[str]:
    """A sentence for each file of a disk, in the folder of a pool, that is close to a declared volume of that pool.

    :param files: the paths of the declared volumes
    """
    for place, disk in enumerate(entries(guest, "disks")):
        folder, _slash, name = plain(word(disk, "file")).rpartition("/")
        there = [path.rpartition("/")[2] for path in files if path.rpartition("/")[0] == folder] if folder else []
        called = f"guest {label(word(guest, 'name'))}: disks[{place}].file"
        yield from of_name(called, name, host, "kvm_volumes", there)


def of_guest(
    guest: Item, host: str, declared: t.Mapping[str, t.Collection[str]], kinds: other_kinds.NamesOfHost
) -> t.Iterator[str]:
    """A sentence for each such name of one guest.

    :param kinds: the names that are told where they stand for something of another kind
    """
    for devices, option, variable in NAMED:
        for place, device in enumerate(entries(guest, devices)):
            called = f"guest {label(word(guest, 'name'))}: {devices}[{place}].{option}"
            other = other_kinds.suggestion(device, option, kinds)
            if other is not None and word(guest, "state") != "absent":
                what = f"{KINDS.get(variable, 'card')} {label(word(device, option))}"
                yield f"{called}: {other}. The run goes on, for host {host} may have a {what} that nobody declares"
            elif not variable:
                continue
            elif variable != "kvm_volumes":
                yield from of_name(called, word(device, option), host, variable, declared[variable])
            elif names_volume(device, option) and word(device, option) not in declared["kvm_images"]:
                name = word(device, option).rpartition("/")[2]
                yield from of_name(called, name, host, variable, declared[variable])


BELOW = {"bond": ("ports", "parent"), "vlan": ("ports", "parent"), "bridge": ("parent",)}
"""The options of a link that may name another one, by the type of that one."""

NUMBERED = ("bond", "bridge")
"""Types of links whose numbers only tell one from the other; that of a VLAN is its own."""

CARD = re.compile("en|eth|wl|ww|ib|em|p[0-9]")
"""How the names of network cards begin."""


def of_links(links: t.Sequence[Item], host: str) -> t.Iterator[str]:
    """A sentence for each port or parent of a link that is close to a declared link, and looks like no card.

    What several links name is hardly a slip.

    :param links: those of the host
    """
    staying = [link for link in links if word(link, "state") != "absent"]
    names = {word(link, "name") for link in links}
    used = [(link, "parent", word(link, "parent")) for link in staying]
    for link in staying:
        ports = link.get("ports")
        for port in ports if isinstance(ports, (list, tuple)) else ():
            used.append((link, "ports", port if isinstance(port, str) else ""))
    often = collections.Counter(name for _link, _option, name in used)
    for link, option, name in used:
        others = [one for one in staying if option in BELOW.get(word(one, "type"), ()) and one is not link]
        like = slips_of(name, others) if name not in {"", *names} and often[name] == 1 else set()
        if len(like) == 1 and CARD.match(name) is None:
            yield (
                f"link {label(word(link, 'name'))}: {option}: {printable(name)} is not in kvm_links of host {host}; did"
                f" you mean {printable(like.pop())}? The run goes on, for the host may have a card {label(name)}"
            )


def slips_of(name: str, links: t.Iterable[Item]) -> set[str]:
    """The links of which a name may be a slip: of the same letters with another number, or with one slip."""
    known = {word(link, "name"): word(link, "type") for link in links if word(link, "name")}
    letters = name.rstrip("0123456789")
    found = {one for one, kind in known.items() if kind in NUMBERED and one.rstrip("0123456789") == letters}
    return found or {one for one in near(name, known) if abs(len(one) - len(name)) <= 1}


def portgroups(guests: t.Iterable[Item], networks: t.Iterable[Item]) -> t.Iterator[str]:
    """A sentence for each port group that the declared network of an interface does not have.

    :param guests: those of one host
    :param networks: those that the host declares; libvirt's XML may have port groups that nobody sees here
    """
    known = {
        word(network, "name"): sorted({word(group, "name") for group in entries(network, "portgroups")} - {""})
        for network in networks
        if network.get("xml") is None and word(network, "state") != "absent"
    }
    for guest in guests:
        for place, card in enumerate(entries(guest, "interfaces") if word(guest, "state") != "absent" else ()):
            network, group = word(card, "network"), word(card, "portgroup")
            if group and group not in known.get(network, [group]):
                has = f"has {', '.join(map(label, known[network]))}" if known[network] else "declares none"
                yield (
                    f"guest {label(word(guest, 'name'))}: interfaces[{place}].portgroup: the network {label(network)}"
                    f" has no {printable(group)} in kvm_networks, it {has}: name another, or declare it there"
                )


def originals(guests: t.Sequence[Item], host: str) -> t.Iterator[str]:
    """A sentence for each guest that a new one is to begin as, and that is a slip of a declared one of the host.

    Clones of the same original are no such slips: their names are often made of its name.
    """
    staying = [guest for guest in guests if word(guest, "state") != "absent"]
    names = {word(guest, "name") for guest in guests}
    for guest in staying:
        name = word(guest, CLONE)
        if name and name not in names:
            known = {word(one, "name") for one in staying if word(one, CLONE) != name} - {""}
            yield from of_name(f"guest {label(word(guest, 'name'))}: {CLONE}", name, host, "kvm_guests", known)


NAMED = (
    ("interfaces", "network", "kvm_networks"),
    ("interfaces", "bridge", "kvm_links"),
    ("interfaces", "direct", ""),
    ("disks", "pool", "kvm_pools"),
    ("disks", "volume", "kvm_volumes"),
    ("disks", "image", "kvm_volumes"),
    ("disks", "backing", "kvm_volumes"),
)
"""Lists of a guest's devices, their options that name something, and the variable that declares such things; empty
for cards of the host, which nobody declares."""


def names_volume(disk: Item, option: str) -> bool:
    """Whether an option of a disk names a volume that is there already: no path, no URL, and none that is made."""
    name = word(disk, option)
    is_made = option == "volume" and any(disk.get(one) is not None for one in MADE)
    return bool(name) and not is_made and not name.startswith("/") and "://" not in name


def bridges(variables: t.Mapping[str, object]) -> set[str]:
    """The bridges that a host is to have: links, and those of its networks."""
    links, networks = (
        [one for one in entries(variables, variable) if word(one, "state") != "absent"]
        for variable in ("kvm_links", "kvm_networks")
    )
    return {*(word(link, "name") for link in links), *(word(network, "bridge") for network in networks)} - {""}


def of_name(called: str, name: object, host: str, variable: str, declared: t.Collection[str]) -> t.Iterator[str]:
    """A sentence for a name that its host does not declare, and that is close to one that it does.

    :param called: what has the name, for people
    :param name: the name
    :param host: the host
    :param variable: the list that declares such things
    :param declared: the names that the host declares
    """
    like = near(name, declared) if name and name not in {DEFAULT, *declared} else []
    if like:
        yield (
            f"{called}: {printable(name)} is not in {variable} of host {host}; did you mean {printable(like[0])}?"
            f" The run goes on, for the host may have a {KINDS[variable]} {label(name)} that nobody declares"
        )
