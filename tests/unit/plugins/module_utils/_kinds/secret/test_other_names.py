# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people call the value of a secret."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.secret.table import SECRET


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("password", "write value, or value_base64 for a key of Ceph"),
        ("passphrase", "write value, or value_base64 for a key of Ceph"),
        ("key", "write value_base64 for a key of Ceph, else value"),
        ("type", "write usage, such as usage: volume"),
    ],
)
def test_the_option_is_named(name: str, told: str) -> None:
    _item, problems = SECRET.parse_item({"name": "/a", name: "hunter2"})
    assert [str(problem) for problem in problems] == [f"{name}: no such option; {told}"]
