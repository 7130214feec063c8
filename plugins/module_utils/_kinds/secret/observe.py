# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read which secrets a host has. Those without a usage have no name, and are nobody's here."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.observed import Observed
from ..._flow.kind import Definition
from ..._libvirt.connection import LibvirtError, lacks
from ..._libvirt.objects import Connection, Secret
from ..._storage.manifest import Manifest


class Named:
    """A secret with a name, which libvirt itself has not: that of its usage.

    :param secret: what libvirt has
    """

    def __init__(self, secret: Secret) -> None:
        self.secret = secret

    def name(self) -> str:
        """The name."""
        return str(self.secret.usageID())

    def UUIDString(self) -> str:  # noqa: N802 - as libvirt calls it
        """The UUID, by the name that libvirt has for it with other things."""
        return str(self.secret.UUIDString())

    def usage(self) -> str:
        """What it is for: the type of its usage."""
        node = ET.fromstring(self.secret.XMLDesc(0)).find("usage")
        return "" if node is None else node.get("type", "")

    def isActive(self) -> bool:  # noqa: N802 - as libvirt calls it
        """Nothing of a secret runs."""
        return False

    def undefine(self) -> None:
        """Take the definition away, and the value with it. That it is gone already is what was asked for."""
        try:
            self.secret.undefine()
        except LibvirtError as error:
            if not lacks(error, "VIR_ERR_NO_SECRET"):
                raise

    def value(self) -> bytes | None:
        """The value; None where there is none. Raises LibvirtError for a private one, which nobody is told."""
        try:
            return bytes(self.secret.value(0))
        except LibvirtError as error:
            if not lacks(error, "VIR_ERR_NO_SECRET"):
                raise
            return None

    def has_value(self) -> bool | None:
        """Whether it has a value; None where libvirt does not tell, as of a private one."""
        try:
            return self.value() is not None
        except LibvirtError as error:
            if not lacks(error, "VIR_ERR_INVALID_SECRET", "VIR_ERR_ACCESS_DENIED"):
                raise
            return None


def all_named(connection: Connection) -> list[Named]:
    """The secrets of a host that have a name, in the order of their UUIDs."""
    found = [Named(secret) for secret in connection.listAllSecrets(0)]
    return sorted((one for one in found if one.name()), key=Named.UUIDString)


def secrets(connection: Connection, names: t.Container[str]) -> dict[str, Observed]:
    """The secrets of these names. Of two with one name, which have different usages, the plan takes none."""
    found: dict[str, Observed] = {}
    for one in all_named(connection):
        if one.name() in names:
            found.setdefault(one.name(), Observed(kept_definition(one), None, "present", {}))
    return found


class SecretDefinition(Definition):
    """How libvirt keeps secrets: it looks them up by their kind of usage as well."""

    def find(self, connection: Connection, name: str) -> Named | None:
        return next((one for one in all_named(connection) if one.name() == name), None)


def kept_definition(found: Named) -> ET.Element:
    """The definition that libvirt keeps of a secret."""
    return paths.document(found.secret.XMLDesc(0))


def present(found: Named) -> str:
    """The state of a secret that is there."""
    return "present"


def undefine_new(connection: Connection, found: Named) -> None:
    """Take away a new secret, and what is noted of it."""
    name = found.name()
    found.undefine()
    forget(connection, name)


def forget(connection: Connection, name: str) -> None:
    """Forget what is noted of a secret."""
    manifest = Manifest(connection.getURI())
    for kind in (MADE, VALUES):
        manifest.drop(kind, name)


MADE, VALUES = "secrets", "secret_values"
"""What the manifest has: the secrets that were made, and the digests of the values of private ones."""

DEFINITION = SecretDefinition(
    noun="secret",
    lookup="secretLookupByUsage",
    listing="listAllSecrets",
    missing="VIR_ERR_NO_SECRET",
    kept=kept_definition,
    rename="remove {there} and define it anew as {name}",
    state=present,
    undefine=undefine_new,
)
"""How libvirt keeps secrets."""
