# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign of life of the agent's unit, which systemd waits for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import watchdog


class Ended(Exception):
    """The end of a thread that would go on for ever."""


def watched(monkeypatch: pytest.MonkeyPatch, address: str | None) -> list[float]:
    """How long it slept between its signs, which end after three rounds."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise Ended

    class Thread:
        def __init__(self, target: Callable[[], None], daemon: bool) -> None:
            assert daemon
            self.target = target

        def start(self) -> None:
            with pytest.raises(Ended):
                self.target()

    monkeypatch.setattr(watchdog, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(watchdog, "threading", SimpleNamespace(Thread=Thread))
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    watchdog.keep_watch()
    return slept


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_is_told_every_other_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool) -> None:
    name = f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind("\0" + name if abstract else name)
        server.settimeout(5)
        assert watched(monkeypatch, "@" + name if abstract else name) == [2, 2, 2]
        assert [server.recv(100) for _round in range(3)] == [b"WATCHDOG=1"] * 3


@pytest.mark.parametrize("address", [None, ""])
def test_without_systemd_nobody_is_told(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    assert watched(monkeypatch, address) == []


def test_a_socket_that_is_away_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert watched(monkeypatch, f"{tmp_path}/nowhere") == [2, 2, 2]
