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
from ...._engine.rows.model import Change, Item, Problems, Scope
from ...._engine.rows.row_index import join
from ...._engine.rows.unknown_options import Stranger
from ...._errors import Invalid
from ...._printing import printable
from ...shared.derived_values import X86
from .cloud_config_names import CLOUD_CONFIG
from .cloudbase_rules import refused
from .values import (
    ANY_HASH,
    CLEAN,
    COMMANDS,
    CONTENT,
    GUEST_PATH,
    HOST_NAME,
    KNOWN_HASH,
    META_DATA,
    NETWORK_DATA,
    PERMISSIONS,
    PUBLIC_KEY,
    SUDO,
    USER_DATA,
    WINDOWS_PATH,
    is_known,
)

SERIAL = "ds=nocloud"
"""The serial number by which cloud-init knows that a disk with its data is there, before it has looked for one."""

ALIAS = "ua-virtfleet-seed"
"""The name by which the disk of a seed is known in a definition."""
DRIVE_ALIAS = "ua-virtfleet-config-drive"
"""The same of a config drive."""


def is_seed(disk: ET.Element) -> bool:
    """Whether a disk in a definition is a seed."""
    alias = disk.find("alias")
    return alias is not None and alias.get("name") in (ALIAS, DRIVE_ALIAS)


def is_drive(item: Item) -> bool:
    """Whether options of ``cloud_init`` are for a config drive."""
    return item.get("datasource") == "configdrive"


USER = (
    Aside("name", "", CLEAN, "Name of the user. V(default) stands for the user that the image has."),
    Aside("gecos", "", VERBATIM, "Full name of the user, as in C(/etc/passwd) (cloud-init's C(gecos))."),
    AsideValues("groups", "", CLEAN, "Groups that the user is in, besides the primary one."),
    Aside(
        "primary_group", "", CLEAN, "Primary group of the user. Left out, a group with the name of the user is made."
    ),
    Aside("sudo", "", SUDO, "Rule of sudo for the user, such as V(ALL=(ALL\\) NOPASSWD:ALL); V(false) for none."),
    Aside("shell", "", CLEAN, "Login shell of the user, such as V(/bin/bash)."),
    Aside("homedir", "", PATH, "Home directory of the user, such as V(/home/ada)."),
    Aside("uid", "", NATURAL, "Numeric id of the user, such as V(1001)."),
    Aside("system", "", YES_NO, "Whether the user is a system user, which has no home directory."),
    Aside("no_create_home", "", YES_NO, "Whether the user gets no home directory (cloud-init's C(no_create_home))."),
    Aside(
        "no_user_group", "", YES_NO, "Whether the user gets no group of the same name (cloud-init's C(no_user_group))."
    ),
    Aside(
        "lock_passwd",
        "",
        YES_NO,
        "Whether the user cannot log in with a password. Left out, cloud-init locks the password.",
    ),
    Aside("passwd", "", ANY_HASH, "Hash of the user's password, such as C(openssl passwd -6) makes.", secret=True),
    AsideValues(
        "ssh_authorized_keys",
        "",
        PUBLIC_KEY,
        "Public SSH keys that may log in as the user, each as a line of C(authorized_keys).",
    ),
    AsideValues(
        "ssh_import_id", "", CLEAN, "Where cloud-init gets public SSH keys for the user, such as V(gh:NAME) for GitHub."
    ),
    Aside("expiredate", "", CLEAN, "Date on which the account ends, such as V('2030-01-31')."),
    Aside("inactive", "", NATURAL, "Days after the end of the password until the account is closed."),
)

FILE = (
    Aside(
        "path",
        "",
        GUEST_PATH,
        "Path of the file in the guest, such as V(/etc/motd); in Windows, such as V(C:/ProgramData/motd).",
    ),
    Aside("content", "", CONTENT, "Content that is written into the file.", secret=True),
    Aside(
        "encoding",
        "",
        Choice("text/plain", "b64", "gzip", "gz+b64"),
        "Encoding in which C(content) is given here. Left out, it is plain text.",
    ),
    Aside("owner", "", CLEAN, "Owner and group of the file, as V(USER:GROUP). Left out, V(root:root)."),
    Aside(
        "permissions",
        "",
        PERMISSIONS,
        "Mode of the file in octal digits, in quotes, such as V('0600'). Left out, V('0644').",
    ),
    Aside("append", "", YES_NO, "Whether the content is added to a file that exists already."),
    Aside(
        "defer",
        "",
        YES_NO,
        "Whether the file is written at the end, once users and packages are there (cloud-init's C(defer)).",
    ),
)

ADDRESS_OF = (
    Aside("mac", "", MAC, "MAC address of the guest's interface that gets the address."),
    Aside("address", "", INTERFACE, "IP address with its prefix, such as V(192.0.2.21/24)."),
    Aside("gateway", "", ADDRESS, "Address of the router to all other networks (the default gateway)."),
    AsideValues("nameservers", "", ADDRESS, "Addresses of the name servers that the guest asks."),
)


class CloudInit(AsideStruct):
    """The options, and the serial number that stands in the definition for them."""

    @property
    def means_something(self) -> bool:
        """An empty one makes a seed with only the host name and the network."""
        return True

    def parse(self, item: Item, out: Item, where: str, problems: Problems) -> None:
        start = len(problems)
        super().parse(item, out, where, problems)
        at = join(where, self.name)
        given = item.get(self.name)
        for number, problem in enumerate(problems[start:], start):
            if not isinstance(problem, Stranger) or problem.at != at or not isinstance(given, dict):
                continue
            # Keys of people have another name here than in other tools; a dictionary has those of the guest.
            if problem.name in CLOUD_CONFIG and (problem.name != "ssh_keys" or isinstance(given["ssh_keys"], dict)):
                reason = f"belongs into user_data: write cloud_init: {{user_data: {{{problem.name}: ...}}}}"
                problems[number] = Invalid(join(at, str(problem.name)), reason)

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        if self.name not in item:
            return
        arch = element.find("os/type")
        kind = (None if arch is None else arch.get("arch")) or scope.host.arch
        have = serial_of(element)
        if item[self.name] is None or is_drive(item[self.name]):
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


class NetworkConfig(Aside):
    """The network: a word, or data that may hold a secret."""

    def shown(self, value: object) -> object:
        return value if isinstance(value, str) else super().shown(value)


CLOUD_INIT = CloudInit(
    "cloud_init",
    "",
    (
        Aside(
            "datasource",
            "",
            Choice("nocloud", "configdrive"),
            "What reads the seed in the guest. V(nocloud), the default, is cloud-init's data source NoCloud."
            " V(configdrive) is for cloudbase-init in Windows: the seed is a config drive of OpenStack on a USB disk,"
            " and options that make no sense there are refused.",
        ),
        Aside(
            "hostname", "", HOST_NAME, "Host name that the guest gives itself. Left out, it is the name of the guest."
        ),
        Aside("fqdn", "", HOST_NAME, "Host name with its domain, such as V(web.example.com) (cloud-init's C(fqdn))."),
        AsideGroup(
            "users",
            "",
            USER,
            "Users to create in the guest. Left out, the image makes the one that it has; in a list, that one is"
            " called V(default).",
            short="name",
        ),
        AsideValues(
            "ssh_authorized_keys", "", PUBLIC_KEY, "Public SSH keys that may log in as the user that the image has."
        ),
        Aside(
            "password",
            "",
            KNOWN_HASH,
            "Hash of the password of the user that the image has, such as C(openssl passwd -6) makes. The password"
            " itself is refused.",
            secret=True,
        ),
        AsideValues("packages", "", CLEAN, "Names of packages to install at the first boot."),
        Aside(
            "runcmd",
            "",
            COMMANDS,
            "Commands to run once, at the end of the first boot: each a line for the shell, or a list of words.",
            secret=True,
        ),
        AsideGroup("write_files", "", FILE, "Files to write into the guest at the first boot."),
        Aside("timezone", "", CLEAN, "Time zone of the guest, such as V(Europe/Vienna)."),
        Aside(
            "user_data",
            "",
            USER_DATA,
            "More entries of the cloud-config, which win over those of the other options; or, as a text, the whole"
            " user data.",
            secret=True,
        ),
        Aside(
            "vendor_data",
            "",
            USER_DATA,
            "Vendor data for cloud-init. Where user data says something else, that wins.",
            secret=True,
        ),
        Aside(
            "meta_data", "", META_DATA, "More entries of cloud-init's meta-data, such as V(public-keys).", secret=True
        ),
        NetworkConfig(
            "network",
            "",
            NETWORK_DATA,
            "Network configuration of the guest. V(auto), the default, sets up each interface by its MAC address: with"
            " the address that O(config[].cloud_init.addresses) has for it, else by DHCP. V(none) leaves it to the"
            " image. A dictionary is network-config of version 2.",
            secret=True,
        ),
        AsideGroup(
            "addresses", "", ADDRESS_OF, "Fixed IP addresses of interfaces, with C(network: auto).", keys=("mac",)
        ),
        Aside(
            "instance_id",
            "",
            Choice("keep", "renew"),
            "What to do with a guest that has booted with the seed before it changed. V(keep), the default, leaves it"
            " the same instance, in which cloud-init does no more than at each boot. V(renew) makes it a new one, in"
            " which cloud-init does everything again.",
        ),
    ),
    "Options of cloud-init, which sets the guest up at its first boot. They are kept in a volume, the seed, which the"
    " guest has as a read-only disk: see the page C(docs/cloud-init.md). V(null) takes the seed away.",
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
            reason = f"is missing, for {printable(domain['name'])} is no name of a host"
            yield Invalid("cloud_init.hostname", reason)
    if is_drive(given):
        yield from refused(given, domain)
    else:
        yield from of_windows(given)
    if isinstance(given.get("user_data"), str):
        for name in ALONE:
            if given.get(name) is not None:
                yield Invalid(
                    f"cloud_init.{name}",
                    "does not go with user_data that is a text: write it in there, or user_data as a dictionary",
                )
    own = "uuid" if is_drive(given) else "instance-id"
    if own in (given.get("meta_data") or {}) and given.get("instance_id") == "renew":
        yield Invalid("cloud_init.instance_id", f"does not go with meta_data that has an {own}")
    for option, key in (("users", "name"), ("write_files", "path"), ("addresses", "mac"), ("addresses", "address")):
        for index, entry in enumerate(given.get(option) or []):
            if entry.get(key) is None:
                yield Invalid(f"cloud_init.{option}[{index}].{key}", "is missing")
    if given.get("addresses") and given.get("network") not in (None, "auto"):
        yield Invalid("cloud_init.addresses", "goes with network: auto; otherwise write them into network")


def of_windows(given: Item) -> t.Iterator[Invalid]:
    """What is for Windows alone, and not for cloud-init."""
    data = given.get("user_data")
    if isinstance(data, str) and not is_known(data):
        yield Invalid("cloud_init.user_data", "is a text for Windows: write datasource: configdrive for cloudbase-init")
    for index, file in enumerate(given.get("write_files") or []):
        if WINDOWS_PATH.fullmatch(file.get("path") or ""):
            yield Invalid(
                f"cloud_init.write_files[{index}].path",
                "is a path of Windows: write datasource: configdrive for cloudbase-init",
            )
