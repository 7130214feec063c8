# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloud-configs of which tests with and without a schema are made."""

from __future__ import annotations

from typing import Any

TAKEN: list[dict[str, Any]] = [
    {"users": [{"name": "a", "ssh_authorized_keys": "ssh-ed25519 AAAA"}]},
    {"users": [{"name": "a", "ssh-authorized-keys": {"one": "ssh-ed25519 AAAA"}}]},
    {"users": [{"name": "a", "lock-passwd": False, "primary-group": "b", "no-create-home": True}]},
    {"users": [{"name": "a", "ssh-import-id": ["gh:a"], "plain-text-passwd": "x", "selinux-user": "y"}]},
    {"users": [{"name": "a", "hashed-passwd": "x"}], "user": {"name": "b", "sudo": ["ALL=(ALL) ALL"]}},
    {"ubuntu-advantage": {"token": "x"}},
    {"bootcmd": [None, "a", ["b", 1, None]]},
    {"rsyslog": ["*.* @192.0.2.1"]},
    {"package_update": 1, "disable_root": 0, "ssh_pwauth": 1},
    {"power_state": {"mode": "reboot", "timeout": 0.5}},
    {"power_state": {"mode": "reboot", "timeout": "0.5"}},
    {"runcmd": [["ufw", "allow", 22], ["a", 1.5, True, None], None]},
    {"mounts": [["/dev/vdb", "/data", "ext4", "defaults", 0, 2], ["swap", None]]},
    {"growpart": False, "swap": False},
    {"fs_setup": [{"device": "/dev/vdb", "filesystem": "ext4", "label": None}]},
    {"yum_repos": {"x": {"name": "x", "baseurl": "http://192.0.2.1/", "enabled": 1}}},
    {"ntp": {"servers": None}, "groups": {"a": None}},
]
"""What cloud-init takes, though some release's schema does not."""
