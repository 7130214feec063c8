# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a link that networkd has set is otherwise in the kernel, such as by ``ip``: it sets all of it again. Pure.

Of routes only those of a shim are looked at, which are all that it is for. What a link without carrier does not have is
no matter: networkd gives it nothing then.
"""

from __future__ import annotations

import ipaddress
import typing as t

from .._engine.rows.model import Change, Item
from .._errors import Invalid
from . import networkd
from .agent.shapes import Settings
from .facts import Facts, HostDevice
from .netplan import Netplan
from .netplan_yaml import DefinitionBody, is_true

if t.TYPE_CHECKING:
    from .links_plan import LinksPlan

LEAST_MTU = 1280
"""The MTU that IPv6 needs (RFC 8200, section 5). networkd gives a link with IPv6 no less, and the kernel takes IPv6
from one that has less."""
OPTIONS = {"MACAddress": "mac", "MTUBytes": "mtu", "Address": "addresses"}
"""Options by networkd's names of them."""


def by_networkd(item: Item, net: Netplan, units: networkd.Units, facts: Facts) -> bool:
    """Whether it is networkd that sets a link to what is declared. Raises Invalid for an MTU that it would not set.

    :param net: the documents as they become
    :param units: the collection's own units as they become
    """
    kind, name = "50" if item["type"] in networkd.MAC_KINDS else "00", item["name"]
    unit, place = units.get(f"{kind}-virtfleet-{name}.network"), net.place(name)
    if unit is not None:
        refuse_small(item, unit_has_ipv6(networkd.parse(unit)), facts)
        return True
    if place is None or net.renderer(place) != "networkd":
        return False
    refuse_small(item, has_ipv6(net.merged(place)), facts)
    return True


def changes(
    item: Item, others: t.Sequence[Change], units: networkd.Units, facts: Facts, out: LinksPlan
) -> list[Change]:
    """What of a link networkd is to set again.

    :param others: what changes of it besides
    :param units: the collection's own units as they become
    :param out: the plan, which gets what brings that about, and what the link must be like then
    """
    found = []
    if not others or others[0].path != "definition":
        # What a unit says anew networkd sets by itself.
        changed_paths = {OPTIONS.get(each.path.rpartition(".")[2], each.path) for each in others}
        found = drifted(item, changed_paths, facts, out)
    if not found and not others:
        found = lost_routes(item, units, facts)
        out.refresh += [item["name"] for _lost in found if item["name"] not in out.refresh]
    if found or others:
        out.settings[item["name"]] = declared_settings(item)
    return found


def drifted(item: Item, changed_paths: t.Container[str], facts: Facts, out: LinksPlan) -> list[Change]:
    """What of a link differs from what is declared, without the options that another change has already."""
    device = facts.devices.get(item["name"])
    if device is None or device.name in out.gone:
        return []
    found = []
    if item.get("mac") and device.mac.lower() != item["mac"].lower():
        found.append(Change("mac", device.mac, item["mac"]))
        out.undo.append(["ip", "link", "set", "dev", device.name, "address", device.mac])
    if item.get("mtu") and device.mtu != item["mtu"]:
        found.append(Change("mtu", device.mtu, item["mtu"]))
    ports = [facts.devices[port] for port in facts.ports(device.name) if port in (item.get("ports") or [])]
    down = [each.name for each in (device, *ports) if not each.up and comes_up(each, facts)]
    found += [Change("up", False, True)] if down else []
    if device.up and device.carrier and item.get("addressing") == "static":
        there = {ipaddress.ip_interface(address) for address in device.addresses}
        wanted = map(ipaddress.ip_interface, item["addresses"])
        if not {each for each in wanted if not (each.is_link_local or each.is_loopback)} <= there:
            found.append(Change("addresses", list(device.addresses), item["addresses"]))
    found = [change for change in found if change.path not in changed_paths]
    again = dict.fromkeys([*([device.name] if found else []), *down])
    out.refresh += [name for name in again if name not in out.refresh]
    return found


def lost_routes(item: Item, units: networkd.Units, facts: Facts) -> list[Change]:
    """The routes of a shim that are not there.

    The kernel drops routes with the address that they name as their source. When the parent has it again, networkd
    gives the parent its routes back, but not those of another link. Of two shims on a parent, one has the routes.

    :param units: the collection's own units as they become
    """
    device, unit = facts.devices.get(item["name"]), units.get(f"50-virtfleet-{item['name']}.network", "")
    sections = [dict(values) for section, values in networkd.parse(unit) if section == "Route"]
    wanted = [values["Destination"] for values in sections if values.get("Scope") == "link"]
    if device is None or not (device.up and device.carrier):
        return []
    shims = [each.name for each in facts.devices.values() if each.kind in networkd.MAC_KINDS]
    there = [route.to for route in facts.routes if route.device in shims and not route.via]
    known = set(map(ipaddress.ip_network, there))
    return [] if known.issuperset(map(ipaddress.ip_network, wanted)) else [Change("routes", there, wanted)]


def comes_up(device: HostDevice, facts: Facts) -> bool:
    """Whether networkd brings a device up by itself (systemd.network(5), ActivationPolicy)."""
    policy = networkd.setting(networkd.whole_unit(device.network_file, facts), "Link", "ActivationPolicy")
    return policy in (None, "up", "always-up")


def refuse_small(item: Item, ipv6: bool, facts: Facts) -> None:
    """Raise Invalid for an MTU that a link cannot have, as it has IPv6 as well."""
    mtu = item.get("mtu")
    if mtu and mtu < LEAST_MTU and ipv6 and any(device.accept_ra for device in facts.devices.values()):
        raise Invalid(
            "mtu",
            f"is {mtu}, and a link with IPv6 has {LEAST_MTU} at least: give {LEAST_MTU} or more, or take IPv6 from it"
            " ('addressing: none'; in netplan 'link-local: []', with addresses of IPv4 only)",
        )


def refuse_large(item: Item, net: Netplan, units: networkd.Units, facts: Facts) -> None:
    """Raise Invalid for an MTU of a MacVLAN or MacVTap link that its parent does not have: the kernel refuses it.

    :param net: the documents as they become
    :param units: the collection's own units as they become
    """
    parent = facts.devices.get(item["parent"])
    place = net.owner(parent.nic) if parent is not None else net.place(item["parent"])
    unit = networkd.parse(units.get(f"00-virtfleet-{item['parent']}.network", ""))
    declared = (net.get(place, "mtu") if place is not None else None, networkd.setting(unit, "Link", "MTUBytes"))
    most = next((int(str(each)) for each in declared if str(each).isdigit()), parent.mtu if parent is not None else 0)
    if most and (item.get("mtu") or 0) > most:
        raise Invalid(
            "mtu",
            f"is {item['mtu']}, and its parent {item['parent']} has {most}: give {most} or less, or the parent more",
        )


def declared_settings(item: Item) -> Settings:
    """The MAC address and the MTU that a link is to have, as far as they are declared."""
    found: Settings = {}
    if item.get("mac"):
        found["mac"] = item["mac"]
    if item.get("mtu"):
        found["mtu"] = item["mtu"]
    return found


def has_ipv6(definition: DefinitionBody) -> bool:
    """Whether a definition of netplan's gives its device IPv6: left alone, it has a link-local address."""
    addresses = any(":" in str(address) for address in definition.get("addresses") or [])
    return "ipv6" in (definition.get("link-local", ["ipv6"]) or []) or addresses or is_true(definition.get("dhcp6"))


def unit_has_ipv6(unit: networkd.Sections) -> bool:
    """The same of a unit."""
    local = networkd.setting(unit, "Network", "LinkLocalAddressing")
    addresses = [value for _section, values in unit for key, value in values if key == "Address"]
    return local not in ("no", "false", "off", "0", "ipv4") or any(":" in address for address in addresses)
