# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a guest of a scenario has to have so that Ansible reaches it: a network card, and a user with the key."""

from __future__ import annotations

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.converters import MAC
from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Item
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.reservations import OURS
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable

NOT_IN_USER_DATA = {
    "users": "takes the place of the scenario's user: write them into cloud_init.users",
    "user": "makes the image's own user another one: write its name into the guest's option user",
    "system_info": "makes the image's own user another one: write its name into the guest's option user",
}
"""Entries of user_data that decide which users there are, and why they are not there."""


def checked_cards(declared: object) -> list[Item]:
    """The network cards of a guest, with short forms written out. Raises VirtfleetError where nobody reaches it."""
    if declared is None or declared in ([], ()):
        raise VirtfleetError(
            "interfaces: a guest without a network card is not reached; leave interfaces out, or declare a card"
        )
    if not isinstance(declared, (list, tuple)):
        raise VirtfleetError(f"interfaces: {printable(declared, hidden=True)} is not a list of network cards")
    cards = [{"network": card} if isinstance(card, str) else card for card in declared]
    macs: list[object] = []
    for place, card in enumerate(cards):
        where = f"interfaces[{place}]"
        if not isinstance(card, dict):
            raise VirtfleetError(f"{where}: {printable(card, hidden=True)} is no network card")
        for option in OURS:
            if card.get(option) is not None:
                raise VirtfleetError(
                    f"{where}.{option}: guests of a scenario get their addresses by DHCP; leave out"
                    f" {', '.join(OURS)}. On a network without it, write mac here, and cloud_init.addresses"
                )
        if card.get("mac") is None:
            continue
        try:
            macs.append(MAC.parse(card["mac"]))
        except ValueError as error:
            raise VirtfleetError(f"{where}.mac: {error}") from None
        if macs.count(macs[-1]) > 1:
            raise VirtfleetError(f"{where}.mac: {printable(card['mac'])} is that of another card of the guest, too")
    return [{name: value for name, value in card.items() if name not in OURS} for card in cards]


def checked_seed(given: object, of_image: bool) -> Item:
    """What cloud-init is told by the user. Raises VirtfleetError where the scenario's user or key would be lost.

    :param of_image: whether the scenario's user is the image's own
    """
    if not isinstance(given, dict):
        raise VirtfleetError("cloud_init: the key of the scenario comes by it, so it has to be a dictionary")
    for option, kind in (("user_data", dict), ("users", (list, tuple))):
        if given.get(option) is not None and not isinstance(given[option], kind):
            what = "a dictionary" if kind is dict else "a list"
            raise VirtfleetError(
                f"cloud_init.{option}: the key of the scenario, or its user, comes by it; write {what}"
            )
    data = given.get("user_data") or {}
    for option, why in NOT_IN_USER_DATA.items():
        if option in data and is_other(option, data[option], of_image):
            raise VirtfleetError(f"cloud_init.user_data.{option}: {why}")
    return {name: value for name, value in given.items() if name != "users" or value}


def is_other(option: str, value: object, of_image: bool) -> bool:
    """Whether an entry of user_data means that there are other users than the scenario's."""
    if option == "system_info":
        return not isinstance(value, dict) or "default_user" in value
    return not (option == "users" and of_image and isinstance(value, (list, tuple)) and "default" in value)


def with_user_data(found: Item, key: str) -> Item:
    """What cloud-init is told, with the scenario's key also where ``user_data`` has keys, which count alone."""
    data = found.get("user_data")
    if not isinstance(data, dict) or "ssh_authorized_keys" not in data:
        return found
    return {**found, "user_data": {**data, "ssh_authorized_keys": keys_of(data, key)}}


def keys_of(user: Item, key: str) -> list[object]:
    """The keys of a user that is declared, with the scenario's own."""
    given = user.get("ssh_authorized_keys") or []
    return [key, *(given if isinstance(given, (list, tuple)) else [given])]
