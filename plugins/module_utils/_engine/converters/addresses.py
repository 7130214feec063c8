# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converters of addresses and identities (see convert)."""

from __future__ import annotations

import ipaddress
import re
import typing as t
import uuid
from xml.etree import ElementTree as ET

from ..._printing import printable
from .basic import Converter, Doubtful, digits


class Mac(Converter):
    """A MAC address in lower case with colons, and two digits for each byte."""

    def from_text(self, text: str) -> str:
        return ":".join(part.rjust(2, "0") for part in text.lower().split(":"))

    def parse(self, value: object) -> str:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            # YAML 1.1 counts 52:54:00:11:22:33 in base 60.
            raise ValueError("YAML reads it as a number: put it into quotes, like '52:54:00:11:22:33'")
        mac = self.from_text(digits(value).replace("-", ":"))
        if not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", mac):
            raise ValueError(f"{printable(value)} is not a MAC address; write it like 52:54:00:aa:00:01")
        if int(mac[:2], 16) & 1:
            raise ValueError(f"{printable(value)} is a multicast address; its first byte must be even")
        return mac


EXAMPLE = "6f1d8a52-3c0e-4b7a-9e44-2a8f0c1b7d93"
"""How to write a UUID."""


class Uuid(Converter):
    """A UUID (RFC 9562) in lower case."""

    def from_text(self, text: str) -> str:
        return str(uuid.UUID(text))

    def parse(self, value: object) -> str:
        try:
            return self.from_text(digits(value))
        except ValueError:
            raise ValueError(f"{printable(value)} is not a UUID; write it like {EXAMPLE}") from None


class Address(Converter):
    """An IPv4 or IPv6 address."""

    def from_text(self, text: str) -> str:
        return str(ipaddress.ip_address(text))

    def parse(self, value: object) -> str:
        try:
            return self.from_text(digits(value))
        except ValueError:
            raise ValueError(f"{printable(value)} is not an IP address") from None


class Interface(Converter):
    """A host's address with its subnet, such as ``192.168.122.1/24``: one value, two attributes.

    libvirt writes address and netmask or prefix (formatnetwork.html, Addressing).

    :param lenient: whether one that is no host's is taken where libvirt holds it already
    """

    def __init__(self, lenient: bool = False) -> None:
        self.lenient = lenient

    def from_text(self, text: str) -> str:
        return ipaddress.ip_interface(text).with_prefixlen

    def parse(self, value: object) -> str:
        text = digits(value)
        try:
            if "/" not in text:
                raise ValueError
            interface = ipaddress.ip_interface(text)
        except ValueError:
            raise ValueError(
                f"{printable(text or value)} is not an address with its subnet; write it like 192.168.122.1/24"
            ) from None
        network = interface.network
        if not network.prefixlen:
            raise ValueError(f"{printable(text)} stands for all addresses that there are; write a smaller subnet")
        if network.num_addresses > 2 and interface.ip in (
            network.network_address,
            network.broadcast_address if interface.version == 4 else None,
        ):
            problem = (
                f"{printable(text)} is not a host of {network}; the host takes an address in it, such as"
                f" {network.network_address + 1}/{network.prefixlen}"
            )
            raise Doubtful(problem, interface.with_prefixlen) if self.lenient else ValueError(problem)
        return interface.with_prefixlen

    def decode(self, node: ET.Element, attribute: str | None) -> str | None:
        address = node.get("address")
        if address is None:
            return None
        prefix = node.get("prefix") or node.get("netmask")
        if prefix is None:
            prefix = "64" if ":" in address else classful(address)
        try:
            return self.from_text(f"{address}/{prefix}")
        except ValueError:
            return f"{address}/{prefix}"

    def encode(self, node: ET.Element, attribute: str | None, value: str) -> None:
        interface = ipaddress.ip_interface(value)
        node.attrib.pop("netmask", None)
        if interface.version == 6:
            node.set("family", "ipv6")
        else:
            node.attrib.pop("family", None)
        node.set("address", str(interface.ip))
        node.set("prefix", str(interface.network.prefixlen))

    def forget(self, node: ET.Element | None) -> None:
        for name in ("address", "prefix", "netmask", "family") if node is not None else ():
            t.cast(ET.Element, node).attrib.pop(name, None)


def classful(address: str) -> str:
    """The prefix that libvirt takes for an IPv4 address without one: its historical class."""
    text = address.split(".", maxsplit=1)[0]
    first = int(text) if re.fullmatch("[0-9]{1,3}", text) else 0
    return "8" if first < 128 else "16" if first < 192 else "24"
