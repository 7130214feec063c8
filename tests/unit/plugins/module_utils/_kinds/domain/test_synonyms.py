# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who writes what another tool calls it reads what it is called here."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._engine.rows.row_index import body
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.synonyms import SYNONYMS
from ansible_collections.virtfleet.kvm.plugins.module_utils._kinds.domain.table import DOMAIN


def told(options: dict[str, Any]) -> list[str]:
    """What is wrong with some options of a guest."""
    return [str(problem) for problem in DOMAIN.parse_item({"name": "n", **options})[1]]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"firmware": "efi"}, "firmware: no such option; did you mean 'os.firmware'?"),
        ({"user_data": "x"}, "user_data: no such option; did you mean 'cloud_init.user_data'?"),
        ({"cloud_init": {"userdata": "x"}}, "cloud_init.userdata: no such option; did you mean 'user_data'?"),
        ({"network_interface": []}, "network_interface: no such option; did you mean 'interfaces'?"),
        ({"interfaces": [{"network_name": "a"}]},
         "interfaces[0].network_name: no such option; did you mean 'network'?"),
        ({"interfaces": [{"addresses": []}]}, "interfaces[0].addresses: no such option; did you mean 'ips'?"),
        ({"sockets": 1}, "sockets: no such option; did you mean 'cpu.topology.sockets'?"),
        ({"cpu": {"sockets": 1}}, "cpu.sockets: no such option; did you mean 'topology.sockets'?"),
        ({"disk_size": "1GiB"}, "disk_size: no such option; did you mean 'disks[0].size'?"),
        ({"os_image": "noble"}, "os_image: no such option; did you mean 'image'?"),
        ({"running": True}, "running: no such option; did you mean 'state'?"),
        ({"qemu_agent": True}, "qemu_agent: no such option; did you mean 'channels'?"),
        ({"os_variant": "x"},
         "os_variant: no such option: it only tells other tools which devices to choose, so leave it out"),
    ],
)  # fmt: skip
def test_names_of_other_tools(options: dict[str, Any], said: str) -> None:
    assert said in told(options)


def test_each_synonym_leads_to_an_option() -> None:
    """Of a guest, or of what a guest has."""
    known = {name for row in DOMAIN.rows for name in row.names}
    inner = {name for row in DOMAIN.rows for name in body(row.rows).names}
    for name, ways in SYNONYMS.items():
        assert name not in known
        assert any(re.split(r"[.\[]", way)[0] in known | inner for way in ways), name
