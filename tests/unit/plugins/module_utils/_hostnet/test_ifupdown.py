# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ifupdown configures, by whatever name it does, is neither a port nor declared as a link."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import HostDevice
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.ifupdown import configured, lines
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.planned import (
    HOST,
    planned,
    refusal,
)


@pytest.mark.parametrize(
    ("text", "state", "found"),
    [
        ("iface lo inet loopback\nauto eno2", "lo=lo", set()),
        ("iface eno2 inet manual", "", {"eno2"}),
        ("iface eno2:1 inet static", "", {"eno2"}),
        # By a name of its own, at the start or by hand.
        ("auto eno2=office\niface office inet dhcp", "", {"eno2", "office"}),
        ("allow-hotplug /eno*=office\niface office inet dhcp", "", {"eno1", "eno2", "office"}),
        ("iface office inet dhcp", "lo=lo\neno2=office", {"eno2", "office"}),
        ("mapping eno*\n script /bin/where\n map office\niface office inet dhcp", "", {"eno1", "eno2", "office"}),
        # What is taken out of the files is only left until the next boot.
        ("iface eno1 inet dhcp", "eno1=eno1\neno2=eno2", {"eno1"}),
        # As a port.
        ("iface br0 inet dhcp\n bridge_ports eno2 none\n", "", {"br0", "eno2"}),
        ("iface bond0 inet dhcp\n bond-slaves eno1 eno2\n", "", {"bond0", "eno1", "eno2"}),
    ],
)
def test_the_devices_that_are_configured(text: str, state: str, found: set[str]) -> None:
    assert configured(map(str.split, text.splitlines()), state, ["lo", "eno1", "eno2"]) == found


@pytest.mark.parametrize("there", [False, True])
def test_a_link_that_ifupdown_makes_is_refused(there: bool) -> None:
    devices = {**HOST.devices, **({"br7": HostDevice("br7", index=9, kind="bridge")} if there else {})}
    host = dataclasses.replace(HOST, devices=devices, ifupdown=frozenset(["br7"]))
    said = "link br7: {}: is configured by ifupdown, whose configuration is not changed here"
    assert said.format("name") in refusal({"name": "br7", "type": "bridge", "ports": ["eno2"]}, host=host)
    gone = {"name": "br7", "state": "absent"}
    if there:
        assert said.format("state") in refusal(gone, host=host)
    else:
        assert planned(gone, host=host).changes == []


def test_lines_that_say_nothing_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "interfaces"
    file.write_text("\n  \n# iface a\niface\niface eno1 inet \\\n  dhcp\n\t#x\nauto\n")
    told = list(lines(str(file)))
    assert told == [["iface"], ["iface", "eno1", "inet", "dhcp"], ["auto"]]
    assert configured(told, "", ["eno1", "iface"]) == {"eno1"}
