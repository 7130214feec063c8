# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest that is waited for until its agent answers needs a channel, and an agent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.doubts import doubts
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.incomplete import lacking

CHANNEL = {"type": "unix", "target": {"type": "virtio", "name": "org.qemu.guest_agent.0"}}
OTHER = {"type": "unix", "target": {"type": "virtio", "name": "com.example.0"}}
IMAGES = [
    {"name": "noble", "ubuntu": "24.04"},
    {"name": "trixie", "debian": 13},
    {"name": "own", "url": "https://example.com/own.qcow2"},
]


def guest(**options: Any) -> dict[str, Any]:
    given = {"name": "a", "host": "kvm01", "memory": "1GiB", "state": "running", "wait_for": "cloud_init", **options}
    return {name: value for name, value in given.items() if value is not None}


def fleet(*guests: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"kvm01": {"kvm_guests": list(guests), "kvm_images": IMAGES}}
    assert problems(["kvm01"], found) == []
    return found


TO_DO = (
    "and the guest has no channel for it: declare channels with target {type: virtio, name: org.qemu.guest_agent.0}, or"
    " wait for address"
)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, f"cloud_init is asked about by the agent, {TO_DO}"),
        ({"channels": [OTHER]}, f"cloud_init is asked about by the agent, {TO_DO}"),
        ({"wait_for": "agent"}, f"agent needs its channel, {TO_DO}"),
        ({"channels": [OTHER, CHANNEL]}, None),
        ({"wait_for": "address"}, None),
        ({"wait_for": None}, None),
        ({"state": None}, None),
        ({"state": "absent"}, None),
        ({"clone_of": "b"}, None),
        ({"xml": "<devices/>"}, None),
    ],
)
def test_without_a_channel_for_the_agent(options: dict[str, Any], told: str | None) -> None:
    """A guest that is there may have it, so it is not refused; the host refuses a new one, in the same words."""
    found = lacking(["kvm01"], fleet(guest(**options)))
    assert found == ([] if told is None else [f"guest a: wait_for: {told}"])


LIST = "a guest's list replaces that of its profile and of kvm_guest_defaults"
NO_IMAGE = "the images of {} have no agent"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"cloud_init": {"packages": ["vim"]}}, LIST),
        ({"cloud_init": {"packages": ["vim"]}, "disks": [{"size": "9GiB", "image": "noble"}]}, LIST),
        ({"cloud_init": {}, "disks": [{"size": "9GiB", "image": "noble"}]}, NO_IMAGE.format("Ubuntu")),
        ({"cloud_init": {}, "disks": [{"size": "9GiB", "image": "trixie"}]}, NO_IMAGE.format("Debian")),
        ({"cloud_init": {}, "disks": [{"size": "9GiB", "image": "own"}]}, None),
        ({"cloud_init": {}}, None),
        ({"disks": [{"size": "9GiB", "image": "noble"}]}, None),
        ({"cloud_init": {"packages": ["vim", "qemu-guest-agent"]}}, None),
        ({"cloud_init": {"packages": ["vim"], "runcmd": ["apk add qemu-guest-agent"]}}, None),
        ({"cloud_init": {"user_data": "#!/bin/sh\n"}, "disks": [{"size": "9GiB", "image": "noble"}]}, None),
        ({"cloud_init": {"packages": ["vim"]}, "wait_for": "address"}, None),
        ({"cloud_init": {"packages": ["vim"]}, "clone_of": "b"}, None),
    ],
)
def test_without_an_agent(options: dict[str, Any], why: str | None) -> None:
    told = "wait_for: cloud_init is asked of the agent in the guest, and cloud_init.packages does not have"
    said = f"guest a: {told} qemu-guest-agent ({why}): add it, unless the agent comes otherwise"
    options = {"channels": [CHANNEL], **options}
    assert doubts(["kvm01"], fleet(guest(**options))) == ([] if why is None else [said])


def test_many_guests_are_told_of_at_once() -> None:
    guests = [guest(name=f"web{number}", channels=[CHANNEL], cloud_init={"packages": ["vim"]}) for number in range(7)]
    (line,) = doubts(["kvm01"], fleet(*guests))
    assert line.startswith("guests web0, web1, web2, web3, web4 and 2 more: wait_for: cloud_init is asked of the agent")
