# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that the inventory plugin asks, and that do not answer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._guests import ask
from ansible_collections.virtfleet.kvm.tests.unit.guest_inventories import (
    MAC,
    WEB01,
    declared,
    facts,
    guest,
    host,
    hosts_of,
    members,
    network,
    parsed,
    silent_server,
)


def test_fifty_hosts_of_which_three_are_dead(tmp_path: Path, told: list[str]) -> None:
    """One takes connections and says nothing, one refuses them, one has no such file. None costs the others."""
    timeout = 6.0
    names = [f"kvm{number:02}" for number in range(50)]
    with silent_server() as silent:
        uris = {name: host(tmp_path / f"{name}.xml", network("default"), guest(f"{name}-a", MAC)) for name in names[3:]}
        dead = {"kvm00": silent, "kvm01": "test+tcp://127.0.0.1:1/default", "kvm02": "test:///no/such/file.xml"}
        files = declared(*({"name": f"{name}-a", "host": name} for name in names))
        begun = time.monotonic()
        inventory = parsed(tmp_path, hosts_of({**dead, **uris}), files, timeout=timeout)
        took = time.monotonic() - begun
    assert members(inventory, "kvm_state_running") == [f"{name}-a" for name in names[3:]]
    assert members(inventory, "kvm_state_unknown") == [f"{name}-a" for name in names[:3]]
    assert timeout <= took < timeout + ask.GRACE
    assert sorted(line.split(":")[0] for line in told) == ["host kvm00", "host kvm01", "host kvm02"]
    assert any("host kvm00: did not answer within 6 seconds" in line for line in told)


def test_dead_hosts_give_up_their_turn(tmp_path: Path) -> None:
    """With one host at a time, the second one is asked when the time of the first is over."""
    with silent_server() as silent:
        uri = host(tmp_path / "k.xml", network("default"), guest("b", MAC))
        files = declared({"name": "a", "host": "kvm01"}, {"name": "b", "host": "kvm02"})
        groups = hosts_of({"kvm01": silent, "kvm02": uri})
        inventory = parsed(tmp_path, groups, files, timeout=4, forks=1)
    assert members(inventory, "kvm_state_running") == ["b"]


@pytest.mark.parametrize("wanted", ["warn", "error", "ignore"])
def test_what_to_do_about_dead_hosts(tmp_path: Path, one: dict[str, Any], told: list[str], wanted: str) -> None:
    groups = hosts_of({"kvm01": "test:///no/such/file.xml"})
    if wanted == "error":
        with pytest.raises(AnsibleError, match=r"host kvm01: libvirt does not answer at test:///no/such/file\.xml"):
            parsed(tmp_path, groups, declared(WEB01), unreachable=wanted)
        return
    assert "web01" in parsed(tmp_path, groups, declared(WEB01), unreachable=wanted).hosts
    assert len(told) == (wanted == "warn")


def test_a_connection_that_is_not_ssh(tmp_path: Path, told: list[str]) -> None:
    groups = hosts_of({"kvm01": ""}, ansible_connection="containers.podman.podman")
    assert facts(parsed(tmp_path, groups, declared(WEB01)), "web01")["state"] == "unknown"
    assert "by the connection 'podman', by which libvirt cannot be asked; set kvm_inventory_uri" in told[0]
