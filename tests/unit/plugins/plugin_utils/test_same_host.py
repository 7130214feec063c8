# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two names in the inventory that are one host are refused, and two hosts that only look alike are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.filter.fleet import FilterModule
from ansible_collections.virtfleet.kvm.tests.unit.inventories import HOSTS, hostvars

problems = FilterModule().filters()["fleet_problems"]
AT = {"ansible_host": "192.0.2.11"}
JUMP = {"ansible_ssh_common_args": "-J jump1"}

PAIRS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (AT, AT, "192.0.2.11"),
    (AT, {"ansible_host": "192.0.2.12"}, ""),
    (AT, {"ansible_ssh_host": "192.0.2.11"}, "192.0.2.11"),
    ({}, {}, ""),
    ({}, {"ansible_host": "kvm01"}, "kvm01"),
    ({}, {"ansible_host": "KVM01."}, "kvm01"),
    (AT, {**AT, "ansible_port": 22}, "192.0.2.11"),
    ({**AT, "ansible_port": 2222}, {**AT, "ansible_port": "2222"}, "192.0.2.11 port 2222"),
    (AT, {**AT, "ansible_port": 2222}, ""),
    ({**AT, "ansible_port": 2222}, {**AT, "ansible_ssh_port": 2223}, ""),
    ({**AT, **JUMP}, {**AT, **JUMP}, "192.0.2.11"),
    ({**AT, **JUMP}, {**AT, "ansible_ssh_common_args": "-J jump2"}, ""),
    ({**AT, "ansible_user": "root@kvm01"}, {**AT, "ansible_user": "root@kvm02"}, ""),
    ({**AT, "ansible_connection": "local"}, {**AT, "ansible_connection": "local"}, ""),
    ({**AT, "ansible_connection": "community.docker.docker"}, AT, ""),
    ({**AT, "ansible_connection": "ansible.builtin.ssh"}, AT, "192.0.2.11"),
    ({"ansible_host": "{{ net }}.11", "net": "192.0.2"}, AT, "192.0.2.11"),
    ({"ansible_host": "{{ net }}.11", "net": "192.0.2"}, {"ansible_host": "{{ net }}.11", "net": "192.0.3"}, ""),
    ({"ansible_host": "{{ not_known }}"}, {"ansible_host": "{{ not_known }}"}, ""),
    ({"ansible_host": None}, {"ansible_host": ""}, ""),
]


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(("one", "other", "address"), PAIRS)
def test_two_names_of_one_host(
    tmp_path: Path, one: dict[str, Any], other: dict[str, Any], address: str, plain: bool
) -> None:
    variables: Any = {"kvm01": one, "kvm02": other}
    if not plain:
        variables = hostvars(tmp_path, {}, {"kvm_hosts": {"hosts": {"kvm01": one, "kvm02": other}}})
    elif "{{" in str(one):
        pytest.skip("plain dictionaries have no templates")
    line = (
        f"hosts kvm01, kvm02: are one host, {address}: leave one name, and move what is declared for the others to it"
    )
    assert problems(HOSTS, variables) == ([line] if address else [])
