# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the site needs the role storage on a host."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.virtfleet.kvm.tests.unit.support import ROOT


def needed(**variables: Any) -> Any:
    """What the role's default says on the host kvm01."""
    defaults = yaml.safe_load((ROOT / "roles/storage/defaults/main.yml").read_text(encoding="utf-8"))
    templar = Templar(loader=DataLoader(), variables={"inventory_hostname": "kvm01", **variables})
    return templar.template(trust_as_template(defaults["storage_needed"]))


def with_disks(*disks: dict[str, Any], host: str = "kvm01") -> dict[str, Any]:
    """Variables with a guest that has these disks, behind one that has none."""
    return {"kvm_guests": [{"name": "bare", "host": host}, {"name": "a", "host": host, "disks": list(disks)}]}


BARE = {"name": "a", "host": "kvm01"}


@pytest.mark.parametrize(
    "variables",
    [
        {"kvm_pools": [{"name": "default"}]},
        {"kvm_volumes": [{"name": "a", "capacity": "1MiB"}]},
        {"kvm_secrets": [{"name": "a", "usage": "tls"}]},
        with_disks({"size": "1GiB"}),
        with_disks({"file": "/a.iso", "device": "cdrom"}, {"image": "debian-12"}),
        with_disks({"backing": "golden.qcow2"}),
        {"kvm_guest_defaults": {"disks": [{"size": "1GiB"}]}, "kvm_guests": [BARE]},
        {"kvm_guests": [{**BARE, "image": "debian-13"}]},
        {"kvm_guest_defaults": {"image": "debian-13"}, "kvm_guests": [BARE]},
        {"kvm_guest_profiles": {"p": {"disks": [{"size": "1GiB"}]}}, "kvm_guests": [{**BARE, "profile": "p"}]},
    ],
)
def test_it_is_needed(variables: dict[str, Any]) -> None:
    assert needed(**variables) is True


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"kvm_pools": None, "kvm_volumes": [], "kvm_guests": None},
        {"kvm_guests": [{"name": "a", "host": "kvm01", "disks": None}]},
        with_disks({"file": "/a.qcow2", "size": None}, {"volume": "a", "pool": "p"}),
        with_disks({"size": "1GiB"}, host="kvm02"),
        {"kvm_guests": [{"name": "a", "host": "kvm01", "state": "absent", "disks": [{"size": "1GiB"}]}]},
        {"kvm_guest_defaults": {"disks": [{"size": "1GiB"}]}, "kvm_guests": [{**BARE, "disks": [{"file": "/a.raw"}]}]},
        {"kvm_guest_defaults": {"disks": [{"size": "1GiB"}], "state": "absent"}, "kvm_guests": [BARE]},
    ],
)
def test_it_is_not_needed(variables: dict[str, Any]) -> None:
    assert needed(**variables) is False
