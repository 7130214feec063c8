# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a secret of libvirt (https://libvirt.org/formatsecret.html).

libvirt has no names for secrets. It knows each by its UUID, and by its usage: what it is for, and of which. That is
told in another element for each kind of usage; here it is the name.
"""

from __future__ import annotations

import dataclasses
import typing as t
from xml.etree import ElementTree as ET

from ..._engine import paths
from ..._engine.converters import TEXT, UUID, YES_NO, Choice
from ..._engine.rows import Field, Property
from ..._engine.rows.create_only import Unshown
from ..._engine.rows.model import Change, Item, Scope
from ..._engine.table import Table
from ..._errors import Invalid
from ..._printing import printable
from ..shared import derived_values
from .values import Base64, PlainText, Usage

PLACES = {"iscsi": "usage/target", "volume": "usage/volume"}
"""Where the name stands for a kind of usage; for all others in ``usage/name`` (virSecretDefParseUsage)."""


class UsageName(Field):
    """The name of a secret: what of its kind of usage it is for."""

    @property
    def places(self) -> tuple[str, ...]:
        return (self.path, *PLACES.values())

    def value_at(self, element: ET.Element, path: str) -> object:
        found = (super(UsageName, self).value_at(element, place) for place in self.places)
        return next((value for value in found if value is not None), None)

    def edit(self, element: ET.Element, item: Item, scope: Scope, where: str, changes: list[Change]) -> None:
        usage = element.find("usage")
        kind = item.get("usage") or (None if usage is None else usage.get("type"))
        row = dataclasses.replace(self, path=PLACES.get(str(kind), self.path))
        super(UsageName, row).edit(element, item, scope, where, changes)

    def drop(self, element: ET.Element, scope: Scope, where: str, changes: list[Change]) -> None:
        for place in self.places:
            paths.remove(element, paths.parse(place))


ROWS = (
    UsageName(
        "name",
        "usage/name",
        Usage(),
        "Name of the secret, by which guests and pools refer to it as C(usage), such as V(client.libvirt). It is what"
        " libvirt has in its usage: C(name), for V(iscsi) C(target), and for V(volume) C(volume), which is a path from"
        " the root. The names of all others have no C(/).",
        fixed=True,
    ),
    Property(
        "state",
        "",
        Choice("present", "absent"),
        "State that the secret shall be in. V(absent) removes the definition, and its value with it.",
    ),
    Field(
        "usage",
        "usage@type",
        Choice("ceph", "iscsi", "tls", "volume", "vtpm"),
        "What the secret is for (libvirt's usage C(type)): V(ceph) for RBD, V(iscsi) for CHAP, V(volume) for an"
        " encrypted disk, V(tls) for a private key, V(vtpm) for the state of an emulated TPM.",
        required=True,
        fixed=True,
    ),
    Field(
        "uuid",
        "uuid",
        UUID,
        "UUID of the secret (libvirt's C(uuid)). That of a new secret follows from its name.",
        new=derived_values.derive_uuid,
        filled=True,
        fixed=True,
    ),
    Field(
        "description",
        "description",
        TEXT,
        "Text for people that says what the secret is (libvirt's C(description)). It is no secret itself.",
    ),
    Field(
        "ephemeral",
        "@ephemeral",
        YES_NO,
        "Whether the secret is kept in memory only (libvirt's C(ephemeral)). It is gone once the daemon ends, and the"
        " next run defines it anew. One that was kept on disk cannot become that.",
        default=False,
    ),
    Field(
        "private",
        "@private",
        YES_NO,
        "Whether libvirt tells its value to nobody (libvirt's C(private)). It cannot be taken back.",
        default=False,
    ),
    Unshown(
        "value",
        "",
        PlainText(),
        "Value of the secret as text, such as a passphrase. Left out, the value that is there stays.",
        secret=True,
    ),
    Unshown(
        "value_base64",
        "",
        Base64(),
        "Value of the secret in base64, in place of O(config[].value), for one that is no text. A key of Ceph is in"
        " base64 already.",
        secret=True,
    ),
)


def values(item: Item) -> t.Iterator[Invalid]:
    """What is wrong with the values of an item."""
    for name in ("value", "value_base64"):
        if name in item and item[name] is None:
            yield Invalid(
                name,
                "cannot be null: libvirt takes no value away from a secret; leave it out, or declare the secret with"
                " 'state: absent'",
            )
    if item.get("value") is not None and item.get("value_base64") is not None:
        yield Invalid("value_base64", "does not go together with value: leave out one of the two")
    if item.get("usage") == "ceph" and item.get("value") is not None:
        yield Invalid("value", "a key of Ceph is in base64, as 'ceph auth get-key' tells it: write it as value_base64")


def name_fits_usage(item: Item) -> t.Iterator[Invalid]:
    """What is wrong with the name of an item for its usage (secret.rng of libvirt)."""
    usage, name = item.get("usage"), str(item.get("name") or "")
    if usage == "volume" and (not name.startswith("/") or name == "/"):
        yield Invalid("name", f"{printable(name)} is no path from the root, and that of a secret with usage volume is")
    if usage not in (None, "volume") and "/" in name:
        yield Invalid("name", f"{printable(name)} has a '/', which only the name of a secret with usage volume has")


SECRET = Table(
    kind="secret",
    elsewhere={
        **dict.fromkeys(
            ("password", "passphrase", "secret"), "no such option; write value, or value_base64 for a key of Ceph"
        ),
        **dict.fromkeys(("key", "keyring"), "no such option; write value_base64 for a key of Ceph, else value"),
        **dict.fromkeys(("type", "kind"), "no such option; write usage, such as usage: volume"),
    },
    manual="ansible-doc virtfleet.kvm.secrets has them all",
    skeleton="<secret ephemeral='no' private='no'/>",
    state="present",
    initial="present",
    active=frozenset(),
    transitions={("present", "absent"): ("undefine",)},
    rows=ROWS,
    rules=(values,),
    cautions=(name_fits_usage,),
)
