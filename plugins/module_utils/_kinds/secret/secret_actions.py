# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of secrets. None of them tells a value in what it raises."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._flow.kind import Action
from ..._flow.options import Options
from ..._libvirt.connection import libvirt
from ..._libvirt.objects import Connection
from ..._storage.manifest import Manifest
from . import digests
from .observe import DEFINITION, VALUES, Named, forget
from .users import last_look


def secret_define(connection: Connection, name: str, step: Step, options: object) -> None:
    """Define, or define anew in place; libvirt validates the document first. The value stays as it is."""
    if DEFINITION.find(connection, name) is None:
        Manifest(connection.getURI()).drop(VALUES, name)  # That was the value of another one.
    connection.secretDefineXML(step.value, getattr(libvirt, "VIR_SECRET_DEFINE_VALIDATE", 0))


def secret_set_value(connection: Connection, name: str, step: Step, options: Options) -> None:
    """Set the value, and note its digest where libvirt will not tell it."""
    secret = find_secret(connection, name)
    secret.secret.setValue(step.value.data, 0)
    secret_note_value(connection, name, step, options)


def secret_note_value(connection: Connection, name: str, step: Step, options: Options) -> None:
    """Note the digest of the value that a private secret has."""
    secret = find_secret(connection, name)
    if digests.private(ET.fromstring(secret.secret.XMLDesc(0))):
        digests.note(str(connection.getURI()), secret, step.value)
    else:
        Manifest(connection.getURI()).drop(VALUES, name)


def find_secret(connection: Connection, name: str) -> Named:
    """A secret that was defined. Raises VirtfleetError where it is gone."""
    found = DEFINITION.find(connection, name)
    if found is None:
        raise VirtfleetError("set_value: somebody removed it meanwhile; run again")
    return found


def secret_undefine(connection: Connection, name: str, step: Step, options: object) -> None:
    """Take the definition away, and the value with it, where still nobody uses it."""
    found = DEFINITION.find(connection, name)
    if found is not None:
        last_look(connection, found)
        found.undefine()
    forget(connection, name)


ACTIONS: dict[str, Action] = {
    "define": secret_define,
    "set_value": secret_set_value,
    "note_value": secret_note_value,
    "undefine": secret_undefine,
}
