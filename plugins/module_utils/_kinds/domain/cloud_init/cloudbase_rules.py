# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cloudbase-init does not take of the options of cloud-init: it would leave it out in silence, or misread it."""

from __future__ import annotations

import re
import typing as t

from ...._engine.rows.model import Item
from ...._errors import Invalid
from ...._printing import label
from .values import WINDOWS_HEADS, WINDOWS_PATH

READER = "cloudbase-init (datasource: configdrive)"

NOT_TAKEN = {
    "fqdn": "leave it out: it sets no domain",
    "packages": "install them by runcmd",
    "vendor_data": "put it into user_data",
    "password": (
        "Windows makes no password of a hash: write the password itself as admin_pass of meta_data, from a vault, or"
        " leave it out"
    ),
}
"""Options that make no sense there, with what to do."""

OF_USERS = ("name", "gecos", "groups", "primary_group", "expiredate", "no_create_home", "ssh_authorized_keys")
OF_FILES = ("path", "content", "encoding", "permissions", "append")
ENTRIES: dict[str, tuple[type, str]] = {
    "groups": (list, "a list"),
    "hostname": (str, "a text"),
    "ntp": (dict, "a dictionary"),
    "runcmd": (list, "a list"),
    "set_hostname": (str, "a text"),
    "set_timezone": (str, "a text"),
    "timezone": (str, "a text"),
    "users": (list, "a list"),
    "write_files": (list, "a list"),
}
"""The entries of a cloud-config that it knows (cloudconfigplugins/factory.py), each with what it takes."""

NO_USB = "configdrive is a USB disk, and the guest has no USB: give it a USB controller of another model than none"

HASHED = (
    "is a hash, which cloudbase-init would take for the password itself: write the users in user_data, with the"
    " password as passwd"
)


def refused(given: Item, guest: Item) -> t.Iterator[Invalid]:
    """What is wrong with the options of a guest with a config drive.

    :param given: the options of ``cloud_init``
    :param guest: all that is declared of it
    """
    for name, advice in NOT_TAKEN.items():
        if given.get(name) is not None:
            yield Invalid(f"cloud_init.{name}", f"is not for {READER}; {advice}")
    for index, one in enumerate(given.get("users") or []):
        yield from of_user(one, f"cloud_init.users[{index}]")
    for index, one in enumerate(given.get("write_files") or []):
        yield from of_file(one, f"cloud_init.write_files[{index}]")
    yield from of_user_data(given.get("user_data"))
    if isinstance(given.get("network"), dict):
        yield Invalid("cloud_init.network", f"is not for {READER}; give interfaces an ip, or write none")
    if any(one.get("type") == "usb" and one.get("model") == "none" for one in guest.get("controllers") or []):
        yield Invalid("cloud_init.datasource", NO_USB)
    if guest.get("wait_for") == "cloud_init":
        yield Invalid(
            "wait_for", f"cloud_init does not go with {READER}, which does not tell when it ends: write agent"
        )


def of_user(user: Item, where: str) -> t.Iterator[Invalid]:
    """What is wrong with a user."""
    for name, value in user.items():
        if value is not None and name not in OF_USERS:
            reason = HASHED if name == "passwd" else f"is not for {READER}; leave it out"
            yield Invalid(f"{where}.{name}", reason)


def of_file(file: Item, where: str) -> t.Iterator[Invalid]:
    """What is wrong with a file."""
    path = file.get("path")
    if path is not None and not WINDOWS_PATH.fullmatch(path):
        yield Invalid(f"{where}.path", "is not a path of Windows, such as C:/ProgramData/x")
    if file.get("content") is None:
        yield Invalid(f"{where}.content", f"is missing: {READER} writes no file without it")
    for name, value in file.items():
        if value is not None and name not in OF_FILES:
            yield Invalid(f"{where}.{name}", f"is not for {READER}; leave it out")


def of_user_data(data: object) -> t.Iterator[Invalid]:
    """What is wrong with user data."""
    if isinstance(data, str) and not re.match(WINDOWS_HEADS, data):
        reason = "begins with no line that cloudbase-init knows, such as '#ps1_sysnative', 'rem cmd' or '#cloud-config'"
        yield Invalid("cloud_init.user_data", reason)
    for name, value in data.items() if isinstance(data, dict) else ():
        if name in ENTRIES and value is not None and not isinstance(value, ENTRIES[name][0]):
            yield Invalid(f"cloud_init.user_data.{label(name)}", f"is not {ENTRIES[name][1]}, which it is to be")
        if name not in ENTRIES:
            yield Invalid(
                f"cloud_init.user_data.{label(name)}",
                f"is not for {READER}; of a cloud-config it knows {', '.join(ENTRIES)}",
            )
