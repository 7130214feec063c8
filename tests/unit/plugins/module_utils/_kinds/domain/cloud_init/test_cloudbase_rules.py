# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused of a guest whose seed is for cloudbase-init, and what of the others is for Windows alone."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet import check

HASH = "$6$salt$Zm9vYmFyYmF6"
READER = "cloudbase-init (datasource: configdrive)"
FILE = {"path": "C:/x", "content": "x"}


def problems(cloud: dict[str, Any], **more: Any) -> list[str]:
    """What the check of the fleet says of a guest."""
    guest = {"name": "win01", "host": "h", "memory": "4GiB", "cloud_init": cloud, **more}
    return check.problems(["h"], {"h": {"kvm_guests": [guest]}})


def test_what_is_taken() -> None:
    user = {"name": "kim", "groups": ["Administrators"], "gecos": "Kim", "expiredate": "2030-01-31", "sudo": None}
    assert (
        problems(
            {
                "datasource": "configdrive",
                "hostname": "win01",
                "timezone": "Europe/Vienna",
                "ssh_authorized_keys": ["ssh-ed25519 AAAA kim"],
                "users": ["default", user],
                "write_files": [FILE, {**FILE, "path": "c:\\a\\b", "encoding": "b64", "append": True}],
                "runcmd": ["dir"],
                "meta_data": {"admin_pass": "x"},
                "user_data": {"ntp": {}, "set_timezone": "UTC"},
                "packages": None,
                "instance_id": "renew",
            }
        )
        == []
    )


@pytest.mark.parametrize(
    "text",
    [
        "#ps1\nx",
        "#ps1_sysnative\r\nx",
        "#ps1_x86\nx",
        "rem cmd \nx",
        "<script>x</script>",
        "<powershell>x</powershell>",
        "#cloud-config\n{}",
        "#!/usr/bin/env python\nx",
        "## template:jinja\n#ps1\nx",
        "Content-Type: multipart/mixed; boundary=x\n\n",
        "-----BEGIN CERTIFICATE-----\nx",
    ],
)
def test_texts_that_are_taken(text: str) -> None:
    assert problems({"datasource": "configdrive", "user_data": text}) == []


@pytest.mark.parametrize(
    ("cloud", "said"),
    [
        ({"fqdn": "a.example.com"}, f"fqdn: is not for {READER}; leave it out"),
        ({"packages": ["a"]}, f"packages: is not for {READER}; install them by runcmd"),
        ({"vendor_data": {"a": 1}}, f"vendor_data: is not for {READER}; put it into user_data"),
        ({"password": HASH}, f"password: is not for {READER}; Windows makes no password of a hash"),
        ({"users": [{"name": "a", "sudo": "ALL"}]}, f"users[0].sudo: is not for {READER}"),
        ({"users": [{"name": "a", "shell": "/bin/sh"}]}, f"users[0].shell: is not for {READER}"),
        ({"users": [{"name": "a", "passwd": HASH}]}, "users[0].passwd: is a hash, which cloudbase-init would take for"),
        ({"write_files": [{**FILE, "path": "/etc/a"}]}, "write_files[0].path: is not a path of Windows"),
        ({"write_files": [{"path": "C:/x"}]}, "write_files[0].content: is missing: cloudbase-init"),
        ({"write_files": [{**FILE, "owner": "a"}]}, f"write_files[0].owner: is not for {READER}"),
        ({"user_data": {"bootcmd": ["a"]}}, f"user_data.bootcmd: is not for {READER}; of a cloud-config it knows "),
        ({"user_data": {"runcmd": "dir"}}, "user_data.runcmd: is not a list, which it is to be"),
        ({"user_data": {"ntp": ["a"]}}, "user_data.ntp: is not a dictionary, which it is to be"),
        ({"user_data": {"timezone": 1}}, "user_data.timezone: is not a text, which it is to be"),
        ({"user_data": "#cloud-boothook\n"}, "user_data: begins with no line that cloudbase-init knows"),
        ({"user_data": "#include\nhttps://a"}, "user_data: begins with no line that cloudbase-init knows"),
        ({"user_data": "nothing"}, "user_data: is a text that cloud-init would not know"),
        ({"user_data": "#ps1\n", "runcmd": ["a"]}, "runcmd: does not go with user_data that is a text"),
        ({"network": {"version": 2, "ethernets": {}}}, f"network: is not for {READER}; give interfaces an ip"),
        (
            {"meta_data": {"uuid": "a"}, "instance_id": "renew"},
            "instance_id: does not go with meta_data that has an uuid",
        ),
    ],
)
def test_what_is_refused(cloud: dict[str, Any], said: str) -> None:
    (line,) = problems({"datasource": "configdrive", **cloud})
    assert line.startswith(f"guest win01: cloud_init.{said}")
    assert HASH not in line


def test_the_end_of_cloudbase_init_is_not_waited_for() -> None:
    (line,) = problems({"datasource": "configdrive"}, wait_for="cloud_init")
    assert line == f"guest win01: wait_for: cloud_init does not go with {READER}, which does not tell when it ends:" + (
        " write agent"
    )


def test_a_guest_without_usb() -> None:
    """The config drive is a USB disk."""
    said = "guest win01: cloud_init.datasource: configdrive is a USB disk, and the guest has no USB: give it a USB"
    for model, count in (("none", 1), ("qemu-xhci", 0)):
        told = problems({"datasource": "configdrive"}, controllers=[{"type": "usb", "model": model}])
        assert [line.startswith(said) for line in told] == [True] * count
    assert problems({}, controllers=[{"type": "usb", "model": "none"}]) == []


@pytest.mark.parametrize(
    ("cloud", "said"),
    [
        ({"user_data": "#ps1\nx"}, "user_data: is a text for Windows: write datasource: configdrive"),
        ({"write_files": [FILE]}, "write_files[0].path: is a path of Windows: write datasource: configdrive"),
        ({"datasource": "nocloud", "write_files": [FILE]}, "write_files[0].path: is a path of Windows"),
        ({"datasource": "openstack"}, "datasource: "),
        ({"write_files": [{**FILE, "path": "x"}]}, "write_files[0].path: a string is not a path from the root"),
    ],
)
def test_what_of_windows_is_refused_for_cloud_init(cloud: dict[str, Any], said: str) -> None:
    (line,) = problems(cloud)
    assert line.startswith(f"guest win01: cloud_init.{said}")
