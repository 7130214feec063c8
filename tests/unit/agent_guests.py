# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests for the connection plugin, with a model of the agent and a stand-in for libvirt."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.virtfleet.kvm.plugins.plugin_utils._agent import guest as agent_guest

from .agent_model import AgentModel

PLUGIN = "virtfleet.kvm.agent"
UUID = "5f0a6d0e-6f0b-4a57-9a0e-1a1a4e1f6a01"
RUNNING, PAUSED, STOPPED = 1, 3, 5
STAND_INS = Path(__file__).with_name("agent_libvirt")


@contextlib.contextmanager
def guest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentModel]:
    """The guest web01 with an agent; beside it guests without. All are on this machine."""
    with AgentModel(folder / "agent.sock") as agent:
        guests = {
            "web01": {"uuid": UUID, "state": RUNNING, "socket": str(agent.path)},
            "off": {"uuid": "1", "state": STOPPED, "socket": str(agent.path)},
            "paused": {"uuid": "2", "state": PAUSED, "socket": str(agent.path)},
            "bare": {"uuid": "3", "state": RUNNING},
            "booting": {"uuid": "4", "state": RUNNING, "socket": str(folder / "none.sock")},
        }
        (folder / "guests.json").write_text(json.dumps(guests), encoding="utf-8")
        monkeypatch.setenv("VIRTFLEET_AGENT_MODEL", str(folder / "guests.json"))
        monkeypatch.setenv("PYTHONPATH", str(STAND_INS))
        monkeypatch.setattr(
            agent_guest.secrets, "token_hex", lambda size: f"{os.getpid():08x}{os.urandom(size - 4).hex()}"
        )
        yield agent


def connection(**options: Any) -> Any:
    """The connection plugin, with the variables of a host as Ansible hands them over."""
    variables = {"inventory_hostname": "web01", **options}
    made = connection_loader.get(PLUGIN, PlayContext())
    made.set_options(task_keys={}, var_options=variables)
    return made
