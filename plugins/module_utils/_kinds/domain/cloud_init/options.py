# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cloud-init does in a guest at its first boot: the options that a seed is made of (see nocloud).

The seed is a volume, and the definition of the guest holds none of the options. It holds the disk, and, where
the guest is a PC, the serial number by which cloud-init knows that there is a seed.
"""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ...._engine import paths
from ...._engine.converters import ADDRESS, INTERFACE, MAC, NATURAL, PATH, VERBATIM, YES_NO, Choice
from ...._engine.rows.create_only import Aside, AsideGroup, AsideStruct, AsideValues
from ...._engine.rows.model import Change, Item, Scope
from ...._errors import Invalid
from ...._printing import printable
from ...shared.derive import X86
from .values import (
    ANY_HASH,
    CLEAN,
    COMMANDS,
    HOST_NAME,
    KNOWN_HASH,
    META_DATA,
    NETWORK_DATA,
    PERMISSIONS,
    SUDO,
    USER_DATA,
)

SERIAL = "ds=nocloud"
"""The serial number by which cloud-init knows that a disk with its data is there, before it has looked for one."""

ALIAS = "ua-virtfleet-seed"
"""The name by which the disk of a seed is known in a definition."""


def is_seed(disk: ET.Element) -> bool:
    """Whether a disk in a definition is a seed."""
    alias = disk.find("alias")
    return alias is not None and alias.get("name") == ALIAS


USER = (
    Aside("name", "", CLEAN, "The name. V(default) is the user that the image has."),
    Aside("gecos", "", VERBATIM, "The full name."),
    AsideValues("groups", "", CLEAN, "Groups that the user is in, besides the primary one."),
    Aside("primary_group", "", CLEAN, "The primary group. Left out, one with the name of the user is made."),
    Aside("sudo", "", SUDO, "A rule of sudo, such as V(ALL=(ALL\\) NOPASSWD:ALL); V(false) for none."),
    Aside("shell", "", CLEAN, "The shell."),
    Aside("homedir", "", PATH, "The home directory."),
    Aside("uid", "", NATURAL, "The number of the user."),
    Aside("system", "", YES_NO, "Whether it is a system user, which has no home directory."),
    Aside("no_create_home", "", YES_NO, "Whether the home directory is not made."),
    Aside("no_user_group", "", YES_NO, "Whether no group with the name of the user is made."),
    Aside("lock_passwd", "", YES_NO, "Whether no password opens the account. Left out, cloud-init locks it."),
    Aside("passwd", "", ANY_HASH, "The hash of the password, such as that of C(openssl passwd -6).", secret=True),
    AsideValues("ssh_authorized_keys", "", CLEAN, "Public keys that may log in by SSH."),
    AsideValues("ssh_import_id", "", CLEAN, "Where cloud-init gets public keys, such as V(gh:NAME)."),
    Aside("expiredate", "", CLEAN, "The day on which the account ends, such as V('2030-01-31')."),
    Aside("inactive", "", NATURAL, "Days after the end of a password until the account ends."),
)

FILE = (
    Aside("path", "", PATH, "The path of the file."),
    Aside("content", "", VERBATIM, "What is written into it.", secret=True),
    Aside(
        "encoding",
        "",
        Choice("text/plain", "b64", "gzip", "gz+b64"),
        "How the content is written here. Left out, as it is.",
    ),
    Aside("owner", "", CLEAN, "The owner, as V(USER:GROUP). Left out, V(root:root)."),
    Aside("permissions", "", PERMISSIONS, "The mode in quotes, such as V('0600'). Left out, V('0644')."),
    Aside("append", "", YES_NO, "Whether the content is added to a file that is there."),
    Aside("defer", "", YES_NO, "Whether it is written late, once users and packages are there."),
)

ADDRESS_OF = (
    Aside("mac", "", MAC, "The MAC address of the interface."),
    Aside("address", "", INTERFACE, "The address with its subnet, such as V(192.0.2.21/24)."),
    Aside("gateway", "", ADDRESS, "The way to all other networks."),
    AsideValues("nameservers", "", ADDRESS, "The name servers."),
)


class CloudInit(AsideStruct):
    """The options, and the serial number that stands in the definition for them."""

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        arch = element.find("os/type")
        kind = (None if arch is None else arch.get("arch")) or scope.host.arch
        have = serial_of(element)
        if item[self.name] is None:
            if have == SERIAL:
                changes.append(Change(SERIAL_PATH, have, None))
                forget_serial(element)
        elif have is None and kind in X86 and mode_of(element) in (None, "emulate", "sysinfo"):
            changes.append(Change(SERIAL_PATH, None, SERIAL))
            set_serial(element)


SERIAL_PATH = "sysinfo.system.serial"
"""The path of the serial number in changes."""


def entry_of(element: ET.Element) -> ET.Element | None:
    """The entry of a definition that holds the serial number of the system."""
    return next(
        (entry for entry in element.findall("sysinfo[@type='smbios']/system/entry") if entry.get("name") == "serial"),
        None,
    )


def serial_of(element: ET.Element) -> str | None:
    """The serial number of the system in a definition."""
    entry = entry_of(element)
    return None if entry is None else (entry.text or "")


def mode_of(element: ET.Element) -> str | None:
    """Where the guest's system information is from, as far as a definition says so."""
    node = element.find("os/smbios")
    return None if node is None else node.get("mode")


def set_serial(element: ET.Element) -> None:
    """Write the serial number."""
    sysinfo = element.find("sysinfo[@type='smbios']")
    if sysinfo is None:
        sysinfo = ET.SubElement(element, "sysinfo", {"type": "smbios"})
    entry = ET.SubElement(paths.ensure(sysinfo, ("system",)), "entry", {"name": "serial"})
    entry.text = SERIAL
    paths.ensure(element, ("os", "smbios")).set("mode", "sysinfo")


def forget_serial(element: ET.Element) -> None:
    """Take the serial number out, and what held nothing else."""
    sysinfo = t.cast(ET.Element, element.find("sysinfo[@type='smbios']"))
    system = t.cast(ET.Element, sysinfo.find("system"))
    system.remove(t.cast(ET.Element, entry_of(element)))
    if not len(system):
        sysinfo.remove(system)
    if not len(sysinfo):
        element.remove(sysinfo)
        smbios = element.find("os/smbios")
        if smbios is not None and smbios.get("mode") == "sysinfo":
            t.cast(ET.Element, element.find("os")).remove(smbios)


class Network(Aside):
    """The network: a word, or data that may hold a secret."""

    def shown(self, value: t.Any) -> t.Any:
        return value if isinstance(value, str) else super().shown(value)


CLOUD_INIT = CloudInit(
    "cloud_init",
    "",
    (
        Aside("hostname", "", HOST_NAME, "The name of the host. Left out, that of the guest."),
        Aside("fqdn", "", HOST_NAME, "The name of the host with its domain."),
        AsideGroup(
            "users",
            "",
            USER,
            "Users. Left out, the image makes the one that it has; in a list, that one is called V(default).",
            short="name",
        ),
        AsideValues("ssh_authorized_keys", "", CLEAN, "Public keys that may log in as the user that the image has."),
        Aside(
            "password",
            "",
            KNOWN_HASH,
            "The hash of the password of the user that the image has, such as that of C(openssl passwd -6). The"
            " password itself is refused.",
            secret=True,
        ),
        AsideValues("packages", "", CLEAN, "Packages to be installed."),
        Aside(
            "runcmd", "", COMMANDS, "Commands that run once, last: each a line for the shell, or a list.", secret=True
        ),
        AsideGroup("write_files", "", FILE, "Files to be written."),
        Aside("timezone", "", CLEAN, "The time zone, such as V(Europe/Vienna)."),
        Aside(
            "user_data",
            "",
            USER_DATA,
            "More entries of the cloud-config, which go before those of the other options; or, as a text, all of the"
            " user data.",
            secret=True,
        ),
        Aside("vendor_data", "", USER_DATA, "Vendor data, which user data goes before.", secret=True),
        Aside("meta_data", "", META_DATA, "More entries of the meta-data, such as V(public-keys).", secret=True),
        Network(
            "network",
            "",
            NETWORK_DATA,
            "The network of the guest. V(auto), the default, is each interface by its MAC address: with the address"
            " that is declared for it, else by DHCP. V(none) leaves it to the image. A dictionary is network-config of"
            " version 2.",
            secret=True,
        ),
        AsideGroup("addresses", "", ADDRESS_OF, "Fixed addresses for C(network: auto).", keys=("mac",)),
        Aside(
            "instance_id",
            "",
            Choice("keep", "renew"),
            "What a seed that changes is to a guest that has booted with it. V(keep), the default: the same instance,"
            " in which cloud-init does no more than at each boot. V(renew): a new one, in which it does all again.",
        ),
    ),
    "What cloud-init does in the guest. It is kept in a volume, the seed, which the guest has as a disk that it can"
    " only read: see the page C(docs/cloud-init.md). V(null) takes the seed away.",
)

ALONE = ("fqdn", "users", "ssh_authorized_keys", "password", "packages", "runcmd", "write_files", "timezone")
"""Options that are parts of the cloud-config, and have no place in user data that is a text."""


def seeds(domain: Item) -> t.Iterator[Invalid]:
    """The options of a seed go with each other, and none is missing."""
    given = domain.get("cloud_init")
    if given is None:
        return
    if given.get("hostname") is None:
        try:
            HOST_NAME.parse(domain["name"])
        except ValueError:
            told = f"is missing, for {printable(domain['name'])} is no name of a host"
            yield Invalid("cloud_init.hostname", told)
    if isinstance(given.get("user_data"), str):
        for name in ALONE:
            if given.get(name) is not None:
                yield Invalid(
                    f"cloud_init.{name}",
                    "does not go with user_data that is a text: write it in there, or user_data as a dictionary",
                )
    if "instance-id" in (given.get("meta_data") or {}) and given.get("instance_id") == "renew":
        yield Invalid("cloud_init.instance_id", "does not go with meta_data that has an instance-id")
    for option, key in (("users", "name"), ("write_files", "path"), ("addresses", "mac"), ("addresses", "address")):
        for index, entry in enumerate(given.get(option) or []):
            if entry.get(key) is None:
                yield Invalid(f"cloud_init.{option}[{index}].{key}", "is missing")
    if given.get("addresses") and given.get("network") not in (None, "auto"):
        yield Invalid("cloud_init.addresses", "goes with network: auto; otherwise write them into network")
