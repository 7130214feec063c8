# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a change of an entry reaches an active network, by the names that its table uses.

libvirt adds, deletes and partly modifies entries of the sections that virNetworkUpdate names
(libvirt-network.html, virNetworkUpdateSection; what it compares is in network_conf.c).
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.live import RESTART, TOGETHER, StepsOrReason, Strategy
from ..._engine.rows.model import Change
from ..._engine.step import Step
from ..._engine.xml_merge import canonical

Bring = t.Callable[[list[Change], ET.Element, bool, ET.Element], StepsOrReason]


def section(name: str, path: str, keys: tuple[str, ...], modified_by: tuple[str, ...] = ()) -> Bring:
    """The strategy of a section: an entry of it comes, goes or becomes another.

    :param name: the section, as libvirt calls it
    :param path: where its entries are in the network, or in one of its ``ip``
    :param keys: the attributes that tell its entries apart
    :param modified_by: the attributes by which libvirt finds an entry that it makes another; where it has none of
        them, the old one is deleted and the new one added
    """

    def bring(changes: list[Change], root: ET.Element, stuck: bool, now: ET.Element) -> StepsOrReason:
        if stuck:
            return TOGETHER
        change, entry = changes[0], changes[0].elements[-1]
        ip = change.elements[0] if len(change.elements) > 1 else None
        index = -1 if ip is None else place_of(ip, now)
        if index is None:
            return RESTART

        def step(command: str, element: ET.Element) -> Step:
            return Step("update_section", (name, command, index, paths.text(element)))

        had = now.findall(path) if ip is None else now.findall("ip")[index].findall(path)
        comes = root.findall(path) if ip is None else ip.findall(path)
        if change.path.endswith("]"):
            adds = change.before is None
            if is_ambiguous((entry,), comes if adds else had):
                return RESTART
            return [step("add_last" if adds else "delete", entry)]
        old = former(changes, keys, had)
        if old is None or is_ambiguous((entry, old), [*had, *comes]):
            return RESTART
        if any(entry.get(by) and entry.get(by) == old.get(by) for by in modified_by):
            return [step("modify", entry)]
        return [step("delete", old), step("add_last", entry)]

    return bring


def place_of(ip: ET.Element, now: ET.Element) -> int | None:
    """Which ``ip`` of the active network this is, counted from 0; None where it has no such."""
    known = [(one.get("family"), one.get("address")) for one in now.findall("ip")]
    wanted = (ip.get("family"), ip.get("address"))
    return known.index(wanted) if wanted in known else None


def former(changes: t.Sequence[Change], keys: t.Iterable[str], had: t.Iterable[ET.Element]) -> ET.Element | None:
    """What an entry is before it changes; None where that is not certain.

    :param changes: those of the one entry
    :param keys: the attributes that tell entries apart; their options have the same names
    :param had: the entries that are there
    """
    before = {change.path.rpartition(".")[2]: change.before for change in changes}
    entry = changes[0].elements[-1]
    wanted = {key: before.get(key, entry.get(key)) for key in keys}
    found = [one for one in had if all(one.get(key) == value for key, value in wanted.items())]
    return found[0] if len(found) == 1 else None


def is_ambiguous(entries: t.Sequence[ET.Element], others: t.Iterable[ET.Element]) -> bool:
    """Whether libvirt could take one of some entries for another one.

    :param entries: what is added, deleted or modified
    :param others: the entries that there are, or are to be, these among them
    """
    same = {canonical(one) for one in entries}
    rest = [other for other in others if canonical(other) not in same]
    return any(is_alike(one, other) for one in entries for other in rest)


def is_alike(entry: ET.Element, other: ET.Element) -> bool:
    """Whether libvirt takes an entry for another: by a name or an address, or by what a record for a service is for."""
    if entry.tag == "srv":
        return all(entry.get(name) in (None, other.get(name)) for name in ("service", "protocol", "domain", "target"))
    if entry.tag == "txt":
        return entry.get("name") == other.get("name")
    return bool(known_by(entry) & known_by(other))


def known_by(entry: ET.Element) -> set[tuple[str, str | None]]:
    """The names and addresses by which libvirt compares hosts, of DHCP and of the DNS server."""
    if entry.tag != "host":
        return set()
    names = {("hostname", node.text) for node in entry.findall("hostname")}
    return names | {(name, value) for name, value in entry.items() if name in ("mac", "name", "ip")}


def is_no_default(change: Change) -> bool:
    """Whether a port group is not the default one after a change. It comes before one that is: libvirt refuses two."""
    return change.after is None or change.elements[-1].get("default") != "yes"


STRATEGIES = {
    "ip_dhcp_host": Strategy(
        section("ip_dhcp_host", "dhcp/host", ("mac", "id", "name"), ("mac", "name")), innermost=True
    ),
    "ip_dhcp_range": Strategy(section("ip_dhcp_range", "dhcp/range", ("start",)), innermost=True),
    "portgroup": Strategy(section("portgroup", "portgroup", ("name",), ("name",)), innermost=True, early=is_no_default),
    "dns_host": Strategy(section("dns_host", "dns/host", ("ip",)), innermost=True),
    "dns_txt": Strategy(section("dns_txt", "dns/txt", ("name",)), innermost=True),
    "dns_srv": Strategy(section("dns_srv", "dns/srv", ("service", "protocol", "domain", "target")), innermost=True),
}
"""The strategies of a network."""
