# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent on real files in a folder of its own."""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

import pytest

from ansible_collections.virtfleet.kvm.plugins.module_utils._hostnet.agent import (
    files,
    guard,
    journal,
    network,
    runtime,
)


class Host:
    """A trial in a folder, on a host whose commands do nothing but be written down."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root, self.trial = root, root / "trial"
        self.kept, self.tried, self.mask = root / "etc/kept.yaml", root / "run/kept.yaml", root / "run/gone.network"
        self.commands: list[list[str]] = []
        self.failing: str = ""
        self.devices: list[dict[str, Any]] = [{"ifname": "lo"}]
        self.asking = "confirm"
        self.kept.parent.mkdir()
        self.kept.write_text("old")

    def run(self, command: list[str], seconds: float) -> tuple[int, str, str]:
        self.commands.append(command)
        bad = bool(self.failing) and self.failing in " ".join(command)
        return int(bad), json.dumps(self.devices), "it broke" if bad else ""

    def sleep(self, seconds: float) -> None:
        """Whoever decides does so as soon as the trial is in force."""
        if self.asking and guard.state_of(str(self.trial)) == "applied" and (self.trial / "ask.none").exists():
            guard.ask(str(self.trial), self.asking, "because" if self.asking == "give-up" else "")

    def begin(self, name: str = "one", **more: Any) -> None:
        state: dict[str, Any] = {
            "id": name,
            "python": sys.executable,
            "seconds": 30,
            "deadline": network.clock() + 30,
            "trial": {str(self.tried): "new", str(self.mask): None},
            "keep": [{"path": str(self.kept), "text": "new", "mode": 0o600}],
            "netplan": True,
            "network_manager": False,
            "generate": [["netplan", "generate"]],
            "apply": [["networkctl", "reload"]],
            "secrets": [],
        }
        state.update({key: [] for key in ("commands", "undo", "new", "gone", "reconfigure", "routes")})
        state.update({key: {} for key in ("masters", "addresses", "ports", "again", "modes")})
        guard.lay_out(str(self.trial), {**state, **more})

    def work(self) -> None:
        guard.Guard(str(self.trial)).run()

    def outcome(self) -> dict[str, Any]:
        return dict(json.loads((self.root / "last/outcome.json").read_text()))

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir())


def make_host(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host in a folder, and the agent's paths in it."""
    made = Host(tmp_path)
    places = {"DISK": "var", "BOOT": "boot/unit", "WANTS": "boot/wants", "WANTED": "boot/wants/unit"}
    places.update(UNWANTED="boot/wants/.unit", TMPFILES="boot/tmpfiles")
    for name, place in places.items():
        monkeypatch.setattr(journal, name, str(tmp_path / place))
    monkeypatch.setattr(files, "LAST", str(tmp_path / "last"))
    monkeypatch.setattr(files, "TRIAL", str(tmp_path / "trial"))
    unit = tmp_path.with_name(f"{tmp_path.name}.unit")
    unit.touch()
    monkeypatch.setattr(files, "UNIT", str(unit))
    monkeypatch.setattr(runtime, "MADE", ((str(tmp_path / "units"), ("10-netplan-",)),))
    monkeypatch.setattr(network, "run", made.run)
    monkeypatch.setattr(guard.time, "sleep", made.sleep)
    return made
