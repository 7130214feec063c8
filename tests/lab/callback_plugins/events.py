# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write every result of a run to a file, a line of JSON each, for tests to read."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: events
type: notification
short_description: Results as lines of JSON
description: Writes each result to the file that E(VIRTFLEET_EVENTS) names.
"""


class CallbackModule(CallbackBase):
    """Ansible's entry point."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.play = ""

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        """Keep in which play the results are."""
        self.play = play.get_name()

    def write(self, status: str, result: t.Any) -> None:
        """Append one result."""
        entry = {
            "status": status,
            "play": self.play,
            "host": result._host.get_name(),
            "action": result._task.action,
            "task": result._task.get_name(),
            "result": result._result,
        }
        with open(os.environ["VIRTFLEET_EVENTS"], "a", encoding="utf-8") as events:
            events.write(json.dumps(entry, default=str) + "\n")

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self.write("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self.write("failed", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self.write("skipped", result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self.write("unreachable", result)
