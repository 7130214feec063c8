# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the seed of a guest, by what reads them there, and what tells them from those of another seed."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from ...._engine.rows.model import Item
from ...._errors import Invalid
from . import config_drive, nocloud
from .options import DRIVE_ALIAS, is_drive, is_seed


def files_of(item: Item, guest: str, instance: str, root: ET.Element) -> nocloud.SeedFiles:
    """What is on a seed. Raises Invalid where it is too large.

    :param item: the options of ``cloud_init``
    :param instance: the identity of the instance, where they have none
    :param root: the definition of the guest
    """
    macs = [str(node.get("address")).lower() for node in root.iterfind("devices/interface/mac")]
    make = config_drive.files if is_drive(item) else nocloud.files
    return make(item, guest, instance, macs)


def declared_instance(item: Item) -> object:
    """The identity of the instance that the options have themselves; None where they have none."""
    return (item.get("meta_data") or {}).get(instance_name(item))


def instance_name(item: Item) -> str:
    """What the identity of the instance is called in the meta data."""
    return (nocloud.DRIVE_NAMES if is_drive(item) else nocloud.NAMES).instance


def content_of(item: Item, files: nocloud.SeedFiles) -> str:
    """What tells the content of a seed from another one."""
    return nocloud.digest(files, instance_name(item) in (item.get("meta_data") or {}))


def refuse_another_reader(node: ET.Element | None, drive: bool) -> None:
    """Raises Invalid where the seed that a guest has is for another data source: its disk cannot become this one's.

    :param node: the disk that it has as its seed
    :param drive: whether it is to be a config drive
    """
    if node is not None and is_seed(node) and (node.find(f"alias[@name='{DRIVE_ALIAS}']") is not None) != drive:
        there = "nocloud" if drive else "configdrive"
        raise Invalid(
            "cloud_init.datasource",
            f"the guest has a seed for {there}, which cannot become another: write cloud_init: null, and run; once the"
            " guest has been stopped, and the seed is gone, write this again",
        )
