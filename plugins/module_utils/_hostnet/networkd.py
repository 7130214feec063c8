# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of systemd-networkd: MacVLAN and MacVTap links, drop-ins, and bridges where there is no netplan.

Pure. Every unit has a name by which it is known again. They are kept in /usr/local/lib, the one
permanent folder that a trial in /run hides (systemd.network(5): /etc, /run, /usr/local/lib, /usr/lib).
"""

from __future__ import annotations

import ipaddress
import posixpath
import typing as t

from .._engine.rows.model import ReadOnlyItem
from .._errors import Invalid
from .facts import Facts, HostDevice

KEPT = "/usr/local/lib/systemd/network"
TRIAL = "/run/systemd/network"
ADMIN = "/etc/systemd/network"
HEAD = "# Made by the Ansible collection virtfleet.kvm.\n"
FROM = "# From "
VENDOR = ("/usr/lib/", "/lib/")
"""Where units are that no operator writes."""
"""Begins the line that names the file of the user's that a unit was made from."""

MAC_KINDS = {"macvlan": "MACVLAN", "macvtap": "MACVTAP"}

Sections = list[tuple[str, list[tuple[str, str]]]]
Units = dict[str, str]


def parse(text: str) -> Sections:
    """A unit's sections with their settings, in order (systemd.syntax(7))."""
    sections: Sections = []
    for line in map(str.strip, whole_lines(text)):
        if line.startswith("[") and line.endswith("]"):
            sections.append((line[1:-1], []))
        elif "=" in line and sections:
            key, value = line.split("=", 1)
            sections[-1][1].append((key.strip(), value.strip()))
    return sections


def whole_lines(text: str) -> t.Iterator[str]:
    """The lines of a unit without comments, those that a backslash continues as one: comments in between count not."""
    whole = ""
    for line in text.split("\n"):
        if line.strip()[:1] in ("#", ";"):
            continue
        whole += line
        if (len(whole) - len(whole.rstrip("\\"))) % 2:
            whole = whole[:-1] + " "
        else:
            yield whole
            whole = ""
    yield whole


def render(sections: Sections, comments: str = "") -> str:
    """Sections as a unit's text, empty ones left out."""
    parts = []
    for name, settings in sections:
        if settings:
            parts.append(f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in settings))
    return HEAD + comments + "\n" + "\n".join(parts)


def macs(item: ReadOnlyItem, facts: Facts, parent_file: str) -> Units:
    """The units of a MacVLAN or MacVTap link, by name.

    :param parent_file: name of the .network unit by which networkd configures the parent
    """
    name, kind = item["name"], item["type"]
    netdev: list[tuple[str, str]] = [("Name", name), ("Kind", kind)]
    if item.get("mac"):
        netdev.append(("MACAddress", item["mac"]))
    if item.get("mtu"):
        netdev.append(("MTUBytes", str(item["mtu"])))
    mode = [("Mode", item.get("mode") or "bridge")]
    return {
        f"50-virtfleet-{name}.netdev": render([("NetDev", netdev), (MAC_KINDS[kind], mode)]),
        f"50-virtfleet-{name}.network": network(item, facts.devices.get(item["parent"])),
        f"{parent_file}.d/virtfleet-{name}.conf": render([("Network", [(MAC_KINDS[kind], name)])]),
    }


def network(item: ReadOnlyItem, parent: HostDevice | None) -> str:
    """The addressing of a link.

    One that inherits has no address. It speaks with its parent's, and leads to the parent's subnets
    by two routes for half a subnet each: the longer prefix is taken before the parent's own route,
    whatever their metrics. So guests may come and go, and no route has to follow.
    """
    link = [("RequiredForOnline", "no"), *set_anew(item, "mac", "mtu")]
    match: Sections = [("Match", [("Name", item["name"])]), ("Link", link)]
    kind = item.get("addressing") or ("inherit" if item["type"] == "macvlan" else "none")
    subnets = [ipaddress.ip_interface(address) for address in parent.addresses] if parent else []
    subnets = [subnet for subnet in subnets if subnet.version == 4 and subnet.network.prefixlen < 32]
    # Of two addresses in a subnet the kernel speaks with the first.
    subnets = list({subnet.network: subnet for subnet in reversed(subnets)}.values())[::-1]
    if kind == "inherit" and not subnets:
        kind = "dhcp"
    if kind == "static":
        return render([*match, *static(item)])
    if kind == "dhcp":
        return render([*match, ("Network", [("DHCP", "ipv4")]), ("DHCPv4", [("RouteMetric", "2048")])])
    quiet = [("LinkLocalAddressing", "no"), ("IPv6AcceptRA", "no")]
    if kind == "none":
        return render([*match, ("Network", quiet)])
    routes: Sections = []
    for subnet in subnets:
        for half in subnet.network.subnets(1):
            settings = [("Destination", str(half)), ("Scope", "link"), ("PreferredSource", str(subnet.ip))]
            routes.append(("Route", settings))
    return render([*match, ("Network", quiet), *routes])


def set_anew(item: t.Mapping[str, object], *options: str) -> list[tuple[str, str]]:
    """What a link is set to though it is there: by its .netdev unit networkd only makes one."""
    words = {"mac": "MACAddress", "mtu": "MTUBytes"}
    return [(words[option], str(item[option])) for option in options if item.get(option)]


def static(item: ReadOnlyItem) -> Sections:
    """Addresses that an item gives itself."""
    settings = [("Address", address) for address in item["addresses"]]
    if item.get("gateway"):
        settings.append(("Gateway", item["gateway"]))
    settings += [("DNS", server) for server in item.get("nameservers") or []]
    if item.get("search"):
        settings.append(("Domains", " ".join(item["search"])))
    sections: Sections = [("Network", settings)]
    for route in item.get("routes") or []:
        to = route["to"] if route["to"] != "default" else "::/0" if ":" in (route.get("via") or "") else "0.0.0.0/0"
        keys = (("Destination", to), ("Gateway", route.get("via")), ("Metric", route.get("metric")))
        sections.append(("Route", [(key, str(value)) for key, value in keys if value is not None]))
    return sections


def identity(network_file: str, device: HostDevice) -> Units:
    """The DHCP identity of a link's former holder, so that the server gives the same address."""
    return {f"{network_file}.d/virtfleet-identity.conf": render(known_as(device))}


def known_as(device: HostDevice) -> Sections:
    """What a DHCP server is to know another link by; nothing where it knows a device by its MAC address.

    networkd's client id holds an IAID made from the interface's name; the MAC alone is not enough. A link that goes
    gives its address back, and then the server may have another one for the next link, so that is asked for. networkd
    knows RequestAddress= since systemd 255 (systemd.network(5)), and an older one leaves it out.
    """
    if device.iaid is None:
        return []
    iaid = ("IAID", str(device.iaid))
    ours = [address.partition("/")[0] for address in device.addresses if ":" not in address]
    asked = [("RequestAddress", ours[0])] if len(ours) == 1 else []
    return [("DHCPv4", [iaid, *asked]), ("DHCPv6", [iaid])]


OF_OTHERS = ("identity", "vlan")
"""What no MacVLAN or MacVTap link is called: its drop-in would have the name of another link's."""
FILTERING = "virtfleet-vlan.conf"
"""The drop-in that keeps VLANs apart on a bridge."""


def filtering(netdev_file: str, on: bool) -> Units:
    """VLAN filtering of a bridge, which netplan has no word for."""
    value = [("VLANFiltering", "yes" if on else "no")]
    return {f"{netdev_file}.d/{FILTERING}": render([("Bridge", value)])}


def is_filtering(unit: str) -> bool:
    """Whether a unit, by its name or path, is what ``filtering`` writes."""
    return posixpath.basename(unit) == FILTERING


def bare_parent(name: str) -> Units:
    """A unit for a parent that nobody configures, so that it is up and can carry links."""
    settings = [("LinkLocalAddressing", "no"), ("IPv6AcceptRA", "no")]
    return {f"60-virtfleet-{name}.network": render([("Match", [("Name", name)]), ("Network", settings)])}


def bridge(item: ReadOnlyItem, facts: Facts) -> Units:
    """The units of a bridge where networkd is configured without netplan.

    The user's own units stay as they are: these have names that come first, and the first that
    matches is taken.

    Raises Invalid where a port's unit cannot be taken for the bridge.
    """
    name = item["name"]
    ports = [facts.devices[port] for port in item.get("ports") or []]
    sources = {port.name: source(port, facts) for port in ports}
    texts = {port: whole_unit(path, facts) for port, path in sources.items() if path}
    holders = [port for port in ports if addressed(texts.get(port.name, []))]
    kind = item.get("addressing") or "inherit"
    if kind == "inherit":
        refuse_heirs(ports, holders)
    heir = next(iter(holders or [port for port in ports if port.name in texts] or ports), None)
    netdev = [("Name", name), ("Kind", "bridge")]
    mac = item.get("mac") or (heir.mac if heir else "")
    if mac:
        netdev.append(("MACAddress", mac))
    mtu = item.get("mtu") or (setting(texts.get(heir.name, []), "Link", "MTUBytes") if heir else None)
    settings = [("STP", "yes" if item.get("stp") else "no"), ("ForwardDelaySec", str(item.get("forward_delay") or 0))]
    if item.get("vlan_filtering") is not None:
        settings.append(("VLANFiltering", "yes" if item["vlan_filtering"] else "no"))
    units = {f"00-virtfleet-{name}.netdev": render([("NetDev", netdev), ("Bridge", settings)])}
    comes_from = sources[heir.name] if kind == "inherit" and heir is not None and heir.name in texts else ""
    link = [*([("MTUBytes", str(mtu))] if mtu else []), *set_anew(item, "mac")]
    own: Sections = [("Match", [("Name", name)]), ("Link", link)]
    own += inherited(heir, texts[heir.name]) if comes_from and heir is not None else addressing(item, kind)
    units[f"00-virtfleet-{name}.network"] = render(own, f"{FROM}{comes_from}\n" if comes_from else "")
    for port in ports:
        comment = f"{FROM}{sources[port.name]}\n" if sources[port.name] else ""
        sections = port_sections(port.name, name, mtu, texts.get(port.name, []))
        units[f"00-virtfleet-{port.name}.network"] = render(sections, comment)
    return units


def refuse_heirs(ports: t.Sequence[HostDevice], holders: t.Sequence[HostDevice]) -> None:
    """Raise Invalid where a bridge cannot take over addresses of its ports.

    :param holders: the ports that have addresses by the user's units
    """
    vendors = [port for port in ports if port.network_file.startswith(VENDOR) and port.addresses]
    if vendors:
        raise Invalid(
            "addressing",
            f"{vendors[0].name} has its addresses from {vendors[0].network_file}: copy that file to"
            " /etc/systemd/network, so that they can be taken over, or say what the bridge is to have",
        )
    if len(holders) > 1:
        names = ", ".join(port.name for port in holders)
        raise Invalid("addressing", f"{names} each have addresses, and only those of one can be taken over")


def inherited(port: HostDevice, text: Sections) -> Sections:
    """The sections that a bridge takes over from the unit of a port, as whom DHCP servers are to know it."""
    own: Sections = []
    for section, values in text:
        if section not in ("Match", "Link", *OF_THE_CARD):
            own.append((section, [(key, value) for key, value in values if section != "Network" or key not in STACKED]))
    return own + known_as(port)


def addressing(item: t.Mapping[str, object], kind: str) -> Sections:
    """The sections that give a bridge its addresses, for what takes over none."""
    if kind == "static":
        return static(item)
    if kind == "dhcp":
        return [("Network", [("DHCP", "yes")])]
    return [("Network", [("LinkLocalAddressing", "no"), ("IPv6AcceptRA", "no")])]


def port_sections(port: str, bridge: str, mtu: object, text: Sections) -> Sections:
    """The sections of a bridge's port.

    :param text: those of its own unit, of which the settings of the card stay, and what is stacked on it
    """
    link = [pair for section, values in text if section == "Link" for pair in values if pair[0] != "MTUBytes"]
    link += [("MTUBytes", str(mtu))] if mtu else []
    stacked = [pair for section, values in text if section == "Network" for pair in values if pair[0] in STACKED]
    stacked = [pair for pair in stacked if pair[0] != "Bridge"]
    network = [("Bridge", bridge), ("LinkLocalAddressing", "no"), *stacked]
    card = [(section, values) for section, values in text if section in OF_THE_CARD]
    return [("Match", [("Name", port)]), ("Link", link), ("Network", network), *card]


OF_THE_CARD = (
    *("Bridge", "BridgeVLAN", "BridgeFDB", "BridgeMDB", "LLDP", "CAN", "IPoIB", "SR-IOV"),
    *("QDisc", "NetworkEmulator", "TokenBucketFilter", "PIE", "FlowQueuePIE", "StochasticFairBlue", "BFIFO", "PFIFO"),
    *("StochasticFairnessQueueing", "PFIFOHeadDrop", "PFIFOFast", "CAKE", "ControlledDelay", "FairQueueing"),
    *("DeficitRoundRobinScheduler", "DeficitRoundRobinSchedulerClass", "EnhancedTransmissionSelection"),
    *("GenericRandomEarlyDetection", "FairQueueingControlledDelay", "TrivialLinkEqualizer", "HierarchyTokenBucket"),
    *("HierarchyTokenBucketClass", "ClassfulMultiQueueing", "BandMultiQueueing", "HeavyHitterFilter"),
    *("QuickFairQueueing", "QuickFairQueueingClass"),
)
"""The sections of a port's unit that stay with the port: what its card does, and what it is to its bridge."""
STACKED = (
    *("VLAN", "MACVLAN", "MACVTAP", "IPVLAN", "IPVTAP", "MACsec", "VXLAN", "Tunnel", "Xfrm", "BatmanAdvanced"),
    *("LLDP", "EmitLLDP", "Bridge", "Bond"),
)
"""What of a port's [Network] stays with the port: the devices on it, and what it says to its switch."""


def source(port: HostDevice, facts: Facts) -> str:
    """The user's unit for a port, also where one of ours stands before it.

    Raises Invalid where the unit would come before ours, or is not at hand.
    """
    path = port.network_file
    name = posixpath.basename(path)
    if name == f"00-virtfleet-{port.name}.network":
        for folder in (TRIAL, KEPT):
            for line in facts.units.get(f"{folder}/{name}", "").splitlines():
                if line.startswith(FROM):
                    path = line[len(FROM) :].strip()
                    name = posixpath.basename(path)
    if not path or path.startswith(VENDOR) or name.startswith("00-virtfleet-"):
        return ""
    if path not in facts.units:
        raise Invalid("ports", f"{port.name} is configured by {path}, which cannot be read")
    if name <= "00-virtfleet-":
        raise Invalid(
            "ports", f"{port.name} is configured by {path}: give that file a name that sorts behind 00-virtfleet"
        )
    return path


def whole_unit(path: str, facts: Facts) -> Sections:
    """The sections of a unit, and of the files that add to it (systemd.network(5)): NAME.network.d/*.conf.

    Those of one name hide each other by their folders, and are read by their names, wherever they are.
    """
    added: dict[str, str] = {}
    for folder in (KEPT, TRIAL, ADMIN):
        inside = f"{folder}/{posixpath.basename(path)}.d/"
        added.update({unit[len(inside) :]: text for unit, text in facts.units.items() if unit.startswith(inside)})
    texts = [added[name] for name in sorted(added) if not name.startswith("virtfleet-")]
    return [section for text in [facts.units.get(path, ""), *texts] for section in parse(text)]


def addressed(sections: Sections) -> bool:
    """Whether a unit gives its link addresses."""
    for section, values in sections:
        for key, value in values:
            if section == "Address" or (section == "Network" and key in ("Address", "Gateway")):
                return True
            if section == "Network" and key == "DHCP" and value.lower() not in ("no", "false", "off", "0"):
                return True
    return False


def setting(sections: Sections, section: str, key: str) -> str | None:
    """The last value of a setting."""
    found = [value for name, values in sections if name == section for each, value in values if each == key]
    return found[-1] if found else None
