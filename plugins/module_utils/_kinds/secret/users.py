# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who uses a secret. One that goes takes its value along, and whoever uses it does not start any more."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine.plan import Plan
from ..._errors import VirtfleetError
from ..._flow.options import Options
from ..._libvirt.objects import Connection
from ..._storage import guest_documents
from ..._storage.forecast import Forecast
from ..._storage.guest_documents import Document
from ..._storage.removal import because
from ..pool.observe import inactive
from ..shared import declared_uses
from .observe import Named
from .references import SecretReference, secrets_of
from .volume_users import disks_of, encrypted_volumes

CONFIGURATION = "/etc/libvirt/qemu.conf"
"""Where the secrets of TLS are named (default_tls_x509_secret_uuid and the like)."""

WAY = (
    "libvirt forgets which one a volume has, and no guest has this volume: keep the secret, or once nobody needs it,"
    " remove it by hand with virsh secret-undefine"
)
"""What to do about a secret that an encrypted volume may need."""


class SecretUsers:
    """Who refers to which secrets.

    :ivar found: the users in words, by what they refer to
    :ivar unsure: pools that an earlier task of a run in check mode would have changed, in words
    :ivar doubts: what could not be looked at: while there is one, all secrets stay
    :ivar encrypted: volumes of which nobody knows the secret: while there is one, all secrets of volumes stay
    """

    def __init__(self) -> None:
        self.found: dict[SecretReference, list[str]] = {}
        self.unsure: dict[SecretReference, list[str]] = {}
        self.doubts: list[str] = []
        self.encrypted: list[str] = []

    def add(self, who: str, references: t.Iterable[SecretReference], sure: bool = True) -> None:
        """Note what somebody refers to."""
        for reference in references:
            known = (self.found if sure else self.unsure).setdefault(reference, [])
            known += [] if who in known else [who]

    def of(self, secret: Named, sure: bool = True) -> list[str]:
        """The users of a secret, in words."""
        known = self.found if sure else self.unsure
        keys = (("uuid", secret.UUIDString().lower()), ("usage", secret.name()))
        return list(dict.fromkeys(who for key in keys for who in known.get(key, ())))

    def doubts_of(self, secret: Named) -> list[str]:
        """Why a secret may be used, in words.

        libvirt opens a volume only with a secret that is for volumes (virSecretGetSecretString).
        """
        if not self.encrypted or secret.usage() != "volume":
            return self.doubts
        shown = ", ".join(self.encrypted[:3]) + (" and others" if len(self.encrypted) > 3 else "")
        return [*self.doubts, f"{shown} is encrypted, and nobody knows with which secret ({WAY})"]


def all_users(connection: Connection, forecast: Forecast) -> SecretUsers:
    """The users of all secrets of a host.

    :param forecast: what earlier tasks of a run in check mode would have changed
    """
    users = SecretUsers()
    disks: set[str] = set()
    for document in documents(connection, users, forecast):
        users.add(document.who, secrets_of(document.root))
        disks.update(disks_of(document))
    for name, guest in forecast.guests.items():
        users.add(f"guest {name}", guest.secrets)
        disks.update(place.value for place in guest.places)
    for pool in connection.listAllStoragePools(0):
        if forecast.pools.get(pool.name(), {}) is not None:
            references = list(secrets_of(ET.fromstring(inactive(pool))))
            users.add(f"pool {pool.name()}", references, pool.name() not in forecast.pools)
    volumes = encrypted_volumes(connection, forecast, disks)
    for who, reference in volumes.known:
        users.add(who, [reference])
    users.encrypted += volumes.unknown
    if str(connection.getURI()) == "qemu:///system":
        users.add(CONFIGURATION, configured())
    return users


def documents(connection: Connection, users: SecretUsers, forecast: Forecast) -> t.Iterator[Document]:
    """All that is in writing of the guests that are as they are, and what the others can still come back as."""
    gone: set[str] = set()
    for domain in connection.listAllDomains(0):
        foreseen = forecast.guest(domain.name(), domain.UUIDString())
        if foreseen is None:
            yield from guest_documents.of_guest(domain, users.doubts.append)
        elif foreseen.gone:
            gone.add(domain.name())
    yield from guest_documents.saved_documents(connection, users.doubts.append, gone)


def add_declared(users: SecretUsers, connection: Connection, asked: declared_uses.DeclaredUses) -> None:
    """Note what all that is declared for the host refers to, be it there by now or not."""
    names = declared_uses.in_words(connection, asked.declared_uses, asked.forecast)
    for who, used in asked.declared_uses.items():
        secrets = used.get("secrets", ())
        users.add(names[who], [key for name in secrets for key in (("uuid", name.lower()), ("usage", name))])


def configured() -> t.Iterator[SecretReference]:
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
    connection: Connection, plans: t.Iterable[Plan], there: t.Mapping[str, Named], options: Options
) -> None:
    """Take the steps from the plan of each secret that is to go and is used, and say by whom.

    :param there: the secrets of the host by name
    """
    going = [plan for plan in plans if any(step.action == "undefine" for step in plan.steps)]
    users = all_users(connection, options.forecast) if going else SecretUsers()
    if going:
        add_declared(users, connection, options)
    for plan in going:
        secret = there[plan.name]
        who, unsure = (users.of(secret, sure) for sure in (True, False))
        if who or users.doubts_of(secret):
            plan.refuse(f"state: {in_use(who, users.doubts_of(secret))}")
        elif unsure:
            plan.warnings.append(f"is used by {', '.join(unsure)} as it is now: it stays if that is so still")


def last_look(connection: Connection, secret: Named) -> None:
    """Raises VirtfleetError, right before a secret goes, where somebody uses it by now."""
    users = all_users(connection, Forecast())
    who, doubts = users.of(secret), users.doubts_of(secret)
    if who or doubts:
        raise VirtfleetError(f"undefine: {in_use(who, doubts)}")


def in_use(who: t.Sequence[str], doubts: t.Sequence[str]) -> str:
    """Why a secret stays."""
    if not who:
        return because((), doubts)
    return f"is used by {', '.join(sorted(who))}: take it out there, or keep it"
