# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk on a declared volume, of which only one says that it is encrypted."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.model import Host, Scope
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.doubts import doubts
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.incomplete import lacking
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.shared.derived_values import derive_uuid

SECRETS = [{"name": "/a", "usage": "volume"}, {"name": "/b", "usage": "volume"}]
OF_A = derive_uuid(Scope("secret", "/a", Host()))


def sealed(by: str, value: str) -> dict[str, Any]:
    return {"format": "luks", "secret": {by: value}}


def opened(by: str, value: str) -> dict[str, Any]:
    return {"format": "luks", "secrets": [{by: value}]}


def said(disk: dict[str, Any], **more: Any) -> tuple[list[str], list[str]]:
    """The warnings, and what can only be right where the host has it."""
    guest = {"name": "a", "host": "kvm01", "memory": "1GiB", "disks": [disk], **more.pop("guest", {})}
    volumes = [
        {"name": "sealed.qcow2", "capacity": "1GiB", "encryption": sealed("usage", "/a")},
        {"name": "sealed.raw", "pool": "fast", "capacity": "1GiB", "encryption": sealed("usage", "/a")},
        {"name": "plain.raw", "capacity": "1GiB"},
    ]
    pools = [{"name": "fast", "target": "/srv/fast"}]
    fleet: dict[str, Any] = {
        "kvm01": {"kvm_guests": [guest], "kvm_volumes": volumes, "kvm_pools": pools, "kvm_secrets": SECRETS, **more}
    }
    assert problems(["kvm01"], fleet) == []
    return doubts(["kvm01"], fleet), lacking(["kvm01"], fleet)


WRITE = "write encryption: {format: luks, secrets: [{usage: NAME}]}, with the volume's secret"


@pytest.mark.parametrize(
    ("disk", "told"),
    [
        (
            {"volume": "sealed.qcow2"},
            ": the volume default/sealed.qcow2 is encrypted (kvm_volumes), and the disk is not, so the guest would not"
            f" start; {WRITE}",
        ),
        (
            {"file": "/var/lib/libvirt/images/sealed.qcow2"},
            ": the volume default/sealed.qcow2 is encrypted (kvm_volumes), and the disk is not, so the guest would not"
            f" start; {WRITE}",
        ),
        (
            {"volume": "plain.raw", "encryption": opened("usage", "/a")},
            ".encryption: the volume default/plain.raw is not encrypted in kvm_volumes; write encryption there, too",
        ),
        (
            {"volume": "plain.raw", "source": {"encryption": opened("usage", "/a")}},
            ".encryption: the volume default/plain.raw is not encrypted in kvm_volumes; write encryption there, too",
        ),
        (
            {"volume": "sealed.qcow2", "encryption": opened("usage", "/b")},
            ".encryption: the volume default/sealed.qcow2 gets another secret in kvm_volumes; name the same one in"
            " both",
        ),
        (
            {"size": "2GiB", "image": "sealed.qcow2"},
            ".image: the volume default/sealed.qcow2 is encrypted (kvm_volumes), and no new disk can be made from it",
        ),
        (
            {"backing": "fast/sealed.raw"},
            ".backing: the volume fast/sealed.raw is encrypted (kvm_volumes), and no new disk can be made from it",
        ),
        ({"size": "2GiB", "image": "plain.raw"}, None),
        ({"volume": "sealed.qcow2", "encryption": opened("usage", "/a")}, None),
        ({"volume": "sealed.qcow2", "encryption": opened("uuid", OF_A)}, None),
        ({"volume": "plain.raw"}, None),
        ({"volume": "other.raw", "encryption": opened("usage", "/a")}, None),
        ({"file": "/srv/other.qcow2"}, None),
        ({"size": "1GiB", "encryption": opened("usage", "/a")}, None),
    ],
)
def test_only_one_of_both_is_encrypted(disk: dict[str, Any], told: str | None) -> None:
    assert said(disk) == ([], [] if told is None else [f"guest a: disks[0]{told}"])


def test_a_raw_volume_would_be_seen_as_it_is_stored() -> None:
    """QEMU reads any raw disk: the guest would start, and see only what is encrypted."""
    warned, lacks = said({"volume": "sealed.raw", "pool": "fast"})
    assert lacks == []
    assert warned == [
        "guest a: disks[0]: the volume fast/sealed.raw is encrypted (kvm_volumes), and the disk is not, so the guest"
        f" would see what is encrypted; {WRITE}"
    ]


def test_a_guest_that_goes_needs_no_secret() -> None:
    assert said({"volume": "sealed.qcow2"}, guest={"state": "absent"}) == ([], [])
