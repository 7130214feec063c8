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

from .files import HEAD, INVENTORY, NOTE, OWN
from .scenario import Checkout
from .session import SESSION, SYSTEM

GUEST = {"name": str, "domain": str, "user": str, "groups": list, "snapshot": dict}
"""What the inventory tells of a guest."""


class Noted(t.NamedTuple):
    """Whose guests the files in a folder are about; all empty where there are none.

    :param mark: the label (``owner``) of the guests
    :param where: the KVM host, as the scenario had it
    :param project: the checkout
    :param uri: the libvirt of that host
    """

    mark: str = ""
    where: str = ""
    project: str = ""
    uri: str = ""

    def text(self) -> str:
        """What is written into the file of the note, before anything is made."""
        return f"# {HEAD}\n{json.dumps(self._asdict(), indent=2)}\n"


def noted(folder: str) -> Noted:
    """What create has noted, before it made anything. Raises VirtfleetError for a file that the kit has not written.

    :param folder: molecule's ephemeral directory
    """
    note = read(Path(folder) / NOTE)
    there = member(member(read(Path(folder) / INVENTORY), "all"), "vars")
    values = [note.get(name, there.get(f"molecule_{other}", "")) for name, other in NAMES.items()]
    found = [value for value in values if isinstance(value, str)]
    if len(found) < len(values) or found[-1] not in ("", SYSTEM, SESSION):
        raise foreign(Path(folder) / NOTE)
    return Noted(*found)


NAMES = {"mark": "mark", "where": "kvm_host", "project": "project", "uri": "kvm_uri"}
"""What is noted, and what the inventory calls it."""


def check(place: Checkout, note: Noted, guests: t.Sequence[t.Mapping[str, object]]) -> None:
    """Raise VirtfleetError where the files in molecule's folder are about guests of somebody else.

    :param guests: the guests that the inventory there has
    """
    strange = [guest["domain"] for guest in guests if guest["domain"] != f"{guest['name']}-{place.digest}"]
    if (not note.mark or note.mark == place.mark) and not strange:
        return
    what = f"guests with the label {label(note.mark)}" if note.mark else f"the guest {label(strange[0])}"
    raise VirtfleetError(
        f"{place.folder}: has files about {what}, but those of this scenario have the label {place.mark}. The folder is"
        " a copy, such as the cache of a pipeline, or molecule_id or the host name of this machine has changed. If the"
        " guests are yours, run molecule destroy where they were made, or with the molecule_id of then. Otherwise"
        f" delete {place.path(OWN)} and {place.path(INVENTORY)}"
    )


def guests_in(folder: str) -> list[dict[str, object]]:
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
        if not whole_guest or not is_forward(guest) or member(guest, "snapshot").get("domain") != guest["domain"]:
            raise foreign(Path(folder) / INVENTORY)
    return found


def is_forward(guest: t.Mapping[str, object]) -> bool:
    """Whether a noted guest has a right address and port to reach it at, or neither of them."""
    forward = guest.get("forward", {"address": "", "port": 0})
    if not isinstance(forward, dict) or not isinstance(forward.get("address"), str):
        return False
    port = forward.get("port")
    return isinstance(port, int) and not isinstance(port, bool)


def read(path: Path) -> dict[str, object]:
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


def member(of: t.Mapping[str, object], name: str) -> dict[str, object]:
    """A dictionary in one; empty for anything else."""
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def foreign(path: Path) -> VirtfleetError:
    """A file that somebody else has written."""
    return VirtfleetError(
        f"{label(str(path))}: is not as virtfleet.kvm.molecule_create writes it, so nobody can tell which guests it is"
        " about: remove their guests on the KVM host, and delete the file"
    )
