# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a clone besides those of any guest: whether its original stayed as it was, and that its copies are used.

The original is looked at before the first copy and after the last one. A guest that was started and stopped in between
shows in the files of its disks: they were written to. So what is defined is whole, also where the run is killed then.
"""

from __future__ import annotations

import dataclasses
import os

from ..._engine.rows.model import Change, Item
from ..._engine.step import Step
from ..._errors import VirtfleetError
from ..._flow.options import Options as KindOptions
from ..._libvirt.connection import LibvirtError, lacks
from ..._libvirt.objects import Connection
from ..._printing import label, spelled_out, unforeseen
from ..volume import copies

OPTION, MODE = "clone_of", "clone_mode"

CHECK = "check_original"
"""The step that looks whether the original is off, still the same guest, and its disks are as they were."""

SETTLE = "settle_copies"
"""The step that notes that the clone is defined, so that its disks are those of a guest like any other."""

STOP = "stop it first (virsh shutdown {0:sh}), as its disks change meanwhile"
"""What to do about an original that runs."""

NOT_YET = (
    "begins as guest {0}, which an earlier task of the run makes: what it gets of that one, and what may be in the way,"
    " is only known then, so check mode tells no more than that it is made"
)
"""What is said in check mode of a clone whose original is not there yet."""


@dataclasses.dataclass(frozen=True)
class Original:
    """The guest that a new one begins as.

    :param name: its name
    :param uuid: its UUID
    :param files: the files that its disks are on; empty where they cannot be looked at
    :param seen: what these were before the first copy
    """

    name: str
    uuid: str
    files: tuple[str, ...] = ()
    seen: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)


def as_known(want: Item, change: Change) -> Change:
    """A change that makes a clone of what is not there yet, without what is only known by then.

    :param want: the clone as it is declared
    """
    if not isinstance(change.after, dict):
        return change
    own = [name for name in KNOWN if name == "name" or want.get(name) is not None]
    return dataclasses.replace(change, after={name: change.after[name] for name in own})


KNOWN = ("name", "memory")
"""What of a definition follows from the declaration of a clone alone."""


def is_unknown(change: Change) -> bool:
    """Whether a change makes a guest of which only that is known."""
    return change.before is None and isinstance(change.after, dict) and change.after.keys() <= set(KNOWN)


def check_original(connection: Connection, name: str, step: Step, options: KindOptions) -> None:
    """Look whether the original of a clone is off, and still the same. Raises VirtfleetError where it is not."""
    original: Original = step.value
    try:
        domain = connection.lookupByName(original.name)
        same = domain.UUIDString() == original.uuid
        runs = bool(domain.isActive())
    except LibvirtError as error:
        if not lacks(error, "VIR_ERR_NO_DOMAIN"):
            raise
        same, runs = False, False
    except Exception as error:  # It is only looked at.
        raise VirtfleetError(f"{OPTION}: {unforeseen(error)}") from None
    if not same or runs:
        what = "was started" if same else "is another one, or gone,"
        raise VirtfleetError(f"{OPTION}: guest {label(original.name)} {what} since the plan was made: run again")
    for path in original.files:
        found = written(path)
        if original.seen.setdefault(path, found) != found:
            raise VirtfleetError(
                f"{OPTION}: {spelled_out(path)}, a disk of guest {label(original.name)}, was written to while it was"
                " copied: run again once nobody does"
            )


def written(path: str) -> tuple[int, ...]:
    """When a file was last written to, with what it is; empty for what is no file, such as a device."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return ()
    return (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)


def settle_copies(connection: Connection, name: str, step: Step, options: KindOptions) -> None:
    """Note of the copies that were made for a clone that it is defined."""
    copies.settle(connection.getURI(), step.value)
