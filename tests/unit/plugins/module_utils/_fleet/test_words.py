# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a slip: what may be written in its place, and the cause before what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems

VNC = "vnc, spice, sdl, rdp, desktop, dbus, egl-headless"


def said_of(options: dict[str, Any], **variables: Any) -> list[str]:
    """What is said of a fleet of one guest."""
    return problems(["kvm01"], {"kvm01": {"kvm_guests": [{"name": "a", "host": "kvm01", **options}], **variables}})


@pytest.mark.parametrize(
    ("options", "line"),
    [
        # Beside a password the value is not shown, so the message says what may be there.
        ({"graphics": [{"type": "vcn"}]}, f"graphics[0].type: must be one of {VNC}; did you mean 'vnc'?"),
        ({"graphics": [{"type": "hunter2"}]}, f"graphics[0].type: must be one of {VNC}"),
        (
            {"graphics": [{"type": "vnc", "tls_port": 5999}]},
            "graphics[0].tls_port: cannot be combined with 'type: vnc', but with type: spice",
        ),
        ({"graphics": [{"type": "vnc", "autoport": "hunter2"}]}, "graphics[0].autoport: must be true or false"),
        (
            {"interfaces": [{"network": "n", "mode": "vepa"}]},
            "interfaces[0].mode: cannot be combined with 'network', but with direct or type: vhostuser",
        ),
        (
            {"features": {"apic": {"eoi": True}}},
            "features.apic: a dictionary is neither true nor false; write apic_eoi beside 'apic'",
        ),
        ({"features": {"acpi": {"x": True}}}, "features.acpi: a dictionary is neither true nor false"),
        ({"autostart": ["yes"]}, "autostart: a list is neither true nor false"),
        ({"autostart": "ja"}, "autostart: 'ja' is neither true nor false"),
        (
            {"cloud_init": True},
            "cloud_init: true is not a dictionary of options; write {}, or some of its options",
        ),
        (
            {"cloud_init": False},
            "cloud_init: false is not a dictionary of options; write null, which takes it away, or leave it out",
        ),
        (
            {"disks": [{"size": "1GiB", "transient": True}]},
            "disks[0].transient: true is not a dictionary of options; write {}, or some of its options",
        ),
    ],
)
def test_a_slip_is_told_with_what_to_write(options: dict[str, Any], line: str) -> None:
    assert said_of(options) == [f"guest a: {line}"]


def test_of_a_network_that_is_refused_itself_no_guest_is_told_that_it_is_outside() -> None:
    networks = [{"name": "n", "ips": [{"address": "10.44.0.1", "dhcp": {}}]}]
    (line,) = said_of({"interfaces": [{"network": "n", "ip": "10.44.0.21"}]}, kvm_networks=networks)
    assert line.startswith("host kvm01: network n: ips[0].address: '10.44.0.1' is not an address with its subnet")


def test_what_guests_stand_on_comes_first() -> None:
    lines = said_of({"memory": "much"}, kvm_pools=[{"name": "p", "type": "directory"}])
    assert [line.split(":")[0] for line in lines] == ["host kvm01", "guest a"]


def test_a_slip_of_the_name_is_no_missing_name_as_well() -> None:
    (line,) = problems(["kvm01"], {"kvm01": {"kvm_guests": [{"nme": "a", "host": "kvm01"}]}})
    assert line == "kvm_guests[0] on kvm01: nme: no such option; did you mean 'name'?"
