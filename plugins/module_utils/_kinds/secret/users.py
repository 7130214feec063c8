# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a secret. One that goes takes its value along, and whoever uses it does not start any more."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._errors import VirtfleetError
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from ..._storage.forecast import Forecast
from ..domain.saved_states import saved_definitions
from ..pool.observe import inactive
from .observe import Named
from .references import Reference, secrets_of

CONFIGURATION = "/etc/libvirt/qemu.conf"
"""Where the secrets of TLS are named (default_tls_x509_secret_uuid and the like)."""


class Users:
    """Who refers to which secrets.

    :ivar found: the users in words, by what they refer to
    :ivar unsure: pools that an earlier task of a run in check mode would have changed, in words
    """

    def __init__(self) -> None:
        self.found: dict[Reference, list[str]] = {}
        self.unsure: dict[Reference, list[str]] = {}

    def add(self, who: str, references: t.Iterable[Reference], sure: bool = True) -> None:
        """Note what somebody refers to."""
        for reference in references:
            known = (self.found if sure else self.unsure).setdefault(reference, [])
            known += [] if who in known else [who]

    def of(self, secret: Named, sure: bool = True) -> list[str]:
        """The users of a secret, in words."""
        known = self.found if sure else self.unsure
        keys = (("uuid", secret.UUIDString().lower()), ("usage", secret.name()))
        return list(dict.fromkeys(who for key in keys for who in known.get(key, ())))


def all_users(connection: Connection, forecast: Forecast) -> Users:
    """The users of all secrets of a host.

    :param forecast: what earlier tasks of a run in check mode would have changed
    """
    users = Users()
    for domain in connection.listAllDomains(0):
        told = forecast.guest(domain.name(), domain.UUIDString())
        if told is None:
            texts = {domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), domain.XMLDesc(0)}
            for text in sorted(texts):
                users.add(f"guest {domain.name()}", secrets_of(ET.fromstring(text)))
    for name, root in saved_definitions(connection).items():
        if name not in forecast.domains:
            users.add(f"guest {name}", secrets_of(root))
    for name, guest in forecast.guests.items():
        users.add(f"guest {name}", guest.secrets)
    for pool in connection.listAllStoragePools(0):
        if forecast.pools.get(pool.name(), {}) is not None:
            references = list(secrets_of(ET.fromstring(inactive(pool))))
            users.add(f"pool {pool.name()}", references, pool.name() not in forecast.pools)
    if str(connection.getURI()) == "qemu:///system":
        users.add(CONFIGURATION, configured())
    return users


def configured() -> t.Iterator[Reference]:
    """The secrets that the configuration of libvirt names."""
    try:
        with open(CONFIGURATION, encoding="utf-8", errors="replace") as file:
            lines = [line.partition("=") for line in file if not line.lstrip().startswith("#")]
    except OSError:
        return
    for name, _sign, value in lines:
        if name.strip().endswith("secret_uuid"):
            yield "uuid", value.strip().strip("\"'").lower()


def refuse_used(
    connection: Connection, plans: t.Iterable[Plan], there: t.Mapping[str, Named], forecast: Forecast
) -> None:
    """Take the steps from the plan of each secret that is to go and is used, and say by whom.

    :param there: the secrets of the host by name
    """
    going = [plan for plan in plans if any(step.action == "undefine" for step in plan.steps)]
    users = all_users(connection, forecast) if going else Users()
    for plan in going:
        who, unsure = (users.of(there[plan.name], sure) for sure in (True, False))
        if who:
            plan.refuse(f"state: {in_use(who)}")
        elif unsure:
            plan.warnings.append(f"is used by {', '.join(unsure)} as it is now: it stays if that is so still")


def last_look(connection: Connection, secret: Named) -> None:
    """Raises VirtfleetError, right before a secret goes, where somebody uses it by now."""
    who = all_users(connection, Forecast()).of(secret)
    if who:
        raise VirtfleetError(f"undefine: {in_use(who)}")


def in_use(who: t.Iterable[str]) -> str:
    """Why a secret stays."""
    return f"is used by {', '.join(sorted(who))}: take it out there, or keep it"
