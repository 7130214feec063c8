# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins of libvirt's test driver for the hosts that the inventory plugin asks on a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import guest, host, network
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS

from .ansible_runs import ready, run, write

WEB01 = "<uuid>5f0a6d0e-6f0b-4a57-9a0e-1a1a4e1f6a01</uuid>"


def stand_in(folder: Path) -> None:
    """Give the hosts of a project something to ask: on kvm01, web01 runs and db01 does not."""
    guests = [
        guest("web01", "52:54:00:aa:00:01", inner=WEB01, memory=1024),
        guest("db01", "52:54:00:aa:00:02", state="stopped", memory=1024),
    ]
    for name, there in zip(HOSTS, (guests, []), strict=True):
        uri = host(folder / f"{name}.xml", network("default"), *there)
        write(folder, f"inventory/host_vars/{name}.yml", {"kvm_inventory_uri": uri})


def listed(folder: Path, config: str) -> dict[str, Any]:
    """The inventory with a file of the plugin, in place of the page's own; fails where it is not taken."""
    ready(folder)
    stand_in(folder)
    write(folder, "inventory/zz-guests.kvm.yml", config)
    write(folder, "ansible.cfg", "[inventory]\nany_unparsed_is_failed = true\n")
    found = json.loads(run(folder, "ansible-inventory", "-i", "inventory", "--list"))
    assert "kvm_guests" in found["all"]["children"]
    return found
