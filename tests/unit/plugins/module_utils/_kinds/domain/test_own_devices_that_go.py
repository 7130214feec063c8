# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that libvirt adds by itself go where they would not fit any more; it adds others then."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.tests.unit.support import TABLES, observed, plan_one

GUEST = (
    "<domain type='kvm'><name>x</name><memory unit='KiB'>196608</memory><os><type arch='x86_64' machine='pc-q35-10.0'>"
    "hvm</type></os><devices>{}</devices></domain>"
)
BOTH = "<watchdog model='i6300esb' action='dump'/><watchdog model='itco' action='dump'/>"
OWN = "<watchdog model='itco' action='reset'/>"
AUDIO = "<audio id='1' type='none'/>"


def left(devices: str, tag: str, **config: Any) -> list[dict[str, str]]:
    """The devices of a definition to come."""
    plan = plan_one(TABLES["domain"], observed(GUEST.format(devices)), {"name": "x", "state": "present", **config})
    (step,) = plan.steps
    return [node.attrib for node in ET.fromstring(step.value).findall(f"devices/{tag}")]


@pytest.mark.parametrize(
    ("devices", "declared", "models"),
    [
        (BOTH, None, []),
        (BOTH, [], []),
        (BOTH, [{"model": "i6300esb", "action": "pause"}], ["i6300esb"]),
        (OWN, [{"model": "i6300esb", "action": "pause"}], ["i6300esb"]),
        (OWN, [{"model": "i6300esb", "action": "reset"}], ["i6300esb", "itco"]),
        (BOTH, [{"model": "itco", "action": "dump"}], ["itco"]),
    ],
)
def test_the_watchdog_of_the_chip_set_has_the_action_of_the_others(
    devices: str, declared: Any, models: list[str]
) -> None:
    assert sorted(node["model"] for node in left(devices, "watchdog", watchdogs=declared)) == models


@pytest.mark.parametrize(
    ("declared", "ids"),
    [
        ([{"id": 3, "type": "file", "path": "/a.wav"}], ["3"]),
        ([{"id": 1, "type": "none"}, {"id": 3, "type": "file", "path": "/a.wav"}], ["1", "3"]),
    ],
)
def test_the_sound_that_goes_nowhere_goes_for_another(declared: Any, ids: list[str]) -> None:
    assert sorted(node["id"] for node in left(AUDIO, "audio", audios=declared)) == ids
