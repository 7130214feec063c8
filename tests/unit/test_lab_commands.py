# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab, as people type it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from virtfleet_lab import cli


@pytest.mark.parametrize("words", [["virsh", "list", "--all"], ["--", "virsh", "list", "--all"]])
def test_a_command_for_a_host_may_have_options(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[str]] = []

    def call(command: list[str]) -> int:
        ran.append(command)
        return 0

    monkeypatch.setattr(cli.hosts, "ssh", lambda lab, host, command, terminal: command)
    monkeypatch.setattr(cli.subprocess, "call", call)
    wanted = cli._parser().parse_args(["shell", "kvm01", *words])
    lab: Any = SimpleNamespace(host=str)
    assert cli._shell(lab, wanted) == 0
    assert ran == [["virsh", "list", "--all"]]
