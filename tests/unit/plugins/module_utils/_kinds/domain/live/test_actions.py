# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions that reach what runs."""

from __future__ import annotations

from typing import Any

import libvirt
import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.step import Step
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
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


class Cpus(Domain):
    """A running guest with two CPUs, which lets go of one after some looks at it, and libvirt waits for none."""

    def __init__(self, looks: int, code: int = libvirt.VIR_ERR_OPERATION_TIMEOUT) -> None:
        super().__init__()
        self.looks, self.code, self.wanted = looks, code, list[int]()

    def setVcpusFlags(self, number: int, flags: int) -> None:  # noqa: N802
        self.wanted.append(number)
        error = libvirt.libvirtError("vcpu unplug request timed out")
        # QEMU refuses a second request while the guest is at the first.
        code = self.code if len(self.wanted) == 1 else libvirt.VIR_ERR_INTERNAL_ERROR
        error.err = (code, 0, "timed out", 0, "", None, None, 0, 0)
        raise error

    def vcpusFlags(self, flags: int) -> int:  # noqa: N802
        self.looks -= 1
        return 2 if self.looks > 0 else 1


def let_go(domain: Any) -> None:
    for _pause in actions.set_vcpus(domain, "x", Step("set_vcpus", 1), None):
        pass


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "REPEAT", 0.01)
    monkeypatch.setattr(actions, "RELEASE", 0.1)


def test_a_guest_has_a_moment_to_let_go_of_a_cpu(short: None) -> None:
    domain = Cpus(3)
    let_go(domain)
    assert set(domain.wanted) == {1}


def test_a_guest_that_keeps_its_cpus_is_told_with_how_many_it_has(short: None) -> None:
    with pytest.raises(VirtfleetError, match=r"has not let go of its CPUs in 0\.1 s, and has 2; the definition has 1"):
        let_go(Cpus(10**9))


def test_what_is_no_matter_of_time_is_told_as_it_is(short: None) -> None:
    with pytest.raises(libvirt.libvirtError):
        let_go(Cpus(3, libvirt.VIR_ERR_OPERATION_UNSUPPORTED))
