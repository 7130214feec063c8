# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on a seed: the files that cloud-init reads (its page on the data source NoCloud). Pure functions.

All of them are JSON, which is YAML: so no library is needed to write them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import typing as t

from ...._engine.rows.model import Item
from ...._errors import Invalid
from ...._printing import SECRET
from .options import ALONE, CLOUD_INIT

SeedFiles = dict[str, bytes]
"""The files of a seed by their names."""

META, USER, VENDOR, NETWORK = "meta-data", "user-data", "vendor-data", "network-config"
INSTANCE = "instance-id"


class SeedNames(t.NamedTuple):
    """How the files of a seed are called, in the order in which they are written.

    :param instance: the entry of the meta data that is the identity of the instance
    """

    meta: str
    user: str
    vendor: str
    network: str
    instance: str

    @property
    def files(self) -> tuple[str, ...]:
        """The files alone."""
        return self[:4]


NAMES = SeedNames(META, USER, VENDOR, NETWORK, INSTANCE)
DRIVE_NAMES = SeedNames(
    "openstack/latest/meta_data.json",
    "openstack/latest/user_data",
    "openstack/latest/vendor_data.json",
    "openstack/latest/network_data.json",
    "uuid",
)
"""Those of a config drive (see config_drive)."""
HEAD = "#cloud-config\n"
LARGEST = 16 * 1024**2
"""Bytes that a seed may hold."""

UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON takes as it is, and YAML does not, or takes for the end of a line (its sections 5.1 and 5.4)."""

EVERYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


def files(item: Item, guest: str, instance: str, macs: t.Sequence[str]) -> SeedFiles:
    """The files of a seed.

    :param item: the options of ``cloud_init``
    :param instance: the identity of the instance, where meta_data has none
    :param macs: the MAC addresses of the guest's interfaces

    Raises Invalid where they are too large.
    """
    meta = {INSTANCE: instance, "local-hostname": item.get("hostname") or guest, **(item.get("meta_data") or {})}
    seed: SeedFiles = {META: written(meta), USER: config(user_data(item, guest))}
    if item.get("vendor_data") is not None:
        seed[VENDOR] = config(item["vendor_data"])
    network = network_config(item, macs)
    if network is not None:
        seed[NETWORK] = written(network)
    return bearable(seed)


def bearable(seed: SeedFiles) -> SeedFiles:
    """Files that a seed can hold. Raises Invalid where they are too large."""
    if sum(map(len, seed.values())) > LARGEST:
        raise Invalid(
            "", f"is more than the {LARGEST // 1024**2} MiB that a seed holds: fetch large files in the guest"
        )
    return seed


def names_of(seed: SeedFiles) -> SeedNames:
    """How the files of a seed are called."""
    return DRIVE_NAMES if DRIVE_NAMES.meta in seed else NAMES


def user_data(item: Item, guest: str) -> object:
    """The user data: entries, or a text."""
    more = item.get("user_data")
    if isinstance(more, str):
        return more
    entries: Item = {"hostname": item.get("hostname") or guest}
    for name in ALONE:
        if item.get(name) is not None:
            entries[name] = item[name]
    if "users" in entries:
        entries["users"] = [user(one) for one in entries["users"]]
    if "write_files" in entries:
        entries["write_files"] = [without_nulls(one) for one in entries["write_files"]]
    if "password" in entries:
        entries["chpasswd"] = {"expire": False}
    return merged(entries, more or {})


def user(options: Item) -> object:
    """A user as cloud-init takes it: that of the image by its name alone."""
    settings = without_nulls(options)
    if "inactive" in settings:
        settings["inactive"] = str(settings["inactive"])  # The schema of cloud-init asks for a text.
    return "default" if settings == {"name": "default"} else settings


def without_nulls(options: Item) -> Item:
    """Options without those that are null."""
    return {name: value for name, value in options.items() if value is not None}


def merged(under: Item, over: Item) -> Item:
    """Two dictionaries, entry by entry at every depth; all else, lists too, is replaced."""
    whole = dict(under)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(whole.get(name), dict)
        whole[name] = merged(whole[name], value) if both else value
    return whole


def network_config(item: Item, macs: t.Sequence[str]) -> Item | None:
    """Network-config of version 2; None where nothing is said of the network."""
    network = item.get("network") or "auto"
    if isinstance(network, dict):
        return network
    if network == "none" or not macs:
        return None
    fixed: dict[str, list[Item]] = {}
    for entry in item.get("addresses") or []:
        fixed.setdefault(entry["mac"], []).append(entry)
    cards = {f"eth{index}": card(mac, fixed.get(mac, ())) for index, mac in enumerate(macs)}
    return {"version": 2, "ethernets": cards}


def card(mac: str, fixed: t.Iterable[Item]) -> Item:
    """An interface: by DHCP, or with addresses of its own."""
    settings: Item = {"match": {"macaddress": mac}}
    for entry in fixed:
        settings.setdefault("addresses", []).append(entry["address"])
        gateway = entry.get("gateway")
        if gateway is not None:
            everywhere = EVERYWHERE[ipaddress.ip_address(gateway).version]
            settings.setdefault("routes", []).append({"to": everywhere, "via": gateway})
        if entry.get("nameservers"):
            settings.setdefault("nameservers", {"addresses": []})["addresses"] += entry["nameservers"]
    return settings if "addresses" in settings else {**settings, "dhcp4": True}


def config(data: object) -> bytes:
    """User data or vendor data as a file."""
    return data.encode() if isinstance(data, str) else HEAD.encode() + written(data)


def written(data: object) -> bytes:
    """Data as JSON that is YAML, too: YAML takes fewer characters as they are, and no pairs of escapes for one."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode() + b"\n"


def read(content: bytes) -> object:
    """What a file says; None for what is none of ours."""
    try:
        return json.loads(content.decode().removeprefix(HEAD))
    except (ValueError, RecursionError):
        return None


def instance_of(seed: SeedFiles) -> str | None:
    """The identity of the instance on a seed; None where nothing tells it."""
    names = names_of(seed)
    meta = read(seed.get(names.meta, b""))
    found = meta.get(names.instance) if isinstance(meta, dict) else None
    return found if isinstance(found, str) and re.fullmatch(r"[!-~]{1,200}", found) else None


def next_instance(instance: str) -> str:
    """The identity of the instance after one: none that there was before, so that cloud-init has nothing of it."""
    base, _dash, number = instance.rpartition("+")
    return f"{base}+{int(number) + 1}" if base and re.fullmatch(r"[0-9]{1,9}", number) else f"{instance}+2"


def digest(seed: SeedFiles, instance: bool) -> str:
    """What tells the content of a seed from another one.

    :param instance: whether the identity of the instance is a part of it, as the user gives it
    """
    parts, names = [], names_of(seed)
    for name in names.files:
        content = seed.get(name)
        meta = read(content) if name == names.meta and content is not None else None
        if isinstance(meta, dict) and not instance:
            content = written({key: value for key, value in sorted(meta.items()) if key != names.instance})
        parts.append("" if content is None else hashlib.sha256(content).hexdigest())
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def parts(before: SeedFiles, after: SeedFiles) -> dict[str, tuple[object, object]]:
    """What differs between two seeds: the options by their names, each as it was and will be (see shown)."""
    found: dict[str, tuple[object, object]] = {}
    names = names_of(after)
    for name, default in zip(names.files, ("meta_data", "user_data", "vendor_data", "network"), strict=True):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        none: Item | None = {} if name == DRIVE_NAMES.user else None  # A config drive may have no user data.
        was, will = (none if content is None else read(content) for content in (old, new))
        if name in (names.meta, names.user) and isinstance(was, dict) and isinstance(will, dict):
            for key in [*will, *(key for key in was if key not in will)]:
                if was.get(key) != will.get(key):
                    option = OPTION.get(key, default)
                    sides = [shown(option, entries[key]) if key in entries else None for entries in (was, will)]
                    found.setdefault(option, (sides[0], sides[1]))
        else:
            sides = [None if side is None else shown(default, read(side)) for side in (old, new)]
            found[default] = (sides[0], sides[1])
    return found


def shown(option: str, value: object) -> object:
    """What a change shows of a seed as an option's value: as much as of a new guest, whose secrets are hidden, too.

    What may be from an option that holds anything, such as user_data, is only shown in the form that ours has.

    :param option: one of ``cloud_init``
    :param value: what a seed has of it
    """
    if option == "network":
        return value if is_made(value) or is_made_drive(value) else SECRET
    if option == "ssh_authorized_keys" and isinstance(value, dict):
        value = list(value.values())  # As a config drive has them.
    if option in CLEAR and isinstance(value, list):
        return [shown_item(one, CLEAR[option]) for one in value]
    texts = value if isinstance(value, list) else [value]
    plain = option not in SECRETS and option not in CLEAR and all(isinstance(text, str) for text in texts)
    return value if plain else SECRET


def shown_item(item: object, clear: t.Container[str]) -> object:
    """A user or a file of a seed, without what may be secret.

    :param clear: the options that may be shown
    """
    if isinstance(item, dict):
        return {name: value if name in clear else SECRET for name, value in item.items()}
    return item if item == "default" else SECRET


def is_made(network: object) -> bool:
    """Whether network-config is as we make it from addresses (see network_config), in which nothing is secret."""
    cards = network.get("ethernets") if isinstance(network, dict) and set(network) == {"version", "ethernets"} else None
    return isinstance(cards, dict) and all(
        isinstance(one, dict) and set(one) <= {"match", "dhcp4", "addresses", "routes", "nameservers"}
        for one in cards.values()
    )


def is_made_drive(network: object) -> bool:
    """Whether network data is as we make it for a config drive, in which nothing is secret."""
    return isinstance(network, dict) and set(network) == {"links", "networks", "services"}


SECRETS = frozenset(row.name for row in CLOUD_INIT.fields if row.secret)
"""The options that hold a secret, or may hold anything."""

CLEAR = {
    row.name: frozenset(inner.name for inner in row.rows if not inner.secret) for row in CLOUD_INIT.fields if row.rows
}
"""Of options that are lists of options, those that hold no secret."""


OPTION = {
    **{name: name for name in ALONE},
    "hostname": "hostname",
    "local-hostname": "hostname",
    "chpasswd": "password",
    INSTANCE: "instance_id",
    "uuid": "instance_id",
    "public_keys": "ssh_authorized_keys",
}
"""The option that an entry follows from."""
