# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for a whole fleet, before any of its hosts is touched. Runs on the control node."""

from __future__ import annotations

import ipaddress
import posixpath
import re
import typing as t

from ._engine.body import Item, body
from ._engine.convert import MAC, UUID, YES_NO, Converter, digits
from ._engine.near import near
from ._engine.table import Table, held, nested
from ._errors import Invalid, VirtfleetError
from ._hostnet.table import LINK
from ._printing import label, named, printable, unforeseen
from ._tables.domain import DOMAIN
from ._tables.network import NETWORK
from ._tables.pool import POOL
from ._tables.storage import IMAGES, MADE_DIRECTORIES
from ._tables.volume import VOLUME

LISTS = {"kvm_links": LINK, "kvm_networks": NETWORK, "kvm_pools": POOL, "kvm_volumes": VOLUME}
"""The variables that hold what else is declared for a host, and their tables."""

SHARED = ("netfs", "gluster", "vstorage")
"""Types of pools whose volumes are files on a server that several hosts reach."""

VARIABLES = ("kvm_guests", *LISTS)
"""All variables that are looked at."""

Problem = tuple["str | None", str]
"""A host, or None for what is no host's, and a sentence about it."""


def guests_on(guests: t.Iterable[Item], host: str, staying: bool = False) -> list[Item]:
    """The guests of one host, as the module domains takes them: without the option ``host``.

    What is no guest is left out; the check refuses it. Raises VirtfleetError where the guests are no list.

    :param staying: whether those that are to be absent are left out
    """
    return [
        {name: value for name, value in guest.items() if name != "host"}
        for guest in a_list("guests_on", guests)
        if isinstance(guest, dict)
        and word(guest, "host") == host
        and not (staying and word(guest, "state") == "absent")
    ]


def a_list(name: str, items: t.Any) -> t.Sequence[t.Any]:
    """What a filter was given, which has to be a list. Raises VirtfleetError where it is none.

    :param name: the name of the filter
    """
    if not isinstance(items, (list, tuple)):
        raise VirtfleetError(f"{name}: {printable(items, hidden=True)} is not a list of what is declared")
    return items


def staying(items: t.Iterable[Item]) -> list[Item]:
    """The items of a list that are not to be absent. What is no item stays; the module refuses it."""
    given = a_list("staying", items)
    return [item for item in given if not (isinstance(item, dict) and word(item, "state") == "absent")]


def guest_networks(guests: t.Iterable[Item], host: str) -> dict[str, list[str]]:
    """The networks that the guests of one host will be on, by name, as the module networks takes them.

    Of a guest whose interfaces are left out nothing is known, so it is left out.
    """
    found = {}
    for guest in guests_on(a_list("guest_networks", guests), host):
        gone = guest.get("state") == "absent"
        if gone or isinstance(guest.get("interfaces"), (list, tuple)):
            cards = [] if gone else entries(guest, "interfaces")
            found[str(guest.get("name"))] = [str(card["network"]) for card in cards if card.get("network")]
    return found


def problems(hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[str]:
    """What is wrong with the declaration of a fleet, a sentence each.

    :param hosts: the virtualization hosts of the inventory
    :param variables: the variables of each, of which kvm_guests and those in LISTS are looked at
    """
    guests = merged([variables[host].get("kvm_guests") for host in hosts])
    if isinstance(guests, str):
        return [guests]
    of_guests = [
        (word(guest, "host") if isinstance(guest, dict) else None, line)
        for place, guest in guests.placed()
        for line in guest_problems(guest, hosts, f"kvm_guests[{place}]")
    ]
    lines = told_once(of_several(of_guests))
    sound = [guest for guest in guests if isinstance(guest, dict) and not nested(guest)]
    lines += twice(sound, "name", lambda guest: [word(guest, "name")])
    lines += twice(sound, "uuid", lambda guest: [normal(UUID, guest.get("uuid"))])
    lines += twice(sound, "mac", macs)
    lines += twice(sound, "address", addresses)
    shared = {host: shared_folders(variables[host].get("kvm_pools")) for host in hosts}
    folders = {host: folders_of(variables[host].get("kvm_pools")) for host in hosts}
    owned = twice(
        sound,
        "disk",
        lambda guest: disks(guest, shared.get(word(guest, "host"), []), folders.get(word(guest, "host"), {})),
    )
    lines += [f"{line}, or shareable: true where they share it" for line in owned]
    lines += link_addresses({host: variables[host].get("kvm_links") for host in hosts})
    of_hosts: list[Problem] = []
    for host in hosts:
        for variable, table in LISTS.items():
            items = variables[host].get(variable)
            if items is not None:
                of_hosts += [(host, line) for line in items_problems(table, items, variable)]
    return lines + told_once(of_hosts)


def of_several(found: t.Sequence[Problem]) -> list[Problem]:
    """Sentences about guests, with the host only where the same one holds for guests of several hosts."""
    hosts: dict[str, set[str | None]] = {}
    for host, line in found:
        hosts.setdefault(line, set()).add(host)
    return [(host if len(hosts[line]) > 1 else None, line) for host, line in found]


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


class Part(list[t.Any]):
    """Some items of a list that a user wrote.

    :ivar places: the place of each in the user's list, counted from 0 as Ansible does
    """

    def __init__(self, placed: t.Iterable[tuple[int, t.Any]] = ()) -> None:
        pairs = list(placed)
        super().__init__(item for _place, item in pairs)
        self.places = [place for place, _item in pairs]

    @classmethod
    def of(cls, items: t.Sequence[t.Any]) -> Part:
        """A list as a part of the user's: as it is, where it is one."""
        return items if isinstance(items, cls) else cls(enumerate(items))

    def placed(self) -> list[tuple[int, t.Any]]:
        """The items, each with its place."""
        return list(zip(self.places, self, strict=True))


def merged(lists: t.Iterable[t.Any]) -> Part | str:
    """The fleet's guests. Hosts share one list, or bring their own; a guest that is in several
    lists in the same words is one guest. Returns a sentence where one is not a list."""
    seen: list[t.Any] = []
    out: list[tuple[int, t.Any]] = []
    for guests in lists:
        if guests is None or among(guests, seen):
            continue
        if not isinstance(guests, (list, tuple)):
            return f"kvm_guests: {printable(guests, hidden=True)} is not a list of guests"
        others = [guest for _place, guest in out]
        out += [(place, guest) for place, guest in Part.of(guests).placed() if not among(guest, others)]
        seen.append(guests)
    return Part(out)


def among(value: t.Any, others: list[t.Any]) -> bool:
    """Whether a value is one of several; not where it cannot be compared."""
    try:
        return value in others
    except Exception:  # Nested too deep, or undefined: it is refused by name.
        return False


def title(kind: str, name: t.Any, place: str) -> str:
    """What an item is called in a message: by its name, or by its place where it has none."""
    return f"{kind} {label(name)}" if isinstance(name, str) and name else place


def guest_problems(guest: t.Any, hosts: t.Sequence[str], place: str) -> list[str]:
    """What is wrong with one guest.

    :param place: where it is declared, such as ``kvm_guests[0]``
    """
    if not isinstance(guest, dict):
        return [f"{place}: {printable(guest, hidden=True)} is not a dictionary of options"]
    host = guest.get("host")
    called = title("guest", guest.get("name"), f"{place} on {host}" if host in hosts else place)
    lines = []
    slip = None if host is not None else next(filter(means_host, guest), None)
    if slip is not None:
        lines.append(f"{called}: {named(slip)}: no such option; did you mean 'host'?")
    elif host is None:
        lines.append(f"{called}: host: is missing; name the host that it runs on")
    elif not isinstance(host, str) or host not in hosts:
        like = near(host, hosts)
        hint = f"; did you mean {printable(like[0])}?" if like else ""
        lines.append(f"{called}: host: {printable(host)} is not in the inventory's group kvm_hosts{hint}")
    item = {name: value for name, value in guest.items() if name not in ("host", slip)}
    return lines + [f"{called}: {problem}" for problem in item_problems(DOMAIN, item)]


def means_host(name: t.Any) -> bool:
    """Whether an option is a slip of ``host``, which a guest has in the fleet's list and nowhere else."""
    options = body(DOMAIN.rows).names
    return name != "host" and name not in options and near(name, [*options, "host"]) == ["host"]


def item_problems(table: Table, raw: t.Any) -> list[Invalid]:
    """What is wrong with an item, by itself.

    Whether libvirt holds something doubtful already is not known here, so it is refused: a mistake in
    an inventory is far more likely than a definition that libvirt would not take today.
    """
    item, wrong = table.parse_item(raw)
    try:
        return [*wrong, *held(item, "")] if wrong else table.doubts(item)
    except Exception as error:  # One bad item must not hide what is wrong with the others.
        return [*wrong, Invalid("", unforeseen(error))]


def items_problems(table: Table, items: t.Any, variable: str) -> list[str]:
    """What is wrong with a host's items of one kind."""
    if not isinstance(items, (list, tuple)):
        return [f"{variable}: {printable(items, hidden=True)} is not a list"]
    lines = []
    names = [identity(table, item) for item in items]
    for name, (place, item) in zip(names, Part.of(items).placed(), strict=True):
        called = title(table.kind, name, f"{variable}[{place}]")
        lines += [f"{called}: {problem}" for problem in item_problems(table, item)]
    known = [name for name in names if name is not None]
    return lines + [f"{table.kind} {label(name)}: is declared more than once" for name in repeated(known)]


def identity(table: Table, item: t.Any) -> str | None:
    """What tells an item as it was written from all others; None where nothing sensible does."""
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        return None
    return table.identity({name: value for name, value in item.items() if isinstance(value, str)})


def entries(item: Item, name: str) -> list[Item]:
    """The dictionaries of a list option; what is none is refused elsewhere."""
    value = item.get(name)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, (list, tuple)) else []


def macs(guest: Item) -> list[t.Any]:
    """The MAC addresses that a guest's declaration names."""
    return [normal(MAC, entry.get("mac")) for entry in entries(guest, "interfaces")]


def addresses(guest: Item) -> list[t.Any]:
    """The IP addresses that a guest's declaration gives it."""
    ips = [ip for entry in entries(guest, "interfaces") for ip in entries(entry, "ips")]
    return [host_part(ip.get("address")) for ip in ips]


def shared_folders(pools: t.Any) -> list[str]:
    """The directories of a host that a server gives to several, as far as pools tell."""
    found = entries({"pools": pools}, "pools")
    shared = [pool for pool in found if word(pool, "type") in SHARED]
    return [word(pool, "target") for pool in shared if word(pool, "target")]


def folders_of(pools: t.Any) -> dict[str, str]:
    """The directories of a host's pools by name, as far as they are declared; and of the one that it has anyway."""
    found = {"default": IMAGES}
    for pool in entries({"pools": pools}, "pools"):
        found.pop(word(pool, "name"), None)
        if (word(pool, "type") or "dir") in MADE_DIRECTORIES and word(pool, "target").startswith("/"):
            found[word(pool, "name")] = word(pool, "target")
    return found


def plain(path: str) -> str:
    """A path without doubled slashes and dots. At its beginning, two slashes are one, as Linux takes them."""
    path = posixpath.normpath(path)
    return f"/{path.lstrip('/')}" if path.startswith("/") else path


def disks(guest: Item, shared: t.Sequence[str], folders: t.Mapping[str, str]) -> list[str]:
    """The disks that only one guest can write to.

    Files, devices and volumes have the same names on every host, so they are a host's; what is on a
    server, or in a directory of one, is the fleet's.

    :param shared: directories of the guest's host that other hosts have, too
    :param folders: directories of its pools, by name: a volume in one is a file there
    """
    found = []
    for disk in entries(guest, "disks"):
        if word(disk, "device") in ("cdrom", "floppy") or allowed(disk, "readonly") or allowed(disk, "shareable"):
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


def link_addresses(links: t.Mapping[str, t.Any]) -> list[str]:
    """A sentence for each static address that several hosts are to have."""
    owners: dict[str, list[str]] = {}
    for host, items in links.items():
        for link in entries({"links": items}, "links"):
            values = link.get("addresses")
            for address in values if isinstance(values, (list, tuple)) else []:
                known = host_part(address)
                if known is not None and word(link, "state") != "absent":
                    owners.setdefault(known, []).append(f"link {label(word(link, 'name'))} of {host}")
    return [
        f"address {label(address)}: is declared more than once: {', '.join(found)}; each host needs its own"
        for address, found in owners.items()
        if len(found) > 1
    ]


def host_part(address: t.Any) -> str | None:
    """An address without its subnet, in normal form; None for what is none."""
    try:
        return str(ipaddress.ip_address(digits(address).partition("/")[0]))
    except ValueError:
        return None


def normal(converter: Converter, value: t.Any) -> t.Any:
    """A value in normal form, so that two spellings are one; None where there is none, or it is refused anyway."""
    try:
        return None if value is None else converter.parse(value)
    except ValueError:
        return None


def twice(guests: list[Item], what: str, values: t.Callable[[Item], list[t.Any]]) -> list[str]:
    """A sentence for each value that more than one guest has, naming the guests and hosts."""
    owners: dict[str, list[str]] = {}
    for guest in guests:
        for value in values(guest):
            if isinstance(value, str) and value:
                owners.setdefault(value, []).append(f"{label(word(guest, 'name'))} on {label(word(guest, 'host'))}")
    return [
        f"{what} {label(value)}: is declared more than once: {', '.join(found)}; each guest needs its own"
        for value, found in owners.items()
        if len(found) > 1
    ]


def repeated(names: t.Sequence[str | None]) -> list[str]:
    """The names that occur more than once."""
    return sorted({str(name) for name in names if names.count(name) > 1})
