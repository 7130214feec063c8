# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a seed that changes is shown: as much as of a new guest, and no secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import show_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import nocloud
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN
from ansible_collections.virtfleet.kvm.plugins.module_utils._printing import displayed

MAC = "52:54:00:00:00:01"
HASH = "$6$hunter2hunter2$0123456789012345678901234567890123456789012345678901234567890123456789012345678901234."
ADDRESS = {"mac": MAC, "address": "192.0.2.21/24", "gateway": "192.0.2.1"}


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is told of a guest whose options of cloud-init change: by option both sides, as a result has them."""
    seeds = [nocloud.files(item, "web", "one", [MAC]) for item in (before, after)]
    return {name: tuple(displayed(side, name) for side in sides) for name, sides in nocloud.parts(*seeds).items()}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("hostname", "web01"),
        ("fqdn", "web.example.com"),
        ("packages", ["nginx", "curl"]),
        ("timezone", "Europe/Vienna"),
        ("ssh_authorized_keys", ["ssh-ed25519 AAAA ada"]),
        ("users", [{"name": "ada", "sudo": False, "groups": ["wheel"]}]),
        ("write_files", [{"path": "/etc/motd", "permissions": "0644"}]),
    ],
)
def test_what_is_no_secret_is_shown_as_of_a_new_guest(option: str, value: Any) -> None:
    item = {option: value}
    new = show_rows(DOMAIN.rows, {"cloud_init": item})["cloud_init"]
    assert displayed(new[option], option) == value
    assert changed({}, item)[option][1] == value
    if option != "hostname":  # Without one it is the guest's name.
        assert changed(item, {})[option] == (value, None)


@pytest.mark.parametrize(
    ("item", "option"),
    [
        ({"password": HASH}, "password"),
        ({"runcmd": ["echo hunter2"]}, "runcmd"),
        ({"write_files": [{"path": "/a", "content": "hunter2"}]}, "write_files"),
        ({"users": [{"name": "ada", "passwd": HASH}]}, "users"),
        ({"user_data": "#!/bin/sh\necho hunter2"}, "user_data"),
        ({"user_data": {"power_state": {"message": "hunter2"}}}, "user_data"),
        ({"user_data": {"packages": [["hunter2", "1"]]}}, "packages"),
        ({"user_data": {"users": ["hunter2"]}}, "users"),
        ({"user_data": {"users": [{"name": "ada", "plain_text_passwd": "hunter2"}]}}, "users"),
        ({"user_data": {"timezone": {"a": "hunter2"}}}, "timezone"),
        ({"meta_data": {"token": "hunter2"}}, "meta_data"),
        ({"vendor_data": {"token": "hunter2"}}, "vendor_data"),
        ({"network": {"version": 2, "wifis": {"wlan0": {"password": "hunter2"}}}}, "network"),
        ({"network": {"version": 2, "ethernets": {"eth0": {"auth": {"password": "hunter2"}}}}}, "network"),
    ],
)
def test_what_may_be_a_secret_is_not(item: dict[str, Any], option: str) -> None:
    for told in (changed({}, item), changed(item, {})):
        assert option in told
        assert "hunter2" not in json.dumps(told)
        assert "(secret)" in json.dumps(told[option])


def test_addresses_are_shown_as_they_come_into_the_network() -> None:
    was, will = changed({}, {"addresses": [ADDRESS]})["network"]
    assert was["ethernets"]["eth0"]["dhcp4"] is True
    assert will["ethernets"]["eth0"]["addresses"] == ["192.0.2.21/24"]
