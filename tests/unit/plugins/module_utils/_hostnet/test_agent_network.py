# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of programs and devices of the host."""

from __future__ import annotations

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import network

TRACEBACK = "trouble\nTraceback (most recent call last):\n  File x\n    call()\n\nValueError:  no  such thing\n\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ""),
        ("one\n\n  two   three\n", "one two three"),
        (TRACEBACK, "ValueError: no such thing"),
        ("a Traceback (of nobody)\nand more", "a Traceback (of nobody) and more"),
        (f"begin {'x' * 700}", "x" * 600),
    ],
)
def test_what_a_program_printed_is_one_line_and_of_a_traceback_its_end(text: str, said: str) -> None:
    assert network.on_one_line(text) == said


def test_the_addresses_of_a_device_have_their_subnets() -> None:
    told = {
        "addr_info": [{"local": "192.0.2.1", "prefixlen": 24}, {"prefixlen": 8}, {"local": "::1", "prefixlen": 128}]
    }
    assert network.subnets_of(told) == {"192.0.2.1/24", "::1/128"}
    assert network.subnets_of({}) == set()
