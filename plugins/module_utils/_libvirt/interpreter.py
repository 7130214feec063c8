# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python that has libvirt's binding.

A distribution packages the binding (python3-libvirt) for its own Python only. Ansible may have found another one on the
host, in /usr/local or in a virtual environment; then the module starts once more under the distribution's, as ansible's
own module apt does (ansible.module_utils.common.respawn).
"""

from __future__ import annotations

import glob
import sys

from ansible.module_utils.common.respawn import has_respawned, probe_interpreters_for_module, respawn_module

from .._errors import Unreachable, VirtfleetError

PYTHONS = ("/usr/bin/python3", "/usr/bin/python3.[0-9]*[0-9]", "/usr/libexec/platform-python", "/usr/bin/python")
"""Where distributions have their Python. The second is for hosts whose /usr/bin/python3 leads to another one."""

DEFINITIONS = ("/etc/libvirt/qemu/*.xml", "/run/libvirt/qemu/*.xml", "/etc/libvirt/storage/*.xml")
"""Where libvirt keeps guests, what runs of them, and pools. A host fresh from installation has none."""


def respawn() -> None:
    """Start the module once more under a Python that has libvirt's binding, and end this process.

    Returns where there is none, where this is the second start, and where no module was started but something else
    uses this code. Nothing must have been changed by then.
    """
    if has_respawned() or not hasattr(sys.modules["__main__"], "_module_fqn"):
        return
    candidates = [path for pattern in PYTHONS for path in sorted(glob.glob(pattern))]
    found = probe_interpreters_for_module(candidates, "libvirt")
    if found:
        respawn_module(found)


def without_binding(uri: str) -> VirtfleetError:
    """The error where no Python of the host has libvirt's binding: Unreachable where the host is a fresh one."""
    problem = f"libvirt's Python binding is missing on this host (for {sys.executable} and the distribution's Python)"
    remedy = "install python3-libvirt, or run virtfleet.kvm.site, whose role host does that"
    return missing_libvirt(uri, f"{problem}: {remedy}")


def missing_libvirt(uri: str, problem: str) -> VirtfleetError:
    """The error where libvirt is not there: Unreachable, which check mode survives, where it never was.

    Where definitions are left, what a run would do cannot be told without libvirt.
    """
    if uri == "qemu:///system":
        for pattern in DEFINITIONS:
            for path in sorted(glob.glob(pattern)):
                return VirtfleetError(
                    f"{problem}. Nothing can be planned without it, as the host had libvirt before ({path} is there)"
                )
    return Unreachable(problem)
