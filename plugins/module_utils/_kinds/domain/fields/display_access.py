# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches a display: the addresses that it listens on, and its password."""

from __future__ import annotations

import ipaddress
import typing as t
from xml.etree import ElementTree as ET

from ...._engine.rows.create_only import Aside
from ...._engine.rows.model import Item
from ...._errors import Invalid


def everywhere(address: object) -> bool:
    """Whether to listen on an address is to listen on all that the host has."""
    try:
        return ipaddress.ip_address(str(address)).is_unspecified
    except ValueError:
        return False


class Public(Aside):
    """Leave to listen on every address: no definition holds it, but one that does so must have been given it."""

    @property
    def roots(self) -> tuple[str, ...] | None:
        return ("@listen", "listen")

    def read(self, element: ET.Element, out: Item) -> None:
        addresses = [element.get("listen"), *(node.get("address") for node in element.findall("listen"))]
        if any(everywhere(address) for address in addresses):
            out[self.name] = True


def private(domain: Item) -> t.Iterator[Invalid]:
    """A display listens on every address only where that is asked for by name."""
    for index, entry in enumerate(domain.get("graphics") or []):
        places = {"listen": entry.get("listen")}
        places.update(
            {f"listens[{at}].address": each.get("address") for at, each in enumerate(entry.get("listens") or [])}
        )
        for place, address in places.items():
            if everywhere(address) and not entry.get("public"):
                yield Invalid(
                    f"graphics[{index}].{place}",
                    f"{address} lets everybody in who reaches the host: give one of the host's addresses, or leave it"
                    " out for 127.0.0.1 and come by SSH; public: true says that it is meant",
                )


LONGEST = {"vnc": 8, "spice": 60}
"""Bytes that a password may have: a key of DES (RFC 6143, section 7.2.2); SPICE_MAX_PASSWORD_LENGTH. Some versions of
libvirt and QEMU take the first 8 of a longer one for VNC without a word, others refuse it when the guest starts."""


def passwords(domain: Item) -> t.Iterator[Invalid]:
    """A display's password is no longer than its protocol takes."""
    for index, entry in enumerate(domain.get("graphics") or []):
        most, password = LONGEST.get(str(entry.get("type"))), entry.get("passwd")
        if most is not None and password is not None and len(str(password).encode(errors="replace")) > most:
            kind = str(entry["type"])
            yield Invalid(
                f"graphics[{index}].passwd",
                f"is longer than the {most} characters that {kind.upper()} takes (each outside of ASCII counts for 2 to"
                " 4): choose a shorter one",
            )
