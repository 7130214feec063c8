# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an info module says cannot be declared."""

from __future__ import annotations

from ansible_collections.virtfleet.kvm.plugins.module_utils._flow.info import refused
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN


def test_what_a_check_of_the_fleet_would_refuse_is_told() -> None:
    config = {"name": "n", "memory": "64MiB", "disks": [{"file": "images/a.img"}]}
    (line,) = refused(DOMAIN, config, None)
    assert line.startswith("disks[0].file: 'images/a.img' is not a path from the root")
    assert refused(DOMAIN, {**config, "disks": [{"file": "/images/a.img"}]}, None) == []
    assert refused(DOMAIN, {**config, "memory": 1}, None)[0].startswith("memory: ")
