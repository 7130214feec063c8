# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all that is declared for a host uses of it."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._errors import VirtfleetError
from ansible_collections.virtfleet.kvm.plugins.module_utils._fleet.uses import declared_uses

UUID = "0e5d0a3c-5a6d-4f0e-9a8b-1d2c3b4a5f60"


def test_all_that_a_guest_names_is_told() -> None:
    guest = {
        "name": "web01",
        "host": "kvm01",
        "kernel": "/boot/vmlinuz",
        "disks": [
            {"volume": "data.raw", "pool": "fast", "encryption": {"format": "luks", "secrets": [{"usage": "/g/sec"}]}},
            {"size": "1GiB", "format": "qcow2", "target": "vdb"},
            {"file": "/srv/x.img"},
        ],
        "interfaces": ["lan", {"bridge": "virbr7"}],
        "tpms": [{"backend": {"type": "emulator", "secret": UUID}}],
        "xml": "<domain><devices><disk><source file='/srv/y'><auth><secret usage='ceph1'/></auth></source></disk>"
        "</devices></domain>",
    }
    other = {"name": "else", "host": "kvm02", "disks": [{"file": "/srv/z"}]}
    gone = {"name": "old", "host": "kvm01", "state": "absent", "disks": [{"file": "/srv/z"}]}
    assert declared_uses([guest, other, gone], "kvm01") == {
        "guest web01": {
            "volumes": ["fast/data.raw", "default/web01-vdb.qcow2"],
            "paths": ["/boot/vmlinuz", "/g/sec", "/srv/x.img", "/srv/y"],
            "pools": ["fast", "default"],
            "networks": ["lan"],
            "bridges": ["virbr7"],
            "secrets": ["ceph1", UUID, "/g/sec"],
        }
    }


def test_volumes_and_pools_use_things_too() -> None:
    volumes = [
        {"name": "over.qcow2", "backing": {"volume": "base.qcow2"}},
        {"name": "enc.raw", "pool": "fast", "encryption": {"format": "luks", "secret": {"usage": "/e"}}},
        {"name": "old", "state": "absent", "clone_from": "x"},
    ]
    pools = [
        {"name": "ceph", "type": "rbd", "source": {"auth": {"type": "ceph", "secret": {"usage": "client.libvirt"}}}}
    ]
    told = declared_uses([], "kvm01", volumes, pools)
    assert told["volume default/over.qcow2"]["volumes"] == ["default/over.qcow2", "default/base.qcow2"]
    assert told["volume fast/enc.raw"]["pools"] == ["fast"]
    assert told["volume fast/enc.raw"]["secrets"] == ["/e"]
    assert told["pool ceph"] == {"secrets": ["client.libvirt"]}
    assert len(told) == 3


@pytest.mark.parametrize("odd", [None, [], [7], [{"name": 7, "host": "kvm01"}], [{"host": "kvm01"}]])
def test_what_the_check_refuses_is_no_traceback(odd: object) -> None:
    declared_uses(odd, "kvm01", odd, odd)


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(VirtfleetError, match=r"declared_uses: .* is not a list"):
        declared_uses("web01", "kvm01")


def test_lists_that_stand_in_each_other_a_billion_times_are_looked_at_once() -> None:
    """So anchors of YAML can write them."""
    values: list[object] = ["/srv/a.img"]
    for _time in range(40):
        values = [values, values]
    guest = {"name": "web01", "host": "kvm01", "disks": values, "tpms": values}
    assert declared_uses([guest], "kvm01")["guest web01"]["paths"] == ["/srv/a.img"]
