# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every document, made up by hypothesis: all of one device moves, and nothing else."""

from __future__ import annotations

import copy
from typing import Any

import fuzzing
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_edit
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.facts import Nic
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan import Netplan
from ansible_collections.virtfleet.kvm.tests.unit.plugins.module_utils._hostnet.test_netplan_edit import (
    BR0,
    MAC,
    bridged,
    layer3,
)

ADDRESSES = st.lists(st.integers(1, 250).map(lambda host: f"192.0.2.{host}/24"), unique=True, max_size=3)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "dhcp4": st.sampled_from(["true", "no"]),
        "dhcp6": st.sampled_from(["yes", "false"]),
        "dhcp4-overrides": st.just({"use-dns": "false"}),
        "addresses": ADDRESSES,
        "gateway4": st.just("192.0.2.254"),
        "nameservers": st.fixed_dictionaries({"addresses": ADDRESSES.map(lambda found: [each[:-3] for each in found])}),
        "routes": st.lists(st.just({"to": "10.0.0.0/8", "via": "192.0.2.9"}), max_size=1),
        "mtu": st.sampled_from(["1400", "9000"]),
        "wakeonlan": st.just("true"),
        "optional": st.just("true"),
    },
)
FILES = st.dictionaries(
    st.sampled_from(["00-installer.yaml", "50-cloud-init.yaml", "99-local.yaml"]),
    st.dictionaries(st.sampled_from(["eno1", "eno2", "eno3"]), BODIES, min_size=1).map(
        lambda found: {"network": {"version": "2", "ethernets": found}}
    ),
    min_size=1,
)


@given(FILES, st.sampled_from(["eno1", "eno2", "eno3"]))
@settings(max_examples=300 if fuzzing.is_thorough() else 37)
def test_bridging_moves_all_of_one_device_and_nothing_else(files: dict[str, Any], nic: str) -> None:
    before = Netplan(files)
    port = before.place(nic)
    after = bridged(before, nic)
    if port is not None:
        assert layer3(after, BR0) == layer3(before, port)
        assert layer3(after, port) == {}
    for place in before.places():
        if place != port:
            assert after.merged(place) == before.merged(place)
    assert bridged(after, nic).documents == after.documents
    back = after.copy()
    netplan_edit.remove(back, "br0", "bridge", {nic: Nic(nic, MAC)})
    if port is not None:
        assert back.documents == before.documents


@given(FILES)
def test_nothing_is_changed_in_place(files: dict[str, Any]) -> None:
    original = copy.deepcopy(files)
    bridged(Netplan(files), "eno1")
    assert files == original
