# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which links guests use once an earlier task in check mode is carried out: one that they leave is free. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .facts import Facts, RunningGuest


class GuestByThen(t.Protocol):
    """What a guest would have by then: whether it would be gone, and the network and the device of each interface."""

    @property
    def gone(self) -> bool: ...

    @property
    def interfaces(self) -> t.Sequence[tuple[str | None, str | None]]: ...


class HostByThen(t.Protocol):
    """What guests and networks would have by then, by name; None for a network that would be gone."""

    @property
    def guests(self) -> t.Mapping[str, GuestByThen]: ...

    @property
    def networks(self) -> t.Mapping[str, t.Mapping[str, object] | None]: ...


def foreseen(facts: Facts, by_then: t.Mapping[str, GuestByThen]) -> Facts:
    """The facts with the guests as they would be by now. What is not known for sure counts as it is.

    :param by_then: what guests would have, by name: whether they would be ``gone``, and the network and the device of
        each of their ``interfaces``
    """
    if not by_then:
        return facts
    guests: list[RunningGuest] = []
    left: set[str] = set()
    for guest in facts.guests:
        to_come = by_then.get(guest.name)
        stays = tuple(one for one in guest.interfaces if to_come is None or may_keep(to_come, one))
        left.update(target for target, *_on in set(guest.interfaces).difference(stays))
        if to_come is None or not to_come.gone:
            guests.append(dataclasses.replace(guest, interfaces=stays))
    devices = {name: device for name, device in facts.devices.items() if name not in left}
    return dataclasses.replace(facts, guests=tuple(guests), devices=devices)


def may_keep(to_come: GuestByThen, interface: tuple[str, str, str]) -> bool:
    """Whether a guest may still have an interface.

    :param interface: the device that it is on the host, its kind and what it is on
    """
    _target, kind, source = interface
    if to_come.gone:
        return False
    if not source:
        return True
    on = {device for _network, device in to_come.interfaces}
    unknown = kind == "network" and any(network and not device for network, device in to_come.interfaces)
    return source in on or unknown
