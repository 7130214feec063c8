# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of packages in what apt prints."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._installed import packages

REAL = """Reading package lists...
The following additional packages will be installed:
  ipxe-qemu
The following NEW packages will be installed:
  ipxe-qemu mtools
  qemu-utils
0 upgraded, 3 newly installed, 0 to remove and 5 not upgraded.
"""


@pytest.mark.parametrize(
    ("stdout", "said"),
    [
        (REAL, "ipxe-qemu, mtools, qemu-utils"),
        ("Inst libvirt0 (9.0) []\nInst mtools\nInst mtools (4.0)\nConf mtools (4.0)\n", "libvirt0, mtools"),
        ("\n".join(f"Inst p{number} (1)" for number in range(9)), "p0, p1, p2, p3, p4 and 4 more"),
        ("The following NEW packages will be installed:\n  a\n", "a"),
        ("Inst \x1b[31m (1)", None),
        ("", None),
        (None, None),
        (["Inst a (1)"], None),
    ],
)
def test_what_is_installed(stdout: object, said: str | None) -> None:
    assert packages(stdout) == said
