# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's test driver with secrets, which it has not: as virsecretobj.c and secret_driver.c of libvirt keep them."""

from __future__ import annotations

import uuid
from typing import Any
from xml.etree import ElementTree as ET

import libvirt

PLACES = {"iscsi": "target", "volume": "volume"}


class Refused(libvirt.libvirtError):
    """An error of libvirt's."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.err = (code, libvirt.VIR_FROM_SECRET, words, 2, None, None, None, -1, -1)


class Secret:
    """A secret.

    :param host: the host that has it
    :param root: its definition
    """

    def __init__(self, host: SecretHost, root: ET.Element) -> None:
        self.host, self.root, self.kept = host, root, None

    def UUIDString(self) -> str:  # noqa: N802 - as libvirt calls it
        return str(self.root.findtext("uuid"))

    def usageID(self) -> str:  # noqa: N802 - as libvirt calls it
        return next(
            (
                str(self.root.findtext(f"usage/{tag}"))
                for tag in ("name", "target", "volume")
                if self.root.find(f"usage/{tag}") is not None
            ),
            "",
        )

    @property
    def usage(self) -> tuple[str, str]:
        """The kind of usage, and the name there."""
        node = self.root.find("usage")
        return ("", "") if node is None else (node.get("type", ""), self.usageID())

    def XMLDesc(self, flags: int = 0) -> str:  # noqa: N802 - as libvirt calls it
        return ET.tostring(self.root, encoding="unicode")

    def value(self, flags: int = 0) -> bytes:
        if self.root.get("private") == "yes":
            raise Refused(libvirt.VIR_ERR_INVALID_SECRET, "secret is private")
        if self.kept is None:
            raise Refused(libvirt.VIR_ERR_NO_SECRET, "secret does not have a value")
        return self.kept

    def setValue(self, value: bytes, flags: int = 0) -> int:  # noqa: N802 - as libvirt calls it
        if self.host.stubborn:
            raise Refused(libvirt.VIR_ERR_INTERNAL_ERROR, "no space left on device")
        self.kept = bytes(value)
        return 0

    def undefine(self) -> None:
        if self.host.secrets.pop(self.UUIDString(), None) is None:
            raise Refused(libvirt.VIR_ERR_NO_SECRET, "no secret")


class SecretHost:
    """A host with secrets; all else is that of libvirt's test driver.

    :ivar stubborn: whether no value can be set
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.secrets: dict[str, Secret] = {}
        self.stubborn = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def close(self) -> int:
        """The test opens and closes it."""
        return 0

    def listAllSecrets(self, flags: int = 0) -> list[Secret]:  # noqa: N802 - as libvirt calls it
        return list(self.secrets.values())

    def secretDefineXML(self, text: str, flags: int = 0) -> Secret:  # noqa: N802 - as libvirt calls it
        root = ET.fromstring(text)
        if root.find("uuid") is None:
            ET.SubElement(root, "uuid").text = str(uuid.uuid4())
        usage = root.find("usage")
        if usage is not None and usage.find(PLACES.get(usage.get("type", ""), "name")) is None:
            raise Refused(libvirt.VIR_ERR_XML_ERROR, "usage specified, but name is missing")
        new = Secret(self, root)
        old = self.secrets.get(new.UUIDString())
        for one in self.secrets.values():
            if (one is old) != (one.usage == new.usage != ("", "")):
                raise Refused(libvirt.VIR_ERR_INTERNAL_ERROR, "already defined for use with another")
        if old is not None and old.root.get("private") == "yes" and root.get("private") != "yes":
            raise Refused(libvirt.VIR_ERR_INTERNAL_ERROR, "cannot change private flag on existing secret")
        new.kept = None if old is None else old.kept
        self.secrets[new.UUIDString()] = new
        return new

    def named(self, name: str) -> Secret:
        """The secret of a name."""
        (found,) = [one for one in self.secrets.values() if one.usageID() == name]
        return found
