# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that a scenario may set, and misspelt ones: Ansible takes any name without a word.

With ``molecule_kvm_hots``, the guests would be made on this machine.
"""

from __future__ import annotations

import typing as t

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.close_names import surely
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.layers import DEFAULTS, PROFILES
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import printable

from .._unknown_names import nearest, options

DECLARING = ("kvm_guests", "kvm_images", *DEFAULTS, PROFILES)
"""The variables of a fleet that a scenario has, too."""

PREFIX = "molecule_"

SETTINGS = (
    "molecule_id",
    "molecule_kvm_become",
    "molecule_kvm_host",
    "molecule_kvm_key",
    "molecule_kvm_ssh_args",
    "molecule_kvm_uri",
    "molecule_reset",
    "molecule_timeout",
    "molecule_user",
    "molecule_wait_for",
)
"""Those that only a scenario has."""


def check_names(names: t.Iterable[str]) -> None:
    """Raise VirtfleetError where a variable is a slip of one that a scenario may set.

    :param names: all variables that there are
    """
    found = {name: meant_by(name) for name in names if name not in (*SETTINGS, *options())}
    lines = [
        f"{printable(name)} is not a variable of a scenario; did you mean {meant}?"
        for name, meant in found.items()
        if meant is not None
    ]
    if lines:
        raise VirtfleetError("\n".join(sorted(lines)))


def meant_by(name: str) -> str | None:
    """The variable that a name is a slip of; None where it is one of somebody else."""
    if name.startswith(PREFIX):
        # What all names begin with says nothing of how alike two are.
        meant = surely(name.removeprefix(PREFIX), [setting.removeprefix(PREFIX) for setting in SETTINGS])
        return f"{PREFIX}{meant[0]}" if meant else None
    of_fleet = nearest(name) if name.startswith("kvm_") else None
    return of_fleet if of_fleet in DECLARING else None
