# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netplan's names in a link are answered with the options of a link."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.netplan_words import ELSEWHERE
from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.table import LINK

BRIDGE = {"name": "br0", "type": "bridge", "ports": ["eno1"], "addressing": "static", "addresses": ["192.0.2.2/24"]}


def said(**options: Any) -> list[str]:
    _item, problems = LINK.parse_item({**BRIDGE, **options})
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dhcp4": True}, "dhcp4: no such option; write addressing: dhcp, or addressing: none for none"),
        ({"link": "eno1"}, "link: no such option; write parent"),
        ({"gateway4": "192.0.2.1"}, "gateway4: no such option; write gateway"),
        ({"macaddress": "52:54:00:00:00:01"}, "macaddress: no such option; write mac"),
        (
            {"parameters": {"stp": False}},
            "parameters: no such option; write stp, forward_delay or mode beside 'ports', without 'parameters:'",
        ),
        (
            {"optional": True},
            "optional: no such option; leave it out: a link gets what its options say, and for the rest what netplan or"
            " networkd gives it",
        ),
        ({"interfaces": ["eno1"]}, "interfaces: no such option; did you mean 'ports'?"),
        ({"addresses": "192.0.2.2/24"}, "addresses: '192.0.2.2/24' is not a list; write [192.0.2.2/24]"),
        (
            {"addresses": [{"address": "192.0.2.2/24"}]},
            "addresses[0]: a dictionary is not an address with its subnet; write 192.0.2.2/24 alone, without options of"
            " its own",
        ),
        (
            {"addresses": [{"192.0.2.2/24": {"label": "x"}}]},
            "addresses[0]: a dictionary is not an address with its subnet; write 192.0.2.2/24 alone, without options of"
            " its own",
        ),
        (
            {"nameservers": {"addresses": ["192.0.2.3"], "search": ["example.com"]}},
            "nameservers: a dictionary is not a list; write the addresses in 'nameservers', and the domains in 'search'"
            " beside it, both as lists",
        ),
        ({"nameservers": "192.0.2.3"}, "nameservers: '192.0.2.3' is not a list; write [192.0.2.3]"),
    ],
)
def test_what_netplan_calls_otherwise(options: dict[str, Any], told: str) -> None:
    assert said(**options) == [told]


def test_no_word_is_an_option() -> None:
    """Else the option could not be written any more."""
    assert not set(ELSEWHERE) & {row.name for row in LINK.rows}
