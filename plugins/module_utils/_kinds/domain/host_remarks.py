# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to say of a guest on the host that it is to run on."""

from __future__ import annotations

import typing as t

from ..._engine.rows.model import Host, Item


def emulation(guest: Item, new: bool, host: Host) -> t.Iterator[str]:
    """A guest that gets what the host has runs slowly where that is emulation; one that has to have more may not run.

    :param guest: the options as they are declared
    :param new: whether it is made from nothing
    :param host: the host
    """
    automatic = guest.get("virt") == "auto" or (new and guest.get("virt") is None)
    if automatic and host.virt_reason:
        yield f"runs under emulation, which is slow: {host.virt_reason}"
    elif guest.get("virt") == "kvm" and guest.get("state") != "absent" and host.virt_reason:
        yield (
            f"has virt: kvm, but the host has no hardware virtualization, so the guest may hang: {host.virt_reason};"
            " write virt: auto"
        )
