# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source of a pool as other tools write it."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.pool.table import POOL


@pytest.mark.parametrize(
    ("kind", "source", "told"),
    [
        ("logical", "vg0", "write {name: vg0}"),
        ("rbd", "libvirt-pool", "write {name: libvirt-pool}"),
        ("netfs", "nas:/export", "write {hosts: [{name: nas}], dir: /export}"),
        ("fs", "/dev/sdb1", "write {devices: [/dev/sdb1]}"),
        ("dir", "/srv/a", "the folder of a pool is its target: write target: /srv/a in place of source"),
        (None, "/srv/a", "the folder of a pool is its target: write target: /srv/a in place of source"),
        ("logical", "/dev/vg0", "its options are: adapter, "),
        ("netfs", "nas", "its options are: adapter, "),
    ],
)
def test_a_text_in_place_of_the_source(kind: str | None, source: str, told: str) -> None:
    item = {"name": "p", "source": source, **({} if kind is None else {"type": kind})}
    _item, problems = POOL.parse_item(item)
    (said,) = [str(problem) for problem in problems]
    assert said.startswith(f"source: '{source}' is not a dictionary of options; {told}")
