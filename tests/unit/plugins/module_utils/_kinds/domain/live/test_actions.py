# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that reach what runs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.live import actions

LIVE = (
    "<domain><devices><channel type='unix'><source mode='bind' path='/run/x'/><target type='virtio' name='a'/>"
    "<alias name='channel0'/></channel></devices></domain>"
)
DEVICE = "<channel type='unix'><source/><target type='virtio' name='a'/>{}</channel>"


class Domain:
    """A running guest that lets go of a device when it is asked by the alias."""

    def __init__(self) -> None:
        self.text = LIVE
        self.asked: list[str] = []

    def lookupByName(self, name: str) -> Domain:  # noqa: N802
        return self

    def isActive(self) -> bool:  # noqa: N802
        return True

    def XMLDesc(self, flags: int = 0) -> str:  # noqa: N802
        return self.text

    def detachDeviceAlias(self, alias: str, flags: int) -> None:  # noqa: N802
        self.asked.append(alias)
        self.text = "<domain/>"


@pytest.mark.parametrize(("alias", "asked"), [("<alias name='channel0'/>", ["channel0"]), ("", [])])
def test_a_device_is_known_by_its_alias_and_not_by_what_libvirt_has_filled_in(alias: str, asked: list[str]) -> None:
    domain: Any = Domain()
    for _pause in actions.detach_device(domain, "x", Step("detach_device", DEVICE.format(alias)), None):
        pass
    assert domain.asked == asked
