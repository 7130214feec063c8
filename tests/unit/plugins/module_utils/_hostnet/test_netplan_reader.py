# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of each netplan, the program that reads documents of another folder is asked."""

from __future__ import annotations

import os

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet import netplan_reader

LIBEXEC = "/usr/libexec/netplan"


@pytest.mark.parametrize(
    ("there", "asked"),
    [
        # netplan 1.2: Ubuntu 26.04 and Debian forky. There generate fails an assertion.
        ({f"{LIBEXEC}/generate", f"{LIBEXEC}/configure"}, [f"{LIBEXEC}/configure"]),
        # netplan 0.106 to 1.1
        ({f"{LIBEXEC}/generate", "/usr/lib/netplan/generate"}, [f"{LIBEXEC}/generate"]),
        ({"/lib/netplan/generate"}, ["/lib/netplan/generate"]),
        (set(), ["netplan", "get"]),
    ],
)
def test_the_program_that_writes_units_is_asked(
    there: set[str], asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "exists", there.__contains__)
    assert netplan_reader.reader() == asked
