# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of storage pools. What goes wrong says what to do."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._flow.kind import Action
from ..._libvirt.connection import lacks, libvirt, message_of, stop
from ..._libvirt.objects import Connection, StoragePool
from ..._storage.manifest import Manifest
from ..volume.storage_rules import MADE_DIRECTORIES
from .pool_users import GOING, last_look, refuse_taken
from .readiness import no_driver


def pool_define(connection: Connection, name: str, step: Step, options: object) -> None:
    """Define, or define anew in place; libvirt validates the document first."""
    try:
        connection.storagePoolDefineXML(step.value, getattr(libvirt, "VIR_STORAGE_POOL_DEFINE_VALIDATE", 0))
    except libvirt.libvirtError as error:
        if "missing backend" not in str(error):
            raise
        kind = str(ET.fromstring(step.value).get("type"))
        raise VirtfleetError(f"define: {no_driver(kind)} ({message_of(error)})") from None


def pool_start(connection: Connection, name: str, step: Step, options: object) -> None:
    """Start, and make what is missing, as far as that is wanted. What holds data is never made anew.

    Making a directory is part of the start. A file system, partition table or volume group is made
    only where the start finds none, and libvirt then refuses a device that is not blank.
    """
    pool = connection.storagePoolLookupByName(name)
    if pool.isActive():
        return
    kind = str(ET.fromstring(pool.XMLDesc(0)).get("type"))
    directory = kind in MADE_DIRECTORIES and step.value != "never"
    flags = libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD if directory else 0
    try:
        create_pool(pool, flags)
    except libvirt.libvirtError as error:
        if step.value != "format":
            raise VirtfleetError(f"start: {message_of(error)}{hint(kind)}") from None
        refuse_taken(connection, pool)
        try:
            pool.build(0 if kind in ("dir", "zfs", "vstorage") else libvirt.VIR_STORAGE_POOL_BUILD_NO_OVERWRITE)
        except libvirt.libvirtError as other:
            way = "Only blank devices are made anew: wipe it by hand if nothing on it is needed"
            if "No such file or directory" in str(other):
                way = "The program that makes it is missing on the host: install its package"
            raise VirtfleetError(
                f"start: {message_of(error)}; and to make it anew fails, too: {message_of(other)}. {way}"
            ) from None
        create_pool(pool, flags)


def create_pool(pool: StoragePool, flags: int) -> None:
    """Start a pool. libvirt's test driver starts one, but makes nothing."""
    try:
        pool.create(flags)
    except libvirt.libvirtError as error:
        if not flags or not lacks(error, "VIR_ERR_INVALID_ARG"):
            raise
        pool.create(0)


def hint(kind: str) -> str:
    """The way out, where the source of a pool may be blank."""
    if kind in ("fs", "disk", "logical", "zfs"):
        return "; if its devices are blank, 'build: format' makes what is missing"
    return ""


def pool_stop(connection: Connection, name: str, step: Step, options: object) -> None:
    """Stop; one that goes only where still no guest uses it."""
    if step.value == GOING:
        last_look(connection, name)
    pool = connection.storagePoolLookupByName(name)
    stop(pool, pool.destroy)


def pool_undefine(connection: Connection, name: str, step: Step, options: object) -> None:
    """Forget the definition. The data stays, all of it."""
    try:
        connection.storagePoolLookupByName(name).undefine()
    except libvirt.libvirtError as error:
        if not lacks(error, "VIR_ERR_NO_STORAGE_POOL"):
            raise
    Manifest(connection.getURI()).drop("pools", name)


def pool_autostart(connection: Connection, name: str, step: Step, options: object) -> None:
    connection.storagePoolLookupByName(name).setAutostart(step.value)


ACTIONS: dict[str, Action] = {
    "define": pool_define,
    "start": pool_start,
    "stop": pool_stop,
    "undefine": pool_undefine,
    "set_autostart": pool_autostart,
}
