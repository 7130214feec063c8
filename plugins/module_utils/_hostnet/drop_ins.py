# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody adds to the units that netplan makes: it stays with the device, whatever netplan's files say. Pure."""

from __future__ import annotations

from .._engine.rows.model import Item
from .._errors import Invalid
from . import networkd
from .facts import Facts
from .netplan import NetplanPlace

NO = ("no", "false", "off", "0", "n", "f")


def of(place: NetplanPlace, facts: Facts) -> list[str]:
    """The files that somebody adds to the unit of one of netplan's definitions.

    :param place: the definition
    :param facts: the host
    """
    inside = f"/10-netplan-{place.id}.network.d/"
    return [path for path in facts.units if inside in path and "virtfleet-" not in path]


def gives_addresses(text: str) -> bool:
    """Whether such a file gives its device addresses, routes or a lease.

    :param text: the file's
    """
    sections = networkd.parse(text)
    if networkd.addressed(sections) or any(name == "Route" and values for name, values in sections):
        return True
    announced = networkd.setting(sections, "Network", "IPv6AcceptRA")
    return announced is not None and announced.lower() not in NO


def refuse_port(item: Item, port: str, place: NetplanPlace, facts: Facts) -> None:
    """Raise Invalid where a new port has addresses that no change of netplan's files takes from it.

    :param item: the link
    :param port: the device
    :param place: netplan's definition of it
    :param facts: the host
    """
    found = [path for path in of(place, facts) if gives_addresses(facts.units[path])]
    if found:
        raise Invalid(
            f"ports[{list(item['ports']).index(port)}]",
            f"{', '.join(found)} gives {port} addresses, routes or DHCP beside netplan, and they would stay on {port}:"
            f" write them in netplan, or in kvm_links as those of {item['name']} (addressing: static), and remove that"
            " file",
        )


def refuse_bridge(name: str, place: NetplanPlace | None, facts: Facts) -> None:
    """Raise Invalid where a bridge that goes has addresses that no change of netplan's files gives back.

    :param name: the bridge
    :param place: netplan's definition of it
    :param facts: the host
    """
    found = [path for path in of(place, facts) if gives_addresses(facts.units[path])] if place is not None else []
    if found:
        raise Invalid(
            "state",
            f"{', '.join(found)} gives {name} addresses, routes or DHCP beside netplan, and they would go with it:"
            f" write them in netplan as those of {name}, and remove that file",
        )


def warnings(link: str, port: str, place: NetplanPlace, facts: Facts) -> list[str]:
    """What of a port's does not follow to a link that takes over its addresses.

    :param link: the link
    :param port: the device
    :param place: netplan's definition of it
    :param facts: the host
    """
    found = of(place, facts)
    return [f"link {link}: what {', '.join(found)} says of {port} does not follow to {link}"] if found else []
