# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guests will have once what a task in check mode plans is done.

The tasks after it ask who uses a volume, a pool or a network; in the run they find guests gone or changed by then.
Only what the plan says for sure is told. Where it cannot tell, the guest counts as it is.
"""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.live import option_of
from ..._engine.plan import Plan
from ..._libvirt.connection import LibvirtError, lacks, libvirt
from ..._libvirt.objects import Connection, Domain
from ..._storage.forecast import ToCome
from ..._storage.guest_places import GuestPlace, guest_places, item_places
from ..._storage.new_volumes import Making
from ..secret.references import secrets_of
from .clone_originals import is_unknown

PARTS = ("target", "source", "driver", "readonly", "shareable", "transient")
"""What snapshots have to know of a disk."""

DEVICES = {"disks": ("disk", "target", "dev"), "interfaces": ("interface", "mac", "address")}
"""Lists of devices that a running guest can give up: the element, and the attribute that tells them apart."""


def guests_to_come(connection: Connection, plans: t.Iterable[Plan]) -> dict[str, dict[str, object]]:
    """What the guests will have that plans change, by name, as JSON can hold it (see ToCome).

    :param plans: those that are to be carried out: what is held back has no steps
    """
    found: dict[str, dict[str, object]] = {}
    for plan in plans:
        if plan.to_come is not None:
            found[plan.name] = plan.to_come
        elif plan.steps:
            foreseen = to_come(connection, plan)
            if foreseen is not None:
                found[plan.name] = dataclasses.asdict(foreseen)
    return found


def to_come(connection: Connection, plan: Plan) -> ToCome | None:
    """What a guest will have; None where nobody can tell, or it has what it has."""
    domain = find_guest(connection, plan.name)
    actions = {step.action for step in plan.steps}
    if "undefine" in actions:
        return None if domain is None else ToCome(domain.UUIDString(), gone=True)
    text = next((step.value for step in plan.steps if step.action == "define"), None)
    before = None if domain is None else ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    after = before if text is None else ET.fromstring(text)
    if after is None or has_hidden_places(after):
        return None
    trees = [after]
    if domain is not None and before is not None and domain.isActive() and "shutdown" not in actions:
        live = ET.fromstring(domain.XMLDesc(0))
        trees.append(without_given_up(live, before, after, {option_of(path) for path in (*plan.waiting, *plan.asked)}))
    places = [place for tree in trees for place in guest_places(tree)]
    for step in plan.steps:
        if isinstance(step.value, Making):
            places += [GuestPlace("volume", step.value.key), *item_places(step.value.item)]
    return ToCome(
        None if domain is None else domain.UUIDString(),
        places=tuple(dict.fromkeys(places)),
        interfaces=tuple(dict.fromkeys(on for tree in trees for on in interfaces(tree))),
        secrets=tuple(dict.fromkeys(reference for tree in trees for reference in secrets_of(tree))),
        disks=disks(after) if domain is None and not any(map(is_unknown, plan.changes)) else "",
        runs=domain is None and "start" in actions,
    )


def disks(root: ET.Element) -> str:
    """A definition with nothing but what snapshots have to know of the disks of another one."""
    bare_domain = ET.Element("domain")
    devices = ET.SubElement(bare_domain, "devices")
    for disk in root.findall("devices/disk"):
        bare = ET.SubElement(devices, "disk", disk.attrib)
        for part in disk:
            if part.tag in PARTS:
                ET.SubElement(bare, part.tag, part.attrib)
    return paths.text(bare_domain)


def find_guest(connection: Connection, name: str) -> Domain | None:
    """A guest; None where there is none."""
    try:
        return connection.lookupByName(name)
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_DOMAIN"):
            raise
        return None


def has_hidden_places(root: ET.Element) -> bool:
    """Whether a definition has what places alone do not tell: arguments of QEMU, or a disk inside of another file."""
    return any(child.tag.startswith("{") for child in root) or next(root.iter("slice"), None) is not None


def without_given_up(live: ET.Element, before: ET.Element, after: ET.Element, waiting: t.Container[str]) -> ET.Element:
    """What runs, without the devices that it gives up at once.

    :param before: the definition, of which what runs was made
    :param after: the definition to come
    :param waiting: options of which something waits for a restart, or for the guest
    """
    root = paths.clone(live)
    devices = root.find("devices")
    for option, (tag, part, name) in DEVICES.items() if devices is not None else ():
        if option in waiting:
            continue
        had, has = sources(before, tag, part, name), sources(after, tag, part, name)
        gone = {key for key, source in had.items() if has.get(key) != source}
        for device in t.cast(ET.Element, devices).findall(tag):
            if key_of(device, part, name) in gone:
                t.cast(ET.Element, devices).remove(device)
    return root


def sources(root: ET.Element, tag: str, part: str, name: str) -> dict[str, str]:
    """Devices by what tells them apart, each with its source as text."""
    found = {}
    for device in root.findall(f"devices/{tag}"):
        source = device.find("source")
        found[key_of(device, part, name)] = "" if source is None else str(sorted(source.attrib.items()))
    return found


def key_of(device: ET.Element, part: str, name: str) -> str:
    """What tells a device from others of its kind; empty where nothing does."""
    node = device.find(part)
    return "" if node is None else node.get(name, "").lower()


def interfaces(root: ET.Element) -> t.Iterator[tuple[str | None, str | None]]:
    """The network and the bridge, or the card for MacVTap, of each interface that names one of them."""
    for source in root.findall("devices/interface/source"):
        device = source.get("bridge") or source.get("dev")
        if source.get("network") or device:
            yield source.get("network"), device
