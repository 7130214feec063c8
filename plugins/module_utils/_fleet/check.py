# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for a whole fleet, before any of its hosts is touched. Runs on the control node."""

from __future__ import annotations

import collections
import re
import typing as t

from .._engine.close_names import near
from .._engine.rows.model import Item, OptionValue
from .._engine.rows.row_index import hint_for_name, list_for_options
from .._engine.table import Table, called_by_key, doubtful_values, listing, nested, torn_off
from .._errors import Invalid, VirtfleetError
from .._hostnet.table import LINK
from .._kinds.domain import short_image
from .._kinds.domain.table import DOMAIN
from .._kinds.site_parts import site_parts
from .._kinds.volume.storage_rules import volume_key
from .._printing import label, named, printable, unforeseen
from .._role_words import for_role
from . import absent, clones, combinations, images, links, reservations, snapshots, unique
from . import networks as fleet_networks
from .layers import LayeredGuest
from .option_names import slip_of_host, unknown_to_fleet, with_ip
from .reservations import by_name, for_module
from .unique import entries, word

LISTS = {
    "kvm_links": LINK,
    **{part.variable: part.table for part in site_parts() if part.variable and not part.of_fleet},
}
"""The variables that hold what else is declared for a host, and their tables."""

PURGES = {part.variable: part.purge for part in site_parts() if part.purge}
"""What has those removed that are no longer in one of these lists."""

BESIDE = ("host", snapshots.OPTION)
"""Options of a guest of a fleet that are none of the module domains."""

VARIABLES = ("kvm_guests", *LISTS)
"""All variables that are looked at."""

PlaceInLists: t.TypeAlias = "int | str"
"""Where an item stands: its number in a list, or a file."""

HostProblem = tuple["str | None", str]
"""A host, or None for what is no host's, and a sentence about it."""


def guests_on(guests: t.Iterable[Item], host: str, staying: bool = False) -> list[Item]:
    """The guests of one host, as the module domains takes them: without ``host`` and ``snapshots``, and ``ip`` of
    interfaces, and with their ``image`` in their first disk, where they declare disks.

    What is no guest is left out; the check refuses it. Raises VirtfleetError where the guests are no list.

    :param staying: whether those that are to be absent are left out
    """
    return [
        for_module(short_image.beside_disks({name: value for name, value in guest.items() if name not in BESIDE}))
        for guest in a_list("guests_on", guests)
        if isinstance(guest, dict)
        and word(guest, "host") == host
        and not (staying and word(guest, "state") == "absent")
    ]


def a_list(name: str, items: object) -> t.Sequence[t.Any]:
    """What a filter was given, which has to be a list. Raises VirtfleetError where it is none.

    :param name: the name of the filter
    """
    if not isinstance(items, (list, tuple)):
        raise VirtfleetError(f"{name}: {printable(items, hidden=True)} is not a list of what is declared")
    return items


def staying(items: t.Iterable[Item], volumes: bool = False) -> list[object]:
    """The items of a list that are not to be absent. What is no item stays; the module refuses it.

    :param volumes: whether the items are volumes, of which only the identities are returned, POOL/VOLUME
    """
    given = a_list("staying", items)
    found = [item for item in given if not (isinstance(item, dict) and word(item, "state") == "absent")]
    return [volume_key(item) for item in found if isinstance(item, dict) and item.get("name")] if volumes else found


def guest_networks(guests: t.Iterable[Item], host: str) -> dict[str, list[str]]:
    """The networks that the guests of one host will be on, by name, as the module networks takes them.

    Of a guest whose interfaces are left out nothing is known, so it is left out.
    """
    found = {}
    for guest in guests_on(a_list("guest_networks", guests), host):
        gone = word(guest, "state") == "absent"
        interfaces = DOMAIN.written_out({"interfaces": guest.get("interfaces")})
        if gone or isinstance(interfaces["interfaces"], (list, tuple)):
            cards = [] if gone else entries(interfaces, "interfaces")
            found[str(guest.get("name"))] = [str(card["network"]) for card in cards if card.get("network")]
    return found


def problems(
    hosts: t.Sequence[str],
    variables: t.Mapping[str, t.Mapping[str, object]],
    groups: t.Container[str] = (),
    repeated: t.Container[tuple[str, str]] = (),
) -> list[str]:
    """What is wrong with the declaration of a fleet, a sentence each: what guests stand on first, as causes are there.

    :param hosts: the virtualization hosts of the inventory
    :param variables: the variables of each, of which kvm_guests and those in LISTS are looked at
    :param groups: the inventory's groups
    :param repeated: name and host of guests of which it was said that they are declared more than once
    """
    guests = merged([variables[host].get("kvm_guests") for host in hosts])
    if isinstance(guests, str):
        return [guests]
    networks = {host: by_name(variables[host].get("kvm_networks")) for host in hosts}
    of_guests = [
        (word(guest, "host") if isinstance(guest, dict) else None, line)
        for place, guest in guests.placed()
        for line in guest_problems(guest, networks, place_in("kvm_guests", place), groups)
    ]
    lines = each_once(of_lists(hosts, variables)) + each_once(of_several(of_guests))
    sound = [in_full(guest) for guest in guests if isinstance(guest, dict) and not nested(guest)]
    lines += unique.problems(sound, hosts, variables, repeated)
    lines += clones.problems(sound)
    of_hosts: list[HostProblem] = links.problems(sound, hosts, variables)
    of_hosts += images.problems(sound, hosts, variables)
    of_hosts += absent.problems(sound, hosts, variables)
    return [for_role(line) for line in (*lines, *each_once(of_hosts))]


def of_lists(hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, object]]) -> t.Iterator[HostProblem]:
    """What is wrong with the lists that hosts have beside their guests (see problems)."""
    for host in hosts:
        for variable, table in LISTS.items():
            items = variables[host].get(variable)
            if items is not None:
                yield from ((host, line) for line in items_problems(table, items, variable))
        yield from ((host, line) for line in fleet_networks.problems(variables[host].get("kvm_networks")))


def in_full(guest: Item) -> Item:
    """A guest with its short forms written out; one of a file still has its place."""
    whole: Item = DOMAIN.written_out(guest)
    return LayeredGuest(whole, guest.place) if isinstance(guest, LayeredGuest) else whole


def of_several(found: t.Sequence[HostProblem]) -> list[HostProblem]:
    """Sentences about guests, with the host only where the same one holds for guests of several hosts."""
    hosts: dict[str, set[str | None]] = {}
    for host, line in found:
        hosts.setdefault(line, set()).add(host)
    return [(host if len(hosts[line]) > 1 else None, line) for host, line in found]


def each_once(found: t.Iterable[HostProblem]) -> list[str]:
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


class ListPart(list[OptionValue]):
    """Some items of a list that a user wrote.

    :ivar places: the place of each in the user's list, counted from 0 as Ansible does; or a file, in words
    """

    def __init__(self, placed: t.Iterable[tuple[PlaceInLists, object]] = ()) -> None:
        pairs = list(placed)
        super().__init__(item for _place, item in pairs)
        self.places = [place for place, _item in pairs]

    @classmethod
    def of(cls, items: t.Sequence[object]) -> ListPart:
        """A list as a part of the user's: as it is, where it is one."""
        return items if isinstance(items, cls) else cls(enumerate(items))

    def placed(self) -> list[tuple[PlaceInLists, object]]:
        """The items, each with its place."""
        return list(zip(self.places, self, strict=True))


def merged(lists: t.Iterable[object]) -> ListPart | str:
    """The fleet's guests. Hosts share one list, or bring their own; a guest that is in several
    lists in the same words is one guest. Returns a sentence where one is not a list."""
    seen: set[int] = set()
    known: dict[object, list[object]] = {}
    out: list[tuple[PlaceInLists, object]] = []
    for guests in lists:
        if guests is None or id(guests) in seen:
            continue
        if not isinstance(guests, (list, tuple)):
            problem = f"kvm_guests: {printable(guests, hidden=True)} is not a list of guests"
            return problem + how_listed("kvm_guests", guests)
        new = [
            (place, guest)
            for place, guest in ListPart.of(guests).placed()
            if not among(guest, same_guests(guest, known))
        ]
        for _place, guest in new:
            same_guests(guest, known).append(guest)
        out += new
        seen.add(id(guests))
    return ListPart(out)


def counted_guests(hosts: t.Sequence[str], variables: t.Mapping[str, t.Mapping[str, object]]) -> int:
    """How many guests are declared to be there."""
    guests = merged([variables[host].get("kvm_guests") for host in hosts])
    return sum(isinstance(guest, dict) and word(guest, "state") != "absent" for guest in guests)


def same_guests(guest: object, known: dict[object, list[object]]) -> list[object]:
    """Those of several guests that one may be equal to: the others of its name.

    :param known: the guests by name; those without one by None
    """
    name = guest.get("name") if isinstance(guest, dict) else None
    return known.setdefault(name if isinstance(name, str) else None, [])


def place_in(variable: str, place: PlaceInLists) -> str:
    """The place of an item, in words."""
    return place if isinstance(place, str) else f"{variable}[{place}]"


def how_listed(variable: str, items: object) -> str:
    """How to write the list of a variable. On the command line, ``-e NAME=[]`` makes a text of it."""
    typed = f"; on the command line, write -e '{{\"{variable}\": []}}'" if isinstance(items, str) else ""
    return f"; {listing(items)}{typed}"


def among(value: object, others: list[object]) -> bool:
    """Whether a value is one of several; not where it cannot be compared."""
    try:
        return value in others
    except Exception:  # Nested too deep, or undefined: it is refused by name.
        return False


def title(kind: str, name: object, place: str) -> str:
    """What an item is called in a message: by its name, or by its place where it has none."""
    return f"{kind} {label(name)}" if isinstance(name, str) and name else place


def guest_problems(
    guest: object, hosts: t.Mapping[str, t.Mapping[str, Item]], place: str, groups: t.Container[str] = ()
) -> list[str]:
    """What is wrong with one guest.

    :param hosts: the networks of each host, by name
    :param place: where it is declared, such as ``kvm_guests[0]``
    :param groups: the inventory's groups
    """
    if not isinstance(guest, dict):
        hint = f"; write {hint_for_name(guest)}" if hint_for_name(guest) else list_for_options(guest, "")
        return [f"{place}: {printable(guest, hidden=True)} is not a dictionary of options{hint}"]
    keyed = torn_off(DOMAIN, guest)
    if keyed or called_by_key(DOMAIN, guest, keyed):
        return [f"{place}: {keyed[0]}"]
    host = guest.get("host")
    known = isinstance(host, str) and host in hosts
    called = title("guest", guest.get("name"), f"{place} on {host}" if known else place)
    slip = slip_of_host(guest)
    problem = host_problem(guest, hosts, "in the inventory's group kvm_hosts", groups)
    file = (
        f" (in {guest.place})"
        if isinstance(guest, LayeredGuest) and guest.place and not called.startswith(place)
        else ""
    )
    lines = [] if problem is None else [f"{called}: {problem}{file}"]
    strange = unknown_to_fleet(guest)
    item = {name: value for name, value in guest.items() if name not in (*BESIDE, slip) and name not in strange}
    wrong = list(map(with_ip, item_problems(DOMAIN, for_module(item), combinations.fitting)))
    wrong += [Invalid(named(name), reason) for name, reason in strange.items() if name != slip]
    wrong += snapshots.snapshot_problems(guest)
    if isinstance(host, str) and host in hosts and not nested(guest):
        wrong += reservations.problems(guest, hosts[host])
    there = called.startswith(place)
    sentences = [guest.says(problem, there) if isinstance(guest, LayeredGuest) else str(problem) for problem in wrong]
    return lines + [f"{called}: {line}" for line in sentences if line is not None]


def host_problem(guest: Item, hosts: t.Collection[str], where: str, groups: t.Container[str] = ()) -> str | None:
    """What is wrong with the host that a guest names; None where it is one of some hosts.

    :param where: what the hosts are called, such as ``in the inventory``
    :param groups: the inventory's groups, one of which may be named by mistake
    """
    host, slip = guest.get("host"), slip_of_host(guest)
    if slip is not None:
        return f"{named(slip)}: no such option; did you mean 'host'?"
    if host is None:
        return "host: is missing; name the host that it runs on"
    if isinstance(host, str) and host in hosts:
        return None
    if isinstance(host, (list, tuple, dict)):
        return (
            f"host: {printable(host)} is no name of a host; name the one host that it runs on{which_host(None, hosts)}"
        )
    if isinstance(host, str) and host in groups:
        return f"host: {printable(host)} is a group; name the one host that it runs on"
    return f"host: {printable(host)} is not {where}{which_host(host, hosts)}"


def which_host(host: object, hosts: t.Collection[str]) -> str:
    """Which host may be meant by one that is not there, or which there are."""
    like = near(host, hosts)
    if like:
        return f"; did you mean {printable(like[0])}?"
    names = some(sorted(hosts))
    if isinstance(host, str) and re.fullmatch(r"[0-9.]+|[0-9a-fA-F]*:[0-9a-fA-F:]*", host):
        return f"; write the name that the inventory has for it: {names}"
    return f"; there are: {names}" if hosts else ""


def item_problems(
    table: Table, raw: object, more: t.Callable[[Item], t.Iterable[Invalid]] = lambda item: ()
) -> list[Invalid]:
    """What is wrong with an item, by itself.

    Whether libvirt holds something doubtful already is not known here, so it is refused: a mistake in
    an inventory is far more likely than a definition that libvirt would not take today.

    :param more: tells what else is wrong with one whose options are right by themselves
    """
    item, wrong = table.parse_item(raw)
    try:
        return [*wrong, *doubtful_values(item, "")] if wrong else [*table.doubts(item), *more(item)]
    except Exception as error:  # One bad item must not hide what is wrong with the others.
        return [*wrong, Invalid("", unforeseen(error))]


def items_problems(table: Table, items: object, variable: str) -> list[str]:
    """What is wrong with a host's items of one kind."""
    if not isinstance(items, (list, tuple)):
        return [f"{variable}: {printable(items, hidden=True)} is not a list{how_listed(variable, items)}"]
    lines = []
    names = [identity(table, item) for item in items]
    for name, (place, item) in zip(names, ListPart.of(items).placed(), strict=True):
        called = title(table.kind, name, f"{variable}[{place}]")
        lines += [f"{called}: {problem}" for problem in torn_off(table, item) or item_problems(table, item)]
    known = [name for name in names if name is not None]
    return lines + [f"{table.kind} {label(name)}: is declared more than once" for name in repeated(known)]


def identity(table: Table, item: object) -> str | None:
    """What tells an item as it was written from all others; None where nothing sensible does."""
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        return None
    return table.identity({name: value for name, value in item.items() if isinstance(value, str)})


def repeated(names: t.Sequence[str | None]) -> list[str]:
    """The names that occur more than once."""
    return sorted(str(name) for name, count in collections.Counter(names).items() if count > 1)
