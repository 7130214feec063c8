# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What earlier steps have noted of the guests of a scenario, in molecule's ephemeral directory."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import label

from ._molecule_files import INVENTORY

GUEST = {"name": str, "domain": str, "user": str, "groups": list, "snapshot": dict}
"""What the inventory tells of a guest."""


def guests_in(folder: str) -> list[dict[str, t.Any]]:
    """The guests that the kit's inventory has: what each is called, and what it is on its host.

    It is read as it is written, for what Ansible makes of it depends on the other inventories. Raises VirtfleetError
    for a file that the kit has not written.

    :param folder: molecule's ephemeral directory
    """
    whole = read(Path(folder) / INVENTORY)
    hosts = member(member(whole, "all"), "hosts")
    found = [member(member(hosts, name), "molecule_guest") for name in hosts]
    for guest in found:
        whole_guest = all(isinstance(guest.get(name), kind) for name, kind in GUEST.items())
        if not whole_guest or guest["snapshot"].get("domain") != guest["domain"]:
            raise foreign(Path(folder) / INVENTORY)
    return found


def read(path: Path) -> dict[str, t.Any]:
    """A file of JSON below a line of comment; empty where it is not there. Raises VirtfleetError for another file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError):
        raise foreign(path) from None
    try:
        found = json.loads("\n".join(line for line in text.splitlines() if not line.startswith("#")))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise foreign(path)
    return found


def member(of: t.Mapping[str, t.Any], name: str) -> dict[str, t.Any]:
    """A dictionary in one; empty for anything else."""
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def foreign(path: Path) -> VirtfleetError:
    """A file that somebody else has written."""
    return VirtfleetError(
        f"{label(str(path))}: is not as virtfleet.kvm.molecule_create writes it, so nobody can tell which guests it is"
        " about: remove their guests on the KVM host, and delete the file"
    )
