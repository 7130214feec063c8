# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which virtualization a host truly has. Three questions; a guest runs at speed only if all say yes.

Each alone misleads: a CPU flag without the module, a ``/dev/kvm`` that opens although the CPU has
no such feature, a libvirt that lists kvm because the device is there.
"""

from __future__ import annotations

import dataclasses
import fcntl
import os
import platform
import re

KVM_GET_API_VERSION = 0xAE00
KVM_CREATE_VM = 0xAE01
KVM_API_VERSION = 12
"""From linux/kvm.h; see Documentation/virt/kvm/api.rst, 4.1 and 4.2."""

X86 = ("x86_64", "i686", "i386", "amd64")


@dataclasses.dataclass(frozen=True)
class Check:
    """One question.

    :param name: ``cpu``, ``device`` or ``libvirt``
    :param ok: the answer; None where it could not be asked
    :param detail: what was seen
    """

    name: str
    ok: bool | None
    detail: str


@dataclasses.dataclass(frozen=True)
class Virtualization:
    """The answers, and what follows from them.

    :param checks: the three questions
    :param guest: whether the host is itself a guest, so that its own guests are nested
    """

    checks: tuple[Check, ...]
    guest: bool

    @property
    def usable(self) -> bool:
        """Whether guests can run with hardware virtualization."""
        return all(check.ok for check in self.checks)

    @property
    def missing(self) -> list[str]:
        """What is missing for hardware virtualization, a sentence each."""
        return [check.detail for check in self.checks if not check.ok]

    @property
    def kind(self) -> str:
        """``hardware``, ``nested`` (hardware, inside a guest) or ``emulation``."""
        if not self.usable:
            return "emulation"
        return "nested" if self.guest else "hardware"

    @classmethod
    def of_this_host(cls, libvirt_offers_kvm: bool | None) -> Virtualization:
        """Ask the host; what libvirt offers is the caller's to say, None where it is not there."""
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as cpuinfo:
            text = cpuinfo.read()
        checks = (cpu(text, platform.machine()), device(), libvirt(libvirt_offers_kvm))
        return cls(checks, "hypervisor" in flags(text))


def flags(cpuinfo: str) -> set[str]:
    """The feature flags of the first CPU in ``/proc/cpuinfo``."""
    match = re.search(r"^flags\s*:(.*)$", cpuinfo, re.MULTILINE)
    return set(match[1].split()) if match else set()


def cpu(cpuinfo: str, machine: str) -> Check:
    """Whether the CPU has Intel VT-x (vmx) or AMD-V (svm). Other architectures show no flag."""
    if machine not in X86:
        return Check("cpu", True, f"{machine} has no flag to ask for; the device decides")
    found = sorted(flags(cpuinfo) & {"vmx", "svm"})
    if found:
        return Check("cpu", True, f"the CPU shows {' and '.join(found)}")
    return Check("cpu", False, "the CPU shows neither vmx (Intel VT-x) nor svm (AMD-V)")


def device(path: str = "/dev/kvm") -> Check:
    """Whether the device opens, speaks the stable interface and makes a virtual machine."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return Check("device", False, f"{path} does not open: {error.strerror}")
    try:
        version = fcntl.ioctl(handle, KVM_GET_API_VERSION, 0)
        if version != KVM_API_VERSION:
            return Check("device", False, f"{path} speaks version {version}, not {KVM_API_VERSION}")
        os.close(fcntl.ioctl(handle, KVM_CREATE_VM, 0))
    except OSError as error:
        return Check("device", False, f"{path} makes no virtual machine: {error.strerror}")
    finally:
        os.close(handle)
    return Check("device", True, f"{path} is usable")


def libvirt(offers: bool | None) -> Check:
    """Whether libvirt offers domains of type kvm."""
    if offers is None:
        return Check("libvirt", None, "libvirt is not there to be asked")
    if offers:
        return Check("libvirt", True, "libvirt offers kvm")
    return Check("libvirt", False, "libvirt does not offer kvm")
