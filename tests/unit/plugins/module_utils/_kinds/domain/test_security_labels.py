# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A label without a model is refused where libvirt would make none of it; it was taken, and then not kept."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain import security_labels

DAC = "<secmodel><model>dac</model></secmodel>"
HOSTS = {
    "none": f"<secmodel><model>none</model></secmodel>{DAC}",
    "apparmor": f"<secmodel><model>apparmor</model></secmodel>{DAC}",
    "nothing told": "",
}


class Link:
    """A libvirt that has these security drivers."""

    def __init__(self, drivers: str) -> None:
        self.drivers = drivers

    def getCapabilities(self) -> str:  # noqa: N802 - libvirt's name
        return f"<capabilities><host>{self.drivers}</host></capabilities>"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("label", "kept"),
    [
        ("type='dynamic'", False),
        ("type='static'", False),
        ("relabel='yes'", False),
        ("type='none'", True),
        ("type='dynamic' model='dac'", True),
        ("type='dynamic' model='apparmor'", True),
    ],
)
def test_a_label_that_the_host_does_not_keep(host: str, label: str, kept: bool) -> None:
    root = ET.fromstring(f"<domain><seclabel type='none'/><seclabel {label}/></domain>")
    found = list(security_labels.unkept(root, lambda: security_labels.makes_labels(Link(HOSTS[host]))))
    assert [line.partition(":")[0] for line in found] == (["seclabels[1]"] if host == "none" and not kept else [])
