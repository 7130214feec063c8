# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which virtualization a host has: real CPUs' own words, and devices that are none."""

from __future__ import annotations

import os
import pathlib
import platform

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._host import virtualization
from ansible_collections.virtfleet.kvm.plugins.module_utils._host.virtualization import Check, Virtualization

# /proc/cpuinfo of real machines, cut to one CPU.
INTEL = """\
processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model name	: Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz
cpu cores	: 4
fpu		: yes
flags		: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush dts acpi mmx fxsr sse sse2 ss ht tm pbe syscall nx pdpe1gb rdtscp lm constant_tsc art arch_perfmon pebs bts rep_good nopl xtopology nonstop_tsc cpuid aperfmperf pni pclmulqdq dtes64 monitor ds_cpl vmx est tm2 ssse3 sdbg fma cx16 xtpr pdcm pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand lahf_lm abm 3dnowprefetch ept_ad fsgsbase
vmx flags	: vnmi preemption_timer invvpid ept_x_only ept_ad ept_1gb flexpriority tsc_offset vtpr mtf vapic ept vpid unrestricted_guest ple pml
bugs		: cpu_meltdown spectre_v1 spectre_v2
"""  # noqa: E501
AMD = """\
processor	: 0
vendor_id	: AuthenticAMD
cpu family	: 23
model name	: AMD EPYC 7551 32-Core Processor
flags		: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ht syscall nx mmxext fxsr_opt pdpe1gb rdtscp lm constant_tsc rep_good nopl nonstop_tsc cpuid extd_apicid amd_dcm aperfmperf pni pclmulqdq monitor ssse3 fma cx16 sse4_1 sse4_2 movbe popcnt aes xsave avx f16c rdrand lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a
bugs		: sysret_ss_attrs null_seg spectre_v1
"""  # noqa: E501
GUEST_WITHOUT = """\
processor	: 0
vendor_id	: GenuineIntel
model name	: Intel(R) Xeon(R) Processor @ 2.80GHz
flags		: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 ss ht syscall nx pdpe1gb rdtscp lm constant_tsc rep_good nopl xtopology nonstop_tsc cpuid tsc_known_freq pni pclmulqdq ssse3 fma cx16 pcid sse4_1 sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm abm
"""  # noqa: E501
GUEST_WITH = GUEST_WITHOUT.replace(" hypervisor ", " vmx hypervisor ")
ARM = """\
processor	: 0
BogoMIPS	: 50.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp ssbs
CPU implementer	: 0x41
CPU architecture: 8
CPU part	: 0xd0c
"""


@pytest.mark.parametrize(
    ("cpuinfo", "machine", "ok", "detail"),
    [
        (INTEL, "x86_64", True, "the CPU shows vmx"),
        (AMD, "x86_64", True, "the CPU shows svm"),
        (INTEL, "i686", True, "the CPU shows vmx"),
        (GUEST_WITH, "x86_64", True, "the CPU shows vmx"),
        (GUEST_WITHOUT, "x86_64", False, "the CPU shows neither vmx (Intel VT-x) nor svm (AMD-V)"),
        ("", "x86_64", False, "the CPU shows neither vmx (Intel VT-x) nor svm (AMD-V)"),
        (ARM, "aarch64", True, "aarch64 has no flag to ask for; the device decides"),
    ],
    ids=["intel", "amd", "32 bit", "nested", "guest", "nothing", "arm"],
)
def test_cpu(cpuinfo: str, machine: str, ok: bool, detail: str) -> None:
    assert virtualization.cpu(cpuinfo, machine) == Check("cpu", ok, detail)


def test_a_line_about_vmx_is_not_the_flag() -> None:
    """Intel's kernels list "vmx flags" even for a guest whose flags have none."""
    text = GUEST_WITHOUT + "vmx flags\t: vnmi ept vmx svm\nbugs\t\t: svm\n"
    assert not virtualization.cpu(text, "x86_64").ok


def test_inside_a_guest() -> None:
    assert "hypervisor" in virtualization.flags(GUEST_WITHOUT)
    assert "hypervisor" not in virtualization.flags(INTEL)
    assert virtualization.flags(ARM) == set()


def test_a_missing_device(tmp_path: pathlib.Path) -> None:
    check = virtualization.device(str(tmp_path / "kvm"))
    assert check == Check("device", False, f"{tmp_path}/kvm does not open: No such file or directory")


def test_a_file_is_no_device(tmp_path: pathlib.Path) -> None:
    (tmp_path / "kvm").touch()
    before = len(os.listdir("/proc/self/fd"))
    check = virtualization.device(str(tmp_path / "kvm"))
    assert not check.ok
    assert check.detail.startswith(f"{tmp_path}/kvm makes no virtual machine: ")
    assert len(os.listdir("/proc/self/fd")) == before


def test_another_device_is_not_kvm() -> None:
    assert not virtualization.device("/dev/null").ok


def test_a_folder_is_no_device(tmp_path: pathlib.Path) -> None:
    assert virtualization.device(str(tmp_path)).detail == f"{tmp_path} does not open: Is a directory"


@pytest.mark.parametrize(
    ("offers", "ok", "detail"),
    [
        (True, True, "libvirt offers kvm"),
        (False, False, "libvirt does not offer kvm"),
        (None, None, "libvirt is not there to be asked"),
    ],
)
def test_libvirt(offers: bool | None, ok: bool | None, detail: str) -> None:
    assert virtualization.libvirt(offers) == Check("libvirt", ok, detail)


@pytest.mark.parametrize(
    ("answers", "guest", "kind", "missing"),
    [
        ((True, True, True), False, "hardware", []),
        ((True, True, True), True, "nested", []),
        ((False, True, True), False, "emulation", ["a"]),
        ((True, False, False), True, "emulation", ["b", "c"]),
        ((True, True, None), False, "emulation", ["c"]),
    ],
)
def test_only_three_yeses_are_hardware(answers: tuple[bool, ...], guest: bool, kind: str, missing: list[str]) -> None:
    checks = tuple(Check(name, ok, name) for name, ok in zip("abc", answers, strict=True))
    found = Virtualization(checks, guest)
    assert (found.kind, found.missing, found.usable) == (kind, missing, kind != "emulation")


def test_of_this_host_asks_all_three() -> None:
    found = Virtualization.of_this_host(False)
    assert [check.name for check in found.checks] == ["cpu", "device", "libvirt"]
    assert found.kind == "emulation"
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    assert found.checks[0] == virtualization.cpu(cpuinfo, platform.machine())
    assert found.checks[1].detail.startswith("/dev/kvm")
