# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A guest with a seed, on libvirt's test driver, and what nobody may see of it."""

from __future__ import annotations

from typing import Any

URI = "test:///default"
KEY = "p/web01-seed.img"
HASH = "$6$saltsalt$uDmDWgGeVgyhzGfVQXSJ0RhKNVdMxMIUrYBGKxBmbXCTiBv3xrGMtYYDJnYvfYIGYhRcUUGLzXFPG3NoLvOPp1"
SECRETS = (HASH, "s3cret-file", "s3cret-command", "s3cret-entry", "s3cret-meta", "s3cret-vendor")
CLOUD = {
    "password": HASH,
    "packages": ["nginx"],
    "runcmd": ["echo s3cret-command"],
    "write_files": [{"path": "/etc/app.conf", "content": "s3cret-file", "permissions": "0600"}],
    "user_data": {"ntp": {"servers": ["s3cret-entry"]}},
    "meta_data": {"tag": "s3cret-meta"},
    "vendor_data": "#!/bin/sh\necho s3cret-vendor\n",
}


def guest(*cloud: Any, **more: Any) -> dict[str, Any]:
    """A guest with a disk in the pool, and a seed.

    :param cloud: its options of cloud_init; left out, those of CLOUD
    """
    given = cloud[0] if cloud else CLOUD
    disks = [{"size": "1MiB", "pool": "p"}]
    interfaces = [{"network": "default"}]
    return {"name": "web01", "memory": "64MiB", "disks": disks, "interfaces": interfaces, "cloud_init": given, **more}
