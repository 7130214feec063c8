# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a bridge or bond over ports in netplan's documents, and take it away again.

Pure. Each file keeps what it says: what moves from a port to its bridge moves inside its file, so
that netplan merges the bridge from the same parts as it merged the port.
"""

from __future__ import annotations

import typing as t

from .._engine.rows.model import ReadOnlyItem
from .._errors import Invalid, VirtfleetError
from .facts import Nic
from .netplan import NEW_FILE, Netplan, NetplanPlace
from .netplan_split import drop_bare, drop_copy, own_definition
from .netplan_yaml import DefinitionBody, as_netplan_text, is_true, merge

MOVED = (
    "dhcp4",
    "dhcp6",
    "dhcp4-overrides",
    "dhcp6-overrides",
    "dhcp-identifier",
    "accept-ra",
    "ra-overrides",
    "addresses",
    "optional-addresses",
    "gateway4",
    "gateway6",
    "nameservers",
    "routes",
    "routing-policy",
    "link-local",
    "ipv6-privacy",
    "ipv6-address-generation",
    "ipv6-address-token",
    "ipv6-mtu",
    "critical",
)
"""What belongs to whoever has the addresses (netplan-yaml, Properties for all device types)."""

COPIED = ("optional", "ignore-carrier", "activation-mode")
"""What the port keeps and its bridge has as well."""

KEYFILE = ("ipv4", "ipv6", "proxy")
"""The parts of a NetworkManager connection that belong to the addresses (nm-settings-keyfile(5))."""

ADDRESSING = ("addresses", "gateway4", "gateway6", "routes")
SECTION = {"bridge": "bridges", "bond": "bonds", "vlan": "vlans"}
NEVER_PORTS = {
    "wifis": "is wireless, and a wireless station cannot be a port: use a NAT network",
    "modems": "is a modem, which cannot be a port: use a NAT network",
    "vrfs": "is a VRF, which cannot be a port",
    "nm-devices": "is a connection of NetworkManager's own, which cannot be a port",
}
BRIDGEABLE_TUNNELS = frozenset(("gretap", "ip6gretap", "vxlan"))
"""The tunnels that carry Ethernet frames (netplan-yaml, tunnels)."""


def layer3(body: DefinitionBody) -> DefinitionBody:
    """What of a definition belongs to whoever has the addresses.

    NetworkManager's own settings, which netplan passes through as ``ipv4.method``, are among it.
    """
    found = {key: body[key] for key in MOVED if key in body}
    keyfile = passthrough(body)
    if keyfile:
        found["networkmanager"] = {"passthrough": keyfile}
    return found


def passthrough(body: DefinitionBody) -> DefinitionBody:
    """The addressing among the settings that netplan passes through to NetworkManager."""
    settings = body.get("networkmanager")
    settings = settings.get("passthrough") if isinstance(settings, dict) else None
    if not isinstance(settings, dict):
        return {}
    return {key: value for key, value in settings.items() if str(key).partition(".")[0] in KEYFILE}


def cut(body: DefinitionBody) -> DefinitionBody:
    """Take from a definition what belongs to the addresses. Returns it."""
    found = layer3(body)
    for key in found:
        if key != "networkmanager":
            del body[key]
    if "networkmanager" in found:
        settings = body["networkmanager"]
        for key in found["networkmanager"]["passthrough"]:
            del settings["passthrough"][key]
        if not settings["passthrough"]:
            del settings["passthrough"]
        if not settings:
            del body["networkmanager"]
    return found


def add_cut(body: DefinitionBody, found: DefinitionBody) -> None:
    """Give to a definition what was cut from another."""
    body.update({key: value for key, value in found.items() if key != "networkmanager"})
    merge(body, {key: value for key, value in found.items() if key == "networkmanager"})


def is_addressed(body: DefinitionBody) -> bool:
    """Whether a definition gives its device addresses or routes."""
    keyfile = passthrough(body)
    return (
        is_true(body.get("dhcp4"))
        or is_true(body.get("dhcp6"))
        or any(body.get(key) for key in (*ADDRESSING, "routing-policy"))
        or any(str(keyfile.get(f"{family}.method")) in ("auto", "dhcp", "manual") for family in ("ipv4", "ipv6"))
    )


def declare(net: Netplan, item: ReadOnlyItem, nics: t.Mapping[str, Nic]) -> None:
    """Make a bridge, bond or VLAN what an item says, in place.

    :param item: the link's options in normal form
    :param nics: the host's devices by name

    Raises Invalid, naming the option, where the documents do not allow it.
    """
    place = NetplanPlace(SECTION[item["type"]], item["name"])
    existing = net.place(place.id)
    if existing is not None and existing.section != place.section:
        raise Invalid("name", f"{place.id} is already one of netplan's {existing.section}")
    if existing is not None and net.by_ovs(place):
        raise Invalid("name", f"{place.id} is an Open vSwitch bridge, which is not declared here")
    if item["type"] == "vlan":
        declare_vlan(net, place, item, nics)
        return
    is_new = existing is None
    if "ports" in item or is_new:
        set_ports(net, place, item, nics)
    file = net.bodies(place)[-1][0]
    settings(net, place, item, file, is_new)


def declare_vlan(net: Netplan, place: NetplanPlace, item: ReadOnlyItem, nics: t.Mapping[str, Nic]) -> None:
    """A VLAN on a parent. Its addresses are its own: it takes over nothing."""
    is_new = not net.bodies(place)
    file = net.bodies(place)[-1][0] if not is_new else NEW_FILE
    if "parent" in item:
        parent = definition(net, nics.get(item["parent"], Nic(item["parent"])), "parent", make=file)
        if is_new:
            file = net.room(net.bodies(parent)[-1][0], place.section, [parent.id])
        net.body(file, place)
        net.put(file, place, "link", parent.id, since=net.since([parent.id]))
    if "id" in item:
        net.put(file, place, "id", item["id"])
    settings(net, place, item, file, is_new)


def definition(net: Netplan, nic: Nic, where: str, make: str = NEW_FILE) -> NetplanPlace:
    """The definition that is a device's alone, made where there is none."""
    try:
        place = own_definition(net, nic)
    except VirtfleetError as error:
        raise Invalid(where, str(error)) from None
    if place is None:
        place = NetplanPlace("ethernets", nic.name)
        net.body(make, place)
    return place


def set_ports(net: Netplan, place: NetplanPlace, item: ReadOnlyItem, nics: t.Mapping[str, Nic]) -> None:
    """Give a bridge its ports, and let it take over the addresses of new ones as it is told to."""
    members, ports = net.members(place), []
    for index, name in enumerate(item.get("ports") or []):
        nic = nics.get(name, Nic(name))
        port = net.owner(nic)
        if port is None or port.id not in members:
            port = definition(net, nic, f"ports[{index}]")
        check_port(net, place, port, f"ports[{index}]", bool(item.get("takeover")))
        ports.append(port)
    is_new, ids = not net.bodies(place), [port.id for port in ports]
    wants, has = item.get("addressing"), is_addressed(net.merged(place))
    # A port that it has already stays as it is, unless it has the addresses that the bridge should have.
    new = [port for port in ports if port.id not in members or (is_addressed(net.merged(port)) and (wants or not has))]
    addressing = wants or "inherit"
    sources = [port for port in new if is_addressed(net.merged(port))]
    if addressing == "inherit" and len(sources) > 1:
        names = ", ".join(port.id for port in sources)
        raise Invalid(
            "addressing",
            f"{names} each have addresses, and only those of one can be taken over: give dhcp, static or none",
        )
    if addressing == "inherit" and sources and has:
        raise Invalid(
            "addressing", f"{place.id} and its port {sources[0].id} both have addresses: give one of dhcp, static, none"
        )
    if is_new:
        sources = sources or [port for port in ports if layer3(net.merged(port))][:1] or ports[:1]
        base = net.bodies(sources[0])[-1][0] if sources else NEW_FILE
        base = net.room(max(base, net.since(ids)), place.section, ids)
        net.body(base, place)["interfaces"] = []
    for port in new:
        take_port(net, place, port, addressing if port in sources or addressing != "inherit" else "leave")
    net.put_ports(place, ids)
    if is_new and sources:
        for key in COPIED:
            value = net.merged(sources[0]).get(key)
            if value is not None:
                net.put(base, place, key, value)
        inherit_device(net, place, sources[0], base, nics)


def check_port(net: Netplan, place: NetplanPlace, port: NetplanPlace, where: str, takeover: bool) -> None:
    """Refuse what cannot be a port, or is one already."""
    body = net.merged(port)
    if port == place:
        raise Invalid(where, f"{port.id} cannot be a port of itself")
    if port.section in NEVER_PORTS:
        raise Invalid(where, f"{port.id} {NEVER_PORTS[port.section]}")
    if net.device(port) == "lo" or port.id == "lo":
        raise Invalid(where, "lo is the loopback device, which cannot be a port")
    if port.section == "tunnels" and str(body.get("mode")) not in BRIDGEABLE_TUNNELS:
        raise Invalid(where, f"{port.id} is a {body.get('mode')} tunnel, which carries no Ethernet frames")
    if body.get("renderer") == "sriov":
        raise Invalid(where, f"{port.id} is a VLAN filter of the card's hardware, not a device")
    if body.get("infiniband-mode") or len(str((body.get("match") or {}).get("macaddress", ""))) > 17:
        raise Invalid(where, f"{port.id} is InfiniBand, which cannot be a port of a bridge")
    if net.by_ovs(port):
        raise Invalid(where, f"{port.id} is Open vSwitch's, which makes no bridge of the kernel's")
    if port.section == "bridges":
        raise Invalid(where, f"{port.id} is a bridge, and a bridge cannot be a port of another")
    for master in net.masters(port.id):
        if master == place or master.section == "vrfs":
            continue
        if master.section == "bonds":
            raise Invalid(where, f"{port.id} is part of the bond {master.id}: make {master.id} the port")
        if not takeover:
            raise Invalid(where, f"{port.id} is a port of the bridge {master.id}: 'takeover: true' takes it from there")
        net.replace_in_lists(master, port.id, None)


def take_port(net: Netplan, place: NetplanPlace, port: NetplanPlace, addressing: str) -> None:
    """Move a port's addresses to its bridge, file by file, or drop them."""
    for file, body in net.bodies(port):
        if addressing == "leave":
            break
        found = cut(body)
        if addressing == "inherit" and found:
            add_cut(net.body(file, place), found)
    takes = addressing not in ("leave", "none")
    for master in net.masters(port.id):
        # A device has one master only: where its VRF had it, it gets the bridge.
        if master.section == "vrfs":
            net.replace_in_lists(master, port.id, place.id if takes else None)
            if takes:
                net.introduce(place, master)
    if addressing == "inherit":
        for above in net.relink(("tunnels",), port.id, place.id):
            net.introduce(place, above)


def inherit_device(net: Netplan, place: NetplanPlace, port: NetplanPlace, base: str, nics: t.Mapping[str, Nic]) -> None:
    """What a new bridge has of its port besides the addresses: MAC, MTU and renderer."""
    body = net.merged(port)
    device = net.device(port) or port.id
    nic = nics.get(device)
    declared = str(body.get("macaddress") or "")
    match = str((body.get("match") or {}).get("macaddress") or "")
    mac = (nic.mac if nic else "") or (declared if declared.count(":") == 5 else "") or match
    if mac:
        net.put(base, place, "macaddress", mac)
    if body.get("mtu") is not None:
        net.put(base, place, "mtu", body["mtu"])
    # A renderer of the port or of its section does not reach the section of the bridge by itself.
    if net.renderer(place) != net.renderer(port):
        net.put(base, place, "renderer", net.renderer(port))


def settings(net: Netplan, place: NetplanPlace, item: t.Mapping[str, object], file: str, is_new: bool) -> None:
    """What an item says besides its ports."""
    if place.section == "bridges":
        stp, delay = item.get("stp"), item.get("forward_delay")
        if is_new or stp is not None or delay is not None:
            # netplan takes a forward delay without stp for stp: both are always written.
            have = net.get(place, "parameters/stp")
            old = net.get(place, "parameters/forward-delay")
            net.put(
                file, place, "parameters/stp", stp if stp is not None else is_true(have) if have is not None else False
            )
            net.put(
                file, place, "parameters/forward-delay", delay if delay is not None else old if old is not None else 0
            )
    if place.section == "bonds" and item.get("mode"):
        net.put(file, place, "parameters/mode", item["mode"])
    if "mac" in item:
        net.put(file, place, "macaddress", item["mac"])
    if "mtu" in item:
        net.put(file, place, "mtu", item["mtu"])
        for member in net.members(place):
            port = net.place(member)
            # A bridge has the least MTU of its ports.
            if port is not None and item["mtu"] is not None:
                net.put(net.bodies(port)[-1][0], port, "mtu", item["mtu"])
    addressing(net, place, item, file)


def addressing(net: Netplan, place: NetplanPlace, item: t.Mapping[str, object], file: str) -> None:
    """Addresses that an item gives itself."""
    kind = item.get("addressing")
    if kind in (None, "inherit"):
        return
    accepts, local = net.get(place, "accept-ra"), net.get(place, "link-local")
    if local == [] and accepts is not None and not is_true(accepts) and not is_addressed(net.merged(place)):
        for key in ("accept-ra", "link-local"):  # As 'none' leaves a link: without even link-local addresses.
            net.put(file, place, key, None)
    for key in ADDRESSING if kind == "dhcp" else (*ADDRESSING, "dhcp4", "dhcp6"):
        if kind != "static" or key not in ("addresses", "routes"):
            net.put(file, place, key, None)
    if kind == "dhcp":
        if not is_true(net.get(place, "dhcp4")):
            net.put(file, place, "dhcp4", True)
        return
    if kind == "none":
        for key in MOVED:
            if key not in ("link-local", "accept-ra"):
                net.put(file, place, key, None)
        net.put(file, place, "link-local", [])
        net.put(file, place, "accept-ra", False)
        return
    net.put(file, place, "addresses", item["addresses"])
    net.put(file, place, "routes", static_routes(item) or None)
    if item.get("nameservers") is not None or item.get("search") is not None:
        servers = {"addresses": item.get("nameservers"), "search": item.get("search")}
        for key, value in servers.items():
            if value is not None:
                net.put(file, place, f"nameservers/{key}", value)


def static_routes(item: ReadOnlyItem) -> list[DefinitionBody]:
    """The routes of an item, its gateway's first."""
    routes: list[DefinitionBody] = []
    if item.get("gateway"):
        # 'default' alone means IPv4 to netplan before 1.0.
        to = "::/0" if ":" in item["gateway"] else "default"
        routes.append({"to": to, "via": item["gateway"]})
    for route in item.get("routes") or []:
        routes.append({key: value for key, value in route.items() if value is not None})
    return t.cast("list[DefinitionBody]", as_netplan_text(routes))


def remove(net: Netplan, name: str, kind: str | None, nics: t.Mapping[str, Nic]) -> str | None:
    """Take a bridge, bond or VLAN away, in place, and give its addresses back to a port.

    Returns the id of the port that got them. Raises Invalid where something is built on it.
    """
    place = net.place(name)
    if place is None or place.section not in SECTION.values():
        return None
    if kind is not None and place.section != SECTION.get(kind):
        raise Invalid("type", f"{name} is one of netplan's {place.section}, not a {kind}")
    ports = [port for port in (net.place(member) for member in net.members(place)) if port is not None]
    for master in net.masters(name):
        if master.section != "vrfs":
            raise Invalid("state", f"{name} is a port of {master.id}: take it from there first")
    mac = str(net.get(place, "macaddress") or "").lower()
    owners = {nic.name: net.owner(nic) for nic in nics.values()}
    # A card that was taken out gets nothing, and has nothing by itself.
    there = [port for port in ports if port in owners.values()] or ports
    same = [port for port in there if mac in {nics[name].mac.lower() for name, own in owners.items() if own == port}]
    addressed = [port for port in there if is_addressed(net.merged(port))]
    heir = None if addressed else next(iter((same if mac else []) or there), None)
    if heir is None:
        above = [other.id for other in net.places() if net.get(other, "link") == name]
        if above:
            raise Invalid("state", f"{', '.join(above)} is built on {name}: remove it first")
        for master in net.masters(name):
            net.replace_in_lists(master, name, None)
    else:
        for file, body in net.bodies(place):
            found = layer3(body)
            if found:
                add_cut(net.body(max(file, net.since([heir.id])), heir), found)
        for master in net.masters(name):
            net.replace_in_lists(master, name, heir.id)
        net.relink(("tunnels", "vlans"), name, heir.id)
    below = [*ports, *filter(None, [net.place(str(net.get(place, "link")))])]
    net.drop(place)
    for port in ports:
        shared = drop_copy(net, port, nics.get(net.device(port) or port.id, Nic(port.id)))
        heir = shared if port == heir else heir
    for each in below:
        drop_bare(net, each)
    return heir.id if heir and net.bodies(heir) else None
