# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a host's network as they become, link by link. Pure."""

from __future__ import annotations

import dataclasses
import posixpath

from .._engine.rows.model import Change, Item
from .._errors import Invalid, VirtfleetError
from . import changes as view
from . import drift, drop_ins, forecast, live, networkd, networkd_units, precedence
from .facts import Facts, HostDevice, NetplanFile
from .links_plan import ChangedFile, LinksPlan
from .netplan import Netplan, NetplanPlace
from .netplan_edit import MOVED, SECTION, declare, is_addressed, remove
from .netplan_split import hidden, is_left_over, left_mtus, original, own_definition
from .netplan_yaml import DefinitionBody, dump, has_inner_comments, has_more_documents, header, is_true, load
from .set_by_hand import covered, set_by_hand

CLOUD_INIT = "/etc/cloud/cloud.cfg.d/99-virtfleet-network.cfg"


class LinksWork:
    """The files as they become, item by item."""

    def __init__(self, facts: Facts, out: LinksPlan) -> None:
        self.facts, self.out = facts, out
        self.texts = {file.name: file.text for file in facts.netplan}
        self.has_netplan = facts.has_netplan and bool(facts.netplan)
        documents = {name: load(name, text) for name, text in self.texts.items()} if self.has_netplan else {}
        self.old, self.net, self.before = (Netplan(documents) for _each in range(3))
        self.units = networkd_units.existing(facts)
        self.kept = dict(self.units)

    def item(self, item: Item) -> list[Change]:
        """The changes of one link."""
        if item["state"] == "absent":
            return self.absent(item)
        if networkd_units.made_by(item["name"], self.facts) is not None:
            return []  # It is as the user's own units say; preflight has refused what asks for more.
        mac = item["type"] in networkd.MAC_KINDS
        if mac:
            changes = self.mac(item)
        elif self.has_netplan:
            changes = self.by_netplan(item)
        else:
            changes = self.by_networkd(item)
        found = live.changes(item, self.facts, self.out) if not changes or changes[0].path != "definition" else []
        changes += [change for change in found if change.path not in {other.path for other in changes}]
        if drift.by_networkd(item, self.net, self.units, self.facts):
            changes += drift.changes(item, changes, self.units, self.facts, self.out)
        if changes:
            self.out.units.update(precedence.refuse_link(item, self.net if self.has_netplan else None, self.facts))
        if changes and item["type"] == "bridge":
            there = [port for port in item.get("ports") or [] if port in self.facts.devices]
            self.out.ports.update(dict.fromkeys(there, item["name"]))
        if changes and item["name"] not in self.facts.devices:
            self.out.new.append(item["name"])
            if mac:
                self.out.modes[item["name"]] = item.get("mode") or "bridge"
        return changes

    def by_netplan(self, item: Item) -> list[Change]:
        """A bridge, bond or VLAN in netplan's documents."""
        name, place = item["name"], NetplanPlace(SECTION[item["type"]], item["name"])
        precedence.refuse_other_name(item, self.net, self.facts)
        precedence.refuse_beside_netplan(item, self.net, self.facts)
        before = self.before = self.before if self.before.documents == self.net.documents else self.net.copy()
        declare(self.net, item, self.facts.nics)
        precedence.refuse(item, self.net, self.facts)
        if item.get("vlan_filtering") is not None:
            if self.net.renderer(place) != "networkd":
                raise Invalid(
                    "vlan_filtering", "netplan has no word for it, and NetworkManager cannot be told beside it"
                )
            self.units.update(networkd.filtering(f"10-netplan-{name}.netdev", item["vlan_filtering"]))
        elif self.facts.vlan_filtering is False:
            # An earlier version wrote it for a kernel that cannot do it.
            for unit in networkd.filtering(f"10-netplan-{name}.netdev", True):
                self.units.pop(unit, None)
        if before.documents == self.net.documents:
            return view.unit_changes(name, self.kept, self.units)
        self.take_over(item, place, before)
        old = view.view(before, place)
        return view.compared(old, view.view(self.net, place))

    def take_over(self, item: Item, place: NetplanPlace, before: Netplan) -> None:
        """What comes with the addresses: the DHCP identity, and the forecast."""
        facts, name = self.facts, item["name"]
        there = facts.devices.get(name)
        if there is not None and item.get("addressing") not in (None, "inherit"):
            old, new = ({key: net.get(place, key) for key in MOVED} for net in (before, self.net))
            if old != new:
                forecast.addresses(item, there.addresses, False, facts, self.out)
                there = None
        if there is not None:
            forecast.moved(item, there, before, facts, self.out)
        for port in item.get("ports") or []:
            device = facts.devices.get(port)
            owner = before.owner(device.nic) if device else None
            if device is None or owner is None or device.master == name:
                continue
            drop_ins.refuse_port(item, port, owner, facts)
            self.out.reconfigure.append(port)
            device = self.holder(device)
            body = before.merged(owner)
            if not is_addressed(body) and not device.addresses:
                continue
            dhcp = is_true(body.get("dhcp4"))
            if there is not None and there.addresses and item.get("addressing") in ("dhcp", "static"):
                forecast.go_away(item, there, device, facts, self.out)
                continue
            inherits = (item.get("addressing") or "inherit") == "inherit"
            if inherits and dhcp and device.iaid is not None and self.net.renderer(place) == "networkd":
                self.units.update(networkd.identity(f"10-netplan-{name}.network", device))
            forecast.addresses(item, device.addresses, dhcp and device.client_id == "", facts, self.out)
            if inherits:
                self.out.warnings += drop_ins.warnings(name, port, owner, facts)

    def holder(self, port: HostDevice) -> HostDevice:
        """Who has a port's addresses and DHCP identity now: the bridge that it is in, where that goes in the same call.

        The forecast tells of them once.
        """
        if port.master not in self.out.gone or port.master not in self.facts.devices:
            return port
        self.out.forecast = [entry for entry in self.out.forecast if entry["link"] != port.master]
        return self.facts.devices[port.master]

    def by_networkd(self, item: Item) -> list[Change]:
        """A bridge where networkd is configured without netplan."""
        facts, name = self.facts, item["name"]
        if not facts.networkd:
            hint = "NetworkManager alone" if facts.network_manager else "nothing that is known here"
            raise Invalid(
                "name",
                f"the host's network is configured by {hint}: links are declared through netplan (apt install"
                " netplan.io, describe the host's devices in /etc/netplan) or through systemd-networkd",
            )
        if item["type"] != "bridge":
            raise Invalid("type", f"a {item['type']} is declared through netplan, which this host does not use")
        own = networkd_units.of_link(name, self.kept)
        if own and "ports" not in item:
            item = {**item, "ports": facts.ports(name)}
        ports = [facts.devices[port] for port in item.get("ports") or []]
        wanted = networkd.bridge(item, facts)
        again = forecast.own_again(item, facts, self.out)
        if not again:
            keep_identity(wanted, self.kept, name)
        stale = [
            unit
            for unit, text in self.kept.items()
            if unit.startswith("00-virtfleet-") and f"\nBridge={name}\n" in text
        ]
        for unit in stale:
            self.units.pop(unit, None)
        self.units.update(wanted)
        for port in ports:
            if port.master != name:
                self.out.reconfigure.append(port.name)
                if port.addresses:
                    forecast.addresses(item, port.addresses, False, facts, self.out)
        if own:
            return view.unit_changes(name, self.kept, self.units)
        return [Change("definition", None, view.shown(item))]

    def mac(self, item: Item) -> list[Change]:
        """A MacVLAN or MacVTap link, as units of networkd."""
        facts, name, parent = self.facts, item["name"], item["parent"]
        if not facts.networkd:
            raise Invalid("type", f"a {item['type']} is made by systemd-networkd, which does not run on this host")
        device = facts.devices.get(parent)
        own_file = None
        if self.has_netplan:
            precedence.refuse_other_name(item, self.net, facts)
            place = own_definition(self.net, device.nic) if device else self.net.place(parent)
            if place is not None:
                if self.net.renderer(place) != "networkd":
                    raise Invalid(
                        "parent", f"{parent} is NetworkManager's, and a {item['type']} is made by systemd-networkd"
                    )
                own_file = precedence.unit_of(place)
                precedence.refuse_below(item, parent, "parent", place, self.net, facts)
        elif device is None:
            own_file = f"00-virtfleet-{parent}.network"
        try:
            parent_file = networkd_units.parent_file(device, own_file) if device else str(own_file)
        except VirtfleetError as error:
            raise Invalid("parent", str(error)) from None
        unit = facts.units.get(device.network_file, "") if device and own_file is None else ""
        if unit and networkd.setting(networkd.parse(unit), "Match", "Name") not in (parent, None):
            raise Invalid(
                "parent",
                f"{parent} is configured by {device.network_file if device else ''}, which serves several devices: give"
                " it a unit of its own",
            )
        drift.refuse_large(item, self.net, self.units, facts)
        old = networkd_units.of_link(name, self.kept)
        for each in old:
            self.units.pop(each, None)
        self.units.update(networkd.macs(item, self.without_by_hand(item, facts), parent_file))
        if parent_file == f"60-virtfleet-{parent}.network":
            self.units.update(networkd.bare_parent(parent))
        if not old:
            return [Change("definition", None, view.shown(item))]
        return view.unit_changes(name, self.kept, self.units)

    def without_by_hand(self, item: Item, facts: Facts) -> Facts:
        """The host without the addresses of a parent that no file has, if others are left: a unit is for good."""
        device = facts.devices.get(item["parent"])
        if device is None:
            return facts
        by_hand = set_by_hand(device, self.old, facts)
        kept = tuple(address for address in device.addresses if address not in by_hand)
        if not any("." in address for address in kept) or (item.get("addressing") or "inherit") != "inherit":
            return facts
        self.out.warnings += [
            f"link {item['name']}: the address {address} on {device.name} is in none of the host's files:"
            f" {item['name']} does not lead to its subnet"
            for address in by_hand
            if item["type"] == "macvlan" and "." in address and not covered(address, kept)
        ]
        return dataclasses.replace(
            facts, devices={**facts.devices, device.name: dataclasses.replace(device, addresses=kept)}
        )

    def absent(self, item: Item) -> list[Change]:
        """A link goes, and a bridge's addresses go back to its port."""
        name, facts = item["name"], self.facts
        device = facts.devices.get(name)
        before = view.view(self.net, self.net.place(name)) if self.net.place(name) else None
        had = networkd_units.of_link(name, self.kept)
        drop_ins.refuse_bridge(name, self.net.place(name), facts)
        self.out.warnings += left_mtus(self.net, name)
        heir = remove(self.net, name, item.get("type"), facts.nics) if self.has_netplan else None
        units = [unit for unit, text in self.kept.items() if unit in had or f"\nBridge={name}\n" in text]
        for unit in units:
            self.units.pop(unit, None)
        if heir is not None and device is not None:
            self.units.update(forecast.give_back(name, device, heir, units, self.net, facts, self.out))
        if units and not self.has_netplan:
            forecast.own_again({"name": name, "ports": []}, facts, self.out)
        if device is not None:
            self.out.gone.append(name)
            self.out.reconfigure += facts.ports(name)
        if before is None and not units and device is None:
            return []
        return [Change("definition", before or {"type": device.kind if device else "link"}, None)]

    def write(self, name: str, document: DefinitionBody) -> None:
        """Collect a file of netplan's that changes. Raises VirtfleetError where a reboot would forget it."""
        file = next((file for file in self.facts.netplan if file.name == name), NetplanFile("/etc/netplan", name, ""))
        origin = f"{file.folder}/{name}"
        if file.folder == "/run/netplan":
            raise VirtfleetError(
                f"nothing was changed: the network is described in /run/netplan/{name}, which a reboot forgets:"
                " move it to /etc/netplan"
            )
        before = self.texts.get(name)
        left_over = is_left_over(name, document, before or "")
        if before is None and left_over:
            return
        if before and has_more_documents(before):
            raise VirtfleetError(
                f"nothing was changed: {origin} holds several documents, of which netplan reads the first:"
                " leave that one in the file"
            )
        after = None if left_over else dump(document, header(before or networkd.HEAD))
        below = original(file, after)
        if before and has_inner_comments(before):
            self.out.warnings.append(f"the comments inside of {origin} are not kept")
        paths, kept = (f"/etc/netplan/{name}", f"/run/netplan/{name}"), after if below is None else None
        self.out.files.append(ChangedFile(*paths, before, kept, 0o600, origin, below))
        if "cloud-init" in name and self.facts.cloud_init:
            text = f"# cloud-init would write {name} anew at every boot.\nnetwork: {{config: disabled}}\n"
            self.out.files.insert(0, ChangedFile(CLOUD_INIT, "", None, networkd.HEAD + text))

    def finish(self) -> None:
        """Collect the files."""
        out, facts = self.out, self.facts
        out.warnings += hidden(facts)
        for name, document in self.net.documents.items():
            if document != self.old.documents.get(name):
                self.write(name, document)
        for unit in sorted({*self.kept, *self.units}):
            if self.kept.get(unit) != self.units.get(unit):
                paths = (posixpath.join(networkd.KEPT, unit), posixpath.join(networkd.TRIAL, unit))
                out.files.insert(0, ChangedFile(*paths, self.kept.get(unit), self.units.get(unit)))
        out.netplan = self.has_netplan
        named = {name for name, _changes in out.items}
        out.network_manager = any(
            net.renderer(place) != "networkd"
            for net in (self.old, self.net)  # A link that goes is in the old one only.
            for place in net.places()
            if place.id in named
        )
        # netplan reads the whole of its documents: what is tried is checked together with the rest.
        out.documents = {name: self.texts.get(name, "") for name in self.texts}
        out.documents.update(
            {posixpath.basename(file.path): file.tried or "" for file in out.files if "/netplan/" in file.path}
        )
        if facts.login and out.changes:
            out.addresses = list(dict.fromkeys([facts.login, *out.addresses]))


def keep_identity(wanted: networkd.Units, kept: networkd.Units, name: str) -> None:
    """Leave a bridge its DHCP identity: its port, which had it, has no lease any more."""
    unit = f"00-virtfleet-{name}.network"
    there = networkd.parse(kept.get(unit, ""))
    iaid, address = (networkd.setting(there, "DHCPv4", key) for key in ("IAID", "RequestAddress"))
    if iaid is not None and "IAID=" not in wanted[unit]:
        asked = "" if address is None else f"RequestAddress={address}\n"
        wanted[unit] += f"\n[DHCPv4]\nIAID={iaid}\n{asked}\n[DHCPv6]\nIAID={iaid}\n"
