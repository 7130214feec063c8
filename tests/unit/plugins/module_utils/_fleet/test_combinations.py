# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a guest that do not fit together are refused before any host is touched."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.check import problems

GUEST = {"name": "web01", "memory": "1GiB"}


def topology(**parts: int) -> dict[str, Any]:
    return {"topology": parts}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vcpus": 2, "current_vcpus": 3}, "current_vcpus: 3 is more than vcpus, 2"),
        ({"current_memory": "2GiB"}, "current_memory: 2GiB is more than memory, 1GiB"),
        (
            {"vcpus": 3, "cpu": topology(sockets=1, cores=2, threads=1)},
            "cpu.topology: sockets 1 * cores 2 * threads 1 is 2",
        ),
        ({"vcpus": 6, "cpu": topology(cores=4)}, "cpu.topology: cores 4, and vcpus is 6"),
        (
            {"vcpus": 4, "cpu": topology(sockets=1, dies=1, clusters=1, cores=2, threads=1)},
            "is 2, and vcpus is 4: the product of all parts has to be vcpus",
        ),
        (
            {"disks": [{"file": "/a", "target": "vda"}, {"file": "/b"}, {"file": "/c", "target": "vda"}]},
            "disks[2].target: 'vda' is that of disks[0] as well",
        ),
        ({"vcpus": 4, "cpu": topology(sockets=1, cores=2, threads=1)}, ""),  # There may be two dies.
        ({"vcpus": 2, "current_vcpus": 2, "current_memory": "1GiB", "cpu": topology(cores=2)}, ""),
        ({"current_vcpus": 9}, ""),  # There may be more.
        ({"vcpus": 2, "cpu": None}, ""),
        ({"disks": [{"file": "/a", "target": "vda"}, {"file": "/b", "target": "vdb"}]}, ""),
    ],
)
def test_what_fits_together(options: dict[str, Any], words: str) -> None:
    lines = problems(["kvm01"], {"kvm01": {"kvm_guests": [{**GUEST, "host": "kvm01", **options}]}})
    assert [words in line for line in lines] == ([True] if words else [])
