# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written onto a config drive for cloudbase-init."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import show_rows
from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import Invalid
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.cloud_init import config_drive, nocloud
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN

MACS = ["52:54:00:00:00:01", "52:54:00:00:00:02"]
META, USER, NETWORK = (f"openstack/latest/{name}" for name in ("meta_data.json", "user_data", "network_data.json"))
KEY = "ssh-ed25519 AAAA kim"
ADDRESSES = [
    {"mac": MACS[1].upper(), "address": "192.0.2.21/24", "gateway": "192.0.2.1", "nameservers": ["192.0.2.2"]},
    {"mac": MACS[1], "address": "fd00::21/64", "gateway": "fd00::1"},
]


def files(cloud: dict[str, Any]) -> nocloud.SeedFiles:
    """What is on the config drive of a guest."""
    (item,) = DOMAIN.parse([{"name": "win01", "cloud_init": {"datasource": "configdrive", **cloud}}])
    return config_drive.files(item["cloud_init"], "win01", "iid", MACS)


def test_the_least() -> None:
    """Windows asks DHCP by itself, and cloudbase-init takes the name of the host from the meta data."""
    assert {name: json.loads(content) for name, content in files({}).items()} == {
        META: {"uuid": "iid", "hostname": "win01"}
    }


def test_the_meta_data() -> None:
    made = json.loads(
        files({"hostname": "h1", "ssh_authorized_keys": [KEY], "meta_data": {"admin_pass": "x", "uuid": "u"}})[META]
    )
    assert made == {"uuid": "u", "hostname": "h1", "public_keys": {"key0": KEY}, "admin_pass": "x"}


def test_the_user_data() -> None:
    cloud = {
        "timezone": "Europe/Vienna",
        "runcmd": ["dir", ["echo", 1]],
        "users": ["default", {"name": "kim", "groups": ["Administrators"], "gecos": None}],
        "write_files": [{"path": "C:\\ProgramData\\x", "content": "ü", "append": None}],
        "user_data": {"ntp": {"servers": ["192.0.2.9"]}, "timezone": "UTC"},
    }
    head, _line, rest = files(cloud)[USER].decode().partition("\n")
    assert head == "#cloud-config"
    assert yaml.safe_load(rest) == {
        "timezone": "UTC",
        "runcmd": ["dir", ["echo", 1]],
        "users": ["default", {"name": "kim", "groups": ["Administrators"]}],
        "write_files": [{"path": "C:\\ProgramData\\x", "content": "ü"}],
        "ntp": {"servers": ["192.0.2.9"]},
    }
    script = "#ps1_sysnative\nWrite-Host hello\n"
    assert files({"user_data": script})[USER].decode() == script


def test_the_network() -> None:
    """In OpenStack's format. Only interfaces with addresses of their own: cloudbase-init renames those it finds."""
    ours = {"link": "eth1", "services": []}
    assert json.loads(files({"addresses": ADDRESSES})[NETWORK]) == {
        "links": [{"id": "eth1", "type": "phy", "ethernet_mac_address": MACS[1]}],
        "networks": [
            {
                **ours,
                "id": "network0",
                "type": "ipv4",
                "ip_address": "192.0.2.21",
                "netmask": "255.255.255.0",
                "routes": [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}],
                "services": [{"type": "dns", "address": "192.0.2.2"}],
            },
            {
                **ours,
                "id": "network1",
                "type": "ipv6",
                "ip_address": "fd00::21",
                "netmask": "ffff:ffff:ffff:ffff::",
                "routes": [{"network": "::", "netmask": "::", "gateway": "fd00::1"}],
            },
        ],
        "services": [],
    }
    for network in ("auto", "none"):
        assert NETWORK not in files({"network": network})


def test_it_holds_no_more_than_its_largest() -> None:
    with pytest.raises(Invalid, match="more than the 16 MiB that a seed holds"):
        files({"user_data": "rem cmd \n" + "x" * nocloud.LARGEST})


def test_what_tells_it_from_another() -> None:
    before = files({"timezone": "UTC"})
    assert nocloud.instance_of(before) == "iid"
    (item,) = DOMAIN.parse([{"name": "win01", "cloud_init": {"datasource": "configdrive", "timezone": "UTC"}}])
    renewed = config_drive.files(item["cloud_init"], "win01", "iid+2", MACS)
    assert nocloud.digest(before, False) == nocloud.digest(renewed, False)
    assert nocloud.digest(before, True) != nocloud.digest(renewed, True)
    assert nocloud.digest(before, False) != nocloud.digest(files({"timezone": "Etc/GMT+1"}), False)
    assert nocloud.digest(files({}), False) != nocloud.digest(files({"hostname": "a"}), False)


@pytest.mark.parametrize(
    ("option", "value", "shown"),
    [
        ("hostname", "h1", "h1"),
        ("timezone", "UTC", "UTC"),
        ("ssh_authorized_keys", [KEY], [KEY]),
        ("users", [{"name": "kim"}], [{"name": "kim"}]),
        ("runcmd", ["echo hunter2"], "(secret)"),
        ("meta_data", {"admin_pass": "hunter2"}, "(secret)"),
        ("user_data", "#ps1\nhunter2", "(secret)"),
        ("user_data", {"ntp": {"servers": ["hunter2"]}}, "(secret)"),
    ],
)
def test_what_changes_is_told_without_secrets(option: str, value: Any, shown: Any) -> None:
    told = nocloud.parts(files({}), files({option: value}))
    assert list(told) == [option]
    assert str(told[option][1]) == str(shown)
    assert "hunter2" not in str(show_rows(DOMAIN.rows, {"cloud_init": {option: value}}))


def test_addresses_are_told() -> None:
    told = nocloud.parts(files({}), files({"addresses": ADDRESSES}))
    assert list(told) == ["network"]
    before, after = told["network"]
    assert before is None
    assert "192.0.2.21" in str(after)
